//! Limits of spend, with the schedule in force. Deleted budgets keep their row, so that what was spent keeps its name.

use sluicegate_contracts::config::{
    Budget as Published, BudgetScope, Counts, Enforcement, OnExceed, Partition, Period, Status, UnknownPrice,
};
use sluicegate_contracts::ids::{ApiKeyId, BudgetId, OrganizationId, ProjectId, RouteId, UserId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::period::{Interval, PERIODS_AHEAD};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Lock, budget_schedules, status};
use crate::domain::budget_adjusted::AdjustedWindows;
use crate::domain::budget_draft::Terms;
use crate::domain::instant::{calendar, millis};
use crate::error::{Error, Result};

/// Periods are sent ahead anew when fewer than this many are left, which leaves a control plane time to be away.
const FEWEST_AHEAD: usize = 24;

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Its id.
    pub id: BudgetId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Which calls count.
    pub scope: BudgetScope,
    /// What can be changed.
    pub terms: Terms,
    /// Start of the first period by the schedule in force.
    pub opened_at: UnixMillis,
    /// Raised with each change of the limit.
    pub limit_version: i64,
    /// The largest limit since `opened_at`.
    pub peak: NanoUsd,
    /// What adjustments add to the limits of single windows.
    pub adjusted: AdjustedWindows,
    /// Whether it counts.
    pub status: Status,
    /// Counts its changes.
    pub revision: i64,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

impl Budget {
    /// Whether everybody it is over has the whole limit alone.
    #[must_use]
    pub fn is_partitioned(&self) -> bool {
        let each = Some(Partition::Each);
        self.scope.end_user == each || self.scope.session == each
    }

    /// The window that is open at `now`.
    ///
    /// # Errors
    /// Internal, when it leaves the calendar.
    pub fn window_at(&self, now: OffsetDateTime) -> Result<Period> {
        let periods = self.terms.schedule.periods(self.opened_at, millis(now), 1);
        let first = periods.map_err(Error::internal)?.into_iter().next();
        first.ok_or_else(|| Error::internal("a schedule without periods"))
    }

    /// Most that may be spent in the window that began then, of this share where everybody has one alone.
    #[must_use]
    pub fn limit_in(&self, start: UnixMillis, partition: Option<&str>) -> NanoUsd {
        self.adjusted.limit(self.terms.limit, start, partition)
    }

    /// As workers need to know it, and when it must be sent anew.
    ///
    /// # Errors
    /// Internal, when its periods leave the calendar.
    pub fn published(&self, now: OffsetDateTime) -> Result<(Published, Option<OffsetDateTime>)> {
        let schedule = &self.terms.schedule;
        let periods = schedule
            .periods(self.opened_at, millis(now), PERIODS_AHEAD)
            .map_err(Error::internal)?;
        let renew_at = match schedule.interval {
            Interval::Lifetime => None,
            Interval::Hour | Interval::Day | Interval::Week | Interval::Month => periods
                .get(PERIODS_AHEAD - FEWEST_AHEAD)
                .and_then(|period| calendar(period.start)),
        };
        let published = Published {
            id: self.id,
            organization: self.organization,
            name: self.terms.name.clone(),
            scope: self.scope.clone(),
            limit: self.terms.limit,
            adjusted: self.adjusted.published(self.terms.limit),
            adjusted_shares: self.adjusted.published_shares(self.terms.limit),
            limit_version: self.limit_version.cast_unsigned(),
            peak: Some(self.peak),
            periods,
            enforcement: self.terms.enforcement,
            on_exceed: self.terms.on_exceed.clone(),
            counts_own_connections: self.terms.counts_own_connections,
            unknown_price: self.terms.unknown_price,
            counts: Counts::Cost,
            status: self.status,
        };
        Ok((published, renew_at))
    }
}

pub(super) struct Row {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    scope: Json<BudgetScope>,
    limit_nanos: i64,
    limit_version: i64,
    peak_nanos: i64,
    adjusted: Json<AdjustedWindows>,
    enforcement: String,
    on_exceed: Json<OnExceed>,
    counts_own_connections: bool,
    unknown_price: String,
    alert_thresholds: Vec<i16>,
    status: String,
    revision: i64,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
    opened_at: i64,
    interval: String,
    time_zone: String,
    anchor_hour: i16,
    anchor_weekday: i16,
    anchor_day: i16,
}

