//! A whole answer into the canonical form; every chunk of a stream is one as well. Read leniently:
//! what is not as expected is kept as it came. Google gives calls no ids in most answers, so that
//! ids are minted from the answer's own id and the number of the call in it.

use super::decode_content::answer;
use super::decode_grounding::{logprobs, place_citations};
use super::{form, timestamp};
use crate::DecodeError;
use crate::canonical::{Candidate, Finish, FinishReason, Form, Message, PartBody, Response, Usage};
use crate::dialect::Dialect;
use crate::gemini::{finish, usage};
use crate::json::{Cursor, Kind, MAX_DEPTH, Number, RawJson, Span};
use crate::provider_error::ProviderError;
use crate::tool_ids;

/// Reads an answer.
pub fn decode_response(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut response = read(body)?;
    if let Some(seed) = response.id.as_deref().filter(|id| !id.is_empty()) {
        let seed = seed.to_owned();
        let mut calls = 0;
        for candidate in &mut response.candidates {
            mint_ids(&mut candidate.message, &seed, &mut calls);
        }
    }
    Ok(response)
}

/// Gives ids to the calls that have none; `calls` counts all calls of the answer.
pub(super) fn mint_ids(message: &mut Message<'_>, seed: &str, calls: &mut u32) {
    for part in &mut message.parts {
        if let PartBody::ToolCall(call) = &mut part.body {
            if call.id.as_deref().is_none_or(str::is_empty) {
                call.id = Some(tool_ids::mint(seed, *calls).into());
                part.form = part.form.with(form::part::MINTED);
            }
            *calls = calls.saturating_add(1);
        }
    }
}

/// Reads an answer without minting ids.
pub(super) fn read(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut response = Response::new(Dialect::Gemini);
    let mut blocked = None;
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    cursor.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("responseId", Kind::String) => response.id = Some(c.text()?),
            ("modelVersion", Kind::String) => response.model = Some(c.text()?),
            ("createTime", Kind::String) => {
                let text = c.string()?;
                let time = timestamp::parse(&text.decode());
                response.created = time.map(|(seconds, _)| seconds);
                if !time.is_some_and(|(_, whole)| whole) {
                    response.extra.push("createTime", c.raw_at(text.span()));
                }
            }
            ("candidates", Kind::Array) => {
                let (mut found, mut plain) = (Vec::new(), true);
                let whole = c.array(|c, position| {
                    c.count_node()?;
                    if c.peek()? == Kind::Object {
                        found.push(candidate(c, position)?);
                    } else {
                        plain = false;
                    }
                    Ok(())
                })?;
                if plain && !found.is_empty() {
                    response.candidates = found;
                } else {
                    response.extra.push("candidates", c.raw_at(whole));
                }
            }
            ("usageMetadata", Kind::Object) => {
                let span = c.skip_value()?;
                let native = c.raw_at(span);
                match usage::read(&mut c.revisit(span))? {
                    Some(counts) => {
                        response.usage = Some(Usage {
                            counts,
                            native: Some(native),
                        });
                    }
                    None => response.extra.push("usageMetadata", native),
                }
            }
            ("promptFeedback", Kind::Object) => {
                let span = c.skip_value()?;
                blocked = block_reason(&mut c.revisit(span))?;
                response.extra.push("promptFeedback", c.raw_at(span));
            }
            ("error", Kind::Object) => {
                response.error = Some(ProviderError::parse(body));
                response.extra.keep(c, key)?;
            }
            _ => response.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    cursor.end()?;
    if let (Some(reason), true) = (blocked, response.candidates.is_empty()) {
        let mut candidate = Candidate::new(0);
        candidate.finish = Some(Finish {
            reason: FinishReason::ContentFilter,
            native: Some(reason),
            sequence: None,
        });
        response.candidates.push(candidate);
        response.form = form::response::BLOCKED;
    }
    Ok(response)
}

/// Why the prompt was blocked, if it was.
fn block_reason<'a>(c: &mut Cursor<'a>) -> Result<Option<std::borrow::Cow<'a, str>>, DecodeError> {
    let mut reason = None;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("blockReason", Kind::String) => reason = Some(c.text()?),
            ("blockReason", Kind::Number) => reason = Some(c.number()?.into()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(reason.filter(|word| !matches!(word.as_ref(), "" | "0" | "BLOCK_REASON_UNSPECIFIED")))
}

/// Where what is told of sources stands in a candidate.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) grounding: Option<Span>,
    pub(super) citations: Option<Span>,
}

fn candidate<'a>(c: &mut Cursor<'a>, position: usize) -> Result<Candidate<'a>, DecodeError> {
    let mut candidate = Candidate::new(u32::try_from(position).unwrap_or(u32::MAX));
    let mut word = None;
    let mut note = form::candidate::NO_INDEX.with(form::candidate::NO_CONTENT);
    let mut sources = Sources::default();
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("index", Kind::Number) => {
                let number = c.spelled_number()?;
                match number.as_u64().and_then(|index| u32::try_from(index).ok()) {
                    Some(index) => {
                        candidate.index = index;
                        note = Form(note.0 & !form::candidate::NO_INDEX.0);
                    }
                    None => candidate.extra.push("index", number.into()),
                }
            }
            ("content", Kind::Object) => {
                note = Form(note.0 & !form::candidate::NO_CONTENT.0);
                candidate.message = answer(c)?;
            }
            ("finishReason", Kind::String) => {
                let text = c.string()?;
                if text.is_empty() {
                    candidate.extra.push("finishReason", c.raw_at(text.span()));
                } else {
                    word = Some(text.decode());
                }
            }
            ("finishReason", Kind::Number) => {
                let number = c.number()?;
                if number.bytes().all(|b| b.is_ascii_digit()) {
                    note = note.with(form::candidate::NUMBERED);
                    word = Some(number.into());
                } else {
                    candidate
                        .extra
                        .push("finishReason", Number::checked(number).into());
                }
            }
            ("logprobsResult", Kind::Object) => {
                let span = c.skip_value()?;
                let mut inner = c.revisit(span);
                candidate.logprobs = logprobs(&mut inner)?;
                c.count_like(&inner);
                if candidate.logprobs.is_none() {
                    candidate.extra.push("logprobsResult", c.raw_at(span));
                }
            }
            // Sources are told in more detail than citations are, so that both are kept.
            ("groundingMetadata", Kind::Object) => {
                let span = c.skip_value()?;
                sources.grounding = Some(span);
                candidate.extra.push("groundingMetadata", c.raw_at(span));
            }
            ("citationMetadata", Kind::Object) => {
                let span = c.skip_value()?;
                sources.citations = Some(span);
                candidate.extra.push("citationMetadata", c.raw_at(span));
            }
            _ => candidate.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    candidate.form = note;
    place_citations(c, &sources, &mut candidate.message)?;
    let calls = calls(&candidate.message);
    candidate.finish = word.map(|word| Finish {
        reason: finish::reason(&word, calls),
        native: Some(word),
        sequence: None,
    });
    Ok(candidate)
}

/// Whether the message calls tools of the caller.
fn calls(message: &Message<'_>) -> bool {
    let is_call = |body: &PartBody<'_>| matches!(body, PartBody::ToolCall(_));
    message.parts.iter().any(|part| is_call(&part.body))
}

/// Whether an extra of a chunk only repeats what its decoder has read elsewhere.
pub(super) fn is_told_elsewhere(name: &str, value: &RawJson<'_>) -> bool {
    value.is_void() || matches!(name, "createTime" | "usageMetadata")
}
