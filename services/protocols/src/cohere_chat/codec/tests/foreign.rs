//! What a request or an answer of another dialect becomes here, and what is reported as lost.

use super::tree;
use crate::canonical::{
    Arguments, CacheMark, CallKind, Candidate, Citation, Extra, Finish, FinishReason, FunctionTool, Issuer,
    Media, MediaKind, Message, Opaque, OpaqueRole, Part, PartBody, Reasoning, ReasoningConfig, Request,
    Response, Role, Source, Text, Tool, ToolBody, ToolCall, ToolChoice, ToolMode, ToolResult,
};
use crate::cohere_chat::codec::{encode_request, encode_response};
use crate::dialect::Dialect;
use crate::json::RawJson;
use crate::lossy::{Encoded, Feature};
use crate::target::{AnswerTarget, RequestTarget};

fn request(messages: Vec<Message<'static>>) -> Request<'static> {
    let mut request = Request::new(Dialect::OpenAiChat);
    request.messages = messages;
    request
}

fn send(request: &Request<'_>) -> Encoded {
    encode_request(request, &RequestTarget::default())
}

fn lost(encoded: &Encoded) -> Vec<(Feature, &str)> {
    encoded
        .losses
        .losses()
        .iter()
        .map(|l| (l.feature, l.at.as_str()))
        .collect()
}

fn function(name: &'static str) -> Tool<'static> {
    Tool::new(ToolBody::Function(FunctionTool {
        name: name.into(),
        ..FunctionTool::default()
    }))
}

fn media(kind: MediaKind, source: Source<'static>) -> Part<'static> {
    Part::new(PartBody::from(Media {
        kind,
        source,
        mime: None,
        name: None,
        detail: None,
    }))
}

#[test]
fn a_conversation_becomes_messages_of_this_dialect() {
    let mut thought = Part::new(PartBody::from(Reasoning {
        text: vec!["t".into()],
        ..Reasoning::default()
    }));
    thought.signature = Some("s".into());
    thought.issuer = Some(Issuer::Anthropic);
    let call = Part::new(PartBody::from(ToolCall {
        id: Some("c".into()),
        name: "f".into(),
        arguments: Arguments::Json(RawJson::parse("{\"x\": 1}").unwrap()),
        kind: CallKind::Function,
        extra: Extra::NONE,
    }));
    let result = Part::new(PartBody::from(ToolResult {
        call_id: Some("c".into()),
        name: None,
        content: vec![
            Part::text("1"),
            media(MediaKind::Image, Source::Base64("AA==".into())),
        ],
        is_error: Some(true),
        kind: CallKind::Function,
    }));
    let asked = request(vec![
        Message::new(Role::Developer, vec![Part::text("d")]),
        Message::new(Role::Assistant, vec![thought, Part::text("")]),
        Message::new(Role::Assistant, vec![call]),
        Message::new(Role::User, vec![result, Part::text("go on")]),
    ]);
    let encoded = send(&asked);
    assert_eq!(
        tree(&encoded.body)["messages"],
        serde_json::json!([
            {"role": "system", "content": "d"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "t"}], "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "1"},
            {"role": "user", "content": "go on"},
        ])
    );
    assert_eq!(
        lost(&encoded),
        [
            (Feature::ReasoningSignature, "/messages/1/parts/0"),
            (Feature::ToolResultContent, "/messages/3/parts/0"),
            (Feature::ToolError, "/messages/3/parts/0"),
        ]
    );
}

#[test]
fn a_choice_of_one_tool_is_said_by_offering_no_other() {
    let sent = |mode| {
        let mut asked = request(Vec::new());
        asked.tools = vec![function("f"), function("g")];
        asked.tool_choice = Some(ToolChoice::new(mode));
        let encoded = send(&asked);
        assert!(encoded.losses.is_empty());
        let body = tree(&encoded.body);
        (
            body["tools"].as_array().unwrap().len(),
            body.get("tool_choice").cloned(),
        )
    };
    assert_eq!(sent(ToolMode::Auto), (2, None));
    assert_eq!(sent(ToolMode::None), (2, Some("NONE".into())));
    assert_eq!(sent(ToolMode::Required), (2, Some("REQUIRED".into())));
    assert_eq!(sent(ToolMode::Named("g".into())), (1, Some("REQUIRED".into())));
    let names = vec!["f".into()];
    assert_eq!(
        sent(ToolMode::Allowed {
            required: false,
            names
        }),
        (1, None)
    );
}

#[test]
fn how_much_to_think_is_a_budget() {
    let thinking = |config: ReasoningConfig<'static>| {
        let mut asked = request(Vec::new());
        asked.reasoning = Some(config);
        let encoded = send(&asked);
        (
            tree(&encoded.body).get("thinking").cloned(),
            encoded.losses.losses().len(),
        )
    };
    let effort = |word: &'static str| ReasoningConfig {
        effort: Some(word.into()),
        ..ReasoningConfig::default()
    };
    let on = |budget: u64| Some(serde_json::json!({"type": "enabled", "token_budget": budget}));
    assert_eq!(thinking(effort("low")), (on(2048), 1));
    assert_eq!(
        thinking(effort("none")),
        (Some(serde_json::json!({"type": "disabled"})), 0)
    );
    let budget = ReasoningConfig {
        budget: Some(500),
        ..ReasoningConfig::default()
    };
    assert_eq!(thinking(budget), (on(500), 0));
    assert_eq!(thinking(ReasoningConfig::default()), (None, 0));
}

