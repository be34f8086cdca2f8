//! How a book of prepaid credit stands: accounts, lots that something is left of or pending from, and open pendings.

use std::collections::BTreeMap;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::ledger::{Balances, Lot, Parts, TransferId};
use uuid::Uuid;

use super::ledger::transfer;
use super::{Connection, ledger_rows};
use crate::error::Result;

const fn nano(nanos: i64) -> NanoUsd {
    NanoUsd::from_nanos(nanos)
}

pub(super) fn lot(id: Uuid, expires_at: Option<i64>) -> Lot {
    Lot {
        id: transfer(id),
        expires_at: expires_at.map(UnixMillis::new),
    }
}

/// What a book stands at. Who goes on to write holds the lock on it.
///
/// # Errors
/// When Postgres refuses.
pub async fn balances(connection: &mut Connection, organization: Uuid) -> Result<Balances> {
    let accounts = sqlx::query!(
        "select account, balance_nanos from ledger_accounts where organization_id = $1",
        organization,
    )
    .fetch_all(&mut *connection)
    .await?;
    let lots = sqlx::query!(
        "select id, expires_at, left_nanos from credit_lots
         where organization_id = $1 and (left_nanos > 0 or exists (
            select from ledger_pendings
            where ledger_pendings.organization_id = $1 and ledger_pendings.lot_id = credit_lots.id
         ))",
        organization,
    )
    .fetch_all(&mut *connection)
    .await?;
    let parts = sqlx::query!(
        "select pending_id, lot_id, expires_at, amount_nanos
         from ledger_pendings join credit_lots
            on credit_lots.organization_id = ledger_pendings.organization_id and credit_lots.id = lot_id
         where ledger_pendings.organization_id = $1 order by pending_id, place",
        organization,
    )
    .fetch_all(connection)
    .await?;
    let mut open: BTreeMap<TransferId, Parts> = BTreeMap::new();
    for part in parts {
        open.entry(transfer(part.pending_id))
            .or_default()
            .push((lot(part.lot_id, part.expires_at), nano(part.amount_nanos)));
    }
    let accounts = accounts
        .iter()
        .map(|row| Ok((ledger_rows::account(&row.account)?, i128::from(row.balance_nanos))))
        .collect::<Result<Vec<_>>>()?;
    let lots = lots
        .into_iter()
        .map(|row| (lot(row.id, row.expires_at), nano(row.left_nanos)));
    Ok(Balances::restored(accounts, lots, open))
}
