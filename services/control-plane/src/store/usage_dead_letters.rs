//! Records that could not be taken in. Written by the ingester; read by operators in the database.

use sluicegate_contracts::usage::Origin;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::error::Result;

/// A record that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its id.
    pub id: Uuid,
    /// Where it comes from; `None` when even that cannot be read.
    pub origin: Option<Origin>,
    /// Whose it claims to be.
    pub organization: Option<Uuid>,
    /// Its name in the queue.
    pub entry: String,
    /// How often it was handed out.
    pub deliveries: u64,
    /// Why it could not be taken in; quotes nothing of it.
    pub reason: String,
    /// The record as it came.
    pub body: Vec<u8>,
}

/// Keeps a record aside; one that is there already stays as it is.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(connection: &mut Connection, letter: &DeadLetter, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "insert into usage_dead_letters
            (id, worker_id, epoch, seq, organization_id, entry, deliveries, reason, body, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict do nothing",
        letter.id,
        letter.origin.map(|origin| origin.worker.as_uuid()),
        letter.origin.map(|origin| i64::from(origin.epoch)),
        letter.origin.map(|origin| origin.seq.cast_signed()),
        letter.organization,
        letter.entry,
        i64::try_from(letter.deliveries).unwrap_or(i64::MAX),
        letter.reason,
        letter.body,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many there are.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection) -> Result<i64> {
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from usage_dead_letters"#);
    Ok(count.fetch_one(connection).await?)
}
