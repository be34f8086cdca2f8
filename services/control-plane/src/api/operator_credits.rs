//! What the operator books on an organization's credit. Each wish has an Idempotency-Key that holds for good: the ledger
//! knows it.

use actix_web::{get, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{LedgerTransferId, OrganizationId, TopUpId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::ledger::Movement;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::billing::is_sold;
use super::billing_shapes::LedgerTransfer;
use super::extract::{Creation, Operator, OperatorFor};
use super::money::{Money, WriteMoney};
use super::reply::Reply;
use crate::app::billing::{Booking, book, known};
use crate::codes::Code;
use crate::domain::instant::millis;
use crate::error::{Error, Result};
use crate::store::credits;
use crate::store::database::Scope;
use crate::store::payment_events::{self, Taken};

/// Longest reference, in characters.
const LONGEST_REFERENCE: usize = 200;
/// Events shown at once.
const EVENTS: i64 = 200;

/// How credit comes.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NewCreditKind {
    /// It was paid for, by a way that the deployment does not hear of.
    Payment,
    /// It is given.
    Promo,
}

/// Credit to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddCredit {
    /// How it comes.
    kind: NewCreditKind,
    /// How much.
    amount: WriteMoney,
    /// From when what is left cannot be used any more; it does not expire when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// What it is for, such as the number of an invoice.
    reference: Option<String>,
}

/// Credit to pay back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundCredit {
    /// Which part of the credit.
    #[schema(value_type = String, example = "led_01jd0000000000000000000000")]
    credit: LedgerTransferId,
    /// How much of it. What is used or held for calls cannot be refunded.
    amount: WriteMoney,
    /// Why.
    reference: Option<String>,
}

/// A correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdjustCredit {
    /// How much; below zero to take credit away.
    amount: WriteMoney,
    /// Why.
    reference: String,
}

/// A transfer to undo.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReverseTransfer {
    /// Which. Holds and settlements cannot be undone.
    #[schema(value_type = String, example = "led_01jd0000000000000000000000")]
    transfer: LedgerTransferId,
    /// Why.
    reference: String,
}

fn amount(written: &WriteMoney) -> Result<NanoUsd> {
    let parsed: std::result::Result<NanoUsd, _> = written.amount.parse();
    parsed.map_err(|_| Error::field("/amount/amount", "invalid", "Not an amount of money."))
}

/// More than nothing.
fn positive(written: &WriteMoney) -> Result<NanoUsd> {
    let amount = amount(written)?;
    if amount > NanoUsd::ZERO {
        Ok(amount)
    } else {
        let detail = "The amount is more than nothing.";
        Err(Error::field("/amount/amount", "out_of_range", detail))
    }
}

fn reference(text: Option<String>) -> Result<Option<String>> {
    let is_fine = |text: &String| {
        let length = text.chars().count();
        (1..=LONGEST_REFERENCE).contains(&length) && !text.chars().any(char::is_control)
    };
    if text.as_ref().is_none_or(is_fine) {
        Ok(text)
    } else {
        let detail = "A reference has 1 to 200 characters, none of them a control character.";
        Err(Error::field("/reference", "invalid", detail))
    }
}

/// What is booked, as it stands in the ledger.
async fn booked(
    operator: OperatorFor,
    key: Option<String>,
    movement: Movement,
    reference: Option<String>,
) -> Result<Reply> {
    let key = key.ok_or_else(|| {
        let detail = "Send an Idempotency-Key, so that a repeat moves no money.";
        Error::new(Code::InvalidRequest, detail)
    })?;
    let organization = operator.organization;
    let booking = Booking {
        key,
        movement,
        reference,
    };
    let written = operator.caller.write(move |tx| {
        async move {
            let booked = book(tx, booking).await?;
            let transfer = credits::transfer(tx.connection(), organization, booked.id).await?;
            Ok((booked, transfer.ok_or_else(Error::not_found)?))
        }
        .boxed()
    });
    let written = written.await?;
    let (booked, transfer) = written.value;
    let location = format!("/api/v1/organizations/{organization}/ledger");
    let reply = Reply::created(location, &LedgerTransfer::of(transfer))?.at_version(written.version);
    Ok(if booked.is_repeat { reply.replayed() } else { reply })
}

/// Add credit
#[utoipa::path(
    operation_id = "add_credit", tag = "operator", request_body = AddCredit,
    params(
        ("org" = String, Path, description = "Id of the organization"),
        ("Idempotency-Key" = String, Header, description = "Moves money at most once per key, for good"),
    ),
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 201, description = "Booked", body = LedgerTransfer))
)]
#[post("/operator/organizations/{org}/credits")]
pub(super) async fn add_credit(operator: OperatorFor, body: Creation<AddCredit>) -> Result<Reply> {
    is_sold(&operator.caller.state)?;
    let (once, body) = body.checked()?;
    let amount = positive(&body.amount)?;
    let expires_at = body.expires_at.map(millis);
    if expires_at.is_some_and(|at| at <= millis(operator.caller.ctx.now)) {
        let detail = "Credit expires in the future, or never.";
        return Err(Error::field("/expires_at", "out_of_range", detail));
    }
    let movement = match body.kind {
        NewCreditKind::Payment => Movement::TopUp { amount, expires_at },
        NewCreditKind::Promo => Movement::Grant { amount, expires_at },
    };
    booked(operator, once.key, movement, reference(body.reference)?).await
}

