//! Sessions: families of refresh tokens.

use sluicegate_contracts::ids::{SessionId, UserId};
use time::OffsetDateTime;

use super::Connection;
use crate::domain::session::Stored;
use crate::error::Result;

/// A session as stored.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// Whose it is.
    pub user: UserId,
    /// Part of what its tokens are made of.
    pub salt: Vec<u8>,
    /// Where its rotation stands.
    pub stored: Stored,
}

/// Opens a session in generation 0.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(
    connection: &mut Connection,
    id: SessionId,
    user: UserId,
    salt: &[u8; 32],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into sessions (id, user_id, salt, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        id.as_uuid(),
        user.as_uuid(),
        salt,
        now,
        expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The session with this id. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(connection: &mut Connection, id: SessionId) -> Result<Option<SessionRow>> {
    let row = sqlx::query!(
        "select user_id, salt, generation, rotated_at, expires_at, ended_at from sessions where id = $1",
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| SessionRow {
        user: row.user_id.into(),
        salt: row.salt,
        stored: Stored {
            generation: row.generation,
            rotated_at: row.rotated_at,
            expires_at: row.expires_at,
            ended: row.ended_at.is_some(),
        },
    }))
}

/// Moves the session from `generation` to the next, unless somebody else already did. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn rotate(
    connection: &mut Connection,
    id: SessionId,
    generation: i32,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update sessions set generation = generation + 1, rotated_at = $3, expires_at = $4
         where id = $1 and generation = $2 and ended_at is null and expires_at > $3",
        id.as_uuid(),
        generation,
        now,
        expires_at,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session, unless it has ended. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn end(
    connection: &mut Connection,
    id: SessionId,
    because: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update sessions set ended_at = $3, ended_because = $2 where id = $1 and ended_at is null",
        id.as_uuid(),
        because,
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
