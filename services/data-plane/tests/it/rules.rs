//! Routes with rules: which of them decides, and what it decides by.

use serde_json::{Value, json};
use sluicegate_contracts::config::{RetryPolicy, SignalValue};
use sluicegate_contracts::time::UnixMillis;

use crate::support::{Config, Worker, chat};

const FAR: UnixMillis = UnixMillis::new(i64::MAX);

/// A worker whose route sends what `when` holds for to `sluicegate/echo:json`, and everything else to `sluicegate/echo`.
fn worker(when: &str, prepare: impl FnOnce(&mut Config)) -> Worker {
    let mut config = Config::new();
    let first = Config::rule(&["sluicegate/echo:slow"], Some(when), RetryPolicy::default());
    let last = Config::rule(&["sluicegate/echo"], None, RetryPolicy::default());
    config.ruled("support", vec![first, last]);
    prepare(&mut config);
    Worker::start(&config)
}
