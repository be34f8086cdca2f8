//! Sends events to webhooks. Safe to run in several processes at once: an event that one has taken is due for the others only
//! after a while.

use std::time::Duration;

use futures_util::future::join_all;

use super::driver::{Pass, Task};
use crate::app::webhook_delivery;
use crate::outbound::Outbound;
use crate::state::AppState;

/// Events sent side by side, each to another webhook.
const BATCH: i64 = 16;

/// See the module.
pub struct WebhookSender {
    state: AppState,
    outbound: Outbound,
}

impl WebhookSender {
    /// The task.
    #[must_use]
    pub fn new(state: AppState, outbound: Outbound) -> Self {
        Self { state, outbound }
    }
}

impl Task for WebhookSender {
    const NAME: &'static str = "webhook sender";
    const INTERVAL: Duration = Duration::from_secs(1);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let taken = webhook_delivery::take(&self.state, BATCH).await?;
        let is_empty = taken.is_empty();
        let sent = taken
            .into_iter()
            .map(|one| webhook_delivery::send(&self.state, &self.outbound, one));
        // One that cannot be helped now must not keep the others waiting.
        let failed = join_all(sent).await.into_iter().find_map(Result::err);
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(if is_empty { Pass::Idle } else { Pass::More }),
        }
    }
}
