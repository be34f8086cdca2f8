//! Whole answers: habits of chat servers, and that each comes out as it came in.

use super::{answer, tree};
use crate::canonical::{FinishReason, Issuer, PartBody};
use crate::openai_chat::codec::{decode_response, encode_response};
use crate::target::AnswerTarget;

fn message(message: &str) -> String {
    format!(
        r#"{{"id":"c","object":"chat.completion","choices":[{{"index":0,"message":{message},"finish_reason":"stop"}}]}}"#
    )
}

/// The kinds of the parts of an answer that holds this message.
fn kinds(text: &str) -> Vec<&'static str> {
    let body = message(text);
    let response = answer(&body);
    let encoded = encode_response(&response, &AnswerTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()));
    let kind = |body: &PartBody<'_>| match body {
        PartBody::Text(_) => "text",
        PartBody::Refusal(_) => "refusal",
        PartBody::Media(_) => "media",
        PartBody::Reasoning(_) => "reasoning",
        PartBody::ToolCall(_) => "call",
        PartBody::ToolResult(_) => "result",
        PartBody::Json(_) => "json",
        PartBody::Opaque(_) => "opaque",
    };
    response.candidates[0]
        .message
        .parts
        .iter()
        .map(|part| kind(&part.body))
        .collect()
}

#[test]
fn parts_stand_in_the_order_in_which_they_were_produced() {
    let all = r#"{"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}],
        "content":"t","reasoning_content":"r","refusal":"no","role":"assistant"}"#;
    assert_eq!(kinds(all), ["reasoning", "text", "refusal", "call"]);
    let mistral = r#"{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"r"}],"closed":true},
        {"type":"text","text":"t"},{"type":"reference","reference_ids":[1]}]}"#;
    assert_eq!(kinds(mistral), ["reasoning", "text", "opaque"]);
    let repeated = r#"{"role":"assistant","content":"t","reasoning":"ab","reasoning_details":[
        {"type":"reasoning.text","text":"a","signature":"s","format":"anthropic-claude-v1","index":0},
        {"type":"reasoning.summary","summary":"b"},{"type":"reasoning.encrypted","data":"x","id":"i"},{"type":"new"}]}"#;
    assert_eq!(
        kinds(repeated),
        ["reasoning", "reasoning", "reasoning", "opaque", "text"]
    );
    assert_eq!(
        kinds(r#"{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}}"#),
        ["call"]
    );
}

#[test]
fn odd_values_are_kept_and_harm_nothing() {
    for odd in [
        r#"{"role":"assistant","content":5,"tool_calls":{},"reasoning":[1],"annotations":"x"}"#,
        r#"{"content":"","refusal":"","tool_calls":[],"function_call":null,"reasoning_content":null}"#,
        r#"{"role":"assistant","tool_calls":[{"id":1,"function":{"name":"f"}},7]}"#,
        r#"{"role":"assistant","content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"u","start_index":-1}}]}"#,
        r#"{"role":"assistant","content":null,"annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"t"}}]}"#,
    ] {
        kinds(odd);
    }
    for body in [
        "{}",
        r#"{"choices":[]}"#,
        r#"{"choices":null,"usage":null,"created":1.5}"#,
        r#"{"choices":[5]}"#,
        r#"{"choices":[{}],"object":"other"}"#,
        r#"{"choices":[{"finish_reason":"","logprobs":{"content":[]},"index":-1}]}"#,
        r#"{"choices":[{"message":{},"logprobs":{"content":[{"token":"a","logprob":-1.50,"bytes":null,"top_logprobs":[]}]}}]}"#,
    ] {
        let encoded = encode_response(&answer(body), &AnswerTarget::default());
        assert_eq!(tree(&encoded.body), tree(body.as_bytes()), "{body}");
    }
}

#[test]
fn calls_count_for_more_than_the_finish_reason() {
    let body = message(
        r#"{"role":"assistant","content":"t","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":""},
        "extra_content":{"google":{"thought_signature":"s"}}}]}"#,
    );
    let response = answer(&body);
    let candidate = &response.candidates[0];
    assert_eq!(
        candidate.finish.as_ref().map(|f| f.reason),
        Some(FinishReason::ToolUse)
    );
    let call = &candidate.message.parts[1];
    assert_eq!(
        (call.signature.as_deref(), &call.issuer),
        (Some("s"), &Some(Issuer::Google))
    );
    assert_eq!(
        call.body.as_tool_call().map(|c| c.arguments.as_text()),
        Some("{}")
    );
    let target = AnswerTarget {
        meaning_only: true,
        ..AnswerTarget::default()
    };
    let plain = tree(&encode_response(&response, &target).body);
    assert_eq!(plain["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(
        plain["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"],
        "{}"
    );
}

#[test]
fn an_error_under_success_is_seen() {
    let response = answer(r#"{"error":{"message":"no","code":429}}"#);
    assert_eq!(response.error.map(|e| e.message).as_deref(), Some("no"));
    assert!(decode_response(b"<html>").is_err());
}
