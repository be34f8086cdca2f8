//! What a request or an answer of another dialect becomes in Converse, and what is reported as lost.

use super::tree;
use crate::bedrock_converse::codec::{encode_request, encode_response};
use crate::canonical::{
    Arguments, CacheMark, CallKind, Candidate, Citation, Extra, Finish, FinishReason, FunctionTool, Issuer,
    Media, MediaKind, Message, Part, PartBody, ProviderTool, Reasoning, ReasoningConfig, Request, Response,
    ResponseFormat, ResponseShape, Role, Source, Text, Tool, ToolBody, ToolCall, ToolChoice, ToolMode,
    ToolResult,
};
use crate::dialect::Dialect;
use crate::json::{Number, RawJson};
use crate::lossy::{Encoded, Feature};
use crate::target::{AnswerTarget, RequestTarget};
use crate::tool_ids::IdRule;

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn request(messages: Vec<Message<'static>>) -> Request<'static> {
    let mut request = Request::new(Dialect::OpenAiChat);
    request.messages = messages;
    request
}

fn hello() -> Request<'static> {
    request(vec![Message::new(Role::User, vec![Part::text("a")])])
}

fn send(request: &Request<'_>) -> Encoded {
    let target = RequestTarget {
        model: Some(CLAUDE),
        tool_ids: IdRule::ANTHROPIC,
        ..RequestTarget::default()
    };
    encode_request(request, &target)
}

fn lost(encoded: &Encoded) -> Vec<(Feature, &str)> {
    encoded
        .losses
        .losses()
        .iter()
        .map(|l| (l.feature, l.at.as_str()))
        .collect()
}

fn call(id: &'static str, arguments: Arguments<'static>) -> Part<'static> {
    Part::new(PartBody::from(ToolCall {
        id: Some(id.into()),
        name: "f".into(),
        arguments,
        kind: CallKind::Function,
        extra: Extra::NONE,
    }))
}

fn result(id: &'static str, content: Vec<Part<'static>>) -> Part<'static> {
    Part::new(PartBody::from(ToolResult {
        call_id: Some(id.into()),
        name: None,
        content,
        is_error: Some(true),
        kind: CallKind::Function,
    }))
}

fn media(kind: MediaKind, source: Source<'static>, mime: Option<&'static str>) -> Part<'static> {
    Part::new(PartBody::from(Media {
        kind,
        source,
        mime: mime.map(Into::into),
        name: None,
        detail: None,
    }))
}

