//! The request log. Filled by the ingester from usage records; read by `GET …/requests`.

use std::collections::HashSet;

use serde::Serialize;
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{AttemptRecord, CreditUse, Decision, Evidence, UsageRecord};
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Connection;
use super::budget_spend::{self, Spent};
use super::session_budgets::Caps;
use crate::error::{Error, Result};

/// Why a record cannot become a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unstorable {
    /// The request id carries no time, so it names no day.
    #[error("the request id is not time-ordered")]
    IdWithoutTime,
    /// A number does not fit a column.
    #[error("a number is out of range")]
    OutOfRange,
    /// An attempt counts on an account that workers refuse to make.
    #[error("an account cannot be stored")]
    Account,
    /// The attempts cannot be written as JSON.
    #[error("the attempts cannot be encoded")]
    Encoding,
}

/// A row of `requests`, with the columns as fields: rows travel to Postgres as one JSON array.
#[derive(Debug, Clone, Serialize)]
pub struct RequestRow {
    /// Day of the request id, as `YYYY-MM-DD`.
    pub day: String,
    /// The request.
    pub id: Uuid,
    /// Tenant.
    pub organization_id: Uuid,
    /// Project.
    pub project_id: Uuid,
    api_key_id: Uuid,
    worker_id: Uuid,
    epoch: u32,
    seq: i64,
    started_at: String,
    operation: &'static str,
    model_requested: String,
    model_served: Option<String>,
    provider: Option<String>,
    route_id: Option<Uuid>,
    route_slug: Option<String>,
    route_version: Option<u32>,
    stream: bool,
    outcome: &'static str,
    status: u16,
    error_code: Option<String>,
    input_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    output_tokens: i64,
    reasoning_tokens: i64,
    cost_nanos: Option<i64>,
    own_cost_nanos: i64,
    cost_evidence: &'static str,
    first_byte_us: Option<i64>,
    overhead_us: i64,
    duration_us: i64,
    trace_id: Option<String>,
    attempts: Vec<AttemptRecord>,
    dialect: Option<String>,
    upstream_dialect: Option<String>,
    dropped: Option<String>,
    end_user: Option<String>,
    session: Option<String>,
    tags: Vec<String>,
    decision: Option<Decision>,
    experiment: Option<String>,
    arm: Option<String>,
}

/// The day in which the time-ordered `id` was made.
#[must_use]
pub fn day_of(id: Uuid) -> Option<Date> {
    let (seconds, _) = id.get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .map(OffsetDateTime::date)
}

/// Postgres text cannot hold NUL, which JSON can.
fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{FFFD}")
    } else {
        text
    }
}

/// A model's name in it may be the caller's.
fn storable_decision(mut decision: Decision) -> Decision {
    decision.rule = decision.rule.take().map(storable);
    if let Some(of) = &mut decision.experiment {
        of.name = storable(std::mem::take(&mut of.name));
        of.arm = storable(std::mem::take(&mut of.arm));
    }
    for candidate in &mut decision.candidates {
        candidate.model = storable(std::mem::take(&mut candidate.model));
        candidate.provider = candidate.provider.take().map(storable);
        candidate.arm = candidate.arm.take().map(storable);
    }
    decision
}

fn count(value: u64) -> Result<i64, Unstorable> {
    i64::try_from(value).map_err(|_| Unstorable::OutOfRange)
}

/// What the cost of all attempts together rests on: the weakest evidence among them.
fn evidence(attempts: &[AttemptRecord]) -> &'static str {
    match attempts.iter().map(|attempt| attempt.evidence).max() {
        Some(Evidence::Uncertain) => "uncertain",
        Some(Evidence::Estimated) => "estimated",
        Some(Evidence::Reported) => "reported",
        Some(Evidence::NotBilled) | None => "none",
    }
}

/// What attempts cost that no credit pays: those over connections of the tenant's own.
fn own_cost(attempts: &[AttemptRecord]) -> NanoUsd {
    let own = attempts.iter().filter(|attempt| attempt.credit.is_none());
    own.filter_map(|attempt| attempt.cost).sum()
}

