//! The store's half of the protocol, for one organization: limits, claims by epoch, and what is left. The Redis scripts
//! of `backplane` do the same, step by step; a property test holds the two together.

use std::collections::{BTreeMap, BTreeSet};

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::message::{Answer, Ask, Claim, Epoch, Left, Loaded, Reconcile, Refusal, Reply, Settled};
use super::path::Terms;

/// An account is kept this long after its period, for calls that end late.
pub const KEPT_MILLIS: i64 = 48 * 3_600_000;
/// It grants nothing from this long after its period on, so that a clock that is days late finds no empty account.
pub const CLOSING_MILLIS: i64 = 24 * 3_600_000;

/// All accounts of one organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Store {
    generation: Option<Generation>,
    accounts: BTreeMap<AccountId, Account>,
}

/// One continuous memory of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Generation {
    number: u64,
    /// False while it is being told the past.
    open: bool,
    /// Epochs that may have claims it has not heard of: [`Terms::exposure`] is presumed of each on every account.
    pending: BTreeSet<Epoch>,
    /// Epochs below this are closed, by worker.
    closed_below: BTreeMap<WorkerId, u32>,
    /// Epochs below this were closed before the generation: what they spent is in the base of accounts.
    told_below: BTreeMap<WorkerId, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Account {
    terms: Terms,
    /// What epochs spent that were closed before this generation.
    base: i64,
    claims: BTreeMap<Epoch, Standing>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Standing {
    claim: i64,
    open: i64,
    /// The last message that spoke of it.
    op: u64,
    /// It is what Postgres said when the epoch was closed.
    is_settled: bool,
}

/// An account as it stands, for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// The limit in force.
    pub limit: NanoUsd,
    /// Sum of all claims, with what is spent.
    pub claimed: NanoUsd,
    /// The part of it that is not spent, as last heard.
    pub open: NanoUsd,
    /// Presumed of epochs that have not spoken since the store forgot.
    pub presumed: NanoUsd,
}

impl Account {
    fn new(terms: Terms) -> Self {
        Self {
            terms,
            base: 0,
            claims: BTreeMap::new(),
        }
    }

    fn agree(&mut self, terms: &Terms) {
        self.terms.exposure = self.terms.exposure.max(terms.exposure);
        if terms.version > self.terms.version {
            self.terms = Terms {
                exposure: self.terms.exposure,
                ..*terms
            };
        }
    }

    fn claimed(&self) -> i64 {
        let claims = self.claims.values().map(|standing| standing.claim);
        claims.fold(self.base, i64::saturating_add)
    }

    fn open(&self) -> i64 {
        let open = self.claims.values().map(|standing| standing.open);
        open.fold(0, i64::saturating_add)
    }

    fn presumed(&self, pending: usize) -> i64 {
        let pending = i64::try_from(pending).unwrap_or(i64::MAX);
        clamp(self.terms.exposure.nanos().saturating_mul(pending))
    }

    fn available(&self) -> i64 {
        clamp(self.terms.limit.nanos().saturating_sub(self.claimed()))
    }

    fn left(&self, epoch: Epoch, pending: usize) -> Left {
        let own = self.claims.get(&epoch).map_or(0, |standing| standing.open);
        Left {
            available: NanoUsd::from_nanos(self.available()),
            presumed: NanoUsd::from_nanos(self.presumed(pending)),
            open_elsewhere: NanoUsd::from_nanos(clamp(self.open().saturating_sub(own))),
        }
    }
}

/// Keeps an amount within what a double can carry.
fn clamp(nanos: i64) -> i64 {
    nanos.clamp(-NanoUsd::MAX.nanos(), NanoUsd::MAX.nanos())
}

