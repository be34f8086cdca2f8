//! A provider's stream split into frames, in whichever framing its dialect has.

use crate::canonical::StreamFault;
use crate::dialect::Framing;
use crate::{event_stream, sse};

/// The splitter of one stream.
#[derive(Debug)]
pub(super) enum Frames {
    Sse(sse::Parser),
    EventStream(event_stream::Parser),
}

/// Takes a frame: its event name, if it has one, and its data.
pub(super) type OnFrame<'f> = dyn FnMut(Option<&[u8]>, &[u8]) -> Result<(), StreamFault> + 'f;

impl Frames {
    /// Holds at most `max_frame` bytes of an unfinished frame.
    pub(super) fn new(framing: Framing, max_frame: usize) -> Self {
        match framing {
            Framing::Sse => Self::Sse(sse::Parser::new(max_frame)),
            Framing::EventStream => Self::EventStream(event_stream::Parser::new(max_frame)),
        }
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8], on_frame: &mut OnFrame<'_>) -> Result<(), StreamFault> {
        match self {
            Self::Sse(parser) => parser.feed(bytes, |frame| match frame.data {
                Some(data) => on_frame(frame.event, data),
                None => Ok(()),
            }),
            Self::EventStream(parser) => parser.feed(bytes, |frame| on_frame(frame.event, frame.data)),
        }
    }

    /// Takes the end. An event that lacks only its blank line still counts; a message that lacks
    /// anything does not.
    pub(super) fn finish(&mut self, on_frame: &mut OnFrame<'_>) -> Result<(), StreamFault> {
        match self {
            Self::Sse(parser) => parser.finish(|frame| match frame.data {
                Some(data) => on_frame(frame.event, data),
                None => Ok(()),
            }),
            Self::EventStream(parser) => Ok(parser.finish()?),
        }
    }
}
