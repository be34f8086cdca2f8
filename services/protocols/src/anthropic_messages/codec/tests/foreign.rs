//! Settings, tools and media of other dialects: what they become, and what is reported as lost.

use super::{lost, tree};
use crate::anthropic_messages::codec::{decode_request, encode_request};
use crate::canonical::{
    Arguments, CallKind, Extra, Form, FunctionTool, Issuer, Media, MediaKind, Message, Part, PartBody,
    Reasoning, ReasoningConfig, Request, ResponseFormat, ResponseShape, Role, Source, Tool, ToolBody,
    ToolCall, ToolChoice, ToolMode, ToolResult,
};
use crate::dialect::Dialect;
use crate::json::{Number, RawJson};
use crate::lossy::{Encoded, Feature};
use crate::target::{RequestTarget, ThinkingControl};

fn request() -> Request<'static> {
    let mut request = Request::new(Dialect::OpenAiChat);
    request.messages = vec![Message::new(Role::User, vec![Part::text("hi")])];
    request
}

fn tool(name: &'static str, parameters: Option<&'static str>) -> Tool<'static> {
    Tool::new(ToolBody::Function(FunctionTool {
        name: name.into(),
        parameters: parameters.map(|text| RawJson::parse(text).unwrap()),
        ..FunctionTool::default()
    }))
}

fn send(request: &Request<'_>) -> Encoded {
    encode_request(request, &RequestTarget::default())
}

