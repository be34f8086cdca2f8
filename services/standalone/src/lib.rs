//! Everything in one process: the `sluicegate` binary, and the same start-up as a library for end-to-end tests.
//!
//! | module | holds |
//! |---|---|
//! | [`config`] | what the operator chooses: folders, addresses, which Postgres |
//! | [`data_directory`] | the folder that outlives the process: lock, master key |
//! | [`ledger`] | comparing the books of a deployment, running or not |
//! | `planes`, `plane_settings` | both planes over in-memory seams, and what they are told |
//! | [`postgres`] | a private Postgres as a child process |
//! | [`supervisor`] | the order of starting and, reversed, of stopping |
//!
//! `main.rs` parses the command line and prints; nothing here prints.

pub mod config;
pub mod data_directory;
pub mod ledger;
mod plane_settings;
mod planes;
pub mod postgres;
pub mod supervisor;

pub use config::Options;
pub use planes::Addresses;
pub use supervisor::{Progress, Standalone, StartError};
