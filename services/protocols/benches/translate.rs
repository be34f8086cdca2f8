//! What translating costs beside passing through, in nanoseconds per call:
//! `cargo bench -p sluicegate-protocols --bench translate`. The canonical path must stay within
//! twice the passthrough's work for a plain chat. A new dialect adds its own rows.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use bytes::Bytes;
use sluicegate_protocols::TokenCounts;
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::canonical::StreamFault;
use sluicegate_protocols::dialect::{
    Dialect, Framing, StreamDecoder, StreamEncoder, decode_request, decode_response, encode_request,
    encode_response,
};
use sluicegate_protocols::event_stream;
use sluicegate_protocols::gemini::GeminiRequestView;
use sluicegate_protocols::openai_chat::encode::{Answer, ChunkWriter, Head, completion};
use sluicegate_protocols::openai_chat::stream::ChatStream;
use sluicegate_protocols::openai_chat::{ChatRequestView, FinishReason, response};
use sluicegate_protocols::openai_responses::ResponsesRequestView;
use sluicegate_protocols::passthrough;
use sluicegate_protocols::sse::{Parser, write_event};
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};

const CHAT: Dialect = Dialect::OpenAiChat;
const MESSAGES: Dialect = Dialect::AnthropicMessages;
const GEMINI: Dialect = Dialect::Gemini;
const RESPONSES: Dialect = Dialect::OpenAiResponses;
const HEAD: Head<'static> = Head {
    id: "chatcmpl-0123456789",
    created: 1_700_000_000,
    model: "gpt-4o-mini-2024-07-18",
};

/// Best of many short rounds, so that a busy machine disturbs few of them.
fn measure(mut work: impl FnMut()) -> f64 {
    let calls = 200;
    let mut best = f64::MAX;
    for _ in 0..1000 {
        let started = Instant::now();
        for _ in 0..calls {
            work();
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
    }
    best
}

fn row(name: &str, bytes: usize, passthrough: f64, translated: f64) -> std::io::Result<()> {
    let ratio = translated / passthrough;
    writeln!(
        std::io::stdout(),
        "{name:<24} {bytes:>6} bytes  passthrough {passthrough:>7.0} ns  translated {translated:>7.0} ns  x{ratio:.2}"
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    requests()?;
    answers()?;
    stream()?;
    messages()?;
    gemini()?;
    responses()?;
    providers()?;
    hostile()
}

/// Bodies of 20 MiB made to be slow; each is to be read or refused within 50 ms.
fn hostile() -> Result<(), Box<dyn Error>> {
    const SIZE: usize = 20 << 20;
    let message =
        |content: &str| format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}]}}"#);
    let fill = |piece: &str| piece.repeat(SIZE / piece.len());
    let bodies = [
        ("one long text", message(&format!("\"{}\"", fill("word ")))),
        ("escapes", message(&format!("\"{}\"", fill("\\u00e9\\n")))),
        ("empty parts", message(&format!("[{}\"\"]", fill("\"\",")))),
        (
            "unknown members",
            format!("{{{}\"messages\":[]}}", fill("\"a\":1,")),
        ),
        ("nesting", message(&fill("["))),
        ("numbers", format!("{{\"x\":[{}1],\"messages\":[]}}", fill("1,"))),
    ];
    for (name, body) in bodies {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let started = Instant::now();
            black_box(decode_request(CHAT, black_box(body.as_bytes()), 64).is_ok());
            best = best.min(started.elapsed().as_secs_f64() * 1e3);
        }
        writeln!(std::io::stdout(), "20 MiB of {name:<16} {best:>6.1} ms")?;
    }
    Ok(())
}

