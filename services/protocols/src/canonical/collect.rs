//! Folds the events of a stream into the answer it was: for callers that wanted a whole answer of a
//! provider that streams, and for tests, where both must come out the same. Memory is bounded by
//! the limit given.

use std::borrow::Cow;

use super::owned::own;
use super::{Arguments, Candidate, Delta, Logprobs, Part, PartBody, Response, StreamEvent, Usage};
use crate::dialect::Dialect;

/// Why events cannot be folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CollectFault {
    /// The answer grew past the limit given.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Events that break the order decoders keep.
    #[error("events of a stream out of order")]
    OutOfOrder,
}

/// Most answers in one stream.
const MAX_CANDIDATES: usize = 128;

/// The answer so far.
#[derive(Debug)]
pub struct Collector {
    response: Response<'static>,
    open: Vec<bool>,
    started: bool,
    ended: bool,
    size: usize,
    limit: usize,
}

impl Collector {
    /// A collector of a stream of that dialect that keeps at most about `limit` bytes.
    pub fn new(origin: Dialect, limit: usize) -> Self {
        Self {
            response: Response::new(origin),
            open: Vec::new(),
            started: false,
            ended: false,
            size: 0,
            limit,
        }
    }

    /// Takes an event.
    pub fn event(&mut self, event: StreamEvent<'_>) -> Result<(), CollectFault> {
        if self.ended {
            return Err(CollectFault::OutOfOrder);
        }
        match event {
            StreamEvent::Start(start) => {
                if std::mem::replace(&mut self.started, true) {
                    return Err(CollectFault::OutOfOrder);
                }
                self.response.id = start.id.map(own);
                self.response.model = start.model.map(own);
                self.response.created = start.created;
                self.response.service_tier = start.service_tier.map(own);
            }
            StreamEvent::PartStart {
                candidate,
                index,
                part,
            } => self.part_start(candidate, index, *part)?,
            StreamEvent::Delta { candidate, delta } => self.delta(candidate, delta)?,
            StreamEvent::PartEnd { candidate } => {
                let at = self.at(candidate)?;
                if !std::mem::replace(&mut self.open[at], false) {
                    return Err(CollectFault::OutOfOrder);
                }
            }
            StreamEvent::Logprobs { candidate, tokens } => {
                let at = self.at(candidate)?;
                self.grow(tokens.len() * 64)?;
                let logprobs = self.response.candidates[at]
                    .logprobs
                    .get_or_insert_with(Logprobs::default);
                logprobs
                    .content
                    .extend(tokens.into_iter().map(|token| token.into_owned()));
            }
            StreamEvent::Usage(usage) => self.response.usage = Some(Usage::into_owned(usage)),
            StreamEvent::Extra {
                candidate,
                name,
                value,
            } => {
                self.grow(name.len() + value.as_str().len())?;
                let extra = match candidate {
                    Some(candidate) => {
                        let at = self.at(candidate)?;
                        &mut self.response.candidates[at].extra
                    }
                    None => &mut self.response.extra,
                };
                extra.push(own(name), value.into_owned());
            }
            StreamEvent::Finish { candidate, finish } => {
                let at = self.at(candidate)?;
                if self.open[at] || self.response.candidates[at].finish.is_some() {
                    return Err(CollectFault::OutOfOrder);
                }
                self.response.candidates[at].finish = Some(finish.into_owned());
            }
            StreamEvent::Error(error) => {
                self.response.error = Some(error);
                self.ended = true;
            }
            StreamEvent::Done => self.ended = true,
        }
        Ok(())
    }

    /// The answer. Whether it is whole, the decoder's [`super::StreamEnd`] says.
    pub fn finish(self) -> Response<'static> {
        self.response
    }

    fn grow(&mut self, by: usize) -> Result<(), CollectFault> {
        self.size = self.size.saturating_add(by);
        if self.size > self.limit {
            Err(CollectFault::TooLarge { limit: self.limit })
        } else {
            Ok(())
        }
    }

    fn at(&mut self, candidate: u32) -> Result<usize, CollectFault> {
        if let Some(at) = self.response.candidates.iter().position(|c| c.index == candidate) {
            return Ok(at);
        }
        if self.open.len() == MAX_CANDIDATES {
            return Err(CollectFault::OutOfOrder);
        }
        self.response.candidates.push(Candidate::new(candidate));
        self.open.push(false);
        Ok(self.open.len() - 1)
    }

    fn part_start(&mut self, candidate: u32, index: u32, part: Part<'_>) -> Result<(), CollectFault> {
        let at = self.at(candidate)?;
        self.grow(256)?;
        let parts = &mut self.response.candidates[at].message.parts;
        if self.open[at] || parts.len() != index as usize {
            return Err(CollectFault::OutOfOrder);
        }
        parts.push(part.into_owned());
        self.open[at] = true;
        Ok(())
    }

    fn delta(&mut self, candidate: u32, delta: Delta<'_>) -> Result<(), CollectFault> {
        let at = self.at(candidate)?;
        let size = match &delta {
            Delta::Text(text)
            | Delta::Summary { text, .. }
            | Delta::Arguments(text)
            | Delta::Signature(text)
            | Delta::Encrypted(text) => text.len(),
            Delta::Citation(_) => 256,
        };
        self.grow(size)?;
        let part = self.response.candidates[at].message.parts.last_mut();
        match part.filter(|_| self.open[at]) {
            Some(part) => add(part, delta),
            None => Err(CollectFault::OutOfOrder),
        }
    }
}

/// Adds a delta to the part it is for.
fn add(part: &mut Part<'static>, delta: Delta<'_>) -> Result<(), CollectFault> {
    match (&mut part.body, delta) {
        (PartBody::Text(body), Delta::Text(text)) => append(&mut body.text, &text),
        (PartBody::Refusal(body), Delta::Text(text)) => append(body, &text),
        (PartBody::Reasoning(body), Delta::Text(text)) => append_piece(&mut body.text, 0, &text)?,
        (PartBody::Reasoning(body), Delta::Summary { piece, text }) => {
            append_piece(&mut body.summary, piece as usize, &text)?;
        }
        (PartBody::Reasoning(body), Delta::Encrypted(text)) => body.encrypted = Some(own(text)),
        (PartBody::ToolCall(call), Delta::Arguments(text)) => match &mut call.arguments {
            Arguments::Text(arguments) => append(arguments, &text),
            Arguments::Json(_) => return Err(CollectFault::OutOfOrder),
        },
        (PartBody::Text(body), Delta::Citation(citation)) => body.citations.push(citation.into_owned()),
        (_, Delta::Signature(text)) => append(part.signature.get_or_insert_default(), &text),
        (
            _,
            Delta::Text(_)
            | Delta::Summary { .. }
            | Delta::Arguments(_)
            | Delta::Encrypted(_)
            | Delta::Citation(_),
        ) => return Err(CollectFault::OutOfOrder),
    }
    Ok(())
}

fn append(to: &mut Cow<'static, str>, text: &str) {
    to.to_mut().push_str(text);
}

/// Adds to one of several pieces, which begin in order.
fn append_piece(pieces: &mut Vec<Cow<'static, str>>, at: usize, text: &str) -> Result<(), CollectFault> {
    if at == pieces.len() {
        pieces.push(Cow::Borrowed(""));
    }
    match pieces.get_mut(at) {
        Some(piece) => {
            append(piece, text);
            Ok(())
        }
        None => Err(CollectFault::OutOfOrder),
    }
}
