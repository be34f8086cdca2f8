//! A whole answer into the canonical form. Read leniently: what is not as expected is kept as it
//! came. Members that repeat the request are kept quietly: the caller knows what it asked for.

use std::borrow::Cow;

use super::item::Items;
use super::{Reading, form, unsigned};
use crate::DecodeError;
use crate::canonical::{
    Candidate, Extra, Finish, FinishReason, Form, Logprobs, Part, PartBody, Response, Usage,
};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, MAX_DEPTH, RawJson};
use crate::openai_responses::usage;
use crate::provider_error::ProviderError;

/// Members of an answer that repeat the request, or tell what is nobody's business but the
/// provider's.
const ECHOES: [&str; 29] = [
    "background",
    "billing",
    "completed_at",
    "conversation",
    "frequency_penalty",
    "include",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
    "output_text",
];

/// Reads an answer.
pub fn decode_response(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    let response = response(&mut cursor)?;
    cursor.end()?;
    Ok(response)
}

/// How an answer stands.
#[derive(Default)]
struct State<'a> {
    status: Option<Cow<'a, str>>,
    /// The one in `incomplete_details`, and these as they stand.
    reason: Option<(Cow<'a, str>, RawJson<'a>)>,
}

/// Reads a response object.
pub(super) fn response<'a>(c: &mut Cursor<'a>) -> Result<Response<'a>, DecodeError> {
    let mut response = Response::new(Dialect::OpenAiResponses);
    let mut candidate = Candidate::new(0);
    candidate.form = form::candidate::NO_OUTPUT;
    let (mut state, mut standard) = (State::default(), false);
    c.object(|c, key| {
        let name = key.decode();
        match (name.as_ref(), c.peek()?) {
            ("id", Kind::String) => response.id = Some(c.text()?),
            ("object", Kind::String) => {
                let word = c.string()?;
                standard = word.decode() == "response";
                if !standard {
                    response.extra.push("object", c.raw_at(word.span()));
                }
            }
            ("model", Kind::String) => response.model = Some(c.text()?),
            ("created_at", Kind::Number) => response.created = unsigned(c, key, &mut response.extra)?,
            ("service_tier", Kind::String) => response.service_tier = Some(c.text()?),
            ("status", Kind::String) => state.status = Some(c.text()?),
            ("incomplete_details", Kind::Object) => {
                let span = c.skip_value()?;
                let raw = c.raw_at(span);
                match only_reason(&mut c.revisit(span))? {
                    Some(reason) => state.reason = Some((reason, raw)),
                    None => response.extra.push(name, raw),
                }
            }
            ("output", Kind::Array) => output(c, &mut candidate)?,
            ("usage", Kind::Object) => response.usage = usage_report(c, key, &mut response.extra)?,
            ("error", Kind::Object | Kind::String) => {
                let span = c.skip_value()?;
                let raw = c.raw_at(span);
                response.error = Some(ProviderError::parse(raw.as_str().as_bytes()));
                response.extra.push(name, raw);
            }
            (echo, _) if ECHOES.contains(&echo) => response.extra.keep_quiet(c, key)?,
            _ => response.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    if !standard {
        response.form = form::response::OTHER_OBJECT;
    }
    conclude(&mut candidate, state, &mut response.extra);
    response.candidates.push(candidate);
    Ok(response)
}

fn output<'a>(c: &mut Cursor<'a>, candidate: &mut Candidate<'a>) -> Result<(), DecodeError> {
    let mut items = Items::new(Reading::Lenient);
    let parts = &mut candidate.message.parts;
    c.array(|c, _| {
        parts.extend(items.item(c)?.into_parts());
        Ok(())
    })?;
    candidate.form = Form::default();
    candidate.logprobs = Some(Logprobs {
        content: items.tokens,
        extra: Extra::NONE,
    })
    .filter(|logprobs| !logprobs.content.is_empty());
    Ok(())
}

/// Why the answer ended, from its status, the details of it, and what it says.
fn conclude<'a>(candidate: &mut Candidate<'a>, state: State<'a>, extra: &mut Extra<'a>) {
    let State { status, reason } = state;
    let calls = has_calls(&candidate.message.parts);
    let (note, reason) = match (status.as_deref(), reason) {
        (Some("incomplete"), Some((reason, _))) => (form::candidate::DETAILS, Some(reason)),
        (status, reason) => {
            // Details of what is not incomplete: kept, and not believed.
            if let Some((_, raw)) = reason {
                extra.push("incomplete_details", raw);
            }
            (status_form(status.unwrap_or_default()), None)
        }
    };
    candidate.form = candidate.form.with(note);
    match &status {
        Some(status) if note == form::candidate::NO_STATUS => {
            extra.push("status", RawJson::of_string(status));
        }
        Some(_) | None => {}
    }
    candidate.finish = finish(status, reason, calls);
}

/// The note that stands for a status.
fn status_form(word: &str) -> Form {
    if word == "completed" {
        return Form::default();
    }
    let known = form::candidate::STATUSES
        .iter()
        .position(|status| *status == word);
    match known.and_then(|at| u16::try_from(at).ok()) {
        Some(at) if at > 0 => Form(at),
        Some(_) | None => form::candidate::NO_STATUS,
    }
}

/// Why an answer ended; `None` while it has not.
pub(super) fn finish<'a>(
    status: Option<Cow<'a, str>>,
    reason: Option<Cow<'a, str>>,
    calls: bool,
) -> Option<Finish<'a>> {
    let status = status?;
    let (meaning, native) = match (status.as_ref(), reason) {
        ("in_progress" | "queued", _) => return None,
        ("completed", _) if calls => (FinishReason::ToolUse, status),
        ("completed", _) => (FinishReason::Stop, status),
        ("incomplete", Some(reason)) => {
            let meaning = match reason.as_ref() {
                "max_output_tokens" | "max_tokens" => FinishReason::Length,
                "content_filter" => FinishReason::ContentFilter,
                _ => FinishReason::Other,
            };
            (meaning, reason)
        }
        ("failed", _) => (FinishReason::Error, status),
        _ if calls => (FinishReason::ToolUse, status),
        _ => (FinishReason::Other, status),
    };
    Some(Finish {
        reason: meaning,
        native: Some(native),
        sequence: None,
    })
}

/// Whether the caller has tools to run.
pub(super) fn has_calls(parts: &[Part<'_>]) -> bool {
    parts
        .iter()
        .any(|part| matches!(part.body, PartBody::ToolCall(_)))
}

/// The reason in `incomplete_details`, if there is nothing else in it.
pub(super) fn only_reason<'a>(c: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    let (mut reason, mut plain) = (None, true);
    c.object(|c, key| {
        if key.decode() == "reason" && c.peek()? == Kind::String {
            reason = Some(c.text()?);
        } else {
            plain = false;
        }
        Ok(())
    })?;
    Ok(reason.filter(|_| plain))
}

/// Reads a usage object; one that tells no tokens goes to `extra`.
fn usage_report<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    extra: &mut Extra<'a>,
) -> Result<Option<Usage<'a>>, DecodeError> {
    let span = c.skip_value()?;
    let native = c.raw_at(span);
    let counts = usage::read(&mut c.revisit(span))?;
    if counts.is_none() {
        extra.push(key.decode(), native);
        return Ok(None);
    }
    Ok(counts.map(|counts| Usage {
        counts,
        native: Some(native),
    }))
}