#[test]
fn what_cannot_be_said_is_reported() {
    let mut marked = Part::text("a");
    marked.cache = Some(Box::new(CacheMark::default()));
    marked.extra.push("x", RawJson::parse("1").unwrap());
    let opaque = PartBody::from(Opaque {
        kind: "server_tool_use".into(),
        role: OpaqueRole::ServerToolCall,
        value: RawJson::empty_object(),
    });
    let mut asked = request(vec![Message::new(
        Role::Other("wizard".into()),
        vec![
            marked,
            Part::new(opaque),
            media(MediaKind::Audio, Source::Base64("AA==".into())),
            media(MediaKind::Image, Source::FileId("f".into())),
            Part::new(PartBody::Refusal("no".into())),
        ],
    )]);
    asked.candidates = Some(2);
    asked.store = Some(true);
    asked.service_tier = Some("flex".into());
    asked.extra.push("top_a", RawJson::parse("1").unwrap());
    let encoded = send(&asked);
    assert_eq!(
        lost(&encoded),
        [
            (Feature::Role, "/messages/0/role"),
            (Feature::CacheMark, "/messages/0/parts/0"),
            (Feature::UnknownField, "/messages/0/parts/0"),
            (Feature::UnknownPart, "/messages/0/parts/1"),
            (Feature::Refusal, "/messages/0/parts/4"),
            (Feature::Audio, "/messages/0/parts/2"),
            (Feature::FileId, "/messages/0/parts/3"),
            (Feature::Candidates, "/candidates"),
            (Feature::ServiceTier, "/service_tier"),
            (Feature::Store, "/store"),
            (Feature::UnknownField, ""),
        ]
    );
    assert_eq!(
        tree(&encoded.body)["messages"][0]["content"],
        serde_json::json!([{"type": "text", "text": "a"}, {"type": "text", "text": "no"}])
    );
}

#[test]
fn answers_show_reasoning_and_sources() {
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut candidate = Candidate::new(0);
    candidate.message.parts = vec![
        Part::new(PartBody::from(Reasoning {
            summary: vec!["a".into(), "b".into()],
            ..Reasoning::default()
        })),
        Part::new(PartBody::Text(Text {
            text: "t".into(),
            citations: vec![Citation {
                url: Some("u".into()),
                title: Some("T".into()),
                start: Some(0),
                end: Some(1),
                ..Citation::default()
            }],
        })),
    ];
    candidate.finish = Some(Finish {
        reason: FinishReason::Length,
        native: Some("length".into()),
        sequence: None,
    });
    response.candidates = vec![candidate];
    let target = AnswerTarget {
        id: "i",
        ..AnswerTarget::default()
    };
    let encoded = encode_response(&response, &target);
    assert_eq!(
        tree(&encoded.body),
        serde_json::json!({
            "id": "i",
            "message": {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "a\n\nb"}, {"type": "text", "text": "t"}],
                "citations": [{"start": 0, "end": 1, "type": "TEXT_CONTENT", "sources": [
                    {"type": "document", "id": "", "document": {"title": "T", "url": "u"}}]}],
            },
            "finish_reason": "MAX_TOKENS",
        })
    );
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}
