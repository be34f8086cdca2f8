//! Providers: the only place that opens connections to them.
//!
//! A call goes out as bytes in the provider's dialect and comes back as a head and a stream of bytes; what they mean
//! is read elsewhere. Must stay true: an answer is hostile until read, so every size and every wait is bounded by the
//! caller of this module, and dropping a [`Reply`] cancels the call at the provider.

mod account;
mod address;
mod allotted;
pub mod auth;
pub mod body;
pub mod classify;
pub mod client;
mod count;
pub mod echo;
pub mod exchange;
mod members;
mod passed;
mod provider;
mod resolver;

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::config::{Operation, ProviderId};
use sluicegate_contracts::ids::RequestId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::embeddings::vendor::Family;
use sluicegate_protocols::target::RequestTarget;
use sluicegate_routing::health::Limits;

pub use account::Account;
pub use body::{BodyFault, ReplyBody};
pub use client::{Client, ClientFactory};
pub use count::TokenCounter;
pub use passed::PassedHeaders;
pub use resolver::AddressNotAllowed;

use crate::usage::IntentGuard;

/// Who is called.
#[derive(Debug, Clone, Copy)]
pub enum Upstream<'a> {
    /// The provider inside this process.
    Echo,
    /// An account at a provider.
    Account(&'a Account),
}

/// One call, ready to go.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// What is asked.
    pub operation: Operation,
    /// The dialect of the body: one that [`Upstream::dialect`] named for this operation and model.
    pub dialect: Dialect,
    /// The request document in that dialect.
    pub body: Bytes,
    /// The catalog's upstream name of the model, as given to [`Upstream::request_target`].
    pub model: &'a str,
    /// Whether the body is one of OpenAI's older text completions: only where [`Upstream::completes_texts`].
    pub text: bool,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// The caller's headers that go with the body; none when it was translated.
    pub passed: PassedHeaders,
    /// Our name for the request, so that the provider's support can find it.
    pub request: RequestId,
    /// Wall time, in milliseconds since the Unix epoch.
    pub now_millis: i64,
}

/// The head of an answer, with its body to come.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// When the provider said to come back.
    pub retry_after: Option<Duration>,
    /// What the provider's rate limits have left, as far as it told.
    pub limits: Limits,
    /// What the body is a sequence of.
    pub framing: Framing,
    /// Whether the body is compressed although that was not accepted.
    pub encoded: bool,
    /// The class of an error, where the provider tells it in the head (AWS).
    pub error_class: Option<String>,
    /// The provider's own name of the request, for its support.
    pub provider_request: Option<String>,
    /// The body.
    pub body: ReplyBody,
}

/// What a body is a sequence of, by its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Events,
    /// Messages of AWS's binary event stream.
    AwsEvents,
    /// One JSON document.
    Json,
    /// Anything else, or not told.
    Other,
}

impl Framing {
    fn of_content_type(text: &str) -> Self {
        let media = text.split(';').next().unwrap_or_default().trim();
        let is = |name: &str| media.eq_ignore_ascii_case(name);
        if is("text/event-stream") {
            Self::Events
        } else if is("application/vnd.amazon.eventstream") {
            Self::AwsEvents
        } else if is("application/json") {
            Self::Json
        } else {
            Self::Other
        }
    }

    /// Whether the answer comes in pieces.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Events | Self::AwsEvents)
    }
}

/// No answer came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// Nothing was sent: the operator does not allow the address.
    #[error(transparent)]
    NotAllowed(#[from] AddressNotAllowed),
    /// Nothing was sent: no connection could be made.
    #[error("no connection to the provider could be made")]
    Unreachable,
    /// The request may have arrived; the connection broke before the head of an answer.
    #[error("the provider closed the connection without an answer")]
    Broken,
    /// Nothing was sent: the connection's base URL or the model's name does not make a valid request.
    #[error("the connection's base URL or the model's name cannot be sent")]
    Invalid,
    /// Nothing was sent: the provider has no such operation.
    #[error("the provider cannot be asked this")]
    Unsupported,
    /// Nothing was sent: the token endpoint refused the connection's credential.
    #[error("the connection's credential was refused a token")]
    TokenRefused,
    /// Nothing was sent: the token endpoint gave no usable answer.
    #[error("the connection's token endpoint did not give a token")]
    NoToken,
}

