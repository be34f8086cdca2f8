//! Why a call to a broker did not succeed, in the few ways a caller can act on.

use std::error::Error;

/// A backplane call failed. Texts never quote an address, because addresses carry passwords.
#[derive(Debug, thiserror::Error)]
pub enum BackplaneError {
    /// The service cannot be reached, did not answer in time, or refused. Try again later: the work may or may not
    /// have been done, and doing it twice is harmless on both seams.
    #[error("{operation} failed: the service is unavailable")]
    Unavailable {
        /// What was being done.
        operation: &'static str,
        /// What the client library said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A value could not be written in its wire form.
    #[error("the message cannot be encoded")]
    Encoding(#[from] serde_json::Error),
    /// The queue is as deep as it may be. Nothing was appended; keep the entries and try again later.
    #[error("the queue holds {depth} entries of {cap} allowed")]
    Backpressure {
        /// Entries in the queue.
        depth: u64,
        /// Entries it may hold.
        cap: u64,
    },
    /// This handle was closed.
    #[error("the backplane is closed")]
    Closed,
    /// The address is not one of the expected scheme.
    #[error("not a usable {scheme} address")]
    Address {
        /// `amqp` or `redis`.
        scheme: &'static str,
    },
}

impl BackplaneError {
    /// An [`BackplaneError::Unavailable`] around what a client library reported.
    pub(crate) fn unavailable(
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable {
            operation,
            source: source.into(),
        }
    }
}
