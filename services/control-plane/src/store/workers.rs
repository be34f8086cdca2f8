//! Last heartbeats of the workers.

use sluicegate_contracts::event::{ConfigHead, ConfigVersion, StateHash};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::worker::Heartbeat;
use time::OffsetDateTime;

use super::{Connection, worker_epochs};
use crate::error::{Error, Result};

/// A worker as last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Who.
    pub id: WorkerId,
    /// Release of the worker.
    pub release: String,
    /// What it serves from.
    pub applied: ConfigHead,
    /// How many entities it refused lately.
    pub refused: i64,
    /// Where it takes connection tests.
    pub internal_url: String,
    /// Whether it stops taking requests.
    pub draining: bool,
    /// When it was last heard of.
    pub seen_at: OffsetDateTime,
}

/// Notes a heartbeat.
///
/// # Errors
/// When Postgres refuses.
pub async fn beat(connection: &mut Connection, heartbeat: &Heartbeat, now: OffsetDateTime) -> Result<()> {
    let refused = serde_json::to_value(&heartbeat.refused).map_err(Error::internal)?;
    sqlx::query!(
        "insert into workers
            (id, epoch, release, applied_version, applied_hash, refused, internal_url, draining, seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (id) do update set
            epoch = excluded.epoch, release = excluded.release, applied_version = excluded.applied_version,
            applied_hash = excluded.applied_hash, refused = excluded.refused,
            internal_url = excluded.internal_url, draining = excluded.draining, seen_at = excluded.seen_at",
        heartbeat.worker.as_uuid(),
        i64::from(heartbeat.epoch),
        heartbeat.release,
        heartbeat.applied.version.0.cast_signed(),
        heartbeat.applied.state_hash.0.cast_signed(),
        refused,
        heartbeat.internal_url.as_str(),
        heartbeat.draining,
        now,
    )
    .execute(&mut *connection)
    .await?;
    worker_epochs::raise(connection, heartbeat).await
}

/// Workers heard of since `since`, the most recently heard first.
///
/// # Errors
/// When Postgres refuses.
pub async fn seen_since(connection: &mut Connection, since: OffsetDateTime) -> Result<Vec<Worker>> {
    let rows = sqlx::query!(
        r#"select id, release, applied_version, applied_hash, internal_url, draining, seen_at,
                  jsonb_array_length(refused)::bigint as "refused!"
           from workers where seen_at > $1 order by seen_at desc, id"#,
        since,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Worker {
            id: row.id.into(),
            release: row.release,
            applied: ConfigHead {
                version: ConfigVersion(row.applied_version.cast_unsigned()),
                state_hash: StateHash(row.applied_hash.cast_unsigned()),
            },
            refused: row.refused,
            internal_url: row.internal_url,
            draining: row.draining,
            seen_at: row.seen_at,
        })
        .collect())
}

/// Forgets workers not heard of since `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn prune(connection: &mut Connection, before: OffsetDateTime) -> Result<u64> {
    let pruned = sqlx::query!("delete from workers where seen_at < $1", before)
        .execute(connection)
        .await?;
    Ok(pruned.rows_affected())
}
