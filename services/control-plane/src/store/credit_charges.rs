//! What usage is charged to prepaid credit: booked in the transaction that inserts the records, from what it really
//! inserted, one batch of an organization at a time.

use std::collections::BTreeMap;

use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::ledger::{Movement, TransferId, charge};
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;
use uuid::Uuid;

use super::ledger::{OpenBook, Order, transfer, uuid};
use super::usage_records::Charge;
use super::{Connection, credit_accounts};
use crate::domain::instant::millis;
use crate::error::{Error, Result};

/// Books charges. Books are locked in the order of their ids, so that concurrent ingesters cannot deadlock. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn book(connection: &mut Connection, charges: Vec<Charge>, now: OffsetDateTime) -> Result<()> {
    let mut by_organization: BTreeMap<OrganizationId, Vec<Charge>> = BTreeMap::new();
    for charge in charges {
        by_organization
            .entry(charge.organization)
            .or_default()
            .push(charge);
    }
    for (organization, charges) in by_organization {
        let mut book = OpenBook::lock(connection, organization, now).await?;
        let sum = charges.iter().map(|charge| charge.amount).sum();
        let movements = charge::movements(book.balances(), sum, millis(now));
        let (mut first, mut beyond) = (None, 0_i64);
        for movement in movements {
            if let Movement::Charge { amount } | Movement::WriteOff { amount } = movement {
                beyond = beyond.saturating_add(amount.nanos());
            }
            let id = post(connection, &mut book, movement).await?;
            first.get_or_insert(id);
        }
        if let Some(transfer) = first {
            insert(connection, organization, transfer, &charges, now).await?;
        }
        if beyond > 0 {
            // It counts on the account, and must not be paid for again by what is reserved later.
            let beyond = NanoUsd::from_nanos(beyond);
            credit_accounts::allow_overrun(connection, organization, beyond).await?;
        }
    }
    Ok(())
}

async fn post(connection: &mut Connection, book: &mut OpenBook, movement: Movement) -> Result<TransferId> {
    let id = transfer(ids::fresh::<Uuid>());
    let order = Order {
        id,
        // The records themselves are inserted once, and this goes with them.
        key: format!("usage:{}", uuid(id)),
        movement,
        reference: None,
    };
    let posted = book.apply(connection, order).await?;
    Ok(posted.map_err(Error::internal)?.id)
}

async fn insert(
    connection: &mut Connection,
    organization: OrganizationId,
    transfer: TransferId,
    charges: &[Charge],
    now: OffsetDateTime,
) -> Result<()> {
    let requests: Vec<Uuid> = charges.iter().map(|charge| charge.request).collect();
    let projects: Vec<Uuid> = charges.iter().map(|charge| charge.project).collect();
    let models: Vec<String> = charges.iter().map(|charge| charge.model.clone()).collect();
    let amounts: Vec<i64> = charges.iter().map(|charge| charge.amount.nanos()).collect();
    sqlx::query!(
        "insert into credit_charges
            (organization_id, request_id, project_id, model, charge_nanos, transfer_id, charged_at)
         select $1, request_id, project_id, model, amount, $2, $3
         from unnest($4::uuid[], $5::uuid[], $6::text[], $7::bigint[]) as charge (request_id, project_id, model, amount)",
        organization.as_uuid(),
        uuid(transfer),
        now,
        &requests,
        &projects,
        &models,
        &amounts,
    )
    .execute(connection)
    .await?;
    Ok(())
}