/// Refund credit
///
/// Refused with `insufficient_credit` for more than is neither used nor held. The money itself is paid back elsewhere.
#[utoipa::path(
    operation_id = "refund_credit", tag = "operator", request_body = RefundCredit,
    params(
        ("org" = String, Path, description = "Id of the organization"),
        ("Idempotency-Key" = String, Header, description = "Moves money at most once per key, for good"),
    ),
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 201, description = "Booked", body = LedgerTransfer))
)]
#[post("/operator/organizations/{org}/refunds")]
pub(super) async fn refund_credit(operator: OperatorFor, body: Creation<RefundCredit>) -> Result<Reply> {
    is_sold(&operator.caller.state)?;
    let (once, body) = body.checked()?;
    let movement = Movement::Refund {
        lot: known(body.credit),
        amount: positive(&body.amount)?,
    };
    booked(operator, once.key, movement, reference(body.reference)?).await
}

/// Correct credit
#[utoipa::path(
    operation_id = "adjust_credit", tag = "operator", request_body = AdjustCredit,
    params(
        ("org" = String, Path, description = "Id of the organization"),
        ("Idempotency-Key" = String, Header, description = "Moves money at most once per key, for good"),
    ),
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 201, description = "Booked", body = LedgerTransfer))
)]
#[post("/operator/organizations/{org}/adjustments")]
pub(super) async fn adjust_credit(operator: OperatorFor, body: Creation<AdjustCredit>) -> Result<Reply> {
    is_sold(&operator.caller.state)?;
    let (once, body) = body.checked()?;
    let written = amount(&body.amount)?;
    let movement = match written.nanos() {
        0 => {
            let detail = "A correction changes something.";
            return Err(Error::field("/amount/amount", "out_of_range", detail));
        }
        nanos if nanos < 0 => Movement::AdjustDown {
            amount: NanoUsd::from_nanos(-nanos),
        },
        _ => Movement::AdjustUp { amount: written },
    };
    booked(operator, once.key, movement, reference(Some(body.reference))?).await
}

/// Undo a transfer
#[utoipa::path(
    operation_id = "reverse_transfer", tag = "operator", request_body = ReverseTransfer,
    params(
        ("org" = String, Path, description = "Id of the organization"),
        ("Idempotency-Key" = String, Header, description = "Moves money at most once per key, for good"),
    ),
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 201, description = "Booked", body = LedgerTransfer))
)]
#[post("/operator/organizations/{org}/reversals")]
pub(super) async fn reverse_transfer(
    operator: OperatorFor,
    body: Creation<ReverseTransfer>,
) -> Result<Reply> {
    is_sold(&operator.caller.state)?;
    let (once, body) = body.checked()?;
    let movement = Movement::Reverse {
        transfer: known(body.transfer),
    };
    booked(operator, once.key, movement, reference(Some(body.reference))?).await
}

/// An event of a payment provider that was taken.
#[derive(Serialize, ToSchema)]
struct PaymentEvent {
    /// Who sent it.
    provider: String,
    /// Its id there.
    event_id: String,
    /// What it says, in the provider's words.
    #[schema(example = "checkout.session.completed")]
    kind: String,
    /// What became of it.
    #[schema(example = "credited")]
    outcome: String,
    /// The organization whose top-up it is about.
    #[schema(value_type = Option<String>, required = true)]
    organization: Option<OrganizationId>,
    /// The top-up.
    #[schema(value_type = Option<String>, required = true)]
    top_up: Option<TopUpId>,
    /// The payment at the provider.
    #[schema(required = true)]
    payment: Option<String>,
    /// What of a refund could not be booked, because the credit was used.
    short: Money,
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    received_at: OffsetDateTime,
}

/// The latest events of payment providers.
#[derive(Serialize, ToSchema)]
struct PaymentEvents {
    /// The events, newest first, at most 200.
    data: Vec<PaymentEvent>,
}

impl From<Taken> for PaymentEvent {
    fn from(taken: Taken) -> Self {
        Self {
            provider: taken.provider,
            event_id: taken.event,
            kind: taken.kind,
            outcome: taken.outcome,
            organization: taken.organization,
            top_up: taken.top_up,
            payment: taken.payment,
            short: taken.short.into(),
            received_at: taken.received_at,
        }
    }
}

/// List payment events
///
/// Those with the outcomes `unmatched`, `amount_mismatch`, `paid_twice` and `refunded_short` wait for the operator: money
/// moved at the provider, and the credit does not say so.
#[utoipa::path(
    operation_id = "list_payment_events", tag = "operator",
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 200, description = "The latest events", body = PaymentEvents))
)]
#[get("/operator/payment-events")]
pub(super) async fn list_payment_events(operator: Operator) -> Result<Reply> {
    is_sold(&operator.state)?;
    let found = operator
        .state
        .within(Scope::System, |connection| {
            payment_events::latest(connection, EVENTS).boxed()
        })
        .await?;
    let data = found.into_iter().map(PaymentEvent::from).collect();
    Reply::ok(&PaymentEvents { data })
}
