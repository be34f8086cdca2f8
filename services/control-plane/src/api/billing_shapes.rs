//! How prepaid credit looks in REST.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{LedgerTransferId, ProjectId, RequestId, TopUpId, UserId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::ledger::{Movement, Rest};
use time::OffsetDateTime;
use url::Url;
use utoipa::ToSchema;

use super::money::{Money, WriteMoney};
use crate::app::billing::public;
use crate::domain::instant::calendar;
use crate::store::credits::{self, Standing};
use crate::store::top_ups;

/// An organization's prepaid credit.
#[derive(Serialize, ToSchema)]
pub(super) struct Billing {
    /// All credit that is not used: what is available and what is held.
    balance: Money,
    /// Reserved for calls; what they do not use comes back.
    held: Money,
    /// Neither used nor held.
    available: Money,
    /// All there ever was to use: paid, given and corrected, less what was paid back or has expired.
    total_credits: Money,
    /// What of it was used.
    total_used: Money,
    /// Whether top-ups can be paid in this deployment.
    accepts_payments: bool,
}

impl Billing {
    pub(super) fn of(standing: Standing, accepts_payments: bool) -> Self {
        let balance: NanoUsd = [standing.available, standing.held].into_iter().sum();
        Self {
            balance: balance.into(),
            held: standing.held.into(),
            available: standing.available.into(),
            total_credits: standing.granted.into(),
            total_used: standing.used.into(),
            accepts_payments,
        }
    }
}

/// How credit came.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CreditKind {
    /// Paid for.
    TopUp,
    /// Given.
    Grant,
    /// A correction.
    Adjustment,
}

/// A part of the credit with one expiry. What expires first is used first.
#[derive(Serialize, ToSchema)]
pub(super) struct Credit {
    /// Its id: the ledger's transfer that brought it.
    #[schema(value_type = String, example = "led_01jd0000000000000000000000")]
    id: LedgerTransferId,
    /// How it came.
    kind: CreditKind,
    /// How much it was.
    amount: Money,
    /// How much is neither used nor held.
    left: Money,
    /// How much is held for calls.
    held: Money,
    /// From when what is left cannot be used any more; null: it does not expire.
    #[schema(required = true)]
    #[serde(with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    /// What it was for, such as the payment at its provider.
    #[schema(required = true)]
    reference: Option<String>,
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl From<credits::Lot> for Credit {
    fn from(lot: credits::Lot) -> Self {
        Self {
            id: lot.id,
            kind: match lot.kind.as_str() {
                "top_up" => CreditKind::TopUp,
                "grant" => CreditKind::Grant,
                _ => CreditKind::Adjustment,
            },
            amount: lot.amount.into(),
            left: lot.left.into(),
            held: lot.held.into(),
            expires_at: lot.expires_at.and_then(calendar),
            reference: lot.reference,
            created_at: lot.made_at,
        }
    }
}

/// What a transfer of the ledger was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TransferType {
    /// A payment.
    TopUp,
    /// Credit given.
    Grant,
    /// Reserved for calls.
    Hold,
    /// What calls used of what was held.
    Settle,
    /// Held credit that came back unused.
    Release,
    /// Used without having been held.
    Charge,
    /// Used beyond the credit; the host bears it.
    WriteOff,
    /// Paid back.
    Refund,
    /// Expired unused.
    Expiry,
    /// A correction by hand.
    Adjustment,
    /// An earlier transfer undone.
    Reversal,
}

impl TransferType {
    pub(super) fn of(movement: Movement) -> Self {
        match movement {
            Movement::TopUp { .. } => Self::TopUp,
            Movement::Grant { .. } => Self::Grant,
            Movement::Reserve { .. } => Self::Hold,
            Movement::Settle {
                used: NanoUsd::ZERO,
                rest: Rest::Return,
                ..
            } => Self::Release,
            Movement::Settle { .. } => Self::Settle,
            Movement::Charge { .. } => Self::Charge,
            Movement::WriteOff { .. } => Self::WriteOff,
            Movement::Refund { .. } => Self::Refund,
            Movement::Expire => Self::Expiry,
            Movement::AdjustUp { .. } | Movement::AdjustDown { .. } => Self::Adjustment,
            Movement::Reverse { .. } => Self::Reversal,
        }
    }

    /// The type of transfers stored as this kind, where the kind alone tells.
    pub(super) fn of_kind(kind: &str) -> &'static str {
        match kind {
            "top_up" => "top_up",
            "grant" => "grant",
            "reserve" => "hold",
            "settle" => "settle",
            "charge" => "charge",
            "write_off" => "write_off",
            "refund" => "refund",
            "expire" => "expiry",
            "adjust_up" | "adjust_down" => "adjustment",
            "reverse" => "reversal",
            _ => "other",
        }
    }
}

