//! Requests of another dialect written for Gemini, and Google's signatures on their way through a
//! chat client.

use serde_json::{Value, json};

use super::{from_chat, lost, tree};
use crate::dialect::{Dialect, decode_request, decode_response, encode_request, encode_response};
use crate::target::{AnswerTarget, GeminiQuirks, RequestTarget, ThinkingField};

fn plain() -> RequestTarget<'static> {
    RequestTarget::default()
}

fn with(gemini: GeminiQuirks) -> RequestTarget<'static> {
    RequestTarget { gemini, ..plain() }
}

fn messages(list: &Value) -> String {
    json!({"model": "m", "messages": list}).to_string()
}

#[test]
fn instructions_go_to_the_top_and_results_of_one_turn_into_one_content() {
    let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{\"a\":1}"}});
    let encoded = from_chat(
        &messages(&json!([
            {"role": "system", "content": "be brief"},
            {"role": "developer", "content": "be kind"},
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "", "tool_calls": [call("c1", "f"), call("c2", "g")]},
            {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
            {"role": "tool", "tool_call_id": "c2", "content": "{\"t\": 1.0}"},
            {"role": "user", "content": "and?"},
        ])),
        &plain(),
    );
    assert_eq!(
        tree(&encoded.body),
        json!({
            "systemInstruction": {"parts": [{"text": "be brief"}, {"text": "be kind"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "model", "parts": [
                    {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}},
                    {"functionCall": {"id": "c2", "name": "g", "args": {"a": 1}}},
                ]},
                {"role": "user", "parts": [
                    {"functionResponse": {"id": "c1", "name": "f", "response": {"result": "sunny"}}},
                    {"functionResponse": {"id": "c2", "name": "g", "response": {"t": 1.0}}},
                ]},
                {"role": "user", "parts": [{"text": "and?"}]},
            ],
        })
    );
    assert!(encoded.losses.is_empty(), "{:?}", lost(&encoded));
}

#[test]
fn an_instruction_amid_the_conversation_is_moved_and_reported() {
    let encoded = from_chat(
        &messages(&json!([
            {"role": "user", "content": "a"},
            {"role": "system", "content": "b"},
            {"role": "user", "content": "c", "name": "anna"},
        ])),
        &plain(),
    );
    assert_eq!(
        tree(&encoded.body)["systemInstruction"],
        json!({"parts": [{"text": "b"}]})
    );
    assert_eq!(
        lost(&encoded),
        ["instruction_place@/messages/1", "speaker_name@/messages/2/name"]
    );
}

#[test]
fn media_are_inline_or_files_and_never_another_providers() {
    let encoded = from_chat(
        &messages(&json!([{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {"type": "file", "file": {"file_id": "file-1"}},
        ]}])),
        &plain(),
    );
    assert_eq!(
        tree(&encoded.body)["contents"][0]["parts"],
        json!([
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/a.jpg"}},
            {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}},
        ])
    );
    assert_eq!(
        lost(&encoded),
        ["image_detail@/messages/0/parts/0", "file_id@/messages/0/parts/3"]
    );
}

