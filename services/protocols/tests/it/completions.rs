//! Legacy completions as recorded: read, rewritten, watched; and asked of providers that only chat.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::{StreamEnd, StreamEvent};
use sluicegate_protocols::completions::{
    CompletionsRequestView, Refusal, StreamEncoder, encode_response, read_response, to_chat,
};
use sluicegate_protocols::dialect::{StreamDecoder, decode_request, decode_response, encode_request};
use sluicegate_protocols::openai_chat::FinishReason;
use sluicegate_protocols::openai_chat::stream::ChatStream;
use sluicegate_protocols::passthrough;
use sluicegate_protocols::provider_error::ProviderError;
use sluicegate_protocols::sse::Parser;
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};

use crate::corpus::recordings;

pub(crate) const ENDPOINT: &str = "completions";

#[test]
fn recorded_requests_are_read_and_rewritten() {
    for recording in recordings(ENDPOINT) {
        let Some(text) = recording.request() else { continue };
        let id = &recording.id;
        let mut expected: Value = serde_json::from_str(&text).unwrap();
        let body = Bytes::from(text);
        let view = CompletionsRequestView::parse(&body, 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(view.model.decode(), expected["model"].as_str().unwrap(), "{id}");
        assert_eq!(view.is_stream(), expected["stream"] == true, "{id}");
        assert_eq!(view.max_tokens, expected["max_tokens"].as_u64(), "{id}");
        assert_eq!(u64::from(view.n), expected["n"].as_u64().unwrap_or(1), "{id}");
        let prompt = &expected["prompt"];
        let texts = texts(prompt);
        let lists = prompt
            .as_array()
            .into_iter()
            .flatten()
            .filter(|item| item.is_array())
            .count();
        let tokens = prompt.as_array().map_or(0, |items| tokens(items));
        let items = texts.len().max(lists).max(usize::from(tokens > 0));
        assert_eq!(view.prompt.items as usize, items, "{id}");
        assert_eq!(view.prompt.text_bytes, texts.concat().len() as u64, "{id}");
        assert_eq!(view.prompt.tokens, tokens as u64, "{id}");

        let rewritten = passthrough::completions(&body, &view, "another");
        assert_eq!(
            rewritten.hide_usage_chunk,
            view.is_stream() && !view.caller_wants_usage(),
            "{id}"
        );
        expected["model"] = "another".into();
        if view.is_stream() {
            expected["stream_options"]["include_usage"] = true.into();
        }
        let after: Value = serde_json::from_slice(&rewritten.body).unwrap();
        assert_eq!(after, expected, "{id}");
    }
}

/// The texts of a prompt.
fn texts(prompt: &Value) -> Vec<&str> {
    match prompt.as_array() {
        Some(items) => items.iter().filter_map(Value::as_str).collect(),
        None => vec![prompt.as_str().unwrap()],
    }
}

/// Numbers in a list, and in lists in it.
fn tokens(items: &[Value]) -> usize {
    let count = |item: &Value| {
        item.as_array()
            .map_or(usize::from(item.is_number()), |inner| tokens(inner))
    };
    items.iter().map(count).sum()
}

/// Text, finish reason and usage of a document or of all chunks of a stream.
#[derive(Default)]
struct Told {
    text: String,
    finish: Option<String>,
    usage: Option<(u64, u64)>,
}

impl Told {
    fn note(&mut self, document: &Value) {
        for choice in document["choices"].as_array().into_iter().flatten() {
            self.text.push_str(choice["text"].as_str().unwrap_or_default());
            let finish = choice["finish_reason"].as_str().map(str::to_owned);
            self.finish = self.finish.take().or(finish);
        }
        let usage = &document["usage"];
        let counted = usage["prompt_tokens"].as_u64();
        self.usage = counted
            .map(|input| (input, usage["completion_tokens"].as_u64().unwrap_or(0)))
            .or(self.usage);
    }
}

#[test]
fn recorded_answers_are_read() {
    for recording in recordings(ENDPOINT) {
        let Some(body) = recording.whole() else { continue };
        let id = &recording.id;
        let document: Value = serde_json::from_str(&body).unwrap();
        if recording.status() >= 400 {
            let error = ProviderError::parse(body.as_bytes());
            assert_eq!(
                error.message,
                document["error"]["message"].as_str().unwrap(),
                "{id}"
            );
            continue;
        }
        let mut told = Told::default();
        told.note(&document);
        let facts = read_response(body.as_bytes()).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(
            facts.choices as usize,
            document["choices"].as_array().unwrap().len(),
            "{id}"
        );
        assert_eq!(facts.content.text, told.text.len() as u64, "{id}");
        assert_eq!(facts.usage.map(|u| (u.input, u.output)), told.usage, "{id}");
        assert_eq!(
            facts.finish.as_ref().map(FinishReason::as_str),
            told.finish.as_deref(),
            "{id}"
        );
    }
}

#[test]
fn recorded_streams_are_watched_and_pass_unchanged() {
    for recording in recordings(ENDPOINT) {
        let Some(text) = recording.stream() else { continue };
        let id = &recording.id;
        let mut told = Told::default();
        let documents = text
            .lines()
            .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
        documents.for_each(|document: Value| told.note(&document));
        for size in [1, 7, text.len()] {
            let mut stream = ChatStream::of_completions(1 << 20, false);
            let mut out = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                stream.feed(&Bytes::copy_from_slice(piece), &mut out).unwrap();
            }
            let end = stream.finish(&mut out);
            out.extend(stream.release(None));
            let facts = stream.facts();
            assert_eq!(facts.content.text, told.text.len() as u64, "{id}");
            assert_eq!(facts.usage.map(|u| (u.input, u.output)), told.usage, "{id}");
            assert_eq!(
                facts.finish.as_ref().map(FinishReason::as_str),
                told.finish.as_deref(),
                "{id}"
            );
            // One server's stream never says that it ends.
            let expected = if told.finish.is_some() {
                StreamEnd::Complete
            } else {
                StreamEnd::Cut
            };
            assert_eq!(end, expected, "{id}");
            let passed = text.split("data: [DONE]").next().unwrap();
            assert_eq!(
                String::from_utf8(out.concat()).unwrap().trim_end(),
                passed.trim_end(),
                "{id}"
            );
        }
    }
}

