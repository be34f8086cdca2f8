//! What keys spent, with all that derives from them, folded from the roll-ups.

use std::collections::HashMap;

use sluicegate_contracts::ids::ApiKeyId;
use sluicegate_contracts::money::NanoUsd;
use uuid::Uuid;

use super::Connection;
use crate::domain::key_cap::Since;
use crate::error::Result;

/// What was spent over accounts of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spending {
    /// Ever.
    pub total: NanoUsd,
    /// Today.
    pub daily: NanoUsd,
    /// This week.
    pub weekly: NanoUsd,
    /// This month.
    pub monthly: NanoUsd,
}

/// What a key spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyUsage {
    /// Over the host's accounts at providers, which prepaid credit pays.
    pub credit: Spending,
    /// Over connections of the tenant's own.
    pub own: Spending,
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
        r#"select asked.id as "id!",
            sum(credit)::bigint as "credit!", sum(own)::bigint as "own!",
            coalesce(sum(credit) filter (where hour >= $2), 0)::bigint as "credit_daily!",
            coalesce(sum(own) filter (where hour >= $2), 0)::bigint as "own_daily!",
            coalesce(sum(credit) filter (where hour >= $3), 0)::bigint as "credit_weekly!",
            coalesce(sum(own) filter (where hour >= $3), 0)::bigint as "own_weekly!",
            coalesce(sum(credit) filter (where hour >= $4), 0)::bigint as "credit_monthly!",
            coalesce(sum(own) filter (where hour >= $4), 0)::bigint as "own_monthly!"
         from unnest($1::uuid[]) as asked (id)
         join api_keys key on key.id = asked.id or key.ancestors @> array[asked.id]
         join usage_hourly spent on spent.api_key_id = key.id
         cross join lateral (select cost_nanos - own_cost_nanos as credit, own_cost_nanos as own) as told_apart
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
            credit: Spending {
                total: NanoUsd::from_nanos(row.credit),
                daily: NanoUsd::from_nanos(row.credit_daily),
                weekly: NanoUsd::from_nanos(row.credit_weekly),
                monthly: NanoUsd::from_nanos(row.credit_monthly),
            },
            own: Spending {
                total: NanoUsd::from_nanos(row.own),
                daily: NanoUsd::from_nanos(row.own_daily),
                weekly: NanoUsd::from_nanos(row.own_weekly),
                monthly: NanoUsd::from_nanos(row.own_monthly),
            },
        };
        (row.id.into(), usage)
    });
    Ok(usage.collect())
}
