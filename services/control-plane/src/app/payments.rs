//! What payment events do to credit. Each event is noted in the transaction that does what it says, so it counts once,
//! however often it is sent and in whatever order. What cannot be booked is noted with the reason for an operator: money
//! has moved at the provider, and refusing the event would not undo it.

use futures_util::FutureExt;
use serde_json::json;
use sluicegate_contracts::ids::{OrganizationId, TopUpId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::ledger::{Movement, Refused};

use super::{Actor, Ctx, Origin, Tx, billing};
use crate::domain::payments::{Amount, News, PaymentEvent};
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::payment_events::{self, Taken};
use crate::store::top_ups::{self, Status, TopUp};
use crate::store::{Connection, Lock};

/// The actor in the audit trail.
const ACTOR: &str = "payments";

/// What became of an event; the texts are shown to operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Credit was added.
    Credited,
    /// The payment had been credited already, by another event.
    AlreadyCredited,
    /// The top-up was paid by another payment as well.
    PaidTwice,
    /// The payment is not of the amount that was asked for, or not in dollars.
    AmountMismatch,
    /// It names no top-up that we know.
    Unmatched,
    /// The top-up was marked as failed.
    Failed,
    /// The refund was booked.
    Refunded,
    /// A part of the refund could not be booked, because the credit was used.
    RefundedShort,
    /// The refund had been booked already.
    AlreadyRefunded,
    /// Credit does not rest on it.
    Ignored,
    /// The event was taken before.
    Repeated,
}

impl Verdict {
    /// The storage and wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::AlreadyCredited => "already_credited",
            Self::PaidTwice => "paid_twice",
            Self::AmountMismatch => "amount_mismatch",
            Self::Unmatched => "unmatched",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::RefundedShort => "refunded_short",
            Self::AlreadyRefunded => "already_refunded",
            Self::Ignored => "ignored",
            Self::Repeated => "repeated",
        }
    }

    /// Whether somebody has to look at it.
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        match self {
            Self::PaidTwice | Self::AmountMismatch | Self::Unmatched | Self::RefundedShort => true,
            Self::Credited
            | Self::AlreadyCredited
            | Self::Failed
            | Self::Refunded
            | Self::AlreadyRefunded
            | Self::Ignored
            | Self::Repeated => false,
        }
    }
}

/// Does what an event says.
///
/// # Errors
/// When Postgres does not answer; the provider then sends the event again.
pub async fn take(
    state: &AppState,
    provider: &'static str,
    event: PaymentEvent,
    origin: Origin,
) -> Result<Verdict> {
    let now = state.now()?;
    let (id, news) = (event.id.clone(), event.news.clone());
    let found = state
        .within(Scope::System, move |connection| {
            async move {
                if payment_events::is_known(connection, provider, &id).await? {
                    return Ok(Found::Known);
                }
                about(connection, provider, &news).await
            }
            .boxed()
        })
        .await?;
    let (organization, top_up) = match found {
        Found::Known => return Ok(Verdict::Repeated),
        Found::Nobody(verdict) => {
            let taken = note(provider, &event, None, now);
            return state
                .within(Scope::System, move |connection| {
                    async move {
                        let taken = Taken {
                            outcome: verdict.as_str().to_owned(),
                            ..taken
                        };
                        let is_new = payment_events::take(connection, &taken).await?;
                        Ok(if is_new { verdict } else { Verdict::Repeated })
                    }
                    .boxed()
                })
                .await;
        }
        Found::Of(organization, top_up) => (organization, top_up),
    };
    let ctx = Ctx {
        actor: Actor::System(ACTOR),
        organization: Some(organization),
        now,
        origin,
    };
    let written = state.write(ctx, move |tx| {
        async move {
            let found = top_ups::find(tx.connection(), organization, top_up, Lock::ForUpdate).await?;
            let found = found.ok_or_else(Error::not_found)?;
            // Asked again under the lock, for which its events queue.
            if payment_events::is_known(tx.connection(), provider, &event.id).await? {
                return Ok(Verdict::Repeated);
            }
            let (verdict, short) = apply(tx, provider, &event, found).await?;
            let taken = Taken {
                outcome: verdict.as_str().to_owned(),
                short,
                ..note(provider, &event, Some((organization, top_up)), now)
            };
            if !payment_events::take(tx.connection(), &taken).await? {
                return Err(Error::unavailable("an event arrived twice at once"));
            }
            Ok(verdict)
        }
        .boxed()
    });
    Ok(written.await?.value)
}

enum Found {
    Known,
    Nobody(Verdict),
    Of(OrganizationId, TopUpId),
}

/// Whose top-up an event is about.
async fn about(connection: &mut Connection, provider: &str, news: &News) -> Result<Found> {
    let named = |owner: Option<OrganizationId>, top_up| match owner {
        Some(organization) => Found::Of(organization, top_up),
        None => Found::Nobody(Verdict::Unmatched),
    };
    Ok(match news {
        News::Other => Found::Nobody(Verdict::Ignored),
        News::Paid { top_up: None, .. } => Found::Nobody(Verdict::Unmatched),
        // A payment that failed without naming a top-up was somebody else's business.
        News::Failed { top_up: None } => Found::Nobody(Verdict::Ignored),
        News::Paid { top_up: Some(id), .. } | News::Failed { top_up: Some(id) } => {
            named(top_ups::owner(connection, *id).await?, *id)
        }
        News::Refunded { payment, .. } => match top_ups::paid_by(connection, provider, payment).await? {
            Some((organization, top_up)) => Found::Of(organization, top_up),
            None => Found::Nobody(Verdict::Unmatched),
        },
    })
}

