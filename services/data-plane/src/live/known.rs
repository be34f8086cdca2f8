//! The state of one endpoint, and whether others have heard of it.

use std::sync::{Mutex, MutexGuard};

use sluicegate_routing::health::{Health, Moment, Summary, Told};

use super::locked;

/// See the module.
#[derive(Debug)]
pub(super) struct Known {
    /// The model as its provider names it.
    model: Box<str>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    health: Health,
    /// Whether something happened that others were not told.
    is_unsaid: bool,
}

impl Known {
    pub(super) fn new(model: &str) -> Self {
        Self {
            model: model.into(),
            state: Mutex::default(),
        }
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    /// Notes what happened to a call.
    pub(super) fn note<T>(&self, event: impl FnOnce(&mut Health) -> T) -> T {
        let mut state = self.state();
        state.is_unsaid = true;
        event(&mut state.health)
    }

    /// Notes what others told, which is nothing to tell.
    pub(super) fn hear(&self, now: Moment, told: &Told) {
        self.state().health.heard(now, told);
    }

    /// What is read off it under its lock.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Health) -> T) -> T {
        look(&self.state().health)
    }

    pub(super) fn idle(&self, now: Moment) -> f64 {
        self.state().health.idle(now)
    }

    /// Whether something happened since this was last asked.
    pub(super) fn take_unsaid(&self) -> bool {
        std::mem::take(&mut self.state().is_unsaid)
    }

    /// What others can be told, and seconds since a call was last sent.
    pub(super) fn summary(&self, now: Moment) -> (Summary, f64) {
        let state = self.state();
        (state.health.summary(now), state.health.idle(now))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}