/// One transfer of the ledger: a business event that moved money. Transfers are never changed.
#[derive(Serialize, ToSchema)]
pub(super) struct LedgerTransfer {
    /// Its id.
    #[schema(value_type = String, example = "led_01jd0000000000000000000000")]
    id: LedgerTransferId,
    /// Its place in the book, from 1 without gaps.
    number: i64,
    /// What it was.
    #[serde(rename = "type")]
    kind: TransferType,
    /// What the balance came to by it; zero for a hold.
    amount: Money,
    /// What is held came to by it.
    held_change: Money,
    /// The balance afterwards: what was available and what was held.
    balance_after: Money,
    /// What was held afterwards.
    held_after: Money,
    /// The credit refunded, or the transfer settled or reversed by it.
    #[schema(value_type = Option<String>, required = true)]
    about: Option<LedgerTransferId>,
    /// What people call its cause.
    #[schema(required = true)]
    reference: Option<String>,
    /// How many requests it bills.
    requests: i64,
    /// The request it bills, when it is one alone.
    #[schema(value_type = Option<String>, required = true)]
    request_id: Option<RequestId>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl LedgerTransfer {
    pub(super) fn of(row: credits::Transfer) -> Self {
        let sum = |one: NanoUsd, other: NanoUsd| [one, other].into_iter().sum::<NanoUsd>();
        let about = match row.movement {
            Movement::Settle { pending, .. } => Some(pending),
            Movement::Refund { lot, .. } => Some(lot),
            Movement::Reverse { transfer } => Some(transfer),
            Movement::TopUp { .. }
            | Movement::Grant { .. }
            | Movement::Reserve { .. }
            | Movement::Charge { .. }
            | Movement::WriteOff { .. }
            | Movement::Expire
            | Movement::AdjustUp { .. }
            | Movement::AdjustDown { .. } => None,
        };
        Self {
            id: row.id,
            number: row.number,
            kind: TransferType::of(row.movement),
            amount: sum(row.credit_change, row.held_change).into(),
            held_change: row.held_change.into(),
            balance_after: sum(row.credit, row.held).into(),
            held_after: row.held.into(),
            about: about.map(public),
            reference: row.reference,
            requests: row.requests,
            request_id: row.request,
            created_at: row.made_at,
        }
    }
}

/// Where a top-up stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TopUpStatus {
    /// Nobody has paid yet.
    AwaitingPayment,
    /// Paid and credited.
    Paid,
    /// The payment failed.
    Failed,
}

/// A payment for credit.
#[derive(Serialize, ToSchema)]
pub(super) struct TopUp {
    /// Its id; the payment carries it.
    #[schema(value_type = String, example = "top_01jd0000000000000000000000")]
    id: TopUpId,
    /// What is to be paid.
    amount: Money,
    /// Where it stands.
    status: TopUpStatus,
    /// Where to pay it, while nobody has and the deployment has such a page.
    #[schema(value_type = Option<String>, required = true)]
    payment_url: Option<Url>,
    /// The payment at its provider, once it is there.
    #[schema(required = true)]
    payment: Option<String>,
    /// The credit it brought.
    #[schema(value_type = Option<String>, required = true)]
    credit: Option<LedgerTransferId>,
    /// What was paid back of it.
    refunded: Money,
    /// Who asked for it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When it was paid, or failed.
    #[schema(required = true)]
    #[serde(with = "time::serde::rfc3339::option")]
    settled_at: Option<OffsetDateTime>,
}

impl TopUp {
    pub(super) fn of(row: top_ups::TopUp, payment_link: Option<&Url>) -> Self {
        let is_open = row.status == top_ups::Status::AwaitingPayment;
        let payment_url = payment_link.filter(|_| is_open).map(|link| {
            let mut url = link.clone();
            url.query_pairs_mut()
                .append_pair("client_reference_id", &row.id.to_string());
            url
        });
        Self {
            id: row.id,
            amount: row.amount.into(),
            status: match row.status {
                top_ups::Status::AwaitingPayment => TopUpStatus::AwaitingPayment,
                top_ups::Status::Paid => TopUpStatus::Paid,
                top_ups::Status::Failed => TopUpStatus::Failed,
            },
            payment_url,
            payment: row.payment,
            credit: row.transfer,
            refunded: row.refunded.into(),
            created_by: row.created_by,
            created_at: row.created_at,
            settled_at: row.settled_at,
        }
    }
}

/// A wish for credit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateTopUp {
    /// What is to be paid: whole cents.
    pub(super) amount: WriteMoney,
}

/// What transfers of one type came to.
#[derive(Serialize, ToSchema)]
pub(super) struct StatementLine {
    /// The type of the transfers.
    #[serde(rename = "type")]
    #[schema(example = "top_up")]
    pub(super) kind: &'static str,
    /// How many.
    pub(super) count: i64,
    /// What the balance came to by them.
    pub(super) amount: Money,
}

/// What was charged for a model in a project.
#[derive(Serialize, ToSchema)]
pub(super) struct StatementUsage {
    /// The project.
    #[schema(value_type = String, example = "prj_01jd0000000000000000000000")]
    pub(super) project_id: ProjectId,
    /// The model that served.
    pub(super) model: String,
    /// How many requests were charged.
    pub(super) requests: i64,
    /// What they were charged.
    pub(super) charge: Money,
}

/// What happened to an organization's credit in a calendar month (UTC).
#[derive(Serialize, ToSchema)]
pub(super) struct Statement {
    /// The month.
    #[schema(example = "2026-11")]
    pub(super) period: String,
    /// Its first instant.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) starts_at: OffsetDateTime,
    /// The first instant after it.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) ends_at: OffsetDateTime,
    /// The balance before it.
    pub(super) opening: Money,
    /// What changed it, by type.
    pub(super) lines: Vec<StatementLine>,
    /// What was charged for use, by project and model; the sum is that of the lines for use.
    pub(super) usage: Vec<StatementUsage>,
    /// The balance at its end, or now.
    pub(super) closing: Money,
}
