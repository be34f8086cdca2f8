//! What a request or an answer of another dialect becomes in chat, and what is reported as lost.

use super::tree;
use crate::canonical::{
    Arguments, CacheMark, CallKind, Candidate, Citation, Extra, Finish, FinishReason, Issuer, Media,
    MediaKind, Message, Opaque, OpaqueRole, Part, PartBody, ProviderTool, Reasoning, ReasoningConfig,
    Request, Response, Role, Source, Text, Tool, ToolBody, ToolCall, ToolResult,
};
use crate::dialect::Dialect;
use crate::json::RawJson;
use crate::lossy::{Encoded, Feature};
use crate::openai_chat::codec::{encode_request, encode_response};
use crate::target::{AnswerTarget, ChatQuirks, OutputLimitField, ReasoningField, RequestTarget};
use crate::tool_ids::IdRule;

fn request(messages: Vec<Message<'static>>) -> Request<'static> {
    let mut request = Request::new(Dialect::OpenAiChat);
    request.messages = messages;
    request
}

fn send(request: &Request<'_>, target: RequestTarget<'_>) -> Encoded {
    encode_request(
        request,
        &RequestTarget {
            meaning_only: true,
            ..target
        },
    )
}

fn lost(encoded: &Encoded) -> Vec<(Feature, &str)> {
    encoded
        .losses
        .losses()
        .iter()
        .map(|l| (l.feature, l.at.as_str()))
        .collect()
}

fn call(id: Option<&'static str>, name: &'static str) -> Part<'static> {
    Part::new(PartBody::from(ToolCall {
        id: id.map(Into::into),
        name: name.into(),
        arguments: Arguments::Json(RawJson::parse("{\"x\": 1}").unwrap()),
        kind: CallKind::Function,
        extra: Extra::NONE,
    }))
}

fn result(id: Option<&'static str>, name: &'static str, content: Vec<Part<'static>>) -> Part<'static> {
    Part::new(PartBody::from(ToolResult {
        call_id: id.map(Into::into),
        name: Some(name.into()),
        content,
        is_error: Some(true),
        kind: CallKind::Function,
    }))
}

fn image() -> Part<'static> {
    Part::new(PartBody::from(Media {
        kind: MediaKind::Image,
        source: Source::Base64("AA==".into()),
        mime: Some("image/png".into()),
        name: None,
        detail: None,
    }))
}

fn thought(text: &'static str, signature: Option<&'static str>) -> Part<'static> {
    let mut part = Part::new(PartBody::from(Reasoning {
        text: vec![text.into()],
        ..Reasoning::default()
    }));
    part.signature = signature.map(Into::into);
    part.issuer = signature.map(|_| Issuer::Anthropic);
    part
}

#[test]
fn results_inside_a_users_turn_become_messages_of_their_own() {
    // Anthropic's order: results first, in the user's turn, with images in them.
    let encoded = send(
        &request(vec![
            Message::new(Role::Assistant, vec![Part::text("a")]),
            Message::new(Role::Assistant, vec![call(None, "f"), call(None, "g")]),
            Message::new(
                Role::User,
                vec![
                    result(None, "g", vec![Part::text("1"), image()]),
                    result(
                        None,
                        "f",
                        vec![Part::new(PartBody::Json(RawJson::parse("{\"y\":2}").unwrap()))],
                    ),
                    Part::text("go on"),
                ],
            ),
        ]),
        RequestTarget::default(),
    );
    let sent = tree(&encoded.body);
    let roles: Vec<_> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["assistant", "tool", "tool", "user", "user"]);
    let calls = &sent["messages"][0]["tool_calls"];
    assert_eq!(sent["messages"][0]["content"], "a");
    assert_eq!(calls[0]["function"]["arguments"], "{\"x\": 1}");
    assert_eq!(sent["messages"][1]["tool_call_id"], calls[1]["id"]);
    assert_eq!(sent["messages"][2]["tool_call_id"], calls[0]["id"]);
    assert_eq!(sent["messages"][2]["content"], "{\"y\":2}");
    assert_eq!(
        sent["messages"][3]["content"][1]["image_url"]["url"],
        "data:image/png;base64,AA=="
    );
    assert_eq!(
        lost(&encoded),
        [
            (Feature::ToolResultContent, "/messages/2/parts/0"),
            (Feature::ToolError, "/messages/2/parts/0"),
            (Feature::ToolError, "/messages/2/parts/1"),
        ]
    );
}

