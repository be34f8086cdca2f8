//! Business events turned into entries, all of an event or none. Pure: the store does the same in one transaction, with
//! unique ids in place of the maps here.

use std::collections::{BTreeMap, BTreeSet};

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::balances::{Balances, Parts};
use super::{Account, Entry, EntryKind, Lot, Refused, TransferId};

/// What becomes of the part of a pending that was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It goes back to the lots it came from.
    Return,
    /// It stays in flight, under a pending with the id of this transfer.
    Carry,
}

/// A business event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// A customer paid.
    TopUp {
        /// How much.
        amount: NanoUsd,
        /// When the credit expires.
        expires_at: Option<UnixMillis>,
    },
    /// Credit given away.
    Grant {
        /// How much.
        amount: NanoUsd,
        /// When the credit expires.
        expires_at: Option<UnixMillis>,
    },
    /// Takes credit out for workers to spend; the pending has the id of this transfer.
    Reserve {
        /// How much.
        amount: NanoUsd,
    },
    /// Resolves a pending: so much of it was used.
    Settle {
        /// Which.
        pending: TransferId,
        /// Nothing or more, and no more than is pending.
        used: NanoUsd,
        /// What becomes of the rest.
        rest: Rest,
    },
    /// Use that nothing was reserved for.
    Charge {
        /// How much.
        amount: NanoUsd,
    },
    /// Use beyond what was reserved, which no credit covers: the host bears it.
    WriteOff {
        /// How much.
        amount: NanoUsd,
    },
    /// Pays back what is left of a lot, or a part of it.
    Refund {
        /// The lot.
        lot: TransferId,
        /// How much.
        amount: NanoUsd,
    },
    /// Takes away what has expired.
    Expire,
    /// A correction in the customer's favor; the credit does not expire.
    AdjustUp {
        /// How much.
        amount: NanoUsd,
    },
    /// A correction at the customer's expense.
    AdjustDown {
        /// How much.
        amount: NanoUsd,
    },
    /// Undoes an earlier transfer by entries that go the other way.
    Reverse {
        /// Which.
        transfer: TransferId,
    },
}

/// A movement that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// It had been made before; nothing was added now.
    pub is_repeat: bool,
}

/// An organization's book.
#[derive(Debug, Clone, Default)]
pub struct Book {
    balances: Balances,
    made: BTreeMap<TransferId, (Movement, Vec<Entry>)>,
    reversed: BTreeSet<TransferId>,
}

impl Book {
    /// What the entries add up to.
    #[must_use]
    pub const fn balances(&self) -> &Balances {
        &self.balances
    }

    /// Makes a movement, whole or not at all. The same id with the same movement changes nothing the second time.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn apply(&mut self, id: TransferId, movement: Movement, now: UnixMillis) -> Result<Receipt, Refused> {
        if let Some((known, entries)) = self.made.get(&id) {
            return if *known == movement {
                Ok(Receipt {
                    entries: entries.clone(),
                    is_repeat: true,
                })
            } else {
                Err(Refused::IdReused)
            };
        }
        let entries = entries(&self.balances, id, movement, self.made(movement), now)?;
        let mut balances = self.balances.clone();
        entries.iter().try_for_each(|entry| balances.post(entry))?;
        self.balances = balances;
        if let Movement::Reverse { transfer } = movement {
            self.reversed.insert(transfer);
        }
        self.made.insert(id, (movement, entries.clone()));
        Ok(Receipt {
            entries,
            is_repeat: false,
        })
    }

    /// What a transfer that is to be reversed was.
    fn made(&self, movement: Movement) -> Option<Made<'_>> {
        let Movement::Reverse { transfer } = movement else {
            return None;
        };
        let (movement, entries) = self.made.get(&transfer)?;
        Some(Made {
            movement: *movement,
            entries,
            is_reversed: self.reversed.contains(&transfer),
        })
    }
}

/// A transfer as it was made, for one that reverses it.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// What it was.
    pub movement: Movement,
    /// Its entries.
    pub entries: &'a [Entry],
    /// Whether another has reversed it already.
    pub is_reversed: bool,
}

