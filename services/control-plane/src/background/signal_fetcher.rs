//! Fetches the values of signals that have a source. Safe to run in several processes at once: a source that one has taken is not
//! due for the others.

use std::time::Duration;

use futures_util::future::join_all;

use super::driver::{Pass, Task};
use crate::app::signal_sources;
use crate::outbound::Outbound;
use crate::state::AppState;

/// Sources fetched side by side.
const BATCH: i64 = 16;

/// See the module.
pub struct SignalFetcher {
    state: AppState,
    outbound: Outbound,
}

impl SignalFetcher {
    /// The task.
    #[must_use]
    pub fn new(state: AppState, outbound: Outbound) -> Self {
        Self { state, outbound }
    }
}

impl Task for SignalFetcher {
    const NAME: &'static str = "signal fetcher";
    const INTERVAL: Duration = Duration::from_secs(1);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let taken = signal_sources::take(&self.state, BATCH).await?;
        let is_empty = taken.is_empty();
        let fetched = taken
            .into_iter()
            .map(|source| signal_sources::fetch(&self.state, &self.outbound, source));
        // One that cannot be helped now must not keep the others waiting.
        match join_all(fetched).await.into_iter().find_map(Result::err) {
            Some(error) => Err(error.into()),
            None => Ok(if is_empty { Pass::Idle } else { Pass::More }),
        }
    }
}
