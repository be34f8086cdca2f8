//! Prepaid credit: what an operator books by hand, what tenants ask to pay, and what expires. Nothing here moves money
//! but through the ledger, whose causes make each movement happen once.

use serde_json::json;
use sluicegate_contracts::ids::{LedgerTransferId, TopUpId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::ledger::{Movement, Refused, TransferId};
use sluicegate_service_runtime::ids;
use uuid::Uuid;

use super::Tx;
use crate::codes::Code;
use crate::domain::payments::is_payable;
use crate::error::{Error, Result};
use crate::store::ledger::{OpenBook, Order, Outcome, transfer};
use crate::store::top_ups::{self, Status, TopUp};

/// Most top-ups of an organization that nobody has paid.
const MAX_AWAITING: i64 = 100;
/// The largest payment that is asked for; providers take no larger one.
const LARGEST_PAYMENT: NanoUsd = NanoUsd::from_nanos(999_999_990_000_000);

/// A transfer that was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Its id.
    pub id: LedgerTransferId,
    /// It had been booked before.
    pub is_repeat: bool,
}

/// What an operator books.
#[derive(Debug, Clone)]
pub struct Booking {
    /// The operator's name for this wish, unique within the organization.
    pub key: String,
    /// The movement.
    pub movement: Movement,
    /// Why.
    pub reference: Option<String>,
}

/// What the caller of REST is told when the ledger refuses.
fn refused(refused: Refused) -> Error {
    match refused {
        Refused::Amount => Error::field("/amount", "out_of_range", "Not an amount that can be moved."),
        Refused::Insufficient { available } => Error::new(
            Code::InsufficientCredit,
            format!("Only {available} USD can be taken. The rest is spent, or held for calls."),
        ),
        Refused::UnknownLot => Error::field("/credit", "unknown_credit", "There is no such credit."),
        Refused::NotReversible => Error::field(
            "/transfer",
            "not_reversible",
            "There is no such transfer, or it is not one that can be reversed.",
        ),
        Refused::AlreadyReversed => Error::new(Code::Conflict, "The transfer has been reversed already."),
        Refused::IdReused => Error::new(
            Code::IdempotencyMismatch,
            "Use a new Idempotency-Key for another movement.",
        ),
        Refused::Malformed | Refused::NotPending | Refused::ExceedsPending { .. } => Error::internal(refused),
    }
}

/// A fresh id for a transfer.
pub(super) fn fresh() -> TransferId {
    transfer(ids::fresh::<Uuid>())
}

/// The id of a transfer as people know it.
#[must_use]
pub fn public(id: TransferId) -> LedgerTransferId {
    Uuid::from_u128(id.0).into()
}

/// The id of a transfer as the ledger knows it.
#[must_use]
pub fn known(id: LedgerTransferId) -> TransferId {
    transfer(id.as_uuid())
}

/// Makes one movement on the tenant's book.
///
/// # Errors
/// When Postgres refuses.
pub(super) async fn post(
    tx: &mut Tx,
    key: String,
    movement: Movement,
    reference: Option<String>,
) -> Result<Outcome> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let mut book = OpenBook::lock(tx.connection(), organization, now).await?;
    let order = Order {
        id: fresh(),
        key,
        movement,
        reference,
    };
    book.apply(tx.connection(), order).await
}

/// Books what an operator wishes, at most once.
///
/// # Errors
/// `insufficient_credit`, `idempotency_mismatch`, `validation_failed`, `conflict`.
pub async fn book(tx: &mut Tx, booking: Booking) -> Result<Booked> {
    let key = format!("operator:{}", booking.key);
    let reference = booking.reference.clone();
    let posted = post(tx, key, booking.movement, booking.reference)
        .await?
        .map_err(refused)?;
    let id = public(posted.id);
    if !posted.is_repeat {
        let (action, amount) = described(booking.movement);
        let amount = amount.map(|amount| amount.to_string());
        tx.audit(action, id, &json!({ "amount": amount, "reference": reference }));
    }
    Ok(Booked {
        id,
        is_repeat: posted.is_repeat,
    })
}

/// How the audit trail names a movement.
fn described(movement: Movement) -> (&'static str, Option<NanoUsd>) {
    match movement {
        Movement::TopUp { amount, .. } => ("credit.top_up", Some(amount)),
        Movement::Grant { amount, .. } => ("credit.grant", Some(amount)),
        Movement::Refund { amount, .. } => ("credit.refund", Some(amount)),
        Movement::AdjustUp { amount } => ("credit.adjust_up", Some(amount)),
        Movement::AdjustDown { amount } => ("credit.adjust_down", Some(amount)),
        Movement::Charge { amount } => ("credit.charge", Some(amount)),
        Movement::WriteOff { amount } => ("credit.write_off", Some(amount)),
        Movement::Reserve { amount } => ("credit.reserve", Some(amount)),
        Movement::Settle { used, .. } => ("credit.settle", Some(used)),
        Movement::Expire => ("credit.expire", None),
        Movement::Reverse { .. } => ("credit.reverse", None),
    }
}

/// Asks for a payment. Credit comes when the payment does.
///
/// # Errors
/// `validation_failed`; `conflict` when too many wait for their payment.
pub async fn ask(tx: &mut Tx, amount: NanoUsd) -> Result<TopUp> {
    if !is_payable(amount) || amount > LARGEST_PAYMENT {
        let detail = "Payments are whole cents, from 0.01 to 999999.99 USD.";
        return Err(Error::field("/amount/amount", "out_of_range", detail));
    }
    let organization = tx.organization()?;
    if top_ups::count_awaiting(tx.connection(), organization).await? >= MAX_AWAITING {
        let detail = "A hundred top-ups already wait for their payment; pay one of them.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let top_up = TopUp {
        id: ids::fresh::<TopUpId>(),
        organization,
        amount,
        status: Status::AwaitingPayment,
        payment: None,
        transfer: None,
        refunded: NanoUsd::ZERO,
        created_by: tx.ctx().user(),
        created_at: tx.ctx().now,
        settled_at: None,
    };
    top_ups::insert(tx.connection(), &top_up).await?;
    tx.audit("top_up.ask", top_up.id, &json!({ "amount": amount.to_string() }));
    Ok(top_up)
}

/// Takes what has expired off the tenant's credit. Nothing is booked when nothing has.
///
/// # Errors
/// When Postgres refuses.
pub async fn expire(tx: &mut Tx) -> Result<()> {
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    let mut book = OpenBook::lock(tx.connection(), organization, now).await?;
    let at = crate::domain::instant::millis(now);
    // Asked again under the lock: another process may have been faster.
    let is_over = |expires_at: Option<UnixMillis>| expires_at.is_some_and(|expires_at| expires_at <= at);
    if !book.balances().lots().any(|(lot, _)| is_over(lot.expires_at)) {
        return Ok(());
    }
    let id = fresh();
    let order = Order {
        id,
        key: format!("expire:{}", public(id)),
        movement: Movement::Expire,
        reference: None,
    };
    let posted = book
        .apply(tx.connection(), order)
        .await?
        .map_err(Error::internal)?;
    let expired: NanoUsd = posted.entries.iter().map(|entry| entry.amount).sum();
    tx.audit(
        "credit.expire",
        public(id),
        &json!({ "amount": expired.to_string() }),
    );
    Ok(())
}