fn requests() -> Result<(), Box<dyn Error>> {
    let target = RequestTarget {
        model: Some("another-model"),
        stream_usage: true,
        meaning_only: true,
        ..RequestTarget::default()
    };
    let long = "You are a careful assistant. Answer in \\\"plain\\\" words and show the steps.\\n".repeat(12);
    let turns = r#"{"role":"user","content":"What is the weather in Paris?"},{"role":"assistant","content":"It is mild."},"#.repeat(10);
    let bodies = [
        (
            "request: one message",
            format!(r#"{{"role":"user","content":"{long}"}}"#),
        ),
        (
            "request: 21 messages",
            format!(r#"{turns}{{"role":"user","content":"And tomorrow?"}}"#),
        ),
    ];
    for (name, messages) in bodies {
        let body =
            format!(r#"{{"model":"gpt-4o-mini","messages":[{messages}],"temperature":0.7,"stream":true}}"#);
        let body = Bytes::from(body);
        let passed = measure(|| {
            if let Ok(view) = ChatRequestView::parse(black_box(&body), 64) {
                black_box(passthrough::chat(&body, &view, "another-model"));
            }
        });
        let translated = measure(|| {
            if let Ok(request) = decode_request(CHAT, black_box(&body), 64) {
                black_box(encode_request(CHAT, &request, &target));
            }
        });
        row(name, body.len(), passed, translated)?;
        let decoded = measure(|| {
            black_box(decode_request(CHAT, black_box(&body), 64).is_ok());
        });
        writeln!(std::io::stdout(), "  of it decoding {decoded:.0} ns")?;
    }
    Ok(())
}

/// Responses: the request against its own passthrough, and a stream written for a caller while a chat
/// server answers, which is the dearest way through the hub.
fn responses() -> Result<(), Box<dyn Error>> {
    let target = RequestTarget {
        model: Some("another-model"),
        ..RequestTarget::default()
    };
    let turns = r#"{"type":"message","role":"user","content":[{"type":"input_text","text":"What is the weather in Paris?"}]},{"type":"function_call","call_id":"call_1","name":"weather","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"mild"},"#.repeat(7);
    let body = format!(
        r#"{{"model":"gpt-5","input":[{turns}{{"role":"user","content":"And tomorrow?"}}],"stream":true}}"#
    );
    let body = Bytes::from(body);
    let passed = measure(|| {
        if let Ok(view) = ResponsesRequestView::parse(black_box(&body), 64) {
            black_box(passthrough::responses(&body, &view, "another-model"));
        }
    });
    for (name, to) in [("responses: itself", RESPONSES), ("responses: to chat", CHAT)] {
        let translated = measure(|| {
            if let Ok(request) = decode_request(RESPONSES, black_box(&body), 64) {
                black_box(encode_request(to, &request, &target));
            }
        });
        row(name, body.len(), passed, translated)?;
    }
    let writer = ChunkWriter::new(&HEAD, false);
    let mut chunk = Vec::new();
    writer.text(&mut chunk, 0, " stones");
    let mut passing = ChatStream::new(1 << 20, true);
    let mut shown = Vec::new();
    let chunk = Bytes::from(chunk);
    let passed = measure(|| {
        shown.clear();
        black_box(passing.feed(black_box(&chunk), &mut shown).is_ok());
    });
    let (mut parser, mut decoder) = (Parser::new(1 << 20), StreamDecoder::new(CHAT));
    let mut encoder = StreamEncoder::new(RESPONSES, &AnswerTarget::default());
    let mut out = Vec::new();
    let translated = measure(|| {
        out.clear();
        let fed: Result<(), sluicegate_protocols::canonical::StreamFault> =
            parser.feed(black_box(&chunk), |frame| {
                let data = frame.data.unwrap_or_default();
                decoder.frame(frame.event, data, &mut |event| encoder.event(&event, &mut out))
            });
        black_box(fed.is_ok());
        black_box(&out);
    });
    row("responses: one chunk", chunk.len(), passed, translated)?;
    Ok(())
}

fn answers() -> Result<(), Box<dyn Error>> {
    let words = "the water runs over stones ".repeat(100);
    let answer = Answer {
        content: Some(&words),
        tool_calls: &[],
        finish: &FinishReason::Stop,
    };
    let counts = TokenCounts {
        input: 300,
        output: 500,
        ..TokenCounts::default()
    };
    let whole = completion(&HEAD, &[answer], &counts);
    let target = AnswerTarget {
        meaning_only: true,
        ..AnswerTarget::default()
    };
    let passed = measure(|| {
        black_box(response::read(black_box(&whole)).is_ok());
    });
    let translated = measure(|| {
        if let Ok(response) = decode_response(CHAT, black_box(&whole)) {
            black_box(encode_response(CHAT, &response, &target));
        }
    });
    row("answer", whole.len(), passed, translated)?;
    Ok(())
}

/// Chat to Gemini and back, beside passing Gemini's own through.
fn gemini() -> Result<(), Box<dyn Error>> {
    let turns = r#"{"role":"user","parts":[{"text":"What is the weather in Paris?"}]},{"role":"model","parts":[{"text":"It is mild."}]},"#.repeat(10);
    let body = format!(
        r#"{{"contents":[{turns}{{"role":"user","parts":[{{"text":"And tomorrow?"}}]}}],"generationConfig":{{"temperature":0.7}}}}"#
    );
    let body = Bytes::from(body);
    let target = RequestTarget {
        model: Some("another-model"),
        ..RequestTarget::default()
    };
    let passed = measure(|| {
        if let Ok(view) = GeminiRequestView::parse(black_box(&body), 64) {
            black_box(passthrough::gemini(&body, &view));
        }
    });
    let translated = measure(|| {
        if let Ok(request) = decode_request(GEMINI, black_box(&body), 64) {
            black_box(encode_request(CHAT, &request, &target));
        }
    });
    row("gemini: 21 contents", body.len(), passed, translated)?;

    let chunk = Bytes::from_static(
        b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" stones\"}],\"role\":\"model\"},\"index\":0}],\"modelVersion\":\"gemini-2.5-flash\",\"responseId\":\"r\"}\r\n\r\n",
    );
    // What passes through is watched by the decoder; what is translated is also written anew.
    let (mut parser, mut decoder) = (Parser::new(1 << 20), StreamDecoder::new(GEMINI));
    let watched = measure(|| {
        let fed: Result<(), sluicegate_protocols::canonical::StreamFault> =
            parser.feed(black_box(&chunk), |frame| {
                let data = frame.data.unwrap_or_default();
                decoder.frame(frame.event, data, &mut |event| drop(black_box(event)))
            });
        black_box(fed.is_ok());
    });
    let (mut parser, mut decoder) = (Parser::new(1 << 20), StreamDecoder::new(GEMINI));
    let mut encoder = StreamEncoder::new(CHAT, &AnswerTarget::default());
    let mut out = Vec::new();
    let translated = measure(|| {
        out.clear();
        let fed: Result<(), sluicegate_protocols::canonical::StreamFault> =
            parser.feed(black_box(&chunk), |frame| {
                let data = frame.data.unwrap_or_default();
                decoder.frame(frame.event, data, &mut |event| encoder.event(&event, &mut out))
            });
        black_box(fed.is_ok());
        black_box(&out);
    });
    row("gemini: one chunk", chunk.len(), watched, translated)?;
    Ok(())
}

fn stream() -> Result<(), Box<dyn Error>> {
    let writer = ChunkWriter::new(&HEAD, false);
    let mut chunk = Vec::new();
    writer.text(&mut chunk, 0, " stones");
    let chunk = Bytes::from(chunk);
    let mut passing = ChatStream::new(1 << 20, true);
    let mut shown = Vec::new();
    let passed = measure(|| {
        shown.clear();
        black_box(passing.feed(black_box(&chunk), &mut shown).is_ok());
    });
    let (mut parser, mut decoder) = (Parser::new(1 << 20), StreamDecoder::new(CHAT));
    let mut encoder = StreamEncoder::new(CHAT, &AnswerTarget::default());
    let mut out = Vec::new();
    let translated = measure(|| {
        out.clear();
        let fed: Result<(), sluicegate_protocols::canonical::StreamFault> =
            parser.feed(black_box(&chunk), |frame| {
                let data = frame.data.unwrap_or_default();
                decoder.frame(frame.event, data, &mut |event| encoder.event(&event, &mut out))
            });
        black_box(fed.is_ok());
        black_box(&out);
    });
    row("stream: one chunk", chunk.len(), passed, translated)?;
    Ok(())
}

/// Anthropic Messages: a request passed through beside one translated to chat, and reading one event
/// of a stream, which is what passing through costs there, beside telling it in chat.
fn messages() -> Result<(), Box<dyn Error>> {
    let turns = r#"{"role":"user","content":[{"type":"text","text":"What is the weather in Paris?"}]},{"role":"assistant","content":[{"type":"text","text":"It is mild."}]},"#.repeat(10);
    let body = Bytes::from(format!(
        r#"{{"model":"claude","max_tokens":1024,"system":"Be brief.","messages":[{turns}{{"role":"user","content":"And tomorrow?"}}],"stream":true}}"#
    ));
    let target = RequestTarget {
        model: Some("another-model"),
        stream_usage: true,
        ..RequestTarget::default()
    };
    let passed = measure(|| {
        if let Ok(view) = MessagesRequestView::parse(black_box(&body), 64) {
            black_box(passthrough::messages(&body, &view, "another-model"));
        }
    });
    let translated = measure(|| {
        if let Ok(request) = decode_request(MESSAGES, black_box(&body), 64) {
            black_box(encode_request(CHAT, &request, &target));
        }
    });
    row("messages: to chat", body.len(), passed, translated)?;

    let start = br#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let chunk = Bytes::from_static(
        b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" stones\"}}\n\n",
    );
    let feed = |parser: &mut Parser,
                decoder: &mut StreamDecoder,
                encoder: Option<&mut StreamEncoder>,
                out: &mut Vec<u8>| {
        let mut encoder = encoder;
        let fed: Result<(), sluicegate_protocols::canonical::StreamFault> =
            parser.feed(black_box(&chunk), |frame| {
                let data = frame.data.unwrap_or_default();
                decoder.frame(frame.event, data, &mut |event| {
                    if let Some(encoder) = encoder.as_deref_mut() {
                        encoder.event(&event, out);
                    }
                })
            });
        black_box(fed.is_ok());
    };
    let mut out = Vec::new();
    let mut encoder = StreamEncoder::new(CHAT, &AnswerTarget::default());
    let mut decoder = StreamDecoder::new(MESSAGES);
    decoder.frame(None, start, &mut |event| encoder.event(&event, &mut out))?;
    let mut parser = Parser::new(1 << 20);
    let watched = measure(|| {
        out.clear();
        feed(&mut parser, &mut decoder, None, &mut out);
    });
    let translated = measure(|| {
        out.clear();
        feed(&mut parser, &mut decoder, Some(&mut encoder), &mut out);
        black_box(&out);
    });
    row("messages: one event", chunk.len(), watched, translated)?;
    Ok(())
}

/// Dialects of providers alone: a chat request passed through beside one translated to theirs, and
/// telling the framing of one event of their streams beside telling the event in chat.
fn providers() -> Result<(), Box<dyn Error>> {
    let turns = r#"{"role":"user","content":"What is the weather in Paris?"},{"role":"assistant","content":"It is mild."},"#.repeat(10);
    let body = Bytes::from(format!(
        r#"{{"model":"m","messages":[{turns}{{"role":"user","content":"And tomorrow?"}}],"temperature":0.7,"stream":true}}"#
    ));
    let target = RequestTarget::default();
    let events = [
        (
            Dialect::BedrockConverse,
            r#"{"contentBlockIndex":0,"delta":{"text":" stones"},"p":"abcdefghij"}"#,
        ),
        (
            Dialect::CohereChat,
            r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" stones"}}}}"#,
        ),
    ];
    for (dialect, event) in events {
        let passed = measure(|| {
            if let Ok(view) = ChatRequestView::parse(black_box(&body), 64) {
                black_box(passthrough::chat(&body, &view, "another-model"));
            }
        });
        let translated = measure(|| {
            if let Ok(request) = decode_request(CHAT, black_box(&body), 64) {
                black_box(encode_request(dialect, &request, &target));
            }
        });
        row(
            &format!("chat: to {}", dialect.as_str()),
            body.len(),
            passed,
            translated,
        )?;

        let mut chunk = Vec::new();
        match dialect.framing() {
            Framing::Sse => write_event(&mut chunk, Some("content-delta"), event),
            Framing::EventStream => event_stream::write_event(&mut chunk, "contentBlockDelta", |out| {
                out.extend_from_slice(event.as_bytes());
            }),
        }
        let (mut sse, mut messages) = (Parser::new(1 << 20), event_stream::Parser::new(1 << 20));
        let mut each = |take: &mut Take<'_>| {
            let fed: Result<(), StreamFault> = match dialect.framing() {
                Framing::Sse => sse.feed(black_box(&chunk), |frame| {
                    take(frame.event, frame.data.unwrap_or_default())
                }),
                Framing::EventStream => {
                    messages.feed(black_box(&chunk), |frame| take(frame.event, frame.data))
                }
            };
            black_box(fed.is_ok());
        };
        let framed = measure(|| {
            each(&mut |_, data| {
                black_box(data);
                Ok(())
            });
        });
        let mut decoder = StreamDecoder::new(dialect);
        let mut encoder = StreamEncoder::new(CHAT, &AnswerTarget::default());
        let mut out = Vec::new();
        let translated = measure(|| {
            out.clear();
            each(&mut |name, data| decoder.frame(name, data, &mut |event| encoder.event(&event, &mut out)));
            black_box(&out);
        });
        let name = format!("{}: one event", dialect.as_str());
        row(&name, chunk.len(), framed, translated)?;
    }
    Ok(())
}

/// Takes a frame: its event name and its data.
type Take<'t> = dyn FnMut(Option<&[u8]>, &[u8]) -> Result<(), StreamFault> + 't;
