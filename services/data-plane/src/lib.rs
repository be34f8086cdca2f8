//! The data plane: serves inference calls from an immutable snapshot and writes down what each of them cost.
//!
//! Invariants: a request reads one frozen snapshot from first to last byte; nothing on the request path waits for
//! Postgres, RabbitMQ or the control plane, and for Redis only a call for which a budget's lease here has too little;
//! every request leaves exactly one usage record.
//!
//! | module | holds |
//! |---|---|
//! | [`http`] | the inference API: paths, handlers, errors as documents |
//! | [`pipeline`] | a request from its first step to its last |
//! | [`tokens`] | counting them without a provider |
//! | [`budgets`] | which budgets a call counts on, and the money it may start from |
//! | [`limits`] | which rate limits a call counts on, and what it takes of them |
//! | [`upstream`] | providers, the only place that calls them |
//! | [`state`], [`metrics`], [`error`] | what requests share, what is counted, what the gateway answers with itself |
//! | [`snapshot`] | the configuration in memory and how it is kept current |
//! | [`usage`] | the spool of usage records and its shipping |
//! | [`account`] | the way of account calls to the control plane |
//! | [`config`], [`startup`], [`state`] | settings, how a worker starts and ends, what its requests share |

pub mod account;
mod backoff;
pub mod budgets;
pub mod config;
pub mod error;
pub mod http;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod pipeline;
pub mod snapshot;
pub mod startup;
pub mod state;
mod tokens;
pub mod upstream;
pub mod usage;
