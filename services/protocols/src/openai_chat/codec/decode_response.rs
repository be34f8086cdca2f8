//! A whole answer into the canonical form. Read leniently: what is not as expected is kept as it
//! came.

use super::decode_message::{message, unsigned};
use super::{Reading, form};
use crate::DecodeError;
use crate::canonical::{
    Candidate, Extra, Finish, FinishReason, Logprobs, PartBody, Response, TokenLogprob, Usage,
};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, MAX_DEPTH, Number};
use crate::openai_chat::usage;
use crate::provider_error::ProviderError;

/// Reads an answer.
pub fn decode_response(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut standard = false;
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    cursor.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("id", Kind::String) => response.id = Some(c.text()?),
            ("object", Kind::String) => {
                let word = c.string()?;
                standard = word.decode() == "chat.completion";
                if !standard {
                    response.extra.push("object", c.raw_at(word.span()));
                }
            }
            ("model", Kind::String) => response.model = Some(c.text()?),
            ("created", Kind::Number) => response.created = unsigned(c, key, &mut response.extra)?,
            ("service_tier", Kind::String) => response.service_tier = Some(c.text()?),
            ("choices", Kind::Array) => choices(c, key, &mut response)?,
            ("usage", Kind::Object) => response.usage = usage_report(c, key, &mut response.extra)?,
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
        response.form = form::response::OTHER_OBJECT;
    }
    Ok(response)
}

fn choices<'a>(c: &mut Cursor<'a>, key: JsonStr<'a>, response: &mut Response<'a>) -> Result<(), DecodeError> {
    let mut plain = true;
    let mut found = Vec::new();
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
        response.extra.push(key.decode(), c.raw_at(whole));
    }
    Ok(())
}

fn candidate<'a>(c: &mut Cursor<'a>, position: usize) -> Result<Candidate<'a>, DecodeError> {
    let mut candidate = Candidate::new(u32::try_from(position).unwrap_or(u32::MAX));
    let mut has_index = false;
    let mut word = None;
    let mut has_message = false;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("index", Kind::Number) => {
                let value = unsigned(c, key, &mut candidate.extra)?;
                if let Some(index) = value.and_then(|index| u32::try_from(index).ok()) {
                    candidate.index = index;
                    has_index = true;
                }
            }
            ("message", Kind::Object) => {
                has_message = true;
                candidate.message = message(c, Reading::Lenient)?;
            }
            ("finish_reason", Kind::String) => {
                let text = c.string()?;
                if text.is_empty() {
                    candidate.extra.push("finish_reason", c.raw_at(text.span()));
                } else {
                    word = Some(text.decode());
                }
            }
            ("logprobs", Kind::Object) => {
                let span = c.skip_value()?;
                candidate.logprobs = logprobs(&mut c.revisit(span))?;
                if candidate.logprobs.is_none() {
                    candidate.extra.push("logprobs", c.raw_at(span));
                }
            }
            _ => candidate.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    if !has_index {
        candidate.form = form::candidate::NO_INDEX;
    }
    if !has_message {
        candidate.form = candidate.form.with(form::candidate::NO_MESSAGE);
    }
    let calls = candidate
        .message
        .parts
        .iter()
        .any(|p| matches!(p.body, PartBody::ToolCall(_)));
    candidate.finish = word.map(|word| Finish {
        reason: finish_reason(&word, calls),
        native: Some(word),
        sequence: None,
    });
    Ok(candidate)
}

/// What a finish reason of a chat server means. Calls count for more than the word: servers that
/// call tools and say `stop` are common.
pub(super) fn finish_reason(word: &str, calls: bool) -> FinishReason {
    match word {
        "tool_calls" | "function_call" | "tool_use" | "TOOL_CALL" => FinishReason::ToolUse,
        "stop" | "eos" | "end_turn" | "STOP" | "COMPLETE" if calls => FinishReason::ToolUse,
        "stop" | "eos" | "end_turn" | "STOP" | "COMPLETE" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "length" | "max_tokens" | "MAX_TOKENS" => FinishReason::Length,
        "model_length" | "model_context_window_exceeded" => FinishReason::ContextWindow,
        "content_filter" | "SAFETY" | "guardrail_intervened" => FinishReason::ContentFilter,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        "error" => FinishReason::Error,
        _ if calls => FinishReason::ToolUse,
        _ => FinishReason::Other,
    }
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

/// Reads `logprobs`. `None` when its tokens are not in a shape that can be written back.
pub(super) fn logprobs<'a>(c: &mut Cursor<'a>) -> Result<Option<Logprobs<'a>>, DecodeError> {
    let mut logprobs = Logprobs::default();
    let mut plain = true;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("content", Kind::Array) => match tokens(c)? {
                Some(tokens) if !tokens.is_empty() => logprobs.content = tokens,
                Some(_) => logprobs.extra.push("content", crate::json::RawJson::parse("[]")?),
                None => plain = false,
            },
            _ => logprobs.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    Ok(Some(logprobs).filter(|_| plain))
}

fn tokens<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<TokenLogprob<'a>>>, DecodeError> {
    let (mut tokens, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        let token = if c.peek()? == Kind::Object {
            token(c)?
        } else {
            None
        };
        match token {
            Some(token) => tokens.push(token),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(tokens).filter(|_| plain))
}

fn token<'a>(c: &mut Cursor<'a>) -> Result<Option<TokenLogprob<'a>>, DecodeError> {
    let (mut text, mut logprob, mut bytes, mut top, mut extra) =
        (None, None::<Number<'a>>, None, None, Extra::NONE);
    let mut plain = true;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("token", Kind::String) => text = Some(c.text()?),
            ("logprob", Kind::Number) => logprob = Some(c.spelled_number()?),
            ("bytes", Kind::Array | Kind::Null) => bytes = Some(c.raw()?),
            // Alternatives have none of their own; deeper lists are not of this format.
            ("top_logprobs", Kind::Array) if top.is_none() => {
                top = tokens(c)?;
                plain &= top.is_some();
            }
            _ => extra.keep(c, key)?,
        }
        Ok(())
    })?;
    Ok(text
        .zip(logprob)
        .filter(|_| plain)
        .map(|(token, logprob)| TokenLogprob {
            token,
            logprob,
            bytes,
            top,
            extra,
        }))
}
