//! The control plane over a real Postgres. Every test has its own database; `DATABASE_URL` names the server.
#![expect(unreachable_pub, reason = "one binary: `pub` means for the other modules")]

#[cfg(test)]
mod account;
#[cfg(test)]
mod api;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod authorization;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod budget_alerts;
#[cfg(test)]
mod budget_keeper;
#[cfg(test)]
mod budget_spend;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod credit_charges;
#[cfg(test)]
mod credit_tranches;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod internal_api;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod outbox_relay;
#[cfg(test)]
mod payments;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_up;
#[cfg(test)]
mod signal_sources;
#[cfg(test)]
mod support;
#[cfg(test)]
mod usage_api;
#[cfg(test)]
mod usage_ingest;
#[cfg(test)]
mod verification;
#[cfg(test)]
mod webhooks;
