//! Closes a request exactly once, however it ends: by an answer, by an error, or because the caller hung up and every
//! future of the request was dropped. Builds the usage record on the way.
//!
//! Must stay true: an intent is written before each attempt leaves, each attempt is priced once, and the record is
//! handed over before the last byte of the answer is.

mod attempts;
mod metered;
mod open;

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use sluicegate_contracts::SCHEMA_VERSION;
use sluicegate_contracts::config::Route;
use sluicegate_contracts::ids::{RequestId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{
    AttemptOutcome, AttemptRecord, Decision, Evidence, Origin, Outcome, RouteRef, UsageRecord,
};
use sluicegate_metering::Ending;
use sluicegate_protocols::lossy::{LossReport, Severity, list};
use uuid::Uuid;

use super::accounting::total_cost;
use super::attribution::Attribution;
use super::stage::{Authenticated, Inspected, Planned};
use super::{Gateway, Progress};
use crate::error::GatewayError;
use crate::limits::{Standings, Taken, Used};
use crate::snapshot::Snapshot;

pub(super) use attempts::Flight;
pub(super) use open::{AttemptEnd, Trial};

use attempts::Attempts;

/// Status noted for a caller that hung up before there was an answer; nginx uses the same number.
const CALLER_GONE: u16 = 499;

/// The open books of one request.
pub(super) struct Finish {
    gateway: Gateway,
    snapshot: Arc<Snapshot>,
    progress: Progress,
    received: Duration,
    record: Option<UsageRecord>,
    attempts: RefCell<Attempts>,
    /// What could not be said in another dialect, of the request and of the answer it got.
    losses: LossReport,
    /// What the request has taken of the limits over it; goes back unless an attempt was sent.
    taken: Option<Taken>,
    standings: Standings,
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
            attempts: RefCell::default(),
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
        self.decided(planned.resolution.route.map(route_ref), decision);
    }

    /// Notes a decision, and the route that made it.
    pub(super) fn decided(&mut self, route: Option<RouteRef>, decision: Decision) {
        if let Some(record) = &mut self.record {
            record.route = route;
            record.decision = Some(decision);
        }
    }

    /// Closes the books without a record: nothing was to be sent anywhere.
    pub(super) fn forget(&mut self) {
        self.record = None;
        self.taken = None;
    }

    /// Notes what of the request, or of the answer it got, could not be translated.
    pub(super) fn lost(&mut self, losses: &LossReport) {
        self.losses.append(losses);
    }

    /// Notes the first byte towards the caller.
    pub(super) fn answering(&mut self) {
        let now = micros(self.elapsed());
        if let Some(record) = &mut self.record {
            record.first_byte_us.get_or_insert(now);
        }
    }

    /// What the caller is told about who served and what it cost.
    pub(super) fn attribution(&self) -> Attribution {
        let Some(record) = &self.record else {
            return Attribution::default();
        };
        let attempts = self.attempts.borrow();
        let (open, last) = (attempts.open.first(), attempts.ended.last());
        let total = self.elapsed();
        let busy = || Duration::from_micros(attempts.busy_us(micros(total)));
        Attribution {
            model: open.map_or_else(|| attempts.model_served.clone(), |open| Some(open.model.clone())),
            served_by: open.map_or_else(|| attempts.served_by.clone(), |open| Some(open.served_by.clone())),
            route: record
                .route
                .as_ref()
                .map(|route| format!("{}@{}", route.slug, route.version)),
            experiment: record
                .decision
                .as_ref()
                .and_then(|decision| decision.experiment.as_ref())
                .map(|of| format!("{}/{}", of.name, of.arm)),
            attempts: attempts.count(),
            cause: open.map_or(attempts.cause, |open| Some(open.cause)),
            dropped: list(&[&self.losses], Severity::Hint),
            output_cap: open.map_or_else(|| last?.output_cap, |open| open.record.output_cap),
            cost: total_cost(&attempts.ended).filter(|_| open.is_none()),
            upstream: (attempts.count() > 0).then(busy),
            total,
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
        let attempts = std::mem::take(self.attempts.get_mut());
        if let Some(first_us) = attempts.first_us() {
            let held_ms = record.decision.as_ref().map_or(0, |it| it.held_ms);
            record.overhead_us = first_us.saturating_sub(held_ms.saturating_mul(1_000));
        }
        if let Some(decision) = &mut record.decision {
            decision.hedge = attempts.hedge;
        }
        record.attempts = attempts.ended;
        record.model_served = attempts.model_served;
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
                for spent in attempts.spent {
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
        let tried = self.attempts.get_mut().count() > 0;
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
        self.end_open(&AttemptEnd::unanswered(
            AttemptOutcome::ClientGone,
            Ending::ClientGoneBeforeOutput,
        ));
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
