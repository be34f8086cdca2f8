//! What the tests stand on: an application on a free port, and clients that speak as somebody.

pub mod app;
pub mod client;
pub mod exchanges;
pub mod receiver;
pub mod usage;

pub use app::TestApp;
pub use client::Client;
