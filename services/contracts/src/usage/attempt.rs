//! One upstream try of a request.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::AttemptOutcome;
use crate::account::AccountId;
use crate::ids::{ConnectionId, EndpointId};
use crate::money::NanoUsd;
use crate::tokens::TokenUsage;

/// What an attempt's tokens and cost rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The provider answered before doing work, or was never reached: nothing is owed.
    NotBilled,
    /// The provider's own usage block.
    Reported,
    /// Counted by the gateway from what was streamed.
    Estimated,
    /// Sent, and its outcome is not known (time-out, crash): what the provider billed can only be bounded.
    Uncertain,
}

/// What prepaid credit pays of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditUse {
    /// The account that workers spend the organization's credit from.
    pub account: AccountId,
    /// The cost, or nothing: nobody pays for an answer that failed or was empty.
    pub charge: NanoUsd,
}

/// One upstream try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// The account used; `None` for the built-in echo provider.
    pub connection: Option<ConnectionId>,
    /// The catalog row it was priced by, when there is one.
    pub endpoint: Option<EndpointId>,
    /// Provider id.
    pub provider: String,
    /// Model name sent to the provider.
    pub upstream_model: String,
    /// The dialect spoken with the provider; records of older workers do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// Why it was made, by its wire name: that of the decision, `retry`, `fallback` or `hedge`; records of older workers do
    /// not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cow<'static, str>>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The provider's HTTP status, when it answered.
    pub status: Option<u16>,
    /// Tokens, per [`AttemptRecord::evidence`].
    pub tokens: TokenUsage,
    /// What the tokens rest on.
    pub evidence: Evidence,
    /// Computed once from `tokens` and the price card; `None` when the price is unknown.
    pub cost: Option<NanoUsd>,
    /// Version of the price card used.
    pub price_version: Option<u32>,
    /// What its cost counts on; empty for a call that no budget is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<AccountId>,
    /// What prepaid credit pays of it; nothing for an attempt over the tenant's own account at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditUse>,
    /// Tokens that the gateway limited every answer to, where it did, so that a budget could pay them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_cap: Option<u64>,
    /// What the caller limited its session to; its accounts are among [`AttemptRecord::accounts`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_budget: Option<NanoUsd>,
    /// From receipt of the request to the start of this attempt, in microseconds.
    pub started_us: u64,
    /// From the start of this attempt to the provider's first body byte, in microseconds.
    pub first_byte_us: Option<u64>,
    /// Length of this attempt, in microseconds.
    pub duration_us: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_of_an_older_worker_says_nothing_of_its_dialect_and_cause() {
        let old = r#"{"connection":null,"endpoint":null,"provider":"openai","upstream_model":"m","outcome":"served","status":200,"tokens":{},"evidence":"reported","cost":null,"price_version":null,"started_us":1,"first_byte_us":2,"duration_us":3}"#;
        let mut attempt: AttemptRecord = serde_json::from_str(old).unwrap();
        assert_eq!((&attempt.dialect, &attempt.cause), (&None, &None));
        let again = serde_json::to_string(&attempt).unwrap();
        assert!(!again.contains("dialect") && !again.contains("cause"));
        attempt.dialect = Some("gemini".to_owned());
        attempt.cause = Some("hedge".into());
        let new = serde_json::to_string(&attempt).unwrap();
        assert_eq!(serde_json::from_str::<AttemptRecord>(&new).unwrap(), attempt);
    }
}
