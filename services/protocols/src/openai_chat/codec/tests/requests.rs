//! Requests: every spelling is kept, and a wrong one is refused with its place.

use super::tree;
use crate::Fault;
use crate::canonical::{MediaKind, PartBody, Role, Source, ToolMode};
use crate::json::MAX_NODES;
use crate::openai_chat::codec::{decode_request, encode_request};
use crate::target::RequestTarget;

/// Decodes and encodes, and finds the same document.
fn same(body: &str) {
    let request = decode_request(body.as_bytes(), 64).unwrap_or_else(|error| panic!("{body}: {error}"));
    let encoded = encode_request(&request, &RequestTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()));
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}

fn with(member: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{member}}}"#)
}

fn with_message(message: &str) -> String {
    format!(r#"{{"model":"m","messages":[{message}]}}"#)
}

#[test]
fn media_keep_what_they_leave_unset() {
    for part in [
        r#"{"type":"image_url","image_url":{"url":"https://a/b","detail":null}}"#,
        r#"{"type":"input_audio","input_audio":{"data":"AA==","format":null},"x":1}"#,
        r#"{"type":"file","file":{"file_data":"data:text/plain;base64,AA==","filename":null,"file_id":null}}"#,
        r#"{"type":"text","text":"a","file":null}"#,
    ] {
        same(&with_message(&format!(r#"{{"role":"user","content":[{part}]}}"#)));
    }
}

#[test]
fn calls_keep_what_they_lack() {
    for call in [
        r#"{"id":"a","type":"function","function":{"name":"f"}}"#,
        r#"{"type":"function","function":{"name":"f","arguments":null}}"#,
        r#"{"id":"a","function":{"name":"f","arguments":{"b":1.0}}}"#,
        r#"{"id":"a","type":"function","function":{"name":"f","input":"x"}}"#,
        r#"{"id":"a","type":"custom","custom":{"name":"f","arguments":"x"}}"#,
    ] {
        same(&with_message(&format!(
            r#"{{"role":"assistant","tool_calls":[{call}]}}"#
        )));
    }
}

#[test]
fn a_result_keeps_what_only_the_model_may_say() {
    for member in [
        r#""tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]"#,
        r#""refusal":"no","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]"#,
        r#""function_call":{"name":"f","arguments":"{}"},"annotations":[{"type":"url_citation","url_citation":{"url":"http://x"}}]"#,
    ] {
        same(&with_message(&format!(
            r#"{{"role":"tool","tool_call_id":"b","content":"c",{member}}}"#
        )));
    }
}

#[test]
fn every_spelling_survives() {
    for member in [
        r#""max_tokens":5"#,
        r#""max_completion_tokens":5,"max_tokens":6"#,
        r#""stop":"a""#,
        r#""stop":[]"#,
        r#""stop":["a","b"]"#,
        r#""tool_choice":"any""#,
        r#""tool_choice":{"function":{"name":"f"}}"#,
        r#""tool_choice":{"type":"function","function":{"name":"f"},"x":1}"#,
        r#""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}"#,
        r#""tool_choice":{"type":"new","y":[1.0]}"#,
        r#""tool_choice":{"name":"f"}"#,
        r#""functions":[{"name":"f"}],"function_call":{"function":{"name":"f"}}"#,
        r#""functions":[{"name":"f","parameters":{}}],"function_call":{"name":"f"}"#,
        r#""functions":[{"name":"f"}],"tools":[{"type":"web","x":1}],"function_call":"auto","tool_choice":"none""#,
        r#""tools":[{"function":{"name":"f","strict":null,"z":1},"cache_control":{"type":"ephemeral","ttl":"1h"}}]"#,
        r#""tools":[{"type":"custom","custom":{"name":"f","format":{"type":"text"}}},{"type":"openrouter:web_search","parameters":{}}]"#,
        r#""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"b":1.0,"a":2},"x":0},"y":0}"#,
        r#""response_format":{"type":"grammar","grammar":"x"}"#,
        r#""reasoning":{"effort":"low","exclude":true,"x":1}"#,
        r#""reasoning_effort":"low","reasoning":{"max_tokens":5}"#,
        r#""stream":true,"stream_options":{"include_usage":null,"x":1}"#,
        r#""stream":null,"stream_options":null,"temperature":null,"tools":null"#,
        r#""temperature":1.0,"top_p":1e-1,"seed":-12345678901234567890123,"metadata":{"a":"b"},"modalities":[]"#,
        r#""unknown":{"deep":[[[]]]}"#,
    ] {
        same(&with(member));
    }
    for message in [
        r#"{"role":"user"}"#,
        r#"{"role":"user","content":null}"#,
        r#"{"role":"user","content":[]}"#,
        r#"{"role":"user","content":["a",{"type":"text","text":""}],"name":"n"}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":"http://x"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}}]}"#,
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x","new":1}},{"type":"new","x":1}]}"#,
        r#"{"role":"user","content":[{"type":"file","file":{"file_id":"f"}},{"type":"file","file":{"file_data":"AA==","filename":"a"}},{"type":"input_audio","input_audio":{"data":"AA==","format":"mp3"}}]}"#,
        r#"{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}},{"type":"text","text":"b","cache_control":{"type":"new"}}]}"#,
        r#"{"role":"assistant","content":"","reasoning_content":"r","tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":""},"index":0}]}"#,
        r#"{"role":"assistant","content":[{"type":"refusal","refusal":"no"}],"refusal":null,"reasoning":"a","reasoning_content":"a"}"#,
        r#"{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"http://x"}}],"name":"f","x":1}"#,
        r#"{"role":"tool","content":"x"}"#,
        r#"{"role":"function","name":"f","content":"x"}"#,
        r#"{"role":"developer","content":"x"}"#,
        r#"{"role":"wizard","content":"x","tool_call_id":"a"}"#,
    ] {
        same(&with_message(message));
    }
}

#[test]
fn the_gateways_own_member_does_not_go_on() {
    let body = with(r#""sluicegate":{"tags":["a"]}"#);
    let request = decode_request(body.as_bytes(), 64).unwrap();
    let encoded = encode_request(&request, &RequestTarget::default());
    assert!(!String::from_utf8(encoded.body).unwrap().contains("sluicegate"));
}

#[test]
fn values_that_are_not_ours_keep_their_bytes() {
    let schema = "{ \"z\": 1.0, \"a\" : [1e2 ,\"\\u00e9\"] }";
    let body = with(&format!(
        r#""tools":[{{"type":"function","function":{{"name":"f","parameters":{schema}}}}}]"#
    ));
    let request = decode_request(body.as_bytes(), 64).unwrap();
    let target = RequestTarget {
        meaning_only: true,
        ..RequestTarget::default()
    };
    let text = String::from_utf8(encode_request(&request, &target).body).unwrap();
    assert!(text.contains(schema), "{text}");
}

#[test]
fn media_are_taken_apart() {
    let body = with_message(
        r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\/png;base64,AA=="}},{"type":"image_url","image_url":{"url":"data:text/plain,x"}}]}"#,
    );
    let request = decode_request(body.as_bytes(), 64).unwrap();
    let media: Vec<_> = request.messages[0]
        .parts
        .iter()
        .filter_map(|part| {
            if let PartBody::Media(media) = &part.body {
                Some(media)
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        (media[0].kind, &media[0].source),
        (MediaKind::Image, &Source::Base64("AA==".into()))
    );
    assert_eq!(media[0].mime.as_deref(), Some("image/png"));
    assert_eq!(media[1].source, Source::Url("data:text/plain,x".into()));
}

#[test]
fn results_of_tools_are_parts() {
    let body = with_message(r#"{"role":"tool","tool_call_id":"a","name":"f","content":"x"}"#);
    let request = decode_request(body.as_bytes(), 64).unwrap();
    let message = &request.messages[0];
    let result = message.parts[0].body.as_tool_result().unwrap();
    assert_eq!(message.role, Role::Tool);
    assert_eq!(
        (
            result.call_id.as_deref(),
            result.name.as_deref(),
            result.content.len()
        ),
        (Some("a"), Some("f"), 1)
    );
}

#[test]
fn malformed_requests_are_refused_with_the_place() {
    let cases = [
        (with(r#""temperature":"hot""#), "/temperature"),
        (with(r#""n":-1"#), "/n"),
        (with(r#""tools":[{}]"#), "/tools/0/type"),
        (
            with(r#""tools":[{"type":"function","function":{}}]"#),
            "/tools/0/function/name",
        ),
        (
            with(r#""tools":[{"type":"function","function":{"name":"f","parameters":[]}}]"#),
            "/tools/0/function/parameters",
        ),
        (with(r#""tool_choice":5"#), "/tool_choice"),
        (
            with(r#""response_format":{"type":"json_schema"}"#),
            "/response_format/json_schema",
        ),
        (with(r#""stop":[1]"#), "/stop/0"),
        (with(r#""model":"x""#), "/model"),
        (with(r#""Model":"x""#), "/Model"),
        (
            with(r#""stream_options":{"include_usage":1}"#),
            "/stream_options/include_usage",
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
            with_message(r#"{"role":"user","content":[{"type":"image_url"}]}"#),
            "/messages/0/content/0/image_url",
        ),
        (
            with_message(r#"{"role":"assistant","tool_calls":[{"type":"function"}]}"#),
            "/messages/0/tool_calls/0/function",
        ),
        (r#"{"model":"m"}"#.to_owned(), "/messages"),
    ];
    for (body, pointer) in cases {
        let error = decode_request(body.as_bytes(), 64).unwrap_err();
        assert_eq!(error.pointer(), pointer, "{body}: {error}");
    }
}

#[test]
fn a_small_body_cannot_fill_the_memory() {
    let many = vec![r#""""#; MAX_NODES as usize + 1].join(",");
    let body = with_message(&format!(r#"{{"role":"user","content":[{many}]}}"#));
    let error = decode_request(body.as_bytes(), 64);
    assert!(matches!(error.unwrap_err().fault(), Fault::OutOfRange(_)));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(
        decode_request(with(&format!(r#""x":{deep}"#)).as_bytes(), 64)
            .unwrap_err()
            .fault(),
        Fault::TooDeep { limit: 64 }
    );
}

#[test]
fn what_the_target_says_counts() {
    let body = with(
        r#""stream":true,"stream_options":{"x":1},"tool_choice":{"type":"function","function":{"name":"f"}}"#,
    );
    let request = decode_request(body.as_bytes(), 64).unwrap();
    assert_eq!(
        request.tool_choice.as_ref().map(|c| c.mode.clone()),
        Some(ToolMode::Named("f".into()))
    );
    let target = RequestTarget {
        model: Some("other"),
        stream_usage: true,
        ..RequestTarget::default()
    };
    let sent = tree(&encode_request(&request, &target).body);
    assert_eq!(sent["model"], "other");
    assert_eq!(
        sent["stream_options"],
        serde_json::json!({"include_usage": true, "x": 1})
    );
}
