//! What a request or an answer of another dialect becomes in this one, and what is reported as lost.

use serde_json::{Value, json};

use super::{lost, tree};
use crate::canonical::{CallKind, Citation, Text};
use crate::canonical::{
    Candidate, Finish, FinishReason, FunctionTool, Issuer, Media, MediaKind, Message, Part, PartBody,
    Reasoning, ReasoningConfig, Request, Response, Role, Source, Tool, ToolBody, ToolResult,
};
use crate::dialect::Dialect;
use crate::json::Number;
use crate::lossy::Feature;
use crate::openai_chat;
use crate::openai_responses::codec::{decode_request, encode_request, encode_response};
use crate::target::{AnswerTarget, RequestTarget};

fn request(messages: Vec<Message<'static>>) -> Request<'static> {
    let mut request = Request::new(Dialect::OpenAiChat);
    request.messages = messages;
    request
}

fn said(role: Role<'static>, text: &'static str) -> Message<'static> {
    Message::new(role, vec![Part::text(text)])
}

fn thought(issuer: Issuer<'static>) -> Part<'static> {
    let mut part = Part::new(PartBody::from(Reasoning {
        text: vec!["t".into()],
        encrypted: Some("E".into()),
        ..Reasoning::default()
    }));
    part.issuer = Some(issuer);
    part
}

fn media(kind: MediaKind, mime: &'static str) -> Part<'static> {
    Part::new(PartBody::from(Media {
        kind,
        source: Source::Base64("AA==".into()),
        mime: Some(mime.into()),
        name: None,
        detail: None,
    }))
}

#[test]
fn defaults_that_differ_are_written_out() {
    let mut asked = request(vec![
        said(Role::System, "be brief"),
        said(Role::Developer, "d"),
        said(Role::User, "x"),
    ]);
    asked.tools = vec![Tool::new(ToolBody::Function(FunctionTool {
        name: "f".into(),
        ..FunctionTool::default()
    }))];
    asked.reasoning = Some(ReasoningConfig {
        effort: Some("low".into()),
        ..ReasoningConfig::default()
    });
    let encoded = encode_request(&asked, &RequestTarget::default());
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    assert_eq!(
        tree(&encoded.body),
        json!({
            "instructions": "be brief",
            "input": [
                {"type": "message", "role": "developer", "content": "d"},
                {"type": "message", "role": "user", "content": "x"}],
            "tools": [{"type": "function", "name": "f", "parameters": null, "strict": false}],
            "reasoning": {"effort": "low"},
            "include": ["reasoning.encrypted_content"],
            "store": false
        })
    );
}

#[test]
fn a_conversation_becomes_items() {
    let chat = br#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},
            {"type":"file","file":{"file_data":"data:application/pdf;base64,AA=="}}]},
        {"role":"assistant","content":"b","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":""}},
            {"id":"c2","type":"custom","custom":{"name":"g","input":"free"}}]},
        {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"r"}]}],
        "tools":[{"type":"custom","custom":{"name":"g","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"d"}}}}],
        "tool_choice":{"type":"function","function":{"name":"g"}},
        "response_format":{"type":"json_schema","json_schema":{"schema":{}}}}"#;
    let asked = openai_chat::codec::decode_request(chat, 64).unwrap();
    let encoded = encode_request(&asked, &RequestTarget::default());
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    let sent = tree(&encoded.body);
    assert_eq!(
        sent["input"],
        json!([
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "a"},
                {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "document.pdf"}]},
            {"type": "message", "role": "assistant", "content": "b"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "free"},
            {"type": "function_call_output", "call_id": "c1", "output": "r"}])
    );
    assert_eq!(
        sent["tools"][0]["format"],
        json!({"type": "grammar", "syntax": "lark", "definition": "d"})
    );
    assert_eq!(sent["tool_choice"], json!({"type": "custom", "name": "g"}));
    assert_eq!(
        sent["text"]["format"],
        json!({"type": "json_schema", "name": "response", "schema": {}})
    );
}

