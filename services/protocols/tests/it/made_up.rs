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

/// What a dialect's documents have room for, beyond what all of them model.
struct Room {
    /// The model and whether to stream stand in the body; elsewhere in the path.
    model: bool,
    /// Media at an address.
    urls: bool,
    /// Tools that are offered and forbidden at once.
    forbidden_tools: bool,
    /// Tools left to the model's choice in so many words, and one tool by name.
    chosen_tools: bool,
    /// Name and strictness of the schema of an answer.
    schema_name: bool,
    /// Results repeat the name of the call.
    result_names: bool,
    /// Answers say which they are.
    identity: bool,
    /// Answers say which model made them.
    maker: bool,
    /// Answers say when they were made.
    time: bool,
    /// Texts that end the answer.
    stop: bool,
}

fn room(dialect: Dialect) -> Room {
    let full = Room {
        model: true,
        urls: true,
        forbidden_tools: true,
        chosen_tools: true,
        schema_name: true,
        result_names: false,
        identity: true,
        maker: true,
        time: true,
        stop: true,
    };
    match dialect {
        Dialect::OpenAiChat => full,
        Dialect::OpenAiResponses => Room { stop: false, ..full },
        Dialect::AnthropicMessages => Room { time: false, ..full },
        Dialect::Gemini => Room {
            model: false,
            schema_name: false,
            result_names: true,
            ..full
        },
        Dialect::BedrockConverse => Room {
            model: false,
            urls: false,
            forbidden_tools: false,
            identity: false,
            maker: false,
            time: false,
            ..full
        },
        Dialect::CohereChat => Room {
            chosen_tools: false,
            schema_name: false,
            maker: false,
            time: false,
            ..full
        },
    }
}

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
    prop_oneof![Just("0"), Just("0.70"), Just("1e0"), Just("1")].prop_map(|text| Number::parse(text).unwrap())
}

fn image(dialect: Dialect) -> impl Strategy<Value = Part<'static>> {
    let mut sources = vec![(Source::Base64("aGVsbG8=".into()), Some("image/png".into()))];
    if room(dialect).urls {
        sources.push((Source::Url("https://example.com/a.png".into()), None));
    }
    let source = proptest::sample::select(sources);
    source.prop_map(|(source, mime)| {
        Part::new(PartBody::from(Media {
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

fn user(dialect: Dialect) -> impl Strategy<Value = Message<'static>> {
    let part = prop_oneof![text().prop_map(Part::text), image(dialect)];
    proptest::collection::vec(part, 1..4).prop_map(|parts| Message::new(Role::User, parts))
}

/// One text at most, and calls behind it.
pub(crate) fn said(ids: &'static str) -> impl Strategy<Value = Vec<Part<'static>>> {
    let calls = proptest::collection::vec((word(), object()), 0..3);
    (proptest::option::of(text()), calls).prop_map(move |(text, calls)| {
        let mut parts: Vec<_> = text.map(Part::text).into_iter().collect();
        for (at, (name, input)) in calls.into_iter().enumerate() {
            parts.push(Part::new(PartBody::from(ToolCall {
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
            Message::new(Role::Tool, vec![Part::new(PartBody::from(result))])
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

fn tool_choice(dialect: Dialect) -> impl Strategy<Value = ToolChoice<'static>> {
    let room = room(dialect);
    let mut modes = vec![Just(ToolMode::Required).boxed()];
    if room.forbidden_tools {
        modes.push(Just(ToolMode::None).boxed());
    }
    if room.chosen_tools {
        modes.push(Just(ToolMode::Auto).boxed());
        modes.push(word().prop_map(ToolMode::Named).boxed());
    }
    proptest::strategy::Union::new(modes).prop_map(ToolChoice::new)
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
        user(dialect),
        proptest::collection::vec((exchange(), user(dialect)), 0..3),
    );
    let settings = (
        proptest::option::of(number()),
        proptest::option::of(1u64..100_000),
        proptest::collection::vec(text(), 0..3),
        any::<bool>(),
    );
    let tools = (
        proptest::collection::vec(tool(), 0..3),
        proptest::option::of(tool_choice(dialect)),
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
            // The one thing that a dialect lacks.
            request.stop = stop;
            if dialect == Dialect::OpenAiResponses {
                request.stop.clear();
            }
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

/// Leaves out what a dialect has no room for, and says what it demands.
fn within(dialect: Dialect, request: &mut Request<'static>) {
    let room = room(dialect);
    if !room.model {
        request.model = None;
        request.stream.enabled = None;
    }
    let shape = request.response_format.as_mut().map(|format| &mut format.shape);
    if let Some(ResponseShape::JsonSchema { name, strict, .. }) = shape
        && !room.schema_name
    {
        // The name that `meaning` gives where a dialect has none.
        *name = Some("response".into());
        *strict = None;
    }
    if !room.stop {
        request.stop.clear();
    }
    if room.result_names {
        name_results(request);
    }
}

/// Puts the names of the calls on their results.
fn name_results(request: &mut Request<'static>) {
    let mut names: Vec<(Option<Words>, Words)> = Vec::new();
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        match &mut part.body {
            PartBody::ToolCall(call) => names.push((call.id.clone(), call.name.clone())),
            PartBody::ToolResult(result) => {
                let called = names.iter().rev().find(|(id, _)| *id == result.call_id);
                result.name = called.map(|(_, name)| name.clone());
            }
            PartBody::Text(_)
            | PartBody::Refusal(_)
            | PartBody::Media(_)
            | PartBody::Reasoning(_)
            | PartBody::Json(_)
            | PartBody::Opaque(_) => {}
        }
    }
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
            let room = room(dialect);
            response.id = room.identity.then(|| "answer-1".into());
            response.model = Some(model).filter(|_| room.maker);
            response.created = room.time.then_some(1_700_000_000);
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
