//! Sends events to webhooks. Safe to run in several processes at once: an event that one has taken is due for the others only
//! after a while.

use std::time::Duration;

use super::driver::{Pass, Task};
use super::exchanges::Exchanges;
use crate::app::webhook_delivery;
use crate::outbound::Outbound;
use crate::state::AppState;

/// See the module.
pub struct WebhookSender {
    state: AppState,
    outbound: Outbound,
    exchanges: Exchanges,
}

impl WebhookSender {
    /// The task, which sends through `exchanges`.
    #[must_use]
    pub fn new(state: AppState, outbound: Outbound, exchanges: Exchanges) -> Self {
        Self {
            state,
            outbound,
            exchanges,
        }
    }
}

impl Task for WebhookSender {
    const NAME: &'static str = "webhook sender";
    const INTERVAL: Duration = Duration::from_secs(1);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        self.exchanges.check()?;
        for event in webhook_delivery::take(&self.state, self.exchanges.room()).await? {
            let (state, outbound) = (self.state.clone(), self.outbound.clone());
            self.exchanges
                .begin(event.organization, event.webhook.as_uuid(), async move {
                    webhook_delivery::send(&state, &outbound, event).await
                });
        }
        Ok(Pass::Idle)
    }

    async fn woken(&self) {
        self.exchanges.ended().await;
    }
}
