//! What the planes say to each other: ids, money, configuration entities, events and usage records.
//!
//! Both planes depend on this crate and never on each other. It holds plain data: no IO, no clock, no
//! randomness. Wire rule: fields may be added, never repurposed; readers ignore fields they do not know.
//!
//! | module | holds |
//! |---|---|
//! | [`ids`] | every id newtype, with its text prefix |
//! | [`money`], [`tokens`], [`time`] | the units everything is counted in |
//! | [`address`] | which addresses connections to providers may lead to |
//! | [`config`] | the entities a control plane publishes: organization, project, key, connection, route, endpoint, budget, rate limit |
//! | [`account`] | what the cost of a call counts on |
//! | [`bucket`] | what rate limits count on |
//! | [`event`], [`snapshot`] | how a change and the whole state travel to workers |
//! | [`worker`] | what a worker reports back, and what it may be asked |
//! | [`usage`] | the record of one request, its attempts and its cost |

pub mod account;
pub mod address;
pub mod bucket;
pub mod config;
pub mod event;
pub mod ids;
pub mod money;
pub mod snapshot;
pub mod time;
pub mod tokens;
pub mod usage;
pub mod worker;

/// Version of the wire shapes in this crate. Raised when a reader must know the difference.
pub const SCHEMA_VERSION: u16 = 1;
