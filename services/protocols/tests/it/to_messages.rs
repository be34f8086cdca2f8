//! Recorded chat traffic told in Anthropic Messages: what comes out keeps the rules of the dialect,
//! says the same, and reads back.

use serde_json::Value;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::{Candidate, FinishReason, StreamEnd};
use sluicegate_protocols::dialect::{
    StreamEncoder, decode_request, decode_response, encode_request, encode_response,
};
use sluicegate_protocols::lossy::Severity;
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};
use sluicegate_protocols::tool_ids::IdRule;

use crate::corpus::recordings;
use crate::meaning::{self, Told, told};

const TARGET: AnswerTarget<'static> = AnswerTarget {
    id: "x",
    model: "m",
    created: 0,
    usage: true,
    meaning_only: false,
    for_any_client: true,
    openrouter: false,
};

#[test]
fn requests_keep_the_rules() {
    let (mut count, mut whole) = (0, 0);
    for recording in recordings("chat.completions") {
        let Some(text) = recording.request() else { continue };
        let Ok(request) = decode_request(Dialect::OpenAiChat, text.as_bytes(), 64) else {
            continue;
        };
        let encoded = encode_request(Dialect::AnthropicMessages, &request, &RequestTarget::default());
        let id = &recording.id;
        let sent: Value = serde_json::from_slice(&encoded.body).unwrap();
        decode_request(Dialect::AnthropicMessages, &encoded.body, 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert!(sent["max_tokens"].is_u64(), "{id}");
        assert_turns(id, &sent["messages"]);
        count += 1;
        whole += u32::from(encoded.losses.worst() < Some(Severity::Missing));
    }
    assert!(
        count > 0 && whole * 4 > count * 3,
        "{whole} of {count} lack nothing"
    );
}

/// Turns alternate, the user's first; in them results come first, nothing is blank, and calls are
/// as providers take them.
fn assert_turns(id: &str, messages: &Value) {
    let mut waiting: Vec<&str> = Vec::new();
    for (at, message) in messages.as_array().unwrap().iter().enumerate() {
        let role = if at % 2 == 0 { "user" } else { "assistant" };
        assert_eq!(message["role"], role, "{id}: message {at}");
        let blank = |text: &Value| text.as_str().unwrap().trim().is_empty();
        let Some(blocks) = message["content"].as_array() else {
            assert!(!blank(&message["content"]), "{id}: message {at}");
            continue;
        };
        assert!(!blocks.is_empty(), "{id}: message {at}");
        let mut results_over = false;
        for block in blocks {
            let is_result = block["type"] == "tool_result";
            assert!(
                !(is_result && results_over),
                "{id}: a late result in message {at}"
            );
            results_over |= !is_result;
            match block["type"].as_str().unwrap() {
                "text" => assert!(!blank(&block["text"]), "{id}: message {at}"),
                "tool_use" => {
                    let call = block["id"].as_str().unwrap();
                    assert!(
                        IdRule::ANTHROPIC.admits(call) && block["input"].is_object(),
                        "{id}"
                    );
                    waiting.push(call);
                }
                "tool_result" => {
                    let result = block["tool_use_id"].as_str().unwrap();
                    assert!(IdRule::ANTHROPIC.admits(result), "{id}");
                    let call = waiting.iter().position(|call| *call == result);
                    waiting.remove(call.unwrap_or_else(|| panic!("{id}: a result without its call")));
                }
                "thinking" => assert_ne!(block["signature"], "", "{id}"),
                _ => {}
            }
        }
    }
}

#[test]
fn answers_and_streams_say_the_same() {
    let (mut answers, mut streams) = (0, 0);
    for recording in recordings("chat.completions") {
        let id = &recording.id;
        if let Some(body) = recording.whole().filter(|_| recording.status() < 400) {
            let response = decode_response(Dialect::OpenAiChat, body.as_bytes()).unwrap();
            let Some(candidate) = response.candidates.first() else {
                continue;
            };
            let encoded = encode_response(Dialect::AnthropicMessages, &response, &TARGET);
            let again = decode_response(Dialect::AnthropicMessages, &encoded.body).unwrap();
            assert_same(id, told(candidate), told(&again.candidates[0]));
            answers += 1;
        }
        let Some(text) = recording.stream() else { continue };
        let encoder = StreamEncoder::new(Dialect::AnthropicMessages, &TARGET);
        let run = meaning::run(Dialect::OpenAiChat, [text.as_bytes()], Some(encoder));
        if run.end != StreamEnd::Complete || recording.has_tag("multi-choice") {
            continue;
        }
        assert_blocks(id, std::str::from_utf8(&run.written).unwrap());
        let again = meaning::run(Dialect::AnthropicMessages, [run.written.as_slice()], None);
        assert_eq!(again.end, StreamEnd::Complete, "{id}");
        let (before, after) = (&run.response.candidates[0], &again.response.candidates[0]);
        assert_same(id, told(before), told(after));
        let calls_tools = |candidate: &Candidate<'_>| {
            let finish = candidate.finish.as_ref();
            finish.is_some_and(|finish| finish.reason == FinishReason::ToolUse)
        };
        assert_eq!(calls_tools(before), calls_tools(after), "{id}");
        streams += 1;
    }
    assert!(answers > 0 && streams > 0);
}

/// Refusals are text in this dialect, behind what else is said; calls are compared by their input as
/// a tree, where it is one.
fn assert_same(id: &str, before: Told, after: Told) {
    let input = |text: &str| serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
    let calls = |told: &Told| -> Vec<_> {
        let calls = told.calls.iter();
        calls.map(|(name, text)| (name.clone(), input(text))).collect()
    };
    assert!(after.text.starts_with(&before.text), "{id}");
    assert_eq!(calls(&before), calls(&after), "{id}");
    assert_eq!(
        before.reasoning.replace("\n\n", ""),
        after.reasoning.replace("\n\n", ""),
        "{id}"
    );
}

/// One block is open at a time; numbers begin at 0 and have no gaps.
fn assert_blocks(id: &str, written: &str) {
    let (mut next, mut open) = (0, None);
    for frame in written.split_terminator("\n\n") {
        let (_, data) = frame.split_once("\ndata: ").unwrap();
        let event: Value = serde_json::from_str(data).unwrap();
        let index = event["index"].as_u64();
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(next)), "{id}");
                open = index;
            }
            "content_block_delta" => assert_eq!(open, index, "{id}"),
            "content_block_stop" => {
                assert_eq!(open.take(), index, "{id}");
                next += 1;
            }
            _ => assert_eq!(open, None, "{id}"),
        }
    }
}