/// The entries of a movement that is made for the first time. `made` is the transfer that a [`Movement::Reverse`] names,
/// if there is one. They still have to be posted, which may refuse them.
///
/// # Errors
/// [`Refused`].
pub fn entries(
    balances: &Balances,
    id: TransferId,
    movement: Movement,
    made: Option<Made<'_>>,
    now: UnixMillis,
) -> Result<Vec<Entry>, Refused> {
    let single = |debit, credit, amount, lot| Entry {
        transfer: id,
        kind: EntryKind::Single,
        debit,
        credit,
        amount,
        lot,
    };
    let brings = |from, amount, expires_at| {
        let lot = Lot { id, expires_at };
        vec![single(from, Account::Credit, amount, Some(lot))]
    };
    let spends = |parts: Parts, to| {
        let entry = |(lot, amount)| single(Account::Credit, to, amount, Some(lot));
        parts.into_iter().map(entry).collect()
    };
    let draw = |amount: NanoUsd| match amount > NanoUsd::ZERO {
        true => balances.draw(amount, now),
        false => Err(Refused::Amount),
    };
    Ok(match movement {
        Movement::TopUp { amount, expires_at } => brings(Account::Payments, amount, expires_at),
        Movement::Grant { amount, expires_at } => brings(Account::Promo, amount, expires_at),
        Movement::AdjustUp { amount } => brings(Account::Adjustments, amount, None),
        Movement::Charge { amount } => spends(draw(amount)?, Account::Revenue),
        Movement::AdjustDown { amount } => spends(draw(amount)?, Account::Adjustments),
        Movement::Expire => spends(balances.over(now), Account::Expired),
        Movement::WriteOff { amount } => {
            vec![single(Account::Adjustments, Account::Revenue, amount, None)]
        }
        Movement::Refund { lot, amount } => {
            let lot = balances.lot(lot).ok_or(Refused::UnknownLot)?;
            vec![single(Account::Credit, Account::Refunds, amount, Some(lot))]
        }
        Movement::Reserve { amount } => reserve(id, draw(amount)?),
        Movement::Settle { pending, used, rest } => settle(balances, id, pending, used, rest)?,
        Movement::Reverse { .. } => reverse(id, made)?,
    })
}

/// What was used is posted from the parts that expire first; what was not goes back.
fn settle(
    balances: &Balances,
    id: TransferId,
    pending: TransferId,
    used: NanoUsd,
    rest: Rest,
) -> Result<Vec<Entry>, Refused> {
    let parts = balances.parts(pending).ok_or(Refused::NotPending)?;
    let whole: NanoUsd = parts.iter().map(|(_, amount)| *amount).sum();
    if used < NanoUsd::ZERO {
        return Err(Refused::Amount);
    }
    if used > whole {
        return Err(Refused::ExceedsPending { pending: whole });
    }
    let resolves = |kind, credit, amount, lot| Entry {
        transfer: id,
        kind,
        debit: Account::InFlight,
        credit,
        amount,
        lot: Some(lot),
    };
    let mut entries = Vec::new();
    let mut kept = Parts::new();
    let mut left = used.nanos();
    for (lot, amount) in parts {
        let posted = left.min(amount.nanos());
        let unused = NanoUsd::from_nanos(amount.nanos() - posted);
        left -= posted;
        if posted > 0 {
            let kind = EntryKind::Post { pending };
            entries.push(resolves(
                kind,
                Account::Revenue,
                NanoUsd::from_nanos(posted),
                *lot,
            ));
        }
        if unused > NanoUsd::ZERO {
            let kind = EntryKind::Void { pending };
            entries.push(resolves(kind, Account::Credit, unused, *lot));
            kept.push((*lot, unused));
        }
    }
    if rest == Rest::Carry {
        entries.extend(reserve(id, kept));
    }
    Ok(entries)
}

fn reverse(id: TransferId, made: Option<Made<'_>>) -> Result<Vec<Entry>, Refused> {
    let made = made.ok_or(Refused::NotReversible)?;
    if made.is_reversed {
        return Err(Refused::AlreadyReversed);
    }
    match made.movement {
        Movement::TopUp { .. }
        | Movement::Grant { .. }
        | Movement::Charge { .. }
        | Movement::WriteOff { .. }
        | Movement::Refund { .. }
        | Movement::Expire
        | Movement::AdjustUp { .. }
        | Movement::AdjustDown { .. } => {}
        Movement::Reserve { .. } | Movement::Settle { .. } | Movement::Reverse { .. } => {
            return Err(Refused::NotReversible);
        }
    }
    let back = |entry: &Entry| Entry {
        transfer: id,
        debit: entry.credit,
        credit: entry.debit,
        ..*entry
    };
    Ok(made.entries.iter().map(back).collect())
}

fn reserve(id: TransferId, parts: Parts) -> Vec<Entry> {
    let entry = |(lot, amount)| Entry {
        transfer: id,
        kind: EntryKind::Pending,
        debit: Account::Credit,
        credit: Account::InFlight,
        amount,
        lot: Some(lot),
    };
    parts.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests;
