//! The attempts of a request in its books: opened before they leave, written to while they run, closed each by its own
//! ending.
//!
//! Several may be under way at once, and each notes what becomes of it: hence the cell. Must stay true: nobody holds it
//! across a wait, and no attempt leaves before its intent is on file.

use std::time::Duration;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::{AttemptOutcome, AttemptRecord, DecidedHedge};
use sluicegate_metering::Ending;
use sluicegate_routing::Cause;
use sluicegate_routing::health::Limits;
use smallvec::SmallVec;

use super::open::{AttemptEnd, Open, Spent, Trial};
use super::{Finish, micros};
use crate::error::{ErrorKind, GatewayError};
use crate::limits::Taken;
use crate::live::Underway;
use crate::pipeline::accounting::intent;
use crate::pipeline::reserve::Reserved;
use crate::usage::IntentGuard;

/// The attempts of one request.
#[derive(Default)]
pub(super) struct Attempts {
    /// Those under way. Rarely more than one.
    pub(super) open: SmallVec<[Open; 1]>,
    /// The others, in the order in which they ended: the last is what the caller got.
    pub(super) ended: Vec<AttemptRecord>,
    /// Of those the ones that cost something, until their record has its place.
    pub(super) spent: Vec<Spent>,
    /// Of the last that ended.
    pub(super) served_by: Option<String>,
    pub(super) cause: Option<Cause>,
    pub(super) model_served: Option<String>,
    /// What followed when one was late.
    pub(super) hedge: Option<DecidedHedge>,
    /// When the latest began.
    latest_us: Option<u64>,
}

/// An attempt that may leave.
#[derive(Debug)]
pub(in crate::pipeline) struct Flight {
    /// When it began. No two of a request begin at once: the books and the spool tell them apart by this.
    started_us: u64,
    intent: IntentGuard,
}

impl Flight {
    /// Proof that it is on file.
    pub(in crate::pipeline) const fn intent(&self) -> &IntentGuard {
        &self.intent
    }
}

impl Attempts {
    fn by_flight(&mut self, flight: &Flight) -> Option<&mut Open> {
        let mut open = self.open.iter_mut();
        open.find(|open| open.record.started_us == flight.started_us)
    }

    /// Every attempt, under way or not.
    pub(super) fn count(&self) -> usize {
        self.ended.len() + self.open.len()
    }

    /// When the first began.
    pub(super) fn first_us(&self) -> Option<u64> {
        let open = self.open.iter().map(|open| &open.record);
        self.ended.iter().chain(open).map(|it| it.started_us).min()
    }

    /// What those that ended cost, and the others can.
    fn cost(&self) -> NanoUsd {
        let open = self.open.iter().map(|open| &open.record);
        self.ended.iter().chain(open).filter_map(|it| it.cost).sum()
    }

    /// How long at least one was under way, `now_us` after the request came in.
    pub(super) fn busy_us(&self, now_us: u64) -> u64 {
        let ended = self
            .ended
            .iter()
            .map(|it| (it.started_us, it.started_us + it.duration_us));
        let open = self.open.iter().map(|open| (open.record.started_us, now_us));
        let mut spans: SmallVec<[(u64, u64); 4]> = ended.chain(open).collect();
        spans.sort_unstable();
        let (mut busy, mut until) = (0, 0);
        for (from, to) in spans {
            busy += to.saturating_sub(from.max(until));
            until = until.max(to);
        }
        busy
    }
}