#[test]
fn ids_are_made_to_fit() {
    let target = RequestTarget {
        tool_ids: IdRule::MISTRAL,
        ..RequestTarget::default()
    };
    let conversation = request(vec![
        Message::new(Role::Assistant, vec![call(Some("toolu_01"), "f")]),
        Message::new(Role::Tool, vec![result(Some("toolu_01"), "f", Vec::new())]),
    ]);
    let sent = tree(&send(&conversation, target).body);
    let id = sent["messages"][0]["tool_calls"][0]["id"].as_str().unwrap();
    assert!(IdRule::MISTRAL.admits(id));
    assert_eq!(sent["messages"][1]["tool_call_id"], id);
    assert_eq!(sent["messages"][1]["content"], "");
}

#[test]
fn reasoning_goes_where_the_server_takes_it() {
    let conversation = request(vec![Message::new(
        Role::Assistant,
        vec![thought("a", Some("s")), thought("b", None), Part::text("t")],
    )]);
    let to = |reasoning| {
        let chat = ChatQuirks {
            output_limit: OutputLimitField::MaxTokens,
            developer_role: false,
            reasoning,
        };
        let encoded = send(
            &conversation,
            RequestTarget {
                chat,
                ..RequestTarget::default()
            },
        );
        let losses: Vec<_> = encoded.losses.losses().iter().map(|l| l.feature).collect();
        (tree(&encoded.body)["messages"][0].clone(), losses)
    };
    let (message, losses) = to(ReasoningField::Nowhere);
    assert_eq!(message, serde_json::json!({"role": "assistant", "content": "t"}));
    assert_eq!(losses, [Feature::Reasoning, Feature::Reasoning]);
    let (message, losses) = to(ReasoningField::ReasoningContent);
    assert_eq!(
        (&message["reasoning_content"], losses),
        (&"ab".into(), vec![Feature::ReasoningSignature])
    );
    let (message, losses) = to(ReasoningField::ReasoningDetails);
    assert_eq!(message["reasoning_details"][0]["signature"], "s");
    assert_eq!(
        (&message["reasoning_details"][0]["format"], losses),
        (&"anthropic-claude-v1".into(), vec![])
    );
    let (message, _) = to(ReasoningField::Thinking);
    assert_eq!(message["content"][0]["thinking"][0]["text"], "a");
}

#[test]
fn what_cannot_be_said_is_reported() {
    let mut part = Part::text("a");
    part.cache = Some(Box::new(CacheMark::default()));
    part.signature = Some("s".into());
    part.extra.push("x", RawJson::parse("1").unwrap());
    part.extra.push("void", RawJson::parse("null").unwrap());
    let opaque = |kind: &'static str| {
        PartBody::from(Opaque {
            kind: kind.into(),
            role: OpaqueRole::ServerToolCall,
            value: RawJson::empty_object(),
        })
    };
    let mut asked = request(vec![
        Message::new(Role::Developer, vec![part]),
        Message::new(
            Role::Other("wizard".into()),
            vec![Part::new(opaque("server_tool_use"))],
        ),
    ]);
    asked.tools = vec![Tool::new(ToolBody::Provider(ProviderTool {
        kind: "web_search_20250305".into(),
        value: RawJson::empty_object(),
    }))];
    asked.reasoning = Some(ReasoningConfig {
        budget: Some(5000),
        ..ReasoningConfig::default()
    });
    asked.max_output_tokens = Some(9);
    asked.extra.push("top_a", RawJson::parse("1").unwrap());
    let chat = ChatQuirks {
        output_limit: OutputLimitField::MaxTokens,
        developer_role: false,
        reasoning: ReasoningField::Nowhere,
    };
    let encoded = send(
        &asked,
        RequestTarget {
            chat,
            ..RequestTarget::default()
        },
    );
    assert_eq!(
        lost(&encoded),
        [
            (Feature::CacheMark, "/messages/0/parts/0"),
            (Feature::ReasoningSignature, "/messages/0/parts/0"),
            (Feature::UnknownField, "/messages/0/parts/0"),
            (Feature::Role, "/messages/1/role"),
            (Feature::ServerTool, "/messages/1/parts/0"),
            (Feature::ServerTool, "/tools/0"),
            (Feature::ReasoningConfig, "/reasoning"),
            (Feature::UnknownField, ""),
        ]
    );
    let sent = tree(&encoded.body);
    assert_eq!(sent["messages"][0]["role"], "system");
    assert_eq!(
        (&sent["max_tokens"], &sent["reasoning_effort"]),
        (&9.into(), &"medium".into())
    );
    assert!(sent.get("tools").is_none());
}

