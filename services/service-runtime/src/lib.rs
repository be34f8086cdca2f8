//! What every Sluicegate process gets for free: settings, logs, traces, metrics, health, start and stop.
//!
//! Called by the start-up code of every binary and by HTTP servers for their one middleware. It knows nothing of the
//! product: no ids, no entities, no wire shapes.
//!
//! | module | holds |
//! |---|---|
//! | [`settings`], [`secret`] | embedded defaults, optional file, environment; secrets by value or reference |
//! | [`tracing`], [`otel`], [`trace_context`] | the log subscriber, span export, the W3C trace header |
//! | [`endpoints`] | which methods each path takes, for answers to wrong ones |
//! | [`metrics`], [`http_span`] | the registry, and what every HTTP request is measured by |
//! | [`health`], [`admin_server`] | named checks and the private port that shows them |
//! | [`process`], [`shutdown`] | the life of a process; signals, the drain token, tracked tasks |
//! | [`clock`], [`ids`], [`tls`], [`build_info`] | the readers of time, randomness, platform TLS and build facts |

pub mod admin_server;
pub mod build_info;
pub mod clock;
pub mod endpoints;
pub mod health;
pub mod http_span;
pub mod ids;
pub mod metrics;
pub mod otel;
pub mod process;
pub mod secret;
pub mod settings;
pub mod shutdown;
pub mod tls;
pub mod trace_context;
pub mod tracing;
