//! Prepaid credit, read: how the book stands, its lots, its transfers, and what they add up to in a period.

use sluicegate_contracts::ids::{LedgerTransferId, OrganizationId, ProjectId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::ledger::{Account, Movement};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use super::ledger_rows::{self, Columns};
use crate::domain::instant::millis;
use crate::error::Result;

/// How an organization's book stands; all zero for one that was never written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Credit that nothing is reserved from, without what has expired.
    pub available: NanoUsd,
    /// Expired, and not taken off the books yet.
    pub expired: NanoUsd,
    /// Reserved for calls.
    pub held: NanoUsd,
    /// Received, given, and corrected upwards and downwards, less what was paid back or has expired: all there ever was to spend.
    pub granted: NanoUsd,
    /// Used.
    pub used: NanoUsd,
}

/// How the book stands at `now`.
///
/// # Errors
/// When Postgres refuses.
pub async fn standing(
    connection: &mut Connection,
    organization: OrganizationId,
    now: OffsetDateTime,
) -> Result<Standing> {
    let rows = sqlx::query!(
        "select account, balance_nanos from ledger_accounts where organization_id = $1",
        organization.as_uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut standing = Standing::default();
    let mut credit = 0;
    for row in rows {
        let balance = NanoUsd::from_nanos(row.balance_nanos);
        match ledger_rows::account(&row.account)? {
            Account::Credit => credit = row.balance_nanos,
            Account::InFlight => standing.held = balance,
            Account::Revenue => standing.used = balance,
            Account::Payments
            | Account::Promo
            | Account::Expired
            | Account::Refunds
            | Account::Adjustments => {}
        }
    }
    let expired = sqlx::query_scalar!(
        r#"select coalesce(sum(left_nanos), 0)::bigint as "expired!" from credit_lots
         where organization_id = $1 and left_nanos > 0 and expires_at <= $2"#,
        organization.as_uuid(),
        millis(now).get(),
    )
    .fetch_one(connection)
    .await?;
    standing.expired = NanoUsd::from_nanos(expired);
    standing.available = NanoUsd::from_nanos(credit - expired);
    let parts = [standing.available, standing.held, standing.used];
    standing.granted = parts.into_iter().sum();
    Ok(standing)
}

/// A part of the credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// The transfer that brought it.
    pub id: LedgerTransferId,
    /// What it is: `top_up`, `grant`, `adjust_up`.
    pub kind: String,
    /// How much it was.
    pub amount: NanoUsd,
    /// How much is left, without what is reserved of it.
    pub left: NanoUsd,
    /// How much of it is reserved for calls.
    pub held: NanoUsd,
    /// From when it cannot be used any more.
    pub expires_at: Option<UnixMillis>,
    /// What people call its cause.
    pub reference: Option<String>,
    /// When it came.
    pub made_at: OffsetDateTime,
    /// Its place in the book.
    pub number: i64,
}

/// Lots, newest first, that came before the transfer with this number.
///
/// # Errors
/// When Postgres refuses.
pub async fn lots(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Lot>> {
    let rows = sqlx::query!(
        r#"select transfer.id, kind, amount_nanos as "amount!", left_nanos, lot.expires_at, reference, made_at, number,
            (select coalesce(sum(pending.amount_nanos), 0)::bigint from ledger_pendings pending
             where pending.organization_id = $1 and pending.lot_id = lot.id) as "held!"
         from credit_lots lot join ledger_transfers transfer
            on transfer.organization_id = lot.organization_id and transfer.id = lot.id
         where lot.organization_id = $1 and ($2::bigint is null or number < $2)
         order by number desc limit $3"#,
        organization.as_uuid(),
        before,
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    let lots = rows.into_iter().map(|row| Lot {
        id: row.id.into(),
        kind: row.kind,
        amount: NanoUsd::from_nanos(row.amount),
        left: NanoUsd::from_nanos(row.left_nanos),
        held: NanoUsd::from_nanos(row.held),
        expires_at: row.expires_at.map(UnixMillis::new),
        reference: row.reference,
        made_at: row.made_at,
        number: row.number,
    });
    Ok(lots.collect())
}

/// A transfer as it stands in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: LedgerTransferId,
    /// Its place, from 1 without gaps.
    pub number: i64,
    /// What it was.
    pub movement: Movement,
    /// What the credit came to by it.
    pub credit_change: NanoUsd,
    /// What is reserved came to by it.
    pub held_change: NanoUsd,
    /// The credit afterwards.
    pub credit: NanoUsd,
    /// What was reserved afterwards.
    pub held: NanoUsd,
    /// What people call its cause.
    pub reference: Option<String>,
    /// How many requests it bills.
    pub requests: i64,
    /// The one it bills, if it is one.
    pub request: Option<RequestId>,
    /// When it was made.
    pub made_at: OffsetDateTime,
}

/// Transfers, newest first, that came before the one with this number.
///
/// # Errors
/// When Postgres refuses.
pub async fn transfers(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Transfer>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, number, kind, amount_nanos, expires_at, refers_to, carries, credit_change_nanos,
            in_flight_change_nanos, credit_nanos, in_flight_nanos, reference, made_at,
            coalesce(cardinality(charges.requests), 0)::bigint as "requests!", charges.requests[1] as request
         from ledger_transfers left join lateral (
            select array_agg(request_id) as requests from credit_charges
            where credit_charges.organization_id = $1 and transfer_id = ledger_transfers.id
         ) charges on true
         where organization_id = $1 and ($2::bigint is null or number < $2)
         order by number desc limit $3"#,
        organization.as_uuid(),
        before,
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    rows.into_iter().map(Transfer::try_from).collect()
}

/// The transfer with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn transfer(
    connection: &mut Connection,
    organization: OrganizationId,
    id: LedgerTransferId,
) -> Result<Option<Transfer>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, number, kind, amount_nanos, expires_at, refers_to, carries, credit_change_nanos,
            in_flight_change_nanos, credit_nanos, in_flight_nanos, reference, made_at,
            coalesce(cardinality(charges.requests), 0)::bigint as "requests!", charges.requests[1] as request
         from ledger_transfers left join lateral (
            select array_agg(request_id) as requests from credit_charges
            where credit_charges.organization_id = $1 and transfer_id = ledger_transfers.id
         ) charges on true
         where organization_id = $1 and id = $2"#,
        organization.as_uuid(),
        id.as_uuid(),
    );
    row.fetch_optional(connection)
        .await?
        .map(Transfer::try_from)
        .transpose()
}