const fn enforcement_text(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::Hard => "hard",
        Enforcement::Soft => "soft",
        Enforcement::Notify => "notify",
    }
}

const fn unknown_price_text(policy: UnknownPrice) -> &'static str {
    match policy {
        UnknownPrice::Refuse => "refuse",
        UnknownPrice::CountBound => "count_bound",
    }
}

impl TryFrom<Row> for Budget {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let unknown = || Error::internal("a budget with an unknown setting");
        let anchor = [row.anchor_hour, row.anchor_weekday, row.anchor_day];
        let thresholds = row.alert_thresholds.into_iter();
        let terms = Terms {
            name: row.name,
            limit: NanoUsd::from_nanos(row.limit_nanos),
            schedule: budget_schedules::read(&row.interval, &row.time_zone, anchor)?,
            enforcement: match row.enforcement.as_str() {
                "hard" => Enforcement::Hard,
                "soft" => Enforcement::Soft,
                "notify" => Enforcement::Notify,
                _ => return Err(unknown()),
            },
            on_exceed: row.on_exceed.0,
            counts_own_connections: row.counts_own_connections,
            unknown_price: match row.unknown_price.as_str() {
                "refuse" => UnknownPrice::Refuse,
                "count_bound" => UnknownPrice::CountBound,
                _ => return Err(unknown()),
            },
            alert_thresholds: thresholds.filter_map(|percent| percent.try_into().ok()).collect(),
        };
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            scope: row.scope.0,
            terms,
            opened_at: UnixMillis::new(row.opened_at),
            limit_version: row.limit_version,
            peak: NanoUsd::from_nanos(row.peak_nanos),
            adjusted: row.adjusted.0,
            status: status::of(&row.status),
            revision: row.revision,
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
        })
    }
}

fn fallback(on_exceed: &OnExceed) -> Option<Uuid> {
    match on_exceed {
        OnExceed::Route(route) => Some(route.as_uuid()),
        OnExceed::Refuse | OnExceed::Throttle { .. } => None,
    }
}

fn thresholds(terms: &Terms) -> Vec<i16> {
    terms.alert_thresholds.iter().copied().map(i16::from).collect()
}

/// Adds a budget and its first schedule.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(
    connection: &mut Connection,
    budget: &Budget,
    renew_at: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        "insert into budgets
            (id, organization_id, name, project_id, api_key_id, route_id, fallback_route_id, scope, limit_nanos,
             limit_version, enforcement, on_exceed, counts_own_connections, unknown_price, alert_thresholds, status,
             revision, renew_at, created_by, created_at, peak_nanos)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
        budget.id.as_uuid(),
        budget.organization.as_uuid(),
        budget.terms.name,
        budget.scope.project.map(ProjectId::as_uuid),
        budget.scope.api_key.map(ApiKeyId::as_uuid),
        budget.scope.route.map(RouteId::as_uuid),
        fallback(&budget.terms.on_exceed),
        Json(&budget.scope) as _,
        budget.terms.limit.nanos(),
        budget.limit_version,
        enforcement_text(budget.terms.enforcement),
        Json(&budget.terms.on_exceed) as _,
        budget.terms.counts_own_connections,
        unknown_price_text(budget.terms.unknown_price),
        &thresholds(&budget.terms),
        status::word(budget.status),
        budget.revision,
        renew_at,
        budget.created_by.map(UserId::as_uuid),
        budget.created_at,
        budget.peak.nanos(),
    )
    .execute(&mut *connection)
    .await?;
    budget_schedules::open(connection, budget).await
}

