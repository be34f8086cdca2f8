//! Closes a request exactly once, however it ends: by an answer, by an error, or because the caller hung up and every
//! future of the request was dropped. Builds the usage record on the way.
//!
//! Must stay true: an intent is written before each attempt leaves, each attempt is priced once, and the record is
//! handed over before the last byte of the answer is.

mod metered;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use sluicegate_contracts::SCHEMA_VERSION;
use sluicegate_contracts::config::{Margin, Route};
use sluicegate_contracts::ids::{RequestId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{
    AttemptOutcome, AttemptRecord, Decision, Evidence, Origin, Outcome, RouteRef, UsageRecord,
};
use sluicegate_metering::{Ending, Opening, Terms, settle};
use sluicegate_protocols::lossy::{LossReport, Severity, list};
use sluicegate_protocols::{Dialect, TokenCounts};
use sluicegate_routing::health::Limits;
use sluicegate_routing::{Candidate, Cause};
use uuid::Uuid;

use super::accounting::{intent, is_empty, prices, total_cost, usage};
use super::allowance::Allowance;
use super::attribution::Attribution;
use super::reserve::Reserved;
use super::stage::{Authenticated, Inspected, Planned};
use super::{Gateway, Progress};
use crate::error::{ErrorKind, GatewayError};
use crate::limits::{Standings, Taken, Used};
use crate::live::Underway;
use crate::snapshot::Snapshot;
use crate::upstream::echo;
use crate::usage::{Intent, IntentGuard};

/// Status noted for a caller that hung up before there was an answer; nginx uses the same number.
const CALLER_GONE: u16 = 499;

/// An attempt about to be made.
pub(super) struct Trial<'a> {
    pub(super) candidate: &'a Candidate<'a>,
    /// The dialect spoken with the provider.
    pub(super) dialect: Dialect,
    pub(super) cause: Cause,
    /// Canonical model, or the name asked for where the catalog has none.
    pub(super) model: &'a str,
    /// The most it can cost; `None` when its price is not known, or nothing limits it.
    pub(super) bound: Option<NanoUsd>,
    /// Version of the price the bound was computed from.
    pub(super) price_version: Option<u32>,
    /// What the host adds to the provider's price.
    pub(super) margin: Margin,
    /// How long its answers may become; `None` when their price is not known, or there are none.
    pub(super) allowance: Option<Allowance>,
    /// It is a stream that can be paid as it comes.
    pub(super) is_metered: bool,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub(super) struct AttemptEnd {
    pub(super) outcome: AttemptOutcome,
    pub(super) status: Option<u16>,
    /// What decides how much is owed.
    pub(super) ending: Ending,
    pub(super) tokens: TokenCounts,
    /// The provider told them; else they are an estimate.
    pub(super) is_told: bool,
    /// When the provider said to come back.
    pub(super) retry_after: Option<Duration>,
}

/// The open books of one request.
pub(super) struct Finish {
    gateway: Gateway,
    snapshot: Arc<Snapshot>,
    progress: Progress,
    received: Duration,
    record: Option<UsageRecord>,
    open: Option<Open>,
    /// Attempts that cost something, until their record has its place.
    spent: Vec<Spent>,
    served_by: Option<String>,
    cause: Option<Cause>,
    /// What could not be said in another dialect, of the request and of the answer it got.
    losses: LossReport,
    /// What the request has taken of the limits over it; goes back unless an attempt was sent.
    taken: Option<Taken>,
    standings: Standings,
}

/// What an attempt cost, and where its money was set aside.
struct Spent {
    reserved: Reserved,
    cost: NanoUsd,
    charge: NanoUsd,
}

/// The attempt under way, noted as it would stand if nothing more came.
struct Open {
    record: AttemptRecord,
    started: Duration,
    /// Canonical model, to find the price by.
    model: String,
    margin: Margin,
    reserved: Reserved,
    /// What is on file, where more may come to be held.
    intent: Option<Intent<'static>>,
    /// What it has taken of the limits over its model and provider.
    taken: Taken,
    /// The call, as its endpoint sees it.
    underway: Option<Underway>,
}

impl Finish {
    /// Opens the books for a known caller.
    pub(super) fn open(gateway: &Gateway, snapshot: &Arc<Snapshot>, caller: &Authenticated<'_>) -> Self {
        let arrival = caller.received.arrival;
        let nobody = Origin {
            worker: WorkerId::from(Uuid::nil()),
            epoch: 0,
            seq: 0,
        };
        let record = UsageRecord {
            schema: SCHEMA_VERSION,
            request: RequestId::from(arrival.context.id),
            // The recorder knows the worker and counts the records.
            origin: nobody,
            organization: caller.project.organization,
            project: caller.key.project,
            api_key: caller.key.id,
            labels: arrival.labels.clone(),
            operation: caller.received.api.operation(),
            dialect: Some(caller.received.api.dialect().as_str().to_owned()),
            dropped: None,
            model_requested: String::new(),
            model_served: None,
            route: None,
            decision: None,
            stream: false,
            outcome: Outcome::ClientGone,
            status: CALLER_GONE,
            error_code: None,
            attempts: Vec::new(),
            tokens: TokenUsage::default(),
            cost: None,
            started_at: UnixMillis::new(arrival.context.received_at),
            duration_us: 0,
            first_byte_us: None,
            overhead_us: 0,
            trace_id: arrival
                .context
                .trace
                .map(|trace| format!("{:032x}", trace.trace_id())),
        };
        Self {
            gateway: gateway.clone(),
            snapshot: Arc::clone(snapshot),
            progress: arrival.progress.clone(),
            received: arrival.context.received,
            record: Some(record),
            open: None,
            spent: Vec::new(),
            served_by: None,
            cause: None,
            losses: LossReport::default(),
            taken: None,
            standings: Standings::default(),
        }
    }

    /// Keeps what the request has taken of limits until it is over.
    pub(super) fn admitted(&mut self, taken: Taken) {
        self.taken = Some(taken);
    }

    /// How the limits over the request stand, as far as anybody looked.
    pub(super) const fn standings(&mut self) -> &mut Standings {
        &mut self.standings
    }

    /// Notes what was asked.
    pub(super) fn asked(&mut self, asked: &Inspected<'_>) {
        if let Some(record) = &mut self.record {
            record.model_requested = asked.model.to_owned();
            record.stream = asked.features.stream;
            // Those of the headers are noted already.
            if let Cow::Owned(labels) = &asked.labels {
                record.labels = labels.clone();
            }
        }
    }

    /// Notes which route decided, and how.
    pub(super) fn planned(&mut self, planned: &Planned<'_>, decision: Decision) {
        if let (Some(record), Some(route)) = (&mut self.record, planned.resolution.route) {
            record.route = Some(route_ref(route));
        }
        self.decided(Some(decision));
    }

    /// Notes a decision.
    pub(super) fn decided(&mut self, decision: Option<Decision>) {
        if let Some(record) = &mut self.record {
            record.decision = decision;
        }
    }

    /// Closes the books without a record: nothing was to be sent anywhere.
    pub(super) fn forget(&mut self) {
        self.record = None;
        self.taken = None;
    }

    /// Opens the books of an attempt; its intent is on file when this returns.
    pub(super) fn begin(
        &mut self,
        trial: &Trial<'_>,
        mut reserved: Reserved,
        taken: Taken,
        underway: Option<Underway>,
    ) -> Result<IntentGuard, GatewayError> {
        let started = self.elapsed();
        let Some(record) = &mut self.record else {
            return Err(GatewayError::new(
                ErrorKind::Internal,
                "The request was closed already.",
            ));
        };
        if record.attempts.is_empty() {
            let held_ms = record.decision.as_ref().map_or(0, |it| it.held_ms);
            record.overhead_us = micros(started).saturating_sub(held_ms.saturating_mul(1_000));
        }
        let candidate = trial.candidate;
        let intent = intent(record, trial, micros(started), &reserved);
        let guard = self.gateway.state().recorder.begin_attempt(&intent).map_err(|error| {
            tracing::warn!(target: "sluicegate", %error, "an attempt was not made because its intent is not on file");
            let message = "This worker cannot write usage down at the moment, so it makes no calls.";
            GatewayError::new(ErrorKind::UsageUnavailable, message).after(Duration::from_secs(5))
        })?;
        let renewable = reserved.is_metered().then(|| intent.clone().into_owned());
        let record = AttemptRecord {
            connection: intent.connection,
            endpoint: intent.endpoint,
            provider: candidate.provider.to_owned(),
            upstream_model: candidate.upstream_model.to_owned(),
            dialect: Some(trial.dialect.as_str().to_owned()),
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
            started_us: micros(started),
            first_byte_us: None,
            duration_us: 0,
        };
        reserved.sent();
        self.open = Some(Open {
            record,
            started,
            model: trial.model.to_owned(),
            margin: trial.margin,
            reserved,
            intent: renewable,
            taken,
            underway,
        });
        let account = candidate
            .connection
            .map_or("echo", |connection| connection.slug.as_str());
        self.served_by = Some(format!("{}/{account}", candidate.provider));
        self.cause = Some(trial.cause);
        Ok(guard)
    }

    /// Notes what of the request, or of the answer it got, could not be translated.
    pub(super) fn lost(&mut self, losses: &LossReport) {
        self.losses.append(losses);
    }

    /// Notes the first byte of the attempt's answer.
    pub(super) fn first_byte(&mut self) {
        let now = self.elapsed();
        if let Some(open) = &mut self.open {
            open.record
                .first_byte_us
                .get_or_insert(micros(now.saturating_sub(open.started)));
        }
    }

    /// Notes that the attempt's stream has begun to say something.
    pub(super) fn first_token(&mut self) {
        if let Some(underway) = self.open.as_mut().and_then(|open| open.underway.as_mut()) {
            underway.first_token();
        }
    }

    /// Notes what the provider's rate limits have left.
    pub(super) fn told(&self, limits: &Limits) {
        if let Some(underway) = self.open.as_ref().and_then(|open| open.underway.as_ref()) {
            underway.told(limits);
        }
    }

    /// Notes the first byte towards the caller.
    pub(super) fn answering(&mut self) {
        let now = micros(self.elapsed());
        if let Some(record) = &mut self.record {
            record.first_byte_us.get_or_insert(now);
        }
    }

    /// Closes the books of the attempt under way and prices it.
    pub(super) fn end(&mut self, end: &AttemptEnd) {
        let now = self.elapsed();
        let (Some(mut open), Some(record)) = (self.open.take(), &mut self.record) else {
            return;
        };
        let attempt = &mut open.record;
        attempt.outcome = end.outcome;
        attempt.status = end.status;
        attempt.tokens = usage(&end.tokens);
        attempt.duration_us = micros(now.saturating_sub(open.started));
        if let Some(underway) = open.underway {
            underway.end(end.outcome, end.retry_after, &attempt.tokens);
        }
        let opening = Opening {
            terms: (attempt.provider != echo::PROVIDER).then(|| Terms {
                versions: prices(&self.snapshot, &open.model, attempt),
                margin: open.margin,
            }),
            hold: attempt.cost,
            version: attempt.price_version,
        };
        let ended_at = UnixMillis::new(self.gateway.state().clock.now_millis());
        let ending = if is_empty(record.operation, end) {
            Ending::Empty
        } else {
            end.ending
        };
        let settled = settle(&opening, ending, &attempt.tokens, end.is_told, ended_at);
        attempt.evidence = settled.evidence;
        attempt.cost = settled.cost;
        attempt.price_version = settled.version;
        let charge = settled.charge.unwrap_or_default();
        attempt.credit = open.reserved.paid(charge);
        if end.outcome == AttemptOutcome::Served {
            record.model_served = Some(open.model);
        }
        open.taken
            .used(used(attempt.tokens, attempt.evidence == Evidence::Uncertain));
        self.gateway.state().metrics.attempt(attempt);
        match attempt.cost.unwrap_or_default() {
            // What cost nothing is free for the next attempt.
            NanoUsd::ZERO => open.reserved.finish(NanoUsd::ZERO, NanoUsd::ZERO, None),
            cost => self.spent.push(Spent {
                reserved: open.reserved,
                cost,
                charge,
            }),
        }
        record.attempts.push(open.record);
    }

    /// What the attempts that ended have cost so far.
    pub(super) fn cost_so_far(&self) -> NanoUsd {
        let attempts = self.record.as_ref().map_or(&[][..], |it| &it.attempts);
        total_cost(attempts).unwrap_or_default()
    }

    /// What the caller is told about who served and what it cost.
    pub(super) fn attribution(&self) -> Attribution {
        let Some(record) = &self.record else {
            return Attribution::default();
        };
        let open = self.open.as_ref();
        let started = record
            .attempts
            .first()
            .map(|it| it.started_us)
            .or(open.map(|it| it.record.started_us));
        let ended = record.attempts.iter().map(|it| it.duration_us).sum::<u64>();
        let running = open.map_or(0, |open| micros(self.elapsed().saturating_sub(open.started)));
        Attribution {
            model: open
                .map(|open| open.model.clone())
                .or_else(|| record.model_served.clone()),
            served_by: self.served_by.clone(),
            route: record
                .route
                .as_ref()
                .map(|route| format!("{}@{}", route.slug, route.version)),
            attempts: record.attempts.len() + usize::from(open.is_some()),
            cause: self.cause,
            dropped: list(&[&self.losses], Severity::Hint),
            output_cap: open.map_or_else(|| record.attempts.last()?.output_cap, |it| it.record.output_cap),
            cost: total_cost(&record.attempts).filter(|_| open.is_none()),
            upstream: started.map(|_| Duration::from_micros(ended + running)),
            total: self.elapsed(),
            limits: self.standings,
            told_at: UnixMillis::new(self.gateway.state().clock.now_millis()),
        }
    }

    /// Closes the request: answered with this status. Gives the cost that the record states.
    pub(super) fn close(
        &mut self,
        outcome: Outcome,
        status: u16,
        error_code: Option<&str>,
    ) -> Option<NanoUsd> {
        let duration_us = micros(self.elapsed());
        let mut record = self.record.take()?;
        record.outcome = outcome;
        record.status = if self.progress.committed() { 200 } else { status };
        record.error_code = error_code.map(str::to_owned);
        record.duration_us = duration_us;
        record.dropped = list(&[&self.losses], Severity::Hint);
        record.tokens = record
            .attempts
            .iter()
            .fold(TokenUsage::default(), |sum, attempt| sum.plus(attempt.tokens));
        record.cost = total_cost(&record.attempts);
        if let Some(taken) = self.taken.take_if(|_| !record.attempts.is_empty()) {
            let is_uncertain = |attempt: &AttemptRecord| attempt.evidence == Evidence::Uncertain;
            taken.used(used(record.tokens, record.attempts.iter().any(is_uncertain)));
        }
        self.taken = None;
        let state = self.gateway.state();
        state.metrics.request(&record);
        let (request, cost) = (record.request, record.cost);
        let mut seq = 0;
        let filed = state.recorder.finish(|origin| {
            seq = origin.seq;
            UsageRecord { origin, ..record }
        });
        match filed {
            Ok(()) => {
                for spent in self.spent.drain(..) {
                    spent.reserved.finish(spent.cost, spent.charge, Some(seq));
                }
            }
            // Its money stays claimed: the intents on file will be recorded at the next start.
            Err(error) => {
                state.metrics.lost_record();
                tracing::error!(target: "sluicegate", %request, %error, "a usage record is not on file");
            }
        }
        cost
    }

    /// Closes the request: answered with an error of the gateway's own.
    pub(super) fn close_with(&mut self, error: &GatewayError) {
        let tried = self
            .record
            .as_ref()
            .is_some_and(|record| !record.attempts.is_empty());
        let outcome = if tried { Outcome::Failed } else { Outcome::Refused };
        self.close(outcome, error.kind.status(), Some(error.kind.code()));
    }

    fn elapsed(&self) -> Duration {
        self.gateway
            .state()
            .clock
            .monotonic()
            .saturating_sub(self.received)
    }
}

/// Dropped with open books: the caller hung up. What was sent may have been billed.
impl Drop for Finish {
    fn drop(&mut self) {
        if self.record.is_none() {
            return;
        }
        self.end(&AttemptEnd {
            outcome: AttemptOutcome::ClientGone,
            status: None,
            ending: Ending::ClientGoneBeforeOutput,
            tokens: TokenCounts::default(),
            is_told: false,
            retry_after: None,
        });
        self.close(Outcome::ClientGone, CALLER_GONE, None);
    }
}

/// Names a route at its version.
pub(super) fn route_ref(route: &Route) -> RouteRef {
    RouteRef {
        id: route.id,
        slug: route.slug.clone(),
        version: route.version,
    }
}

/// What tokens count on limits.
const fn used(tokens: TokenUsage, is_uncertain: bool) -> Used {
    let (input, output) = (tokens.input, tokens.output);
    if is_uncertain {
        Used::AtLeast { input, output }
    } else {
        Used::Tokens { input, output }
    }
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}
