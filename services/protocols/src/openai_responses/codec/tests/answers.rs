//! Whole answers as servers write them.

use serde_json::json;

use super::tree;
use crate::canonical::{FinishReason, PartBody, Response};
use crate::openai_chat;
use crate::openai_responses::codec::{decode_response, encode_response};
use crate::target::AnswerTarget;

/// Decodes, encodes again, and compares; gives the answer.
fn comes_back(body: &str) -> Response<'_> {
    let response = decode_response(body.as_bytes()).unwrap();
    let encoded = encode_response(&response, &AnswerTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()));
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    response
}

fn reason(body: &str) -> Option<(FinishReason, Option<String>)> {
    let response = comes_back(body);
    let finish = response.candidates.into_iter().next()?.finish?;
    Some((finish.reason, finish.native.map(std::borrow::Cow::into_owned)))
}

#[test]
fn reasons_to_end_are_read_from_status_details_and_calls() {
    let call = r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}"#;
    let cases = [
        (
            r#""status":"completed","output":[]"#.to_owned(),
            FinishReason::Stop,
            "completed",
        ),
        (
            format!(r#""output":[{call}],"status":"completed""#),
            FinishReason::ToolUse,
            "completed",
        ),
        (
            r#""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]"#
                .to_owned(),
            FinishReason::Length,
            "max_output_tokens",
        ),
        (
            r#""incomplete_details":{"reason":"content_filter"},"status":"incomplete""#.to_owned(),
            FinishReason::ContentFilter,
            "content_filter",
        ),
        (
            r#""status":"incomplete","incomplete_details":{"reason":"x","more":1}"#.to_owned(),
            FinishReason::Other,
            "incomplete",
        ),
        (
            r#""status":"incomplete","incomplete_details":null"#.to_owned(),
            FinishReason::Other,
            "incomplete",
        ),
        (
            r#""status":"cancelled""#.to_owned(),
            FinishReason::Other,
            "cancelled",
        ),
        (
            r#""status":"complete""#.to_owned(),
            FinishReason::Other,
            "complete",
        ),
        (
            r#""status":"failed","error":{"code":"server_error","message":"x"}"#.to_owned(),
            FinishReason::Error,
            "failed",
        ),
    ];
    for (members, expected, native) in cases {
        let body = format!(r#"{{"object":"response",{members}}}"#);
        assert_eq!(reason(&body), Some((expected, Some(native.to_owned()))), "{body}");
    }
    for going_on in ["queued", "in_progress"] {
        assert_eq!(
            reason(&format!(r#"{{"object":"response","status":"{going_on}"}}"#)),
            None
        );
    }
    assert_eq!(reason("{}"), None);
    // Details of an answer that is not incomplete are kept and not believed.
    let odd =
        r#"{"object":"response","status":"completed","incomplete_details":{"reason":"max_output_tokens"}}"#;
    assert_eq!(reason(odd), Some((FinishReason::Stop, Some("completed".into()))));
}

#[test]
fn a_failure_is_told_as_an_error() {
    let body = r#"{"object":"response","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}}"#;
    let error = comes_back(body).error.unwrap();
    assert_eq!(
        (error.message.as_str(), error.code.as_deref()),
        ("slow down", Some("rate_limit_exceeded"))
    );
}

#[test]
fn items_keep_their_bounds_ids_and_oddities() {
    let body = r#"{"object":"response","id":"resp_1","created_at":3,"model":"m","status":"completed","output":[
        {"type":"reasoning","id":"rs_1","summary":[],"status":"completed"},
        {"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[]},
        {"type":"message","id":"msg_2","phase":"commentary","role":"assistant","content":[
            {"type":"output_text","text":"a","annotations":[{"type":"file_citation","file_id":"f","filename":"n","index":3}]},
            {"type":"output_text","text":"b","annotations":[1]},
            {"type":"refusal","refusal":"no"}, "odd"]},
        {"type":"message","role":"assistant","content":null},
        {"type":"function_call","item_id":"fc_1","output_index":1,"call_id":"c","name":"f","arguments":"{}"},
        {"type":"function_call","name":"no arguments"},
        {"type":"web_search_call","id":"ws_1"}, 7, {"id":"x"}]}"#;
    let response = comes_back(body);
    let parts = &response.candidates[0].message.parts;
    let opens: Vec<_> = parts.iter().map(|part| part.item.is_some()).collect();
    assert_eq!(
        opens,
        [
            true, true, true, false, false, false, true, true, true, true, true, true
        ]
    );
    assert_eq!(parts[2].item.as_ref().unwrap().id.as_deref(), Some("msg_2"));
}

#[test]
fn probabilities_stand_where_they_stood() {
    let token = r#"{"token":"b","logprob":-0.50,"bytes":[98],"top_logprobs":[{"token":"b","logprob":-0.50,"bytes":[98]}]}"#;
    let body = format!(
        r#"{{"object":"response","status":"completed","output":[{{"type":"message","id":"m","role":"assistant","content":[
            {{"type":"output_text","text":"a","annotations":[],"logprobs":[]}},
            {{"type":"output_text","text":"b","annotations":[],"logprobs":[{token}]}}]}}]}}"#
    );
    let response = comes_back(&body);
    let logprobs = response.candidates[0].logprobs.as_ref().unwrap();
    assert_eq!(logprobs.content[0].logprob.as_str(), "-0.50");
}

#[test]
fn what_repeats_the_request_is_no_loss_elsewhere() {
    let body = json!({
        "id": "resp_1", "object": "response", "created_at": 1, "completed_at": 2, "status": "completed",
        "model": "m", "error": null, "incomplete_details": null, "instructions": "be brief",
        "tools": [{"type": "function", "name": "f"}], "tool_choice": "auto", "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "reasoning": {"effort": "low"}, "metadata": {"a": "b"},
        "truncation": "disabled", "parallel_tool_calls": true, "background": false, "store": true,
        "output": [{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}]}],
    });
    let text = body.to_string();
    let response = comes_back(&text);
    let encoded = openai_chat::codec::encode_response(&response, &AnswerTarget::default());
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    assert_eq!(tree(&encoded.body)["choices"][0]["message"]["content"], "hi");
    assert_eq!(tree(&encoded.body)["choices"][0]["finish_reason"], "stop");
    assert!(matches!(
        response.candidates[0].message.parts[0].body,
        PartBody::Text(_)
    ));
}

#[test]
fn a_message_without_a_role_comes_back_without() {
    let body = r#"{"status":"completed","output":[{"type":"message","id":"m","content":[{"type":"output_text","text":"a","annotations":[]}]}]}"#;
    comes_back(body);
}

#[test]
fn a_message_without_content_comes_back_without() {
    comes_back(
        r#"{"id":"r","object":"response","status":"completed","output":[{"type":"message","id":"m","role":"assistant","x":1}]}"#,
    );
}
