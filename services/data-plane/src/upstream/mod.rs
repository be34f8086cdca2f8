//! Providers: the only place that opens connections to them.
//!
//! A call goes out as bytes in the provider's dialect and comes back as a head and a stream of bytes; what they mean
//! is read elsewhere. Must stay true: an answer is hostile until read, so every size and every wait is bounded by the
//! caller of this module, and dropping a [`Reply`] cancels the call at the provider.

pub mod auth;
pub mod body;
pub mod classify;
pub mod client;
pub mod echo;
pub mod openai_compatible;
mod resolver;

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::RequestId;

pub use body::{BodyFault, ReplyBody};
pub use client::{Client, ClientFactory};
pub use resolver::AddressNotAllowed;

use crate::snapshot::LiveConnection;
use crate::usage::IntentGuard;

/// Who is called.
#[derive(Debug, Clone, Copy)]
pub enum Upstream<'a> {
    /// The provider inside this process.
    Echo,
    /// A server that speaks OpenAI's dialect.
    OpenAiCompatible(&'a LiveConnection),
}

/// One call, ready to go.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// What is asked.
    pub operation: Operation,
    /// The request document in the provider's dialect.
    pub body: Bytes,
    /// The model name inside it.
    pub model: &'a str,
    /// Whether a stream is asked for.
    pub stream: bool,
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
    /// Whether the body is a stream of events.
    pub is_event_stream: bool,
    /// Whether the body is compressed although that was not accepted.
    pub encoded: bool,
    /// The body.
    pub body: ReplyBody,
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
    /// The connection's base URL or credential does not make a valid request.
    #[error("the connection's base URL or credential cannot be sent")]
    Invalid,
}

impl Upstream<'_> {
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
            Self::OpenAiCompatible(connection) => openai_compatible::send(client, connection, call).await,
        }
    }
}
