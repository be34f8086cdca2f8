//! One answer of a stream into canonical events: which part is open, and what a delta adds to it.

use std::borrow::Cow;

use super::decode_citations::citations;
use super::decode_response::finish_reason;
use super::stream_calls::{Calls, Place, Sign};
use super::stream_chunk::{CallPiece, Said};
use crate::canonical::{
    Arguments, Delta, Extra, Finish, FinishReason, Form, Issuer, Part, PartBody, Reasoning, StreamEvent,
    StreamFault, Text, ToolCall,
};
use crate::json::Cursor;

/// Where events go.
pub(super) type Sink<'s> = dyn FnMut(StreamEvent<'_>) + 's;

/// One answer so far.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) index: u32,
    pub(super) parts: u32,
    open: Option<Open>,
    calls: Calls,
    pub(super) finish: Option<String>,
}

/// The part that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Refusal,
    /// With the number of the detail it came from.
    Reasoning(Option<u64>),
    Call,
}

impl Choice {
    /// An answer of which nothing has been said.
    pub(super) fn new(index: u32) -> Self {
        Self {
            index,
            parts: 0,
            open: None,
            calls: Calls::default(),
            finish: None,
        }
    }

    /// All is said: the open part ends, and the finish reason comes out.
    pub(super) fn end(&mut self, sink: &mut Sink<'_>) {
        self.close(sink);
        let calls = self.calls.count() > 0;
        let native = self.finish.take();
        let reason = match &native {
            Some(word) => finish_reason(word, calls),
            None if calls => FinishReason::ToolUse,
            None => FinishReason::Other,
        };
        sink(StreamEvent::Finish {
            candidate: self.index,
            finish: Finish {
                reason,
                native: native.map(Cow::Owned),
                sequence: None,
            },
        });
    }

    /// Says what a delta says.
    pub(super) fn say(
        &mut self,
        c: &Cursor<'_>,
        said: Said<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        // Where details show text, the string beside them repeats it.
        let shown = |part: &Part<'_>| matches!(&part.body, PartBody::Reasoning(r) if !r.text.is_empty() || !r.summary.is_empty());
        let repeats = said.details.iter().any(shown);
        if let Some(text) = said.reasoning.filter(|_| !repeats) {
            self.open(
                Open::Reasoning(None),
                || PartBody::from(Reasoning::default()),
                sink,
            );
            self.delta(Delta::Text(text), sink);
        }
        for part in said.details {
            self.detail(part, sink);
        }
        if let Some(text) = said.text {
            self.open(Open::Text, || PartBody::Text(Text::default()), sink);
            self.delta(Delta::Text(text), sink);
        }
        for part in said.content {
            self.content(part, sink);
        }
        if let Some(text) = said.refusal {
            self.open(Open::Refusal, || PartBody::Refusal(Cow::Borrowed("")), sink);
            self.delta(Delta::Text(text), sink);
        }
        if let Some(span) = said.annotations {
            let read = citations(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
            for citation in read.unwrap_or_default() {
                self.open(Open::Text, || PartBody::Text(Text::default()), sink);
                self.delta(Delta::Citation(citation), sink);
            }
        }
        let calls = said.calls.map(|span| CallPiece::read_all(&mut c.revisit(span)));
        let old = said
            .function_call
            .map(|span| CallPiece::read_old(&mut c.revisit(span)));
        for pieces in [calls, old].into_iter().flatten() {
            for piece in pieces.map_err(StreamFault::Malformed)? {
                self.call(piece, sink)?;
            }
        }
        Ok(())
    }

    /// Opens a part of that kind, unless it is open.
    fn open<'p>(&mut self, kind: Open, body: impl FnOnce() -> PartBody<'p>, sink: &mut Sink<'_>) {
        if self.open != Some(kind) {
            self.begin(kind, Part::new(body()), sink);
        }
    }

    fn begin(&mut self, kind: Open, part: Part<'_>, sink: &mut Sink<'_>) {
        self.close(sink);
        sink(StreamEvent::PartStart {
            candidate: self.index,
            index: self.parts,
            part: Box::new(part),
        });
        self.parts += 1;
        self.open = Some(kind);
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        if self.open.take().is_some() {
            sink(StreamEvent::PartEnd {
                candidate: self.index,
            });
        }
    }

