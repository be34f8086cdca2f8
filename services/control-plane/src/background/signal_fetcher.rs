//! Fetches the values of signals that have a source. Safe to run in several processes at once: a source that one has taken is not
//! due for the others.

use std::time::Duration;

use super::driver::{Pass, Task};
use super::exchanges::Exchanges;
use crate::app::signal_sources;
use crate::outbound::Outbound;
use crate::state::AppState;

/// See the module.
pub struct SignalFetcher {
    state: AppState,
    outbound: Outbound,
    exchanges: Exchanges,
}

impl SignalFetcher {
    /// The task, which fetches through `exchanges`.
    #[must_use]
    pub fn new(state: AppState, outbound: Outbound, exchanges: Exchanges) -> Self {
        Self {
            state,
            outbound,
            exchanges,
        }
    }
}

impl Task for SignalFetcher {
    const NAME: &'static str = "signal fetcher";
    const INTERVAL: Duration = Duration::from_secs(1);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        self.exchanges.check()?;
        for source in signal_sources::take(&self.state, self.exchanges.room()).await? {
            let (state, outbound) = (self.state.clone(), self.outbound.clone());
            self.exchanges
                .begin(source.organization, source.id.as_uuid(), async move {
                    signal_sources::fetch(&state, &outbound, source).await
                });
        }
        Ok(Pass::Idle)
    }

    async fn woken(&self) {
        self.exchanges.ended().await;
    }
}