impl Store {
    /// Takes the claims of an epoch, then answers its asks in order, each on all accounts of its path or on none.
    ///
    /// # Errors
    /// [`Refusal`]: nothing was written.
    pub fn reconcile(&mut self, message: &Reconcile, now: UnixMillis) -> Result<Reply, Refusal> {
        let pending = self.generation_for(message)?.pending.len();
        let is_stale = |claim: &Claim| {
            let account = self.accounts.get(&claim.account);
            let standing = account.and_then(|account| account.claims.get(&message.epoch));
            standing.is_some_and(|standing| standing.op >= message.op)
        };
        if message.claims.iter().any(is_stale) {
            return Err(Refusal::Stale);
        }
        for claim in &message.claims {
            let account = self.accounts.entry(claim.account.clone());
            let account = account.or_insert_with(|| Account::new(claim.terms));
            account.agree(&claim.terms);
            let standing = Standing {
                claim: claim.claim.nanos(),
                open: claim.open.nanos(),
                op: message.op,
                is_settled: false,
            };
            account.claims.insert(message.epoch, standing);
        }
        let answers = message.asks.iter();
        let answers = answers
            .map(|ask| self.answer(message, ask, pending, now))
            .collect();
        let accounts = message
            .claims
            .iter()
            .filter_map(|claim| self.accounts.get(&claim.account));
        Ok(Reply {
            left: accounts
                .map(|account| account.left(message.epoch, pending))
                .collect(),
            answers,
        })
    }

    fn generation_for(&self, message: &Reconcile) -> Result<&Generation, Refusal> {
        let generation = self.open_generation(Some(message.generation))?;
        let closed_below = generation.closed_below.get(&message.epoch.worker);
        if closed_below.is_some_and(|below| message.epoch.number < *below) {
            return Err(Refusal::Closed);
        }
        Ok(generation)
    }

    fn open_generation(&self, expected: Option<u64>) -> Result<&Generation, Refusal> {
        let generation = self.generation.as_ref().filter(|generation| generation.open);
        let generation = generation.ok_or(Refusal::Forgotten)?;
        match expected {
            Some(expected) if expected != generation.number => Err(Refusal::Generation(generation.number)),
            Some(_) | None => Ok(generation),
        }
    }

    fn answer(&mut self, message: &Reconcile, ask: &Ask, pending: usize, now: UnixMillis) -> Answer {
        let (want, min) = (ask.want.nanos(), ask.min.nanos());
        let least = min.max(1);
        let (mut grant, mut is_unclear) = (want, false);
        for position in &ask.path {
            let account = message.claims.get(*position);
            let Some(account) = account.and_then(|claim| self.accounts.get(&claim.account)) else {
                continue;
            };
            let is_over = account.terms.end.offset(CLOSING_MILLIS) <= now;
            let available = if is_over { 0 } else { account.available() };
            if available < least {
                return Answer::Deny(*position);
            }
            let certain = available.saturating_sub(account.presumed(pending));
            is_unclear |= certain < least;
            grant = grant.min(certain);
        }
        if is_unclear {
            return Answer::Wait;
        }
        for position in &ask.path {
            let account = message.claims.get(*position).map(|claim| &claim.account);
            let Some(account) = account.and_then(|account| self.accounts.get_mut(account)) else {
                continue;
            };
            let standing = account.claims.entry(message.epoch).or_default();
            standing.claim = standing.claim.saturating_add(grant);
            standing.open = standing.open.saturating_add(grant);
        }
        Answer::Grant(NanoUsd::from_nanos(grant))
    }

    /// An epoch has claimed everything in this generation, so nothing of it is presumed any more.
    ///
    /// # Errors
    /// [`Refusal::Forgotten`], [`Refusal::Generation`].
    pub fn register(&mut self, generation: u64, epoch: Epoch) -> Result<(), Refusal> {
        self.open_generation(Some(generation))?;
        if let Some(generation) = &mut self.generation {
            generation.pending.remove(&epoch);
        }
        Ok(())
    }

    /// Ends an epoch: of its claims only what Postgres says remains, and it is listened to no more. For epochs whose
    /// records are all in Postgres, or that an operator gave up. Saying it again changes nothing.
    ///
    /// # Errors
    /// [`Refusal::Forgotten`].
    pub fn close(&mut self, epoch: Epoch, settled: &[Settled]) -> Result<(), Refusal> {
        let told_below = self.open_generation(None)?.told_below.get(&epoch.worker);
        if told_below.is_some_and(|below| epoch.number < *below) {
            return Ok(());
        }
        for account in self.accounts.values_mut() {
            let standing = account.claims.get_mut(&epoch);
            if let Some(standing) = standing.filter(|standing| !standing.is_settled) {
                (standing.claim, standing.open, standing.is_settled) = (0, 0, true);
            }
        }
        for one in settled {
            if one.amount == NanoUsd::ZERO && !self.accounts.contains_key(&one.account) {
                continue;
            }
            let unknown = Terms {
                limit: NanoUsd::ZERO,
                version: 0,
                exposure: NanoUsd::ZERO,
                end: one.end,
            };
            let account = self.accounts.entry(one.account.clone());
            let account = account.or_insert_with(|| Account::new(unknown));
            let standing = account.claims.entry(epoch).or_default();
            (standing.claim, standing.open, standing.is_settled) = (one.amount.nanos(), 0, true);
        }
        if let Some(generation) = &mut self.generation {
            generation.pending.remove(&epoch);
            let below = generation.closed_below.entry(epoch.worker).or_default();
            *below = (*below).max(epoch.number.saturating_add(1));
        }
        Ok(())
    }

