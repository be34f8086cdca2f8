//! What a model answered.

use std::borrow::Cow;

use super::{Extra, Form, Message};
use crate::TokenCounts;
use crate::dialect::Dialect;
use crate::json::{Number, RawJson};
use crate::provider_error::ProviderError;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response<'a> {
    /// The dialect it was decoded from: whose form and extra it carries.
    pub origin: Dialect,
    /// The provider's id of it.
    pub id: Option<Cow<'a, str>>,
    /// The model that answered, in the provider's words.
    pub model: Option<Cow<'a, str>>,
    /// When it was made, in Unix seconds.
    pub created: Option<u64>,
    /// The answers, one unless more were asked for.
    pub candidates: Vec<Candidate<'a>>,
    /// Tokens used.
    pub usage: Option<Usage<'a>>,
    /// Class of service given.
    pub service_tier: Option<Cow<'a, str>>,
    /// An error given under a success status, as some servers do. It also stays in `extra`.
    pub error: Option<ProviderError>,
    /// How the dialect of origin spelled the answer.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// One of the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Its number.
    pub index: u32,
    /// What was said.
    pub message: Message<'a>,
    /// Why it ended; absent while it has not.
    pub finish: Option<Finish<'a>>,
    /// Probabilities of its tokens.
    pub logprobs: Option<Logprobs<'a>>,
    /// How the dialect of origin spelled it.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish<'a> {
    /// The reason, in neutral words.
    pub reason: FinishReason,
    /// The provider's own word.
    pub native: Option<Cow<'a, str>>,
    /// The stop sequence that ended it, where told.
    pub sequence: Option<Cow<'a, str>>,
}

/// Reasons to end. Decoders derive `ToolUse` from the presence of a call: servers that call tools
/// and say `stop` are common, and agents stop dead on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The natural end.
    Stop,
    /// A stop sequence of the caller's.
    StopSequence,
    /// The output limit.
    Length,
    /// The context window is full.
    ContextWindow,
    /// The model calls tools of the caller.
    ToolUse,
    /// A filter cut the answer or kept it back.
    ContentFilter,
    /// The model declines.
    Refusal,
    /// The provider's own tools need another turn.
    Pause,
    /// Something went wrong at the provider.
    Error,
    /// A word this gateway does not know, or none at all.
    Other,
}

/// Tokens used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage<'a> {
    /// The counts, by the rules of [`TokenCounts`].
    pub counts: TokenCounts,
    /// The report as the dialect of origin gave it. Providers put prices, timings and more in it.
    pub native: Option<RawJson<'a>>,
}

/// Probabilities of the tokens of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logprobs<'a> {
    /// Of its text.
    pub content: Vec<TokenLogprob<'a>>,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Probability of one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLogprob<'a> {
    /// The token as text.
    pub token: Cow<'a, str>,
    /// Natural logarithm of its probability.
    pub logprob: Number<'a>,
    /// Its bytes, as an array of numbers or null.
    pub bytes: Option<RawJson<'a>>,
    /// The likeliest tokens at its place; absent where the dialect lists none.
    pub top: Option<Vec<TokenLogprob<'a>>>,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

impl<'a> Response<'a> {
    /// An empty answer of that dialect.
    pub fn new(origin: Dialect) -> Self {
        Self {
            origin,
            id: None,
            model: None,
            created: None,
            candidates: Vec::new(),
            usage: None,
            service_tier: None,
            error: None,
            form: Form::default(),
            extra: Extra::NONE,
        }
    }
}

impl<'a> Candidate<'a> {
    /// An answer without content yet.
    pub fn new(index: u32) -> Self {
        Self {
            index,
            message: Message::new(super::Role::Assistant, Vec::new()),
            finish: None,
            logprobs: None,
            form: Form::default(),
            extra: Extra::NONE,
        }
    }
}
