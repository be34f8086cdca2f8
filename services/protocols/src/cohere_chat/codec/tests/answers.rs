//! Whole answers: habits of Cohere, and that each comes out as it came in.

use super::tree;
use crate::canonical::{FinishReason, Response, Role};
use crate::cohere_chat::codec::{decode_response, encode_response};
use crate::target::AnswerTarget;

/// An answer decoded, which has come out as it came in.
fn same(body: &str) -> Response<'_> {
    let response = decode_response(body.as_bytes()).unwrap();
    let encoded = encode_response(&response, &AnswerTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()), "{body}");
    assert!(encoded.losses.is_empty(), "{body}: {:?}", encoded.losses);
    response
}

#[test]
fn a_message_without_a_role_stays_without() {
    let response = same(
        r#"{"id":"i","message":{"oler":"assistant","content":[{"type":"text","text":"a"}]},"finish_reason":"COMPLETE"}"#,
    );
    assert_eq!(response.candidates[0].message.role, Role::Assistant);
}

#[test]
fn everything_comes_out_as_it_came_in() {
    let body = r#"{"id":"i","message":{"role":"assistant","content":[{"type":"thinking","thinking":"t"},{"type":"text","text":"a"},{"type":"new"},5],
        "tool_plan":"p","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}],
        "citations":[{"start":0,"end":1,"text":"a","sources":[],"content_index":1,"type":"TEXT_CONTENT"}]},
        "finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":3,"output_tokens":4},"tokens":{"input_tokens":30,"output_tokens":5},"cached_tokens":16},
        "logprobs":[{"token_ids":[1]}]}"#;
    let response = same(body);
    let candidate = &response.candidates[0];
    let cited = candidate.message.parts[1].body.as_text().unwrap();
    assert_eq!(cited.citations[0].quote.as_deref(), Some("a"));
    assert_eq!(candidate.finish.as_ref().unwrap().reason, FinishReason::ToolUse);
    let usage = response.usage.as_ref().unwrap();
    assert_eq!((usage.counts.input, usage.counts.output), (3, 4));
    for body in [
        "{}",
        r#"{"message":"text"}"#,
        r#"{"message":{"role":"assistant","content":[{"type":"text","text":"a"}],"citations":[{"text":"a","type":""}]}}"#,
        r#"{"id":1,"finish_reason":null,"usage":{}}"#,
        r#"{"message":{"role":"assistant","content":5,"tool_calls":{}},"finish_reason":"COMPLETE"}"#,
        r#"{"message":{"role":"assistant","tool_calls":[{"function":{"name":"f"}},7],"tool_plan":""},"finish_reason":"X"}"#,
    ] {
        same(body);
    }
    assert!(decode_response(b"<html>").is_err());
}

#[test]
fn calls_count_for_more_than_the_finish_reason() {
    let reason = |message: &str, word: &str| {
        let body = format!(r#"{{"message":{{"role":"assistant",{message}}},"finish_reason":"{word}"}}"#);
        same(&body).candidates[0].finish.as_ref().unwrap().reason
    };
    let call = r#""tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]"#;
    assert_eq!(reason(call, "COMPLETE"), FinishReason::ToolUse);
    for (word, expected) in [
        ("COMPLETE", FinishReason::Stop),
        ("STOP_SEQUENCE", FinishReason::StopSequence),
        ("MAX_TOKENS", FinishReason::Length),
        ("ERROR_LIMIT", FinishReason::ContextWindow),
        ("ERROR_TOXIC", FinishReason::ContentFilter),
        ("TIMEOUT", FinishReason::Error),
        ("ERROR", FinishReason::Error),
        ("NEW", FinishReason::Other),
    ] {
        assert_eq!(
            reason(r#""content":[{"type":"text","text":"a"}]"#, word),
            expected,
            "{word}"
        );
    }
}

#[test]
fn an_answer_may_lack_its_message() {
    for body in [
        r#"{"message":null,"finish_reason":"COMPLETE"}"#,
        r#"{"id":"a","finish_reason":"COMPLETE"}"#,
    ] {
        same(body);
    }
}
