//! Readiness as a set of named checks, each a state and one sentence for a person. Shown by the admin server.
//!
//! Parts of a process register a check and keep its handle; nobody else writes it. A check starts as failed, so a
//! process is never ready before every part has said so.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

/// State of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Works as meant.
    Ok,
    /// Works with less than meant; traffic may come.
    Degraded,
    /// Does not work; traffic must not come.
    Failed,
}

/// One check as last reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The state.
    pub state: State,
    /// One sentence for a person; holds no secret and no tenant data.
    pub message: String,
}

/// All checks at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether traffic may come: no check has failed.
    pub ready: bool,
    /// Every check by name.
    pub checks: BTreeMap<&'static str, Check>,
}

/// The checks of this process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<RwLock<BTreeMap<&'static str, Check>>>);

/// The one writer of one check.
#[derive(Debug, Clone)]
pub struct CheckHandle {
    name: &'static str,
    health: Health,
}

impl Health {
    /// No checks: ready.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, failed with "starting" until its handle says otherwise.
    #[must_use]
    pub fn register(&self, name: &'static str) -> CheckHandle {
        let handle = CheckHandle {
            name,
            health: self.clone(),
        };
        handle.failed("starting");
        handle
    }

    /// Every check at this moment.
    #[must_use]
    pub fn report(&self) -> Report {
        let checks = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        Report {
            ready: checks.values().all(|check| check.state != State::Failed),
            checks,
        }
    }

    /// Whether traffic may come.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.report().ready
    }
}

impl CheckHandle {
    /// Reports that the part works.
    pub fn ok(&self, message: impl Into<String>) {
        self.set(State::Ok, message.into());
    }

    /// Reports that the part works with less than meant.
    pub fn degraded(&self, message: impl Into<String>) {
        self.set(State::Degraded, message.into());
    }

    /// Reports that the part does not work: the process is not ready.
    pub fn failed(&self, message: impl Into<String>) {
        self.set(State::Failed, message.into());
    }

    fn set(&self, state: State, message: String) {
        let mut checks = self.health.0.write().unwrap_or_else(PoisonError::into_inner);
        checks.insert(self.name, Check { state, message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_when_no_check_has_failed() {
        let health = Health::new();
        assert!(health.ready());
        let (snapshot, bus) = (health.register("snapshot"), health.register("bus"));
        assert!(!health.ready());
        snapshot.ok("version 7");
        bus.degraded("polling");
        assert!(health.ready());
        snapshot.failed("no configuration");
        assert_eq!(health.report().checks["snapshot"].message, "no configuration");
        assert!(!health.ready());
    }
}
