//! The protocol of decision 0014, explored over the code that ships: [`Claims`] on each worker and the [`Store`], with a
//! net that loses answers and delivers messages late, workers that crash, and a store that forgets.
//!
//! Bounds: one account, calls of one unit, and a few messages, calls and faults in all. Every wrong variant is the same
//! code driven wrongly.

use std::collections::BTreeMap;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::claims::{Claims, Verdict as Heard, Want};
use sluicegate_metering::escrow::{
    Answer, Epoch, Loaded, Path, Refusal, Reply, Request, Settled, Store, Terms,
};
use uuid::Uuid;

use super::{Model, Step, Verdict, assert_caught, explore};

const NOW: UnixMillis = UnixMillis::new(0);
const END: UnixMillis = UnixMillis::new(i64::MAX);
const WORKERS: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    AsDecided,
    /// Money is given back while it can still be spent.
    GiveBackFirst,
    /// Messages carry no number, so a late one is believed.
    NoNumbers,
    /// A second message is sent before the first is answered.
    TwoUnderWay,
    /// A store that was told the past presumes nothing of silent epochs.
    NoPresumption,
    /// Workers claim without bound.
    NoExposureCap,
    /// An epoch is closed before all its records are in Postgres.
    CloseWithoutProof,
    /// An epoch that is silent is closed.
    RefundOnSilence,
    /// A worker asks before Postgres knows its epoch.
    AskUnannounced,
    /// The keeper reads Postgres, and only then stops the store from granting.
    ReadBeforeFence,
    /// A store that came back with an older file goes on from there.
    TrustOldFile,
}

#[derive(Clone, Copy)]
struct Setting {
    limit: i64,
    /// What the limit becomes, once.
    changed_limit: Option<i64>,
    exposure: i64,
    calls: u8,
    asks: u8,
    faults: u8,
    /// Whether answers get lost and messages come late.
    is_lossy: bool,
    variant: Variant,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Worker {
    claims: Claims,
    epoch: u32,
    /// Version of the limit it knows.
    version: u64,
    idle: i64,
    held: i64,
    /// Given back already and still in the lease: only of the wrong variant.
    owed: i64,
    under_way: Vec<Request>,
    /// Place of the latest record of this epoch.
    seq: u64,
    /// Records not in Postgres, of this epoch and earlier ones.
    spool: Vec<(u32, u64)>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    store: Store,
    is_told: bool,
    /// A copy on disk.
    file: Option<Store>,
    workers: [Worker; WORKERS],
    /// Messages given up by their senders that may arrive yet.
    late: Vec<Request>,
    /// Postgres: cost by epoch, the epochs it knows, those closed, the store's generation.
    spent: BTreeMap<Epoch, i64>,
    announced: [Option<u32>; WORKERS],
    closed_below: [u32; WORKERS],
    generation: u64,
    /// What the keeper has read, while it tells the store the past.
    read: Option<BTreeMap<Epoch, i64>>,
    fenced: bool,
    version: u64,
    cost: i64,
    calls: u8,
    asks: u8,
    faults: u8,
    /// Counts what reaches a store that does not look at numbers: only of the wrong variant.
    arrivals: u64,
}

fn account() -> AccountId {
    AccountId {
        budget: BudgetId::from(Uuid::from_u128(1)),
        period: NOW,
        partition: None,
    }
}

fn epoch(worker: usize, number: u32) -> Epoch {
    Epoch {
        worker: WorkerId::from(Uuid::from_u128(worker as u128)),
        number,
    }
}

fn is_ask(request: &Request) -> bool {
    match request {
        Request::Reconcile(message) => !message.asks.is_empty(),
        Request::Register { .. } => false,
    }
}

impl State {
    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next
    }

    fn fault(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.with(change);
        next.faults += 1;
        next
    }
}

impl Setting {
    fn limit(&self, version: u64) -> i64 {
        if version == 1 {
            self.limit
        } else {
            self.changed_limit.unwrap_or(self.limit)
        }
    }

