//! Requests as clients write them.

use serde_json::json;

use super::{lost, tree};
use crate::canonical::{OpaqueRole, PartBody, Role, ToolBody, ToolMode};
use crate::json::RawJson;
use crate::lossy::Feature;
use crate::openai_responses::codec::{decode_request, encode_request};
use crate::target::RequestTarget;
use crate::{Fault, openai_chat};

/// Decodes, encodes again, and compares.
fn comes_back(body: &serde_json::Value) {
    let text = body.to_string();
    let request = decode_request(text.as_bytes(), 64).unwrap_or_else(|e| panic!("{e}: {text}"));
    let encoded = encode_request(&request, &RequestTarget::default());
    assert_eq!(&tree(&encoded.body), body);
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}

fn with_items(items: &serde_json::Value) -> serde_json::Value {
    json!({"model": "m", "input": items})
}

#[test]
fn ids_that_are_empty_and_notes_of_other_kinds_come_back() {
    comes_back(&with_items(&json!([
        {"type": "function_call", "call_id": "", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "", "output": "a"},
        {"role": "assistant", "content": [
            {"type": "output_text", "text": "a", "annotations": [{"type": "new", "x": 1}]}]},
    ])));
}

#[test]
fn every_spelling_of_a_message_comes_back() {
    comes_back(&json!({"model": "m", "input": "hello"}));
    comes_back(&json!({"model": "m", "input": "hello", "instructions": "be brief"}));
    comes_back(&json!({"model": "m", "input": "", "instructions": ""}));
    comes_back(&json!({"model": "m", "input": [], "instructions": null, "tools": []}));
    comes_back(&with_items(&json!([
        {"role": "user", "content": "a"},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "b"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "c", "annotations": []}],
            "id": "msg_1", "status": "completed", "type": "message", "phase": "final_answer"},
        {"role": "assistant", "content": [{"type": "input_text", "text": "odd"}, {"type": "text", "text": "odder"}]},
        {"role": "assistant", "content": [], "id": "msg_2"},
        {"role": "assistant", "content": "", "status": null},
        {"role": "assistant", "content": null},
        {"role": "user", "content": [
            {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
            {"type": "input_image", "file_id": "file-1", "image_url": null},
            {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"},
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
            {"type": "input_file", "file_data": "AA==", "file_url": "https://example.com"},
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
            {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "input_video", "video_url": "https://example.com"}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}
    ])));
}

#[test]
fn every_other_item_comes_back() {
    comes_back(&with_items(&json!([
        {"type": "reasoning", "summary": [], "encrypted_content": null, "id": "rs_1", "content": []},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}], "encrypted_content": "E"},
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "t"}], "status": "completed"},
        {"type": "reasoning", "summary": [{"type": "new_text", "text": "t"}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "", "id": "fc_1", "namespace": "n"},
        {"type": "function_call_output", "call_id": "c", "output": ""},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "r"}]},
        {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "free"},
        {"type": "custom_tool_call_output", "call_id": "d", "output": "r", "id": "ctco_1"},
        {"type": "item_reference", "id": "msg_1"},
        {"id": "msg_2"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
        {"type": "compaction", "encrypted_content": "E"}
    ])));
}

#[test]
fn every_setting_comes_back() {
    comes_back(&json!({
        "model": "m", "input": "x", "max_output_tokens": 9, "max_tool_calls": 2, "temperature": 0.5,
        "top_p": 1, "top_logprobs": 3, "truncation": "auto", "metadata": {"a": "b"}, "user": "u",
        "safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex", "store": false,
        "stream": true, "stream_options": {"include_obfuscation": false}, "parallel_tool_calls": false,
        "include": ["message.output_text.logprobs", "file_search_call.results"],
        "reasoning": {"effort": "high", "summary": null, "context": "all_turns"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {"b": 1, "a": 2}, "strict": true},
            "verbosity": null},
        "previous_response_id": null, "conversation": "conv_1", "background": false, "top_k": 4,
        "presence_penalty": 0.1, "tools": [
            {"type": "function", "name": "f", "parameters": {}, "strict": null, "defer_loading": true},
            {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
            {"type": "custom", "name": "h", "format": {"type": "text"}},
            {"type": "mcp", "server_label": "l"}]
    }));
    for format in [
        json!({"type": "text"}),
        json!({"type": "json_object"}),
        json!({"type": "new", "x": 1}),
    ] {
        comes_back(&json!({"model": "m", "input": "x", "text": {"format": format, "verbosity": "low"}}));
    }
    comes_back(&json!({"model": "m", "input": "x", "text": {}, "reasoning": {}, "include": []}));
    for choice in [
        json!("auto"),
        json!("required"),
        json!("none"),
        json!("new"),
        json!({"type": "function", "name": "f"}),
        json!({"type": "custom", "name": "g"}),
        json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}),
        json!({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp", "server_label": "l"}]}),
        json!({"type": "web_search_preview"}),
    ] {
        comes_back(&json!({"model": "m", "input": "x", "tool_choice": choice}));
    }
}

