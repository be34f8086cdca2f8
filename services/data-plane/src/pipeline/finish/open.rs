//! The books of one attempt: what is noted before it leaves, and what its ending makes of that.

use std::borrow::Cow;
use std::time::Duration;

use sluicegate_contracts::config::{Margin, Operation};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{AttemptOutcome, AttemptRecord, Evidence};
use sluicegate_metering::{Ending, Opening, Terms, settle};
use sluicegate_protocols::{Dialect, TokenCounts};
use sluicegate_routing::{Candidate, Cause};

use super::used;
use crate::limits::Taken;
use crate::live::Underway;
use crate::pipeline::accounting::{is_empty, prices, usage};
use crate::pipeline::allowance::Allowance;
use crate::pipeline::reserve::Reserved;
use crate::snapshot::Snapshot;
use crate::upstream::echo;
use crate::usage::Intent;

/// An attempt about to be made.
pub(in crate::pipeline) struct Trial<'a> {
    pub(in crate::pipeline) candidate: &'a Candidate<'a>,
    /// The dialect spoken with the provider.
    pub(in crate::pipeline) dialect: Dialect,
    pub(in crate::pipeline) cause: Cause,
    /// Canonical model, or the name asked for where the catalog has none.
    pub(in crate::pipeline) model: &'a str,
    /// The most it can cost; `None` when its price is not known, or nothing limits it.
    pub(in crate::pipeline) bound: Option<NanoUsd>,
    /// Version of the price the bound was computed from.
    pub(in crate::pipeline) price_version: Option<u32>,
    /// What the host adds to the provider's price.
    pub(in crate::pipeline) margin: Margin,
    /// How long its answers may become; `None` when their price is not known, or there are none.
    pub(in crate::pipeline) allowance: Option<Allowance>,
    /// It is a stream that can be paid as it comes.
    pub(in crate::pipeline) is_metered: bool,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(in crate::pipeline) struct AttemptEnd {
    pub(in crate::pipeline) outcome: AttemptOutcome,
    pub(in crate::pipeline) status: Option<u16>,
    /// What decides how much is owed.
    pub(in crate::pipeline) ending: Ending,
    pub(in crate::pipeline) tokens: TokenCounts,
    /// The provider told them; else they are an estimate.
    pub(in crate::pipeline) is_told: bool,
    /// When the provider said to come back.
    pub(in crate::pipeline) retry_after: Option<Duration>,
}

impl AttemptEnd {
    /// Nothing of it came, or none that could be shown.
    pub(in crate::pipeline) fn unanswered(outcome: AttemptOutcome, ending: Ending) -> Self {
        Self {
            outcome,
            status: None,
            ending,
            tokens: TokenCounts::default(),
            is_told: false,
            retry_after: None,
        }
    }
}

/// An attempt under way, noted as it would stand if nothing more came.
pub(super) struct Open {
    pub(super) record: AttemptRecord,
    pub(super) served_by: String,
    pub(super) cause: Cause,
    /// Canonical model, to find the price by.
    pub(super) model: String,
    margin: Margin,
    pub(super) reserved: Reserved,
    /// What is on file, where more may come to be held.
    pub(super) intent: Option<Intent<'static>>,
    /// What it has taken of the limits over its model and provider.
    taken: Taken,
    /// The call, as its endpoint sees it.
    pub(super) underway: Option<Underway>,
}

/// What an attempt cost, and where its money was set aside.
pub(super) struct Spent {
    pub(super) reserved: Reserved,
    pub(super) cost: NanoUsd,
    pub(super) charge: NanoUsd,
}

impl Open {
    /// Opens the books of an attempt whose intent is on file. `intent` is that, where more may come to be held.
    pub(super) fn new(
        trial: &Trial<'_>,
        started_us: u64,
        intent: Option<Intent<'static>>,
        mut reserved: Reserved,
        taken: Taken,
        underway: Option<Underway>,
    ) -> Self {
        let candidate = trial.candidate;
        let record = AttemptRecord {
            connection: candidate.connection.map(|connection| connection.id),
            endpoint: candidate.endpoint.map(|endpoint| endpoint.id),
            provider: candidate.provider.to_owned(),
            upstream_model: candidate.upstream_model.to_owned(),
            dialect: Some(trial.dialect.as_str().to_owned()),
            cause: Some(Cow::Borrowed(trial.cause.as_str())),
            outcome: AttemptOutcome::ClientGone,
            status: None,
            tokens: TokenUsage::default(),
            evidence: Evidence::Uncertain,
            cost: reserved.bound,
            price_version: trial.price_version,
            accounts: std::mem::take(&mut reserved.accounts),
            credit: None,
            output_cap: reserved.output_cap,
            session_budget: reserved.session_budget,
            started_us,
            first_byte_us: None,
            duration_us: 0,
        };
        reserved.sent();
        let account = candidate
            .connection
            .map_or("echo", |connection| connection.slug.as_str());
        Self {
            record,
            served_by: format!("{}/{account}", candidate.provider),
            cause: trial.cause,
            model: trial.model.to_owned(),
            margin: trial.margin,
            reserved,
            intent,
            taken,
            underway,
        }
    }

    /// Closes them, `now_us` after the request came in: prices the attempt, and gives back what it does not need.
    pub(super) fn close(
        self,
        end: &AttemptEnd,
        operation: Operation,
        snapshot: &Snapshot,
        now_us: u64,
        at: UnixMillis,
    ) -> (AttemptRecord, Spent) {
        let mut attempt = self.record;
        attempt.outcome = end.outcome;
        attempt.status = end.status;
        attempt.tokens = usage(&end.tokens);
        attempt.duration_us = now_us.saturating_sub(attempt.started_us);
        if let Some(underway) = self.underway {
            underway.end(end.outcome, end.retry_after, &attempt.tokens);
        }
        let opening = Opening {
            terms: (attempt.provider != echo::PROVIDER).then(|| Terms {
                versions: prices(snapshot, &self.model, &attempt),
                margin: self.margin,
            }),
            hold: attempt.cost,
            version: attempt.price_version,
        };
        let ending = if is_empty(operation, end) {
            Ending::Empty
        } else {
            end.ending
        };
        let settled = settle(&opening, ending, &attempt.tokens, end.is_told, at);
        attempt.evidence = settled.evidence;
        attempt.cost = settled.cost;
        attempt.price_version = settled.version;
        let charge = settled.charge.unwrap_or_default();
        attempt.credit = self.reserved.paid(charge);
        self.taken
            .used(used(attempt.tokens, attempt.evidence == Evidence::Uncertain));
        let spent = Spent {
            reserved: self.reserved,
            cost: attempt.cost.unwrap_or_default(),
            charge,
        };
        (attempt, spent)
    }
}
