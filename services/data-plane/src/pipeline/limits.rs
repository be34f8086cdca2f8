//! How large and how slow requests and answers may be. Part of the worker's settings; every value has a safe default.

use std::time::Duration;

use serde::Deserialize;

/// Limits on what callers send and providers answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest request head, in bytes over names and values.
    pub max_head_bytes: usize,
    /// Largest request body, in bytes.
    pub max_body_bytes: usize,
    /// Deepest nesting of a JSON body.
    pub max_json_depth: u32,
    /// Time a body may take to arrive, before its size counts, in milliseconds.
    pub body_timeout_ms: u64,
    /// Slowest upload beyond that time, in bytes per second.
    pub min_body_rate: u64,
    /// Longest time from receipt to the first byte of the answer, over all attempts, in milliseconds.
    pub deadline_ms: u64,
    /// Longest silence of a provider inside an answer, in milliseconds.
    pub idle_timeout_ms: u64,
    /// Longest stream, in milliseconds.
    pub max_stream_ms: u64,
    /// How often a caller of a stream hears that it is still alive, in milliseconds.
    pub keep_alive_ms: u64,
    /// Largest whole answer of a provider, in bytes.
    pub max_answer_bytes: usize,
    /// Largest event of a provider's stream, in bytes.
    pub max_event_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_head_bytes: 16 * 1024,
            max_body_bytes: 20 * 1024 * 1024,
            max_json_depth: 64,
            body_timeout_ms: 30_000,
            min_body_rate: 16 * 1024,
            deadline_ms: 600_000,
            idle_timeout_ms: 120_000,
            max_stream_ms: 3_600_000,
            keep_alive_ms: 15_000,
            max_answer_bytes: 64 * 1024 * 1024,
            max_event_bytes: 4 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// See `deadline_ms`.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }

    /// See `idle_timeout_ms`.
    #[must_use]
    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    /// The longest a call can take, streamed or not, in milliseconds.
    #[must_use]
    pub fn longest_call_ms(&self) -> i64 {
        i64::try_from(self.deadline_ms.saturating_add(self.max_stream_ms)).unwrap_or(i64::MAX)
    }

    /// See `max_stream_ms`.
    #[must_use]
    pub const fn max_stream(&self) -> Duration {
        Duration::from_millis(self.max_stream_ms)
    }

    /// See `keep_alive_ms`.
    #[must_use]
    pub const fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.keep_alive_ms)
    }
}
