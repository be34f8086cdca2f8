//! Chat completions: requests, whole answers, streams and errors as recorded.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::openai_chat::FinishReason;
use sluicegate_protocols::openai_chat::error::ProviderError;
use sluicegate_protocols::openai_chat::response;
use sluicegate_protocols::openai_chat::stream::{ChatStream, StreamEnd, StreamFacts};
use sluicegate_protocols::{Fault, TokenCounts, openai_chat::ChatRequestView, passthrough};

use crate::corpus::{Recording, recordings};

const MAX_FRAME: usize = 1 << 20;

#[test]
fn recorded_requests_are_read_and_rewritten() {
    for recording in recordings("chat.completions") {
        let Some(text) = recording.request() else { continue };
        let id = &recording.id;
        let before: Value = serde_json::from_str(&text).unwrap();
        let body = Bytes::from(text);
        let view = match ChatRequestView::parse(&body, 64) {
            Ok(view) => view,
            // Azure names the model in the path.
            Err(error) if before.get("model").is_none() => {
                assert_eq!(
                    (error.fault(), error.pointer()),
                    (Fault::Missing, "/model"),
                    "{id}"
                );
                continue;
            }
            Err(error) => panic!("{id}: {error}"),
        };
        assert_eq!(view.model.decode(), before["model"].as_str().unwrap(), "{id}");
        assert_eq!(view.is_stream(), before["stream"] == true, "{id}");
        assert_eq!(
            view.messages as usize,
            before["messages"].as_array().unwrap().len(),
            "{id}"
        );
        let offered = ["tools", "functions"].map(|key| before[key].as_array().map_or(0, Vec::len));
        assert_eq!(view.tools as usize, offered.iter().sum::<usize>(), "{id}");
        let images = parts_of_type(&before["messages"], "image_url");
        assert_eq!(view.input.images as usize, images, "{id}");

        let rewritten = passthrough::chat(&body, &view, "another/model");
        let mut expected = before;
        expected["model"] = "another/model".into();
        if view.is_stream() {
            expected["stream_options"]["include_usage"] = true.into();
        }
        let after: Value = serde_json::from_slice(&rewritten.body).unwrap();
        assert_eq!(after, expected, "{id}");
    }
}

/// Parts of that type in all messages.
fn parts_of_type(messages: &Value, kind: &str) -> usize {
    let parts = messages
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|m| m["content"].as_array());
    parts.flatten().filter(|part| part["type"] == kind).count()
}

#[test]
fn recorded_answers_are_read_as_their_summaries_say() {
    for recording in recordings("chat.completions") {
        let Some(body) = recording.whole() else { continue };
        let id = &recording.id;
        if recording.status() >= 400 {
            assert_error_is_read(&recording, &body);
            continue;
        }
        let facts = response::read(body.as_bytes()).unwrap_or_else(|error| panic!("{id}: {error}"));
        if recording.is_oracle() {
            assert_usage(&recording, facts.usage);
            assert_finish(&recording, facts.finish.as_ref());
            if facts.choices == 1 && !recording.has_tag("sdk-level") {
                assert_eq!(facts.content.text, text_len(&recording.summary()["text"]), "{id}");
            }
        }
    }
}

fn assert_error_is_read(recording: &Recording, body: &str) {
    let document: Value = serde_json::from_str(body).unwrap();
    let error = ProviderError::parse(body.as_bytes());
    let message = document
        .pointer("/error/message")
        .or_else(|| document.get("detail"))
        .unwrap();
    assert_eq!(error.message, message.as_str().unwrap(), "{}", recording.id);
    let code = document.pointer("/error/code").filter(|c| !c.is_null());
    assert_eq!(error.code.is_some(), code.is_some(), "{}", recording.id);
    assert_eq!(
        error.kind.as_deref(),
        document.pointer("/error/type").and_then(Value::as_str),
        "{}",
        recording.id
    );
}

fn text_len(text: &Value) -> u64 {
    text.as_str().unwrap().len() as u64
}

/// Usage equals the summary, save for what the summary leaves as the provider reported it: output
/// that a larger total shows to be incomplete, cached tokens under a provider's own name, and parts
/// larger than what contains them.
fn assert_usage(recording: &Recording, usage: Option<TokenCounts>) {
    let id = &recording.id;
    let told = recording.summary()["usage"]
        .as_object()
        .is_some_and(|u| !u.is_empty());
    assert_eq!(usage.is_some(), told, "{id}");
    let Some(usage) = usage else { return };
    let (input, output, total) = (
        recording.count("input"),
        recording.count("output"),
        recording.count("total"),
    );
    assert_eq!(usage.input, input, "{id}");
    assert_eq!(usage.output, output.max(total.saturating_sub(input)), "{id}");
    if recording.summary()["usage"].get("cached").is_some() {
        assert_eq!(usage.cached_input, recording.count("cached").min(input), "{id}");
    }
    if output == usage.output {
        assert_eq!(usage.reasoning, recording.count("reasoning").min(output), "{id}");
    }
}

