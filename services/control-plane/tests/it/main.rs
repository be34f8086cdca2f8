//! The control plane over a real Postgres. Every test has its own database; `DATABASE_URL` names the server.
#![expect(unreachable_pub, reason = "one binary: `pub` means for the other modules")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where it fails")]

mod api;
mod audit;
mod authorization;
mod browser;
mod idempotency;
mod isolation;
mod limits;
mod openapi;
mod outbox;
mod secrets;
mod sessions;
mod sign_up;
mod support;
