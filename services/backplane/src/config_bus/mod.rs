//! Carries configuration changes from the relay of the control plane to every worker, fast but not surely: a worker
//! that was told [`BusItem::Lost`] or sees a hole in the versions pulls what it missed.

mod memory;
mod rabbitmq;

use std::fmt;
use std::pin::Pin;

use futures_util::{Stream, StreamExt};
use sluicegate_contracts::event::ConfigMessage;
use sluicegate_contracts::ids::WorkerId;

use crate::error::BackplaneError;

/// The bus. Clones share one connection.
#[derive(Clone)]
pub enum ConfigBus {
    /// A fanout exchange.
    RabbitMq(rabbitmq::RabbitMqBus),
    /// A channel within this process.
    Memory(memory::MemoryBus),
}

/// A message was taken over by the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// No worker was bound, so nobody received it. Workers pull when they bind, so nothing is lost, but with live
    /// workers this means that none of them listens.
    pub returned: bool,
}

/// What a subscriber sees.
#[derive(Debug, Clone)]
pub enum BusItem {
    /// A change or a heartbeat.
    Message(ConfigMessage),
    /// Bound: everything published from here on arrives. Pull once now, for what came before.
    Connected,
    /// Messages may be missing from here on, until the next [`BusItem::Connected`]. Sent once per outage, and also
    /// when the very first attempt fails.
    Lost,
}

type Items = Pin<Box<dyn Stream<Item = BusItem> + Send>>;

/// A worker's subscription; reconnects by itself for as long as it is polled.
pub struct ConfigSubscription {
    items: Items,
}

impl ConfigSubscription {
    /// The next item. Never ends; dropping the future loses nothing.
    pub async fn next(&mut self) -> BusItem {
        match self.items.next().await {
            Some(item) => item,
            None => std::future::pending().await,
        }
    }
}

impl ConfigBus {
    /// A bus over RabbitMQ. Connects when first used. `prefix` names the exchange `<prefix>.config`, so that
    /// deployments and tests can share a broker.
    ///
    /// # Errors
    /// [`BackplaneError::Address`] when `url` is not an AMQP address.
    pub fn rabbitmq(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        rabbitmq::RabbitMqBus::new(url, prefix).map(Self::RabbitMq)
    }

    /// A bus within this process; subscriptions must come from a clone of this handle.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(memory::MemoryBus::new())
    }

    /// Publishes one message and waits for its confirmation.
    ///
    /// # Errors
    /// As [`ConfigBus::publish_all`].
    pub async fn publish(&self, message: &ConfigMessage) -> Result<Published, BackplaneError> {
        let published = self.publish_all(std::slice::from_ref(message)).await?;
        Ok(Published {
            returned: published.iter().any(|one| one.returned),
        })
    }

    /// Publishes messages in order and waits until all are confirmed; keep a batch to some hundreds.
    ///
    /// # Errors
    /// [`BackplaneError::Unavailable`] when a confirmation did not come within two seconds; any prefix of the
    /// messages may have gone out. [`BackplaneError::Encoding`], [`BackplaneError::Closed`].
    pub async fn publish_all(&self, messages: &[ConfigMessage]) -> Result<Vec<Published>, BackplaneError> {
        match self {
            Self::RabbitMq(bus) => bus.publish(messages).await,
            Self::Memory(bus) => bus.publish(messages),
        }
    }

    /// Starts listening as `worker`. Nothing connects before the first [`ConfigSubscription::next`].
    #[must_use]
    pub fn subscribe(&self, worker: WorkerId) -> ConfigSubscription {
        let items = match self {
            Self::RabbitMq(bus) => bus.subscribe(worker),
            Self::Memory(bus) => bus.subscribe(),
        };
        ConfigSubscription { items }
    }

    /// Takes leave of the broker; later publishes answer [`BackplaneError::Closed`]. Subscriptions end by being
    /// dropped.
    pub async fn close(&self) {
        match self {
            Self::RabbitMq(bus) => bus.close().await,
            Self::Memory(bus) => bus.close(),
        }
    }
}

impl fmt::Debug for ConfigBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RabbitMq(_) => "ConfigBus::RabbitMq",
            Self::Memory(_) => "ConfigBus::Memory",
        })
    }
}
