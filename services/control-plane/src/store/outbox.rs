//! The log of configuration changes, as the relay and the workers' pull read it. Written by `store::config` only.

use serde_json::value::RawValue;
use sluicegate_contracts::SCHEMA_VERSION;
use sluicegate_contracts::event::{ConfigEvent, ConfigVersion};
use sqlx::postgres::PgListener;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Database};
use crate::error::{Error, Result};

struct EventRow {
    version: i64,
    kind: String,
    id: Uuid,
    blocked: bool,
    body: Option<String>,
}

fn event(row: EventRow) -> Result<ConfigEvent> {
    Ok(ConfigEvent {
        schema: SCHEMA_VERSION,
        version: ConfigVersion(row.version.cast_unsigned()),
        kind: row.kind,
        id: row.id,
        blocked: row.blocked,
        // The exact text: the state hash is taken over it.
        body: row
            .body
            .map(RawValue::from_string)
            .transpose()
            .map_err(Error::internal)?,
    })
}

/// The oldest events the broker has not confirmed, in order.
///
/// # Errors
/// When Postgres refuses.
pub async fn unsent(connection: &mut Connection, limit: i64) -> Result<Vec<ConfigEvent>> {
    let rows = sqlx::query_as!(
        EventRow,
        "select version, kind, id, blocked, body from config_outbox where sent_at is null order by version limit $1",
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(event).collect()
}

/// How many events the broker has not confirmed.
///
/// # Errors
/// When Postgres refuses.
pub async fn count_unsent(connection: &mut Connection) -> Result<i64> {
    let count =
        sqlx::query_scalar!(r#"select count(*) as "count!" from config_outbox where sent_at is null"#);
    Ok(count.fetch_one(connection).await?)
}

/// Notes that the broker confirmed these events.
///
/// # Errors
/// When Postgres refuses.
pub async fn mark_sent(connection: &mut Connection, versions: &[i64], now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update config_outbox set sent_at = $2 where version = any($1) and sent_at is null",
        versions,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The events after `version`, oldest first; `None` when the log no longer reaches back that far.
///
/// # Errors
/// When Postgres refuses.
pub async fn after(
    connection: &mut Connection,
    version: ConfigVersion,
    limit: i64,
) -> Result<Option<Vec<ConfigEvent>>> {
    let version = i64::try_from(version.0).unwrap_or(i64::MAX);
    let rows = sqlx::query_as!(
        EventRow,
        "select version, kind, id, blocked, body from config_outbox where version > $1 order by version limit $2",
        version,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let reaches_back = rows
        .first()
        .is_none_or(|first| Some(first.version) == version.checked_add(1));
    if !reaches_back {
        return Ok(None);
    }
    rows.into_iter().map(event).collect::<Result<Vec<_>>>().map(Some)
}

/// Forgets sent events that are both older than `before` and further back than the newest `keep`. Returns how many.
///
/// # Errors
/// When Postgres refuses.
pub async fn prune(connection: &mut Connection, keep: i64, before: OffsetDateTime) -> Result<u64> {
    let pruned = sqlx::query!(
        "delete from config_outbox
         where sent_at is not null and created_at < $2
           and version <= (select version from config_head) - $1",
        keep,
        before,
    )
    .execute(connection)
    .await?;
    Ok(pruned.rows_affected())
}

/// Name of the relay's advisory lock; the digits spell nothing, they only must not be used elsewhere.
const RELAY_LOCK: i64 = 0x51C6_A7E0_0001;
/// Channel on which `store::config` tells of commits.
const CHANNEL: &str = "sluicegate_config";

/// A session outside of the pool: what it locks stays locked until it is dropped.
///
/// # Errors
/// When Postgres does not answer.
pub async fn session(database: &Database) -> Result<Connection> {
    Ok(database.system_pool().acquire().await?.detach())
}

/// Makes this session the one that relays, unless another is.
///
/// # Errors
/// When Postgres refuses.
pub async fn try_lead(connection: &mut Connection) -> Result<bool> {
    let leads = sqlx::query_scalar!(r#"select pg_try_advisory_lock($1) as "leads!""#, RELAY_LOCK);
    Ok(leads.fetch_one(connection).await?)
}

/// A session that hears of every committed change.
///
/// # Errors
/// When Postgres refuses.
pub async fn listener(database: &Database) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(database.system_pool()).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}
