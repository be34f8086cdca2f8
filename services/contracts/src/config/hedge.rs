//! When a request is sent a second time although its first attempt may still answer.

use serde::{Deserialize, Serialize};

use crate::money::NanoUsd;

/// What a route allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hedge {
    /// When an attempt is late.
    pub after: HedgeAfter,
    /// Most requests of a hundred that are sent twice.
    pub max_percent: u8,
    /// The most that may be held for the second attempt; `None`: as much as budgets allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<NanoUsd>,
}

/// When an attempt has brought nothing for so long that it is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HedgeAfter {
    /// After so many milliseconds.
    Milliseconds(u32),
    /// When so many calls of a hundred to its endpoint have brought something, as measured lately.
    Percentile(u8),
}

impl Hedge {
    /// [`Hedge::max_percent`] where none is stated.
    pub const USUAL_PERCENT: u8 = 5;

    /// The share of requests that may be sent twice.
    #[must_use]
    pub fn share(&self) -> f64 {
        f64::from(self.max_percent) / 100.0
    }
}
