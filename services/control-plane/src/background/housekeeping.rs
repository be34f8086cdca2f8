//! Makes the request log's partitions ahead of time and forgets what nobody needs: sent configuration events, caps of
//! sessions that nothing counts on any more, what webhooks were told long ago, and workers that are long gone. Safe to run in several processes at once.

use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_contracts::account::AccountId;
use sluicegate_metering::escrow::KEPT_MILLIS;

use super::driver::{Pass, Task};
use crate::domain::instant::millis;
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::{outbox, session_budgets, usage_records, webhook_deliveries, workers};

/// Partitions made ahead, so that a control plane that is down for days does not stop the ingester of another.
const DAYS_AHEAD: i64 = 7;
/// Sent events kept for workers that fell behind: at least so many, and at least so long.
const KEPT_EVENTS: i64 = 100_000;
const KEPT_EVENT_DAYS: i64 = 7;
const KEPT_WORKER_DAYS: i64 = 7;
/// What webhooks were told is kept so long, as the log of their owners.
const KEPT_DELIVERY_DAYS: i64 = 30;

/// See the module.
pub struct Housekeeping {
    state: AppState,
}

impl Housekeeping {
    /// The task.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        Self { state }
    }
}

impl Task for Housekeeping {
    const NAME: &'static str = "housekeeping";
    const INTERVAL: Duration = Duration::from_secs(600);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let now = self.state.now()?;
        for ahead in 0..=DAYS_AHEAD {
            let day = (now + time::Duration::days(ahead)).date();
            self.state
                .within(Scope::System, move |connection| {
                    usage_records::create_partition(connection, day).boxed()
                })
                .await?;
        }
        let events = now - time::Duration::days(KEPT_EVENT_DAYS);
        let sessions = AccountId::oldest_session_window(millis(now).offset(-KEPT_MILLIS));
        let told = now - time::Duration::days(KEPT_DELIVERY_DAYS);
        let gone = now - time::Duration::days(KEPT_WORKER_DAYS);
        self.state
            .within(Scope::System, move |connection| {
                async move {
                    outbox::prune(connection, KEPT_EVENTS, events).await?;
                    session_budgets::prune(connection, sessions).await?;
                    webhook_deliveries::prune(connection, told).await?;
                    workers::prune(connection, gone).await
                }
                .boxed()
            })
            .await?;
        Ok(Pass::Idle)
    }
}