impl RequestRow {
    /// The row of `record`.
    ///
    /// # Errors
    /// [`Unstorable`].
    pub fn of(record: UsageRecord) -> Result<Self, Unstorable> {
        let id = record.request.as_uuid();
        let day = day_of(id).ok_or(Unstorable::IdWithoutTime)?;
        let day = day
            .format(format_description!("[year]-[month]-[day]"))
            .map_err(|_| Unstorable::OutOfRange)?;
        let millis = i128::from(record.started_at.get());
        let started_at = OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000)
            .ok()
            .and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok())
            .ok_or(Unstorable::OutOfRange)?;
        let mut attempts = record.attempts;
        let credit = attempts.iter().filter_map(|attempt| attempt.credit.as_ref());
        if credit.clone().any(|credit| credit.charge < NanoUsd::ZERO) {
            return Err(Unstorable::OutOfRange);
        }
        let accounts = attempts.iter().flat_map(|attempt| &attempt.accounts);
        let accounts = accounts.chain(credit.map(|credit| &credit.account));
        if !accounts.into_iter().all(budget_spend::is_storable) {
            return Err(Unstorable::Account);
        }
        for attempt in &mut attempts {
            attempt.provider = storable(std::mem::take(&mut attempt.provider));
            attempt.upstream_model = storable(std::mem::take(&mut attempt.upstream_model));
            attempt.dialect = attempt.dialect.take().map(storable);
        }
        let decision = record.decision.map(storable_decision);
        let experiment = decision.as_ref().and_then(|it| it.experiment.clone());
        let (experiment, arm) = experiment.map(|of| (of.name, of.arm)).unzip();
        Ok(Self {
            day,
            id,
            organization_id: record.organization.as_uuid(),
            project_id: record.project.as_uuid(),
            api_key_id: record.api_key.as_uuid(),
            worker_id: record.origin.worker.as_uuid(),
            epoch: record.origin.epoch,
            seq: count(record.origin.seq)?,
            started_at,
            operation: record.operation.as_str(),
            model_requested: storable(record.model_requested),
            model_served: record.model_served.map(storable),
            provider: attempts.last().map(|attempt| attempt.provider.clone()),
            route_id: record.route.as_ref().map(|route| route.id.as_uuid()),
            route_version: record.route.as_ref().map(|route| route.version),
            route_slug: record.route.map(|route| storable(route.slug)),
            stream: record.stream,
            outcome: record.outcome.as_str(),
            status: record.status,
            error_code: record.error_code.map(storable),
            input_tokens: count(record.tokens.input)?,
            cache_read_tokens: count(record.tokens.cache_read)?,
            cache_write_tokens: count(record.tokens.cache_write)?,
            output_tokens: count(record.tokens.output)?,
            reasoning_tokens: count(record.tokens.reasoning)?,
            cost_nanos: record.cost.map(NanoUsd::nanos),
            own_cost_nanos: own_cost(&attempts).nanos(),
            cost_evidence: evidence(&attempts),
            first_byte_us: record.first_byte_us.map(count).transpose()?,
            overhead_us: count(record.overhead_us)?,
            duration_us: count(record.duration_us)?,
            trace_id: record.trace_id.map(storable),
            dialect: record.dialect.map(storable),
            upstream_dialect: attempts.last().and_then(|attempt| attempt.dialect.clone()),
            dropped: record.dropped.map(storable),
            end_user: record.labels.end_user.map(storable),
            session: record.labels.session.map(storable),
            tags: record.labels.tags.into_iter().map(storable).collect(),
            decision,
            experiment,
            arm,
            attempts,
        })
    }

    /// Adds the caps that the caller gave its session.
    pub fn add_caps_to(&self, caps: &mut Caps) {
        for attempt in &self.attempts {
            let Some(cap) = attempt.session_budget else {
                continue;
            };
            let accounts = attempt.accounts.iter();
            accounts.for_each(|account| caps.add(self.organization_id, account, cap));
        }
    }

    /// Adds what each attempt cost to the accounts it counts on, and what credit pays to the account of the credit.
    pub fn add_to(&self, spent: &mut Spent) {
        for attempt in &self.attempts {
            if let Some(CreditUse { account, charge }) = &attempt.credit {
                spent.add(self.organization_id, self.worker_id, self.epoch, account, *charge);
            }
            for account in &attempt.accounts {
                let cost = attempt.cost.unwrap_or_default();
                spent.add(self.organization_id, self.worker_id, self.epoch, account, cost);
            }
        }
    }
}

/// What prepaid credit pays of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The tenant.
    pub organization: OrganizationId,
    /// The request.
    pub request: Uuid,
    /// Its project.
    pub project: Uuid,
    /// The model that served, or was asked for.
    pub model: String,
    /// More than nothing.
    pub amount: NanoUsd,
}

impl RequestRow {
    /// What prepaid credit pays of it, if anything.
    #[must_use]
    pub fn charge(&self) -> Option<Charge> {
        let charges = self.attempts.iter().filter_map(|attempt| attempt.credit.as_ref());
        let amount: NanoUsd = charges.map(|credit| credit.charge).sum();
        let model = self.model_served.as_ref().unwrap_or(&self.model_requested);
        (amount > NanoUsd::ZERO).then(|| Charge {
            organization: self.organization_id.into(),
            request: self.id,
            project: self.project_id,
            model: model.clone(),
            amount,
        })
    }
}

