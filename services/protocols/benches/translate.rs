//! What translating a plain chat costs beside passing it through, in nanoseconds per call, for every
//! caller's dialect and every provider's: `cargo bench -p sluicegate-protocols --bench translate`, with
//! `-- WORD` only the tables that have the word in their names. A translation must stay within twice the
//! work of passing through.

use std::error::Error;
use std::hint::black_box;
use std::io::{Write, stdout};

use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::canonical::{
    Candidate, Delta, Finish, FinishReason, Message, Part, Response, Role, StreamEvent, StreamStart, Usage,
};
use sluicegate_protocols::dialect::{
    Dialect, StreamEncoder, decode_request, decode_response, encode_request, encode_response,
};
use sluicegate_protocols::gemini::GeminiRequestView;
use sluicegate_protocols::openai_chat::stream::ChatStream;
use sluicegate_protocols::openai_chat::{ChatRequestView, response};
use sluicegate_protocols::openai_responses::ResponsesRequestView;
use sluicegate_protocols::relay::{AnswerForm, StreamRelay, StreamTranslator, StreamWatch, read_whole};
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};
use sluicegate_protocols::{TokenCounts, passthrough};

/// As in the worker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLERS: [Dialect; 4] = [
    Dialect::OpenAiChat,
    Dialect::OpenAiResponses,
    Dialect::AnthropicMessages,
    Dialect::Gemini,
];
const MODEL: &str = "another-model";
const DEPTH: u32 = 64;
const MAX_FRAME: usize = 1 << 20;

/// CPU time of this thread, in seconds: what others do on the machine is not in it.
fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// Best of many short rounds, so that a busy machine disturbs few of them.
fn measure(mut work: impl FnMut()) -> f64 {
    let calls = 200;
    let mut best = f64::MAX;
    for _ in 0..400 {
        let started = cpu_seconds();
        for _ in 0..calls {
            work();
        }
        best = best.min((cpu_seconds() - started) * 1e9 / f64::from(calls));
    }
    best
}

