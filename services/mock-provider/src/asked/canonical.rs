//! Reads what a request asks for from the canonical form, for every format but the one that benches
//! use. What decoders get wrong here would look right again when encoders get it wrong the same way:
//! shapes are therefore held against recordings in the tests.

use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::{
    FunctionTool, Media, MediaKind, Message, Part, PartBody, ReasoningConfig, Request, ResponseFormat,
    ResponseShape, Role, Source, ToolBody, ToolMode,
};

use super::{Asked, Broken, Image, Tool, ToolChoice, append};
use crate::text::{hash, mix};

/// Tokens of an image.
const IMAGE_TOKENS: u64 = 85;

/// Reads `request`.
pub(crate) fn read(request: &Request<'_>) -> Result<Asked, Broken> {
    let mut asked = Asked {
        one_call: request.parallel_tool_calls == Some(false),
        results: results(request)?,
        schema: request.response_format.as_ref().and_then(schema),
        reasoning: wants_reasoning(request),
        ..Asked::default()
    };
    for tool in &request.tools {
        if let ToolBody::Function(FunctionTool { name, parameters, .. }) = &tool.body {
            let schema = parameters.as_ref().map(|raw| raw.as_str()).unwrap_or_default();
            asked.tools.push(Tool {
                name: name.as_ref().to_owned(),
                parameters: serde_json::from_str(schema).unwrap_or_default(),
            });
        }
    }
    choose(request, &mut asked);
    for message in &request.messages {
        if message.role.is_instruction() {
            append(&mut asked.system, &text(message));
        } else if message.role == Role::User {
            let prompt = text(message);
            if !prompt.is_empty() {
                asked.prompt = prompt;
                asked.images = message.parts.iter().filter_map(image).collect();
            }
        }
    }
    Ok(asked)
}

fn choose(request: &Request<'_>, asked: &mut Asked) {
    asked.choice = match request.tool_choice.as_ref().map(|choice| &choice.mode) {
        Some(ToolMode::None) => ToolChoice::None,
        Some(ToolMode::Required) => ToolChoice::Required,
        Some(ToolMode::Named(name)) => ToolChoice::Named(name.as_ref().to_owned()),
        Some(ToolMode::Allowed { required, names }) => {
            asked
                .tools
                .retain(|tool| names.iter().any(|name| *name == tool.name));
            if *required {
                ToolChoice::Required
            } else {
                ToolChoice::Auto
            }
        }
        Some(ToolMode::Auto | ToolMode::Other(_)) | None => ToolChoice::Auto,
    };
}

/// The text of a message, a paragraph a part.
fn text(message: &Message<'_>) -> String {
    let mut found = String::new();
    for part in &message.parts {
        append(&mut found, part_text(part).unwrap_or_default());
    }
    found
}

fn part_text<'p>(part: &'p Part<'_>) -> Option<&'p str> {
    part.body.as_text().map(|text| text.text.as_ref())
}

fn image(part: &Part<'_>) -> Option<Image> {
    let PartBody::Media(media) = &part.body else {
        return None;
    };
    let Media {
        kind: MediaKind::Image,
        source,
        mime,
        ..
    } = &**media
    else {
        return None;
    };
    match source {
        Source::Base64(data) => Some(Image::inline(mime.as_deref().unwrap_or_default(), data)),
        Source::Url(address) | Source::FileId(address) => Some(Image::remote(address)),
        Source::Text(_) => None,
    }
}

fn schema(format: &ResponseFormat<'_>) -> Option<serde_json::Value> {
    match &format.shape {
        ResponseShape::JsonSchema { schema, .. } => {
            let text = schema.as_ref().map(|raw| raw.as_str()).unwrap_or("{}");
            serde_json::from_str(text).ok()
        }
        ResponseShape::JsonObject => Some(serde_json::json!({"type": "object", "required": ["answer"]})),
        ResponseShape::Text | ResponseShape::Other(_) => None,
    }
}

/// Claude thinks when thinking is switched on, whatever the effort; others when they are told how much.
fn wants_reasoning(request: &Request<'_>) -> bool {
    let Some(config) = &request.reasoning else {
        return false;
    };
    let ReasoningConfig {
        enabled,
        effort,
        budget,
        show,
        ..
    } = config;
    match request.origin {
        Dialect::AnthropicMessages | Dialect::BedrockConverse => *enabled == Some(true),
        Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::Gemini | Dialect::CohereChat => {
            let some = effort.as_deref().is_some_and(|word| word != "none")
                || budget.is_some_and(|tokens| tokens > 0)
                || (*show == Some(true) && *budget != Some(0));
            enabled.unwrap_or(some)
        }
    }
}