    fn terms(&self, version: u64) -> Terms {
        Terms {
            limit: NanoUsd::from_nanos(self.limit(version)),
            version,
            exposure: NanoUsd::from_nanos(self.exposure),
            end: END,
        }
    }

    /// As a worker sees it.
    fn path(&self, version: u64) -> Path {
        let mut terms = self.terms(version);
        if self.variant == Variant::NoExposureCap {
            terms.exposure = NanoUsd::MAX;
        }
        Path::new(vec![(account(), terms)]).unwrap()
    }

    fn has_faults(&self, state: &State) -> bool {
        state.faults < self.faults
    }

    /// A message reaches the store; what it answers.
    fn arrive(&self, state: &mut State, request: &Request) -> Result<Option<Vec<i64>>, Refusal> {
        match request {
            Request::Register { generation, epoch } => {
                state.store.register(*generation, *epoch).map(|()| None)
            }
            Request::Reconcile(message) => {
                let mut message = message.clone();
                for claim in &mut message.claims {
                    claim.terms.exposure = NanoUsd::from_nanos(self.exposure);
                }
                if self.variant == Variant::NoNumbers {
                    state.arrivals += 1;
                    message.op = state.arrivals;
                }
                let reply = state.store.reconcile(&message, NOW)?;
                let granted = |answer: &Answer| match answer {
                    Answer::Grant(amount) => amount.nanos(),
                    Answer::Deny(_) | Answer::Wait => 0,
                };
                let granted = reply.answers.iter().map(granted).collect();
                Ok(Some(granted))
            }
        }
    }
}

impl Model for Setting {
    type State = State;

    /// Both workers are registered with an empty store.
    fn start(&self) -> State {
        let mut store = Store::default();
        store.fence(1).unwrap();
        store.open(1, &[], &[]).unwrap();
        let workers = [0, 1].map(|worker| {
            let mut claims = Claims::new(epoch(worker, 0));
            claims.announced();
            claims.compose(&[], false);
            claims.refused(Refusal::Generation(1));
            claims.compose(&[], false);
            claims.registered();
            Worker {
                claims,
                epoch: 0,
                version: 1,
                idle: 0,
                held: 0,
                owed: 0,
                under_way: Vec::new(),
                seq: 0,
                spool: Vec::new(),
            }
        });
        State {
            store,
            is_told: true,
            file: None,
            workers,
            late: Vec::new(),
            spent: BTreeMap::new(),
            announced: [Some(0); WORKERS],
            closed_below: [0; WORKERS],
            generation: 1,
            read: None,
            fenced: false,
            version: 1,
            cost: 0,
            calls: 0,
            asks: 0,
            faults: 0,
            arrivals: 0,
        }
    }

    fn broken(&self, state: &State) -> Option<&'static str> {
        let most = (1..=state.version).map(|version| self.limit(version)).max();
        (state.cost > most.unwrap()).then_some("overspent")
    }

    fn steps(&self, state: &State, step: &mut dyn FnMut(Step, State)) {
        for i in 0..WORKERS {
            self.talk(state, i, step);
            self.work(state, i, step);
            self.record(state, i, step);
            self.end(state, i, step);
        }
        self.disturb(state, step);
        self.keep(state, step);
    }
}

