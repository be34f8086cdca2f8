//! The double-entry ledger of an organization's prepaid credit, as arithmetic: what the store writes and what
//! `ledger verify` reads back.
//!
//! An [`Entry`] is one balanced pair, so an unbalanced book cannot be written; entries are only ever added, and mistakes
//! are corrected by entries that reverse them. Credit comes in *lots*, each of which may expire; what expires first is
//! drawn first. Money a worker may spend is moved out of the credit by a *pending* transfer before it is spent, and the
//! pending resolves exactly once: what was used is posted as revenue, the rest goes back to the lots it came from or
//! stays in flight under a new pending.
//!
//! | account | normal side | holds |
//! |---|---|---|
//! | payments | debit | money received from customers |
//! | promo | debit | credit given away |
//! | credit | credit | what the customer can still spend |
//! | in flight | credit | what is reserved by open pendings |
//! | revenue | credit | what was used |
//! | expired | credit | credit that expired unused |
//! | refunds | credit | credit paid back, or to be |
//! | adjustments | either | corrections by hand, and costs nobody's credit covered |
//!
//! Must stay true: the balances of all accounts sum to zero; none but the adjustments stands on the wrong side; the
//! credit is the sum of its lots and what is in flight the sum of the open pendings; and the entries alone, read again,
//! give the same balances.

mod balances;
mod book;
pub mod charge;

pub use balances::{Balances, Parts};
pub use book::{Book, Made, Movement, Receipt, Rest, entries};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

/// Identity of a transfer: one business event, whose entries are written together. It makes the event idempotent, so it
/// is derived from what causes it: the id of a payment event, a usage batch, a request of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub u128);

/// An account of an organization's book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Money received.
    Payments,
    /// Credit given away.
    Promo,
    /// Spendable credit.
    Credit,
    /// Reserved by open pendings.
    InFlight,
    /// Used.
    Revenue,
    /// Expired unused.
    Expired,
    /// Paid back.
    Refunds,
    /// Corrections.
    Adjustments,
}

impl Account {
    /// Every account.
    pub const ALL: [Self; 8] = [
        Self::Payments,
        Self::Promo,
        Self::Credit,
        Self::InFlight,
        Self::Revenue,
        Self::Expired,
        Self::Refunds,
        Self::Adjustments,
    ];

    /// The name in the store and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Promo => "promo",
            Self::Credit => "credit",
            Self::InFlight => "in_flight",
            Self::Revenue => "revenue",
            Self::Expired => "expired",
            Self::Refunds => "refunds",
            Self::Adjustments => "adjustments",
        }
    }

    /// Whether a balance (credits less debits) may stand there.
    const fn allows(self, balance: i128) -> bool {
        match self {
            Self::Payments | Self::Promo => balance <= 0,
            Self::Credit | Self::InFlight | Self::Revenue | Self::Expired | Self::Refunds => balance >= 0,
            Self::Adjustments => true,
        }
    }
}

/// What an entry does to a pending transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Nothing: it stands for itself.
    Single,
    /// Opens it; the pending has the id of the transfer.
    Pending,
    /// Resolves it: this much was used.
    Post {
        /// The pending.
        pending: TransferId,
    },
    /// Resolves it: this much was not.
    Void {
        /// The pending.
        pending: TransferId,
    },
}

/// A part of the credit with one expiry. It has the id of the transfer that brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// Its id.
    pub id: TransferId,
    /// From when it cannot be drawn any more.
    pub expires_at: Option<UnixMillis>,
}

/// One balanced pair: the same amount leaves one account and enters another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The transfer it belongs to.
    pub transfer: TransferId,
    /// What it does to a pending.
    pub kind: EntryKind,
    /// The account it leaves.
    pub debit: Account,
    /// The account it enters.
    pub credit: Account,
    /// More than nothing.
    pub amount: NanoUsd,
    /// The lot it takes from, or puts into; every entry has one that touches the credit or what is in flight.
    pub lot: Option<Lot>,
}

/// Why a movement is not made. Nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// An amount of nothing, less, or more than the product counts.
    #[error("the amount is not one that can be moved")]
    Amount,
    /// An entry between an account and itself, or with a lot where there is none, or without where there is one.
    #[error("the entry is malformed")]
    Malformed,
    /// There is not as much to take.
    #[error("only {available} can be taken")]
    Insufficient {
        /// What there is.
        available: NanoUsd,
    },
    /// No such pending is open: it never was, or has been resolved.
    #[error("the pending transfer is not open")]
    NotPending,
    /// More is to be posted than is pending.
    #[error("only {pending} are pending")]
    ExceedsPending {
        /// What is.
        pending: NanoUsd,
    },
    /// No such lot.
    #[error("there is no such credit")]
    UnknownLot,
    /// Not a transfer that can be reversed: there is none, it is a reservation or its end, or a reversal itself.
    #[error("the transfer cannot be reversed")]
    NotReversible,
    /// It has been reversed.
    #[error("the transfer has been reversed already")]
    AlreadyReversed,
    /// The id stands for another movement.
    #[error("the id of the transfer was used for something else")]
    IdReused,
}
