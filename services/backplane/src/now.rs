//! The time of stores that live within a process. Those on a server have the server's.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sluicegate_contracts::time::UnixMillis;

/// Where a store's time comes from.
pub type Now = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// The machine's clock.
pub(crate) fn system() -> Now {
    Arc::new(|| {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = elapsed.map_or(0, |elapsed| elapsed.as_millis());
        UnixMillis::new(i64::try_from(millis).unwrap_or(i64::MAX))
    })
}
