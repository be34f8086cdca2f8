//! How far each worker's records are accounted for. Written by the ingester, in the transaction that stores them.

use sluicegate_contracts::ids::WorkerId;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::domain::usage_progress::UsageProgress;
use crate::error::Result;

/// One start of one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The worker.
    pub worker: WorkerId,
    /// Its start counter.
    pub epoch: u32,
}

/// A source with its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceProgress {
    /// Whose.
    pub source: Source,
    /// How far.
    pub progress: UsageProgress,
    /// Since when the first hole stands open.
    pub gap_since: Option<OffsetDateTime>,
}

struct ProgressRow {
    worker_id: Uuid,
    epoch: i64,
    contiguous: i64,
    islands: Vec<i64>,
    gap_since: Option<OffsetDateTime>,
}

impl From<ProgressRow> for SourceProgress {
    fn from(row: ProgressRow) -> Self {
        let bounds: Vec<u64> = row.islands.into_iter().map(i64::cast_unsigned).collect();
        Self {
            source: Source {
                worker: row.worker_id.into(),
                epoch: u32::try_from(row.epoch).unwrap_or(u32::MAX),
            },
            progress: UsageProgress::restore(row.contiguous.cast_unsigned(), &bounds),
            gap_since: row.gap_since,
        }
    }
}

/// Reads and locks the progress of `sources` (sorted, without repeats) until commit; unknown ones start at zero.
///
/// # Errors
/// When Postgres refuses.
pub async fn lock(
    connection: &mut Connection,
    sources: &[Source],
    now: OffsetDateTime,
) -> Result<Vec<SourceProgress>> {
    let workers: Vec<Uuid> = sources.iter().map(|source| source.worker.as_uuid()).collect();
    let epochs: Vec<i64> = sources.iter().map(|source| i64::from(source.epoch)).collect();
    sqlx::query!(
        "insert into usage_progress (worker_id, epoch, updated_at)
         select worker_id, epoch, $3 from unnest($1::uuid[], $2::bigint[]) as source (worker_id, epoch)
         order by worker_id, epoch
         on conflict (worker_id, epoch) do nothing",
        &workers,
        &epochs,
        now,
    )
    .execute(&mut *connection)
    .await?;
    let rows = sqlx::query_as!(
        ProgressRow,
        "select worker_id, epoch, contiguous, islands, gap_since from usage_progress
         join unnest($1::uuid[], $2::bigint[]) as source (worker_id, epoch) using (worker_id, epoch)
         order by worker_id, epoch for update of usage_progress",
        &workers,
        &epochs,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(SourceProgress::from).collect())
}

/// Writes progress that was read with [`lock`].
///
/// # Errors
/// When Postgres refuses.
pub async fn save(connection: &mut Connection, one: &SourceProgress, now: OffsetDateTime) -> Result<()> {
    let islands: Vec<i64> = one.progress.bounds().into_iter().map(u64::cast_signed).collect();
    sqlx::query!(
        "update usage_progress set contiguous = $3, islands = $4, gap_since = $5, updated_at = $6
         where worker_id = $1 and epoch = $2",
        one.source.worker.as_uuid(),
        i64::from(one.source.epoch),
        one.progress.watermark().cast_signed(),
        &islands,
        one.gap_since,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sources whose records came in since `since`.
///
/// # Errors
/// When Postgres refuses.
pub async fn updated_since(
    connection: &mut Connection,
    since: OffsetDateTime,
) -> Result<Vec<SourceProgress>> {
    let rows = sqlx::query_as!(
        ProgressRow,
        "select worker_id, epoch, contiguous, islands, gap_since from usage_progress where updated_at > $1",
        since,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(SourceProgress::from).collect())
}

/// Sources with a hole that stands open since before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn gaps_before(connection: &mut Connection, before: OffsetDateTime) -> Result<Vec<SourceProgress>> {
    let rows = sqlx::query_as!(
        ProgressRow,
        "select worker_id, epoch, contiguous, islands, gap_since from usage_progress
         where gap_since < $1 order by worker_id, epoch limit 1000",
        before,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(SourceProgress::from).collect())
}
