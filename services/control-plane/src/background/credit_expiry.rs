//! Takes expired credit off the books. Expired credit cannot be drawn even before that; this makes the balance say so.

use std::time::Duration;

use futures_util::FutureExt;

use super::driver::{Pass, Task};
use crate::app::{Ctx, billing};
use crate::state::AppState;
use crate::store::credits;
use crate::store::database::Scope;

/// Organizations in one pass.
const BATCH: i64 = 100;

/// See the module.
pub struct CreditExpiry {
    state: AppState,
}

impl CreditExpiry {
    /// The task.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        Self { state }
    }
}

impl Task for CreditExpiry {
    const NAME: &'static str = "credit expiry";
    const INTERVAL: Duration = Duration::from_secs(60);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let now = self.state.now()?;
        let due = self
            .state
            .within(Scope::System, move |connection| {
                credits::expiring(connection, now, BATCH).boxed()
            })
            .await?;
        let is_full = i64::try_from(due.len())? == BATCH;
        for organization in due {
            let ctx = Ctx::system_for(Self::NAME, organization, now);
            self.state.write(ctx, |tx| billing::expire(tx).boxed()).await?;
        }
        Ok(if is_full { Pass::More } else { Pass::Idle })
    }
}
