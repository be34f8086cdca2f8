//! Reasoning that comes back: its signature has to be the one it was given with, as the provider of
//! that dialect insists.

use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::{Issuer, Part, PartBody, Request, Role};

use super::Broken;
use crate::seal;

/// What Google takes for the signature of a call that another model made.
const STAND_INS: [&str; 2] = [
    "skip_thought_signature_validator",
    "context_engineering_is_the_way_to_go",
];

/// Looks at every signature in the conversation.
pub(crate) fn check(request: &Request<'_>, model: &str, seed: u64) -> Result<(), Broken> {
    let parts = request
        .messages
        .iter()
        .filter(|message| message.role == Role::Assistant)
        .flat_map(|message| &message.parts);
    for part in parts {
        let intact = match request.origin {
            Dialect::AnthropicMessages | Dialect::BedrockConverse => claude(part, seed),
            Dialect::Gemini => google(part, seed),
            Dialect::OpenAiResponses => openai(part, seed),
            Dialect::OpenAiChat | Dialect::CohereChat => true,
        };
        if !intact {
            return Err(Broken::ChangedSignature);
        }
    }
    if request.origin == Dialect::Gemini && model.contains("gemini-3") && lacks_signature(request) {
        return Err(Broken::MissingSignature);
    }
    Ok(())
}

/// The signature belongs to the text it stands by.
fn claude(part: &Part<'_>, seed: u64) -> bool {
    let Some(reasoning) = part.body.as_reasoning() else {
        return true;
    };
    if matches!(part.issuer, Some(Issuer::Google | Issuer::OpenAi)) {
        return false;
    }
    let thought = reasoning.text.concat();
    match (part.signature.as_deref(), reasoning.encrypted.as_deref()) {
        (Some(signature), _) if thought.is_empty() => seal::is_ours(seed, signature),
        (Some(signature), _) => seal::is_of(seed, signature, &thought),
        (None, Some(sealed)) => seal::is_ours(seed, sealed),
        (None, None) => false,
    }
}

fn google(part: &Part<'_>, seed: u64) -> bool {
    part.signature
        .as_deref()
        .is_none_or(|signature| STAND_INS.contains(&signature) || seal::is_ours(seed, signature))
}

fn openai(part: &Part<'_>, seed: u64) -> bool {
    let foreign = matches!(part.issuer, Some(Issuer::Anthropic | Issuer::Google));
    match &part.body {
        PartBody::Reasoning(reasoning) => {
            let sealed = reasoning.encrypted.as_deref();
            !foreign && sealed.is_none_or(|sealed| seal::is_ours(seed, sealed))
        }
        PartBody::Text(_)
        | PartBody::Refusal(_)
        | PartBody::Media(_)
        | PartBody::ToolCall(_)
        | PartBody::ToolResult(_)
        | PartBody::Json(_)
        | PartBody::Opaque(_) => true,
    }
}

/// Whether a step of the turn at hand begins with a call that bears no signature. Turns before the
/// last words of the user are not looked at.
fn lacks_signature(request: &Request<'_>) -> bool {
    let speaks = |message: &sluicegate_protocols::canonical::Message<'_>| {
        message.role == Role::User && message.parts.iter().any(|part| part.body.as_text().is_some())
    };
    let from = request.messages.iter().rposition(speaks).unwrap_or(0);
    let steps = request
        .messages
        .iter()
        .skip(from)
        .filter(|message| message.role == Role::Assistant);
    steps
        .filter_map(|step| step.parts.iter().find(|part| part.body.as_tool_call().is_some()))
        .any(|call| call.signature.is_none())
}