/// The dialect that a provider is called in for a chat completion: `wanted` when it speaks it; `None` when there is no such
/// provider.
#[must_use]
pub fn spoken_by(provider: &str, model: &str, wanted: Dialect) -> Option<Dialect> {
    let id = provider.parse::<ProviderId>().ok()?;
    Some(provider::of(id).spoken(model, wanted).dialect)
}

impl<'a> Upstream<'a> {
    /// The dialect to call in: `wanted` when it is spoken natively, so that the body can pass through; else the main
    /// one.
    #[must_use]
    pub fn dialect(&self, operation: Operation, model: &str, wanted: Dialect) -> Dialect {
        match (self, operation) {
            (Self::Echo, _) | (_, Operation::Embeddings | Operation::Rerank) => Dialect::OpenAiChat,
            (Self::Account(account), Operation::ChatCompletions) => {
                account.provider.spoken(model, wanted).dialect
            }
        }
    }

    /// Whether requests of OpenAI's older text completions can go on as they are.
    #[must_use]
    pub fn completes_texts(&self, model: &str) -> bool {
        match self {
            Self::Echo => false,
            Self::Account(account) => provider::text::completions(account.provider(), model).is_some(),
        }
    }

    /// Whether a stream of `model`, asked for with `body`, can be paid as it comes, because the provider stops to bill when it
    /// is cancelled.
    #[must_use]
    pub fn bills_what_it_shows(&self, model: &str, body: &[u8]) -> bool {
        match self {
            Self::Echo => false,
            Self::Account(account) => provider::cancel::bills_what_it_shows(account.provider(), model, body),
        }
    }

    /// Whose form the vectors of `model` have, where it is not OpenAI's.
    #[must_use]
    pub fn vectors(&self, operation: Operation, model: &str) -> Option<Family> {
        match (self, operation) {
            (Self::Account(account), Operation::Embeddings) => account
                .provider
                .vectors
                .and_then(|vectors| (vectors.family)(model)),
            (Self::Echo, _) | (Self::Account(_), Operation::ChatCompletions | Operation::Rerank) => None,
        }
    }

    /// What the provider takes in a request for `model`, the catalog's upstream name.
    #[must_use]
    pub fn request_target<'m>(&self, model: &'m str, max_output_tokens: Option<u64>) -> RequestTarget<'m>
    where
        'a: 'm,
    {
        let default = RequestTarget::default();
        let target = RequestTarget {
            model: Some(self.model(model)),
            default_output_limit: max_output_tokens.unwrap_or(default.default_output_limit),
            stream_usage: true,
            ..default
        };
        match self {
            Self::Echo => target,
            Self::Account(account) => RequestTarget {
                stream_usage: account.provider.stream_usage,
                tool_ids: account.provider.spoken(model, Dialect::OpenAiChat).tool_ids,
                chat: account.provider.quirks,
                ..target
            },
        }
    }

    /// What to call the model in a request: the catalog's upstream name, unless the connection renames it.
    #[must_use]
    pub fn model<'m>(&self, model: &'m str) -> &'m str
    where
        'a: 'm,
    {
        match self {
            Self::Echo => model,
            Self::Account(account) => (account.provider.model)(&account.settings, model),
        }
    }

    /// Sends a call and waits for the head of the answer, without a time limit of its own. Takes the proof that the
    /// attempt is on file, so that none goes out unseen.
    ///
    /// # Errors
    /// [`SendFailure`] when no head came back.
    pub async fn send(
        self,
        client: &Client,
        call: Call<'_>,
        _on_file: &IntentGuard,
    ) -> Result<Reply, SendFailure> {
        match self {
            Self::Echo => Ok(echo::answer(&call).await),
            Self::Account(account) => exchange::send(client, account, call).await,
        }
    }
}