#[test]
fn recorded_requests_can_be_asked_in_every_dialect() {
    for recording in recordings(ENDPOINT) {
        let Some(text) = recording.request() else { continue };
        let id = &recording.id;
        let document: Value = serde_json::from_str(&text).unwrap();
        let texts = texts(&document["prompt"]);
        let chat = match to_chat(text.as_bytes(), 64) {
            Ok(chat) => chat,
            Err(refusal) => {
                assert!(
                    matches!(refusal, Refusal::Unsupported("prompt", _)),
                    "{id}: {refusal}"
                );
                assert!(texts.len() != 1, "{id}: several texts, or tokens, which are none");
                continue;
            }
        };
        let request = decode_request(Dialect::OpenAiChat, &chat, 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        for &dialect in Dialect::ALL {
            let body = encode_request(dialect, &request, &RequestTarget::default()).body;
            let body = String::from_utf8(body).unwrap();
            let prompt = Value::from(texts[0]).to_string();
            assert!(
                body.contains(prompt.trim_matches('"')),
                "{id} in {}",
                dialect.as_str()
            );
        }
    }
}

/// Chat answers and streams of the same corpus as completions: the text is all there.
#[test]
fn recorded_chats_are_told_as_completions() {
    let target = AnswerTarget {
        usage: true,
        ..AnswerTarget::default()
    };
    for recording in recordings("chat.completions") {
        let id = &recording.id;
        if recording.status() >= 400 || !recording.is_oracle() || recording.has_tag("multi-choice") {
            continue;
        }
        let said = recording.summary()["text"].as_str().unwrap();
        if let Some(body) = recording.whole() {
            let response = decode_response(Dialect::OpenAiChat, body.as_bytes()).unwrap();
            let encoded = encode_response(&response, &target);
            let mut told = Told::default();
            told.note(&serde_json::from_slice(&encoded.body).unwrap());
            assert_eq!(told.text, said, "{id}");
        }
        let Some(text) = recording.stream() else { continue };
        let mut encoder = StreamEncoder::new(&target);
        let mut decoder = StreamDecoder::new(Dialect::OpenAiChat);
        let mut out = Vec::new();
        let mut sink = |event: StreamEvent<'_>| encoder.event(&event, &mut out);
        let mut frames = Parser::new(1 << 24);
        frames
            .feed(text.as_bytes(), |frame| match frame.data {
                Some(data) => decoder.frame(frame.event, data, &mut sink),
                None => Ok(()),
            })
            .unwrap();
        let end = decoder.end(&mut sink);
        let mut stream = ChatStream::of_completions(1 << 20, false);
        stream.feed(&out.into(), &mut Vec::new()).unwrap();
        assert_eq!(stream.facts().content.text, said.len() as u64, "{id}");
        assert_eq!(
            stream.facts().end() == StreamEnd::Complete,
            end == StreamEnd::Complete,
            "{id}"
        );
    }
}