#[test]
fn what_cannot_be_said_is_reported() {
    let mut asked = request(vec![Message::new(
        Role::User,
        vec![media(MediaKind::Video, "video/mp4"), Part::text("x")],
    )]);
    asked.stop = vec!["END".into()];
    asked.candidates = Some(2);
    asked.sampling.seed = Some(Number::from(7));
    asked.sampling.top_k = Some(Number::from(7));
    asked.modalities = vec!["text".into(), "audio".into()];
    asked.reasoning = Some(ReasoningConfig {
        budget: Some(5000),
        ..ReasoningConfig::default()
    });
    let encoded = encode_request(&asked, &RequestTarget::default());
    assert_eq!(
        lost(&encoded),
        [
            (Feature::Video, "/messages/0/parts/0"),
            (Feature::Sampling, "/sampling"),
            (Feature::Seed, "/sampling"),
            (Feature::Stop, "/stop"),
            (Feature::Candidates, "/candidates"),
            (Feature::ReasoningConfig, "/reasoning"),
            (Feature::Modalities, "/modalities"),
        ]
    );
    assert_eq!(tree(&encoded.body)["reasoning"]["effort"], "medium");
}

#[test]
fn reasoning_that_is_switched_on_is_shown_unless_told_otherwise() {
    let summary = |enabled, show| {
        let mut asked = request(Vec::new());
        asked.reasoning = Some(ReasoningConfig {
            enabled,
            show,
            effort: Some("low".into()),
            ..ReasoningConfig::default()
        });
        let encoded = encode_request(&asked, &RequestTarget::default());
        tree(&encoded.body)["reasoning"]["summary"].clone()
    };
    assert_eq!(summary(Some(true), None), "auto");
    assert_eq!(summary(Some(true), Some(false)), Value::Null);
    // An effort alone asks for nothing to be seen, and summaries take an organization that is verified.
    assert_eq!(summary(None, None), Value::Null);
}

#[test]
fn only_its_own_reasoning_goes_back_to_a_provider() {
    let asked = request(vec![Message::new(
        Role::Assistant,
        vec![
            thought(Issuer::Anthropic),
            thought(Issuer::OpenAi),
            Part::text("a"),
        ],
    )]);
    let encoded = encode_request(&asked, &RequestTarget::default());
    assert_eq!(lost(&encoded), [(Feature::Reasoning, "/messages/0/parts/0")]);
    let input = &tree(&encoded.body)["input"];
    assert_eq!(
        (&input[0]["encrypted_content"], &input[1]["content"]),
        (&"E".into(), &"a".into())
    );
}

#[test]
fn results_carry_media_and_tell_of_errors() {
    let result = ToolResult {
        call_id: Some("c".into()),
        name: None,
        content: vec![Part::text("r"), media(MediaKind::Image, "image/png")],
        is_error: Some(true),
        kind: CallKind::Function,
    };
    let asked = request(vec![Message::new(
        Role::User,
        vec![Part::new(PartBody::from(result)), Part::text("go")],
    )]);
    let encoded = encode_request(&asked, &RequestTarget::default());
    assert_eq!(lost(&encoded), [(Feature::ToolError, "/messages/0/parts/0")]);
    let input = &tree(&encoded.body)["input"];
    assert_eq!(input[0]["output"][1]["image_url"], "data:image/png;base64,AA==");
    assert_eq!(
        (&input[1]["role"], &input[1]["content"]),
        (&"user".into(), &"go".into())
    );
}