#[test]
fn settings_find_their_places_or_are_reported() {
    let body = json!({
        "model": "m", "messages": [{"role": "user", "content": "x"}],
        "temperature": 0.5, "top_p": 1, "max_completion_tokens": 10, "stop": "end", "n": 2, "seed": 7,
        "top_logprobs": 2, "reasoning_effort": "high", "parallel_tool_calls": false, "user": "u",
        "metadata": {"a": "b"}, "service_tier": "flex", "prompt_cache_key": "k", "store": true,
        "verbosity": "low", "logit_bias": {"1": 2}, "stream": true, "stream_options": {"include_usage": true},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": {"type": "object", "additionalProperties": false}}},
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
                  {"type": "web_search"}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
    });
    let encoded = from_chat(&body.to_string(), &plain());
    let written = tree(&encoded.body);
    assert_eq!(
        written["generationConfig"],
        json!({
            "temperature": 0.5, "topP": 1, "maxOutputTokens": 10, "stopSequences": ["end"], "candidateCount": 2,
            "seed": 7, "responseLogprobs": true, "logprobs": 2, "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object", "additionalProperties": false},
            "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "high"},
        })
    );
    assert_eq!(
        written["tools"],
        json!([{"functionDeclarations": [{"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}}]}])
    );
    assert_eq!(
        written["toolConfig"],
        json!({"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}})
    );
    assert_eq!(written.get("model"), None);
    assert_eq!(
        lost(&encoded),
        [
            "server_tool:web_search@/tools/1",
            "metadata@/metadata",
            "parallel_tool_calls@/parallel_tool_calls",
            "verbosity@/verbosity",
            "user@/user",
            "service_tier@/service_tier",
            "prompt_cache_key@/prompt_cache_key",
            "store@/store",
            "unknown_field:logit_bias@",
        ]
    );
}

#[test]
fn a_server_without_json_schema_gets_the_narrow_form() {
    let body = json!({
        "model": "m", "messages": [{"role": "user", "content": "x"}],
        "tools": [{"type": "function", "function": {"name": "f",
            "parameters": {"type": "object", "additionalProperties": false, "properties": {"a": {"type": "string"}}}}}],
    });
    let target = with(GeminiQuirks {
        json_schema: false,
        ..plain().gemini
    });
    let encoded = from_chat(&body.to_string(), &target);
    assert_eq!(
        tree(&encoded.body)["tools"][0]["functionDeclarations"][0]["parameters"],
        json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}})
    );
    assert_eq!(lost(&encoded), ["schema:additionalProperties@/tools/0"]);
}

#[test]
fn effort_is_a_level_or_a_budget() {
    let thinking = |effort: &str, thinking: ThinkingField| {
        let body = json!({"model": "m", "messages": [], "reasoning_effort": effort});
        let target = with(GeminiQuirks {
            thinking,
            ..plain().gemini
        });
        let encoded = from_chat(&body.to_string(), &target);
        let written = tree(&encoded.body)["generationConfig"]["thinkingConfig"].clone();
        (written, encoded.losses.is_empty())
    };
    assert_eq!(
        thinking("none", ThinkingField::Budget),
        (json!({"thinkingBudget": 0}), true)
    );
    assert_eq!(
        thinking("none", ThinkingField::Level),
        (json!({"thinkingLevel": "minimal"}), false)
    );
    assert_eq!(
        thinking("medium", ThinkingField::Level),
        (json!({"includeThoughts": true, "thinkingLevel": "medium"}), true)
    );
    assert_eq!(
        thinking("medium", ThinkingField::Budget),
        (json!({"includeThoughts": true, "thinkingBudget": 8192}), true)
    );
    assert_eq!(
        thinking("whatever", ThinkingField::Level),
        (json!({"includeThoughts": true}), false)
    );
}

#[test]
fn free_text_tools_take_one_text() {
    let body = json!({
        "model": "m",
        "messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "sh", "input": "ls"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "ok"},
        ],
        "tools": [{"type": "custom", "custom": {"name": "sh"}}],
    });
    let encoded = from_chat(&body.to_string(), &plain());
    let written = tree(&encoded.body);
    assert_eq!(
        written["contents"][1]["parts"][0]["functionCall"]["args"],
        json!({"input": "ls"})
    );
    let schema = &written["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
    assert_eq!(schema["required"], json!(["input"]));
    assert_eq!(lost(&encoded), ["custom_tool@/tools/0"]);
}

#[test]
fn googles_signature_survives_a_chat_client() {
    let google = super::chunk(
        r#"{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"SIG"}"#,
        r#","finishReason":"STOP""#,
    );
    let response = decode_response(Dialect::Gemini, google.as_bytes()).unwrap();
    let told = encode_response(Dialect::OpenAiChat, &response, &AnswerTarget::default());
    let message = tree(&told.body)["choices"][0]["message"].clone();
    let call = &message["tool_calls"][0];
    assert_eq!(call["extra_content"]["google"]["thought_signature"], "SIG");
    let id = call["id"].as_str().unwrap();
    assert!(id.starts_with("call_"), "{id}");

    let history = messages(&json!([
        {"role": "user", "content": "x"},
        message,
        {"role": "tool", "tool_call_id": id, "content": "done"},
    ]));
    let encoded = from_chat(&history, &plain());
    let contents = tree(&encoded.body)["contents"].clone();
    assert_eq!(
        contents[1]["parts"],
        json!([{"functionCall": {"id": id, "name": "f", "args": {"a": 1}}, "thoughtSignature": "SIG"}])
    );
    assert_eq!(contents[2]["parts"][0]["functionResponse"]["name"], "f");
}

#[test]
fn a_model_that_demands_signatures_gets_the_documented_stand_in_once_a_turn() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let mut signed = call("c3");
    signed["extra_content"] = json!({"google": {"thought_signature": "SIG"}});
    let history = messages(&json!([
        {"role": "assistant", "content": "t", "tool_calls": [call("c1"), call("c2")]},
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [signed]},
    ]));
    let target = with(GeminiQuirks {
        signed_calls: true,
        ..plain().gemini
    });
    let contents = tree(&from_chat(&history, &target).body)["contents"].clone();
    let signatures = |content: usize| -> Vec<Value> {
        let parts = contents[content]["parts"].as_array().unwrap();
        parts
            .iter()
            .map(|part| part["thoughtSignature"].clone())
            .collect()
    };
    assert_eq!(
        signatures(0),
        [
            Value::Null,
            "skip_thought_signature_validator".into(),
            Value::Null
        ]
    );
    assert_eq!(signatures(2), [Value::from("SIG")]);
    let plainly = tree(&from_chat(&history, &plain()).body);
    assert!(!plainly.to_string().contains("skip_thought"));
}

#[test]
fn gemini_without_ids_reaches_chat_with_calls_and_results_paired_by_order() {
    let body = r#"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f"}}]},
        {"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"1"}}},
            {"functionResponse":{"name":"f","response":{"a":2}}}]}]}"#;
    let request = decode_request(Dialect::Gemini, body.as_bytes(), 64).unwrap();
    let target = RequestTarget {
        model: Some("m"),
        ..plain()
    };
    let encoded = encode_request(Dialect::OpenAiChat, &request, &target);
    assert!(encoded.losses.is_empty(), "{:?}", lost(&encoded));
    let written = tree(&encoded.body)["messages"].clone();
    let calls = &written[0]["tool_calls"];
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    assert_eq!(
        (&written[1]["tool_call_id"], &written[2]["tool_call_id"]),
        (&calls[0]["id"], &calls[1]["id"])
    );
    assert_eq!(
        (&written[1]["content"], &written[2]["content"]),
        (&json!("1"), &json!("{\"a\":2}"))
    );
}
