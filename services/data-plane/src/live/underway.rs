//! A call on its way, as its endpoint sees it. Dropped without an end it was called off.

use std::sync::Arc;
use std::time::Duration;

use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_routing::health::{Call, Delivery, Failure, Limits};
use sluicegate_routing::{Candidate, Seed};

use super::{Endpoints, Key, Known, SharedPool, locked};

/// A call that leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start<'a> {
    pub(crate) candidate: &'a Candidate<'a>,
    pub(crate) delivery: Delivery,
    /// Of the prompt, estimated.
    pub(crate) input_tokens: u32,
    pub(crate) pool: &'a SharedPool,
    /// When its route wants it to bring something.
    pub(crate) target: Option<Duration>,
    /// The conversation it belongs to.
    pub(crate) session: Option<u64>,
    pub(crate) seed: Seed,
}

/// See the module.
pub(crate) struct Underway {
    endpoints: Endpoints,
    state: Arc<Known>,
    key: Key,
    pool: SharedPool,
    target: Option<Duration>,
    session: Option<u64>,
    seed: Seed,
    /// `None` once it has ended.
    call: Option<Call>,
}

impl Underway {
    pub(super) fn new(endpoints: &Endpoints, state: Arc<Known>, key: Key, start: Start<'_>) -> Self {
        let output = locked(start.pool).expected_output(None);
        let tokens = f64::from(start.input_tokens) + f64::from(output);
        let call = state.note(|health| health.sent(endpoints.now(), start.delivery, tokens));
        Self {
            endpoints: endpoints.clone(),
            state,
            key,
            pool: Arc::clone(start.pool),
            target: start.target,
            session: start.session,
            seed: start.seed,
            call: Some(call),
        }
    }

    /// The first token of a stream came.
    pub(crate) fn first_token(&mut self) {
        let now = self.endpoints.now();
        if let Some(call) = &mut self.call {
            self.state.note(|health| health.first_token(now, call));
            let late = self.target.map(|target| call.age(now) > target.as_secs_f64());
            self.judge(late);
        }
    }

    /// The provider told what its rate limits have left.
    pub(crate) fn told(&self, limits: &Limits) {
        if *limits != Limits::default() {
            let now = self.endpoints.now();
            self.state.note(|health| health.headers(now, limits));
        }
    }

    /// It ended.
    pub(crate) fn end(mut self, outcome: AttemptOutcome, retry_after: Option<Duration>, tokens: &TokenUsage) {
        let Some(call) = self.call.take() else {
            return;
        };
        let now = self.endpoints.now();
        let late = self.target.map(|target| call.age(now) > target.as_secs_f64());
        let output = u32::try_from(tokens.output).unwrap_or(u32::MAX);
        match (outcome, Failure::of(outcome, retry_after)) {
            (_, Some(failure)) => {
                self.state
                    .note(|health| health.failed(now, call, failure, self.seed));
                self.judge(self.target.map(|_| true));
            }
            (AttemptOutcome::Served, None) => {
                self.state.note(|health| health.finished(now, call, output));
                // Of a stream it was judged by its first token already.
                self.judge(late);
                locked(&self.pool).answered(output);
                if let Some(session) = self.session {
                    let read = u32::try_from(tokens.input.saturating_add(tokens.output));
                    self.endpoints
                        .remember(session, self.key, read.unwrap_or(u32::MAX));
                }
            }
            (_, None) => self.state.note(|health| health.cancelled(now, call)),
        }
    }

    /// Tells the route, once, whether the call kept its target.
    fn judge(&mut self, late: Option<bool>) {
        if let (Some(missed), Some(_)) = (late, self.target.take()) {
            locked(&self.pool).judged(missed);
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            let now = self.endpoints.now();
            self.state.note(|health| health.cancelled(now, call));
        }
    }
}
