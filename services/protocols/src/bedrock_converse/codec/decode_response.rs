//! A whole answer into the canonical form. Read leniently: what is not as expected is kept as it
//! came.

use super::decode_message::message;
use super::decode_request::only_type;
use super::form;
use crate::DecodeError;
use crate::bedrock_converse::usage;
use crate::canonical::{Candidate, Extra, Finish, FinishReason, PartBody, Response, Usage};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, MAX_DEPTH};
use crate::reading::{Reading, nested};

/// Reads an answer.
pub fn decode_response(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut response = Response::new(Dialect::BedrockConverse);
    let (mut said, mut word) = (None, None);
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    cursor.object(|c, key| {
        let extra = &mut response.extra;
        match (key.decode().as_ref(), c.peek()?) {
            ("output", Kind::Object) => said = output(c, extra)?,
            ("stopReason", Kind::String) => word = Some(c.text()?),
            ("usage", Kind::Object) => response.usage = usage_report(c, key, extra)?,
            ("serviceTier", Kind::Object) => {
                let span = c.skip_value()?;
                response.service_tier = only_type(&mut c.revisit(span))?;
                if response.service_tier.is_none() {
                    extra.push("serviceTier", c.raw_at(span));
                }
            }
            // How long it took, which other dialects leave to whoever waits.
            ("metrics", Kind::Object) => extra.keep_quiet(c, key)?,
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    cursor.end()?;
    if said.is_none() && word.is_none() {
        return Ok(response);
    }
    let mut candidate = Candidate::new(0);
    match said {
        Some(message) => candidate.message = message,
        None => candidate.form = form::candidate::NO_MESSAGE,
    }
    let calls = candidate
        .message
        .parts
        .iter()
        .any(|part| matches!(part.body, PartBody::ToolCall(_)));
    candidate.finish = word.map(|word| Finish {
        reason: finish_reason(&word, calls),
        native: Some(word),
        sequence: None,
    });
    response.candidates.push(candidate);
    Ok(response)
}

fn output<'a>(
    c: &mut Cursor<'a>,
    extra: &mut Extra<'a>,
) -> Result<Option<crate::canonical::Message<'a>>, DecodeError> {
    let (mut said, mut rest) = (None, Extra::NONE);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("message", Kind::Object) => said = Some(message(c, Reading::Lenient)?),
            _ => rest.keep(c, key)?,
        }
        Ok(())
    })?;
    if said.is_none() || !rest.is_empty() {
        extra.push("output", nested(&rest));
    }
    Ok(said)
}

/// What a stop reason means. Calls count for more than the word.
pub(super) fn finish_reason(word: &str, calls: bool) -> FinishReason {
    match word {
        "tool_use" => FinishReason::ToolUse,
        "end_turn" if calls => FinishReason::ToolUse,
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "max_tokens" => FinishReason::Length,
        "model_context_window_exceeded" => FinishReason::ContextWindow,
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        "malformed_model_output" | "malformed_tool_use" => FinishReason::Error,
        _ if calls => FinishReason::ToolUse,
        _ => FinishReason::Other,
    }
}

/// Reads a usage object; one that tells no tokens goes to `extra`.
pub(super) fn usage_report<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    extra: &mut Extra<'a>,
) -> Result<Option<Usage<'a>>, DecodeError> {
    let span = c.skip_value()?;
    let native = c.raw_at(span);
    match usage::read(&mut c.revisit(span))? {
        Some(counts) => Ok(Some(Usage {
            counts,
            native: Some(native),
        })),
        None => {
            extra.push(key.decode(), native);
            Ok(None)
        }
    }
}
