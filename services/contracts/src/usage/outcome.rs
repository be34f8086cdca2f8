//! The closed sets of ways a request and an attempt can end. The text names are wire format and metric labels.

use serde::{Deserialize, Serialize};

/// How a request ended, from the caller's point of view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Answered whole, or streamed to its proper end.
    Served,
    /// Refused before any attempt: bad input, not allowed, unknown model.
    Refused,
    /// Every attempt failed, or none could be made.
    Failed,
    /// The stream broke after its first byte.
    Cut,
    /// The caller hung up before the end.
    ClientGone,
    /// The worker died meanwhile; rebuilt from its intents after the restart.
    Interrupted,
}

impl Outcome {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cut => "cut",
            Self::ClientGone => "client_gone",
            Self::Interrupted => "interrupted",
        }
    }
}

/// How one upstream try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The provider answered with success, to the proper end.
    Served,
    /// 400, 404, 413, 422 …: the request itself is at fault.
    BadRequest,
    /// 401 or 403: the connection's credential is at fault.
    CredentialRefused,
    /// 402 or an exhausted quota: the account at the provider is at fault.
    QuotaExhausted,
    /// 429.
    RateLimited,
    /// 5xx, or an answer that is not what the protocol promises.
    ServerError,
    /// No connection could be made (or its address is not allowed).
    Unreachable,
    /// No headers, or no next byte, in time.
    TimedOut,
    /// The stream ended before its proper end.
    Cut,
    /// The caller hung up.
    ClientGone,
    /// Another attempt of the request was quicker.
    Superseded,
    /// The gateway ended the stream, because the money held for it was used up.
    Stopped,
    /// The worker died meanwhile.
    Interrupted,
}

impl AttemptOutcome {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::BadRequest => "bad_request",
            Self::CredentialRefused => "credential_refused",
            Self::QuotaExhausted => "quota_exhausted",
            Self::RateLimited => "rate_limited",
            Self::ServerError => "server_error",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Cut => "cut",
            Self::ClientGone => "client_gone",
            Self::Superseded => "superseded",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }
}
