//! What rate limits count on: one limit, for one of its partitions.

use std::fmt;

use crate::account::write_digest;
use crate::ids::RateLimitId;

/// Names one bucket of a rate limit. Equal on every worker for the same call, so that all of them count on the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketId {
    /// The limit.
    pub limit: RateLimitId,
    /// Whose share, when the limit is kept apart per end user: at most
    /// [`MAX_PARTITION_BYTES`](crate::account::MAX_PARTITION_BYTES).
    pub partition: Option<String>,
}

/// The storage key: `<limit>` and, for a partition, `:` and 32 hex characters of its SHA-256, so that a caller's text
/// never becomes part of a key.
impl fmt::Display for BucketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.limit)?;
        if let Some(partition) = &self.partition {
            f.write_str(":")?;
            write_digest(f, partition)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn keys_differ_by_partition_and_hold_none_of_its_text() {
        let bucket = |partition: Option<&str>| BucketId {
            limit: RateLimitId::from(Uuid::from_u128(1)),
            partition: partition.map(str::to_owned),
        };
        let (none, ann) = (bucket(None).to_string(), bucket(Some("ann:1")).to_string());
        assert_eq!(none, "lim_00000000000000000000000001");
        assert_eq!(ann.len(), none.len() + 33);
        assert!(ann.starts_with(&none) && !ann.contains("ann"));
        assert_ne!(ann, bucket(Some("bob")).to_string());
    }
}