#[test]
fn instructions_come_first_wherever_they_stand() {
    let request = decode_request(br#"{"input":"hi","instructions":"be brief"}"#, 64).unwrap();
    let roles: Vec<_> = request.messages.iter().map(|m| &m.role).collect();
    assert_eq!(roles, [&Role::System, &Role::User]);
}

#[test]
fn what_clients_mean_is_understood() {
    let request = decode_request(
        br#"{"input":[{"type":"local_shell_call_output","output":"x"},{"id":"msg_1"}],
            "include":["message.output_text.logprobs"],
            "tool_choice":{"type":"custom","name":"g"},
            "tools":[{"type":"custom","name":"g","format":{"type":"grammar","syntax":"lark","definition":"d"}}]}"#,
        64,
    )
    .unwrap();
    let whole = |at: usize| {
        let message = &request.messages[at];
        let PartBody::Opaque(opaque) = &message.parts[0].body else {
            panic!("{message:?}")
        };
        (opaque.kind.as_ref(), opaque.role, &message.role)
    };
    assert_eq!(
        whole(0),
        (
            "local_shell_call_output",
            OpaqueRole::ServerToolResult,
            &Role::Tool
        )
    );
    assert_eq!(
        whole(1),
        ("item_reference", OpaqueRole::Unknown, &Role::Assistant)
    );
    assert_eq!(request.logprobs.enabled, Some(true));
    assert_eq!(request.tool_choice.unwrap().mode, ToolMode::Named("g".into()));
    let ToolBody::Custom(custom) = &request.tools[0].body else {
        panic!("{:?}", request.tools)
    };
    assert_eq!(
        custom.format.as_ref().map(RawJson::as_str),
        Some(r#"{"type":"grammar","grammar":{"syntax":"lark","definition":"d"}}"#)
    );
}

#[test]
fn what_is_malformed_is_refused_with_its_place() {
    let missing = |place: &str| (Fault::Missing, place.to_owned());
    let refused = |body: &str| {
        let error = decode_request(body.as_bytes(), 64).unwrap_err();
        (error.fault(), error.pointer().to_owned())
    };
    assert_eq!(refused("{}"), missing("/input"));
    assert_eq!(refused(r#"{"previous_response_id":null}"#), missing("/input"));
    assert!(decode_request(br#"{"previous_response_id":"resp_1"}"#, 64).is_ok());
    assert_eq!(
        refused(r#"{"input":[{"content":"x"}]}"#),
        missing("/input/0/type")
    );
    assert_eq!(
        refused(r#"{"input":[{"type":"message","content":"x"}]}"#),
        missing("/input/0/role")
    );
    for (item, place) in [
        (r#"{"type":"function_call","call_id":"c","arguments":""}"#, "name"),
        (r#"{"type":"function_call","name":"f","arguments":""}"#, "call_id"),
        (r#"{"type":"custom_tool_call","name":"f","call_id":""}"#, "input"),
        (r#"{"type":"function_call_output","output":""}"#, "call_id"),
        (r#"{"type":"function_call_output","call_id":"c"}"#, "output"),
    ] {
        assert_eq!(
            refused(&format!(r#"{{"input":[{item}]}}"#)),
            missing(&format!("/input/0/{place}"))
        );
    }
    for (body, place) in [
        (r#"{"input":1}"#, "/input"),
        (r#"{"input":["x"]}"#, "/input/0"),
        (r#"{"input":[{"role":"user","content":1}]}"#, "/input/0/content"),
        (
            r#"{"input":[{"role":"user","content":["x"]}]}"#,
            "/input/0/content/0",
        ),
        (
            r#"{"input":[{"role":"user","content":[{"type":"input_text"}]}]}"#,
            "/input/0/content/0/text",
        ),
        (r#"{"input":"x","tools":[{"type":"function"}]}"#, "/tools/0/name"),
        (r#"{"input":"x","text":{"format":"json"}}"#, "/text/format"),
        (r#"{"input":"x","reasoning":{"effort":3}}"#, "/reasoning/effort"),
        (r#"{"input":"x","tool_choice":7}"#, "/tool_choice"),
    ] {
        assert_eq!(refused(body).1, place, "{body}");
    }
    assert_eq!(refused(r#"{"input":"x","Input":"y"}"#).0, Fault::Duplicate);
}

#[test]
fn what_needs_the_providers_memory_is_a_loss_elsewhere_and_habits_are_not() {
    let body = br#"{"model":"m","input":"x","background":false,"include":["reasoning.encrypted_content"],
        "previous_response_id":"resp_1","text":{"format":{"type":"text"},"verbosity":null},
        "stream":true,"store":false,"reasoning":{"effort":"low"}}"#;
    let request = decode_request(body, 64).unwrap();
    let encoded = openai_chat::codec::encode_request(&request, &RequestTarget::default());
    assert_eq!(lost(&encoded), [(Feature::UnknownField, "")]);
    assert_eq!(encoded.losses.losses()[0].name, "previous_response_id");
}

#[test]
fn an_unknown_part_stays_in_its_message() {
    comes_back(&with_items(&serde_json::json!([
        {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [{"type": "new", "x": 1}]}
    ])));
}

#[test]
fn an_item_may_name_its_type_last() {
    let call = r#"{"role":"assistant","content":"x","call_id":"c","name":"f","arguments":"{}","type":"function_call"}"#;
    let said = r#"{"role":"user","content":"x","type":"message"}"#;
    let body = format!(r#"{{"model":"m","input":[{call},{said}]}}"#);
    let request = decode_request(body.as_bytes(), 64).unwrap();
    assert!(request.messages[0].parts[0].body.as_tool_call().is_some());
    assert_eq!(request.messages[1].role, Role::User);
}
