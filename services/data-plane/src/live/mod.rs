//! How the endpoints fare that this worker calls: each call tells of its endpoint ([`Underway`]), and each decision looks
//! at those it can choose from ([`Sight`]).
//!
//! ```text
//! plan ── Sight ──► assessment of each candidate ──► routing orders them
//! walk ── Underway: sent, first token, headers, ended ──► health of the one that is called
//! ```
//! What is known stays in this process and may be lost with it; [`Exchange`] tells other workers of it in the background, and
//! hears what they know. Must stay true: a call that was sent is always ended, by
//! being dropped if by nothing else; no lock is held across a wait. A decision holds the pool of its route while it looks at
//! endpoints and conversations; whoever holds one of those takes no other.

mod exchange;
mod known;
mod metrics;
mod sight;
mod underway;
mod words;

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use sluicegate_contracts::config::HedgeAfter;
use sluicegate_contracts::ids::{ConnectionId, OrganizationId, ProjectId};
use sluicegate_routing::Candidate;
use sluicegate_routing::health::{Delivery, Health, Moment, Sessions, Told};
use sluicegate_routing::select::{Pool, has_room_to_spare, is_well, late_after};
use sluicegate_service_runtime::clock::Clock;

pub use exchange::Exchange;
use known::Known;
pub(crate) use sight::Sight;
pub(crate) use underway::{Start, Underway};

/// Most endpoints that are known at once, of about 1 KiB each; and most routes that share allowances.
const MOST: usize = 32_768;
/// Seconds without a call after which an endpoint may be forgotten when there is no room.
const IDLE: f64 = 600.0;
/// Conversations whose warm endpoint is remembered, 16 bytes each.
const CONVERSATIONS: usize = 262_144;
/// Seconds that a provider keeps a prompt warm, as most of them say.
const KEEPS: f64 = 300.0;

/// The live state of every endpoint. Clones share it.
#[derive(Clone)]
pub struct Endpoints {
    shared: Arc<Shared>,
}

struct Shared {
    states: RwLock<HashMap<Key, Arc<Known>>>,
    pools: RwLock<HashMap<u64, SharedPool>>,
    sessions: Mutex<Sessions>,
    clock: Clock,
}

/// What the calls of one route, or of one model in a project, share.
pub(crate) type SharedPool = Arc<Mutex<Pool>>;

/// An endpoint: a model as its provider names it, reached through one account, which is its owner's. The name is hashed: two
/// of one account that met would share a state, and nothing worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    organization: OrganizationId,
    connection: ConnectionId,
    model: u64,
}

impl Key {
    /// `None` for what is built in: nothing is to be known of it.
    fn of(candidate: &Candidate<'_>) -> Option<Self> {
        let connection = candidate.connection?;
        Some(Self::named(
            connection.organization,
            connection.id,
            candidate.upstream_model,
        ))
    }

    fn named(organization: OrganizationId, connection: ConnectionId, model: &str) -> Self {
        Self {
            organization,
            connection,
            model: hashed(model),
        }
    }
}