impl Setting {
    fn talk(&self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let worker = &state.workers[i];
        let second = self.variant == Variant::TwoUnderWay && worker.under_way.len() == 1;
        if state.is_told && (worker.under_way.is_empty() || second) {
            let most = if state.asks < self.asks { self.exposure } else { 0 };
            for want in 0..=most {
                let next = state.with(|next| {
                    next.asks += u8::from(want > 0);
                    let worker = &mut next.workers[i];
                    if second {
                        worker.claims.lost();
                    }
                    let path = self.path(worker.version);
                    let want = (want > 0).then_some(Want {
                        id: 1,
                        path,
                        want,
                        min: want,
                    });
                    let (request, _) = worker.claims.compose(want.as_slice(), false);
                    worker.under_way.extend(request);
                });
                if next.workers[i].under_way.len() > worker.under_way.len() {
                    step((if want > 0 { "asks" } else { "tells" }, i), next);
                }
            }
        }
        let Some(request) = worker.under_way.first() else {
            return;
        };
        let answered = state.with(|next| {
            let outcome = self.arrive(next, request);
            next.workers[i].under_way.remove(0);
            // An ask that only told it of a new generation may be made again.
            let is_new = matches!(outcome, Err(Refusal::Generation(_)));
            next.asks -= u8::from(is_new && is_ask(request));
            self.hear(&mut next.workers[i], outcome);
        });
        step(("is answered", i), answered);
        if self.has_faults(state) && self.is_lossy && !second {
            let unheard = state.fault(|next| {
                let _ = self.arrive(next, request);
                next.workers[i].under_way.remove(0);
                next.workers[i].claims.lost();
            });
            step(("is answered in vain", i), unheard);
            let delayed = state.fault(|next| {
                next.late.push(next.workers[i].under_way.remove(0));
                next.workers[i].claims.lost();
            });
            step(("gives up a message that is late", i), delayed);
        }
    }

    fn hear(&self, worker: &mut Worker, outcome: Result<Option<Vec<i64>>, Refusal>) {
        let path = self.path(worker.version);
        match outcome {
            Ok(None) => worker.claims.registered(),
            Ok(Some(granted)) if !worker.under_way.is_empty() => {
                // The answer to the first of two.
                let granted = granted.iter().sum();
                worker.claims.overrun(&path, granted);
                worker.idle += granted;
            }
            Ok(Some(granted)) => {
                let reply = Reply {
                    left: Vec::new(),
                    answers: granted
                        .iter()
                        .map(|amount| match amount {
                            0 => Answer::Wait,
                            amount => Answer::Grant(NanoUsd::from_nanos(*amount)),
                        })
                        .collect(),
                };
                for answered in worker.claims.reconciled(&reply).answers {
                    match answered.answer {
                        Heard::Grant(amount) => worker.idle += amount,
                        Heard::Deny(_) | Heard::Wait => {}
                    }
                }
                worker.idle -= worker.owed.min(worker.idle);
                worker.owed = 0;
            }
            Err(refusal) => worker.claims.refused(refusal),
        }
        if worker.claims.is_closed() {
            worker.idle = 0;
        }
    }

    fn work(&self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let worker = &state.workers[i];
        let path = self.path(worker.version);
        if worker.idle > 0 && state.calls < self.calls {
            let next = state.with(|next| {
                next.workers[i].idle -= 1;
                next.workers[i].held += 1;
                next.calls += 1;
            });
            step(("starts a call", i), next);
        }
        if worker.idle > worker.owed {
            let next = state.with(|next| {
                let worker = &mut next.workers[i];
                if self.variant == Variant::GiveBackFirst {
                    worker.owed += 1;
                } else {
                    worker.idle -= 1;
                }
                worker.claims.give_back(&path, 1);
            });
            step(("gives back", i), next);
        }
        if worker.held > 0 {
            let finished = state.with(|next| {
                next.cost += 1;
                let worker = &mut next.workers[i];
                worker.held -= 1;
                worker.seq += 1;
                worker.spool.push((worker.epoch, worker.seq));
                worker.claims.spent(&path, 1, Some(worker.seq));
            });
            step(("finishes a call", i), finished);
            let cancelled = state.with(|next| {
                next.workers[i].held -= 1;
                next.workers[i].idle += 1;
            });
            step(("cancels a call", i), cancelled);
        }
        if worker.version < state.version {
            let next = state.with(|next| {
                next.workers[i].version = next.version;
                next.workers[i].claims.agree(&self.path(next.version));
            });
            step(("hears of the limit", i), next);
        }
    }

    fn record(&self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let Some((number, seq)) = state.workers[i].spool.first().copied() else {
            return;
        };
        let counted = state.with(|next| {
            next.workers[i].spool.remove(0);
            *next.spent.entry(epoch(i, number)).or_default() += 1;
        });
        if number == state.workers[i].epoch {
            let heard = counted.with(|next| next.workers[i].claims.ingested(seq));
            step(("a record is counted", i), heard);
            if self.has_faults(state) {
                step(
                    ("a record is counted, and nobody hears of it", i),
                    counted.fault(|_| ()),
                );
            }
        } else {
            step(("a record is counted", i), counted);
        }
    }