    /// Begins a generation: from here on nothing is granted until [`Store::open`]. Only then may Postgres be read, so
    /// that no grant falls between what it says and what is presumed.
    ///
    /// # Errors
    /// [`Refusal::Generation`] when this or a later one has begun already.
    pub fn fence(&mut self, number: u64) -> Result<(), Refusal> {
        match &self.generation {
            Some(known) if known.number >= number => return Err(Refusal::Generation(known.number)),
            Some(_) | None => {}
        }
        self.accounts.clear();
        self.generation = Some(Generation {
            number,
            open: false,
            pending: BTreeSet::new(),
            closed_below: BTreeMap::new(),
            told_below: BTreeMap::new(),
        });
        Ok(())
    }

    /// Tells it of accounts.
    ///
    /// # Errors
    /// [`Refusal::Generation`] when `number` is not the one that was begun; [`Refusal::Forgotten`] when there is none.
    pub fn load(&mut self, number: u64, accounts: &[Loaded]) -> Result<(), Refusal> {
        self.begun(number)?;
        for one in accounts {
            let spent = one.spent.iter().map(|(epoch, spent)| {
                let standing = Standing {
                    claim: spent.nanos(),
                    ..Standing::default()
                };
                (*epoch, standing)
            });
            let account = Account {
                terms: one.terms,
                base: one.base.nanos(),
                claims: spent.collect(),
            };
            self.accounts.insert(one.account.clone(), account);
        }
        Ok(())
    }

    /// Ends the telling: `pending` are the epochs that are not closed, `closed` the first open epoch of each worker.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub fn open(
        &mut self,
        number: u64,
        pending: &[Epoch],
        closed_below: &[(WorkerId, u32)],
    ) -> Result<(), Refusal> {
        let generation = self.begun(number)?;
        generation.pending = pending.iter().copied().collect();
        generation.closed_below = closed_below.iter().copied().collect();
        generation.told_below.clone_from(&generation.closed_below);
        generation.open = true;
        Ok(())
    }

    fn begun(&mut self, number: u64) -> Result<&mut Generation, Refusal> {
        let generation = self.generation.as_mut().ok_or(Refusal::Forgotten)?;
        if generation.number != number || generation.open {
            return Err(Refusal::Generation(generation.number));
        }
        Ok(generation)
    }

    /// Whether something is presumed of epochs that have not spoken in this generation.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let generation = self.open_generation(None);
        generation.is_ok_and(|generation| !generation.pending.is_empty())
    }

    /// How accounts stand; `None` for one nobody has claimed.
    ///
    /// # Errors
    /// [`Refusal::Forgotten`].
    pub fn read(&self, accounts: &[AccountId]) -> Result<Vec<Option<Balance>>, Refusal> {
        let pending = self.open_generation(None)?.pending.len();
        let balance = |id| {
            self.accounts.get(id).map(|account: &Account| Balance {
                limit: account.terms.limit,
                claimed: NanoUsd::from_nanos(clamp(account.claimed())),
                open: NanoUsd::from_nanos(clamp(account.open())),
                presumed: NanoUsd::from_nanos(clamp(account.presumed(pending))),
            })
        };
        Ok(accounts.iter().map(balance).collect())
    }

    /// Lets go of accounts whose period is long over.
    pub fn forget(&mut self, now: UnixMillis) {
        self.accounts
            .retain(|_, account| account.terms.end.offset(KEPT_MILLIS) > now);
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
