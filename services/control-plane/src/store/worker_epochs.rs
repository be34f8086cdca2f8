//! How far the lives of each worker are known. Never pruned: a claim of an epoch stands until the epoch is known to be
//! settled, however long its worker is gone.

use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::worker::Heartbeat;

use super::Connection;
use crate::error::Result;

/// The lives of one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerEpochs {
    /// Whose.
    pub worker: WorkerId,
    /// The latest heard of.
    pub last: u32,
    /// Of every epoch below, all records are stored.
    pub settled_below: u32,
    /// Every epoch below is closed in the store of budgets.
    pub closed_below: u32,
}

/// Takes note of what a heartbeat says. Nothing goes back: heartbeats may arrive late. A worker cannot settle epochs
/// that it has not begun.
///
/// # Errors
/// When Postgres refuses.
pub async fn raise(connection: &mut Connection, heartbeat: &Heartbeat) -> Result<()> {
    let after_last = i64::from(heartbeat.epoch) + 1;
    sqlx::query!(
        "insert into worker_epochs (worker_id, last_epoch, settled_below) values ($1, $2, $3)
         on conflict (worker_id) do update set
            last_epoch = greatest(worker_epochs.last_epoch, excluded.last_epoch),
            settled_below = greatest(worker_epochs.settled_below, excluded.settled_below)
         where worker_epochs.last_epoch < excluded.last_epoch
            or worker_epochs.settled_below < excluded.settled_below",
        heartbeat.worker.as_uuid(),
        i64::from(heartbeat.epoch),
        i64::from(heartbeat.settled_below).min(after_last),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The lives of every worker that was ever heard of.
///
/// # Errors
/// When Postgres refuses.
pub async fn all(connection: &mut Connection) -> Result<Vec<WorkerEpochs>> {
    let rows = sqlx::query!(
        "select worker_id, last_epoch, settled_below, closed_below from worker_epochs order by worker_id"
    )
    .fetch_all(connection)
    .await?;
    let epoch = |value: i64| u32::try_from(value).unwrap_or(u32::MAX);
    let all = rows.into_iter().map(|row| WorkerEpochs {
        worker: row.worker_id.into(),
        last: epoch(row.last_epoch),
        settled_below: epoch(row.settled_below),
        closed_below: epoch(row.closed_below),
    });
    Ok(all.collect())
}

/// Takes note that the epochs of `worker` below `below` are closed in the store of budgets.
///
/// # Errors
/// When Postgres refuses.
pub async fn closed(connection: &mut Connection, worker: WorkerId, below: u32) -> Result<()> {
    sqlx::query!(
        "update worker_epochs set closed_below = greatest(closed_below, $2) where worker_id = $1",
        worker.as_uuid(),
        i64::from(below),
    )
    .execute(connection)
    .await?;
    Ok(())
}
