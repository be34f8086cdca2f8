//! Chunks into canonical events. Keeps, per answer, which part is open and how calls are numbered,
//! never the text. Finish reasons are held back until all is said: some servers repeat them, and
//! some go on talking.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::decode_citations::citations;
use super::decode_response::{finish_reason, logprobs};
use super::stream_calls::{Calls, Place, Sign};
use super::stream_chunk::{CallPiece, Chunk, Piece, Said};
use crate::canonical::{
    Arguments, Delta, Extra, Finish, FinishReason, Form, Issuer, Part, PartBody, Reasoning, StreamEnd,
    StreamEvent, StreamFault, Text, ToolCall,
};
use crate::json::{Cursor, MAX_DEPTH};
use crate::provider_error::{ProviderError, clip};

/// Most answers in one stream.
const MAX_CHOICES: usize = 128;
/// Most unknown members reported.
const MAX_EXTRAS: usize = 64;

/// The reader of one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    started: bool,
    done: bool,
    failed: bool,
    choices: Vec<Choice>,
    /// Names of unknown members reported; each is reported once.
    reported: Vec<String>,
}

/// One answer so far.
#[derive(Debug)]
struct Choice {
    index: u32,
    parts: u32,
    open: Option<Open>,
    calls: Calls,
    finish: Option<String>,
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

/// Where events go.
type Sink<'s> = dyn FnMut(StreamEvent<'_>) + 's;

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one frame. Event names mean nothing in this dialect.
    pub fn frame(
        &mut self,
        _event: Option<&[u8]>,
        data: &[u8],
        sink: &mut impl FnMut(StreamEvent<'_>),
    ) -> Result<(), StreamFault> {
        let data = data.trim_ascii();
        if self.done || self.failed || data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            // Without an answer there is nothing that could be complete.
            if !self.choices.is_empty() {
                self.conclude(sink);
            }
            return Ok(());
        }
        self.chunk(data, sink)
    }

    /// Takes the end of the connection.
    pub fn end(&mut self, sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
        if self.failed {
            return StreamEnd::Failed;
        }
        let finished = !self.choices.is_empty() && self.choices.iter().all(|c| c.finish.is_some());
        if !self.done && finished {
            self.conclude(sink);
        }
        if self.done {
            StreamEnd::Complete
        } else {
            StreamEnd::Cut
        }
    }

    /// All is said: parts end, finish reasons come out.
    fn conclude(&mut self, sink: &mut Sink<'_>) {
        self.done = true;
        for choice in &mut self.choices {
            choice.close(sink);
            let calls = choice.calls.count() > 0;
            let native = choice.finish.take();
            let reason = match &native {
                Some(word) => finish_reason(word, calls),
                None if calls => FinishReason::ToolUse,
                None => FinishReason::Other,
            };
            sink(StreamEvent::Finish {
                candidate: choice.index,
                finish: Finish {
                    reason,
                    native: native.map(Cow::Owned),
                    sequence: None,
                },
            });
        }
        sink(StreamEvent::Done);
    }

    fn chunk(&mut self, data: &[u8], sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let mut cursor = Cursor::new(data, MAX_DEPTH).map_err(StreamFault::Malformed)?;
        let chunk = Chunk::read(&mut cursor).map_err(StreamFault::Malformed)?;
        if chunk.error {
            self.failed = true;
            sink(StreamEvent::Error(ProviderError::parse(data)));
            return Ok(());
        }
        let mut pieces = SmallVec::new();
        if let Some(span) = chunk.choices {
            pieces = Piece::read_all(&mut cursor.revisit(span)).map_err(StreamFault::Malformed)?;
        }
        if !pieces.is_empty() && !self.started {
            self.started = true;
            sink(StreamEvent::Start(chunk.start));
        }
        self.report(None, &chunk.extra, sink);
        for (position, piece) in pieces.into_iter().enumerate() {
            self.piece(&cursor, piece, position, sink)?;
        }
        if let Some(usage) = chunk.usage {
            sink(StreamEvent::Usage(usage));
        }
        Ok(())
    }

    fn piece(
        &mut self,
        c: &Cursor<'_>,
        piece: Piece<'_>,
        position: usize,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let index = piece.index.unwrap_or(position as u64);
        let index = u32::try_from(index).map_err(|_| StreamFault::OutOfOrder)?;
        let at = match self.choices.iter().position(|choice| choice.index == index) {
            Some(at) => at,
            None if self.choices.len() == MAX_CHOICES => return Err(StreamFault::OutOfOrder),
            None => {
                self.choices.push(Choice {
                    index,
                    parts: 0,
                    open: None,
                    calls: Calls::default(),
                    finish: None,
                });
                self.choices.len() - 1
            }
        };
        if let Some(span) = piece.logprobs {
            let read = logprobs(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
            let tokens = read.map(|l| l.content).unwrap_or_default();
            if !tokens.is_empty() {
                sink(StreamEvent::Logprobs {
                    candidate: index,
                    tokens,
                });
            }
        }
        // Perplexity's last chunk repeats the whole message beside its delta; a server that sends
        // only a message has said everything in it.
        let fresh = self.choices[at].parts == 0;
        if let Some(span) = piece.delta.or(piece.message.filter(|_| fresh)) {
            let said = Said::read(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
            self.report(Some(index), &said.extra, sink);
            self.choices[at].say(c, said, sink)?;
        }
        self.report(Some(index), &piece.extra, sink);
        if let Some(usage) = piece.usage {
            sink(StreamEvent::Usage(usage));
        }
        let choice = &mut self.choices[at];
        choice.finish = choice.finish.take().or(piece.finish.map(|word| clip(&word, 64)));
        Ok(())
    }

    /// Reports unknown members that say something, each name once.
    fn report(&mut self, candidate: Option<u32>, extra: &Extra<'_>, sink: &mut Sink<'_>) {
        for (name, value) in extra.iter() {
            if value.is_void() || self.reported.len() == MAX_EXTRAS || self.reported.iter().any(|r| r == name)
            {
                continue;
            }
            self.reported.push(clip(name, 64));
            sink(StreamEvent::Extra {
                candidate,
                name: Cow::Borrowed(name),
                value: value.by_ref(),
            });
        }
    }
}

impl Choice {
    fn say(&mut self, c: &Cursor<'_>, said: Said<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        // Where details show text, the string beside them repeats it.
        let shown = |part: &Part<'_>| matches!(&part.body, PartBody::Reasoning(r) if !r.text.is_empty() || !r.summary.is_empty());
        let repeats = said.details.iter().any(shown);
        if let Some(text) = said.reasoning.filter(|_| !repeats) {
            self.open(
                Open::Reasoning(None),
                || PartBody::Reasoning(Reasoning::default()),
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
        } = reasoning;
        let same = match self.open {
            Some(Open::Reasoning(open)) => open == number || open.is_none(),
            _ => false,
        };
        if !same {
            let mut opening = Part::new(PartBody::Reasoning(Reasoning {
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
                    || PartBody::Reasoning(Reasoning::default()),
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
                let mut part = Part::new(PartBody::ToolCall(ToolCall {
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
