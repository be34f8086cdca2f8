//! The control plane over a real Postgres. Every test has its own database; `DATABASE_URL` names the server.

#![expect(unreachable_pub, reason = "one binary: `pub` means for the other modules")]

mod sign_up;
mod support;