fn function(name: &'static str) -> Tool<'static> {
    Tool::new(ToolBody::Function(FunctionTool {
        name: name.into(),
        ..FunctionTool::default()
    }))
}

#[test]
fn turns_alternate_and_results_are_the_users() {
    let json = PartBody::Json(RawJson::parse("{\"y\": 2}").unwrap());
    let list = PartBody::Json(RawJson::parse("[1]").unwrap());
    let image = media(MediaKind::Image, Source::Base64("AA==".into()), Some("image/jpg"));
    let mut asked = request(vec![
        Message::new(Role::System, vec![Part::text("s")]),
        Message::new(Role::User, vec![Part::text("q"), Part::text("")]),
        Message::new(Role::Assistant, vec![Part::text("a")]),
        Message::new(
            Role::Assistant,
            vec![
                call("call:1", Arguments::Text("{\"x\": 1}".into())),
                call("b", Arguments::Text("".into())),
            ],
        ),
        Message::new(Role::Tool, vec![result("call:1", vec![Part::text("1"), image])]),
        Message::new(
            Role::Tool,
            vec![result("b", vec![Part::new(json), Part::new(list)])],
        ),
        Message::new(Role::User, vec![Part::text("go on")]),
        Message::new(Role::Developer, vec![Part::text("late")]),
    ]);
    asked.tools = vec![function("f")];
    let encoded = send(&asked);
    let sent = tree(&encoded.body);
    assert_eq!(
        sent["system"],
        serde_json::json!([{"text": "s"}, {"text": "late"}])
    );
    let roles: Vec<_> = sent["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    assert_eq!(sent["messages"][0]["content"], serde_json::json!([{"text": "q"}]));
    let said = &sent["messages"][1]["content"];
    assert_eq!(
        (&said[0]["text"], &said[1]["toolUse"]["input"]),
        (&"a".into(), &serde_json::json!({"x": 1}))
    );
    assert_eq!(said[2]["toolUse"]["input"], serde_json::json!({}));
    let id = said[1]["toolUse"]["toolUseId"].as_str().unwrap();
    assert!(IdRule::ANTHROPIC.admits(id), "{id}");
    let told = &sent["messages"][2]["content"];
    assert_eq!(told[0]["toolResult"]["toolUseId"], id);
    assert_eq!(told[0]["toolResult"]["status"], "error");
    assert_eq!(
        told[0]["toolResult"]["content"][1],
        serde_json::json!({"image": {"format": "jpeg", "source": {"bytes": "AA=="}}})
    );
    assert_eq!(
        told[1]["toolResult"]["content"],
        serde_json::json!([{"json": {"y": 2}}, {"text": "[1]"}])
    );
    assert_eq!(told[2], serde_json::json!({"text": "go on"}));
    assert_eq!(
        sent["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"],
        serde_json::json!({"type": "object", "properties": {}})
    );
    assert_eq!(lost(&encoded), [(Feature::InstructionPlace, "/messages/7")]);
}

#[test]
fn cache_marks_keep_their_boundaries() {
    let mark = || {
        Some(Box::new(CacheMark {
            ttl: Some("1h".into()),
            ..CacheMark::default()
        }))
    };
    let marked = |text: &'static str| {
        let mut part = Part::text(text);
        part.cache = mark();
        part
    };
    let mut asked = request(vec![
        Message::new(Role::System, vec![marked("s"), Part::text("t")]),
        Message::new(Role::User, vec![marked("a"), Part::text("b")]),
    ]);
    let mut tool = function("f");
    tool.cache = mark();
    asked.tools = vec![tool, function("g")];
    let encoded = send(&asked);
    let sent = tree(&encoded.body);
    let point = serde_json::json!({"cachePoint": {"type": "default", "ttl": "1h"}});
    assert_eq!(
        sent["system"],
        serde_json::json!([{"text": "s"}, point, {"text": "t"}])
    );
    assert_eq!(
        sent["messages"][0]["content"],
        serde_json::json!([{"text": "a"}, point, {"text": "b"}])
    );
    assert_eq!(sent["toolConfig"]["tools"][1], point);
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}

#[test]
fn a_choice_of_no_tool_leaves_them_out_unless_the_conversation_used_some() {
    let mut asked = hello();
    asked.tools = vec![function("f"), function("g")];
    asked.tool_choice = Some(ToolChoice::new(ToolMode::None));
    let encoded = send(&asked);
    assert!(tree(&encoded.body).get("toolConfig").is_none() && encoded.losses.is_empty());
    asked.messages.push(Message::new(
        Role::Assistant,
        vec![call("a", Arguments::Text("not json".into()))],
    ));
    let encoded = send(&asked);
    let sent = tree(&encoded.body);
    assert!(sent["toolConfig"]["tools"].is_array() && sent["toolConfig"].get("toolChoice").is_none());
    assert_eq!(
        lost(&encoded),
        [
            (Feature::ToolArguments, "/messages/1/parts/0"),
            (Feature::ToolChoice, "/tool_choice")
        ]
    );
    assert_eq!(
        sent["messages"][1]["content"][0]["toolUse"]["input"],
        serde_json::json!({"input": "not json"})
    );
    let names = vec!["g".into()];
    asked.tool_choice = Some(ToolChoice::new(ToolMode::Allowed {
        required: true,
        names,
    }));
    let config = tree(&send(&asked).body)["toolConfig"].clone();
    assert_eq!(config["tools"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&config["tools"][0]["toolSpec"]["name"], &config["toolChoice"]),
        (&"g".into(), &serde_json::json!({"any": {}}))
    );
}

#[test]
fn only_what_claude_signed_goes_back() {
    let thought = |signature: Option<&'static str>, issuer| {
        let mut part = Part::new(PartBody::from(Reasoning {
            text: vec!["t".into()],
            ..Reasoning::default()
        }));
        part.signature = signature.map(Into::into);
        part.issuer = issuer;
        part
    };
    let mut sealed = Part::new(PartBody::from(Reasoning {
        encrypted: Some("AA==".into()),
        ..Reasoning::default()
    }));
    sealed.issuer = Some(Issuer::Anthropic);
    let asked = request(vec![Message::new(
        Role::Assistant,
        vec![
            thought(Some("s"), Some(Issuer::Anthropic)),
            sealed,
            thought(None, None),
            thought(Some("g"), Some(Issuer::Google)),
            Part::text("a"),
        ],
    )]);
    let encoded = send(&asked);
    assert_eq!(
        tree(&encoded.body)["messages"][0]["content"],
        serde_json::json!([
            {"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}},
            {"reasoningContent": {"redactedContent": "AA=="}},
            {"text": "a"},
        ])
    );
    assert_eq!(
        lost(&encoded),
        [
            (Feature::Reasoning, "/messages/0/parts/2"),
            (Feature::ReasoningSignature, "/messages/0/parts/3"),
            (Feature::Reasoning, "/messages/0/parts/3"),
        ]
    );
}

#[test]
fn how_much_to_think_depends_on_whose_model_it_is() {
    let fields = |model: &'static str, config: ReasoningConfig<'static>, limit: Option<u64>| {
        let mut asked = hello();
        asked.reasoning = Some(config);
        asked.max_output_tokens = limit;
        asked.sampling.top_k = Some(Number::parse("5").unwrap());
        let target = RequestTarget {
            model: Some(model),
            ..RequestTarget::default()
        };
        let encoded = encode_request(&asked, &target);
        let features: Vec<_> = encoded.losses.losses().iter().map(|l| l.feature).collect();
        (
            tree(&encoded.body)["additionalModelRequestFields"].clone(),
            features,
        )
    };
    let budget = |budget| ReasoningConfig {
        budget: Some(budget),
        ..ReasoningConfig::default()
    };
    let effort = |effort: &'static str| ReasoningConfig {
        effort: Some(effort.into()),
        ..ReasoningConfig::default()
    };
    let thinking = |tokens: u64| serde_json::json!({"top_k": 5, "thinking": {"type": "enabled", "budget_tokens": tokens}});
    assert_eq!(fields(CLAUDE, budget(3000), None), (thinking(3000), vec![]));
    let altered = vec![Feature::ReasoningConfig];
    assert_eq!(
        fields(CLAUDE, effort("low"), None),
        (thinking(2048), altered.clone())
    );
    assert_eq!(
        fields(CLAUDE, budget(9000), Some(2000)),
        (thinking(1999), altered.clone())
    );
    let off = serde_json::json!({"top_k": 5});
    assert_eq!(
        fields(CLAUDE, budget(9000), Some(500)),
        (off.clone(), altered.clone())
    );
    assert_eq!(fields(CLAUDE, effort("none"), None), (off, vec![]));
    let gpt = serde_json::json!({"reasoning_effort": "high"});
    assert_eq!(
        fields("openai.gpt-oss-120b-1:0", effort("high"), None),
        (gpt, vec![Feature::Sampling])
    );
    let nova = serde_json::json!({"inferenceConfig": {"topK": 5}});
    assert_eq!(
        fields("us.amazon.nova-pro-v1:0", effort("high"), None),
        (nova, altered)
    );
}