    /// Ends and begins epochs.
    fn end(&self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let worker = &state.workers[i];
        if self.has_faults(state) {
            let next = state.fault(|next| {
                let worker = &mut next.workers[i];
                // What was under way is billed; the intents in the spool say so.
                next.cost += worker.held;
                for _ in 0..worker.held {
                    worker.seq += 1;
                    worker.spool.push((worker.epoch, worker.seq));
                }
                next.late.append(&mut worker.under_way);
                worker.epoch += 1;
                worker.claims = Claims::new(epoch(i, worker.epoch));
                if self.variant == Variant::AskUnannounced {
                    worker.claims.announced();
                }
                (worker.idle, worker.held, worker.owed, worker.seq) = (0, 0, 0, 0);
            });
            step(("crashes", i), next);
        }
        if state.announced[i] != Some(worker.epoch) {
            let next = state.with(|next| {
                next.announced[i] = Some(worker.epoch);
                next.workers[i].claims.announced();
            });
            step(("is announced", i), next);
        }
        let first = state.closed_below[i];
        let is_past = first < worker.epoch;
        let is_drained = worker.spool.iter().all(|(number, _)| *number != first);
        let may_close = match self.variant {
            Variant::CloseWithoutProof => is_past,
            Variant::RefundOnSilence => first <= worker.epoch && is_drained && worker.held == 0,
            Variant::AsDecided
            | Variant::GiveBackFirst
            | Variant::NoNumbers
            | Variant::TwoUnderWay
            | Variant::NoPresumption
            | Variant::NoExposureCap
            | Variant::AskUnannounced
            | Variant::ReadBeforeFence
            | Variant::TrustOldFile => is_past && is_drained,
        };
        if may_close && state.is_told {
            let next = state.with(|next| {
                let ended = epoch(i, first);
                let settled = Settled {
                    account: account(),
                    end: END,
                    amount: NanoUsd::from_nanos(next.spent.get(&ended).copied().unwrap_or(0)),
                };
                let _ = next.store.close(ended, &[settled]);
                next.closed_below[i] = first + 1;
            });
            step(("an epoch is closed", i), next);
        }
    }

    fn disturb(&self, state: &State, step: &mut dyn FnMut(Step, State)) {
        for at in 0..state.late.len() {
            let next = state.with(|next| {
                let request = next.late.remove(at);
                let _ = self.arrive(next, &request);
            });
            step(("a late message arrives", 0), next);
        }
        if state.version == 1 && self.changed_limit.is_some() {
            step(("the limit changes", 0), state.with(|next| next.version = 2));
        }
        let trusts = self.variant == Variant::TrustOldFile;
        if trusts && state.file.is_none() {
            step(
                ("a file is written", 0),
                state.with(|next| next.file = Some(next.store.clone())),
            );
        }
        if self.has_faults(state) {
            let next = state.fault(|next| match next.file.clone() {
                Some(file) if trusts => next.store = file,
                Some(_) | None => {
                    // Whatever it comes back with, it is another run: it has forgotten.
                    (next.store, next.is_told) = (Store::default(), false);
                    (next.fenced, next.read) = (false, None);
                }
            });
            step(("the store forgets", 0), next);
        }
    }

