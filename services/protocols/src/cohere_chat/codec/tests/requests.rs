//! Requests: spellings of Cohere's clients, and what is refused.

use super::tree;
use crate::Fault;
use crate::canonical::{PartBody, Request, ResponseShape, Role, Source, ToolMode};
use crate::cohere_chat::codec::{decode_request, encode_request};
use crate::json::MAX_NODES;
use crate::target::RequestTarget;

/// A request decoded, which has come out as it came in.
fn same(body: &str) -> Request<'_> {
    let request = decode_request(body.as_bytes(), 64).unwrap_or_else(|error| panic!("{body}: {error}"));
    let encoded = encode_request(&request, &RequestTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()), "{body}");
    assert!(encoded.losses.is_empty(), "{body}: {:?}", encoded.losses);
    request
}

fn with(members: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{members}}}"#)
}

fn with_message(message: &str) -> String {
    format!(r#"{{"model":"m","messages":[{message}]}}"#)
}

#[test]
fn a_result_that_calls_tools_keeps_its_calls() {
    let call = r#"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}"#;
    same(&with_message(&format!(
        r#"{{"role":"tool","tool_call_id":"b","content":"c","tool_calls":[{call}]}}"#
    )));
}

#[test]
fn settings_come_out_as_they_came_in() {
    for members in [
        r#""stream":true,"max_tokens":5,"stop_sequences":["x"],"temperature":0.30,"seed":1,"k":5,"p":0.5"#,
        r#""frequency_penalty":0.1,"presence_penalty":0,"logprobs":true,"stop_sequences":[]"#,
        r#""stream":null,"tools":[],"tool_choice":"new""#,
        r#""tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"b":1,"a":2},"x":1},"y":2},{"type":"new"}],"tool_choice":"REQUIRED""#,
        r#""tool_choice":"NONE","strict_tools":true,"safety_mode":"OFF""#,
        r#""response_format":{"type":"text"}"#,
        r#""response_format":{"type":"json_object"}"#,
        r#""response_format":{"type":"json_object","json_schema":{"b": 1,"a":2},"x":1}"#,
        r#""response_format":{"type":"new","json_schema":{}}"#,
        r#""thinking":{"type":"enabled","token_budget":100,"x":1}"#,
        r#""thinking":{"type":"disabled"}"#,
        r#""thinking":{"type":"new"}"#,
        r#""documents":[{"id":"d","data":{"text":"t"}},"plain"],"citation_options":{"mode":"FAST"}"#,
    ] {
        same(&with(members));
    }
}

#[test]
fn messages_come_out_as_they_came_in() {
    for message in [
        r#"{"role":"system","content":"s"}"#,
        r#"{"role":"user","content":""}"#,
        r#"{"role":"user","content":[]}"#,
        r#"{"role":"user","content":[{"type":"text","text":"a","x":1},{"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},{"type":"new"}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"u","x":1}}]}"#,
        r#"{"role":"assistant","content":[{"type":"thinking","thinking":"t"},{"type":"text","text":"a"}]}"#,
        r#"{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}"#,
        r#"{"role":"assistant","tool_plan":"p","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":""}}]}"#,
        r#"{"role":"assistant","content":"a","tool_plan":"","tool_calls":[],"citations":[]}"#,
        r#"{"role":"assistant","content":[{"type":"text","text":"a"}],"citations":[{"start":0,"end":1,"text":"a","sources":[{"type":"tool","id":"x:0"}],"type":"PLAN"},{"start":-1}]}"#,
        r#"{"role":"assistant","citations":[{"start":0}]}"#,
        r#"{"role":"assistant","tool_calls":[{"type":"new","function":{}}]}"#,
        r#"{"role":"tool","tool_call_id":"c","content":"r"}"#,
        r#"{"role":"tool","tool_call_id":"c","content":[{"type":"document","document":{"id":"d","data":"x"}},{"type":"text","text":"t"}],"x":1}"#,
        r#"{"role":"tool","content":[]}"#,
        r#"{"role":"new","content":"a","tool_call_id":"c"}"#,
    ] {
        same(&with_message(message));
    }
}

#[test]
fn what_is_meant_is_read() {
    let body = with(
        r#""tool_choice":"REQUIRED","thinking":{"type":"enabled","token_budget":100},"k":5,"p":0.5,
        "response_format":{"type":"json_object","json_schema":{"b": 1}}"#,
    );
    let request = same(&body);
    assert_eq!(request.tool_choice.as_ref().unwrap().mode, ToolMode::Required);
    let thinking = request.reasoning.as_ref().unwrap();
    assert_eq!((thinking.enabled, thinking.budget), (Some(true), Some(100)));
    let sampling = &request.sampling;
    let numbers = [&sampling.top_k, &sampling.top_p].map(|n| n.as_ref().unwrap().as_str().to_owned());
    assert_eq!(numbers, ["5", "0.5"]);
    let ResponseShape::JsonSchema { schema, .. } = &request.response_format.as_ref().unwrap().shape else {
        panic!("{:?}", request.response_format);
    };
    assert_eq!(schema.as_ref().unwrap().as_str(), "{\"b\": 1}");
    let body = with_message(
        r#"{"role":"assistant","tool_plan":"p","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c","content":"r"},
        {"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}"#,
    );
    let request = same(&body);
    let said = &request.messages[0].parts;
    assert_eq!(said[0].body.as_reasoning().unwrap().text, ["p"]);
    assert_eq!(said[1].body.as_tool_call().unwrap().id.as_deref(), Some("c"));
    assert_eq!(request.messages[1].role, Role::Tool);
    let result = request.messages[1].parts[0].body.as_tool_result().unwrap();
    assert_eq!(result.call_id.as_deref(), Some("c"));
    let PartBody::Media(image) = &request.messages[2].parts[0].body else {
        panic!("{:?}", request.messages[2]);
    };
    assert_eq!(
        (image.mime.as_deref(), &image.source),
        (Some("image/png"), &Source::Base64("AA==".into()))
    );
}

#[test]
fn errors_name_the_place() {
    for (body, pointer) in [
        (r#"{"model":"m"}"#.to_owned(), "/messages"),
        (with(r#""model":"n""#), "/model"),
        (with(r#""Tools":[]"#), "/Tools"),
        (with(r#""stream":1"#), "/stream"),
        (with(r#""tools":[{"function":{"name":"f"}}]"#), "/tools/0/type"),
        (with(r#""tools":[{"type":"function"}]"#), "/tools/0/function"),
        (
            with(r#""tools":[{"type":"function","function":{}}]"#),
            "/tools/0/function/name",
        ),
        (
            with(r#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#),
            "/tools/0/function/parameters",
        ),
        (with(r#""tool_choice":{}"#), "/tool_choice"),
        (with(r#""stop_sequences":"x""#), "/stop_sequences"),
        (
            with(r#""thinking":{"type":"enabled","token_budget":-1}"#),
            "/token_budget",
        ),
        (with_message(r#"{"content":"a"}"#), "/messages/0/role"),
        (
            with_message(r#"{"role":"user","content":5}"#),
            "/messages/0/content",
        ),
        (
            with_message(r#"{"role":"user","content":[{"text":"a"}]}"#),
            "/messages/0/content/0/type",
        ),
        (
            with_message(r#"{"role":"user","content":[{"type":"text"}]}"#),
            "/messages/0/content/0/text",
        ),
        (
            with_message(r#"{"role":"user","content":[{"type":"image_url"}]}"#),
            "/messages/0/content/0/image_url",
        ),
        (
            with_message(r#"{"role":"assistant","tool_calls":[{"type":"function"}]}"#),
            "/messages/0/tool_calls/0/function",
        ),
    ] {
        let error = decode_request(body.as_bytes(), 64).expect_err(&body);
        assert!(error.pointer().ends_with(pointer), "{body}: {error}");
    }
}

#[test]
fn a_small_body_cannot_fill_the_memory() {
    let refused = |body: &str| {
        decode_request(body.as_bytes(), 64)
            .err()
            .map(|error| error.fault())
    };
    let many = vec![r#"{"type":"text","text":""}"#; MAX_NODES as usize + 1].join(",");
    let body = with_message(&format!(r#"{{"role":"user","content":[{many}]}}"#));
    assert!(matches!(refused(&body), Some(Fault::OutOfRange(_))));
    // Spread over values that are looked at twice.
    let members = r#","x":1"#.repeat(MAX_NODES as usize / 3);
    let tool = format!(r#"{{"type":"function","function":{{"name":"f"{members}}}}}"#);
    let body = with(&format!(r#""tools":[{tool},{tool},{tool},{tool}]"#));
    assert!(matches!(refused(&body), Some(Fault::OutOfRange(_))));
    let call = format!(r#"{{"type":"function","function":{{"name":"f"{members}}}}}"#);
    let body = with_message(&format!(
        r#"{{"role":"assistant","tool_calls":[{call},{call},{call},{call}]}}"#
    ));
    assert!(matches!(refused(&body), Some(Fault::OutOfRange(_))));
}
