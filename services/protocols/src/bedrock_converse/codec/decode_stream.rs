//! Events of a stream into canonical ones. Keeps which block is open, never the text. Usage comes
//! behind the stop reason, so the finish is held back until both are there or the connection ends.

use std::borrow::Cow;

use super::decode_response::finish_reason;
use super::formats;
use super::stream_event::{Payload, Piece, Start};
use crate::bedrock_converse::error;
use crate::canonical::{
    Arguments, CallKind, Delta, Extra, Finish, Issuer, Media, MediaKind, Opaque, OpaqueRole, Part, PartBody,
    Reasoning, Source, StreamEnd, StreamEvent, StreamFault, StreamStart, Text, ToolCall,
};
use crate::provider_error::clip;

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
    /// The block that is open, with its number on the wire.
    open: Option<(u64, Open)>,
    /// The number of the block after the last that has begun; what ended does not begin again.
    next: u64,
    stop: Option<String>,
    /// Names of unknown members reported; each is reported once.
    reported: Vec<String>,
}

/// The part that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Open {
    Text,
    Reasoning,
    Call,
    /// An image of that format, which comes in one piece.
    Image(Option<String>),
    /// A part whose pieces are not modelled.
    Whole,
}

/// Where events go.
type Sink<'s> = dyn FnMut(StreamEvent<'_>) + 's;

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one message: the name of its event or exception, and its payload.
    pub fn frame(
        &mut self,
        event: Option<&[u8]>,
        data: &[u8],
        sink: &mut impl FnMut(StreamEvent<'_>),
    ) -> Result<(), StreamFault> {
        let Some(event) = event.filter(|_| !self.done && !self.failed) else {
            return Ok(());
        };
        let sink: &mut Sink<'_> = sink;
        match event {
            b"messageStart" | b"contentBlockStart" | b"contentBlockDelta" | b"contentBlockStop"
            | b"messageStop" | b"metadata" => {
                let payload = Payload::read(data).map_err(StreamFault::Malformed)?;
                self.begin(sink);
                self.take(event, payload, sink)
            }
            // Errors that the service does not model come without a payload, as plain words.
            name if name.ends_with(b"Exception") || data.trim_ascii_start().first() != Some(&b'{') => {
                self.failed = true;
                let name = String::from_utf8_lossy(name);
                sink(StreamEvent::Error(error::read(Some(&name), data)));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Takes the end of the connection.
    pub fn end(&mut self, sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
        if self.failed {
            return StreamEnd::Failed;
        }
        if self.stop.is_some() {
            self.conclude(sink);
        }
        if self.done {
            StreamEnd::Complete
        } else {
            StreamEnd::Cut
        }
    }

    fn begin(&mut self, sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.started, true) {
            sink(StreamEvent::Start(StreamStart::default()));
        }
    }

    fn take(&mut self, event: &[u8], payload: Payload<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let Payload {
            index,
            start,
            delta,
            stop,
            usage,
            extra,
        } = payload;
        self.report(&extra, sink);
        let index = index.unwrap_or_else(|| self.open.as_ref().map_or(self.next, |(open, _)| *open));
        match event {
            b"contentBlockStart" => {
                if let Some(start) = start {
                    self.start(index, start, sink)?;
                }
            }
            b"contentBlockDelta" => {
                if let Some(piece) = delta {
                    self.piece(index, piece, sink)?;
                }
            }
            b"contentBlockStop" => {
                if self.open.as_ref().is_some_and(|(open, _)| *open == index) {
                    self.close(sink);
                }
                self.next = self.next.max(index.saturating_add(1));
            }
            b"messageStop" => {
                self.close(sink);
                let word = stop.as_deref().unwrap_or_default();
                self.stop.get_or_insert_with(|| clip(word, 64));
            }
            _ => {}
        }
        if let Some(usage) = usage {
            sink(StreamEvent::Usage(usage));
            if self.stop.is_some() {
                self.conclude(sink);
            }
        }
        Ok(())
    }

    /// All is said.
    fn conclude(&mut self, sink: &mut Sink<'_>) {
        let Some(word) = self.stop.take() else { return };
        self.done = true;
        let reason = finish_reason(&word, self.calls);
        sink(StreamEvent::Finish {
            candidate: 0,
            finish: Finish {
                reason,
                native: Some(word).filter(|word| !word.is_empty()).map(Cow::Owned),
                sequence: None,
            },
        });
        sink(StreamEvent::Done);
    }

    fn start(&mut self, index: u64, start: Start<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        match start {
            Start::Call { id, name } => {
                self.calls = true;
                let call = ToolCall {
                    id: id.filter(|id| !id.is_empty()),
                    name,
                    arguments: Arguments::default(),
                    kind: CallKind::Function,
                    extra: Extra::NONE,
                };
                self.open_part(index, Open::Call, Part::new(PartBody::from(call)), sink)
            }
            Start::Image(format) => {
                self.enter(index, sink)?;
                self.open = Some((index, Open::Image(format.map(|format| clip(&format, 32)))));
                Ok(())
            }
            Start::Other(kind, value) => {
                let role = match kind.as_ref() {
                    "server_tool_use" => OpaqueRole::ServerToolCall,
                    "toolResult" => OpaqueRole::ServerToolResult,
                    kind if kind.ends_with("_result") => OpaqueRole::ServerToolResult,
                    _ => OpaqueRole::Unknown,
                };
                let part = Part::new(PartBody::from(Opaque { kind, role, value }));
                self.open_part(index, Open::Whole, part, sink)
            }
        }
    }

    fn piece(&mut self, index: u64, piece: Piece<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let delta = match piece {
            Piece::Text(text) | Piece::Thought(text) if text.is_empty() => return Ok(()),
            Piece::Text(text) => {
                self.grow_into(index, Open::Text, sink)?;
                Delta::Text(text)
            }
            Piece::Thought(text) => {
                self.grow_into(index, Open::Reasoning, sink)?;
                Delta::Text(text)
            }
            Piece::Signature(signature) => {
                self.grow_into(index, Open::Reasoning, sink)?;
                Delta::Signature(signature)
            }
            Piece::Sealed(data) => {
                self.grow_into(index, Open::Reasoning, sink)?;
                Delta::Encrypted(data)
            }
            Piece::Citation(citation) => {
                self.grow_into(index, Open::Text, sink)?;
                Delta::Citation(*citation)
            }
            Piece::Arguments(text) => match &self.open {
                Some((open, Open::Call)) if *open == index => Delta::Arguments(text),
                Some((open, Open::Whole)) if *open == index => return Ok(()),
                _ => return Err(StreamFault::OutOfOrder),
            },
            Piece::Image(source) => return self.image(index, source, sink),
            Piece::Other => return Ok(()),
        };
        sink(StreamEvent::Delta { candidate: 0, delta });
        Ok(())
    }

    /// Sees to it that a part of that kind is open; text and reasoning begin without a word.
    fn grow_into(&mut self, index: u64, kind: Open, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        if self.open.as_ref() == Some(&(index, kind.clone())) {
            return Ok(());
        }
        let mut part = Part::new(if kind == Open::Text {
            PartBody::Text(Text::default())
        } else {
            PartBody::from(Reasoning::default())
        });
        // Whether it will be signed shows only later; no other models sign here.
        part.issuer = (kind == Open::Reasoning).then_some(Issuer::Anthropic);
        self.open_part(index, kind, part, sink)
    }

    /// An image comes whole.
    fn image(&mut self, index: u64, source: Source<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let Some((open, Open::Image(format))) = self.open.take().filter(|(open, _)| *open == index) else {
            return Err(StreamFault::OutOfOrder);
        };
        let media = Media {
            kind: MediaKind::Image,
            source,
            mime: format.map(|format| formats::mime(MediaKind::Image, &format)),
            name: None,
            detail: None,
        };
        self.next = open;
        self.open_part(index, Open::Whole, Part::new(PartBody::from(media)), sink)
    }

    fn open_part(
        &mut self,
        index: u64,
        kind: Open,
        part: Part<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        self.enter(index, sink)?;
        sink(StreamEvent::PartStart {
            candidate: 0,
            index: self.parts,
            part: Box::new(part),
        });
        self.parts += 1;
        self.open = Some((index, kind));
        Ok(())
    }

    /// Ends what is open and makes room for a block of that number.
    fn enter(&mut self, index: u64, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let again = self.open.as_ref().is_some_and(|(open, _)| *open == index);
        if self.stop.is_some() || (index < self.next && !again) || self.parts == u32::MAX {
            return Err(StreamFault::OutOfOrder);
        }
        self.close(sink);
        self.next = index.saturating_add(1);
        Ok(())
    }

    fn close(&mut self, sink: &mut Sink<'_>) {
        match self.open.take() {
            // An image that never came.
            None | Some((_, Open::Image(_))) => {}
            Some(_) => sink(StreamEvent::PartEnd { candidate: 0 }),
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
