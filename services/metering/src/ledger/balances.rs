//! What the entries add up to: accounts, lots and open pendings. Built entry by entry, and refuses those that would
//! break a rule; so reading a whole ledger again is also its proof.

use std::collections::BTreeMap;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::{Account, Entry, EntryKind, Lot, Refused, TransferId};

/// Amounts by the lot they belong to, in the order they were drawn.
pub type Parts = Vec<(Lot, NanoUsd)>;

/// When a lot expires, and what is left of it.
type LotState = (Option<UnixMillis>, i128);

/// The state of a book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balances {
    accounts: BTreeMap<Account, i128>,
    lots: BTreeMap<TransferId, LotState>,
    open: BTreeMap<TransferId, Parts>,
    /// Pendings of which entries of the transfer named have resolved a part.
    resolved: BTreeMap<TransferId, TransferId>,
}

impl Balances {
    /// The state that a store keeps: what stands on the accounts, what is left of lots, and the open pendings. Lots with
    /// nothing left may be missing, as long as no movement names them.
    #[must_use]
    pub fn restored(
        accounts: impl IntoIterator<Item = (Account, i128)>,
        lots: impl IntoIterator<Item = (Lot, NanoUsd)>,
        open: impl IntoIterator<Item = (TransferId, Parts)>,
    ) -> Self {
        let lots = lots.into_iter();
        Self {
            accounts: accounts.into_iter().collect(),
            lots: lots
                .map(|(lot, left)| (lot.id, (lot.expires_at, i128::from(left.nanos()))))
                .collect(),
            open: open.into_iter().collect(),
            resolved: BTreeMap::new(),
        }
    }

    /// Adds a lot of which nothing is left to a state restored without it.
    pub fn recall(&mut self, lot: Lot) {
        self.lots.entry(lot.id).or_insert((lot.expires_at, 0));
    }

    /// Reads a ledger from its first entry on.
    ///
    /// # Errors
    /// At the first entry that breaks a rule; with its place.
    pub fn replay<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Result<Self, (usize, Refused)> {
        let mut balances = Self::default();
        for (place, entry) in entries.into_iter().enumerate() {
            balances.post(entry).map_err(|refused| (place, refused))?;
        }
        Ok(balances)
    }

    /// Credits less debits of an account.
    #[must_use]
    pub fn of(&self, account: Account) -> i128 {
        self.accounts.get(&account).copied().unwrap_or(0)
    }

