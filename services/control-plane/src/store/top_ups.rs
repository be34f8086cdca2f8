//! Payments for credit that were asked for.

use sluicegate_contracts::ids::{LedgerTransferId, OrganizationId, TopUpId, UserId};
use sluicegate_contracts::money::NanoUsd;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, Lock};
use crate::error::{Error, Result};

/// Where a top-up stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody has paid yet.
    AwaitingPayment,
    /// Paid and credited.
    Paid,
    /// The payment failed.
    Failed,
}

impl Status {
    /// The wire and storage name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting_payment",
            Self::Paid => "paid",
            Self::Failed => "failed",
        }
    }

    fn read(text: &str) -> Result<Self> {
        let all = [Self::AwaitingPayment, Self::Paid, Self::Failed];
        let found = all.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| Error::internal("a top-up with an unknown status"))
    }
}

/// A payment for credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUp {
    /// Its id; the payment carries it.
    pub id: TopUpId,
    /// The tenant.
    pub organization: OrganizationId,
    /// What is to be paid.
    pub amount: NanoUsd,
    /// Where it stands.
    pub status: Status,
    /// The payment at its provider, once it is there.
    pub payment: Option<String>,
    /// The transfer that credited it.
    pub transfer: Option<LedgerTransferId>,
    /// What was paid back of it.
    pub refunded: NanoUsd,
    /// Who asked for it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
    /// When it was paid, or failed.
    pub settled_at: Option<OffsetDateTime>,
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    amount_nanos: i64,
    status: String,
    payment: Option<String>,
    transfer_id: Option<Uuid>,
    refunded_nanos: i64,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
    settled_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for TopUp {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            amount: NanoUsd::from_nanos(row.amount_nanos),
            status: Status::read(&row.status)?,
            payment: row.payment,
            transfer: row.transfer_id.map(LedgerTransferId::from),
            refunded: NanoUsd::from_nanos(row.refunded_nanos),
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
            settled_at: row.settled_at,
        })
    }
}

/// Adds a top-up that nobody has paid yet.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(connection: &mut Connection, top_up: &TopUp) -> Result<()> {
    sqlx::query!(
        "insert into top_ups (id, organization_id, amount_nanos, status, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        top_up.id.as_uuid(),
        top_up.organization.as_uuid(),
        top_up.amount.nanos(),
        top_up.status.as_str(),
        top_up.created_by.map(UserId::as_uuid),
        top_up.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many nobody has paid yet.
///
/// # Errors
/// When Postgres refuses.
pub async fn count_awaiting(connection: &mut Connection, organization: OrganizationId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from top_ups where organization_id = $1 and status = 'awaiting_payment'"#,
        organization.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// The tenant's top-ups, newest first, asked for before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<TopUpId>,
    limit: i64,
) -> Result<Vec<TopUp>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, organization_id, amount_nanos, status, payment, transfer_id, refunded_nanos, created_by, created_at,
            settled_at
         from top_ups where organization_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
        organization.as_uuid(),
        before.map(TopUpId::as_uuid),
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    rows.into_iter().map(TopUp::try_from).collect()
}

/// The top-up with this id; `lock` keeps other writers away to the end of the transaction.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: TopUpId,
    lock: Lock,
) -> Result<Option<TopUp>> {
    if lock == Lock::ForUpdate {
        sqlx::query!("select id from top_ups where id = $1 for update", id.as_uuid())
            .fetch_optional(&mut *connection)
            .await?;
    }
    let row = sqlx::query_as!(
        Row,
        "select id, organization_id, amount_nanos, status, payment, transfer_id, refunded_nanos, created_by, created_at,
            settled_at
         from top_ups where organization_id = $1 and id = $2",
        organization.as_uuid(),
        id.as_uuid(),
    );
    let row = row.fetch_optional(connection).await?;
    row.map(TopUp::try_from).transpose()
}

/// Whose top-up this is. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn owner(connection: &mut Connection, id: TopUpId) -> Result<Option<OrganizationId>> {
    let owner = sqlx::query_scalar!("select organization_id from top_ups where id = $1", id.as_uuid());
    Ok(owner.fetch_optional(connection).await?.map(OrganizationId::from))
}

/// The top-up that this payment paid, and whose it is. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn paid_by(
    connection: &mut Connection,
    provider: &str,
    payment: &str,
) -> Result<Option<(OrganizationId, TopUpId)>> {
    let row = sqlx::query!(
        "select organization_id, id from top_ups where provider = $1 and payment = $2",
        provider,
        payment,
    );
    let row = row.fetch_optional(connection).await?;
    Ok(row.map(|row| (row.organization_id.into(), row.id.into())))
}

/// Notes how a top-up ended, and by which payment.
///
/// # Errors
/// When Postgres refuses, for example because the payment paid another top-up.
pub async fn settle(
    connection: &mut Connection,
    id: TopUpId,
    status: Status,
    payment: Option<(&str, &str)>,
    transfer: Option<LedgerTransferId>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update top_ups set status = $2, provider = $3, payment = $4, transfer_id = $5, settled_at = $6 where id = $1",
        id.as_uuid(),
        status.as_str(),
        payment.map(|(provider, _)| provider),
        payment.map(|(_, payment)| payment),
        transfer.map(LedgerTransferId::as_uuid),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes what was paid back of a top-up in all.
///
/// # Errors
/// When Postgres refuses.
pub async fn refunded(connection: &mut Connection, id: TopUpId, refunded: NanoUsd) -> Result<()> {
    sqlx::query!(
        "update top_ups set refunded_nanos = $2 where id = $1",
        id.as_uuid(),
        refunded.nanos(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
