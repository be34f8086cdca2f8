//! Random histories of a book of credit. The tests of the store play the same ones on Postgres.

use std::ops::Range;

use proptest::prelude::*;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::ledger::{Movement, Rest, TransferId};

/// A step of a history: which id it takes, what it asks for, how time goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) id: u128,
    pub(crate) movement: Movement,
    pub(crate) wait: i64,
}

/// The movement of a step; an expiry in two of three.
fn movement(kind: u8, other: u128, amount: i64, expiry: i64) -> Movement {
    let (amount, other) = (NanoUsd::from_nanos(amount), TransferId(other));
    let expires_at = (expiry < 2_000).then(|| UnixMillis::new(expiry));
    match kind {
        0..=3 => Movement::TopUp { amount, expires_at },
        4..=5 => Movement::Grant { amount, expires_at },
        6..=12 => Movement::Reserve { amount },
        13..=24 => Movement::Settle {
            pending: other,
            used: amount,
            rest: if kind < 19 { Rest::Return } else { Rest::Carry },
        },
        25..=27 => Movement::Charge { amount },
        28 => Movement::WriteOff { amount },
        29..=30 => Movement::Refund { lot: other, amount },
        31..=32 => Movement::Expire,
        33 => Movement::AdjustUp { amount },
        34 => Movement::AdjustDown { amount },
        _ => Movement::Reverse { transfer: other },
    }
}

/// Histories of so many steps. With few ids, events repeat and refer to each other.
pub(crate) fn history(ids: Range<u128>, steps: Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let step = (ids.clone(), 0..38_u8, ids, -9..1_000_i64, 0..3_000_i64, 0..60_i64);
    let step = step.prop_map(|(id, kind, other, amount, expiry, wait)| Step {
        id,
        movement: movement(kind, other, amount, expiry),
        wait,
    });
    prop::collection::vec(step, steps)
}
