//! Budgets that many workers spend at once: who may spend how much, decided from claims (decision 0014).
//!
//! An *account* is one budget for one partition in one period; the *path* of a call is the set of accounts its cost
//! counts on. A worker's *claim* on an account is all it has taken in this *epoch* and not given back: spent, held by
//! calls under way, and idle in leases. The *store* knows for each account its limit and one claim per epoch; what is
//! left is limit − claims. Workers state claims absolutely and ask for more in one message, [`Reconcile`].
//!
//! | module | what |
//! |---|---|
//! | [`message`] | what workers and the store say to each other |
//! | [`store`] | the store's half: the arithmetic that the Redis scripts repeat |
//! | [`claims`] | a worker's half: what it claims, what it may ask for, what a lost reply means |
//! | [`lease`] | money of one path within a worker, shared by threads without a lock; the holds of calls |
//! | [`book`] | when to ask for how much, when to give back, and whom to refuse |
//!
//! Amounts are [`NanoUsd`](sluicegate_contracts::money::NanoUsd) in messages and plain `i64` nano-USD inside.

pub mod book;
pub mod claims;
mod desk;
pub mod exposure;
#[cfg(test)]
mod fixtures;
pub mod lease;
pub mod message;
mod pace;
pub mod path;
pub mod store;
mod waiting;

pub use book::{AskId, Book, Outcome, Unavailable};
pub use exposure::exposure_cap;
pub use lease::Hold;
pub use message::{Answer, Ask, Claim, Epoch, Loaded, Reconcile, Refusal, Reply, Request, Response, Settled};
pub use path::{Path, Terms};
pub use store::{Balance, KEPT_MILLIS, Store};
