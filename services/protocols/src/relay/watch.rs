//! A stream passed on in its own dialect: whole frames go out as they came, while the decoder of
//! the dialect notes what they say. Chat Completions have a reader of their own that does less work
//! ([`crate::openai_chat::stream::ChatStream`]); this one serves every other dialect.
//!
//! Two kinds of frame wait for [`StreamWatch::tail`]: the one that says all is said, so that what
//! looks complete to the caller is complete, and before it the one that only tells usage, so that
//! the cost can be put into it. All others go out at once.

use bytes::Bytes;

use super::noted::Noted;
use super::{StreamFacts, untold};
use crate::TokenCounts;
use crate::canonical::{StreamEnd, StreamEvent, StreamFault};
use crate::closing_frame::frames_with_cost;
use crate::dialect::{Dialect, StreamDecoder};
use crate::sse::{Frame, Outgoing, Parser};

/// The watcher of one stream.
#[derive(Debug)]
pub struct StreamWatch {
    dialect: Dialect,
    parser: Parser,
    watched: Watched,
    /// Frames that wait for the end.
    held: Vec<u8>,
}

#[derive(Debug)]
struct Watched {
    decoder: StreamDecoder,
    noted: Noted,
}

/// What to do with a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Yes,
    No,
    /// It says nothing, so its order among those that do means nothing.
    Aside,
    /// It tells usage and nothing else, with no part open.
    Usage,
    /// With it all is said.
    Last,
}

impl StreamWatch {
    /// A watcher of a stream of that dialect, holding at most `max_frame` bytes of an unfinished
    /// frame.
    pub fn new(dialect: Dialect, max_frame: usize) -> Self {
        Self {
            dialect,
            parser: Parser::new(max_frame),
            watched: Watched {
                decoder: StreamDecoder::new(dialect),
                noted: Noted::default(),
            },
            held: Vec::new(),
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Takes a read of the provider's stream and appends to `out` what the caller is to get of it.
    /// On an error `out` still has the frames before the bad one.
    pub fn feed(&mut self, read: &Bytes, out: &mut Vec<Bytes>) -> Result<(), StreamFault> {
        let Self {
            parser,
            watched,
            held,
            ..
        } = self;
        let mut outgoing = Outgoing::new(read, out);
        let fed = parser.feed(read, |frame| {
            match watched.frame(&frame)? {
                Show::No => {}
                Show::Aside => outgoing.add(&frame),
                Show::Yes => {
                    outgoing.push(take(held));
                    outgoing.add(&frame);
                }
                Show::Usage => {
                    outgoing.push(take(held));
                    held.extend_from_slice(frame.raw);
                }
                Show::Last => held.extend_from_slice(frame.raw),
            }
            Ok(())
        });
        outgoing.flush();
        fed
    }

    /// Takes the end of the provider's connection. A last frame that lacks only its blank line
    /// still counts, and goes out completed.
    pub fn finish(&mut self, out: &mut Vec<Bytes>) -> StreamEnd {
        let Self {
            parser,
            watched,
            held,
            ..
        } = self;
        let ended: Result<(), StreamFault> = parser.finish(|frame| {
            let show = watched.frame(&frame)?;
            let completed = || [frame.raw.trim_ascii_end(), b"\n\n"].concat();
            match show {
                Show::No | Show::Aside => {}
                Show::Yes => {
                    out.extend(take(held));
                    out.push(completed().into());
                }
                Show::Usage => {
                    out.extend(take(held));
                    held.extend_from_slice(&completed());
                }
                Show::Last => held.extend_from_slice(&completed()),
            }
            Ok(())
        });
        // A frame that breaks off in the middle is what a cut looks like.
        if ended.is_err() {
            return StreamEnd::Cut;
        }
        let Watched { decoder, noted } = watched;
        decoder.end(&mut |event: StreamEvent<'_>| noted.note(&event))
    }

    /// What has been read so far.
    pub fn facts(&self) -> StreamFacts<'_> {
        self.watched.noted.facts()
    }

    /// What ends a complete stream towards the caller: the frames that waited, with `estimate` when
    /// no usage was told, and `cost`, a JSON number in US dollars, each where the dialect has a place
    /// for it.
    pub fn tail(&mut self, estimate: &TokenCounts, cost: Option<&str>) -> Bytes {
        let mut held = std::mem::take(&mut self.held);
        if self.facts().usage.is_none() {
            held = untold::tell(self.dialect, held, estimate);
        }
        frames_with_cost(held, cost).into()
    }

    /// The frame with usage that still waits when a stream breaks.
    pub fn release(&mut self, cost: Option<&str>) -> Option<Bytes> {
        let held = std::mem::take(&mut self.held);
        (!held.is_empty()).then(|| frames_with_cost(held, cost).into())
    }
}

fn take(held: &mut Vec<u8>) -> Option<Bytes> {
    (!held.is_empty()).then(|| std::mem::take(held).into())
}

impl Watched {
    fn frame(&mut self, frame: &Frame<'_>) -> Result<Show, StreamFault> {
        if self.noted.is_over() {
            return Ok(Show::No);
        }
        let Some(data) = frame.data.filter(|data| !data.trim_ascii().is_empty()) else {
            return Ok(Show::Aside);
        };
        let Self { decoder, noted } = self;
        let (mut events, mut usage) = (0_u32, 0_u32);
        decoder.frame(frame.event, data, &mut |event: StreamEvent<'_>| {
            events += 1;
            usage += u32::from(matches!(event, StreamEvent::Usage(_)));
            noted.note(&event);
        })?;
        Ok(match events {
            _ if noted.done => Show::Last,
            0 => Show::Aside,
            _ if events == usage && noted.is_between_parts() => Show::Usage,
            _ => Show::Yes,
        })
    }
}
