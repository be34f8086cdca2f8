//! A worker on a free port, a provider that does what a script says, and a configuration to serve from.

pub(crate) mod config;
pub(crate) mod provider;
pub(crate) mod worker;

pub(crate) use config::Config;
pub(crate) use provider::{Provider, Script};
pub(crate) use worker::{Worker, chat, error_of};

use std::time::{Duration, Instant};

/// Polls until `check` gives something; fails the test after ten seconds.
pub(crate) async fn eventually<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "never: {what}");
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
}