/// Whether reasoning is kept from the caller, who pays for it all the same.
pub(crate) fn hides_reasoning(request: &Request<'_>) -> bool {
    let config = request.reasoning.as_ref();
    let show = config.and_then(|config| config.show);
    match request.origin {
        Dialect::OpenAiChat => true,
        Dialect::OpenAiResponses => config.is_none_or(|config| config.summary.is_none()),
        Dialect::Gemini => show != Some(true),
        Dialect::AnthropicMessages | Dialect::BedrockConverse | Dialect::CohereChat => show == Some(false),
    }
}

/// The tool results that end the conversation. Each has to belong to a call of the turn before, and
/// each call of it needs one. Calls without ids are told by their number.
fn results(request: &Request<'_>) -> Result<Vec<String>, Broken> {
    // The provider has the calls.
    if request.extra.get("previous_response_id").is_some() {
        return Ok(Vec::new());
    }
    let spoken: Vec<(&Role<'_>, &Part<'_>)> = request
        .messages
        .iter()
        .filter(|message| !message.role.is_instruction())
        .flat_map(|message| message.parts.iter().map(move |part| (&message.role, part)))
        .collect();
    let after = spoken
        .iter()
        .rposition(|(role, _)| **role == Role::Assistant)
        .map_or(0, |at| at + 1);
    let (before, tail) = spoken.split_at(after);
    let turn = before
        .iter()
        .rev()
        .take_while(|(role, _)| **role == Role::Assistant);
    let mut called: Vec<Option<&str>> = turn
        .filter_map(|(_, part)| Some(part.body.as_tool_call()?.id.as_deref()))
        .collect();
    let mut found = Vec::new();
    let mut last = false;
    for (_, part) in tail {
        last = false;
        if let Some(result) = part.body.as_tool_result() {
            last = true;
            let same = |id: &Option<&str>| match (id, result.call_id.as_deref()) {
                (Some(id), Some(given)) => *id == given,
                (None, _) | (_, None) => true,
            };
            let at = called.iter().position(same).ok_or(Broken::OrphanResult)?;
            called.swap_remove(at);
            found.push(result_text(&result.content));
        }
    }
    if !tail.is_empty() && !called.is_empty() {
        return Err(Broken::UnansweredCall);
    }
    Ok(if last { found } else { Vec::new() })
}

/// What a tool said: its text, or its JSON; the text in an object that holds nothing else.
fn result_text(content: &[Part<'_>]) -> String {
    let mut said = String::new();
    for part in content {
        match &part.body {
            PartBody::Text(text) => append(&mut said, &text.text),
            PartBody::Json(value) => {
                let document: serde_json::Value = serde_json::from_str(value.as_str()).unwrap_or_default();
                let only = document.as_object().filter(|members| members.len() == 1);
                let inner = only.and_then(|members| members.values().next()?.as_str());
                append(&mut said, inner.unwrap_or(value.as_str()));
            }
            PartBody::Refusal(_)
            | PartBody::Media(_)
            | PartBody::Reasoning(_)
            | PartBody::ToolCall(_)
            | PartBody::ToolResult(_)
            | PartBody::Opaque(_) => {}
        }
    }
    said
}

/// Size of a request: tokens of input, as the other format counts them, and a number for what is asked.
pub(crate) fn measure(request: &Request<'_>) -> (u64, u64) {
    let (mut bytes, mut images, mut question) = (0u64, 0u64, 0u64);
    let mut count = |text: &str| {
        bytes += text.len() as u64;
        question = mix(question, hash(text.as_bytes()));
    };
    for part in request.messages.iter().flat_map(|message| &message.parts) {
        match &part.body {
            PartBody::Text(text) => count(&text.text),
            PartBody::Refusal(text) => count(text),
            PartBody::Json(value) => count(value.as_str()),
            PartBody::ToolCall(call) => {
                count(&call.name);
                count(call.arguments.as_text());
            }
            PartBody::ToolResult(result) => count(&result_text(&result.content)),
            PartBody::Reasoning(reasoning) => reasoning.text.iter().for_each(|piece| count(piece)),
            PartBody::Opaque(opaque) => count(opaque.value.as_str()),
            PartBody::Media(_) => images += 1,
        }
    }
    for tool in &request.tools {
        if let ToolBody::Function(function) = &tool.body {
            count(&function.name);
            count(function.description.as_deref().unwrap_or_default());
            count(
                function
                    .parameters
                    .as_ref()
                    .map(|raw| raw.as_str())
                    .unwrap_or_default(),
            );
        }
    }
    let tokens = 3 + 4 * request.messages.len() as u64 + bytes.div_ceil(4) + IMAGE_TOKENS * images;
    (tokens, question)
}
