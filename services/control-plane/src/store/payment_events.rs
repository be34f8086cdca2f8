//! Events of payment providers, each taken once.

use sluicegate_contracts::ids::{OrganizationId, TopUpId};
use sluicegate_contracts::money::NanoUsd;
use time::OffsetDateTime;

use super::Connection;
use crate::error::Result;

/// An event that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Who sent it.
    pub provider: String,
    /// Its id there.
    pub event: String,
    /// The tenant whose top-up it is about, if there is one.
    pub organization: Option<OrganizationId>,
    /// What it says, in the provider's words.
    pub kind: String,
    /// The top-up.
    pub top_up: Option<TopUpId>,
    /// The payment at the provider.
    pub payment: Option<String>,
    /// What became of it.
    pub outcome: String,
    /// What of a refund the credit could not cover.
    pub short: NanoUsd,
    /// When it came.
    pub received_at: OffsetDateTime,
}

/// Whether an event was taken before. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn is_known(connection: &mut Connection, provider: &str, event: &str) -> Result<bool> {
    let known = sqlx::query_scalar!(
        r#"select exists (select from payment_events where provider = $1 and event_id = $2) as "known!""#,
        provider,
        event,
    );
    Ok(known.fetch_one(connection).await?)
}

/// Notes an event; false when it was taken before, also by a transaction at the same time.
///
/// # Errors
/// When Postgres refuses.
pub async fn take(connection: &mut Connection, event: &Taken) -> Result<bool> {
    let inserted = sqlx::query!(
        "insert into payment_events
            (provider, event_id, organization_id, kind, top_up_id, payment, outcome, short_nanos, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        event.provider,
        event.event,
        event.organization.map(OrganizationId::as_uuid),
        event.kind,
        event.top_up.map(TopUpId::as_uuid),
        event.payment,
        event.outcome,
        event.short.nanos(),
        event.received_at,
    );
    Ok(inserted.execute(connection).await?.rows_affected() > 0)
}

/// The latest events, newest first. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn latest(connection: &mut Connection, limit: i64) -> Result<Vec<Taken>> {
    let rows = sqlx::query!(
        "select provider, event_id, organization_id, kind, top_up_id, payment, outcome, short_nanos, received_at
         from payment_events order by received_at desc, event_id limit $1",
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    let events = rows.into_iter().map(|row| Taken {
        provider: row.provider,
        event: row.event_id,
        organization: row.organization_id.map(OrganizationId::from),
        kind: row.kind,
        top_up: row.top_up_id.map(TopUpId::from),
        payment: row.payment,
        outcome: row.outcome,
        short: NanoUsd::from_nanos(row.short_nanos),
        received_at: row.received_at,
    });
    Ok(events.collect())
}
