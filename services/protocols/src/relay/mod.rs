//! Answers on their way from a provider to a caller, whatever the two dialects are. The data plane
//! feeds a [`StreamRelay`] every read of a provider's stream and shows what comes out; whole answers
//! are read by [`read_whole`].
//!
//! Three promises hold in all dialects. A frame goes out whole or not at all, so that an error frame
//! of ours never lands inside a provider's. What looks complete to the caller is complete: the last
//! frames wait for [`StreamRelay::tail`]. And nothing else is held back.

mod array;
mod form;
mod frames;
mod noted;
mod translate;
mod untold;
mod watch;
mod whole;

#[cfg(test)]
mod tests;

pub use array::JsonArray;
pub use form::{AnswerForm, encode_answer};
pub use noted::StreamFacts;
pub use translate::StreamTranslator;
pub use watch::StreamWatch;
pub use whole::{WholeFacts, read_whole};

use bytes::Bytes;

use crate::TokenCounts;
use crate::canonical::{StreamEnd, StreamFault};
use crate::dialect::{Dialect, StreamEncoder};
use crate::failure::Failure;
use crate::lossy::LossReport;
use crate::openai_chat::stream::ChatStream;
use crate::target::AnswerTarget;

/// One stream on its way.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the common one is not worth an allocation; a relay is moved twice in its life"
)]
pub enum StreamRelay {
    /// Chat Completions for a caller of Chat Completions.
    Chat(ChatStream),
    /// Any other dialect for a caller of the same.
    Watch(Box<StreamWatch>),
    /// From one dialect to another.
    Translate(Box<StreamTranslator>),
}

impl StreamRelay {
    /// Takes a read of the provider's stream and appends to `out` what the caller is to get of it.
    /// On an error `out` still has what came before the bad frame.
    pub fn feed(&mut self, read: &Bytes, out: &mut Vec<Bytes>) -> Result<(), StreamFault> {
        match self {
            Self::Chat(stream) => stream.feed(read, out),
            Self::Watch(stream) => stream.feed(read, out),
            Self::Translate(stream) => stream.feed(read, out),
        }
    }

    /// Takes the end of the provider's connection.
    pub fn finish(&mut self, out: &mut Vec<Bytes>) -> StreamEnd {
        match self {
            Self::Chat(stream) => stream.finish(out),
            Self::Watch(stream) => stream.finish(out),
            Self::Translate(stream) => stream.finish(out),
        }
    }

    /// What has been read so far.
    pub fn facts(&self) -> StreamFacts<'_> {
        match self {
            Self::Chat(stream) => {
                let facts = stream.facts();
                StreamFacts {
                    usage: facts.usage,
                    content_bytes: facts.content.total(),
                    begun: facts.chunks > 0 || facts.done,
                    has_content: facts.has_content(),
                    done: facts.done,
                    error: facts.error.as_ref(),
                }
            }
            Self::Watch(stream) => stream.facts(),
            Self::Translate(stream) => stream.facts(),
        }
    }

    /// Takes it that the answer is complete: what is still to be written is, behind everything that was shown, so that
    /// [`StreamRelay::losses`] has all of them. `estimate` is as for [`StreamRelay::tail`].
    pub fn conclude(&mut self, estimate: &TokenCounts) {
        match self {
            // Nothing is lost of what passes.
            Self::Chat(_) | Self::Watch(_) => {}
            Self::Translate(stream) => stream.conclude(estimate),
        }
    }

    /// What of the answer could not be said in the caller's dialect so far.
    pub fn losses(&self) -> LossReport {
        match self {
            Self::Chat(_) | Self::Watch(_) => LossReport::default(),
            Self::Translate(stream) => stream.losses(),
        }
    }

    /// What ends a complete stream towards the caller: the frames that waited. Usage that the
    /// provider never told is filled from `estimate` where the dialect leaves a place for it; `cost`, a JSON
    /// number in US dollars, goes into the closing usage where the dialect has a place for it.
    pub fn tail(&mut self, estimate: &TokenCounts, cost: Option<&str>) -> Bytes {
        match self {
            Self::Chat(stream) => stream.tail(estimate, cost),
            Self::Watch(stream) => stream.tail(estimate, cost),
            Self::Translate(stream) => stream.tail(estimate, cost),
        }
    }

    /// What still waits when a stream breaks and may be shown all the same.
    pub fn release(&mut self, cost: Option<&str>) -> Option<Bytes> {
        match self {
            Self::Chat(stream) => stream.release(cost),
            Self::Watch(stream) => stream.release(cost),
            // Finish reasons of a broken stream would make it look complete.
            Self::Translate(_) => None,
        }
    }

    /// Ends a broken stream, in the caller's dialect, in a way that no client takes for a proper
    /// end.
    pub fn fail(&mut self, failure: &Failure<'_>) -> Bytes {
        match self {
            Self::Chat(_) => failure_frame(Dialect::OpenAiChat, failure),
            Self::Watch(stream) => failure_frame(stream.dialect(), failure),
            Self::Translate(stream) => stream.fail(failure),
        }
    }
}

/// A failure as an event of a stream in which nothing else of ours was written.
pub fn failure_frame(dialect: Dialect, failure: &Failure<'_>) -> Bytes {
    let mut out = Vec::with_capacity(failure.message.len() + 160);
    StreamEncoder::new(dialect, &AnswerTarget::default()).fail(failure, &mut out);
    out.into()
}
