//! A whole answer into the canonical form. Read leniently: what is not as expected is kept as it
//! came.

use super::decode_block::block;
use super::words::{finish_reason, tier_given};
use super::{Reading, form};
use crate::DecodeError;
use crate::anthropic_messages::usage::Reported;
use crate::canonical::{Candidate, Finish, Part, PartBody, Response, Role, Usage};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, MAX_DEPTH};
use crate::provider_error::ProviderError;

/// Reads an answer.
pub fn decode_response(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut response = Response::new(Dialect::AnthropicMessages);
    let (mut standard, mut role, mut parts) = (false, None, None);
    let (mut word, mut sequence) = (None, None);
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    cursor.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => response.id = Some(c.text()?),
            ("type", Kind::String) => {
                let text = c.string()?;
                standard = text.decode() == "message";
                if !standard {
                    response.extra.push("type", c.raw_at(text.span()));
                }
            }
            ("role", Kind::String) => {
                let text = c.string()?;
                let native = c.raw_at(text.span());
                if text.decode() == "assistant" {
                    role = Some(native);
                } else {
                    response.extra.push("role", native);
                }
            }
            ("model", Kind::String) => response.model = Some(c.text()?),
            ("content", Kind::Array) if parts.is_none() => parts = Some(content(c)?),
            ("stop_reason", Kind::String) => word = Some(c.text()?),
            ("stop_sequence", Kind::String) => sequence = Some(c.text()?),
            ("usage", Kind::Object) => usage_report(c, key, &mut response)?,
            ("error", Kind::Object | Kind::String) => {
                response.error = Some(ProviderError::parse(body));
                response.extra.keep(c, key)?;
            }
            _ => response.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    cursor.end()?;
    if !standard {
        response.form = form::response::OTHER_TYPE;
    }
    if parts.is_none() && word.is_none() && sequence.is_none() {
        if let Some(role) = role {
            response.extra.push("role", role);
        }
        return Ok(response);
    }
    let mut candidate = Candidate::new(0);
    candidate.message.role = Role::Assistant;
    if role.is_none() {
        candidate.message.form = form::message::NO_ROLE;
    }
    if parts.is_some() {
        candidate.message.form = candidate.message.form.with(form::message::LIST);
    }
    candidate.message.parts = parts.unwrap_or_default();
    let calls = candidate.message.parts.iter().any(is_call);
    candidate.finish = match (word, sequence) {
        (None, None) => None,
        (word, sequence) => Some(Finish {
            reason: finish_reason(word.as_deref().unwrap_or_default(), calls),
            native: word,
            sequence,
        }),
    };
    response.candidates.push(candidate);
    Ok(response)
}

/// Reads the blocks of an answer.
pub(super) fn content<'a>(c: &mut Cursor<'a>) -> Result<Vec<Part<'a>>, DecodeError> {
    let mut parts = Vec::new();
    c.array(|c, _| {
        parts.push(block(c, Reading::Lenient)?);
        Ok(())
    })?;
    Ok(parts)
}

/// Whether the caller is to run a tool.
pub(super) fn is_call(part: &Part<'_>) -> bool {
    matches!(part.body, PartBody::ToolCall(_))
}

/// Reads a usage object; one that tells no tokens goes to `extra`.
fn usage_report<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    response: &mut Response<'a>,
) -> Result<(), DecodeError> {
    let span = c.skip_value()?;
    let native = c.raw_at(span);
    let Some(counts) = Reported::read(&mut c.revisit(span))?.counts() else {
        response.extra.push(key.decode(), native);
        return Ok(());
    };
    c.revisit(span).object(|c, key| {
        if key.decode() == "service_tier" && c.peek()? == Kind::String {
            response.service_tier = Some(match c.text()? {
                tier if tier == "standard" => tier_given("standard").into(),
                tier => tier,
            });
        }
        Ok(())
    })?;
    response.usage = Some(Usage {
        counts,
        native: Some(native),
    });
    Ok(())
}
