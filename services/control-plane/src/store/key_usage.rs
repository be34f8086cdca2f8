//! What keys spent, with all that derives from them, folded from the roll-ups.

use std::collections::HashMap;

use sluicegate_contracts::ids::ApiKeyId;
use sluicegate_contracts::money::NanoUsd;
use uuid::Uuid;

use super::Connection;
use crate::domain::key_cap::Since;
use crate::error::Result;

/// What a key spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyUsage {
    /// Ever.
    pub total: NanoUsd,
    /// Today.
    pub daily: NanoUsd,
    /// This week.
    pub weekly: NanoUsd,
    /// This month.
    pub monthly: NanoUsd,
}

/// What each of `keys` spent.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_keys(
    connection: &mut Connection,
    keys: &[ApiKeyId],
    since: Since,
) -> Result<HashMap<ApiKeyId, KeyUsage>> {
    let keys: Vec<Uuid> = keys.iter().map(|key| key.as_uuid()).collect();
    let rows = sqlx::query!(
        r#"select asked.id as "id!", sum(spent.cost_nanos)::bigint as "total!",
            coalesce(sum(spent.cost_nanos) filter (where spent.hour >= $2), 0)::bigint as "daily!",
            coalesce(sum(spent.cost_nanos) filter (where spent.hour >= $3), 0)::bigint as "weekly!",
            coalesce(sum(spent.cost_nanos) filter (where spent.hour >= $4), 0)::bigint as "monthly!"
         from unnest($1::uuid[]) as asked (id)
         join api_keys key on key.id = asked.id or key.ancestors @> array[asked.id]
         join usage_hourly spent on spent.api_key_id = key.id
         group by asked.id"#,
        &keys,
        since.day,
        since.week,
        since.month,
    )
    .fetch_all(connection)
    .await?;
    let usage = rows.into_iter().map(|row| {
        let usage = KeyUsage {
            total: NanoUsd::from_nanos(row.total),
            daily: NanoUsd::from_nanos(row.daily),
            weekly: NanoUsd::from_nanos(row.weekly),
            monthly: NanoUsd::from_nanos(row.monthly),
        };
        (row.id.into(), usage)
    });
    Ok(usage.collect())
}
