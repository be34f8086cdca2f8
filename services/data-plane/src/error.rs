//! Everything the gateway itself answers with instead of a model's answer. Rendered once, in [`crate::http`].
//!
//! Must stay true: a message tells the caller what to do about it and holds no prompt, no secret and no internals.

use std::borrow::Cow;
use std::time::Duration;

use sluicegate_protocols::failure::{Detail, Failure, FailureClass};
use sluicegate_protocols::{Dialect, anthropic_messages, gemini};

/// A request ends with an error of the gateway's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", .kind.code())]
pub struct GatewayError {
    /// What happened.
    pub kind: ErrorKind,
    /// For a person: what is wrong and what to do.
    pub message: Cow<'static, str>,
    /// The request field at fault.
    pub param: Option<String>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// Facts for programs.
    pub details: Vec<Detail>,
}

/// What happened. The codes are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No key, or not one of ours.
    InvalidApiKey,
    /// The key may not do this.
    NotAllowed,
    /// No model or route of that name.
    ModelNotFound,
    /// No such path.
    UnknownPath,
    /// The path exists, for another method.
    MethodNotAllowed,
    /// The body is not what the API takes.
    InvalidRequest,
    /// More tokens are asked for than any target holds.
    ContextLengthExceeded,
    /// The body is too large.
    RequestTooLarge,
    /// The headers are too large.
    HeadersTooLarge,
    /// The body is encoded or of another type than JSON.
    UnsupportedMediaType,
    /// The body did not arrive in time.
    RequestTimeout,
    /// Nothing the route names can serve this request.
    NoRoute,
    /// What the request demands of providers is known of none of those that could serve it.
    ConstraintFiltered,
    /// Every attempt failed; the status is the provider's or 502.
    UpstreamFailed(u16),
    /// No answer in time.
    Deadline,
    /// This worker has no configuration yet.
    NotReady,
    /// This worker is about to stop.
    Draining,
    /// This worker cannot write down what calls cost, so it makes none.
    UsageUnavailable,
    /// A budget has too little left for what the call can cost.
    BudgetExceeded,
    /// The same as OpenAI says it, where a project wants that.
    QuotaExceeded,
    /// A budget is used up and lets only so many calls through.
    BudgetThrottled,
    /// Whether a budget has room cannot be told now.
    BudgetUnavailable,
    /// A budget takes no calls whose price is not known.
    PriceUnknown,
    /// A rate limit has too little left.
    RateLimited,
    /// The call alone is more than a rate limit ever lets through at once.
    BeyondRateLimit,
    /// A mistake of the gateway's own.
    Internal,
}

