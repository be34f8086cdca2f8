//! Canonical values made up by property tests, within what every dialect models: no notes on
//! spelling, nothing unknown. For the round trips of every dialect.

use std::borrow::Cow;

use proptest::prelude::*;
use sluicegate_protocols::canonical::{
    Arguments, CallKind, Candidate, Extra, Finish, FinishReason, FunctionTool, LogprobsConfig, Media,
    MediaKind, Message, Part, PartBody, Request, Response, ResponseFormat, ResponseShape, Role, Source, Tool,
    ToolBody, ToolCall, ToolChoice, ToolMode, ToolResult, Usage,
};
use sluicegate_protocols::json::{Number, RawJson};
use sluicegate_protocols::{Dialect, TokenCounts};

type Words = Cow<'static, str>;

/// Any text that is not empty, hostile characters among it.
pub(crate) fn text() -> impl Strategy<Value = Words> {
    prop_oneof![
        "\\PC{1,12}",
        Just("a\u{2028}b\u{2029}\"\\\n\r\t\u{1}".to_owned()),
        Just("data: [DONE]\n\n".to_owned()),
        Just("😀\u{0}é".to_owned()),
    ]
    .prop_map(Cow::Owned)
}

fn word() -> impl Strategy<Value = Words> {
    "[a-z][a-z0-9_]{0,10}".prop_map(Cow::Owned)
}

fn object() -> impl Strategy<Value = RawJson<'static>> {
    prop_oneof![
        Just("{}"),
        Just(r#"{"z":1.0,"a":[1e2,null,"\u2028x"]}"#),
        Just("{\n  \"b\" : {\"c\": \"\\u00e9\"}\n}"),
    ]
    .prop_map(|text| RawJson::parse(text).unwrap())
}

fn number() -> impl Strategy<Value = Number<'static>> {
    prop_oneof![Just("0"), Just("0.70"), Just("1e0"), Just("2")].prop_map(|text| Number::parse(text).unwrap())
}

fn image() -> impl Strategy<Value = Part<'static>> {
    let source = prop_oneof![
        Just((Source::Url("https://example.com/a.png".into()), None)),
        Just((Source::Base64("aGVsbG8=".into()), Some("image/png".into()))),
    ];
    source.prop_map(|(source, mime)| {
        Part::new(PartBody::Media(Media {
            kind: MediaKind::Image,
            source,
            mime,
            name: None,
            detail: None,
        }))
    })
}

fn instruction() -> impl Strategy<Value = Message<'static>> {
    text().prop_map(|text| Message::new(Role::System, vec![Part::text(text)]))
}

fn user() -> impl Strategy<Value = Message<'static>> {
    let part = prop_oneof![text().prop_map(Part::text), image()];
    proptest::collection::vec(part, 1..4).prop_map(|parts| Message::new(Role::User, parts))
}

/// One text at most, and calls behind it.
pub(crate) fn said(ids: &'static str) -> impl Strategy<Value = Vec<Part<'static>>> {
    let calls = proptest::collection::vec((word(), object()), 0..3);
    (proptest::option::of(text()), calls).prop_map(move |(text, calls)| {
        let mut parts: Vec<_> = text.map(Part::text).into_iter().collect();
        for (at, (name, input)) in calls.into_iter().enumerate() {
            parts.push(Part::new(PartBody::ToolCall(ToolCall {
                id: Some(format!("{ids}{at}").into()),
                name,
                arguments: Arguments::Text(input.as_str().to_owned().into()),
                kind: CallKind::Function,
                extra: Extra::NONE,
            })));
        }
        if parts.is_empty() {
            parts.push(Part::text("x"));
        }
        parts
    })
}

/// A turn of the model and, where it calls tools, their results.
fn exchange() -> impl Strategy<Value = Vec<Message<'static>>> {
    (said("call_"), text()).prop_map(|(parts, answer)| {
        let ids: Vec<_> = parts
            .iter()
            .filter_map(|part| part.body.as_tool_call()?.id.clone())
            .collect();
        let mut messages = vec![Message::new(Role::Assistant, parts)];
        messages.extend(ids.into_iter().map(|id| {
            let result = ToolResult {
                call_id: Some(id),
                name: None,
                content: vec![Part::text(answer.clone())],
                is_error: None,
                kind: CallKind::Function,
            };
            Message::new(Role::Tool, vec![Part::new(PartBody::ToolResult(result))])
        }));
        messages
    })
}

fn tool() -> impl Strategy<Value = Tool<'static>> {
    (word(), proptest::option::of(text()), object()).prop_map(|(name, description, parameters)| {
        Tool::new(ToolBody::Function(FunctionTool {
            name,
            description,
            parameters: Some(parameters),
            strict: None,
            extra: Extra::NONE,
        }))
    })
}

