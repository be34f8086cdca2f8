//! Conversations of other dialects: instructions at the top, strict turns, results first.

use super::{lost, tree};
use crate::anthropic_messages::codec::encode_request;
use crate::canonical::{
    Arguments, CacheMark, CacheStyle, CallKind, Extra, Issuer, Message, Part, PartBody, Reasoning, Request,
    Role, ToolCall, ToolResult,
};
use crate::dialect::Dialect;
use crate::json::RawJson;
use crate::lossy::{Encoded, Feature};
use crate::target::RequestTarget;
use crate::tool_ids::IdRule;

fn send(messages: Vec<Message<'static>>) -> Encoded {
    let mut request = Request::new(Dialect::OpenAiChat);
    request.messages = messages;
    encode_request(&request, &RequestTarget::default())
}

fn call(id: Option<&'static str>, arguments: &'static str) -> Part<'static> {
    Part::new(PartBody::from(ToolCall {
        id: id.map(Into::into),
        name: "f".into(),
        arguments: Arguments::Text(arguments.into()),
        kind: CallKind::Function,
        extra: Extra::NONE,
    }))
}

fn result(id: Option<&'static str>, content: Vec<Part<'static>>) -> Part<'static> {
    Part::new(PartBody::from(ToolResult {
        call_id: id.map(Into::into),
        name: Some("f".into()),
        content,
        is_error: None,
        kind: CallKind::Function,
    }))
}

fn says(role: Role<'static>, text: &'static str) -> Message<'static> {
    Message::new(role, vec![Part::text(text)])
}

#[test]
fn instructions_are_joined_at_the_top() {
    let encoded = send(vec![
        says(Role::System, "a"),
        says(Role::Developer, "b"),
        says(Role::User, "hi"),
        says(Role::System, "c"),
    ]);
    let sent = tree(&encoded.body);
    let texts: Vec<_> = sent["system"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["text"].clone())
        .collect();
    assert_eq!(texts, ["a", "b", "c"]);
    assert_eq!(
        sent["messages"],
        serde_json::json!([{"role": "user", "content": "hi"}])
    );
    assert_eq!(sent["max_tokens"], 4096);
    assert_eq!(lost(&encoded), [(Feature::InstructionPlace, "/messages/3/role")]);
    let sent = tree(&send(vec![says(Role::System, "only one"), says(Role::User, "hi")]).body);
    assert_eq!(sent["system"], "only one");
    // Instructions alone are said by the user, who has to say something.
    let encoded = send(vec![says(Role::System, "go")]);
    let sent = tree(&encoded.body);
    assert_eq!(
        sent["messages"],
        serde_json::json!([{"role": "user", "content": "go"}])
    );
    assert!(sent.get("system").is_none());
    assert_eq!(lost(&encoded), [(Feature::InstructionPlace, "/messages/0/role")]);
}

#[test]
fn all_results_of_a_turn_come_first_in_one_message() {
    let encoded = send(vec![
        says(Role::User, "go"),
        Message::new(Role::Assistant, vec![Part::text("a")]),
        Message::new(
            Role::Assistant,
            vec![call(Some("functions.f:0"), "{\"x\": 1}"), call(Some("b"), "")],
        ),
        Message::new(
            Role::Tool,
            vec![result(Some("functions.f:0"), vec![Part::text("1")])],
        ),
        says(Role::User, "more"),
        Message::new(Role::Tool, vec![result(Some("b"), Vec::new())]),
    ]);
    let sent = tree(&encoded.body);
    let messages = sent["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    let id = messages[1]["content"][1]["id"].as_str().unwrap();
    assert!(IdRule::ANTHROPIC.admits(id));
    assert_eq!(
        messages[1],
        serde_json::json!({"role": "assistant", "content": [
            {"type": "text", "text": "a"},
            {"type": "tool_use", "id": id, "name": "f", "input": {"x": 1}},
            {"type": "tool_use", "id": "b", "name": "f", "input": {}},
        ]})
    );
    assert_eq!(
        messages[2],
        serde_json::json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": id, "content": "1"},
            {"type": "tool_result", "tool_use_id": "b"},
            {"type": "text", "text": "more"},
        ]})
    );
    assert!(encoded.losses.is_empty());
}

#[test]
fn calls_without_ids_are_paired_by_name_and_order() {
    let json = Part::new(PartBody::Json(RawJson::parse("{\"y\":2}").unwrap()));
    let encoded = send(vec![
        says(Role::User, "go"),
        Message::new(Role::Assistant, vec![call(None, "{}"), call(None, "{}")]),
        Message::new(
            Role::User,
            vec![result(None, vec![json]), result(None, Vec::new())],
        ),
    ]);
    let sent = tree(&encoded.body);
    for at in 0..2 {
        let id = &sent["messages"][1]["content"][at]["id"];
        assert_eq!(id, &sent["messages"][2]["content"][at]["tool_use_id"]);
    }
    assert_eq!(sent["messages"][2]["content"][0]["content"], "{\"y\":2}");
}

