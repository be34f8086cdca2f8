//! A worker's half of the protocol: what it claims on each account, how much it may ask for without proof, and what the
//! store's answers and silences mean. It moves no money itself: [`Book`](super::Book) and the leases do, and tell it.
//!
//! Two rules of order keep it safe. Money leaves a lease before [`Claims::give_back`] is told, so that it cannot be
//! spent once the store has it. And one message is under way at a time, so that what is said last is what counts.

use std::collections::{BTreeMap, BTreeSet};

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::message::{
    Answer, Ask, Claim, Epoch, Left, MAX_ASKS, MAX_CLAIMS, Reconcile, Refusal, Reply, Request,
};
use super::path::{Path, Terms};

/// Claims of one epoch on the accounts of one organization.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Claims {
    epoch: Epoch,
    op: u64,
    /// The store's generation as last heard; 0 before.
    generation: u64,
    phase: Phase,
    accounts: BTreeMap<AccountId, Account>,
    /// Accounts the store may have to hear of.
    changed: BTreeSet<AccountId>,
    in_flight: Option<InFlight>,
    /// Says something next, if only to learn the store's generation.
    introduces: bool,
    /// Spending that is not known to be in Postgres, by position in the spool.
    unproven: BTreeMap<u64, Vec<(Path, i64)>>,
    /// Records up to this position are in Postgres.
    watermark: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    /// Postgres may not know that this epoch exists, so nothing would be presumed of it: it asks for nothing.
    Unannounced,
    /// A generation is new to it: everything is claimed once, and then registered.
    Registering,
    /// Claims and asks.
    Settled,
    /// Its epoch was closed.
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Account {
    terms: Terms,
    claim: i64,
    spent: i64,
    /// The part of `spent` that is known to be in Postgres.
    proven: i64,
    told: Told,
}

/// What the store has heard of an account in this generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Told {
    Nothing,
    /// An answer was lost: it may have granted something.
    Unclear,
    This {
        claim: i64,
        open: i64,
        version: u64,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum InFlight {
    Reconcile {
        message: Reconcile,
        asks: Vec<(u64, Path)>,
    },
    Register,
}

/// A wish of the caller: `id` comes back with the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Want {
    /// The caller's name for it.
    pub id: u64,
    /// On which accounts.
    pub path: Path,
    /// Most that is of use.
    pub want: i64,
    /// Less is of no use.
    pub min: i64,
}

/// Why a [`Want`] did not get into a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// There was no place, or it is not the time: it may come into a later one.
    Later,
    /// Too much of an account is not proven in Postgres yet. The accounts are named in the message.
    Exposed,
}

/// How the caller fares after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Answers to wants. Grants are in the claims already and belong into a lease now.
    pub answers: Vec<Answered>,
    /// What accounts have left.
    pub left: Vec<(AccountId, Left)>,
}

/// An answer to a [`Want`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The caller's name for it.
    pub id: u64,
    /// Its path.
    pub path: Path,
    /// What became of it.
    pub answer: Verdict,
}

/// [`Answer`] in the caller's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Granted, in nano-USD.
    Grant(i64),
    /// This account has too little left.
    Deny(AccountId),
    /// The store does not know enough yet.
    Wait,
}

impl Account {
    fn new(terms: Terms) -> Self {
        Self {
            terms,
            claim: 0,
            spent: 0,
            proven: 0,
            told: Told::Nothing,
        }
    }

    fn open(&self) -> i64 {
        self.claim.saturating_sub(self.spent).max(0)
    }

    /// What may still be asked for without more proof.
    fn room(&self) -> i64 {
        let unproven = self.claim.saturating_sub(self.proven);
        self.terms.exposure.nanos().saturating_sub(unproven)
    }

    /// Whether the store should hear of it. What is open is news too, though less urgent: `all` asks for that.
    fn is_news(&self, all: bool) -> bool {
        match self.told {
            Told::Nothing => self.claim != 0,
            Told::Unclear => true,
            Told::This { claim, open, version } => {
                claim != self.claim || version < self.terms.version || (all && open != self.open())
            }
        }
    }
}

impl Claims {
    /// Nothing is claimed. It asks for nothing until [`Claims::announced`].
    #[must_use]
    pub fn new(epoch: Epoch) -> Self {
        Self {
            epoch,
            op: 0,
            generation: 0,
            phase: Phase::Unannounced,
            accounts: BTreeMap::new(),
            changed: BTreeSet::new(),
            in_flight: None,
            introduces: false,
            unproven: BTreeMap::new(),
            watermark: 0,
        }
    }

    /// Postgres knows this epoch from now on, so that a store that forgets presumes something of it.
    pub fn announced(&mut self) {
        if self.phase == Phase::Unannounced {
            self.phase = Phase::Registering;
        }
    }

    /// The store waits to hear of every epoch: speak, also with nothing to say.
    pub fn introduce(&mut self) {
        self.introduces = true;
    }

    /// Whether the epoch was closed; its leases are void.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Whether Postgres may not know the epoch.
    #[must_use]
    pub fn is_unannounced(&self) -> bool {
        self.phase == Phase::Unannounced
    }