#[test]
fn what_cannot_be_said_is_reported() {
    let mut asked = request(vec![Message::new(
        Role::Other("wizard".into()),
        vec![
            media(
                MediaKind::Image,
                Source::Url("https://example.com/a.png".into()),
                None,
            ),
            media(
                MediaKind::Image,
                Source::Base64("AA==".into()),
                Some("image/svg+xml"),
            ),
            media(MediaKind::File, Source::FileId("f".into()), None),
            media(MediaKind::File, Source::Text("t".into()), None),
            Part::new(PartBody::Refusal("no".into())),
        ],
    )]);
    asked.messages[0].name = Some("n".into());
    asked.sampling.seed = Some(Number::from(1));
    asked.sampling.presence_penalty = Some(Number::from(1));
    asked.candidates = Some(2);
    asked.parallel_tool_calls = Some(false);
    asked.response_format = Some(ResponseFormat {
        shape: ResponseShape::JsonObject,
        form: crate::canonical::Form::default(),
        extra: Extra::NONE,
    });
    asked.user = Some("u".into());
    asked.service_tier = Some("scale".into());
    asked.metadata = Some(RawJson::parse("{\"k\":{}}").unwrap());
    asked.tools = vec![Tool::new(ToolBody::Provider(ProviderTool {
        kind: "web_search".into(),
        value: RawJson::empty_object(),
    }))];
    asked
        .extra
        .push("logit_bias", RawJson::parse("{\"1\":1}").unwrap());
    let encoded = send(&asked);
    assert_eq!(
        lost(&encoded),
        [
            (Feature::Role, "/messages/0/role"),
            (Feature::SpeakerName, "/messages/0/name"),
            (Feature::Image, "/messages/0/parts/0"),
            (Feature::Image, "/messages/0/parts/1"),
            (Feature::FileId, "/messages/0/parts/2"),
            (Feature::Refusal, "/messages/0/parts/4"),
            (Feature::Sampling, "/sampling"),
            (Feature::Seed, "/sampling"),
            (Feature::ParallelToolCalls, "/parallel_tool_calls"),
            (Feature::ServerTool, "/tools/0"),
            (Feature::ResponseFormat, "/response_format"),
            (Feature::Metadata, "/metadata"),
            (Feature::ServiceTier, "/service_tier"),
            (Feature::Candidates, "/candidates"),
            (Feature::User, "/user"),
            (Feature::UnknownField, ""),
        ]
    );
    let sent = tree(&encoded.body);
    assert_eq!(
        sent,
        serde_json::json!({"messages": [{"role": "user", "content": [
            {"document": {"format": "txt", "name": "Document 1", "source": {"text": "t"}}},
            {"text": "no"},
        ]}]})
    );
}