fn effort(word: &'static str) -> Option<ReasoningConfig<'static>> {
    Some(ReasoningConfig {
        effort: Some(word.into()),
        ..ReasoningConfig::default()
    })
}

#[test]
fn tools_are_offered_in_this_dialects_shape() {
    let mut asked = request();
    asked.tools = vec![
        tool("a", Some(r#"{"type":"object","z":1.0}"#)),
        tool("b", Some(r#"{"properties":{}}"#)),
        tool("c", Some("{}")),
        tool("d", None),
    ];
    asked.parallel_tool_calls = Some(false);
    let sent = tree(&send(&asked).body);
    let schemas: Vec<_> = (0..4)
        .map(|at| sent["tools"][at]["input_schema"].to_string())
        .collect();
    let object = r#"{"type":"object"}"#;
    assert_eq!(schemas[0], r#"{"type":"object","z":1.0}"#);
    assert_eq!(
        tree(schemas[1].as_bytes()),
        serde_json::json!({"type": "object", "properties": {}})
    );
    assert_eq!((schemas[2].as_str(), schemas[3].as_str()), (object, object));
    let one_at_a_time = serde_json::json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(sent["tool_choice"], one_at_a_time);

    let choose = |mode: ToolMode<'static>, parallel| {
        let mut asked = asked.clone();
        asked.tool_choice = Some(ToolChoice::new(mode));
        asked.parallel_tool_calls = parallel;
        let encoded = send(&asked);
        assert!(encoded.losses.is_empty());
        tree(&encoded.body)
    };
    assert_eq!(
        choose(ToolMode::Required, Some(true))["tool_choice"],
        serde_json::json!({"type": "any"})
    );
    assert_eq!(
        choose(ToolMode::Named("a".into()), Some(false))["tool_choice"],
        serde_json::json!({"type": "tool", "name": "a", "disable_parallel_tool_use": true})
    );
    assert_eq!(
        choose(ToolMode::None, Some(false))["tool_choice"],
        serde_json::json!({"type": "none"})
    );
    let allowed = choose(
        ToolMode::Allowed {
            required: true,
            names: vec!["b".into()],
        },
        None,
    );
    assert_eq!(allowed["tool_choice"], serde_json::json!({"type": "any"}));
    assert_eq!(allowed["tools"].as_array().unwrap().len(), 1);

    let mut bare = request();
    bare.tool_choice = Some(ToolChoice::new(ToolMode::Required));
    let encoded = send(&bare);
    assert!(tree(&encoded.body).get("tool_choice").is_none());
    assert_eq!(lost(&encoded), [(Feature::ToolChoice, "/tool_choice")]);
}

#[test]
fn thinking_is_asked_for_as_the_model_takes_it() {
    let think = |config: Option<ReasoningConfig<'static>>, thinking, limit| {
        let mut asked = request();
        asked.reasoning = config;
        asked.max_output_tokens = Some(limit);
        let target = RequestTarget {
            thinking,
            ..RequestTarget::default()
        };
        let encoded = encode_request(&asked, &target);
        let sent = tree(&encoded.body);
        let losses = encoded.losses.losses().len();
        (
            sent["thinking"].clone(),
            sent["output_config"]["effort"].clone(),
            losses,
        )
    };
    let budget = |budget| {
        Some(ReasoningConfig {
            budget: Some(budget),
            ..ReasoningConfig::default()
        })
    };
    let (adaptive, null) = (serde_json::json!({"type": "adaptive"}), serde_json::Value::Null);
    let enabled = |budget: u64| serde_json::json!({"type": "enabled", "budget_tokens": budget});
    let by_effort = ThinkingControl::Effort;
    assert_eq!(
        think(effort("high"), by_effort, 9),
        (adaptive.clone(), "high".into(), 0)
    );
    assert_eq!(
        think(effort("minimal"), by_effort, 9),
        (adaptive.clone(), "low".into(), 0)
    );
    assert_eq!(
        think(effort("odd"), by_effort, 9),
        (adaptive.clone(), null.clone(), 1)
    );
    assert_eq!(think(budget(5000), by_effort, 9), (adaptive, "medium".into(), 1));
    let disabled = serde_json::json!({"type": "disabled"});
    for off in [effort("none"), budget(0)] {
        assert_eq!(think(off, by_effort, 9), (disabled.clone(), null.clone(), 0));
    }
    let by_budget = ThinkingControl::Budget;
    assert_eq!(
        think(effort("low"), by_budget, 10_000),
        (enabled(2000), null.clone(), 1)
    );
    assert_eq!(
        think(effort("low"), by_budget, 2000),
        (enabled(1024), null.clone(), 1)
    );
    assert_eq!(
        think(budget(5000), by_budget, 10_000),
        (enabled(5000), null.clone(), 0)
    );
    assert_eq!(
        think(budget(5000), by_budget, 4000),
        (enabled(3999), null.clone(), 1)
    );
    assert_eq!(think(budget(5000), by_budget, 1000), (null.clone(), null, 1));
}

#[test]
fn thinking_gives_way_to_what_excludes_it() {
    let mut forced = request();
    forced.reasoning = effort("high");
    forced.tools = vec![tool("f", None)];
    forced.tool_choice = Some(ToolChoice::new(ToolMode::Required));
    let encoded = send(&forced);
    assert!(tree(&encoded.body).get("thinking").is_none());
    assert_eq!(lost(&encoded), [(Feature::ReasoningConfig, "/reasoning")]);

    // With a budget, calls that were made without thinking of its own stop a model from thinking.
    let mut looping = request();
    looping.reasoning = effort("high");
    let call = PartBody::from(ToolCall {
        id: Some("a".into()),
        name: "f".into(),
        arguments: Arguments::default(),
        kind: CallKind::Function,
        extra: Extra::NONE,
    });
    let result = PartBody::from(ToolResult {
        call_id: Some("a".into()),
        name: None,
        content: Vec::new(),
        is_error: None,
        kind: CallKind::Function,
    });
    looping
        .messages
        .push(Message::new(Role::Assistant, vec![Part::new(call)]));
    looping
        .messages
        .push(Message::new(Role::Tool, vec![Part::new(result)]));
    let thinks = |request: &Request<'_>, thinking| {
        let target = RequestTarget {
            thinking,
            ..RequestTarget::default()
        };
        tree(&encode_request(request, &target).body)
            .get("thinking")
            .is_some()
    };
    assert!(thinks(&looping, ThinkingControl::Effort));
    assert!(!thinks(&looping, ThinkingControl::Budget));
    let mut thought = Part::new(PartBody::from(Reasoning::default()));
    thought.signature = Some("s".into());
    thought.issuer = Some(Issuer::Anthropic);
    looping.messages[1].parts.insert(0, thought);
    assert!(thinks(&looping, ThinkingControl::Budget));
}

#[test]
fn settings_without_a_place_are_reported() {
    let mut asked = request();
    let number = |text: &'static str| Some(Number::parse(text).unwrap());
    asked.sampling.temperature = number("1.5");
    asked.sampling.presence_penalty = number("0.0");
    asked.sampling.frequency_penalty = number("0.5");
    asked.sampling.seed = number("0");
    asked.candidates = Some(2);
    asked.logprobs.top = Some(1);
    asked.stop = vec!["\n".into(), "END".into()];
    asked.service_tier = Some("flex".into());
    asked.verbosity = Some("low".into());
    asked.modalities = vec!["text".into(), "audio".into()];
    asked.user = Some("u".into());
    asked.safety_identifier = Some("h".into());
    asked.metadata = Some(RawJson::empty_object());
    asked.prompt_cache_key = Some("k".into());
    asked.store = Some(true);
    asked.extra.push("top_a", RawJson::parse("1").unwrap());
    asked.response_format = Some(ResponseFormat {
        shape: ResponseShape::JsonObject,
        form: Form::default(),
        extra: Extra::NONE,
    });
    let encoded = send(&asked);
    let features: Vec<_> = lost(&encoded).into_iter().map(|(feature, _)| feature).collect();
    let expected = [
        Feature::ResponseFormat,
        Feature::Sampling,
        Feature::Sampling,
        Feature::Seed,
        Feature::Stop,
        Feature::User,
        Feature::ServiceTier,
        Feature::Candidates,
        Feature::Logprobs,
        Feature::Verbosity,
        Feature::Modalities,
        Feature::Metadata,
        Feature::PromptCacheKey,
        Feature::Store,
        Feature::UnknownField,
    ];
    assert_eq!(features, expected);
    let sent = tree(&encoded.body);
    assert_eq!(
        sent,
        serde_json::json!({"max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}], "temperature": 1,
            "stop_sequences": ["END"], "metadata": {"user_id": "u"}})
    );
    decode_request(&encoded.body, 64).unwrap();
}

#[test]
fn thinking_takes_no_sampling() {
    let mut asked = request();
    asked.reasoning = effort("low");
    asked.sampling.temperature = Some(Number::from(1));
    assert!(send(&asked).losses.is_empty());
    asked.sampling.temperature = Some(Number::parse("0.2").unwrap());
    let encoded = send(&asked);
    assert!(tree(&encoded.body).get("temperature").is_none());
    assert_eq!(lost(&encoded), [(Feature::Sampling, "/sampling")]);
}

#[test]
fn a_schema_is_asked_for_and_default_service_has_its_own_word() {
    let mut asked = request();
    asked.service_tier = Some("default".into());
    asked.safety_identifier = Some("h".into());
    asked.response_format = Some(ResponseFormat {
        shape: ResponseShape::JsonSchema {
            name: Some("n".into()),
            description: None,
            schema: Some(RawJson::parse(r#"{"b":1.0,"a":{}}"#).unwrap()),
            strict: Some(true),
            extra: Extra::NONE,
        },
        form: Form::default(),
        extra: Extra::NONE,
    });
    let encoded = send(&asked);
    assert!(encoded.losses.is_empty());
    let body = String::from_utf8(encoded.body).unwrap();
    assert!(body.contains(r#""output_config":{"format":{"type":"json_schema","schema":{"b":1.0,"a":{}}}}"#));
    assert!(body.contains(r#""service_tier":"standard_only""#) && body.contains(r#""user_id":"h""#));
}

#[test]
fn media_goes_as_an_image_or_a_document_or_not_at_all() {
    let written = |kind, source: Source<'static>, mime: Option<&'static str>| {
        let mut asked = request();
        asked.messages[0].parts.push(Part::new(PartBody::from(Media {
            kind,
            source,
            mime: mime.map(Into::into),
            name: Some("n".into()),
            detail: None,
        })));
        let encoded = send(&asked);
        let block = tree(&encoded.body)["messages"][0]["content"][1].clone();
        let loss = lost(&encoded).first().map(|(feature, _)| *feature);
        (
            block["type"].as_str().map(str::to_owned),
            block["source"].clone(),
            loss,
        )
    };
    let base64 = |data: &'static str| Source::Base64(data.into());
    let is = |block: &str, source: serde_json::Value| (Some(block.to_owned()), source, None);
    let gone = |feature| (None, serde_json::Value::Null, Some(feature));
    assert_eq!(
        written(MediaKind::Image, base64("iVBORw0KGgoA"), None),
        is(
            "image",
            serde_json::json!({"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgoA"})
        )
    );
    assert_eq!(
        written(MediaKind::File, Source::Url("https://a".into()), None),
        is("document", serde_json::json!({"type": "url", "url": "https://a"}))
    );
    assert_eq!(
        written(MediaKind::File, base64("aGk="), Some("text/csv")),
        is(
            "document",
            serde_json::json!({"type": "text", "media_type": "text/plain", "data": "hi"})
        )
    );
    assert_eq!(
        written(MediaKind::File, base64("/w=="), Some("text/csv")),
        gone(Feature::File)
    );
    assert_eq!(
        written(MediaKind::File, base64("AA=="), Some("application/zip")),
        gone(Feature::File)
    );
    assert_eq!(
        written(MediaKind::Image, base64("AA=="), None),
        gone(Feature::Image)
    );
    assert_eq!(
        written(MediaKind::Audio, base64("AA=="), Some("audio/wav")),
        gone(Feature::Audio)
    );
    assert_eq!(
        written(MediaKind::File, Source::FileId("f".into()), None),
        gone(Feature::FileId)
    );
}