    /// Whether no account is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Whether a message is under way.
    #[must_use]
    pub fn is_awaiting(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Takes note of what is agreed about the accounts of a path.
    pub fn agree(&mut self, path: &Path) {
        for (id, terms) in path.entries() {
            let account = self.accounts.entry(id.clone());
            let account = account.or_insert_with(|| Account::new(*terms));
            if terms.version > account.terms.version {
                account.terms = *terms;
                self.changed.insert(id.clone());
            }
        }
    }

    /// What is agreed about an account, as far as this worker knows.
    #[must_use]
    pub fn terms(&self, account: &AccountId) -> Option<Terms> {
        self.accounts.get(account).map(|account| account.terms)
    }

    /// `amount` has left the leases of `path` and belongs to the accounts again.
    pub fn give_back(&mut self, path: &Path, amount: i64) {
        self.each(path, |account| {
            account.claim = account.claim.saturating_sub(amount);
        });
    }

    /// Calls cost `amount` more than was taken for them.
    pub fn overrun(&mut self, path: &Path, amount: i64) {
        self.each(path, |account| {
            account.claim = account.claim.saturating_add(amount);
        });
    }

    /// A call cost `amount`; `seq` is the place of its record in the spool, when it has one.
    pub fn spent(&mut self, path: &Path, amount: i64, seq: Option<u64>) {
        self.each(path, |account| {
            account.spent = account.spent.saturating_add(amount);
        });
        match seq {
            Some(seq) if seq > self.watermark => {
                self.unproven.entry(seq).or_default().push((path.clone(), amount));
            }
            Some(_) => self.prove(path, amount),
            None => {}
        }
    }

    /// Every record of the epoch up to `watermark` is in Postgres.
    pub fn ingested(&mut self, watermark: u64) {
        if watermark <= self.watermark {
            return;
        }
        self.watermark = watermark;
        let later = self.unproven.split_off(&watermark.saturating_add(1));
        let proven = std::mem::replace(&mut self.unproven, later);
        for (path, amount) in proven.into_values().flatten() {
            self.prove(&path, amount);
        }
    }

    fn prove(&mut self, path: &Path, amount: i64) {
        self.each(path, |account| {
            account.proven = account.proven.saturating_add(amount);
        });
    }

    fn each(&mut self, path: &Path, mut change: impl FnMut(&mut Account)) {
        for (id, terms) in path.entries() {
            let account = self.accounts.entry(id.clone());
            change(account.or_insert_with(|| Account::new(*terms)));
            self.changed.insert(id.clone());
        }
    }

    /// The next message, with as many `wants` as may go; `None` while one is under way or when there is nothing to say.
    /// `all` makes it tell also what changed without changing a claim. The second value says of each want left out why.
    pub fn compose(&mut self, wants: &[Want], all: bool) -> (Option<Request>, Vec<(u64, Held)>) {
        let later = || wants.iter().map(|want| (want.id, Held::Later)).collect();
        if self.in_flight.is_some() || matches!(self.phase, Phase::Unannounced | Phase::Closed) {
            return (None, later());
        }
        let news = self.news(all);
        if self.phase == Phase::Registering {
            let request = if news.is_empty() {
                self.in_flight = Some(InFlight::Register);
                Request::Register {
                    generation: self.generation,
                    epoch: self.epoch,
                }
            } else {
                self.send(&news, &[])
            };
            return (Some(request), later());
        }
        let (mut named, mut asked) = (news, BTreeMap::new());
        let (mut sent, mut held) = (Vec::new(), Vec::new());
        for want in wants {
            self.agree(&want.path);
            let unnamed = want.path.accounts().filter(|id| !named.contains(*id)).count();
            if sent.len() >= MAX_ASKS || named.len() + unnamed > MAX_CLAIMS {
                held.push((want.id, Held::Later));
                continue;
            }
            let room = self.room(&want.path, &asked);
            if room >= want.min.max(1) || want.min > 0 {
                // Also for a call that may not ask, so that the answer tells whether it could have been met.
                named.extend(want.path.accounts().cloned());
            }
            if room < want.min.max(1) {
                held.push((want.id, Held::Exposed));
                continue;
            }
            let want = Want {
                want: want.want.min(room),
                ..want.clone()
            };
            for id in want.path.accounts() {
                let asked: &mut i64 = asked.entry(id.clone()).or_default();
                *asked = asked.saturating_add(want.want);
            }
            sent.push(want);
        }
        if named.is_empty() && !std::mem::take(&mut self.introduces) {
            return (None, held);
        }
        (Some(self.send(&named, &sent)), held)
    }

    fn news(&mut self, all: bool) -> BTreeSet<AccountId> {
        let accounts = &self.accounts;
        let is_news = |id: &AccountId, all| accounts.get(id).is_some_and(|account| account.is_news(all));
        self.changed.retain(|id| is_news(id, true));
        let news = self.changed.iter().filter(|id| is_news(id, all));
        news.take(MAX_CLAIMS).cloned().collect()
    }

    /// What may be asked for on a path without more proof, beside what is `asked` already.
    fn room(&self, path: &Path, asked: &BTreeMap<AccountId, i64>) -> i64 {
        let rooms = path.accounts().map(|id| {
            let room = self.accounts.get(id).map_or(0, Account::room);
            room.saturating_sub(asked.get(id).copied().unwrap_or(0))
        });
        rooms.min().unwrap_or(0)
    }

    fn send(&mut self, named: &BTreeSet<AccountId>, wants: &[Want]) -> Request {
        self.op += 1;
        let position: BTreeMap<&AccountId, usize> = named.iter().zip(0..).collect();
        let claims = named.iter().filter_map(|id| {
            self.accounts.get(id).map(|account| Claim {
                account: id.clone(),
                terms: account.terms,
                claim: NanoUsd::from_nanos(account.claim.max(0)),
                open: NanoUsd::from_nanos(account.open()),
            })
        });
        let asks = wants.iter().map(|want| Ask {
            path: want
                .path
                .accounts()
                .filter_map(|id| position.get(id).copied())
                .collect(),
            want: NanoUsd::from_nanos(want.want),
            min: NanoUsd::from_nanos(want.min),
        });
        let message = Reconcile {
            generation: self.generation,
            epoch: self.epoch,
            op: self.op,
            claims: claims.collect(),
            asks: asks.collect(),
        };
        self.in_flight = Some(InFlight::Reconcile {
            message: message.clone(),
            asks: wants.iter().map(|want| (want.id, want.path.clone())).collect(),
        });
        Request::Reconcile(message)
    }

    /// The store took the claims under way.
    pub fn reconciled(&mut self, reply: &Reply) -> Heard {
        let Some(InFlight::Reconcile { message, asks }) = self.in_flight.take() else {
            return Heard {
                answers: Vec::new(),
                left: Vec::new(),
            };
        };
        for claim in &message.claims {
            if let Some(account) = self.accounts.get_mut(&claim.account) {
                account.told = Told::This {
                    claim: claim.claim.nanos(),
                    open: claim.open.nanos(),
                    version: claim.terms.version,
                };
            }
        }
        let answers = asks.into_iter().zip(&reply.answers).map(|((id, path), answer)| {
            let answer = match answer {
                Answer::Grant(amount) => {
                    self.granted(&path, amount.nanos());
                    Verdict::Grant(amount.nanos())
                }
                Answer::Deny(position) => match message.claims.get(*position) {
                    Some(claim) => Verdict::Deny(claim.account.clone()),
                    None => Verdict::Wait,
                },
                Answer::Wait => Verdict::Wait,
            };
            Answered { id, path, answer }
        });
        let answers = answers.collect();
        let left = message.claims.into_iter().zip(&reply.left);
        Heard {
            answers,
            left: left.map(|(claim, left)| (claim.account, *left)).collect(),
        }
    }

    fn granted(&mut self, path: &Path, amount: i64) {
        self.each(path, |account| {
            account.claim = account.claim.saturating_add(amount);
            if let Told::This { claim, open, .. } = &mut account.told {
                *claim = claim.saturating_add(amount);
                *open = open.saturating_add(amount);
            }
        });
    }

    /// The store took the registration under way.
    pub fn registered(&mut self) {
        if let Some(InFlight::Register) = self.in_flight.take()
            && self.phase == Phase::Registering
        {
            self.phase = Phase::Settled;
        }
    }

    /// The store wrote nothing of what is under way.
    pub fn refused(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::Forgotten => self.in_flight = None,
            Refusal::Stale => self.lost(),
            Refusal::Closed => {
                self.in_flight = None;
                self.phase = Phase::Closed;
            }
            // An older one is a store that forgot and does not know it yet.
            Refusal::Generation(number) if number <= self.generation => self.in_flight = None,
            Refusal::Generation(number) => {
                self.in_flight = None;
                self.generation = number;
                self.phase = Phase::Registering;
                for account in self.accounts.values_mut() {
                    account.told = Told::Nothing;
                }
                self.changed = self.accounts.keys().cloned().collect();
            }
        }
    }

    /// No answer came: the store may or may not have taken what is under way, and may do so yet.
    pub fn lost(&mut self) {
        if let Some(InFlight::Reconcile { message, .. }) = self.in_flight.take() {
            for claim in &message.claims {
                if let Some(account) = self.accounts.get_mut(&claim.account) {
                    account.told = Told::Unclear;
                    self.changed.insert(claim.account.clone());
                }
            }
        }
    }

    /// Lets go of accounts whose period is over once all of it is told and proven.
    pub fn forget(&mut self, now: UnixMillis) {
        if self.in_flight.is_some() {
            return;
        }
        self.accounts.retain(|_, account| {
            let is_proven = account.claim == account.spent && account.spent == account.proven;
            account.terms.end > now || !is_proven || account.is_news(true)
        });
    }

    /// What is claimed on an account and not spent.
    #[must_use]
    pub fn open(&self, account: &AccountId) -> i64 {
        self.accounts.get(account).map_or(0, Account::open)
    }

    /// What is claimed on an account.
    #[must_use]
    pub fn claim(&self, account: &AccountId) -> i64 {
        self.accounts.get(account).map_or(0, |account| account.claim)
    }
}