fn note(
    provider: &str,
    event: &PaymentEvent,
    about: Option<(OrganizationId, TopUpId)>,
    now: time::OffsetDateTime,
) -> Taken {
    let payment = match &event.news {
        News::Paid { payment, .. } | News::Refunded { payment, .. } => Some(payment.clone()),
        News::Failed { .. } | News::Other => None,
    };
    Taken {
        provider: provider.to_owned(),
        event: event.id.clone(),
        organization: about.map(|(organization, _)| organization),
        kind: event.kind.clone(),
        top_up: about.map(|(_, top_up)| top_up),
        payment,
        outcome: String::new(),
        short: NanoUsd::ZERO,
        received_at: now,
    }
}

async fn apply(
    tx: &mut Tx,
    provider: &'static str,
    event: &PaymentEvent,
    top_up: TopUp,
) -> Result<(Verdict, NanoUsd)> {
    match &event.news {
        News::Paid { payment, amount, .. } => {
            let verdict = credit(tx, provider, payment, amount, &top_up).await?;
            Ok((verdict, NanoUsd::ZERO))
        }
        News::Failed { .. } => {
            if top_up.status == Status::AwaitingPayment {
                let now = tx.ctx().now;
                top_ups::settle(tx.connection(), top_up.id, Status::Failed, None, None, now).await?;
                tx.audit_plain("top_up.fail", top_up.id);
            }
            Ok((Verdict::Failed, NanoUsd::ZERO))
        }
        News::Refunded { payment, in_all } => refund(tx, event, payment, in_all, &top_up).await,
        News::Other => Ok((Verdict::Ignored, NanoUsd::ZERO)),
    }
}

async fn credit(
    tx: &mut Tx,
    provider: &'static str,
    payment: &str,
    amount: &Amount,
    top_up: &TopUp,
) -> Result<Verdict> {
    match &top_up.payment {
        Some(known) if known == payment => return Ok(Verdict::AlreadyCredited),
        Some(_) => return Ok(Verdict::PaidTwice),
        None => {}
    }
    if amount.dollars() != Some(top_up.amount) {
        return Ok(Verdict::AmountMismatch);
    }
    let key = format!("payment:{provider}:{payment}");
    let movement = Movement::TopUp {
        amount: top_up.amount,
        expires_at: None,
    };
    let posted = billing::post(tx, key, movement, Some(payment.to_owned())).await?;
    let transfer = billing::public(posted.map_err(Error::internal)?.id);
    let paid_by = Some((provider, payment));
    let now = tx.ctx().now;
    top_ups::settle(
        tx.connection(),
        top_up.id,
        Status::Paid,
        paid_by,
        Some(transfer),
        now,
    )
    .await?;
    let detail = json!({ "amount": top_up.amount.to_string(), "payment": payment, "transfer": transfer });
    tx.audit("top_up.pay", top_up.id, &detail);
    Ok(Verdict::Credited)
}

/// Books what was paid back since the last refund: from the lot that the payment brought, then from other credit. What
/// was used already stays on the event for an operator, because no balance goes below zero.
async fn refund(
    tx: &mut Tx,
    event: &PaymentEvent,
    payment: &str,
    in_all: &Amount,
    top_up: &TopUp,
) -> Result<(Verdict, NanoUsd)> {
    let Some(in_all) = in_all.dollars().filter(|in_all| *in_all <= top_up.amount) else {
        return Ok((Verdict::AmountMismatch, NanoUsd::ZERO));
    };
    let Some(transfer) = top_up.transfer else {
        return Ok((Verdict::Unmatched, NanoUsd::ZERO));
    };
    let mut due = in_all.nanos() - top_up.refunded.nanos();
    if due <= 0 {
        return Ok((Verdict::AlreadyRefunded, NanoUsd::ZERO));
    }
    let lot = billing::known(transfer);
    let from_lot = |amount| Movement::Refund { lot, amount };
    let from_others = |amount| Movement::AdjustDown { amount };
    for (name, movement) in [
        ("refund", &from_lot as &(dyn Fn(NanoUsd) -> Movement + Sync)),
        ("refund-other", &from_others),
    ] {
        due -= take_back(tx, &format!("{name}:{}", event.id), movement, due, payment).await?;
    }
    top_ups::refunded(tx.connection(), top_up.id, in_all).await?;
    let short = NanoUsd::from_nanos(due);
    let detail = json!({ "refunded": in_all.to_string(), "payment": payment, "short": short.to_string() });
    tx.audit("top_up.refund", top_up.id, &detail);
    Ok(match due {
        0 => (Verdict::Refunded, short),
        _ => (Verdict::RefundedShort, short),
    })
}

/// Takes back as much of `due` as there is; how much that was.
async fn take_back(
    tx: &mut Tx,
    key: &str,
    movement: &(dyn Fn(NanoUsd) -> Movement + Sync),
    due: i64,
    payment: &str,
) -> Result<i64> {
    let mut wanted = due;
    // Once for what is due, then for what the account has, then for what the lot has.
    for _ in 0..3 {
        if wanted <= 0 {
            break;
        }
        let reference = Some(payment.to_owned());
        let order = movement(NanoUsd::from_nanos(wanted));
        match billing::post(tx, key.to_owned(), order, reference).await? {
            Ok(_) => return Ok(wanted),
            Err(Refused::Insufficient { available }) => wanted = available.nanos().min(wanted - 1),
            Err(refused) => return Err(Error::internal(refused)),
        }
    }
    Ok(0)
}