    /// The keeper tells a store the past: fence, read, open. It may also do so without need.
    fn keep(&self, state: &State, step: &mut dyn FnMut(Step, State)) {
        let reads_first = self.variant == Variant::ReadBeforeFence;
        let idle = !state.fenced && state.read.is_none();
        let may_begin = !state.is_told || self.has_faults(state);
        let fence = |next: &mut State| {
            next.generation += 1;
            next.store.fence(next.generation).unwrap();
            (next.is_told, next.fenced) = (false, true);
        };
        let read = |next: &mut State| next.read = Some(next.spent.clone());
        let needless = u8::from(state.is_told);
        if idle && may_begin {
            let next = state.with(|next| {
                next.faults += needless;
                if reads_first { read(next) } else { fence(next) }
            });
            step(("the keeper begins", 0), next);
        } else if !state.fenced && state.read.is_some() {
            step(("the keeper fences", 0), state.with(fence));
        } else if state.fenced && state.read.is_none() {
            step(("the keeper reads", 0), state.with(read));
        } else if let Some(spent) = &state.read {
            let next = state.with(|next| {
                self.tell(next, spent);
                (next.is_told, next.fenced, next.read) = (true, false, None);
            });
            step(("the keeper opens", 0), next);
        }
    }

    fn tell(&self, state: &mut State, spent: &BTreeMap<Epoch, i64>) {
        let of = |worker: usize, number: u32| {
            NanoUsd::from_nanos(spent.get(&epoch(worker, number)).copied().unwrap_or(0))
        };
        let (mut base, mut open, mut pending, mut closed) = (0, Vec::new(), Vec::new(), Vec::new());
        for worker in 0..WORKERS {
            let below = state.closed_below[worker];
            base += (0..below).map(|number| of(worker, number).nanos()).sum::<i64>();
            closed.push((epoch(worker, 0).worker, below));
            for number in below..=state.announced[worker].unwrap_or(0) {
                pending.push(epoch(worker, number));
                open.push((epoch(worker, number), of(worker, number)));
            }
        }
        if self.variant == Variant::NoPresumption {
            pending.clear();
        }
        let loaded = Loaded {
            account: account(),
            terms: self.terms(state.version),
            base: NanoUsd::from_nanos(base),
            spent: open,
        };
        state.store.load(state.generation, &[loaded]).unwrap();
        state.store.open(state.generation, &pending, &closed).unwrap();
    }
}

/// One call more than the limit allows for is enough to pass it.
const fn setting(variant: Variant, limit: i64, asks: u8, faults: u8) -> Setting {
    Setting {
        limit,
        changed_limit: None,
        exposure: 1,
        calls: if limit == 1 { 2 } else { 3 },
        asks,
        faults,
        is_lossy: true,
        variant,
    }
}

fn assert_safe(setting: Setting, expected: usize) {
    match explore(&setting) {
        Verdict::Safe { states } => assert_eq!(states, expected),
        Verdict::Broken { rule, steps } => panic!("{rule}: {steps:?}"),
    }
}

#[test]
fn claims_are_safe_through_two_faults() {
    assert_safe(setting(Variant::AsDecided, 1, 2, 2), 396_837);
}

#[test]
fn claims_are_safe_while_some_are_proven() {
    assert_safe(setting(Variant::AsDecided, 2, 3, 1), 150_699);
}

#[test]
fn claims_are_safe_while_the_limit_changes() {
    for (limit, changed_limit, states) in [(1, 2, 43_613), (2, 1, 49_011)] {
        let setting = Setting {
            changed_limit: Some(changed_limit),
            calls: 3,
            ..setting(Variant::AsDecided, limit, 3, 0)
        };
        assert_safe(setting, states);
    }
}

#[test]
fn each_rule_of_claims_is_needed() {
    for (variant, limit, asks, faults) in [
        (Variant::GiveBackFirst, 1, 2, 0),
        (Variant::NoNumbers, 1, 3, 1),
        (Variant::TwoUnderWay, 1, 2, 0),
        (Variant::NoPresumption, 1, 2, 1),
        (Variant::NoExposureCap, 2, 3, 1),
        (Variant::CloseWithoutProof, 1, 2, 1),
        (Variant::RefundOnSilence, 1, 2, 0),
        (Variant::AskUnannounced, 1, 2, 2),
        (Variant::ReadBeforeFence, 2, 3, 1),
        (Variant::TrustOldFile, 1, 2, 1),
    ] {
        let is_lossy = variant == Variant::NoNumbers;
        let setting = Setting {
            is_lossy,
            ..setting(variant, limit, asks, faults)
        };
        assert_caught(&explore(&setting), "overspent");
    }
}
