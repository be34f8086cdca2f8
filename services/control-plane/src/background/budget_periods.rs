//! Sends the periods of budgets ahead anew before workers run out of them. Safe to run in several processes at once: each
//! budget is locked while it is renewed, and renewing twice only sends the same again.

use std::time::Duration;

use futures_util::FutureExt;

use super::driver::{Pass, Task};
use crate::app::{Ctx, budgets};
use crate::state::AppState;
use crate::store;
use crate::store::database::Scope;

/// Budgets renewed in one pass.
const BATCH: i64 = 100;

/// See the module.
pub struct BudgetPeriods {
    state: AppState,
}

impl BudgetPeriods {
    /// The task.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        Self { state }
    }
}

impl Task for BudgetPeriods {
    const NAME: &'static str = "budget periods";
    const INTERVAL: Duration = Duration::from_secs(60);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let now = self.state.now()?;
        let due = self
            .state
            .within(Scope::System, move |connection| {
                store::budgets::due(connection, now, BATCH).boxed()
            })
            .await?;
        let is_full = i64::try_from(due.len())? == BATCH;
        for (organization, budget) in due {
            let ctx = Ctx::system_for(Self::NAME, organization, now);
            self.state
                .write(ctx, move |tx| budgets::renew(tx, budget).boxed())
                .await?;
        }
        Ok(if is_full { Pass::More } else { Pass::Idle })
    }
}