#[test]
fn answers_are_one_text_with_sealed_reasoning_told_in_full() {
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut candidate = Candidate::new(0);
    candidate.message.parts = vec![
        thought("a", None),
        thought("b", Some("s")),
        Part::text("c"),
        Part::text("d"),
        image(),
    ];
    candidate.finish = Some(Finish {
        reason: FinishReason::Refusal,
        native: Some("refusal".into()),
        sequence: None,
    });
    response.candidates = vec![candidate];
    let target = AnswerTarget {
        id: "i",
        model: "m",
        created: 3,
        usage: false,
        meaning_only: true,
        for_any_client: false,
        openrouter: false,
    };
    let encoded = encode_response(&response, &target);
    let shown = tree(&encoded.body);
    let choice = &shown["choices"][0];
    assert_eq!(
        (&shown["id"], &shown["model"], &shown["created"]),
        (&"i".into(), &"m".into(), &3.into())
    );
    assert_eq!(
        (
            &choice["message"]["content"],
            &choice["message"]["reasoning_content"]
        ),
        (&"cd".into(), &"ab".into())
    );
    assert_eq!(choice["message"]["reasoning_details"][1]["signature"], "s");
    assert_eq!(
        (&choice["finish_reason"], &choice["native_finish_reason"]),
        (&"content_filter".into(), &"refusal".into())
    );
    assert_eq!(lost(&encoded), [(Feature::Image, "/messages/0/parts/4")]);
}

#[test]
fn places_in_documents_are_no_annotations() {
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut candidate = Candidate::new(0);
    let citation = |kind: &'static str, url: Option<&'static str>| Citation {
        kind: kind.into(),
        url: url.map(Into::into),
        title: Some("t".into()),
        ..Citation::default()
    };
    candidate.message.parts = vec![Part::new(PartBody::Text(Text {
        text: "a".into(),
        citations: vec![
            citation("char_location", None),
            citation("web_search_result_location", Some("http://x")),
        ],
    }))];
    candidate.finish = Some(Finish {
        reason: FinishReason::StopSequence,
        native: None,
        sequence: Some("END".into()),
    });
    response.candidates.push(candidate);
    let target = AnswerTarget {
        meaning_only: true,
        ..AnswerTarget::default()
    };
    let encoded = encode_response(&response, &target);
    let annotations = &tree(&encoded.body)["choices"][0]["message"]["annotations"];
    assert_eq!(annotations.as_array().map(Vec::len), Some(1));
    assert_eq!(annotations[0]["url_citation"]["url"], "http://x");
    assert_eq!(
        lost(&encoded),
        [
            (Feature::Citation, "/messages/0"),
            (Feature::StopSequence, "/candidates/0")
        ]
    );
}

#[test]
fn a_text_document_is_text_and_no_document_any_more() {
    let document = Part::new(PartBody::from(Media {
        kind: MediaKind::File,
        source: Source::Text("facts".into()),
        mime: None,
        name: Some("facts.txt".into()),
        detail: None,
    }));
    let encoded = send(
        &request(vec![Message::new(Role::User, vec![document])]),
        RequestTarget::default(),
    );
    let content = &tree(&encoded.body)["messages"][0]["content"];
    assert_eq!(content[0]["text"], "facts");
    assert_eq!(lost(&encoded), [(Feature::File, "/messages/0/parts/0")]);
}