impl ErrorKind {
    /// HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidApiKey => 401,
            Self::BudgetExceeded => 402,
            Self::NotAllowed | Self::PriceUnknown => 403,
            Self::ModelNotFound | Self::UnknownPath | Self::ConstraintFiltered => 404,
            Self::MethodNotAllowed => 405,
            Self::InvalidRequest | Self::ContextLengthExceeded => 400,
            Self::RequestTooLarge => 413,
            Self::RateLimited | Self::BeyondRateLimit | Self::QuotaExceeded => 429,
            Self::HeadersTooLarge => 431,
            Self::UnsupportedMediaType => 415,
            Self::RequestTimeout => 408,
            Self::BudgetThrottled => 429,
            Self::NoRoute
            | Self::NotReady
            | Self::Draining
            | Self::UsageUnavailable
            | Self::BudgetUnavailable => 503,
            Self::UpstreamFailed(status) => status,
            Self::Deadline => 504,
            Self::Internal => 500,
        }
    }

    /// HTTP status towards a caller of that dialect.
    #[must_use]
    pub fn status_for(self, dialect: Dialect) -> u16 {
        match dialect {
            Dialect::OpenAiChat
            | Dialect::OpenAiResponses
            | Dialect::AnthropicMessages
            | Dialect::BedrockConverse
            | Dialect::CohereChat => self.status(),
            // Its documents hold the status too, and clients read either.
            Dialect::Gemini => gemini_status(self.class()),
        }
    }

    /// What it is in every dialect; each has its own words for the class.
    #[must_use]
    pub const fn class(self) -> FailureClass {
        match self {
            Self::InvalidApiKey => FailureClass::Authentication,
            Self::NotAllowed | Self::PriceUnknown => FailureClass::Permission,
            Self::BudgetExceeded | Self::QuotaExceeded => FailureClass::OutOfCredit,
            Self::RateLimited | Self::BeyondRateLimit | Self::BudgetThrottled => FailureClass::RateLimited,
            Self::ModelNotFound | Self::UnknownPath | Self::ConstraintFiltered => FailureClass::NotFound,
            Self::MethodNotAllowed | Self::InvalidRequest | Self::UnsupportedMediaType => {
                FailureClass::InvalidRequest
            }
            Self::ContextLengthExceeded => FailureClass::ContextTooLong,
            Self::RequestTooLarge | Self::HeadersTooLarge => FailureClass::TooLarge,
            Self::RequestTimeout | Self::Deadline => FailureClass::Timeout,
            Self::NoRoute
            | Self::NotReady
            | Self::Draining
            | Self::UsageUnavailable
            | Self::BudgetUnavailable => FailureClass::Unavailable,
            Self::UpstreamFailed(_) | Self::Internal => FailureClass::Upstream,
        }
    }

    /// `error.code`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidApiKey => "invalid_api_key",
            Self::NotAllowed => "not_allowed",
            Self::ModelNotFound => "model_not_found",
            Self::UnknownPath => "unknown_path",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::InvalidRequest => "invalid_request",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::RequestTooLarge => "request_too_large",
            Self::HeadersTooLarge => "headers_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::RequestTimeout => "request_timeout",
            Self::NoRoute => "no_route",
            Self::ConstraintFiltered => "constraint_filtered",
            Self::UpstreamFailed(_) => "upstream_failed",
            Self::Deadline => "deadline_exceeded",
            Self::NotReady => "not_ready",
            Self::Draining => "draining",
            Self::UsageUnavailable => "usage_unavailable",
            Self::BudgetExceeded => "budget_exceeded",
            Self::QuotaExceeded => "insufficient_quota",
            Self::BudgetThrottled => "budget_throttled",
            Self::BudgetUnavailable => "budget_unavailable",
            Self::PriceUnknown => "price_unknown",
            Self::RateLimited => "rate_limit_exceeded",
            Self::BeyondRateLimit => "request_exceeds_rate_limit",
            Self::Internal => "internal_error",
        }
    }

    /// Whether sending the same request again can help.
    #[must_use]
    pub const fn should_retry(self) -> bool {
        match self {
            Self::RequestTimeout
            | Self::Deadline
            | Self::NotReady
            | Self::Draining
            | Self::UsageUnavailable
            | Self::BudgetThrottled
            | Self::BudgetUnavailable
            | Self::RateLimited
            | Self::Internal => true,
            Self::UpstreamFailed(status) => status == 429 || status >= 500,
            Self::InvalidApiKey
            | Self::NotAllowed
            | Self::ModelNotFound
            | Self::UnknownPath
            | Self::MethodNotAllowed
            | Self::InvalidRequest
            | Self::ContextLengthExceeded
            | Self::RequestTooLarge
            | Self::HeadersTooLarge
            | Self::UnsupportedMediaType
            | Self::BudgetExceeded
            | Self::QuotaExceeded
            | Self::PriceUnknown
            | Self::BeyondRateLimit
            | Self::NoRoute
            | Self::ConstraintFiltered => false,
        }
    }

    /// Whether the fault lies with a provider rather than with the caller or the gateway.
    #[must_use]
    pub const fn is_upstream(self) -> bool {
        matches!(self, Self::UpstreamFailed(_))
    }
}

/// The HTTP status of a failure towards a caller of that dialect.
#[must_use]
pub fn status_of(class: FailureClass, dialect: Dialect) -> u16 {
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::BedrockConverse | Dialect::CohereChat => {
            class.status()
        }
        Dialect::AnthropicMessages => anthropic_messages::error::status(class),
        Dialect::Gemini => gemini_status(class),
    }
}

fn gemini_status(class: FailureClass) -> u16 {
    let failure = Failure {
        class,
        message: "",
        param: None,
        code: None,
        details: &[],
    };
    gemini::error::ErrorBody::from(&failure).code
}

impl GatewayError {
    /// An error without a field at fault or a time to come back.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
            param: None,
            retry_after: None,
            details: Vec::new(),
        }
    }

    /// The same in no dialect's words.
    #[must_use]
    pub fn failure(&self) -> Failure<'_> {
        Failure {
            class: self.kind.class(),
            message: &self.message,
            param: self.param.as_deref(),
            code: Some(self.kind.code()),
            details: &self.details,
        }
    }

    /// Names the request field at fault.
    #[must_use]
    pub fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same in the words that a project chose for money that is used up.
    #[must_use]
    pub fn as_quota(mut self) -> Self {
        if self.kind == ErrorKind::BudgetExceeded {
            self.kind = ErrorKind::QuotaExceeded;
        }
        self
    }

    /// Adds facts for programs.
    #[must_use]
    pub fn with(mut self, details: Vec<Detail>) -> Self {
        self.details = details;
        self
    }

    /// Says when to come back.
    #[must_use]
    pub const fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl From<sluicegate_protocols::DecodeError> for GatewayError {
    fn from(error: sluicegate_protocols::DecodeError) -> Self {
        let param = error.param();
        Self {
            param,
            ..Self::new(ErrorKind::InvalidRequest, format!("Invalid request: {error}."))
        }
    }
}

impl From<&sluicegate_protocols::completions::Refusal> for GatewayError {
    fn from(refusal: &sluicegate_protocols::completions::Refusal) -> Self {
        use sluicegate_protocols::completions::Refusal;
        match refusal {
            Refusal::Malformed(error) => error.clone().into(),
            Refusal::Unsupported(field, _) => {
                Self::new(ErrorKind::InvalidRequest, format!("Invalid request: {refusal}.")).at(*field)
            }
        }
    }
}
