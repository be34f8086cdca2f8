//! A request as one provider gets it. In the provider's own dialect it passes through: the bytes that must change are
//! spliced, all others stay. Otherwise, and where something in it is sealed for a provider of another dialect, it is
//! decoded, once for all attempts, and encoded for the target.
//!
//! Must stay true: what a target cannot express is never lost in silence. It is told to the caller, or, when the caller
//! insists, the target is not tried.

use std::cell::OnceCell;

use bytes::Bytes;
use sluicegate_protocols::canonical::Request;
use sluicegate_protocols::dialect::{decode_request, encode_request};
use sluicegate_protocols::lossy::{LossReport, Severity};
use sluicegate_protocols::passthrough::lifted::with_provider;
use sluicegate_protocols::relay::AnswerForm;
use sluicegate_protocols::target::OutputLimitField;
use sluicegate_protocols::{DecodeError, Dialect, passthrough};
use sluicegate_routing::Candidate;

use super::stage::{Inspected, Planned};
use super::vectors::Batch;
use super::view::RequestView;
use crate::error::GatewayError;
use crate::snapshot::LiveConnection;
use crate::upstream::{PassedHeaders, Upstream};

/// A body ready for one provider.
#[derive(Debug)]
pub(super) struct Outgoing<'s> {
    pub(super) upstream: Upstream<'s>,
    /// `None` for the built-in echo.
    pub(super) connection: Option<&'s LiveConnection>,
    /// The dialect of the body, and of the answer to come.
    pub(super) dialect: Dialect,
    /// The form of the answer to come.
    pub(super) form: AnswerForm,
    pub(super) body: Bytes,
    /// Further calls, where a model has vectors in a form of its own.
    pub(super) batch: Option<Batch>,
    pub(super) passage: Passage,
    /// The provider's name of an output limit, in a body of Chat Completions.
    pub(super) limit_field: OutputLimitField,
    /// What is not in the body although the caller sent it.
    pub(super) losses: LossReport,
}

/// An answer that goes to the caller as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passes {
    /// The usage chunk was asked for by the gateway, so the caller must not see it.
    pub(super) hide_usage_chunk: bool,
}

impl Outgoing<'_> {
    /// Whether the answer can go to a caller that takes this form as it comes.
    pub(super) fn passes(&self, form: AnswerForm) -> Option<Passes> {
        match self.passage {
            Passage::Passed { hide_usage_chunk } if form == self.form => Some(Passes { hide_usage_chunk }),
            Passage::Restated if form == self.form => Some(Passes {
                hide_usage_chunk: false,
            }),
            Passage::Passed { .. } | Passage::Restated | Passage::Translated => None,
        }
    }

    /// Most bytes of text that the model can read of it. What the gateway splices into a body that passes (a name, a wish
    /// for usage) is for the server alone.
    pub(super) fn read_bytes(&self, received: &Bytes) -> usize {
        match self.passage {
            Passage::Passed { .. } => received.len(),
            Passage::Restated | Passage::Translated => {
                self.body.len() + self.batch.as_ref().map_or(0, Batch::more_bytes)
            }
        }
    }

    /// The body with every answer limited to `cap` tokens.
    ///
    /// # Errors
    /// 400 when it is not what its dialect allows.
    pub(super) fn capped(&self, cap: u64, depth: u32) -> Result<Bytes, GatewayError> {
        Ok(passthrough::output_cap(
            &self.body,
            self.dialect,
            self.limit_field,
            cap,
            depth,
        )?)
    }

    /// Those of the caller's headers that go with the body: none with one of another dialect.
    pub(super) fn passed_headers(&self, headers: &PassedHeaders) -> PassedHeaders {
        match self.passage {
            Passage::Passed { .. } | Passage::Restated => headers.clone(),
            Passage::Translated => PassedHeaders::default(),
        }
    }
}

/// How a request travels from caller to provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// As it is.
    Passed {
        /// A usage chunk was asked for that the caller did not ask for.
        hide_usage_chunk: bool,
    },
    /// Through the canonical form into the same dialect, because the provider would refuse a part of it.
    Restated,
    /// Through the canonical form into another dialect.
    Translated,
}

/// A candidate, looked at once more before it is tried.
pub(super) enum Prepared<'s> {
    Ready(Outgoing<'s>),
    /// What is asked is not to be had of this target.
    Unfit(GatewayError),
    /// There is no account any more that could be called.
    Gone,
    /// The caller insists on everything it sent, and this is what the target cannot express.
    Lossy(LossReport),
}

/// The request in canonical form.
#[derive(Debug)]
pub(super) struct Decoded<'b> {
    request: Request<'b>,
    /// The caller would rather have no answer than one to less than it asked.
    insists: bool,
}