    fn delta(&mut self, delta: Delta<'_>, sink: &mut Sink<'_>) {
        sink(StreamEvent::Delta {
            candidate: self.index,
            delta,
        });
    }

    /// One of `reasoning_details`: a piece of the reasoning that is open, or sealed reasoning of
    /// its own.
    fn detail(&mut self, part: Part<'_>, sink: &mut Sink<'_>) {
        let Part {
            body,
            signature,
            issuer,
            extra,
            ..
        } = part;
        let PartBody::Reasoning(reasoning) = body else {
            return self.whole(Part::new(body), sink);
        };
        let number = extra.get("index").and_then(|index| index.as_str().parse().ok());
        let Reasoning {
            id,
            text,
            summary,
            encrypted,
        } = *reasoning;
        let same = match self.open {
            Some(Open::Reasoning(open)) => open == number || open.is_none(),
            _ => false,
        };
        if !same {
            let mut opening = Part::new(PartBody::from(Reasoning {
                id,
                ..Reasoning::default()
            }));
            opening.issuer = issuer;
            self.begin(Open::Reasoning(number), opening, sink);
        }
        for text in text.into_iter().filter(|text| !text.is_empty()) {
            self.delta(Delta::Text(text), sink);
        }
        for text in summary.into_iter().filter(|text| !text.is_empty()) {
            self.delta(Delta::Summary { piece: 0, text }, sink);
        }
        if let Some(signature) = signature {
            self.delta(Delta::Signature(signature), sink);
        }
        if let Some(encrypted) = encrypted {
            self.delta(Delta::Encrypted(encrypted), sink);
        }
    }

    /// One element of a content list.
    fn content(&mut self, part: Part<'_>, sink: &mut Sink<'_>) {
        match part.body {
            PartBody::Text(text) => {
                if !text.text.is_empty() {
                    self.open(Open::Text, || PartBody::Text(Text::default()), sink);
                    self.delta(Delta::Text(text.text), sink);
                }
            }
            PartBody::Reasoning(reasoning) => {
                self.open(
                    Open::Reasoning(None),
                    || PartBody::from(Reasoning::default()),
                    sink,
                );
                for piece in reasoning.text.into_iter().filter(|piece| !piece.is_empty()) {
                    self.delta(Delta::Text(piece), sink);
                }
            }
            PartBody::Refusal(text) => {
                self.open(Open::Refusal, || PartBody::Refusal(Cow::Borrowed("")), sink);
                self.delta(Delta::Text(text), sink);
            }
            PartBody::Media(_)
            | PartBody::ToolCall(_)
            | PartBody::ToolResult(_)
            | PartBody::Json(_)
            | PartBody::Opaque(_) => self.whole(part, sink),
        }
    }

    /// A part that comes in one piece.
    fn whole(&mut self, mut part: Part<'_>, sink: &mut Sink<'_>) {
        part.form = Form::default();
        self.begin(Open::Call, part, sink);
        self.close(sink);
    }

    fn call(&mut self, piece: CallPiece<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let sign = Sign {
            index: piece.index,
            id: piece.id.as_deref().unwrap_or_default(),
            name: piece.name.as_deref().unwrap_or_default(),
        };
        let arguments = piece.arguments.unwrap_or_default();
        match self.calls.place(sign) {
            Place::New => {
                if !self.calls.begin(sign) {
                    return Err(StreamFault::OutOfOrder);
                }
                let mut part = Part::new(PartBody::from(ToolCall {
                    id: piece.id.filter(|id| !id.is_empty()),
                    name: piece.name.unwrap_or_default(),
                    arguments: Arguments::default(),
                    kind: piece.kind,
                    extra: Extra::NONE,
                }));
                part.issuer = piece.signature.is_some().then_some(Issuer::Google);
                part.signature = piece.signature;
                self.begin(Open::Call, part, sink);
            }
            // Text in between has closed the call, or another call has; a piece of it that says
            // something comes too late.
            Place::Last | Place::Earlier if arguments.is_empty() => return Ok(()),
            Place::Last if self.open == Some(Open::Call) => {}
            Place::Last | Place::Earlier => return Err(StreamFault::OutOfOrder),
        }
        if !arguments.is_empty() {
            self.calls.grow(&arguments);
            self.delta(Delta::Arguments(arguments), sink);
        }
        Ok(())
    }
}
