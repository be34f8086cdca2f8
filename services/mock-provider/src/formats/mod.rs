//! The formats answered in. A file here says what is one provider's own: its paths, how it is shown a
//! key, its words for what goes wrong, and its ids. How a call goes is the same for all: `exchange`.

pub(crate) mod anthropic;
pub(crate) mod azure;
pub(crate) mod bedrock;
pub(crate) mod cohere;
mod flavors;
pub(crate) mod gemini;
pub(crate) mod openai;
pub(crate) mod vertex;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use sluicegate_protocols::dialect::Framing;
use sluicegate_protocols::failure::Failure;
use sluicegate_protocols::{Dialect, TokenCounts};

use crate::state::State;
use crate::trouble::{Refusal, Trouble};

/// What a provider is like in every format it serves.
#[derive(Debug)]
pub(crate) struct Provider {
    /// Finds the key in a request, or says what is wrong with the way it is shown.
    pub(crate) key: fn(&HttpRequest) -> Result<Option<String>, Trouble<'static>>,
    /// Words what is wrong.
    pub(crate) refusal: fn(&Trouble<'_>) -> Refusal,
    /// The header that tells the id of an answer.
    pub(crate) id_header: Option<&'static str>,
    /// Whether it takes the tokens of `POST /token`.
    pub(crate) takes_tokens: bool,
}

/// A format as a provider serves it.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) provider: &'static Provider,
    /// For the ledger.
    pub(crate) endpoint: &'static str,
    pub(crate) wire: Wire,
    /// What ids of answers begin with.
    pub(crate) answer_prefix: &'static str,
    /// What ids of calls of tools begin with; calls have none without it.
    pub(crate) call_prefix: Option<&'static str>,
    /// How a stream breaks down.
    pub(crate) breakdown: Failure<'static>,
    /// The name of an event of a stream, where events have names.
    pub(crate) event: Option<&'static str>,
    /// Whether reasoning is shown to whoever pays for it, in a dialect whose maker keeps it.
    pub(crate) open: bool,
    /// Adds to a document what the provider has in it and encoders, which write for callers, leave out.
    pub(crate) dress: Option<fn(&str, &mut Value, &Told)>,
}

/// What is known when a document goes out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// Tokens of the whole answer.
    pub(crate) counts: TokenCounts,
    /// Tokens of content sent, this document's among them.
    pub(crate) sent: u64,
}

/// What an answer is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A dialect.
    Dialect(Dialect),
    /// OpenAI's older text completions.
    Completions,
}

impl Wire {
    /// How streams are framed.
    pub(crate) fn framing(self) -> Framing {
        match self {
            Self::Dialect(dialect) => dialect.framing(),
            Self::Completions => Framing::Sse,
        }
    }
}

impl Provider {
    /// Refuses.
    pub(crate) fn refuse(&self, state: &State, trouble: &Trouble<'_>) -> HttpResponse {
        (self.refusal)(trouble).answer(state)
    }

    /// Lets a caller in who shows a key: any caller when no keys are configured.
    pub(crate) fn admit(&self, state: &State, request: &HttpRequest) -> Result<(), Trouble<'static>> {
        let shown = (self.key)(request)?;
        let keys = &state.config.keys;
        let known = shown.is_some_and(|key| {
            keys.contains(&key) || self.takes_tokens && crate::token::is_ours(state.config.seed, &key)
        });
        if keys.is_empty() || known {
            Ok(())
        } else {
            Err(Trouble::Unauthorized)
        }
    }
}

/// The paths of every provider.
pub(crate) fn configure(routes: &mut web::ServiceConfig) {
    openai::configure(routes);
    anthropic::configure(routes);
    gemini::configure(routes);
    vertex::configure(routes);
    bedrock::configure(routes);
    cohere::configure(routes);
    azure::configure(routes);
    flavors::configure(routes);
}

/// The value of a header that is text.
pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The bearer token.
pub(crate) fn bearer(request: &HttpRequest) -> Option<String> {
    let token = header(request, "authorization")?.strip_prefix("Bearer ")?;
    Some(token.to_owned())
}
