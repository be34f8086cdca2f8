//! Whole answers: each comes out as it came in, and what is told is found.

use super::{answer, tree};
use crate::anthropic_messages::codec::{decode_response, encode_response};
use crate::canonical::{FinishReason, OpaqueRole, PartBody};
use crate::target::AnswerTarget;

fn message(content: &str, rest: &str) -> String {
    format!(r#"{{"id":"msg","type":"message","role":"assistant","model":"m","content":{content},{rest}}}"#)
}

const END: &str = r#""stop_reason":"end_turn","stop_sequence":null"#;

fn same(body: &str) {
    let encoded = encode_response(&answer(body), &AnswerTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()), "{body}");
    assert!(encoded.losses.is_empty());
}

#[test]
fn answers_come_out_as_they_came_in() {
    let content = r#"[{"type":"thinking","thinking":"","signature":"s"},{"type":"redacted_thinking","data":"d"},
        {"type":"text","text":"a","citations":[{"type":"web_search_result_location","url":"u","title":"t","cited_text":"q","encrypted_index":"e"}]},
        {"type":"text","text":""},{"type":"server_tool_use","id":"s","name":"web_search","input":{}},
        {"type":"tool_use","id":"t","name":"f","input":{},"caller":{"type":"direct"}},{"type":"tool_use","name":"broken"},7,{}]"#;
    let usage = r#""usage":{"input_tokens":1,"output_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":0},"service_tier":"standard"}"#;
    same(&message(content, &format!("{END},{usage}")));
    same(&message(
        "[]",
        r#""stop_reason":"refusal","stop_details":{"type":"refusal"},"container":null"#,
    ));
    same(&message(
        "[]",
        r#""stop_reason":null,"stop_sequence":"X","usage":{}"#,
    ));
    for odd in [
        "{}",
        r#"{"type":"message"}"#,
        r#"{"content":null,"role":"user","model":5,"usage":null}"#,
        r#"{"content":"text","stop_reason":7}"#,
        r#"{"type":"completion","stop_reason":"end_turn"}"#,
        r#"{"type":"message","role":"assistant","content":[]}"#,
    ] {
        same(odd);
    }
}

#[test]
fn a_role_without_anything_said_stays() {
    same(
        r#"{"id":"i","type":"message","role":"assistant","text":[],"usage":{"input_tokens":1,"output_tokens":2}}"#,
    );
}

#[test]
fn reasons_to_end_are_kept_apart() {
    let reason = |word: &str, content: &str| {
        let body = message(content, &format!(r#""stop_reason":"{word}""#));
        same(&body);
        let finish = answer(&body).candidates.remove(0).finish.unwrap();
        assert_eq!(finish.native.as_deref(), Some(word));
        finish.reason
    };
    let call = r#"[{"type":"tool_use","id":"t","name":"f","input":{}}]"#;
    assert_eq!(reason("end_turn", "[]"), FinishReason::Stop);
    assert_eq!(reason("end_turn", call), FinishReason::ToolUse);
    assert_eq!(reason("tool_use", call), FinishReason::ToolUse);
    assert_eq!(reason("max_tokens", call), FinishReason::Length);
    assert_eq!(reason("pause_turn", "[]"), FinishReason::Pause);
    assert_eq!(reason("refusal", "[]"), FinishReason::Refusal);
    assert_eq!(
        reason("model_context_window_exceeded", "[]"),
        FinishReason::ContextWindow
    );
    assert_eq!(reason("something_new", "[]"), FinishReason::Other);
    let body = message("[]", r#""stop_reason":"stop_sequence","stop_sequence":"END""#);
    let finish = answer(&body).candidates.remove(0).finish.unwrap();
    assert_eq!(
        (finish.reason, finish.sequence.as_deref()),
        (FinishReason::StopSequence, Some("END"))
    );
}

#[test]
fn the_meaning_alone_says_the_same() {
    let content = r#"[{"type":"thinking","thinking":"t","signature":"s"},{"type":"text","text":"a"},
        {"type":"tool_use","id":"t","name":"f","input":{"x":1}}]"#;
    let usage = r#""usage":{"input_tokens":1,"output_tokens":2,"cache_read_input_tokens":30,"cache_creation_input_tokens":4,"service_tier":"priority"}"#;
    let body = message(
        content,
        &format!(r#""stop_reason":"stop_sequence","stop_sequence":"X",{usage}"#),
    );
    let response = answer(&body);
    assert_eq!(response.service_tier.as_deref(), Some("priority"));
    assert_eq!(response.usage.as_ref().map(|u| u.counts.input), Some(35));
    let target = AnswerTarget {
        meaning_only: true,
        ..AnswerTarget::default()
    };
    let encoded = encode_response(&response, &target);
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()));
}

#[test]
fn errors_and_tools_of_the_provider_are_seen() {
    let body = r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"r"}"#;
    same(body);
    let response = answer(body);
    assert!(response.candidates.is_empty());
    assert_eq!(response.error.map(|e| e.message).as_deref(), Some("busy"));
    assert!(decode_response(b"<html>").is_err());
    let body = message(
        r#"[{"type":"mcp_tool_use","id":"a"},{"type":"bash_code_execution_tool_result","tool_use_id":"a"},{"type":"new"}]"#,
        END,
    );
    let roles: Vec<_> = answer(&body).candidates[0]
        .message
        .parts
        .iter()
        .filter_map(|part| {
            if let PartBody::Opaque(opaque) = &part.body {
                Some(opaque.role)
            } else {
                None
            }
        })
        .collect();
    let expected = [
        OpaqueRole::ServerToolCall,
        OpaqueRole::ServerToolResult,
        OpaqueRole::Unknown,
    ];
    assert_eq!(roles, expected);
}