fn assert_finish(recording: &Recording, finish: Option<&FinishReason>) {
    let expected = recording.summary()["finish_raw"]
        .as_str()
        .filter(|f| !f.is_empty());
    assert_eq!(finish.map(FinishReason::as_str), expected, "{}", recording.id);
}

struct Run {
    shown: Vec<u8>,
    end: StreamEnd,
    facts: StreamFacts,
}

fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Run {
    let mut stream = ChatStream::new(MAX_FRAME, false);
    let mut out = Vec::new();
    for piece in pieces {
        stream.feed(&Bytes::copy_from_slice(piece), &mut out).unwrap();
    }
    let end = stream.finish(&mut out);
    out.extend(stream.release(None));
    Run {
        shown: out.concat(),
        end,
        facts: stream.facts().clone(),
    }
}

#[test]
fn recorded_streams_are_read_as_their_summaries_say() {
    for recording in recordings("chat.completions") {
        let Some(text) = recording.stream() else { continue };
        let id = &recording.id;
        let Run { shown, end, facts } = run([text.as_bytes()]);
        let end_mark = text.rfind("data: [DONE]").or_else(|| text.rfind("data:[DONE]"));
        assert_eq!(facts.done, end_mark.is_some(), "{id}");
        let passed = &text[..end_mark.unwrap_or(text.len())];
        assert_eq!(
            String::from_utf8_lossy(&shown).trim_end(),
            passed.trim_end(),
            "{id}: bytes pass unchanged"
        );
        if !recording.is_oracle() {
            continue;
        }
        assert_usage(&recording, facts.usage);
        assert_finish(&recording, facts.finish.as_ref());
        let expected = match (
            &recording.summary()["error"],
            recording.summary()["complete"] == true,
        ) {
            (Value::Null, true) => StreamEnd::Complete,
            (Value::Null, false) => StreamEnd::Cut,
            _ => StreamEnd::Failed,
        };
        assert_eq!(end, expected, "{id}");
        if !recording.has_tag("multi-choice") {
            assert_eq!(facts.content.text, text_len(&recording.summary()["text"]), "{id}");
        }
    }
}

#[test]
fn splits_do_not_matter() {
    for recording in recordings("chat.completions") {
        let Some(text) = recording.stream() else { continue };
        let (id, bytes) = (&recording.id, text.as_bytes());
        let whole = run([bytes]);
        let single = run(bytes.chunks(1));
        assert_eq!(
            (single.end, &single.facts),
            (whole.end, &whole.facts),
            "{id}: byte by byte"
        );
        assert_eq!(single.shown, whole.shown, "{id}: byte by byte");
        // Two pieces at every byte of short streams, at a stride in long ones: the work is square.
        let stride = 1 + bytes.len() / 100;
        for at in (0..bytes.len()).step_by(stride) {
            let split = run([&bytes[..at], &bytes[at..]]);
            assert_eq!(
                (split.end, &split.facts),
                (whole.end, &whole.facts),
                "{id}: split at {at}"
            );
            assert_eq!(split.shown, whole.shown, "{id}: split at {at}");
        }
    }
}

#[test]
fn a_stream_cut_before_its_end_counts_as_cut() {
    for recording in recordings("chat.completions") {
        let Some(text) = recording.stream() else { continue };
        let (id, bytes) = (&recording.id, text.as_bytes());
        let mut stream = ChatStream::new(MAX_FRAME, false);
        let mut out = Vec::new();
        // Feeding byte by byte finds the byte at which the stream counts as ended.
        let ended = bytes.chunks(1).position(|byte| {
            stream.feed(&Bytes::copy_from_slice(byte), &mut out).unwrap();
            stream.facts().end() != StreamEnd::Cut
        });
        let Some(ended) = ended else { continue };
        let last_frame = text[..ended].rfind("data:").unwrap();
        let stride = 1 + last_frame / 100;
        for cut in (0..last_frame).step_by(stride) {
            let run = run([&bytes[..cut]]);
            assert_eq!(run.end, StreamEnd::Cut, "{id}: cut at {cut}");
        }
    }
}
