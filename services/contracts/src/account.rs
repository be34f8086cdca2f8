//! What a call's cost counts on: one budget, for one of its partitions, in one of its periods.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::BudgetId;
use crate::time::UnixMillis;

/// Longest value of a partition, in bytes; callers' longer end-user names are refused.
pub const MAX_PARTITION_BYTES: usize = 128;

/// Names one account of money. Equal on every worker for the same call, so that all of them count on the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId {
    /// The budget.
    pub budget: BudgetId,
    /// Start of the period; the Unix epoch for a budget without periods.
    pub period: UnixMillis,
    /// Whose share, when the budget is kept apart per end user or per session: at most [`MAX_PARTITION_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
}

/// The storage key: `<budget>:<period>` and, for a partition, `:` and 32 hex characters of its SHA-256, so that a
/// caller's text never becomes part of a key.
impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.budget, self.period.get())?;
        if let Some(partition) = &self.partition {
            f.write_str(":")?;
            write_digest(f, partition)?;
        }
        Ok(())
    }
}

/// What stands for a caller's text in a key: 32 hex characters of its SHA-256.
pub(crate) fn write_digest(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let digest = Sha256::digest(text.as_bytes());
    digest[..16].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn keys_differ_by_partition_and_hold_none_of_its_text() {
        let account = |partition: Option<&str>| AccountId {
            budget: BudgetId::from(Uuid::from_u128(1)),
            period: UnixMillis::new(5),
            partition: partition.map(str::to_owned),
        };
        let (none, ann) = (account(None).to_string(), account(Some("ann:1")).to_string());
        assert_eq!(none, "bud_00000000000000000000000001:5");
        assert_eq!(ann.len(), none.len() + 33);
        assert!(ann.starts_with(&none) && !ann.contains("ann"));
        assert_ne!(ann, account(Some("bob")).to_string());
    }
}
