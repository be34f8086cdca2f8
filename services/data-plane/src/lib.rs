//! The data plane: serves inference calls from an immutable snapshot and writes down what each of them cost.
//!
//! Invariants: a request reads one frozen snapshot from first to last byte; nothing on the request path waits for
//! Postgres, RabbitMQ, Redis or the control plane; every request leaves exactly one usage record.
//!
//! | module | holds |
//! |---|---|
//! | [`snapshot`] | the configuration in memory and how it is kept current |

pub mod snapshot;
