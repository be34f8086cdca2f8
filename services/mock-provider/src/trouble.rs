//! What is wrong with a call, in no provider's words, and the answer a provider makes of it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;

use crate::asked::Broken;
use crate::behaviour::Fault;
use crate::state::State;

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble<'a> {
    /// No key, or not one of ours.
    Unauthorized,
    /// No such model.
    UnknownModel(&'a str),
    /// The request cannot be read.
    Malformed {
        message: &'a str,
        /// The member at fault.
        param: Option<&'a str>,
    },
    /// The conversation breaks a rule.
    Broken(Broken),
    /// The prompt is too long.
    ContextLength,
    /// The script says so.
    Status {
        code: u16,
        /// Seconds to wait.
        retry_after_s: Option<u64>,
    },
}

impl Trouble<'_> {
    /// The trouble that a fault of the script is, if it is one before the answer.
    pub(crate) fn of(fault: &Fault) -> Option<Self> {
        match *fault {
            Fault::Status { code, retry_after_s } => Some(Self::Status { code, retry_after_s }),
            Fault::ContextLength => Some(Self::ContextLength),
            Fault::Stall { .. }
            | Fault::CutBytes(_)
            | Fault::CutChunks(_)
            | Fault::MalformedChunk(_)
            | Fault::ErrorEvent(_)
            | Fault::HugeBody(_) => None,
        }
    }

    /// Seconds to wait, where the script tells any.
    pub(crate) fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Status { retry_after_s, .. } => *retry_after_s,
            Self::Unauthorized
            | Self::UnknownModel(_)
            | Self::Malformed { .. }
            | Self::Broken(_)
            | Self::ContextLength => None,
        }
    }

    /// The same for a `retry-after` header.
    pub(crate) fn retry_after(&self) -> Option<String> {
        self.retry_after_s().map(|seconds| seconds.to_string())
    }
}

/// An error answer as a provider words it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Beside the content type.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// A JSON document.
    pub(crate) body: Vec<u8>,
}

impl Refusal {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// With a header, where there is a value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// The answer; counted, not billed.
    pub(crate) fn answer(self, state: &State) -> HttpResponse {
        state.ledger.refused();
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/json"));
        for header in self.headers {
            response.insert_header(header);
        }
        response.body(self.body)
    }
}
