//! The whole published state, for workers that pull it. Read page by page in one REPEATABLE READ transaction.

use serde_json::value::RawValue;
use sluicegate_contracts::SCHEMA_VERSION;
use sluicegate_contracts::event::{ConfigEvent, ConfigVersion};
use uuid::Uuid;

use super::Connection;
use crate::error::{Error, Result};

/// Makes the transaction that was just opened read one unchanging state.
///
/// # Errors
/// When Postgres refuses.
pub async fn freeze(connection: &mut Connection) -> Result<()> {
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(connection)
        .await?;
    Ok(())
}

/// How many entities are live.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection) -> Result<u64> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from config_entities"#);
    Ok(count.fetch_one(connection).await?.cast_unsigned())
}

/// Up to `limit` live entities after the one named, in order of kind and id.
///
/// # Errors
/// When Postgres refuses.
pub async fn page(connection: &mut Connection, after: (&str, Uuid), limit: i64) -> Result<Vec<ConfigEvent>> {
    let rows = sqlx::query!(
        "select kind, id, version, blocked, body from config_entities
         where (kind, id) > ($1, $2) order by kind, id limit $3",
        after.0,
        after.1,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ConfigEvent {
                schema: SCHEMA_VERSION,
                version: ConfigVersion(row.version.cast_unsigned()),
                kind: row.kind,
                id: row.id,
                blocked: row.blocked,
                body: Some(RawValue::from_string(row.body).map_err(Error::internal)?),
            })
        })
        .collect()
}
