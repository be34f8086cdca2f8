//! A whole answer into the canonical form. Read leniently: what is not as expected is kept as it
//! came.

use super::decode_message::message;
use super::form;
use crate::DecodeError;
use crate::canonical::{Candidate, Extra, Finish, FinishReason, PartBody, Response, Usage};
use crate::cohere_chat::usage;
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, MAX_DEPTH};
use crate::reading::Reading;

/// Reads an answer.
pub fn decode_response(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut response = Response::new(Dialect::CohereChat);
    let (mut said, mut word) = (None, None);
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    cursor.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => response.id = Some(c.text()?),
            ("message", Kind::Object) => said = Some(message(c, Reading::Lenient)?),
            ("finish_reason", Kind::String) => word = Some(c.text()?),
            ("usage", Kind::Object) => response.usage = usage_report(c, key, &mut response.extra)?,
            _ => response.extra.keep(c, key)?,
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

/// What a finish reason means. Calls count for more than the word.
pub(super) fn finish_reason(word: &str, calls: bool) -> FinishReason {
    match word {
        "TOOL_CALL" => FinishReason::ToolUse,
        "COMPLETE" if calls => FinishReason::ToolUse,
        "COMPLETE" => FinishReason::Stop,
        "STOP_SEQUENCE" => FinishReason::StopSequence,
        "MAX_TOKENS" => FinishReason::Length,
        "ERROR_LIMIT" => FinishReason::ContextWindow,
        "ERROR_TOXIC" => FinishReason::ContentFilter,
        "ERROR" | "TIMEOUT" => FinishReason::Error,
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