fn main() -> Result<(), Box<dyn Error>> {
    let long = "You are a careful assistant. Answer in \\\"plain\\\" words and show the steps.\\n".repeat(12);
    let turns = r#"{"role":"user","content":"What is the weather in Paris?"},{"role":"assistant","content":"It is mild."},"#;
    let last = r#"{"role":"user","content":"And tomorrow?"}"#;
    table("request of one message", |caller, provider| {
        request(
            caller,
            provider,
            &format!(r#"{{"role":"user","content":"{long}"}}"#),
        )
    })?;
    table("request of 7 messages", |caller, provider| {
        request(caller, provider, &format!("{}{last}", turns.repeat(3)))
    })?;
    table("request of 21 messages", |caller, provider| {
        request(caller, provider, &format!("{}{last}", turns.repeat(10)))
    })?;
    table("whole answer", answer)?;
    table("one chunk of a stream", chunk)
}

/// What passing through costs a caller, and for each provider how many times that a translation does.
fn table(
    name: &str,
    cost: impl Fn(Dialect, Dialect) -> Result<f64, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    if words.next().is_some_and(|word| !name.contains(&word)) {
        return Ok(());
    }
    let mut out = stdout().lock();
    write!(out, "\n{name:<24} {:>9}", "passed")?;
    for provider in Dialect::ALL {
        write!(out, " {:>18}", provider.as_str())?;
    }
    for caller in CALLERS {
        let passed = cost(caller, caller)?;
        write!(out, "\n{:<24} {passed:>6.0} ns", caller.as_str())?;
        for &provider in Dialect::ALL {
            if provider == caller {
                write!(out, " {:>18}", "-")?;
            } else {
                write!(out, " {:>17.2}x", cost(caller, provider)? / passed)?;
            }
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Reads a caller's request and writes it for a provider.
fn request(caller: Dialect, provider: Dialect, messages: &str) -> Result<f64, Box<dyn Error>> {
    let chat =
        format!(r#"{{"model":"gpt-4o-mini","messages":[{messages}],"temperature":0.7,"stream":true}}"#);
    let plain = RequestTarget::default();
    let body = if caller == Dialect::OpenAiChat {
        chat.into_bytes()
    } else {
        let read = decode_request(Dialect::OpenAiChat, chat.as_bytes(), DEPTH)?;
        encode_request(caller, &read, &plain).body
    };
    let body = Bytes::from(body);
    if caller == provider {
        return Ok(measure(|| pass(caller, black_box(&body))));
    }
    let target = RequestTarget {
        model: Some(MODEL),
        stream_usage: true,
        ..plain
    };
    Ok(measure(|| {
        if let Ok(read) = decode_request(caller, black_box(&body), DEPTH) {
            black_box(encode_request(provider, &read, &target));
        }
    }))
}

fn pass(caller: Dialect, body: &Bytes) {
    match caller {
        Dialect::OpenAiChat => {
            if let Ok(view) = ChatRequestView::parse(body, DEPTH) {
                black_box(passthrough::chat(body, &view, MODEL));
            }
        }
        Dialect::OpenAiResponses => {
            if let Ok(view) = ResponsesRequestView::parse(body, DEPTH) {
                black_box(passthrough::responses(body, &view, MODEL));
            }
        }
        Dialect::AnthropicMessages => {
            if let Ok(view) = MessagesRequestView::parse(body, DEPTH) {
                black_box(passthrough::messages(body, &view, MODEL));
            }
        }
        Dialect::Gemini => {
            if let Ok(view) = GeminiRequestView::parse(body, DEPTH) {
                black_box(passthrough::gemini(body, &view));
            }
        }
        Dialect::BedrockConverse | Dialect::CohereChat => {}
    }
}

/// Reads a provider's answer and writes it for a caller.
fn answer(caller: Dialect, provider: Dialect) -> Result<f64, Box<dyn Error>> {
    let target = AnswerTarget {
        id: "chatcmpl-0123456789",
        model: "gpt-4o-mini-2024-07-18",
        created: 1_700_000_000,
        ..AnswerTarget::default()
    };
    let mut answer = Response::new(provider);
    let mut candidate = Candidate::new(0);
    let words = "the water runs over \"stones\" \n".repeat(80);
    candidate.message = Message::new(Role::Assistant, vec![Part::text(words)]);
    candidate.finish = Some(finish());
    answer.candidates = vec![candidate];
    answer.usage = Some(usage());
    let body = encode_response(provider, &answer, &target).body;
    Ok(match (caller == provider, provider) {
        (true, Dialect::OpenAiChat) => measure(|| {
            black_box(response::read(black_box(&body)).is_ok());
        }),
        (passed, _) => measure(|| {
            if let Ok(read) = decode_response(provider, black_box(&body)) {
                black_box(read_whole(&read));
                if !passed {
                    black_box(encode_response(caller, &read, &target));
                }
            }
        }),
    })
}

fn finish() -> Finish<'static> {
    Finish {
        reason: FinishReason::Stop,
        native: None,
        sequence: None,
    }
}

fn usage() -> Usage<'static> {
    let counts = TokenCounts {
        input: 300,
        output: 500,
        ..TokenCounts::default()
    };
    Usage { counts, native: None }
}

/// Takes one chunk with a word of a provider's stream and makes of it what the caller gets.
fn chunk(caller: Dialect, provider: Dialect) -> Result<f64, Box<dyn Error>> {
    let target = AnswerTarget::default();
    let mut encoder = StreamEncoder::new(provider, &target);
    let (mut opening, mut word) = (Vec::new(), Vec::new());
    encoder.event(&StreamEvent::Start(StreamStart::default()), &mut opening);
    let part = Box::new(Part::text(""));
    let begin = StreamEvent::PartStart {
        candidate: 0,
        index: 0,
        part,
    };
    encoder.event(&begin, &mut opening);
    let delta = |text: &'static str| StreamEvent::Delta {
        candidate: 0,
        delta: Delta::Text(text.into()),
    };
    encoder.event(&delta("The"), &mut opening);
    encoder.event(&delta(" stones"), &mut word);
    let mut relay = match (caller == provider, provider) {
        (true, Dialect::OpenAiChat) => StreamRelay::Chat(ChatStream::new(MAX_FRAME, false)),
        (true, _) => StreamRelay::Watch(Box::new(StreamWatch::new(provider, MAX_FRAME))),
        (false, _) => {
            let form = AnswerForm::Dialect(caller);
            StreamRelay::Translate(Box::new(StreamTranslator::new(
                provider, form, &target, MAX_FRAME,
            )))
        }
    };
    let mut shown = Vec::new();
    relay.feed(&opening.into(), &mut shown)?;
    let word = Bytes::from(word);
    Ok(measure(|| {
        shown.clear();
        black_box(relay.feed(black_box(&word), &mut shown).is_ok());
    }))
}
