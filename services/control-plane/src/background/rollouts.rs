//! Takes rollouts of routes on to their next stage, or halts them. Safe to run in several processes at once: what one has changed is
//! another revision for the others.

use std::time::Duration;

use futures_util::FutureExt;

use super::driver::{Pass, Task};
use crate::app::route_rollouts;
use crate::state::AppState;
use crate::store;
use crate::store::database::Scope;

/// See the module.
pub struct Rollouts {
    state: AppState,
}

impl Rollouts {
    /// The task.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        Self { state }
    }
}

impl Task for Rollouts {
    const NAME: &'static str = "rollouts";
    const INTERVAL: Duration = Duration::from_secs(10);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let now = self.state.now()?;
        let due = self
            .state
            .within(Scope::System, |connection| {
                store::route_rollouts::progressing(connection).boxed()
            })
            .await?;
        // One that cannot be judged now must not keep the others waiting.
        let mut failed = None;
        for rollout in due {
            let looked = route_rollouts::look(&self.state, rollout, Self::NAME, now).await;
            failed = failed.or(looked.err());
        }
        failed.map_or(Ok(Pass::Idle), |error| Err(error.into()))
    }
}
