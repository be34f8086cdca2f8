//! One answer of a stream as its decoder sees it: which part is open, and what the next part of a
//! chunk does to it. Text goes on with text and thoughts with thoughts; a part that bears a
//! signature is told alone, since the signature is of that part, an empty one at the end included.

use super::decode_stream::Sink;
use super::form;
use super::partial_args::{CallPiece, PartialArgs};
use crate::canonical::{
    Arguments, Citation, Delta, Extra, Form, Part, PartBody, Reasoning, StreamEvent, StreamFault, Text,
};
use crate::tool_ids;

/// One answer so far.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) index: u32,
    pub(super) has_calls: bool,
    pub(super) finish: Option<End>,
    parts: u32,
    open: Option<Open>,
    /// What the text rests on, as told last: it is told of the whole text, in the end or anew in
    /// every chunk.
    sources: Vec<Citation<'static>>,
}

/// Why it ends, as far as told.
#[derive(Debug)]
pub(super) struct End {
    pub(super) word: String,
    /// It never began: the prompt was blocked.
    pub(super) blocked: bool,
}

/// The part that is open.
#[derive(Debug)]
enum Open {
    Text,
    Reasoning,
    /// A call whose arguments come in pieces.
    Call(PartialArgs),
}

impl Answer {
    pub(super) fn new(index: u32) -> Self {
        Self {
            index,
            has_calls: false,
            finish: None,
            parts: 0,
            open: None,
            sources: Vec::new(),
        }
    }

    /// Takes a part of a chunk.
    pub(super) fn say(
        &mut self,
        mut part: Part<'_>,
        seed: Option<&str>,
        calls: &mut u32,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let signed = part.signature.is_some();
        match &mut part.body {
            PartBody::Text(Text { text, citations }) => {
                if !citations.is_empty() {
                    self.sources = citations.drain(..).map(Citation::into_owned).collect();
                }
                if signed {
                    self.whole(part, sink);
                } else if !text.is_empty() {
                    self.open_text(sink);
                    self.delta(Delta::Text(std::mem::take(text)), sink);
                }
            }
            PartBody::Reasoning(reasoning) if !signed => {
                if !matches!(self.open, Some(Open::Reasoning)) {
                    let empty = Part::new(PartBody::from(Reasoning::default()));
                    self.begin(empty, Some(Open::Reasoning), sink);
                }
                for text in reasoning.text.drain(..).filter(|text| !text.is_empty()) {
                    self.delta(Delta::Text(text), sink);
                }
            }
            PartBody::ToolCall(call) => {
                self.has_calls = true;
                let number = *calls;
                *calls = calls.saturating_add(1);
                if let (true, Some(seed)) = (call.id.as_deref().is_none_or(str::is_empty), seed) {
                    call.id = Some(tool_ids::mint(seed, number).into());
                }
                let extra = std::mem::replace(&mut call.extra, Extra::NONE);
                let pieces = extra.get("partialArgs");
                let goes_on = extra.get("willContinue").is_some_and(|v| v.as_str() == "true");
                if pieces.is_none() && !goes_on {
                    call.extra = extra;
                    self.whole(part, sink);
                    return Ok(());
                }
                call.arguments = Arguments::default();
                part.form = Form::default();
                self.begin(part, Some(Open::Call(PartialArgs::default())), sink);
                let piece = CallPiece {
                    pieces: pieces.map(|pieces| pieces.by_ref()),
                    goes_on,
                };
                self.call_piece(&piece, sink)?;
            }
            PartBody::Opaque(opaque) if matches!(opaque.kind.as_ref(), "functionCall" | "function_call") => {
                let piece = CallPiece::read(&opaque.value)?;
                self.call_piece(&piece, sink)?;
            }
            PartBody::Reasoning(_)
            | PartBody::Refusal(_)
            | PartBody::Media(_)
            | PartBody::ToolResult(_)
            | PartBody::Json(_)
            | PartBody::Opaque(_) => self.whole(part, sink),
        }
        Ok(())
    }

    /// A piece of the call that is open. Without one, only a piece that says nothing is in order.
    fn call_piece(&mut self, piece: &CallPiece<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let text = match (&mut self.open, &piece.pieces) {
            (Some(Open::Call(args)), Some(pieces)) => args.feed(pieces)?,
            (_, None) => String::new(),
            (_, Some(_)) => return Err(StreamFault::OutOfOrder),
        };
        if !text.is_empty() {
            self.delta(Delta::Arguments(text.into()), sink);
        }
        if !piece.goes_on && matches!(self.open, Some(Open::Call(_))) {
            self.close(sink);
        }
        Ok(())
    }

    /// A part that comes in one piece.
    fn whole(&mut self, mut part: Part<'_>, sink: &mut Sink<'_>) {
        part.form = Form(part.form.0 & form::part::MINTED.0);
        self.begin(part, None, sink);
        sink(StreamEvent::PartEnd {
            candidate: self.index,
        });
    }

    fn begin(&mut self, part: Part<'_>, open: Option<Open>, sink: &mut Sink<'_>) {
        self.close(sink);
        sink(StreamEvent::PartStart {
            candidate: self.index,
            index: self.parts,
            part: Box::new(part),
        });
        self.parts = self.parts.saturating_add(1);
        self.open = open;
    }

    fn delta(&mut self, delta: Delta<'_>, sink: &mut Sink<'_>) {
        sink(StreamEvent::Delta {
            candidate: self.index,
            delta,
        });
    }

    /// All is said: sources come out, and what is open ends.
    pub(super) fn conclude(&mut self, sink: &mut Sink<'_>) {
        let sources = std::mem::take(&mut self.sources);
        if !sources.is_empty() {
            self.open_text(sink);
        }
        for mut citation in sources {
            // Positions were in a chunk of the text, if in any.
            (citation.start, citation.end) = (None, None);
            self.delta(Delta::Citation(citation), sink);
        }
        self.close(sink);
    }

    fn open_text(&mut self, sink: &mut Sink<'_>) {
        if !matches!(self.open, Some(Open::Text)) {
            self.begin(Part::text(""), Some(Open::Text), sink);
        }
    }

    /// Ends the open part.
    fn close(&mut self, sink: &mut Sink<'_>) {
        let Some(open) = self.open.take() else { return };
        if let Open::Call(mut args) = open {
            let rest = args.finish();
            if !rest.is_empty() {
                self.delta(Delta::Arguments(rest.into()), sink);
            }
        }
        sink(StreamEvent::PartEnd {
            candidate: self.index,
        });
    }
}
