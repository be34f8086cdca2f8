//! Publishes the configuration log on the bus, in version order, and every second where the log stands. Of several
//! control planes one relays: it holds an advisory lock on a session of its own and does all its work in that session,
//! so whoever lost the session lost the right, too. A crash between publishing and noting it publishes again, which
//! workers ignore.

use std::time::Duration;

use sluicegate_backplane::ConfigBus;
use sluicegate_contracts::event::ConfigMessage;
use sluicegate_service_runtime::shutdown::Tasks;

use super::driver::{Pass, Poke, Task};
use super::metrics::BackgroundMetrics;
use crate::state::AppState;
use crate::store::{Connection, config, outbox};

/// Events on their way to the broker at once.
const BATCH: u8 = 250;
const HEARTBEAT: Duration = Duration::from_secs(1);
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// See the module.
pub struct OutboxRelay {
    state: AppState,
    bus: ConfigBus,
    metrics: BackgroundMetrics,
    seat: Option<Seat>,
    last_heartbeat: Option<Duration>,
}

/// A session of our own, outside of the pool: the lock lives and dies with it.
struct Seat {
    session: Connection,
    leads: bool,
}

impl OutboxRelay {
    /// A relay that has not tried for the lock yet.
    #[must_use]
    pub fn new(state: AppState, bus: ConfigBus, metrics: BackgroundMetrics) -> Self {
        Self {
            state,
            bus,
            metrics,
            seat: None,
            last_heartbeat: None,
        }
    }

    /// The session, if it holds the lock. Taken out while in use, so that an error leaves none behind.
    async fn take_seat(&mut self) -> anyhow::Result<Option<Seat>> {
        let mut seat = match self.seat.take() {
            Some(seat) => seat,
            None => Seat {
                session: outbox::session(&self.state.database).await?,
                leads: false,
            },
        };
        if !seat.leads {
            seat.leads = outbox::try_lead(&mut seat.session).await?;
            if seat.leads {
                tracing::info!("this process relays configuration events");
            }
        }
        self.metrics.config_relay_active.set(i64::from(seat.leads));
        if seat.leads {
            return Ok(Some(seat));
        }
        self.seat = Some(seat);
        Ok(None)
    }

    async fn relay(&mut self, session: &mut Connection) -> anyhow::Result<Pass> {
        let events = outbox::unsent(session, i64::from(BATCH)).await?;
        let versions: Vec<i64> = events.iter().map(|event| event.version.0.cast_signed()).collect();
        let is_full = events.len() == usize::from(BATCH);
        let messages: Vec<ConfigMessage> = events.into_iter().map(ConfigMessage::Event).collect();
        if messages.is_empty() {
            self.metrics.config_unsent.set(0);
        } else {
            let published = self.bus.publish_all(&messages).await;
            if published.is_err() {
                self.metrics
                    .config_unsent
                    .set(outbox::count_unsent(session).await?);
            }
            let published = published?;
            outbox::mark_sent(session, &versions, self.state.now()?).await?;
            let returned = published.iter().filter(|one| one.returned).count();
            self.metrics
                .config_published
                .inc_by(u64::try_from(published.len())?);
            self.metrics.config_returned.inc_by(u64::try_from(returned)?);
        }
        if is_full {
            Ok(Pass::More)
        } else {
            self.heartbeat(session).await
        }
    }

    async fn heartbeat(&mut self, session: &mut Connection) -> anyhow::Result<Pass> {
        let now = self.state.clock.monotonic();
        if self
            .last_heartbeat
            .is_none_or(|last| now.saturating_sub(last) >= HEARTBEAT)
        {
            let head = config::head(session).await?;
            self.bus.publish(&ConfigMessage::Head(head)).await?;
            self.last_heartbeat = Some(now);
        }
        Ok(Pass::Idle)
    }
}

impl Task for OutboxRelay {
    const NAME: &'static str = "config relay";
    /// Short, because a lost notification costs this long.
    const INTERVAL: Duration = Duration::from_millis(250);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let Some(mut seat) = self.take_seat().await? else {
            return Ok(Pass::Idle);
        };
        let outcome = self.relay(&mut seat.session).await;
        // A bus that is away is no reason to give up the lock; a session in doubt is.
        if outcome
            .as_ref()
            .err()
            .is_none_or(|error| error.is::<sluicegate_backplane::BackplaneError>())
        {
            self.seat = Some(seat);
        } else {
            self.metrics.config_relay_active.set(0);
        }
        outcome
    }
}

/// Pokes the relay whenever a transaction that changed the configuration commits.
pub fn poke_on_notify(tasks: &Tasks, state: &AppState, relay: Poke) {
    let (state, drain) = (state.clone(), tasks.drain_token());
    tasks.spawn("config relay wake-up", async move {
        let listening = async {
            loop {
                if let Err(error) = listen(&state, &relay).await {
                    tracing::debug!(%error, "not listening; the relay polls meanwhile");
                }
                tokio::time::sleep(LISTEN_AGAIN).await;
            }
        };
        tokio::select! {
            () = drain.cancelled() => {}
            () = listening => {}
        }
    });
}

async fn listen(state: &AppState, relay: &Poke) -> crate::error::Result<()> {
    let mut listener = outbox::listener(&state.database).await?;
    loop {
        listener.recv().await?;
        relay.poke();
    }
}
