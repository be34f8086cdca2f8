//! The control plane over a real Postgres. Every test has its own database; `DATABASE_URL` names the server.

#![expect(unreachable_pub, reason = "one binary: `pub` means for the other modules")]

mod catalog;
mod internal_api;
mod outbox_relay;
mod sign_up;
mod support;
mod usage_api;
mod usage_ingest;
