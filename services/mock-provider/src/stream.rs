//! A streamed answer: chunks at the pace of the script, with its faults, booked in the ledger before
//! the last chunk goes out or when the client leaves.

use std::collections::VecDeque;
use std::io;

use actix_web::HttpResponse;
use actix_web::rt::time::{Instant, sleep_until};
use bytes::Bytes;
use futures_util::Stream;

use crate::behaviour::Fault;
use crate::format::Format;
use crate::ledger::Outcome;
use crate::plan::Plan;
use crate::respond::wait;
use crate::state::Bill;

/// The head and the chunks to come.
pub(crate) fn respond(plan: Plan, bill: Bill) -> HttpResponse {
    let id = bill.call_id().to_owned();
    HttpResponse::Ok()
        .insert_header(("content-type", plan.format.stream_type()))
        .insert_header(("cache-control", "no-cache"))
        .insert_header(("x-request-id", id))
        .streaming(chunks(plan, bill))
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
    /// These bytes end the stream.
    End(Vec<u8>),
    /// These bytes come in between.
    Insert(&'static [u8]),
}

/// Watches for the point where the scripted fault strikes.
struct Fate {
    format: &'static dyn Format,
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
            Some(Fault::MalformedChunk(count)) if chunks == u64::from(count) => {
                Next::Insert(self.format.broken_frame())
            }
            Some(Fault::ErrorEvent(count)) if chunks == u64::from(count) => {
                Next::End(self.format.error_frame())
            }
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

/// Frames that are made as they go out.
pub(crate) trait Make {
    /// Appends the next frame; gives its tokens, or `None` at the end.
    fn next(&mut self, out: &mut Vec<u8>) -> Option<u64>;

    /// Whether what comes next belongs to the end of the stream and not to its text.
    fn is_tail(&self) -> bool;
}

/// The frames in order.
pub(crate) enum Frames {
    /// Made as they go out.
    Made(Box<dyn Make>),
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
            Self::Made(made) => made.next(out),
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
            Self::Made(made) => made.is_tail(),
            Self::Listed { ended, .. } => *ended,
        }
    }
}

fn chunks(plan: Plan, mut bill: Bill) -> impl Stream<Item = io::Result<Bytes>> {
    let first_token_ms = plan.model.behaviour.first_token_ms;
    let interval = plan.interval;
    let format = plan.format;
    let mut fate = Fate {
        format,
        fault: plan.fault.clone(),
        bytes: 0,
    };
    let mut frames = format.frames(plan, bill.call_id());
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
                Next::Insert(bytes) => yield Ok(Bytes::from_static(bytes)),
                Next::Stall => std::future::pending().await,
                Next::Break { keep } => {
                    bill.settle(Outcome::Cut);
                    yield Ok(Bytes::copy_from_slice(&buffer[..keep]));
                    tokio::task::yield_now().await;
                    yield Err(io::Error::from(io::ErrorKind::ConnectionReset));
                    return;
                }
                Next::End(bytes) => {
                    bill.settle(Outcome::Failed);
                    yield Ok(Bytes::from(bytes));
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
