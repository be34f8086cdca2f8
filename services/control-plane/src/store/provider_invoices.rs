//! What providers billed, as organizations uploaded it, and what was recorded of the same days.

use sluicegate_contracts::ids::{ConnectionId, OrganizationId, ProviderInvoiceId, UserId};
use sluicegate_contracts::money::NanoUsd;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Connection;
use crate::domain::provider_invoice::{Lines, Recorded};
use crate::error::Result;

/// What a provider billed.
#[derive(Debug, Clone)]
pub struct ProviderInvoice {
    /// Its id.
    pub id: ProviderInvoiceId,
    /// The tenant.
    pub organization: OrganizationId,
    /// Who billed.
    pub provider: String,
    /// The account it is of, if one is named.
    pub connection: Option<ConnectionId>,
    /// What people call it.
    pub name: String,
    /// Its first and last day.
    pub days: (Date, Date),
    /// The sum of its lines.
    pub total: NanoUsd,
    /// Who uploaded it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

/// Adds an invoice with its lines.
///
/// # Errors
/// When Postgres refuses.
pub async fn insert(connection: &mut Connection, invoice: &ProviderInvoice, lines: &Lines) -> Result<()> {
    sqlx::query!(
        "insert into provider_invoices (id, organization_id, provider, connection_id, name, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        invoice.id.as_uuid(),
        invoice.organization.as_uuid(),
        invoice.provider,
        invoice.connection.map(ConnectionId::as_uuid),
        invoice.name,
        invoice.created_by.map(UserId::as_uuid),
        invoice.created_at,
    )
    .execute(&mut *connection)
    .await?;
    let days: Vec<Date> = lines.keys().map(|(day, _)| *day).collect();
    let models: Vec<String> = lines.keys().map(|(_, model)| model.clone()).collect();
    let amounts: Vec<i64> = lines.values().map(|amount| amount.nanos()).collect();
    sqlx::query!(
        "insert into provider_invoice_lines (organization_id, invoice_id, day, model, amount_nanos)
         select $1, $2, * from unnest($3::date[], $4::text[], $5::bigint[])",
        invoice.organization.as_uuid(),
        invoice.id.as_uuid(),
        &days,
        &models,
        &amounts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    provider: String,
    connection_id: Option<Uuid>,
    name: String,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
    first: Date,
    last: Date,
    total: i64,
}

impl From<Row> for ProviderInvoice {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            provider: row.provider,
            connection: row.connection_id.map(ConnectionId::from),
            name: row.name,
            days: (row.first, row.last),
            total: NanoUsd::from_nanos(row.total),
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
        }
    }
}

/// How many there are.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection, organization: OrganizationId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from provider_invoices where organization_id = $1"#,
        organization.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// The tenant's invoices, newest first, uploaded before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<ProviderInvoiceId>,
    limit: i64,
) -> Result<Vec<ProviderInvoice>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, invoice.organization_id, provider, connection_id, name, created_by, created_at,
            min(day) as "first!", max(day) as "last!", sum(amount_nanos)::bigint as "total!"
         from provider_invoices invoice join provider_invoice_lines on invoice_id = id
         where invoice.organization_id = $1 and ($2::uuid is null or id < $2)
         group by id order by id desc limit $3"#,
        organization.as_uuid(),
        before.map(ProviderInvoiceId::as_uuid),
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(ProviderInvoice::from).collect())
}

/// The invoice with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: ProviderInvoiceId,
) -> Result<Option<ProviderInvoice>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, invoice.organization_id, provider, connection_id, name, created_by, created_at,
            min(day) as "first!", max(day) as "last!", sum(amount_nanos)::bigint as "total!"
         from provider_invoices invoice join provider_invoice_lines on invoice_id = id
         where invoice.organization_id = $1 and id = $2 group by id"#,
        organization.as_uuid(),
        id.as_uuid(),
    );
    let row = row.fetch_optional(connection).await?;
    Ok(row.map(ProviderInvoice::from))
}

/// The lines of an invoice.
///
/// # Errors
/// When Postgres refuses.
pub async fn lines(
    connection: &mut Connection,
    id: ProviderInvoiceId,
) -> Result<Vec<((Date, String), NanoUsd)>> {
    let rows = sqlx::query!(
        "select day, model, amount_nanos from provider_invoice_lines where invoice_id = $1",
        id.as_uuid(),
    );
    let rows = rows.fetch_all(connection).await?;
    let lines = rows
        .into_iter()
        .map(|row| ((row.day, row.model), NanoUsd::from_nanos(row.amount_nanos)));
    Ok(lines.collect())
}

/// What was recorded on the days of an invoice at its provider over the tenant's own accounts: what credit paid for is
/// billed to the host.
///
/// # Errors
/// When Postgres refuses.
pub async fn recorded(
    connection: &mut Connection,
    invoice: &ProviderInvoice,
) -> Result<Vec<((Date, String), Recorded)>> {
    let (first, last) = invoice.days;
    let rows = sqlx::query!(
        r#"select day, attempt ->> 'upstream_model' as "model!", count(*) as "attempts!",
            sum((attempt ->> 'cost')::bigint)::bigint as "cost!",
            coalesce(sum((attempt ->> 'cost')::bigint)
                filter (where attempt ->> 'evidence' <> 'reported'), 0)::bigint as "unsure!"
         from requests cross join lateral jsonb_array_elements(attempts) attempt
         where organization_id = $1 and day between $2 and $3 and attempt ->> 'provider' = $4
            and (attempt ->> 'cost')::bigint > 0 and attempt -> 'credit' is null
            and ($5::text is null or attempt ->> 'connection' = $5)
         group by 1, 2"#,
        invoice.organization.as_uuid(),
        first,
        last,
        invoice.provider,
        invoice.connection.map(|connection| connection.to_string()),
    );
    let rows = rows.fetch_all(connection).await?;
    let recorded = rows.into_iter().map(|row| {
        let recorded = Recorded {
            attempts: row.attempts,
            cost: NanoUsd::from_nanos(row.cost),
            unsure: NanoUsd::from_nanos(row.unsure),
        };
        ((row.day, row.model), recorded)
    });
    Ok(recorded.collect())
}

/// Forgets an invoice; false when there is none.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(
    connection: &mut Connection,
    organization: OrganizationId,
    id: ProviderInvoiceId,
) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from provider_invoices where organization_id = $1 and id = $2",
        organization.as_uuid(),
        id.as_uuid(),
    );
    Ok(deleted.execute(connection).await?.rows_affected() > 0)
}