fn tool_choice() -> impl Strategy<Value = ToolChoice<'static>> {
    prop_oneof![
        Just(ToolMode::Auto),
        Just(ToolMode::None),
        Just(ToolMode::Required),
        word().prop_map(ToolMode::Named),
    ]
    .prop_map(ToolChoice::new)
}

fn response_format() -> impl Strategy<Value = ResponseFormat<'static>> {
    object().prop_map(|schema| ResponseFormat {
        shape: ResponseShape::JsonSchema {
            // The name that `meaning` gives where a dialect has none.
            name: Some("response".into()),
            description: None,
            schema: Some(schema),
            strict: Some(true),
            extra: Extra::NONE,
        },
        form: sluicegate_protocols::canonical::Form::default(),
        extra: Extra::NONE,
    })
}

/// A request that every dialect can express.
pub(crate) fn request(dialect: Dialect) -> impl Strategy<Value = Request<'static>> {
    let conversation = (
        proptest::option::of(instruction()),
        user(),
        proptest::collection::vec((exchange(), user()), 0..3),
    );
    let settings = (
        proptest::option::of(number()),
        proptest::option::of(1u64..100_000),
        proptest::collection::vec(text(), 0..3),
        any::<bool>(),
    );
    let tools = (
        proptest::collection::vec(tool(), 0..3),
        proptest::option::of(tool_choice()),
        proptest::option::of(response_format()),
    );
    (word(), conversation, settings, tools).prop_map(
        move |(model, (system, first, rest), (temperature, limit, stop, stream), (tools, choice, format))| {
            let mut request = Request::new(dialect);
            request.model = Some(model);
            request.messages.extend(system);
            request.messages.push(first);
            for (exchange, user) in rest {
                request.messages.extend(exchange);
                request.messages.push(user);
            }
            request.sampling.temperature = temperature;
            request.max_output_tokens = limit;
            request.stop = stop;
            request.stream.enabled = Some(stream);
            request.tool_choice = choice.filter(|_| !tools.is_empty());
            request.tools = tools;
            request.response_format = format;
            request.logprobs = LogprobsConfig::default();
            within(dialect, &mut request);
            request
        },
    )
}

/// Leaves out what a dialect says elsewhere than in the body, or not at all.
fn within(dialect: Dialect, request: &mut Request<'static>) {
    match dialect {
        Dialect::OpenAiChat => {}
        Dialect::BedrockConverse => {
            // Both are in the path.
            request.model = None;
            request.stream.enabled = None;
            let parts = request.messages.iter_mut().flat_map(|message| &mut message.parts);
            for part in parts {
                if let PartBody::Media(media) = &mut part.body {
                    media.source = Source::Base64("aGVsbG8=".into());
                    media.mime = Some("image/png".into());
                }
            }
            forget_choices(request, &[ToolMode::None]);
        }
        Dialect::CohereChat => forget_choices(request, &[ToolMode::Auto]),
    }
}

/// Leaves out choices among tools that a dialect cannot say as they are; named ones are for unit
/// tests where any are.
fn forget_choices(request: &mut Request<'static>, modes: &[ToolMode<'_>]) {
    let choice = request.tool_choice.take();
    request.tool_choice = choice.filter(|choice| {
        let named = matches!(choice.mode, ToolMode::Named(_)) && modes.contains(&ToolMode::Auto);
        !named && !modes.contains(&choice.mode)
    });
}

/// What answers of a dialect say of themselves.
struct Tells {
    id: bool,
    model: bool,
    time: bool,
}

fn tells(dialect: Dialect) -> Tells {
    let (id, model, time) = match dialect {
        Dialect::OpenAiChat => (true, true, true),
        Dialect::BedrockConverse => (false, false, false),
        Dialect::CohereChat => (true, false, false),
    };
    Tells { id, model, time }
}

/// An answer that every dialect can express.
pub(crate) fn response(dialect: Dialect) -> impl Strategy<Value = Response<'static>> {
    (said("call_"), 0u64..1_000_000, 0u64..1_000_000, word()).prop_map(
        move |(parts, input, output, model)| {
            let mut response = Response::new(dialect);
            let calls = parts
                .iter()
                .any(|part| matches!(part.body, PartBody::ToolCall(_)));
            let mut candidate = Candidate::new(0);
            candidate.message.parts = parts;
            candidate.finish = Some(Finish {
                reason: if calls {
                    FinishReason::ToolUse
                } else {
                    FinishReason::Stop
                },
                native: None,
                sequence: None,
            });
            response.id = tells(dialect).id.then(|| "answer-1".into());
            response.model = Some(model).filter(|_| tells(dialect).model);
            response.created = tells(dialect).time.then_some(1_700_000_000);
            response.candidates.push(candidate);
            response.usage = Some(Usage {
                counts: TokenCounts {
                    input,
                    output,
                    ..TokenCounts::default()
                },
                native: None,
            });
            response
        },
    )
}
