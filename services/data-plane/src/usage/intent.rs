//! What is written down before an upstream attempt is sent, and the record that a killed worker's intents become.
//!
//! An intent holds everything needed to account for the attempt without the process that made it, and no content.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use sluicegate_contracts::SCHEMA_VERSION;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::{ApiKeyId, ConnectionId, EndpointId, OrganizationId, ProjectId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{
    AttemptOutcome, AttemptRecord, CreditUse, Labels, Origin, Outcome, RouteRef, UsageRecord,
};
use sluicegate_metering::{Ending, Opening, settle};

/// An attempt about to be sent. Fields mean what they mean in [`UsageRecord`] and [`AttemptRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent<'a> {
    /// The request.
    pub request: RequestId,
    /// Tenant.
    pub organization: OrganizationId,
    /// Project of the key.
    pub project: ProjectId,
    /// The key that called.
    pub api_key: ApiKeyId,
    /// What the caller said about itself.
    #[serde(default)]
    pub labels: Cow<'a, Labels>,
    /// What was asked.
    pub operation: Operation,
    /// The dialect the caller spoke.
    #[serde(default)]
    pub dialect: Option<Cow<'a, str>>,
    /// Model name as the caller sent it.
    pub model_requested: Cow<'a, str>,
    /// Canonical model of this attempt, when it is in the catalog.
    pub model_served: Option<Cow<'a, str>>,
    /// The route that decided, when one did.
    pub route: Option<Cow<'a, RouteRef>>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// When the gateway received the request.
    pub started_at: UnixMillis,
    /// W3C trace id, when the caller sent one.
    pub trace_id: Option<Cow<'a, str>>,
    /// The account used; `None` for the built-in echo provider.
    pub connection: Option<ConnectionId>,
    /// The catalog row it will be priced by.
    pub endpoint: Option<EndpointId>,
    /// Provider id.
    pub provider: Cow<'a, str>,
    /// Model name sent to the provider.
    pub upstream_model: Cow<'a, str>,
    /// The dialect spoken with the provider.
    #[serde(default)]
    pub upstream_dialect: Option<Cow<'a, str>>,
    /// Why it is made.
    #[serde(default)]
    pub cause: Option<Cow<'a, str>>,
    /// From receipt of the request to the start of this attempt, in microseconds.
    pub attempt_started_us: u64,
    /// The most this attempt can cost, from `metering::bound`; `None` when the price is unknown.
    pub cost_bound: Option<NanoUsd>,
    /// Version of the price card the bound was computed from.
    pub price_version: Option<u32>,
    /// What its cost counts on.
    #[serde(default)]
    pub accounts: Cow<'a, [AccountId]>,
    /// The account of the prepaid credit that pays it; `None` over a connection of the tenant's own, and in files from
    /// before it was noted.
    #[serde(default)]
    pub credit: Option<Cow<'a, AccountId>>,
}

impl Intent<'_> {
    /// The same, on its own.
    #[must_use]
    pub fn into_owned(self) -> Intent<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Intent {
            request: self.request,
            organization: self.organization,
            project: self.project,
            api_key: self.api_key,
            labels: Cow::Owned(self.labels.into_owned()),
            operation: self.operation,
            dialect: self.dialect.map(owned),
            model_requested: owned(self.model_requested),
            model_served: self.model_served.map(owned),
            route: self.route.map(|route| Cow::Owned(route.into_owned())),
            stream: self.stream,
            started_at: self.started_at,
            trace_id: self.trace_id.map(owned),
            connection: self.connection,
            endpoint: self.endpoint,
            provider: owned(self.provider),
            upstream_model: owned(self.upstream_model),
            upstream_dialect: self.upstream_dialect.map(owned),
            cause: self.cause.map(owned),
            attempt_started_us: self.attempt_started_us,
            cost_bound: self.cost_bound,
            price_version: self.price_version,
            accounts: Cow::Owned(self.accounts.into_owned()),
            credit: self.credit.map(|account| Cow::Owned(account.into_owned())),
        }
    }
}

/// The record of a request whose worker died: every attempt is uncertain and costs its bound. What the caller received
/// is not known, so the status is 0. `None` without attempts.
pub(super) fn interrupted(origin: Origin, attempts: &[Intent<'_>]) -> Option<UsageRecord> {
    let (first, last) = (attempts.first()?, attempts.last()?);
    let bounds = attempts.iter().map(|attempt| attempt.cost_bound);
    let priced = bounds.clone().any(|bound| bound.is_some());
    Some(UsageRecord {
        schema: SCHEMA_VERSION,
        request: last.request,
        origin,
        organization: last.organization,
        project: last.project,
        api_key: last.api_key,
        labels: last.labels.clone().into_owned(),
        operation: last.operation,
        dialect: last.dialect.clone().map(Cow::into_owned),
        dropped: None,
        model_requested: last.model_requested.clone().into_owned(),
        model_served: last.model_served.clone().map(Cow::into_owned),
        route: last.route.clone().map(Cow::into_owned),
        decision: None,
        stream: last.stream,
        outcome: Outcome::Interrupted,
        status: 0,
        error_code: None,
        attempts: attempts.iter().map(uncertain).collect(),
        tokens: TokenUsage::default(),
        cost: priced.then(|| bounds.flatten().sum()),
        started_at: last.started_at,
        duration_us: last.attempt_started_us,
        first_byte_us: None,
        overhead_us: first.attempt_started_us,
        trace_id: last.trace_id.clone().map(Cow::into_owned),
    })
}

fn uncertain(intent: &Intent<'_>) -> AttemptRecord {
    let opening = Opening {
        terms: None,
        hold: intent.cost_bound,
        version: intent.price_version,
    };
    let tokens = TokenUsage::default();
    let settled = settle(&opening, Ending::Interrupted, &tokens, false, intent.started_at);
    let paid = |account: &Cow<'_, AccountId>| CreditUse {
        account: account.clone().into_owned(),
        charge: settled.charge.unwrap_or_default(),
    };
    AttemptRecord {
        connection: intent.connection,
        endpoint: intent.endpoint,
        provider: intent.provider.clone().into_owned(),
        upstream_model: intent.upstream_model.clone().into_owned(),
        dialect: intent.upstream_dialect.clone().map(Cow::into_owned),
        cause: intent.cause.clone().map(|cause| Cow::Owned(cause.into_owned())),
        outcome: AttemptOutcome::Interrupted,
        status: None,
        tokens,
        evidence: settled.evidence,
        cost: settled.cost,
        price_version: settled.version,
        accounts: intent.accounts.to_vec(),
        credit: intent.credit.as_ref().map(paid),
        output_cap: None,
        session_budget: None,
        started_us: intent.attempt_started_us,
        first_byte_us: None,
        duration_us: 0,
    }
}
