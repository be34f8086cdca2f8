//! Messages: requests, usage and errors as recorded.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::anthropic_messages::error::ProviderError;
use sluicegate_protocols::dialect::decode_response;
use sluicegate_protocols::failure::FailureClass;
use sluicegate_protocols::{Dialect, TokenCounts, passthrough};

use crate::corpus::{Recording, recordings};
use crate::meaning;

#[test]
fn recorded_requests_are_read_and_rewritten() {
    for recording in recordings("messages") {
        let Some(text) = recording.request() else { continue };
        let id = &recording.id;
        let before: Value = serde_json::from_str(&text).unwrap();
        let body = Bytes::from(text);
        let view = MessagesRequestView::parse(&body, 64).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(view.model.decode(), before["model"].as_str().unwrap(), "{id}");
        assert_eq!(view.is_stream(), before["stream"] == true, "{id}");
        assert_eq!(view.output_limit(), before["max_tokens"].as_u64(), "{id}");
        let length = |key: &str| before[key].as_array().map_or(0, Vec::len);
        assert_eq!(view.messages as usize, length("messages"), "{id}");
        assert_eq!(view.tools as usize, length("tools"), "{id}");
        assert_eq!(view.input.images as usize, images(&before["messages"]), "{id}");

        let rewritten = passthrough::messages(&body, &view, "another/model");
        let mut expected = before;
        expected["model"] = "another/model".into();
        let after: Value = serde_json::from_slice(&rewritten).unwrap();
        assert_eq!(after, expected, "{id}");
    }
}

/// Images in all messages and in the results of tools.
fn images(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(images).sum(),
        Value::Object(members) if members.get("type").is_some_and(|t| t == "image") => 1,
        Value::Object(members) => members.get("content").map_or(0, images),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[test]
fn recorded_usage_is_read_as_its_summaries_say() {
    let mut cached = 0;
    for recording in recordings("messages") {
        if !recording.is_oracle() || recording.status() >= 400 {
            continue;
        }
        let counts = match (recording.whole(), recording.stream()) {
            (Some(body), _) => {
                let response = decode_response(Dialect::AnthropicMessages, body.as_bytes()).unwrap();
                response.usage.map(|usage| usage.counts)
            }
            // The summary of several answers in a row has the usage of the last.
            (None, Some(text)) if text.matches("\"message_start\"").count() == 1 => {
                let run = meaning::run(Dialect::AnthropicMessages, [text.as_bytes()], None);
                run.response.usage.map(|usage| usage.counts)
            }
            (None, _) => continue,
        };
        let counts = counts.unwrap_or_else(|| panic!("{}: no usage", recording.id));
        cached += u32::from(counts.cached_input > 0);
        assert_usage(&recording, counts);
    }
    assert!(cached > 0, "some recordings read from the cache");
}

/// Summaries count as the dialect does: input without what the cache gave or took.
fn assert_usage(recording: &Recording, counts: TokenCounts) {
    let id = &recording.id;
    assert_eq!(counts.output, recording.count("output"), "{id}");
    assert_eq!(counts.cached_input, recording.count("cached"), "{id}");
    assert_eq!(counts.cache_write, recording.count("cache_write"), "{id}");
    let fresh = counts.input - counts.cached_input - counts.cache_write;
    assert_eq!(fresh, recording.count("input"), "{id}");
}

#[test]
fn recorded_errors_are_classed() {
    let mut seen = Vec::new();
    for recording in recordings("messages") {
        let Some(body) = recording.whole().filter(|_| recording.status() >= 400) else {
            continue;
        };
        let document: Value = serde_json::from_str(&body).unwrap();
        let error = ProviderError::parse(body.as_bytes());
        assert_eq!(error.message, document["error"]["message"].as_str().unwrap());
        assert_eq!(error.kind.as_deref(), document["error"]["type"].as_str());
        seen.push(error.class(u16::try_from(recording.status()).unwrap()));
    }
    assert!(seen.contains(&FailureClass::Authentication), "{seen:?}");
    assert!(seen.contains(&FailureClass::InvalidRequest), "{seen:?}");
}