/// Writes everything that can change, but the schedule, and counts the change.
///
/// # Errors
/// When Postgres refuses.
pub async fn update(
    connection: &mut Connection,
    budget: &mut Budget,
    renew_at: Option<OffsetDateTime>,
) -> Result<()> {
    budget.revision = sqlx::query_scalar!(
        "update budgets set name = $2, fallback_route_id = $3, limit_nanos = $4, limit_version = $5, enforcement = $6,
            on_exceed = $7, counts_own_connections = $8, unknown_price = $9, alert_thresholds = $10, status = $11,
            renew_at = $12, peak_nanos = $13, adjusted = $14, revision = revision + 1
         where id = $1 returning revision",
        budget.id.as_uuid(),
        budget.terms.name,
        fallback(&budget.terms.on_exceed),
        budget.terms.limit.nanos(),
        budget.limit_version,
        enforcement_text(budget.terms.enforcement),
        Json(&budget.terms.on_exceed) as _,
        budget.terms.counts_own_connections,
        unknown_price_text(budget.terms.unknown_price),
        &thresholds(&budget.terms),
        status::word(budget.status),
        renew_at,
        budget.peak.nanos(),
        Json(&budget.adjusted) as _,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

/// The tenant's budgets, of `project` if one is named, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    project: Option<ProjectId>,
    before: Option<BudgetId>,
    limit: i64,
) -> Result<Vec<Budget>> {
    sqlx::query_as!(
        Row,
        r#"select id, budgets.organization_id, name, scope as "scope: Json<BudgetScope>", limit_nanos, limit_version,
            peak_nanos, adjusted as "adjusted: Json<AdjustedWindows>", enforcement, on_exceed as "on_exceed: Json<OnExceed>", counts_own_connections, unknown_price,
            alert_thresholds, status, revision, created_by, created_at, opened_at, interval, time_zone, anchor_hour,
            anchor_weekday, anchor_day
         from budgets cross join lateral (
            select * from budget_schedules where budget_id = budgets.id order by opened_at desc limit 1
         ) schedule
         where budgets.organization_id = $1 and deleted_at is null and ($2::uuid is null or project_id = $2)
            and ($3::uuid is null or id < $3)
         order by id desc limit $4"#,
        organization.as_uuid(),
        project.map(ProjectId::as_uuid),
        before.map(BudgetId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Budget::try_from)
    .collect()
}

/// The budget with this id; `lock` keeps other writers away to the end of the transaction.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: BudgetId,
    lock: Lock,
) -> Result<Option<Budget>> {
    if lock == Lock::ForUpdate {
        sqlx::query!("select id from budgets where id = $1 for update", id.as_uuid())
            .fetch_optional(&mut *connection)
            .await?;
    }
    sqlx::query_as!(
        Row,
        r#"select id, budgets.organization_id, name, scope as "scope: Json<BudgetScope>", limit_nanos, limit_version,
            peak_nanos, adjusted as "adjusted: Json<AdjustedWindows>", enforcement, on_exceed as "on_exceed: Json<OnExceed>", counts_own_connections, unknown_price,
            alert_thresholds, status, revision, created_by, created_at, opened_at, interval, time_zone, anchor_hour,
            anchor_weekday, anchor_day
         from budgets cross join lateral (
            select * from budget_schedules where budget_id = budgets.id order by opened_at desc limit 1
         ) schedule
         where budgets.organization_id = $1 and id = $2 and deleted_at is null"#,
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Budget::try_from)
    .transpose()
}

/// Takes a budget out of use; its rows stay.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: BudgetId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update budgets set deleted_at = $2, revision = revision + 1 where id = $1",
        id.as_uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes every budget over `project` alone out of use; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete_all(
    connection: &mut Connection,
    project: ProjectId,
    now: OffsetDateTime,
) -> Result<Vec<BudgetId>> {
    let ids = sqlx::query_scalar!(
        "update budgets set deleted_at = $2, revision = revision + 1
         where project_id = $1 and deleted_at is null returning id",
        project.as_uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(BudgetId::from).collect())
}

/// Budgets whose periods must be sent ahead anew. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn due(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<(OrganizationId, BudgetId)>> {
    let rows = sqlx::query!(
        "select organization_id, id from budgets where renew_at <= $1 and deleted_at is null
         order by renew_at limit $2",
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let due = rows
        .into_iter()
        .map(|row| (row.organization_id.into(), row.id.into()));
    Ok(due.collect())
}

/// Notes when a budget's periods must be sent ahead again.
///
/// # Errors
/// When Postgres refuses.
pub async fn renewed(
    connection: &mut Connection,
    id: BudgetId,
    renew_at: Option<OffsetDateTime>,
) -> Result<()> {
    sqlx::query!(
        "update budgets set renew_at = $2 where id = $1",
        id.as_uuid(),
        renew_at
    )
    .execute(connection)
    .await?;
    Ok(())
}
