//! Keeps a tranche of each organization's credit reserved for workers, so that credit that was added can be used at once
//! and a busy organization never waits for it.

use std::time::Duration;

use futures_util::FutureExt;

use super::driver::{Pass, Task};
use crate::app::{Ctx, credit_tranches};
use crate::domain::credit_tranche::SMALL;
use crate::state::AppState;
use crate::store::credit_accounts;
use crate::store::database::Scope;

/// Organizations in one pass.
const BATCH: i64 = 100;

/// See the module.
pub struct CreditTranches {
    state: AppState,
}

impl CreditTranches {
    /// The task.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        Self { state }
    }
}

impl Task for CreditTranches {
    const NAME: &'static str = "credit tranches";
    const INTERVAL: Duration = Duration::from_millis(250);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let now = self.state.now()?;
        let due = self
            .state
            .within(Scope::System, |connection| {
                credit_accounts::due(connection, SMALL, BATCH).boxed()
            })
            .await?;
        for organization in due {
            let ctx = Ctx::system_for(Self::NAME, organization, now);
            self.state
                .write(ctx, |tx| credit_tranches::refill(tx).boxed())
                .await?;
        }
        Ok(Pass::Idle)
    }
}
