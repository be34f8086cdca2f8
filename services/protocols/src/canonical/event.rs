//! A streamed answer as events. Decoders make them of a provider's frames, encoders make a
//! caller's frames of them, the collector folds them into a whole answer.
//!
//! The order decoders keep, on which encoders build: `Start` once and first. Per candidate, parts
//! are numbered from 0 and exactly one is open at a time: `PartStart`, its deltas, `PartEnd`. Then,
//! when the provider has said all, one `Finish` per candidate and `Done`, last of all. `Usage` may
//! come anywhere between, each replacing the one before. `Error` instead of `Done` ends a failed
//! stream, and a cut one just ends: [`StreamEnd`] says which it was.

use std::borrow::Cow;

use super::{Citation, Finish, Part, TokenLogprob, Usage};
use crate::DecodeError;
use crate::event_stream::FramingFault;
use crate::json::RawJson;
use crate::provider_error::ProviderError;
use crate::sse::FrameTooLarge;

/// Something that happened in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent<'a> {
    /// The answer begins.
    Start(StreamStart<'a>),
    /// A part begins. What is known of it is in it already; deltas add to that.
    PartStart {
        /// Number of the answer.
        candidate: u32,
        /// Number of the part in it.
        index: u32,
        /// The part so far.
        part: Box<Part<'a>>,
    },
    /// The open part grows.
    Delta {
        /// Number of the answer.
        candidate: u32,
        /// What is added.
        delta: Delta<'a>,
    },
    /// The open part is complete.
    PartEnd {
        /// Number of the answer.
        candidate: u32,
    },
    /// Probabilities of the tokens of the next text, or of none in particular.
    Logprobs {
        /// Number of the answer.
        candidate: u32,
        /// The tokens.
        tokens: Vec<TokenLogprob<'a>>,
    },
    /// Tokens used so far; replaces what was told before.
    Usage(Usage<'a>),
    /// A member not modelled that says something. Encoders of other dialects report it as lost.
    Extra {
        /// Number of the answer, unless it is about all.
        candidate: Option<u32>,
        /// Its name.
        name: Cow<'a, str>,
        /// Its value.
        value: RawJson<'a>,
    },
    /// An answer ends.
    Finish {
        /// Number of the answer.
        candidate: u32,
        /// Why.
        finish: Finish<'a>,
    },
    /// The provider reports an error. Nothing follows.
    Error(ProviderError),
    /// All is said. Nothing follows.
    Done,
}

/// What is known when an answer begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamStart<'a> {
    /// The provider's id of it.
    pub id: Option<Cow<'a, str>>,
    /// The model that answers, in the provider's words.
    pub model: Option<Cow<'a, str>>,
    /// When it was made, in Unix seconds.
    pub created: Option<u64>,
    /// Class of service given.
    pub service_tier: Option<Cow<'a, str>>,
}

/// What is added to the open part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta<'a> {
    /// Text, of a text part, a refusal or reasoning.
    Text(Cow<'a, str>),
    /// Text of one piece of a reasoning summary.
    Summary {
        /// Number of the piece, from 0 without gaps.
        piece: u32,
        /// The text.
        text: Cow<'a, str>,
    },
    /// A piece of a tool call's input.
    Arguments(Cow<'a, str>),
    /// The signature, or a piece of it.
    Signature(Cow<'a, str>),
    /// Sealed reasoning, whole; replaces what was told before.
    Encrypted(Cow<'a, str>),
    /// A source of the text.
    Citation(Citation<'a>),
}

/// How a stream stood when its connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// It said that it was done, or every answer in it had its finish reason.
    Complete,
    /// The provider reported an error in it.
    Failed,
    /// It just stopped.
    Cut,
}

/// Why a stream cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamFault {
    /// An event that is not what the dialect allows.
    #[error("the provider sent a malformed event")]
    Malformed(#[source] DecodeError),
    /// An event larger than allowed.
    #[error(transparent)]
    TooLarge(#[from] FrameTooLarge),
    /// Bytes that are no messages of the framing.
    #[error(transparent)]
    Framing(#[from] FramingFault),
    /// A piece for a part that had ended, or more parts than can be told apart.
    #[error("the provider sent events out of order")]
    OutOfOrder,
}