struct Row {
    id: Uuid,
    number: i64,
    kind: String,
    amount_nanos: Option<i64>,
    expires_at: Option<i64>,
    refers_to: Option<Uuid>,
    carries: bool,
    credit_change_nanos: i64,
    in_flight_change_nanos: i64,
    credit_nanos: i64,
    in_flight_nanos: i64,
    reference: Option<String>,
    made_at: OffsetDateTime,
    requests: i64,
    request: Option<Uuid>,
}

impl TryFrom<Row> for Transfer {
    type Error = crate::error::Error;

    fn try_from(row: Row) -> Result<Self> {
        let columns = Columns {
            kind: row.kind,
            amount: row.amount_nanos,
            expires_at: row.expires_at,
            refers_to: row.refers_to,
            carries: row.carries,
        };
        Ok(Self {
            id: row.id.into(),
            number: row.number,
            movement: columns.movement()?,
            credit_change: NanoUsd::from_nanos(row.credit_change_nanos),
            held_change: NanoUsd::from_nanos(row.in_flight_change_nanos),
            credit: NanoUsd::from_nanos(row.credit_nanos),
            held: NanoUsd::from_nanos(row.in_flight_nanos),
            reference: row.reference,
            requests: row.requests,
            request: row.request.filter(|_| row.requests == 1).map(RequestId::from),
            made_at: row.made_at,
        })
    }
}

/// What transfers of one kind came to in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The kind, as stored.
    pub kind: String,
    /// How many.
    pub count: i64,
    /// What the balance (credit and what is reserved) came to by them.
    pub change: NanoUsd,
}

/// The balance before an instant: credit and what is reserved together.
///
/// # Errors
/// When Postgres refuses.
pub async fn balance_before(
    connection: &mut Connection,
    organization: OrganizationId,
    at: OffsetDateTime,
) -> Result<NanoUsd> {
    let last = sqlx::query_scalar!(
        r#"select credit_nanos + in_flight_nanos as "balance!" from ledger_transfers
         where organization_id = $1 and made_at < $2 order by number desc limit 1"#,
        organization.as_uuid(),
        at,
    );
    let last = last.fetch_optional(connection).await?;
    Ok(NanoUsd::from_nanos(last.unwrap_or(0)))
}

/// What was booked from one instant until before another, by kind.
///
/// # Errors
/// When Postgres refuses.
pub async fn sums(
    connection: &mut Connection,
    organization: OrganizationId,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<Sum>> {
    let rows = sqlx::query!(
        r#"select kind, count(*) as "count!",
            sum(credit_change_nanos + in_flight_change_nanos)::bigint as "change!"
         from ledger_transfers where organization_id = $1 and made_at >= $2 and made_at < $3
         group by kind order by kind"#,
        organization.as_uuid(),
        from,
        until,
    );
    let rows = rows.fetch_all(connection).await?;
    let sums = rows.into_iter().map(|row| Sum {
        kind: row.kind,
        count: row.count,
        change: NanoUsd::from_nanos(row.change),
    });
    Ok(sums.collect())
}

/// What a model was charged for in a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    /// The project.
    pub project: ProjectId,
    /// The model.
    pub model: String,
    /// How many requests.
    pub requests: i64,
    /// The sum.
    pub charge: NanoUsd,
}

/// What was charged from one instant until before another, by project and model.
///
/// # Errors
/// When Postgres refuses.
pub async fn charged(
    connection: &mut Connection,
    organization: OrganizationId,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<Charged>> {
    let rows = sqlx::query!(
        r#"select project_id, model, count(*) as "requests!", sum(charge_nanos)::bigint as "charge!"
         from credit_charges where organization_id = $1 and charged_at >= $2 and charged_at < $3
         group by project_id, model order by project_id, model"#,
        organization.as_uuid(),
        from,
        until,
    );
    let rows = rows.fetch_all(connection).await?;
    let charged = rows.into_iter().map(|row| Charged {
        project: row.project_id.into(),
        model: row.model,
        requests: row.requests,
        charge: NanoUsd::from_nanos(row.charge),
    });
    Ok(charged.collect())
}

/// Organizations with credit that has expired and is still on their books. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn expiring(
    connection: &mut Connection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<OrganizationId>> {
    let ids = sqlx::query_scalar!(
        "select distinct organization_id from credit_lots
         where left_nanos > 0 and expires_at is not null and expires_at <= $1 order by organization_id limit $2",
        millis(now).get(),
        limit,
    );
    let ids = ids.fetch_all(connection).await?;
    Ok(ids.into_iter().map(OrganizationId::from).collect())
}
