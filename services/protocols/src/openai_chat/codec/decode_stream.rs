//! Chunks into canonical events. Keeps, per answer, which part is open and how calls are numbered,
//! never the text. Finish reasons are held back until all is said: some servers repeat them, and
//! some go on talking.

use std::borrow::Cow;

use super::decode_response::logprobs;
use super::stream_choice::{Choice, Sink};
use super::stream_chunk::{Chunk, Piece, Said};
use crate::canonical::{Extra, StreamEnd, StreamEvent, StreamFault};
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
            choice.end(sink);
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
        if !chunk.choices.is_empty() && !self.started {
            self.started = true;
            sink(StreamEvent::Start(chunk.start));
        }
        self.report(None, &chunk.extra, sink);
        for (position, piece) in chunk.choices.into_iter().enumerate() {
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
                self.choices.push(Choice::new(index));
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
        let whole = piece.message.filter(|_| fresh && piece.delta.is_none());
        let whole = whole.map(|span| Said::read(&mut c.revisit(span)));
        if let Some(said) = piece.delta.map(Ok).or(whole) {
            let said = said.map_err(StreamFault::Malformed)?;
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