impl Finish {
    /// Opens the books of an attempt; its intent is on file when this returns.
    ///
    /// # Errors
    /// 503 when the intent cannot be written: the attempt must not be made.
    pub(in crate::pipeline) fn begin(
        &self,
        trial: &Trial<'_>,
        reserved: Reserved,
        taken: Taken,
        underway: Option<Underway>,
    ) -> Result<Flight, GatewayError> {
        let Some(record) = &self.record else {
            return Err(GatewayError::new(
                ErrorKind::Internal,
                "The request was closed already.",
            ));
        };
        let attempts = &mut *self.attempts.borrow_mut();
        let now_us = micros(self.elapsed());
        let started_us = attempts.latest_us.map_or(now_us, |latest| now_us.max(latest + 1));
        let intent = intent(record, trial, started_us, &reserved);
        let guard = self.gateway.state().recorder.begin_attempt(&intent).map_err(|error| {
            tracing::warn!(target: "sluicegate", %error, "an attempt was not made because its intent is not on file");
            let message = "This worker cannot write usage down at the moment, so it makes no calls.";
            GatewayError::new(ErrorKind::UsageUnavailable, message).after(Duration::from_secs(5))
        })?;
        attempts.latest_us = Some(started_us);
        let on_file = reserved.is_metered().then(|| intent.clone().into_owned());
        attempts
            .open
            .push(Open::new(trial, started_us, on_file, reserved, taken, underway));
        Ok(Flight {
            started_us,
            intent: guard,
        })
    }

    /// What the request's attempts have cost so far, and what those under way still can.
    pub(in crate::pipeline) fn cost_so_far(&self) -> NanoUsd {
        self.attempts.borrow().cost()
    }

    /// Notes the first byte of an attempt's answer.
    pub(in crate::pipeline) fn first_byte(&self, flight: &Flight) {
        let now_us = micros(self.elapsed());
        let mut attempts = self.attempts.borrow_mut();
        if let Some(open) = attempts.by_flight(flight) {
            let after = now_us.saturating_sub(open.record.started_us);
            open.record.first_byte_us.get_or_insert(after);
        }
    }

    /// Notes that an attempt's stream has begun to say something.
    pub(in crate::pipeline) fn first_token(&self, flight: &Flight) {
        let mut attempts = self.attempts.borrow_mut();
        if let Some(underway) = attempts.by_flight(flight).and_then(|it| it.underway.as_mut()) {
            underway.first_token();
        }
    }

    /// Notes what the rate limits of an attempt's provider have left.
    pub(in crate::pipeline) fn told(&self, flight: &Flight, limits: &Limits) {
        let mut attempts = self.attempts.borrow_mut();
        if let Some(underway) = attempts.by_flight(flight).and_then(|it| it.underway.as_ref()) {
            underway.told(limits);
        }
    }

    /// Closes the books of an attempt and prices it.
    pub(in crate::pipeline) fn end(&self, flight: &Flight, end: &AttemptEnd) {
        self.end_those(end, |open| open.record.started_us == flight.started_us);
    }

    /// Closes those of all attempts but this one, which was quicker.
    pub(in crate::pipeline) fn supersede(&self, by: &Flight) {
        let end = AttemptEnd::unanswered(AttemptOutcome::Superseded, Ending::Superseded);
        self.end_those(&end, |open| open.record.started_us != by.started_us);
    }

    /// Notes what followed when an attempt was late.
    pub(in crate::pipeline) fn hedged(&self, what: DecidedHedge) {
        self.attempts.borrow_mut().hedge = Some(what);
    }

    /// Closes those of all attempts that are under way still. Of a stream that is relayed it is the only one.
    pub(in crate::pipeline) fn end_open(&self, end: &AttemptEnd) {
        self.end_those(end, |_| true);
    }

    fn end_those(&self, end: &AttemptEnd, is_meant: impl Fn(&Open) -> bool) {
        let (now_us, state) = (micros(self.elapsed()), self.gateway.state());
        let at = UnixMillis::new(state.clock.now_millis());
        let attempts = &mut *self.attempts.borrow_mut();
        while let Some(record) = &self.record
            && let Some(position) = attempts.open.iter().position(&is_meant)
        {
            let mut open = attempts.open.remove(position);
            attempts.cause = Some(open.cause);
            attempts.served_by = Some(std::mem::take(&mut open.served_by));
            if end.outcome == AttemptOutcome::Served {
                attempts.model_served = Some(open.model.clone());
            }
            let (ended, spent) = open.close(end, record.operation, &self.snapshot, now_us, at);
            state.metrics.attempt(&ended);
            match spent.cost {
                // What cost nothing is free for the next attempt.
                NanoUsd::ZERO => spent.reserved.finish(NanoUsd::ZERO, NanoUsd::ZERO, None),
                _ => attempts.spent.push(spent),
            }
            attempts.ended.push(ended);
        }
    }
}
