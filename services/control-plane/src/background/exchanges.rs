//! Exchanges with servers that tenants name, a bounded number in all and of each organization: whoever's server answers late
//! keeps only its own organization waiting.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluicegate_contracts::ids::OrganizationId;
use sluicegate_service_runtime::shutdown::Tasks;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::domain::exchange_room::ExchangeRoom;
use crate::error::{Error, Result};

/// Exchanges under way at once.
const MOST: usize = 64;
/// Of those, the most of one organization.
const SHARE: i64 = 8;

/// The exchanges of one task. Clones are the same ones.
#[derive(Debug, Clone)]
pub struct Exchanges {
    name: &'static str,
    tasks: Tasks,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Whose each is, by what it is with: one at a time.
    under_way: HashMap<Uuid, OrganizationId>,
    failure: Option<Error>,
}

impl Exchanges {
    /// None yet; they are tracked by `tasks` under `name`, so that a process waits for them when it stops.
    #[must_use]
    pub fn new(tasks: Tasks, name: &'static str) -> Self {
        Self {
            name,
            tasks,
            shared: Arc::default(),
        }
    }

    /// What may be begun now.
    #[must_use]
    pub fn room(&self) -> ExchangeRoom {
        let state = self.shared.state();
        let (targets, organizations) = state
            .under_way
            .iter()
            .map(|(target, organization)| (*target, organization.as_uuid()))
            .unzip();
        ExchangeRoom {
            count: i64::try_from(MOST.saturating_sub(state.under_way.len())).unwrap_or(0),
            share: SHARE,
            targets,
            organizations,
        }
    }

    /// Begins one with `target`, which there was [`room`](Self::room) for.
    pub fn begin(
        &self,
        organization: OrganizationId,
        target: Uuid,
        exchange: impl Future<Output = Result<()>> + Send + 'static,
    ) {
        let shared = Arc::clone(&self.shared);
        shared.state().under_way.insert(target, organization);
        let end = End { shared, target };
        self.tasks.spawn(self.name, async move {
            if let Err(error) = exchange.await {
                end.shared.state().failure = Some(error);
            }
        });
    }

    /// Takes note that one failed since this was last asked.
    ///
    /// # Errors
    /// Why the last of them did.
    pub fn check(&self) -> Result<()> {
        self.shared.state().failure.take().map_or(Ok(()), Err)
    }

    /// Ends when an exchange has since this was last awaited: there is room again.
    pub async fn ended(&self) {
        self.shared.ended.notified().await;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes room, however an exchange ended.
struct End {
    shared: Arc<Shared>,
    target: Uuid,
}

impl Drop for End {
    fn drop(&mut self) {
        self.shared.state().under_way.remove(&self.target);
        self.shared.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use super::*;
    use crate::codes::Code;

    #[tokio::test]
    async fn room_is_what_is_not_under_way() {
        let tasks = Tasks::new();
        let exchanges = Exchanges::new(tasks.clone(), "tests");
        let (organization, target) = (OrganizationId::from(Uuid::from_u128(1)), Uuid::from_u128(2));
        exchanges.begin(organization, target, pending());
        let room = exchanges.room();
        assert_eq!(room.count, 63);
        assert_eq!(
            (room.targets, room.organizations),
            (vec![target], vec![organization.as_uuid()])
        );

        let other = Uuid::from_u128(3);
        exchanges.begin(organization, other, ready(Err(Error::not_found())));
        exchanges.ended().await;
        assert_eq!(exchanges.room().targets, [target]);
        assert_eq!(exchanges.check().unwrap_err().code(), Code::NotFound);
        assert!(exchanges.check().is_ok(), "told once");

        exchanges.begin(organization, other, async { panic!("on purpose") });
        exchanges.ended().await;
        assert_eq!(exchanges.room().targets, [target], "a panic makes room too");
        assert!(tasks.join(Duration::ZERO).await.is_err(), "waited for");
        exchanges.ended().await;
        assert_eq!(exchanges.room().count, 64);
    }
}
