//! A streamed answer: chunks at the pace of the script, with its faults, booked in the ledger before
//! the last chunk goes out or when the client leaves.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use actix_web::rt::time::{Instant, sleep_until};
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use futures_util::Stream;
use sluicegate_protocols::dialect::Framing;

use crate::behaviour::Fault;
use crate::encoded::EventFrames;
use crate::exchange::wait;
use crate::formats::openai;
use crate::frames;
use crate::ledger::Outcome;
use crate::openai_chat::words::WordFrames;
use crate::plan::Plan;
use crate::state::Bill;

/// How fast a stream goes and what goes wrong with it.
#[derive(Debug)]
pub(crate) struct Pace {
    first_token_ms: u64,
    interval: Duration,
    fault: Option<Fault>,
}

impl Pace {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            first_token_ms: plan.model.behaviour.first_token_ms,
            interval: plan.interval,
            fault: plan.fault.clone(),
        }
    }
}

/// The head and the chunks to come.
pub(crate) fn respond(mut head: HttpResponseBuilder, pace: Pace, frames: Frames, bill: Bill) -> HttpResponse {
    head.insert_header(("cache-control", "no-cache"))
        .streaming(chunks(pace, frames, bill))
}

/// Sends `bytes`, sees them on their way, and breaks the connection.
pub(crate) fn then_break(bytes: Bytes) -> impl Stream<Item = io::Result<Bytes>> {
    async_stream::stream! {
        yield Ok(bytes);
        // Bytes handed over together with an error would not be flushed.
        tokio::task::yield_now().await;
        yield Err(io::Error::from(io::ErrorKind::ConnectionReset));
    }
}

/// Sends `bytes` and then nothing more; the call ends when the client leaves.
pub(crate) fn then_stall(bytes: Bytes, bill: Bill) -> impl Stream<Item = io::Result<Bytes>> {
    async_stream::stream! {
        let _booked_when_dropped = bill;
        yield Ok(bytes);
        std::future::pending::<()>().await;
    }
}

/// What to do after a frame.
enum Next {
    Go,
    /// The rest of this frame is kept back and the connection breaks.
    Break {
        keep: usize,
    },
    Stall,
    /// An error ends the stream.
    Fail,
    /// A broken frame comes in between.
    Insert,
}

/// Watches for the point where the scripted fault strikes.
struct Fate {
    fault: Option<Fault>,
    bytes: u64,
}

impl Fate {
    /// What becomes of a frame of `length` bytes that follows `chunks` others.
    fn at(&mut self, chunks: u64, length: usize) -> Next {
        let before = self.bytes;
        self.bytes += length as u64;
        match self.fault {
            Some(Fault::CutBytes(limit)) if self.bytes > limit => Next::Break {
                keep: usize::try_from(limit.saturating_sub(before)).unwrap_or(0),
            },
            Some(Fault::CutChunks(count)) if chunks == u64::from(count) => Next::Break { keep: 0 },
            Some(Fault::Stall {
                after_chunks: Some(count),
            }) if chunks == u64::from(count) => Next::Stall,
            Some(Fault::MalformedChunk(count)) if chunks == u64::from(count) => Next::Insert,
            Some(Fault::ErrorEvent(count)) if chunks == u64::from(count) => Next::Fail,
            _ => Next::Go,
        }
    }
}

/// One frame of a stream.
#[derive(Debug)]
pub(crate) struct Frame {
    bytes: Vec<u8>,
    /// Tokens of content it carries.
    tokens: u64,
    is_tail: bool,
}

impl Frame {
    /// A frame of the answer itself.
    pub(crate) fn content(bytes: Vec<u8>, tokens: u64) -> Self {
        Self {
            bytes,
            tokens,
            is_tail: false,
        }
    }

    /// The frame that ends the last answer, or one after it.
    pub(crate) fn tail(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            tokens: 0,
            is_tail: true,
        }
    }
}

/// The frames in order.
pub(crate) enum Frames {
    /// Usual words, made as they go out.
    Words(Box<WordFrames>),
    /// Canonical events, encoded as they go out.
    Events(Box<EventFrames>),
    /// Whatever a format has written.
    Listed {
        /// What is left.
        frames: VecDeque<Frame>,
        /// Whether the text is over.
        ended: bool,
    },
}

impl Frames {
    /// Frames that a format has written.
    pub(crate) fn listed(frames: Vec<Frame>) -> Self {
        Self::Listed {
            frames: frames.into(),
            ended: false,
        }
    }

    /// Appends the next frame; gives its tokens, or `None` at the end.
    fn next(&mut self, out: &mut Vec<u8>) -> Option<u64> {
        match self {
            Self::Words(words) => words.next(out),
            Self::Events(events) => events.next(out),
            Self::Listed { frames, ended } => {
                let frame = frames.pop_front()?;
                out.extend_from_slice(&frame.bytes);
                *ended |= frame.is_tail;
                Some(frame.tokens)
            }
        }
    }

    /// Whether what comes next belongs to the end of the stream and not to its text.
    fn is_tail(&self) -> bool {
        match self {
            Self::Words(words) => words.is_tail(),
            Self::Events(events) => events.is_tail(),
            Self::Listed { ended, .. } => *ended,
        }
    }

    /// A frame that cannot be read.
    fn malformed(&self) -> Vec<u8> {
        match self {
            Self::Events(events) => events.malformed(),
            Self::Words(_) | Self::Listed { .. } => frames::malformed(Framing::Sse, None),
        }
    }

    /// The frames that end the stream with an error.
    fn fail(&mut self) -> Vec<u8> {
        match self {
            Self::Events(events) => events.fail(),
            Self::Words(_) | Self::Listed { .. } => openai::stream_error(),
        }
    }

    /// Whether they are the elements of a JSON array.
    pub(crate) fn are_array(&self) -> bool {
        match self {
            Self::Events(events) => events.are_array(),
            Self::Words(_) | Self::Listed { .. } => false,
        }
    }
}

fn chunks(pace: Pace, mut frames: Frames, mut bill: Bill) -> impl Stream<Item = io::Result<Bytes>> {
    let Pace {
        first_token_ms,
        interval,
        fault,
    } = pace;
    let mut fate = Fate { fault, bytes: 0 };
    async_stream::stream! {
        wait(first_token_ms).await;
        let mut due = Instant::now();
        let mut buffer = Vec::with_capacity(512);
        loop {
            buffer.clear();
            if bill.chunks > 0 && !interval.is_zero() && !frames.is_tail() {
                due += interval;
                sleep_until(due).await;
            }
            let Some(tokens) = frames.next(&mut buffer) else { break };
            match fate.at(bill.chunks, buffer.len()) {
                Next::Go => {}
                Next::Insert => yield Ok(Bytes::from(frames.malformed())),
                Next::Stall => std::future::pending().await,
                Next::Break { keep } => {
                    bill.settle(Outcome::Cut);
                    yield Ok(Bytes::copy_from_slice(&buffer[..keep]));
                    tokio::task::yield_now().await;
                    yield Err(io::Error::from(io::ErrorKind::ConnectionReset));
                    return;
                }
                Next::Fail => {
                    bill.settle(Outcome::Failed);
                    yield Ok(Bytes::from(frames.fail()));
                    return;
                }
            }
            bill.sent += tokens;
            bill.chunks += 1;
            if frames.is_tail() {
                // Booked before the caller can see that the text is complete.
                bill.settle(Outcome::Completed);
            }
            yield Ok(Bytes::copy_from_slice(&buffer));
        }
    }
}