/// Makes the body for a candidate.
///
/// # Errors
/// 400 when the body is well-formed JSON but not what its dialect allows, which only decoding finds.
pub(super) fn prepare<'s>(
    planned: &Planned<'s>,
    candidate: &Candidate<'s>,
    depth: u32,
) -> Result<Prepared<'s>, GatewayError> {
    let request = &planned.request;
    let Some((upstream, connection)) = upstream(request, candidate) else {
        return Ok(Prepared::Gone);
    };
    if let Some(family) = upstream.vectors(request.features.operation, candidate.upstream_model) {
        let (body, batch, losses) = match Batch::split(request.body, family, depth)? {
            Ok(split) => split,
            Err(refusal) => return Ok(Prepared::Unfit(refusal)),
        };
        return Ok(Prepared::Ready(Outgoing {
            upstream,
            connection,
            dialect: Dialect::OpenAiChat,
            form: AnswerForm::Dialect(Dialect::OpenAiChat),
            body,
            batch: Some(batch),
            passage: Passage::Translated,
            limit_field: OutputLimitField::MaxTokens,
            losses,
        }));
    }
    let own = request.caller.received.api.body_dialect();
    let dialect = upstream.dialect(request.features.operation, candidate.upstream_model, own);
    let limit = candidate.endpoint.and_then(|it| it.max_output_tokens);
    let target = upstream.request_target(candidate.upstream_model, limit);
    let reworded = target.meaning_only && request.view.has_canonical_form();
    let native = upstream.completes_texts(candidate.upstream_model);
    let (form, chat) = match request.view.as_chat() {
        None => (AnswerForm::Dialect(dialect), None),
        Some(_) if native => (AnswerForm::Completions, None),
        Some(Ok(chat)) => (AnswerForm::Dialect(dialect), Some(chat)),
        Some(Err(refusal)) => return Ok(Prepared::Unfit(refusal.into())),
    };
    let limit_field = match form {
        AnswerForm::Completions => OutputLimitField::MaxTokens,
        AnswerForm::Dialect(_) => target.chat.output_limit,
    };
    if dialect == own && !reworded && request.view.may_pass() {
        let model = upstream.model(candidate.upstream_model);
        let (body, hide_usage_chunk) = match chat {
            Some(chat) => RequestView::chat(chat, depth)?.rewritten(chat, model, target.stream_usage),
            None => request.view.rewritten(request.body, model, target.stream_usage),
        };
        return Ok(Prepared::Ready(Outgoing {
            upstream,
            connection,
            dialect,
            form,
            body: steered(request, candidate, body),
            batch: None,
            passage: Passage::Passed { hide_usage_chunk },
            limit_field,
            losses: LossReport::default(),
        }));
    }
    let decoded = decoded(request, depth)?;
    let encoded = encode_request(dialect, &decoded.request, &target);
    if decoded.insists && encoded.losses.worst() >= Some(Severity::Altered) {
        return Ok(Prepared::Lossy(encoded.losses));
    }
    Ok(Prepared::Ready(Outgoing {
        upstream,
        connection,
        dialect,
        form,
        body: steered(request, candidate, encoded.body.into()),
        batch: None,
        passage: if dialect == own && !reworded {
            Passage::Restated
        } else {
            Passage::Translated
        },
        limit_field,
        losses: encoded.losses,
    }))
}

/// The body for a provider that is a gateway itself: what the caller asks of routing holds there too.
fn steered(request: &Inspected<'_>, candidate: &Candidate<'_>, body: Bytes) -> Bytes {
    match &request.steering.provider {
        Some(wishes) if candidate.site.is_gateway => with_provider(&body, wishes),
        Some(_) | None => body,
    }
}

/// Where the candidate is called; `None` when its connection cannot be used any more.
fn upstream<'s>(
    request: &Inspected<'s>,
    candidate: &Candidate<'s>,
) -> Option<(Upstream<'s>, Option<&'s LiveConnection>)> {
    let Some(connection) = candidate.connection else {
        return Some((Upstream::Echo, None));
    };
    let mut connections = request.caller.project.connections.iter();
    let live = connections.find(|live| live.connection.id == connection.id)?;
    Some((Upstream::Account(live.account.as_ref()?), Some(live.as_ref())))
}

fn decoded<'r, 's>(request: &'r Inspected<'s>, depth: u32) -> Result<&'r Decoded<'s>, GatewayError> {
    if let Some(decoded) = request.decoded.get() {
        return Ok(decoded);
    }
    let decoded = decode(request, depth)?;
    Ok(request.decoded.get_or_init(|| decoded))
}

fn decode<'s>(request: &Inspected<'s>, depth: u32) -> Result<Decoded<'s>, DecodeError> {
    let body: &'s [u8] = match request.view.as_chat() {
        Some(Ok(chat)) => chat,
        Some(Err(_)) | None => request.body,
    };
    let mut decoded = decode_request(request.caller.received.api.body_dialect(), body, depth)?;
    // Where the dialect says so in the path, the body does not.
    decoded.stream.enabled = Some(request.features.stream);
    Ok(Decoded {
        request: decoded,
        insists: request.features.needs.for_certain,
    })
}

/// Room for the canonical form of a request, filled when the first provider needs it.
pub(super) type DecodedOnce<'b> = OnceCell<Decoded<'b>>;
