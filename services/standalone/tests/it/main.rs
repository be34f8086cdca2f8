//! One binary: the private Postgres and the metrics of both planes as a library, and the `sluicegate` binary through crashes and restarts.

// The attribute tells the lints that unwrapping is fine in functions that tests share.
#[cfg(test)]
mod folder;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod restart;
