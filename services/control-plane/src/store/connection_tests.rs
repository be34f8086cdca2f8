//! The last test of a connection, shown beside it. Not part of its revision: testing changes nothing.

use serde::Serialize;
use sluicegate_contracts::ids::{ConnectionId, ProjectId};
use time::OffsetDateTime;

use super::Connection;
use crate::error::{Error, Result};

/// How a connection answered, as kept with it.
#[derive(Debug, Clone, Serialize)]
pub struct LastTest {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Whether the provider accepted the credential.
    pub ok: bool,
    /// Time to the whole answer, in milliseconds.
    pub latency_ms: u64,
    /// The provider's HTTP status.
    pub status: Option<u16>,
    /// One sentence.
    pub message: String,
}

/// Whether the project has this connection.
///
/// # Errors
/// When Postgres refuses.
pub async fn exists(connection: &mut Connection, project: ProjectId, id: ConnectionId) -> Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"select exists(
            select from connections where project_id = $1 and id = $2 and deleted_at is null
        ) as "exists!""#,
        project.as_uuid(),
        id.as_uuid(),
    );
    Ok(exists.fetch_one(connection).await?)
}

/// Keeps the outcome of a test.
///
/// # Errors
/// When Postgres refuses.
pub async fn record(connection: &mut Connection, id: ConnectionId, test: &LastTest) -> Result<()> {
    let test = serde_json::to_value(test).map_err(Error::internal)?;
    sqlx::query!(
        "update connections set last_test = $2 where id = $1",
        id.as_uuid(),
        test
    )
    .execute(connection)
    .await?;
    Ok(())
}
