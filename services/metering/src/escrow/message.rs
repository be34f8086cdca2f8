//! What workers and the fast store say to each other. Claims are absolute, so saying a thing twice changes nothing.

use std::fmt;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::path::Terms;

/// Most accounts that one message names.
pub const MAX_CLAIMS: usize = 256;
/// Most asks that one message carries.
pub const MAX_ASKS: usize = 64;

/// One life of a worker's spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch {
    /// The worker.
    pub worker: WorkerId,
    /// Start counter of its data directory.
    pub number: u32,
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.worker, self.number)
    }
}

/// What an epoch has of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claim {
    /// The account.
    pub account: AccountId,
    /// What the worker knows to be agreed about it.
    pub terms: Terms,
    /// All that was taken and not given back.
    pub claim: NanoUsd,
    /// The part of it that is not spent, so that some may come back.
    pub open: NanoUsd,
}

/// A wish for more.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ask {
    /// The accounts, as positions among the claims of the message.
    pub path: Vec<usize>,
    /// Most that is of use.
    pub want: NanoUsd,
    /// Less than this is of no use.
    pub min: NanoUsd,
}

/// The one message of the request path: what an epoch claims, and what it would like.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reconcile {
    /// The store's generation, as the worker knows it.
    pub generation: u64,
    /// Who speaks.
    pub epoch: Epoch,
    /// Grows with every message of the epoch.
    pub op: u64,
    /// Its claims on some accounts, each named once.
    pub claims: Vec<Claim>,
    /// Its asks, first come, first served.
    pub asks: Vec<Ask>,
}

impl Reconcile {
    /// Whether the message is one that a store may be given: few enough parts, amounts that doubles can carry, and
    /// asks that point at claims.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let range = NanoUsd::ZERO..=NanoUsd::MAX;
        let claim_is_sound = |one: &Claim| {
            [one.claim, one.open, one.terms.limit, one.terms.exposure]
                .iter()
                .all(|amount| range.contains(amount))
        };
        let ask_is_sound = |ask: &Ask| {
            ask.min <= ask.want
                && ask.want > NanoUsd::ZERO
                && range.contains(&ask.want)
                && range.contains(&ask.min)
                && !ask.path.is_empty()
                && ask.path.iter().all(|position| *position < self.claims.len())
        };
        self.claims.len() <= MAX_CLAIMS
            && self.asks.len() <= MAX_ASKS
            && self.claims.iter().all(claim_is_sound)
            && self.asks.iter().all(ask_is_sound)
    }
}

/// What became of an ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// This much was added to the claim on every account of the path.
    Grant(NanoUsd),
    /// This account, as a position among the claims, has too little left.
    Deny(usize),
    /// There may be room once every epoch has told the store, which forgot, what it claims.
    Wait,
}

/// What an account has for others to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Left {
    /// The limit without all claims; negative when overdrawn.
    pub available: NanoUsd,
    /// The part of that which epochs are presumed to hold that have not spoken since the store forgot.
    pub presumed: NanoUsd,
    /// What other epochs claim and have not spent: some of it may come back.
    pub open_elsewhere: NanoUsd,
}

/// The store took the claims.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reply {
    /// What each claimed account has left after the answers, in the order of the claims.
    pub left: Vec<Left>,
    /// One per ask.
    pub answers: Vec<Answer>,
}

/// The store wrote nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It does not know the past, or is being told it. Try again later.
    Forgotten,
    /// It is in this generation: claim everything again.
    Generation(u64),
    /// The epoch is closed; nothing it says counts any more.
    Closed,
    /// It has heard a later message of this epoch.
    Stale,
}

/// What a worker has to say next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Request {
    /// Claims and asks.
    Reconcile(Reconcile),
    /// Everything this epoch claims has been said in this generation; nothing of it needs to be presumed.
    Register {
        /// The generation.
        generation: u64,
        /// Who speaks.
        epoch: Epoch,
    },
}

/// What the store says to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// To [`Request::Reconcile`].
    Reconciled(Reply),
    /// To [`Request::Register`].
    Registered,
    /// To either.
    Refused(Refusal),
}

/// An account as Postgres knows it, for a store that forgot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The account.
    pub account: AccountId,
    /// What is agreed about it now.
    pub terms: Terms,
    /// What closed epochs spent.
    pub base: NanoUsd,
    /// What each open epoch has been seen to spend.
    pub spent: Vec<(Epoch, NanoUsd)>,
}

/// What an epoch that is closed spent on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The account.
    pub account: AccountId,
    /// First instant after its period.
    pub end: UnixMillis,
    /// The sum.
    pub amount: NanoUsd,
}
