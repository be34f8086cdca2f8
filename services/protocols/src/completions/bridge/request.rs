//! A completions request as a chat.

use std::borrow::Cow;

use crate::canonical::{Message, Part, Request, Role};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind};
use crate::lossy::{Feature, LossReport, Severity};
use crate::openai_chat::request::answers;
use crate::{DecodeError, Fault};

/// A completions request in the canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridged<'a> {
    /// What to ask. Its origin is Chat Completions, whose settings it shares.
    pub request: Request<'a>,
    /// What cannot be asked of a provider that chats.
    pub losses: LossReport,
}

/// Reads a request nested at most `depth` deep. A prompt given as tokens is refused: chat takes text.
/// The endpoint's own limit of 16 tokens where none is given is not imposed, since no chat has it.
pub fn decode_request(body: &[u8], depth: u32) -> Result<Bridged<'_>, DecodeError> {
    let mut bridged = Bridged {
        request: Request::new(Dialect::OpenAiChat),
        losses: LossReport::default(),
    };
    let mut prompt = None;
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| {
        c.count_node()?;
        match key.decode().as_ref() {
            "prompt" => prompt = bridged.prompt(c)?,
            "sluicegate" => drop(c.skip_value()?),
            name => bridged.member(c, key, name)?,
        }
        Ok(())
    })?;
    cursor.end()?;
    if bridged.request.model.is_none() {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("model"));
    }
    // Chat has nothing to say to nothing.
    let prompt = prompt.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("prompt"))?;
    bridged.request.messages = vec![Message::new(Role::User, vec![Part::text(prompt)])];
    Ok(bridged)
}

impl<'a> Bridged<'a> {
    /// Reads the prompt. Of several only the first is asked.
    fn prompt(&mut self, c: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
        let mut first = None;
        match c.peek()? {
            Kind::Null => drop(c.take_null()?),
            Kind::Array => {
                c.array(|c, at| {
                    let text = c.text()?;
                    match at {
                        0 => first = Some(text),
                        1 => self.lost("prompt", Severity::Missing),
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            Kind::String | Kind::Object | Kind::Number | Kind::Bool => first = Some(c.text()?),
        }
        Ok(first)
    }

    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, name: &str) -> Result<(), DecodeError> {
        let request = &mut self.request;
        if name != "model" && c.take_null()? {
            return Ok(());
        }
        match name {
            "model" => request.model = Some(c.text()?),
            "max_tokens" => request.max_output_tokens = Some(c.unsigned()?),
            "temperature" => request.sampling.temperature = Some(c.spelled_number()?),
            "top_p" => request.sampling.top_p = Some(c.spelled_number()?),
            "frequency_penalty" => request.sampling.frequency_penalty = Some(c.spelled_number()?),
            "presence_penalty" => request.sampling.presence_penalty = Some(c.spelled_number()?),
            "seed" => request.sampling.seed = Some(c.spelled_number()?),
            "n" => request.candidates = Some(answers(c)?),
            "user" => request.user = Some(c.text()?),
            "stream" => request.stream.enabled = Some(c.bool()?),
            "stream_options" => self.stream_options(c)?,
            "stop" => self.stop(c)?,
            "best_of" => self.best_of(c)?,
            "echo" => {
                if c.bool()? {
                    self.lost("echo", Severity::Missing);
                }
            }
            "suffix" => {
                if !c.string()?.is_empty() {
                    self.lost("suffix", Severity::Missing);
                }
            }
            "logprobs" => {
                c.unsigned()?;
                self.losses
                    .note(Feature::Logprobs, "", Severity::Missing, "/logprobs");
            }
            _ => {
                // Means the same to a chat of this family, and is reported by the others.
                request.extra.keep(c, key)?;
            }
        }
        Ok(())
    }

    fn lost(&mut self, name: &'static str, severity: Severity) {
        self.losses
            .note(Feature::UnknownField, name, severity, format!("/{name}"));
    }

    fn stream_options(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let stream = &mut self.request.stream;
        stream.options = true;
        c.object(|c, key| {
            if key.decode() != "include_usage" {
                stream.extra.keep(c, key)
            } else if c.take_null()? {
                Ok(())
            } else {
                stream.usage = Some(c.bool()?);
                Ok(())
            }
        })
        .map(drop)
    }

    fn stop(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let stop = &mut self.request.stop;
        if c.peek()? == Kind::String {
            stop.push(c.text()?);
            return Ok(());
        }
        c.array(|c, _| {
            c.count_node()?;
            stop.push(c.text()?);
            Ok(())
        })
        .map(drop)
    }

    /// One answer that is the best of several is no answer chat can give.
    fn best_of(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        if answers(c)? > 1 {
            self.losses
                .note(Feature::Candidates, "best_of", Severity::Altered, "/best_of");
        }
        Ok(())
    }
}