#[test]
fn input_that_is_no_object_is_wrapped() {
    let encoded = send(vec![
        says(Role::User, "go"),
        Message::new(
            Role::Assistant,
            vec![call(Some("a"), "{broken"), call(Some("b"), "[1]")],
        ),
    ]);
    let sent = tree(&encoded.body);
    assert_eq!(sent["messages"][1]["content"][0]["input"]["input"], "{broken");
    assert_eq!(sent["messages"][1]["content"][1]["input"]["input"], "[1]");
    let at = |p| (Feature::ToolArguments, p);
    assert_eq!(
        lost(&encoded),
        [at("/messages/1/parts/0"), at("/messages/1/parts/1")]
    );
}

#[test]
fn nothing_blank_is_sent_and_the_user_speaks_first() {
    let encoded = send(vec![
        says(Role::System, ""),
        says(Role::Assistant, "prefill"),
        Message::new(Role::User, vec![Part::text(" "), Part::text("a")]),
        Message::new(Role::Assistant, Vec::new()),
        says(Role::User, "\n"),
        says(Role::Assistant, "Sure: "),
    ]);
    let sent = tree(&encoded.body);
    assert!(sent.get("system").is_none());
    let said: Vec<_> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["role"].as_str().unwrap(), m["content"].to_string()))
        .collect();
    let expected = [
        ("user", "\".\"".to_owned()),
        ("assistant", "\"prefill\"".to_owned()),
        ("user", r#"[{"text":"a","type":"text"}]"#.to_owned()),
        ("assistant", "\"Sure: \"".to_owned()),
    ];
    assert_eq!(said, expected);
    assert_eq!(lost(&encoded), [(Feature::Role, "/messages/1/role")]);
}

#[test]
fn only_thinking_with_anthropics_seal_is_sent() {
    let thought = |text: &'static str, signature: Option<&'static str>, issuer: Option<Issuer<'static>>| {
        let mut part = Part::new(PartBody::from(Reasoning {
            text: (!text.is_empty()).then(|| text.into()).into_iter().collect(),
            ..Reasoning::default()
        }));
        part.signature = signature.map(Into::into);
        part.issuer = issuer;
        part
    };
    let mut redacted = thought("", None, Some(Issuer::Anthropic));
    redacted.body = PartBody::from(Reasoning {
        encrypted: Some("d".into()),
        ..Reasoning::default()
    });
    let encoded = send(vec![
        says(Role::User, "go"),
        Message::new(
            Role::Assistant,
            vec![
                thought("own", Some("s"), Some(Issuer::Anthropic)),
                thought("", Some("only"), Some(Issuer::Anthropic)),
                redacted,
                thought("unsigned", None, None),
                thought("unknown", Some("s"), None),
                thought("google", Some("s"), Some(Issuer::Google)),
                thought("bare", None, Some(Issuer::Anthropic)),
            ],
        ),
        says(Role::User, "on"),
        Message::new(Role::Assistant, vec![thought("unsigned", None, None)]),
    ]);
    let sent = tree(&encoded.body);
    assert_eq!(
        sent["messages"][1]["content"],
        serde_json::json!([
            {"type": "thinking", "thinking": "own", "signature": "s"},
            {"type": "thinking", "thinking": "", "signature": "only"},
            {"type": "redacted_thinking", "data": "d"},
        ])
    );
    assert_eq!(sent["messages"].as_array().unwrap().len(), 3);
    assert!(
        lost(&encoded)
            .iter()
            .all(|(feature, _)| *feature == Feature::Reasoning)
    );
    assert_eq!(encoded.losses.losses().len(), 5);
}

#[test]
fn cache_markers_stay_where_they_were() {
    let mut marked = Part::text("long");
    marked.cache = Some(Box::new(CacheMark {
        style: CacheStyle::Breakpoint,
        ttl: Some("1h".into()),
        extra: Extra::NONE,
    }));
    let encoded = send(vec![
        Message::new(Role::System, vec![marked.clone()]),
        Message::new(Role::User, vec![marked]),
    ]);
    let sent = tree(&encoded.body);
    let mark = serde_json::json!({"type": "ephemeral", "ttl": "1h"});
    assert_eq!(sent["system"][0]["cache_control"], mark);
    assert_eq!(sent["messages"][0]["content"][0]["cache_control"], mark);
    assert!(encoded.losses.is_empty());
}