#[test]
fn claudes_reasoning_comes_back_from_a_client_of_this_dialect() {
    let mut signed = thought(Issuer::Anthropic);
    if let PartBody::Reasoning(reasoning) = &mut signed.body {
        reasoning.encrypted = None;
    }
    signed.signature = Some("sig".into());
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut candidate = Candidate::new(0);
    candidate.message.parts = vec![signed, thought(Issuer::Anthropic), Part::text("a")];
    candidate.finish = Some(Finish {
        reason: FinishReason::Stop,
        native: None,
        sequence: None,
    });
    response.candidates = vec![candidate];
    let encoded = encode_response(&response, &AnswerTarget::default());
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    let next = json!({"model": "m", "input": tree(&encoded.body)["output"]}).to_string();
    let asked = decode_request(next.as_bytes(), 64).unwrap();
    let parts: Vec<_> = asked.messages.iter().flat_map(|m| &m.parts).collect();
    assert_eq!(
        (parts[0].signature.as_deref(), &parts[0].issuer),
        (Some("sig"), &Some(Issuer::Anthropic))
    );
    let sealed = parts[1].body.as_reasoning().unwrap();
    assert_eq!(
        (sealed.encrypted.as_deref(), &parts[1].issuer),
        (Some("E"), &Some(Issuer::Anthropic))
    );
    // A server of this dialect does not get it.
    let sent = encode_request(&asked, &RequestTarget::default());
    assert_eq!(
        lost(&sent),
        [
            (Feature::Reasoning, "/messages/0/parts/0"),
            (Feature::Reasoning, "/messages/1/parts/0")
        ]
    );
    let input = &tree(&sent.body)["input"];
    assert_eq!(input.as_array().map(Vec::len), Some(1));
    assert_eq!(input[0]["content"][0]["text"], "a");
}

#[test]
fn geminis_signature_on_a_call_comes_back_as_well() {
    let chat = br#"{"choices":[{"index":0,"message":{"role":"assistant","content":"a","tool_calls":[
        {"id":"c","type":"function","function":{"name":"f","arguments":"{}"},
            "extra_content":{"google":{"thought_signature":"sig"}}}]},"finish_reason":"tool_calls"}]}"#;
    let response = openai_chat::codec::decode_response(chat).unwrap();
    let encoded = encode_response(&response, &AnswerTarget::default());
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    let output = tree(&encoded.body)["output"].clone();
    assert_eq!(
        (&output[1]["type"], &output[2]["type"]),
        (&"reasoning".into(), &"function_call".into())
    );
    let next = json!({"model": "m", "input": output}).to_string();
    let asked = decode_request(next.as_bytes(), 64).unwrap();
    assert_eq!(asked.messages.len(), 2);
    let call = &asked.messages[1].parts[0];
    assert_eq!(
        (call.signature.as_deref(), &call.issuer),
        (Some("sig"), &Some(Issuer::Google))
    );
    let sent = openai_chat::codec::encode_request(&asked, &RequestTarget::default());
    assert_eq!(
        tree(&sent.body)["messages"][0]["tool_calls"][0]["extra_content"],
        json!({"google": {"thought_signature": "sig"}})
    );
}

#[test]
fn an_answer_is_a_response_in_full() {
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut candidate = Candidate::new(0);
    let cited = PartBody::Text(Text {
        text: "a".into(),
        citations: vec![Citation {
            kind: "web_search_result_location".into(),
            url: Some("u".into()),
            ..Citation::default()
        }],
    });
    candidate.message.parts = vec![Part::new(cited), Part::text("b")];
    candidate.finish = Some(Finish {
        reason: FinishReason::ContextWindow,
        native: Some("model_length".into()),
        sequence: None,
    });
    response.candidates = vec![candidate, Candidate::new(1)];
    let target = AnswerTarget {
        id: "resp_1",
        model: "m",
        created: 3,
        usage: false,
        meaning_only: false,
        for_any_client: false,
        openrouter: false,
    };
    let encoded = encode_response(&response, &target);
    assert_eq!(
        lost(&encoded),
        [
            (Feature::Candidates, "/candidates"),
            (Feature::FinishReason, "/candidates/0")
        ]
    );
    let shown = tree(&encoded.body);
    let item = &shown["output"][0];
    assert_eq!(
        *item,
        json!({"type": "message", "id": item["id"], "status": "incomplete", "role": "assistant", "content": [
            {"type": "output_text", "text": "a", "logprobs": [], "annotations": [
                {"type": "url_citation", "url": "u", "title": "", "start_index": 0, "end_index": 0}]},
            {"type": "output_text", "text": "b", "logprobs": [], "annotations": []}]})
    );
    assert_eq!(
        (
            &shown["status"],
            &shown["incomplete_details"]["reason"],
            &shown["usage"]
        ),
        (&"incomplete".into(), &"max_output_tokens".into(), &json!(null))
    );
    assert_eq!(
        tree(&encode_response(&response, &target).body),
        shown,
        "minted ids are the same every time"
    );
}