#[test]
fn names_are_made_to_fit_or_reported() {
    let document = |name: &'static str| {
        let mut part = media(MediaKind::File, Source::Base64("JVBERi0=".into()), None);
        if let PartBody::Media(media) = &mut part.body {
            media.name = Some(name.into());
        }
        part
    };
    let mut asked = request(vec![Message::new(
        Role::User,
        vec![document("Report (final)"), document("a_b.pdf"), document("é  ")],
    )]);
    asked.tools = vec![function("a.b")];
    let encoded = send(&asked);
    let content = &tree(&encoded.body)["messages"][0]["content"];
    let names: Vec<_> = (0..3)
        .map(|at| content[at]["document"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Report (final)", "a-b-pdf", "-"]);
    assert_eq!(content[0]["document"]["format"], "pdf");
    assert_eq!(
        lost(&encoded),
        [
            (Feature::File, "/messages/0/parts/1"),
            (Feature::File, "/messages/0/parts/2"),
            (Feature::Tool, "/tools/0"),
        ]
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
                kind: "url_citation".into(),
                url: Some("u".into()),
                title: Some("T".into()),
                start: Some(1),
                ..Citation::default()
            }],
        })),
    ];
    candidate.finish = Some(Finish {
        reason: FinishReason::Refusal,
        native: Some("refusal".into()),
        sequence: None,
    });
    response.candidates = vec![candidate];
    let encoded = encode_response(&response, &AnswerTarget::default());
    assert_eq!(
        tree(&encoded.body),
        serde_json::json!({
            "output": {"message": {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "a\n\nb"}}},
                {"citationsContent": {
                    "content": [{"text": "t"}],
                    "citations": [{"title": "T", "location": {"web": {"url": "u"}}}],
                }},
            ]}},
            "stopReason": "content_filtered",
        })
    );
    assert_eq!(lost(&encoded), [(Feature::Citation, "/messages/0/parts/1")]);
}
