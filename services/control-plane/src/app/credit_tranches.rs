//! Reserves credit for workers: a pending transfer in the ledger, and the limit of the account that they claim from, in
//! one transaction. So workers can never spend what could also be refunded.

use sluicegate_contracts::config::Entity;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::ledger::{Account, Movement};
use sluicegate_service_runtime::ids;

use super::{Tx, billing};
use crate::domain::credit_tranche::wanted;
use crate::domain::instant::millis;
use crate::error::{Error, Result};
use crate::store::credit_accounts;
use crate::store::ledger::{OpenBook, Order};

/// Reserves what is wanted, and tells workers of the account when it changed.
///
/// # Errors
/// When Postgres refuses.
pub async fn refill(tx: &mut Tx) -> Result<()> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let mut book = OpenBook::lock(tx.connection(), organization, now).await?;
    let available = book.balances().available(millis(now));
    let in_flight = i64::try_from(book.balances().of(Account::InFlight)).map_err(Error::internal)?;
    let amount = wanted(available, NanoUsd::from_nanos(in_flight));
    if amount > NanoUsd::ZERO {
        let id = billing::fresh();
        let order = Order {
            id,
            key: format!("tranche:{}", billing::public(id)),
            movement: Movement::Reserve { amount },
            reference: None,
        };
        book.apply(tx.connection(), order)
            .await?
            .map_err(Error::internal)?;
        credit_accounts::raise(tx.connection(), organization, amount, ids::fresh(), millis(now)).await?;
    }
    let found = credit_accounts::find(tx.connection(), organization).await?;
    let Some(account) = found.filter(|account| !account.is_published) else {
        return Ok(());
    };
    credit_accounts::published(tx.connection(), organization).await?;
    tx.publish(&Entity::Budget(account.published()))
}
