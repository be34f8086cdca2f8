//! What a call's cost counts on: one budget, for one of its partitions, in one of its periods. A session that carries a cap
//! of its own has accounts, too, without anybody having made a budget for it (decision 0016).

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ids::{BudgetId, ProjectId};
use crate::money::NanoUsd;
use crate::time::UnixMillis;

/// Longest value of a partition, in bytes; callers' longer end-user names are refused.
pub const MAX_PARTITION_BYTES: usize = 128;
/// Longest [`AccountId::partition`]: two values, and what stands between.
pub const MAX_SHARE_BYTES: usize = 2 * MAX_PARTITION_BYTES + 1;
/// Stands between the values of a share. A caller's value holds no control character, so it cannot be forged.
pub const SHARE_SEPARATOR: char = '\u{1f}';

/// In place of a budget, for the caps of sessions: "session", in a UUID that no budget can have.
const SESSIONS: Uuid = Uuid::from_u128(0x0000_0000_0000_8000_8073_6573_7369_6f6e);
/// What a session spends is counted in windows of this length, and in each for as long again: see [`SessionAccount`].
const SESSION_WINDOW_MILLIS: i64 = 30 * 86_400_000;

/// Names one account of money. Equal on every worker for the same call, so that all of them count on the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountId {
    /// The budget.
    pub budget: BudgetId,
    /// Start of the period; the Unix epoch for a budget without periods.
    pub period: UnixMillis,
    /// Whose share, when the budget is kept apart per end user or per session: at most [`MAX_SHARE_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
}

/// A caller's text as a value of a partition: itself, or a digest of it where it is no value.
#[must_use]
pub fn partition_value(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if (1..=MAX_PARTITION_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let digest = Sha256::digest(text.as_bytes());
    let hex = digest.iter().fold(String::with_capacity(71), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Cow::Owned(format!("sha256:{hex}"))
}

/// An account of a session's own cap.
///
/// Windows stand on a fixed grid, and each is counted for twice its length, so that a call counts on the one it is made in
/// and on the one before. All calls of a session that lasts no longer than a window are then on one account, the one in
/// which it began; and no account has to be kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAccount {
    /// The account.
    pub account: AccountId,
    /// From here on nothing counts on it.
    pub end: UnixMillis,
}

impl SessionAccount {
    /// The accounts that a call of a session at `now` counts on.
    #[must_use]
    pub fn at(project: ProjectId, session: &str, now: UnixMillis) -> [Self; 2] {
        let window = now.get().div_euclid(SESSION_WINDOW_MILLIS);
        [window - 1, window].map(|window| {
            let period = UnixMillis::new(window.saturating_mul(SESSION_WINDOW_MILLIS));
            Self {
                account: AccountId {
                    budget: SESSIONS.into(),
                    period,
                    partition: Some(format!("{project}{SHARE_SEPARATOR}{session}")),
                },
                end: end_of(period),
            }
        })
    }

    /// The version of a cap, by which the smallest that any call of the session named is in force.
    #[must_use]
    pub fn version(cap: NanoUsd) -> u64 {
        let tightness = NanoUsd::MAX.nanos().saturating_sub(cap.nanos().max(0));
        tightness.saturating_add(1).unsigned_abs()
    }
}

fn end_of(period: UnixMillis) -> UnixMillis {
    period.offset(2 * SESSION_WINDOW_MILLIS)
}

impl AccountId {
    /// Where nothing counts on it any more, for an account of a session's own cap; `None` for one of a budget.
    #[must_use]
    pub fn session_end(&self) -> Option<UnixMillis> {
        (self.budget.as_uuid() == SESSIONS).then(|| end_of(self.period))
    }

    /// The start of the oldest window of sessions that `since` may be in.
    #[must_use]
    pub fn oldest_session_window(since: UnixMillis) -> UnixMillis {
        since.offset(-2 * SESSION_WINDOW_MILLIS)
    }

    /// What stands in place of a budget in accounts of sessions' own caps.
    #[must_use]
    pub fn sessions() -> BudgetId {
        SESSIONS.into()
    }
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
    fn a_session_shorter_than_a_window_is_on_one_account_and_none_counts_for_ever() {
        let project = ProjectId::from(Uuid::from_u128(7));
        let at = |days: i64| SessionAccount::at(project, "run", UnixMillis::new(days * 86_400_000));
        for begun in 0..60 {
            let [_, first] = at(begun);
            for later in begun..begun + 30 {
                assert!(
                    at(later).contains(&first),
                    "begun on day {begun}, gone on on day {later}"
                );
            }
            assert!(!at(begun + 60).contains(&first));
            assert_eq!(first.account.session_end(), Some(first.end));
        }
        assert_ne!(
            at(1)[1],
            SessionAccount::at(Uuid::from_u128(8).into(), "run", UnixMillis::new(0))[1]
        );
    }

    #[test]
    fn a_smaller_cap_of_a_session_goes_before_a_larger_one() {
        let version = |nanos| SessionAccount::version(NanoUsd::from_nanos(nanos));
        assert!(version(1) > version(2) && version(NanoUsd::MAX.nanos()) > 0);
    }

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
