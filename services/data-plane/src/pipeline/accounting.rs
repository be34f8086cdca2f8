//! From stages to the words of the books: intents, token counts, sums. Pure; called by [`super::finish`].

use std::borrow::Cow;

use sluicegate_contracts::config::{Endpoint, Margin, Operation, PriceCard};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{AttemptRecord, UsageRecord};
use sluicegate_metering::{CallSize, Ending, Quote, Span, Terms};
use sluicegate_protocols::TokenCounts;
use sluicegate_routing::Candidate;

use super::finish::{AttemptEnd, Trial};
use super::reserve::Reserved;
use crate::snapshot::Snapshot;
use crate::usage::Intent;

/// What is put on file before an attempt is sent.
pub(super) fn intent<'a>(
    record: &'a UsageRecord,
    trial: &Trial<'a>,
    attempt_started_us: u64,
    reserved: &'a Reserved,
) -> Intent<'a> {
    let candidate = trial.candidate;
    Intent {
        request: record.request,
        organization: record.organization,
        project: record.project,
        api_key: record.api_key,
        labels: Cow::Borrowed(&record.labels),
        operation: record.operation,
        dialect: record.dialect.as_deref().map(Cow::Borrowed),
        model_requested: record.model_requested.as_str().into(),
        model_served: Some(trial.model.into()),
        route: record.route.as_ref().map(Cow::Borrowed),
        stream: record.stream,
        started_at: record.started_at,
        trace_id: record.trace_id.as_deref().map(Cow::Borrowed),
        connection: candidate.connection.map(|connection| connection.id),
        endpoint: candidate.endpoint.map(|endpoint| endpoint.id),
        provider: candidate.provider.into(),
        upstream_model: candidate.upstream_model.into(),
        upstream_dialect: Some(trial.dialect.as_str().into()),
        cause: Some(trial.cause.as_str().into()),
        attempt_started_us,
        cost_bound: reserved.bound,
        price_version: trial.price_version,
        accounts: reserved.accounts.as_slice().into(),
        credit: reserved.payer().map(Cow::Borrowed),
    }
}

/// What an attempt of one size can cost.
pub(super) struct Quoted {
    /// By the length of its answer; `None` when its price is not known, or it costs nothing.
    pub(super) quote: Option<Quote>,
    /// At most; `None` when its price is not known, or nothing limits it.
    pub(super) bound: Option<NanoUsd>,
    /// Version of the price.
    pub(super) version: Option<u32>,
}

/// What an attempt of this size can cost, and by which version of the price; the built-in echo costs nothing.
pub(super) fn quote(
    candidate: &Candidate<'_>,
    margin: Margin,
    size: &CallSize,
    now: UnixMillis,
    longest_ms: i64,
) -> Quoted {
    let Some(terms) = terms(candidate, margin) else {
        return Quoted {
            quote: None,
            bound: Some(NanoUsd::ZERO),
            version: None,
        };
    };
    let span = Span {
        from: now,
        until: now.offset(longest_ms),
    };
    let version = terms.in_force(now).map(|card| card.version);
    let quote = terms.quote(size, span).ok();
    Quoted {
        bound: quote.as_ref().and_then(|quote| quote.bound().ok()),
        quote,
        version,
    }
}

/// Sum over the priced attempts; `None` when none was priced although one was sent.
pub(super) fn total_cost(attempts: &[AttemptRecord]) -> Option<NanoUsd> {
    if attempts.is_empty() {
        return Some(NanoUsd::ZERO);
    }
    let priced = || attempts.iter().filter_map(|attempt| attempt.cost);
    priced().next().is_some().then(|| priced().sum())
}

/// The prices of the endpoint an attempt was made at, from the snapshot its request is served from.
pub(super) fn prices<'s>(snapshot: &'s Snapshot, model: &str, attempt: &AttemptRecord) -> &'s [PriceCard] {
    let mut endpoints = snapshot.catalog().by_model(model).iter();
    let endpoint = endpoints.find(|endpoint| Some(endpoint.id) == attempt.endpoint);
    endpoint.map_or(&[], |endpoint| endpoint.prices())
}

/// What an attempt at this candidate is priced by; `None` when the gateway answers itself.
fn terms<'a>(candidate: &Candidate<'a>, margin: Margin) -> Option<Terms<'a>> {
    candidate.connection?;
    Some(Terms {
        versions: candidate.endpoint.map_or(&[], Endpoint::prices),
        margin,
    })
}

/// What the host adds for a caller of this organization: nothing where the account at the provider is their own.
pub(super) fn margin(candidate: &Candidate<'_>, organization: OrganizationId) -> Margin {
    let resold = candidate
        .connection
        .filter(|connection| connection.organization != organization);
    let resale = resold.and_then(|connection| connection.resale);
    resale.map_or(Margin::NONE, |resale| resale.margin)
}

/// The same counts in the words of the usage record.
pub(super) fn usage(counts: &TokenCounts) -> TokenUsage {
    TokenUsage {
        input: counts.input,
        cache_read: counts.cached_input,
        cache_write: counts.cache_write,
        cache_write_1h: counts.cache_write_1h,
        input_audio: counts.input_audio,
        output: counts.output,
        reasoning: counts.reasoning,
        output_audio: counts.output_audio,
        searches: counts.searches,
        ..TokenUsage::default()
    }
}

/// Whether an answer that should say something says nothing.
pub(super) fn is_empty(operation: Operation, end: &AttemptEnd) -> bool {
    let generates = match operation {
        Operation::ChatCompletions => true,
        Operation::Embeddings | Operation::Rerank => false,
    };
    generates && end.ending == Ending::Answered && end.tokens.output == 0
}
