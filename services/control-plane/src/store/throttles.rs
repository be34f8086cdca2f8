//! Counts attempts per key and window. System scope only.

use time::OffsetDateTime;

use super::Connection;
use crate::error::Result;

/// Counts one attempt; the attempts of the window so far and its end.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(
    connection: &mut Connection,
    key: &[u8; 32],
    now: OffsetDateTime,
    window_ends_at: OffsetDateTime,
) -> Result<(i32, OffsetDateTime)> {
    let row = sqlx::query!(
        "insert into throttles as throttle (key, window_ends_at, attempts) values ($1, $3, 1)
         on conflict (key) do update set
            attempts = case when throttle.window_ends_at <= $2 then 1 else throttle.attempts + 1 end,
            window_ends_at = case when throttle.window_ends_at <= $2 then $3 else throttle.window_ends_at end
         returning attempts, window_ends_at",
        key,
        now,
        window_ends_at,
    )
    .fetch_one(connection)
    .await?;
    Ok((row.attempts, row.window_ends_at))
}

/// Forgets the attempts under a key.
///
/// # Errors
/// When Postgres refuses.
pub async fn clear(connection: &mut Connection, key: &[u8; 32]) -> Result<()> {
    sqlx::query!("delete from throttles where key = $1", key)
        .execute(connection)
        .await?;
    Ok(())
}
