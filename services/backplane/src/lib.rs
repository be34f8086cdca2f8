//! The seams between the planes and between workers: the config bus, the usage queue, the escrow, the store of rate limits,
//! and what workers saw of endpoints. Nothing else talks to a broker.
//!
//! | seam | direction | guarantee |
//! |---|---|---|
//! | [`ConfigBus`] | control plane → every worker | at most once per binding, in order; a worker learns of every outage ([`BusItem::Lost`]) and finds a missed message by its gap-free version |
//! | [`UsageQueue`] | workers → one ingester group | at least once; an entry stays until it is acknowledged, and a full queue refuses instead of dropping |
//! | [`Escrow`] | workers ↔ keeper of the books | each message acts whole or not at all; a store that forgot says so and grants nothing until it is told the past |
//! | [`Rates`] | workers ↔ each other | what is let through is never more than a limit while the store is there; nothing waits for one that is away |
//! | [`Sightings`] | workers → each other | the latest word of each worker, for a minute; whatever is lost is said again, and nothing needs it |
//!
//! Each seam is an enum of two: the real service, and a twin in memory for one-process deployments and tests. Two
//! closed variants instead of a trait object keep the calls readable and let one contract suite hold both to the
//! same behavior (`tests/it/*_contract.rs`).
//!
//! The real services treat a connection as disposable: any error drops it, and the next use builds a new one.

pub mod config_bus;
pub mod error;
pub mod escrow;
mod now;
pub mod rates;
mod reconnect;
mod redis_link;
pub mod settings;
pub mod sightings;
pub mod usage_queue;

pub use config_bus::{BusItem, ConfigBus, ConfigSubscription, Published};
pub use error::BackplaneError;
pub use escrow::{Escrow, EscrowError};
pub use rates::Rates;
pub use settings::{AmqpSettings, BrokerSettingError, RedisSettings};
pub use sightings::Sightings;
pub use usage_queue::{Delivery, Depth, EntryId, MalformedEntry, UsageEntry, UsageQueue, Watermark};