/// A key that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    /// Which.
    pub key: ApiKeyId,
    /// When, at the latest.
    pub at: OffsetDateTime,
}

/// What an insert really inserted.
#[derive(Debug, Default)]
pub struct Inserted {
    /// The requests.
    pub ids: HashSet<Uuid>,
    /// The keys they used.
    pub uses: Vec<KeyUse>,
}

/// Inserts the rows that are not there yet and adds exactly those to the hourly rollups, in one statement. Rows and rollups are locked in sorted order, so concurrent ingesters cannot
/// deadlock. The partitions must exist.
///
/// # Errors
/// When Postgres refuses; nothing is inserted then.
pub async fn insert(connection: &mut Connection, rows: &[RequestRow]) -> Result<Inserted> {
    let rows = serde_json::to_value(rows).map_err(Error::internal)?;
    let groups = sqlx::query!(
        r#"
        with inserted as (
            insert into requests
            select * from jsonb_populate_recordset(null::requests, $1) order by day, id
            on conflict (day, id) do nothing
            returning *
        ), rolled_up as (
            insert into usage_hourly (
                organization_id, project_id, hour, model, api_key_id, requests, errors,
                input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_nanos,
                own_cost_nanos
            )
            select organization_id, project_id, date_trunc('hour', started_at, 'UTC') as hour,
                   coalesce(model_served, '') as model, api_key_id,
                   count(*), count(*) filter (where outcome not in ('served', 'client_gone')),
                   sum(input_tokens)::bigint, sum(cache_read_tokens)::bigint, sum(cache_write_tokens)::bigint,
                   sum(output_tokens)::bigint, sum(reasoning_tokens)::bigint,
                   coalesce(sum(cost_nanos), 0)::bigint, sum(own_cost_nanos)::bigint
            from inserted
            group by organization_id, project_id, hour, model, api_key_id
            order by project_id, hour, model, api_key_id
            on conflict (project_id, hour, model, api_key_id) do update set
                requests = usage_hourly.requests + excluded.requests,
                errors = usage_hourly.errors + excluded.errors,
                input_tokens = usage_hourly.input_tokens + excluded.input_tokens,
                cache_read_tokens = usage_hourly.cache_read_tokens + excluded.cache_read_tokens,
                cache_write_tokens = usage_hourly.cache_write_tokens + excluded.cache_write_tokens,
                output_tokens = usage_hourly.output_tokens + excluded.output_tokens,
                reasoning_tokens = usage_hourly.reasoning_tokens + excluded.reasoning_tokens,
                cost_nanos = usage_hourly.cost_nanos + excluded.cost_nanos,
                own_cost_nanos = usage_hourly.own_cost_nanos + excluded.own_cost_nanos
        )
        select api_key_id, array_agg(id) as "ids!", max(started_at) as "at!" from inserted group by api_key_id
        "#,
        rows,
    )
    .fetch_all(connection)
    .await?;
    let mut inserted = Inserted::default();
    for group in groups {
        inserted.uses.push(KeyUse {
            key: group.api_key_id.into(),
            at: group.at,
        });
        inserted.ids.extend(group.ids);
    }
    Ok(inserted)
}

/// Which of these projects exist, with their tenants. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn owners(connection: &mut Connection, projects: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        "select id, organization_id from projects where id = any($1)",
        projects
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.organization_id))
        .collect())
}

/// Moves the time of last use of each key forward, where that changes it by seconds: the log is exact, this is a hint
/// for people, and a busy key must not be written with every batch.
///
/// # Errors
/// When Postgres refuses.
pub async fn touch_keys(connection: &mut Connection, uses: &[KeyUse]) -> Result<()> {
    let keys: Vec<Uuid> = uses.iter().map(|one| one.key.as_uuid()).collect();
    let times: Vec<OffsetDateTime> = uses.iter().map(|one| one.at).collect();
    sqlx::query!(
        "with used as (
            select api_keys.id, used.at
            from api_keys join unnest($1::uuid[], $2::timestamptz[]) as used (id, at) using (id)
            where api_keys.last_used_at is null or api_keys.last_used_at < used.at - interval '5 seconds'
            order by api_keys.id for no key update of api_keys
         )
         update api_keys set last_used_at = used.at from used where api_keys.id = used.id",
        &keys,
        &times,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes the partition of `day` if there is none. Returns whether it did.
///
/// # Errors
/// When Postgres refuses.
pub async fn create_partition(connection: &mut Connection, day: Date) -> Result<bool> {
    let made = sqlx::query_scalar!(
        r#"select sluicegate_create_requests_partition($1) as "made!""#,
        day
    );
    Ok(made.fetch_one(connection).await?)
}
