//! Thresholds of budgets that spending has reached, each once per window and partition.

use serde_json::json;
use sluicegate_contracts::ids::{AlertId, BudgetId, OrganizationId, ProjectId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::budget_spend::Spent;
use super::{Connection, webhook_deliveries};
use crate::domain::instant::calendar;
use crate::domain::webhook_event::{Event, EventKind};
use crate::error::Result;

/// An alert.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// The budget.
    pub budget: BudgetId,
    /// The budget's name now.
    pub budget_name: String,
    /// When the window began.
    pub period_start: UnixMillis,
    /// Whose share; `None` for an account without partitions.
    pub partition: Option<String>,
    /// Percent of the limit.
    pub threshold: i16,
    /// The limit then.
    pub limit: NanoUsd,
    /// What was spent then.
    pub settled: NanoUsd,
    /// When it was noticed.
    pub fired_at: OffsetDateTime,
}

impl Alert {
    /// As webhooks are told of it.
    fn event(&self, organization: OrganizationId, project: Option<ProjectId>) -> Event {
        let money = |amount: NanoUsd| json!({ "amount": amount.to_string(), "currency": "USD" });
        let start = calendar(self.period_start).and_then(|start| start.format(&Rfc3339).ok());
        Event {
            id: self.id.to_string(),
            organization,
            project,
            kind: EventKind::BudgetThreshold,
            data: json!({
                "budget": self.budget,
                "budget_name": self.budget_name,
                "threshold": self.threshold,
                "window_start": start,
                "partition": self.partition,
                "limit": money(self.limit),
                "settled": money(self.settled),
            }),
        }
    }
}

/// Notes the thresholds that the accounts with new spending have reached and that are not noted yet, and what webhooks are to
/// be told of them. System scope. Rows are written in one order, so that concurrent ingesters cannot deadlock.
///
/// # Errors
/// When Postgres refuses.
pub async fn fire(connection: &mut Connection, spent: &Spent, now: OffsetDateTime) -> Result<()> {
    let counters = || spent.counters();
    let organizations: Vec<Uuid> = counters().map(|counter| counter.organization).collect();
    let budgets: Vec<Uuid> = counters().map(|counter| counter.budget).collect();
    let periods: Vec<i64> = counters().map(|counter| counter.period_start).collect();
    let partitions: Vec<String> = counters().map(|counter| counter.partition.clone()).collect();
    if budgets.is_empty() {
        return Ok(());
    }
    let reached = sqlx::query!(
        r#"select budget.organization_id, budget.id as budget_id, budget.name, budget.project_id, account.period_start, account.partition,
            watched.percent as "threshold!", own.limit_nanos as "limit_nanos!", account.settled as "settled!"
         from (
            select spend.organization_id, spend.budget_id, spend.period_start, spend.partition,
                sum(spend.settled_nanos)::bigint as settled
            from (select distinct * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[])
                as touched (organization_id, budget_id, period_start, partition)) touched
            join budget_spend spend using (organization_id, budget_id, period_start, partition)
            group by spend.organization_id, spend.budget_id, spend.period_start, spend.partition
         ) account
         join budgets budget on budget.id = account.budget_id and budget.organization_id = account.organization_id
         cross join lateral (
            select greatest(budget.limit_nanos + coalesce(sum(adjustment.amount_nanos), 0), 0)::bigint as limit_nanos
            from budget_adjustments adjustment
            where adjustment.budget_id = budget.id and adjustment.period_start = account.period_start
                and adjustment.partition in ('', account.partition)
         ) own
         cross join unnest(budget.alert_thresholds) as watched (percent)
         where budget.deleted_at is null and account.settled::numeric * 100 >= own.limit_nanos::numeric * watched.percent
            and not exists (
                select from budget_alerts alert
                where alert.budget_id = budget.id and alert.period_start = account.period_start
                    and alert.partition = account.partition and alert.threshold = watched.percent
            )
         order by budget.id, account.period_start, account.partition collate "C", watched.percent"#,
        &organizations,
        &budgets,
        &periods,
        &partitions,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in reached {
        let alert = Alert {
            id: ids::fresh(),
            budget: row.budget_id.into(),
            budget_name: row.name,
            period_start: UnixMillis::new(row.period_start),
            partition: share(row.partition),
            threshold: row.threshold,
            limit: NanoUsd::from_nanos(row.limit_nanos),
            settled: NanoUsd::from_nanos(row.settled),
            fired_at: now,
        };
        let organization = row.organization_id.into();
        if insert(connection, organization, &alert).await? {
            let event = alert.event(organization, row.project_id.map(ProjectId::from));
            webhook_deliveries::announce(connection, &event, now).await?;
        }
    }
    Ok(())
}

/// Notes an alert; false when another ingester has.
async fn insert(connection: &mut Connection, organization: OrganizationId, alert: &Alert) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into budget_alerts
            (id, organization_id, budget_id, period_start, partition, threshold, limit_nanos, settled_nanos, fired_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint budget_alerts_once do nothing",
        alert.id.as_uuid(),
        organization.as_uuid(),
        alert.budget.as_uuid(),
        alert.period_start.get(),
        alert.partition.as_deref().unwrap_or_default(),
        alert.threshold,
        alert.limit.nanos(),
        alert.settled.nanos(),
        alert.fired_at,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() > 0)
}

fn share(partition: String) -> Option<String> {
    Some(partition).filter(|partition| !partition.is_empty())
}

/// The alerts of `organization`, of `budget` if one is named, newest first, noticed before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    budget: Option<BudgetId>,
    before: Option<AlertId>,
    limit: i64,
) -> Result<Vec<Alert>> {
    let rows = sqlx::query!(
        "select alert.id, alert.budget_id, budget.name, alert.period_start, alert.partition, alert.threshold,
            alert.limit_nanos, alert.settled_nanos, alert.fired_at
         from budget_alerts alert join budgets budget on budget.id = alert.budget_id
         where alert.organization_id = $1 and ($2::uuid is null or alert.budget_id = $2)
            and ($3::uuid is null or alert.id < $3)
         order by alert.id desc limit $4",
        organization.as_uuid(),
        budget.map(BudgetId::as_uuid),
        before.map(AlertId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let alerts = rows.into_iter().map(|row| Alert {
        id: row.id.into(),
        budget: row.budget_id.into(),
        budget_name: row.name,
        period_start: UnixMillis::new(row.period_start),
        partition: share(row.partition),
        threshold: row.threshold,
        limit: NanoUsd::from_nanos(row.limit_nanos),
        settled: NanoUsd::from_nanos(row.settled_nanos),
        fired_at: row.fired_at,
    });
    Ok(alerts.collect())
}
