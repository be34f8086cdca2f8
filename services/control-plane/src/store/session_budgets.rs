//! The caps that callers gave their sessions: the smallest of each account. Written by the ingester with what was spent, read
//! by the keeper of budgets. System scope only.

use std::collections::BTreeMap;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use uuid::Uuid;

use super::Connection;
use crate::error::Result;

/// The caps that new records name. In this order the rows are locked, so that concurrent ingesters cannot deadlock.
#[derive(Debug, Default)]
pub struct Caps(BTreeMap<(Uuid, i64, String), i64>);

impl Caps {
    /// Adds the cap that an attempt named, for one of its accounts; other accounts than those of sessions are left out.
    pub fn add(&mut self, organization: Uuid, account: &AccountId, cap: NanoUsd) {
        if account.session_end().is_none() || cap <= NanoUsd::ZERO || cap > NanoUsd::MAX {
            return;
        }
        let partition = account.partition.clone().unwrap_or_default();
        let known = self.0.entry((organization, account.period.get(), partition));
        let known = known.or_insert(cap.nanos());
        *known = cap.nanos().min(*known);
    }
}

/// Lowers the caps of accounts to those named, and notes those of new ones.
///
/// # Errors
/// When Postgres refuses.
pub async fn record(connection: &mut Connection, caps: &Caps) -> Result<()> {
    if caps.0.is_empty() {
        return Ok(());
    }
    let organizations: Vec<Uuid> = caps.0.keys().map(|(organization, ..)| *organization).collect();
    let periods: Vec<i64> = caps.0.keys().map(|(_, period, _)| *period).collect();
    let partitions: Vec<String> = caps.0.keys().map(|(.., partition)| partition.clone()).collect();
    let limits: Vec<i64> = caps.0.values().copied().collect();
    sqlx::query!(
        r#"insert into session_budgets (organization_id, period_start, partition, limit_nanos)
         select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[])
            as named (organization_id, period_start, partition, limit_nanos)
         order by organization_id, period_start, partition collate "C"
         on conflict (organization_id, period_start, partition) do update set limit_nanos = excluded.limit_nanos
         where session_budgets.limit_nanos > excluded.limit_nanos"#,
        &organizations,
        &periods,
        &partitions,
        &limits,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The caps of an organization's sessions in windows that started at `since` or later.
///
/// # Errors
/// When Postgres refuses.
pub async fn since(
    connection: &mut Connection,
    organization: OrganizationId,
    since: UnixMillis,
) -> Result<BTreeMap<AccountId, NanoUsd>> {
    let rows = sqlx::query!(
        "select period_start, partition, limit_nanos from session_budgets
         where organization_id = $1 and period_start >= $2",
        organization.as_uuid(),
        since.get(),
    )
    .fetch_all(connection)
    .await?;
    let caps = rows.into_iter().map(|row| {
        let account = AccountId {
            budget: AccountId::sessions(),
            period: UnixMillis::new(row.period_start),
            partition: Some(row.partition),
        };
        (account, NanoUsd::from_nanos(row.limit_nanos))
    });
    Ok(caps.collect())
}

/// Forgets windows that started before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn prune(connection: &mut Connection, before: UnixMillis) -> Result<()> {
    sqlx::query!(
        "delete from session_budgets where period_start < $1",
        before.get()
    )
    .execute(connection)
    .await?;
    Ok(())
}