fn hashed(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Locks. What a panic elsewhere left is still the best that is known.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Endpoints {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        let shared = Shared {
            states: RwLock::default(),
            pools: RwLock::default(),
            sessions: Mutex::new(Sessions::with_room_for(CONVERSATIONS)),
            clock,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    fn now(&self) -> Moment {
        let passed = self.shared.clock.monotonic().as_micros();
        Moment::from_micros(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    /// What the calls share that go to one route, or model, of a project.
    pub(crate) fn pool(&self, project: ProjectId, name: impl Hash) -> SharedPool {
        let key = hashed((project, name));
        let known = self.shared.pools.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = known.get(&key) {
            return Arc::clone(pool);
        }
        drop(known);
        let mut known = self.shared.pools.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            // What is in use comes back with its next call.
            known.clear();
        }
        Arc::clone(known.entry(key).or_default())
    }

    /// What a decision for a call can see. `session` names the conversation it belongs to.
    pub(crate) fn sight(&self, session: Option<u64>) -> Sight<'_> {
        Sight::new(self, session)
    }

    /// Names a conversation of a project.
    pub(crate) fn conversation(project: ProjectId, session: &str) -> u64 {
        hashed((project, session))
    }

    /// Notes that a call leaves; `None` where nothing is known of the endpoint, nor will be.
    pub(crate) fn sent(&self, start: Start<'_>) -> Option<Underway> {
        let key = Key::of(start.candidate)?;
        let state = self.state(key, start.candidate.upstream_model, MOST)?;
        Some(Underway::new(self, state, key, start))
    }

    /// Whether a call that failed may be tried again at one of `others`: freely while one of them is well, else out of what
    /// its route has saved up.
    pub(crate) fn may_retry<'c>(
        &self,
        mut others: impl Iterator<Item = &'c Candidate<'c>>,
        pool: &SharedPool,
    ) -> bool {
        let now = self.now();
        let well = |it: &Candidate<'_>| self.look(it, |health| is_well(health, now, 0.0));
        others.any(|it| well(it).unwrap_or(true)) || locked(pool).spend_retry()
    }

    /// How long a call that leaves now may bring nothing before it is late; `None`: that is not known.
    pub(crate) fn late_after(
        &self,
        candidate: &Candidate<'_>,
        delivery: Delivery,
        after: HedgeAfter,
    ) -> Option<Duration> {
        let now = self.now();
        let late = |health: &Health| late_after(health, now, delivery, after);
        self.look(candidate, late)
            .unwrap_or_else(|| late(&Health::default()))
    }

    /// Whether the endpoint takes a call of so many tokens that it would not get otherwise.
    pub(crate) fn has_room_to_spare(
        &self,
        candidate: &Candidate<'_>,
        delivery: Delivery,
        tokens: f64,
    ) -> bool {
        let now = self.now();
        self.look(candidate, |health| {
            has_room_to_spare(&health.assess(now, delivery, tokens))
        })
        .unwrap_or(true)
    }

    /// Whether a call of the route may be sent twice, where so large a share of them may be.
    pub(crate) fn may_hedge(&self, pool: &SharedPool, share: f64) -> bool {
        locked(pool).may_hedge(self.now(), share)
    }

    /// The same, and takes it from the allowance.
    pub(crate) fn spend_hedge(&self, pool: &SharedPool, share: f64) -> bool {
        locked(pool).spend_hedge(self.now(), share)
    }

    /// Reads something off the state of an endpoint; `None` when nothing was ever sent there.
    fn look<T>(&self, candidate: &Candidate<'_>, look: impl FnOnce(&Health) -> T) -> Option<T> {
        let key = Key::of(candidate)?;
        let states = self.shared.states.read().unwrap_or_else(PoisonError::into_inner);
        let state = Arc::clone(states.get(&key)?);
        drop(states);
        Some(state.look(look))
    }

    /// What other workers know of an endpoint. At most half of the room is for those that only they have called.
    fn hear(&self, key: Key, model: &str, now: Moment, told: &Told) {
        if let Some(state) = self.state(key, model, MOST / 2) {
            state.hear(now, told);
        }
    }

    fn for_each(&self, mut look: impl FnMut(&Key, &Known)) {
        let states = self.shared.states.read().unwrap_or_else(PoisonError::into_inner);
        states.iter().for_each(|(key, known)| look(key, known));
    }

    /// `None` when it is not known yet and `most` are.
    fn state(&self, key: Key, model: &str, most: usize) -> Option<Arc<Known>> {
        let states = self.shared.states.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = states.get(&key) {
            return Some(Arc::clone(state));
        }
        drop(states);
        let mut states = self.shared.states.write().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= MOST {
            let now = self.now();
            states.retain(|_, state| Arc::strong_count(state) > 1 || state.idle(now) < IDLE);
        }
        let known = || Arc::new(Known::new(model));
        (states.len() < most).then(|| Arc::clone(states.entry(key).or_insert_with(known)))
    }

    fn remember(&self, session: u64, key: Key, tokens: u32) {
        locked(&self.shared.sessions).remember(self.now(), session, hashed(key), tokens);
    }

    fn warm(&self, session: u64, key: Key, now: Moment) -> u32 {
        locked(&self.shared.sessions).warm(now, session, hashed(key), KEEPS)
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints").finish_non_exhaustive()
    }
}
