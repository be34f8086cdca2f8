//! The control plane: owns Postgres and everything people decide. Slow, transactional, never on the path of an
//! inference request.
//!
//! Layers, top to bottom: [`api`] (HTTP) → [`app`] (use-cases, transactions) → [`store`] (SQL). [`domain`] holds pure
//! rules and is called by `app` and `api`; [`security`] proves who people are.
//!
//! What must stay true: SQL lives in `store` only; a write happens inside [`app::Tx`] only, which writes the audit entry
//! and, last of all, the configuration events; every query of a request runs under row-level security; a foreign id is
//! answered like one that does not exist.

pub mod api;
pub mod app;
pub mod background;
pub mod codes;
pub mod domain;
pub mod error;
pub mod openapi;
pub mod outbound;
pub mod problem;
pub mod security;
pub mod settings;
pub mod startup;
pub mod state;
pub mod store;

pub use startup::Application;
