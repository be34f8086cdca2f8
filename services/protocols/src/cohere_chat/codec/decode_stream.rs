//! Events of a stream into canonical ones. Keeps which part is open, never the text.

use std::borrow::Cow;

use super::decode_response::finish_reason;
use super::stream_event::Data;
use crate::canonical::{
    Arguments, CallKind, Delta, Extra, Finish, Part, PartBody, Reasoning, StreamEnd, StreamEvent,
    StreamFault, StreamStart, Text, ToolCall,
};
use crate::provider_error::{ProviderError, clip};

/// Most unknown members reported.
const MAX_EXTRAS: usize = 64;

/// The reader of one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    started: bool,
    done: bool,
    failed: bool,
    parts: u32,
    calls: bool,
    open: Option<Open>,
    /// Numbers from which blocks of content and calls may begin; what ended does not begin again.
    next_block: u64,
    next_call: u64,
    /// Names of unknown members reported; each is reported once.
    reported: Vec<String>,
}

/// The part that is open, with its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Text(u64),
    Thinking(u64),
    Plan,
    Call(u64),
}

/// Where events go.
type Sink<'s> = dyn FnMut(StreamEvent<'_>) + 's;

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one event. Its data repeats its name.
    pub fn frame(
        &mut self,
        _event: Option<&[u8]>,
        data: &[u8],
        sink: &mut impl FnMut(StreamEvent<'_>),
    ) -> Result<(), StreamFault> {
        let trimmed = data.trim_ascii();
        if self.done || self.failed || trimmed.is_empty() || trimmed == b"[DONE]" {
            return Ok(());
        }
        let read = Data::read(trimmed).map_err(StreamFault::Malformed)?;
        if read.error.is_some() || (read.kind.is_none() && read.message.is_some()) {
            self.failed = true;
            sink(StreamEvent::Error(match &read.error {
                Some(message) => ProviderError {
                    message: clip(message, 4096),
                    ..ProviderError::default()
                },
                None => ProviderError::parse(trimmed),
            }));
            return Ok(());
        }
        self.take(read, sink)
    }

    /// Takes the end of the connection.
    pub fn end(&mut self, _sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
        match (self.failed, self.done) {
            (true, _) => StreamEnd::Failed,
            (false, true) => StreamEnd::Complete,
            (false, false) => StreamEnd::Cut,
        }
    }

    fn take(&mut self, data: Data<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let kind = data.kind.as_deref().unwrap_or_default();
        if !std::mem::replace(&mut self.started, true) {
            sink(StreamEvent::Start(StreamStart {
                id: data.id.clone(),
                ..StreamStart::default()
            }));
        }
        self.report(&data.extra, sink);
        match kind {
            "content-start" | "content-delta" => {
                let index = data.index.unwrap_or(self.next_block);
                if let Some(text) = data.thinking.filter(|text| !text.is_empty()) {
                    self.grow(Open::Thinking(index), Delta::Text(text), sink)?;
                }
                if let Some(text) = data.text.filter(|text| !text.is_empty()) {
                    self.grow(Open::Text(index), Delta::Text(text), sink)?;
                }
            }
            "tool-plan-delta" => {
                if let Some(text) = data.plan.filter(|text| !text.is_empty()) {
                    self.grow(Open::Plan, Delta::Text(text), sink)?;
                }
            }
            "citation-start" => {
                if let Some(citation) = data.citation {
                    let at = match self.open {
                        Some(Open::Text(index)) => index,
                        _ => self.next_block,
                    };
                    self.grow(Open::Text(at), Delta::Citation(*citation), sink)?;
                }
            }
            "tool-call-start" => self.call(data, sink)?,
            "tool-call-delta" => {
                let arguments = data.call.arguments.filter(|text| !text.is_empty());
                let index = data.index;
                match (self.open, arguments) {
                    (_, None) => {}
                    (Some(Open::Call(open)), Some(text)) if index.is_none_or(|index| index == open) => {
                        let delta = Delta::Arguments(text);
                        sink(StreamEvent::Delta { candidate: 0, delta });
                    }
                    _ => return Err(StreamFault::OutOfOrder),
                }
            }
            "content-end" | "tool-call-end" => self.close(sink),
            "message-end" => self.conclude(data, sink),
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, data: Data<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let index = data.index.unwrap_or(self.next_call);
        self.calls = true;
        let body = PartBody::from(ToolCall {
            id: data.call.id.filter(|id| !id.is_empty()),
            name: data.call.name.unwrap_or_default(),
            arguments: Arguments::default(),
            kind: CallKind::Function,
            extra: Extra::NONE,
        });
        self.begin(Open::Call(index), body, sink)?;
        if let Some(text) = data.call.arguments.filter(|text| !text.is_empty()) {
            let delta = Delta::Arguments(text);
            sink(StreamEvent::Delta { candidate: 0, delta });
        }
        Ok(())
    }

    /// All is said.
    fn conclude(&mut self, data: Data<'_>, sink: &mut Sink<'_>) {
        self.close(sink);
        self.done = true;
        if let Some(usage) = data.usage {
            sink(StreamEvent::Usage(usage));
        }
        let word = data.finish.filter(|word| !word.is_empty());
        sink(StreamEvent::Finish {
            candidate: 0,
            finish: Finish {
                reason: finish_reason(word.as_deref().unwrap_or_default(), self.calls),
                native: word.map(|word| Cow::Owned(clip(&word, 64))),
                sequence: None,
            },
        });
        sink(StreamEvent::Done);
    }

    /// Adds to a part, which begins with its first piece that says something.
    fn grow(&mut self, to: Open, delta: Delta<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        if self.open != Some(to) {
            let body = match to {
                Open::Text(_) => PartBody::Text(Text::default()),
                Open::Thinking(_) | Open::Plan | Open::Call(_) => PartBody::from(Reasoning::default()),
            };
            self.begin(to, body, sink)?;
        }
        sink(StreamEvent::Delta { candidate: 0, delta });
        Ok(())
    }

    fn begin(&mut self, what: Open, body: PartBody<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let (index, next) = match what {
            Open::Text(index) | Open::Thinking(index) => (index, &mut self.next_block),
            Open::Call(index) => (index, &mut self.next_call),
            Open::Plan => (0, &mut 0),
        };
        if index < *next || self.parts == u32::MAX {
            return Err(StreamFault::OutOfOrder);
        }
        *next = index.saturating_add(1);
        self.close(sink);
        sink(StreamEvent::PartStart {
            candidate: 0,
            index: self.parts,
            part: Box::new(Part::new(body)),
        });
        self.parts += 1;
        self.open = Some(what);
        Ok(())
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        if self.open.take().is_some() {
            sink(StreamEvent::PartEnd { candidate: 0 });
        }
    }

    /// Reports unknown members that say something, each name once.
    fn report(&mut self, extra: &Extra<'_>, sink: &mut Sink<'_>) {
        for (name, value) in extra.iter() {
            if value.is_void() || self.reported.len() == MAX_EXTRAS || self.reported.iter().any(|r| r == name)
            {
                continue;
            }
            self.reported.push(clip(name, 64));
            sink(StreamEvent::Extra {
                candidate: None,
                name: Cow::Borrowed(name),
                value: value.by_ref(),
            });
        }
    }
}