    /// The sum over all accounts, which is zero.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.accounts.values().sum()
    }

    /// What can be drawn at an instant: the lots that have not expired.
    #[must_use]
    pub fn available(&self, now: UnixMillis) -> NanoUsd {
        let drawable = self
            .lots
            .values()
            .filter(|(expires_at, _)| !is_over(*expires_at, now));
        amount(drawable.map(|(_, left)| left).sum())
    }

    /// What is left of a lot.
    #[must_use]
    pub fn left_of(&self, lot: TransferId) -> Option<NanoUsd> {
        self.lots.get(&lot).map(|(_, left)| amount(*left))
    }

    /// What is pending under an id; `None` when it is not open.
    #[must_use]
    pub fn pending(&self, id: TransferId) -> Option<NanoUsd> {
        self.open
            .get(&id)
            .map(|parts| parts.iter().map(|(_, amount)| *amount).sum())
    }

    /// What is pending in all.
    #[must_use]
    pub fn pending_in_all(&self) -> NanoUsd {
        self.open.values().flatten().map(|(_, amount)| *amount).sum()
    }

    /// What is open, by pending.
    pub fn open(&self) -> impl Iterator<Item = (TransferId, &Parts)> {
        self.open.iter().map(|(id, parts)| (*id, parts))
    }

    /// Lots with something left.
    pub fn lots(&self) -> impl Iterator<Item = (Lot, NanoUsd)> {
        let lots = self.lots.iter().filter(|(_, (_, left))| *left > 0);
        lots.map(|(id, (expires_at, left))| {
            let lot = Lot {
                id: *id,
                expires_at: *expires_at,
            };
            (lot, amount(*left))
        })
    }

    pub(super) fn parts(&self, pending: TransferId) -> Option<&Parts> {
        self.open.get(&pending)
    }

    pub(super) fn lot(&self, id: TransferId) -> Option<Lot> {
        self.lots.get(&id).map(|(expires_at, _)| Lot {
            id,
            expires_at: *expires_at,
        })
    }

    /// Which lots pay an amount: what expires first is drawn first, what never does last.
    pub(super) fn draw(&self, wanted: NanoUsd, now: UnixMillis) -> Result<Parts, Refused> {
        let mut lots: Vec<(Lot, i128)> = self
            .lots
            .iter()
            .map(|(id, (expires_at, left))| (*id, *expires_at, *left))
            .filter(|(_, expires_at, left)| *left > 0 && !is_over(*expires_at, now))
            .map(|(id, expires_at, left)| (Lot { id, expires_at }, left))
            .collect();
        lots.sort_by_key(|(lot, _)| (lot.expires_at.is_none(), lot.expires_at, lot.id));
        let mut missing = i128::from(wanted.nanos());
        let mut parts = Vec::new();
        for (lot, left) in lots {
            let part = left.min(missing);
            if part > 0 {
                missing -= part;
                parts.push((lot, amount(part)));
            }
        }
        if missing > 0 {
            let available = self.available(now);
            return Err(Refused::Insufficient { available });
        }
        Ok(parts)
    }

    /// Lots that have expired, with what is left of them.
    pub(super) fn over(&self, now: UnixMillis) -> Parts {
        let over = self
            .lots
            .iter()
            .filter(|(_, (expires_at, left))| *left > 0 && is_over(*expires_at, now));
        over.map(|(id, (expires_at, left))| {
            let lot = Lot {
                id: *id,
                expires_at: *expires_at,
            };
            (lot, amount(*left))
        })
        .collect()
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// When it breaks a rule; then nothing has changed.
    pub fn post(&mut self, entry: &Entry) -> Result<(), Refused> {
        check(entry)?;
        let moved = i128::from(entry.amount.nanos());
        let (debit, credit) = (self.of(entry.debit) - moved, self.of(entry.credit) + moved);
        for (account, balance) in [(entry.debit, debit), (entry.credit, credit)] {
            if !account.allows(balance) {
                let available = amount(self.of(account));
                return Err(Refused::Insufficient { available });
            }
        }
        let lot = self.lot_after(entry)?;
        let pending = self.pending_after(entry)?;
        self.accounts.insert(entry.debit, debit);
        self.accounts.insert(entry.credit, credit);
        if let Some((id, state)) = lot {
            self.lots.insert(id, state);
        }
        if let Some((id, parts)) = pending {
            match parts.is_empty() {
                true => self.open.remove(&id),
                false => self.open.insert(id, parts),
            };
        }
        if let EntryKind::Post { pending } | EntryKind::Void { pending } = entry.kind {
            self.resolved.insert(pending, entry.transfer);
        }
        Ok(())
    }

    /// The lot an entry touches, as it is afterwards.
    fn lot_after(&self, entry: &Entry) -> Result<Option<(TransferId, LotState)>, Refused> {
        let Some(lot) = entry.lot else { return Ok(None) };
        let change = match (entry.debit, entry.credit) {
            (Account::Credit, _) => -i128::from(entry.amount.nanos()),
            (_, Account::Credit) => i128::from(entry.amount.nanos()),
            _ => return Ok(None),
        };
        let (expires_at, left) = match self.lots.get(&lot.id) {
            Some(known) => *known,
            // Only the transfer that brings a lot can begin it.
            None if lot.id == entry.transfer && change > 0 => (lot.expires_at, 0),
            None => return Err(Refused::UnknownLot),
        };
        if expires_at != lot.expires_at {
            return Err(Refused::Malformed);
        }
        if left + change < 0 {
            return Err(Refused::Insufficient {
                available: amount(left),
            });
        }
        Ok(Some((lot.id, (expires_at, left + change))))
    }

    /// The pending an entry touches, as it is afterwards.
    fn pending_after(&self, entry: &Entry) -> Result<Option<(TransferId, Parts)>, Refused> {
        let Some(lot) = entry.lot else { return Ok(None) };
        let id = match entry.kind {
            EntryKind::Single => return Ok(None),
            EntryKind::Pending => {
                let mut parts = self.open.get(&entry.transfer).cloned().unwrap_or_default();
                parts.push((lot, entry.amount));
                return Ok(Some((entry.transfer, parts)));
            }
            EntryKind::Post { pending } | EntryKind::Void { pending } => pending,
        };
        // One transfer resolves it, by however many entries.
        if self.resolved.get(&id).is_some_and(|by| *by != entry.transfer) {
            return Err(Refused::NotPending);
        }
        let mut parts = self.open.get(&id).cloned().ok_or(Refused::NotPending)?;
        let part = parts
            .iter_mut()
            .find(|(of, left)| *of == lot && *left >= entry.amount);
        let Some((_, left)) = part else {
            let pending = self.pending(id).unwrap_or(NanoUsd::ZERO);
            return Err(Refused::ExceedsPending { pending });
        };
        *left = NanoUsd::from_nanos(left.nanos() - entry.amount.nanos());
        parts.retain(|(_, left)| *left > NanoUsd::ZERO);
        Ok(Some((id, parts)))
    }
}

/// The form of an entry.
fn check(entry: &Entry) -> Result<(), Refused> {
    if entry.amount <= NanoUsd::ZERO || entry.amount > NanoUsd::MAX {
        return Err(Refused::Amount);
    }
    let fits = match entry.kind {
        EntryKind::Single => ![entry.debit, entry.credit].contains(&Account::InFlight),
        EntryKind::Pending => (entry.debit, entry.credit) == (Account::Credit, Account::InFlight),
        EntryKind::Post { .. } => (entry.debit, entry.credit) == (Account::InFlight, Account::Revenue),
        EntryKind::Void { .. } => (entry.debit, entry.credit) == (Account::InFlight, Account::Credit),
    };
    let has_lot = [entry.debit, entry.credit]
        .iter()
        .any(|account| matches!(account, Account::Credit | Account::InFlight));
    if !fits || entry.debit == entry.credit || has_lot != entry.lot.is_some() {
        return Err(Refused::Malformed);
    }
    Ok(())
}

fn is_over(expires_at: Option<UnixMillis>, now: UnixMillis) -> bool {
    expires_at.is_some_and(|at| at <= now)
}

fn amount(nanos: i128) -> NanoUsd {
    i64::try_from(nanos).map_or(NanoUsd::MAX, NanoUsd::from_nanos)
}
