//! Hold, settle and release as counters, with escrow in Postgres: the usual protocol, which decision 0014 departs from.
//! Kept as the measure: it is safe at the price of presuming every silent lease spent, and its four well-known short
//! cuts are not.

use std::collections::BTreeSet;

use super::{Model, Step, Verdict, assert_caught, explore};

const LIMIT: i8 = 3;
const CHUNK: i8 = 1;
const WORKERS: usize = 2;
const CALLS: u8 = 4;
const FAULTS: u8 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    AsSpecified,
    /// A lease that expires is given back though its holder may have spent it.
    RefundOnExpiry,
    /// A store that was lost starts from what is settled, and forgets what it had handed out.
    RebuildFromSettled,
    /// Calls start while the sum looks low enough, without money set aside.
    CheckThenAct,
    /// A record that arrives twice counts twice.
    NoDedupe,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Worker {
    alive: bool,
    left: i8,
    in_flight: Vec<u8>,
    spool: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    settled: i8,
    escrowed: i8,
    generation: u8,
    available: i8,
    leases: [i8; WORKERS],
    presumed: i8,
    workers: [Worker; WORKERS],
    cost: i8,
    ingested: BTreeSet<u8>,
    calls: u8,
    faults: u8,
}

impl State {
    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next
    }
}

impl Model for Variant {
    type State = State;

    fn start(&self) -> State {
        let worker = Worker {
            alive: true,
            left: 0,
            in_flight: Vec::new(),
            spool: Vec::new(),
        };
        State {
            settled: 0,
            escrowed: 0,
            generation: 0,
            available: 0,
            leases: [0; WORKERS],
            presumed: 0,
            workers: [worker.clone(), worker],
            cost: 0,
            ingested: BTreeSet::new(),
            calls: 0,
            faults: 0,
        }
    }

    fn broken(&self, state: &State) -> Option<&'static str> {
        if state.cost > LIMIT {
            return Some("overspent");
        }
        (state.settled > state.cost).then_some("overcharged")
    }

    fn steps(&self, state: &State, step: &mut dyn FnMut(Step, State)) {
        if state.settled + state.escrowed + CHUNK <= LIMIT {
            let next = state.with(|next| {
                next.escrowed += CHUNK;
                next.available += CHUNK;
            });
            step(("tranche", 0), next);
        }
        for i in 0..WORKERS {
            if state.workers[i].alive {
                self.work(state, i, step);
            }
            self.ingest(state, i, step);
        }
        for i in (0..WORKERS).filter(|i| state.leases[*i] > 0) {
            let next = state.with(|next| {
                let refunded = *self == Self::RefundOnExpiry;
                *(if refunded {
                    &mut next.available
                } else {
                    &mut next.presumed
                }) += next.leases[i];
                next.leases[i] = 0;
            });
            step(("its lease expires", i), next);
        }
        if state.faults < FAULTS {
            let next = state.with(|next| {
                next.faults += 1;
                next.generation += 1;
                (next.available, next.leases, next.presumed) = (0, [0; WORKERS], 0);
                if *self == Self::RebuildFromSettled {
                    next.escrowed = 0;
                }
            });
            step(("store lost", 0), next);
        }
    }
}

impl Variant {
    fn work(self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let worker = &state.workers[i];
        let has_room = state.calls < CALLS && worker.in_flight.len() < 2;
        if worker.left == 0 && worker.in_flight.is_empty() && state.leases[i] == 0 {
            for amount in (1..=2).filter(|amount| state.available >= *amount) {
                let next = state.with(|next| {
                    next.available -= amount;
                    next.leases[i] = amount;
                    next.workers[i].left = amount;
                });
                step(("leases", i), next);
            }
        }
        if worker.left >= 1 && has_room {
            let next = state.with(|next| {
                next.workers[i].left -= 1;
                next.workers[i].in_flight.push(next.calls);
                next.calls += 1;
            });
            step(("starts a call", i), next);
        }
        if self == Self::CheckThenAct && has_room && worker.left == 0 && state.settled < LIMIT {
            let next = state.with(|next| {
                next.workers[i].in_flight.push(next.calls);
                next.calls += 1;
            });
            step(("starts a call without a hold", i), next);
        }
        if !worker.in_flight.is_empty() {
            let finished = state.with(|next| {
                let call = next.workers[i].in_flight.remove(0);
                next.workers[i].spool.push(call);
                next.cost += 1;
            });
            step(("finishes a call", i), finished);
            let cancelled = state.with(|next| {
                next.workers[i].in_flight.remove(0);
                next.workers[i].left += 1;
            });
            step(("cancels a call", i), cancelled);
        } else if state.leases[i] > 0 {
            let next = state.with(|next| {
                next.available += next.workers[i].left;
                next.workers[i].left = 0;
                next.leases[i] = 0;
            });
            step(("closes its lease", i), next);
        }
        if state.faults < FAULTS {
            let next = state.with(|next| {
                next.faults += 1;
                let worker = &mut next.workers[i];
                // The provider bills what was under way, and nobody records it.
                next.cost += i8::try_from(worker.in_flight.len()).unwrap();
                worker.in_flight.clear();
                (worker.alive, worker.left) = (false, 0);
            });
            step(("crashes", i), next);
        }
    }

    fn ingest(self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let Some(call) = state.workers[i].spool.first().copied() else {
            return;
        };
        let done = |next: &mut State| {
            next.workers[i].spool.remove(0);
        };
        if state.ingested.contains(&call) && self != Self::NoDedupe {
            step(("a record arrives again", i), state.with(done));
            return;
        }
        let counted = state.with(|next| {
            next.settled += 1;
            next.escrowed -= 1;
            next.ingested.insert(call);
        });
        step(("a record is counted", i), counted.with(done));
        if state.faults < FAULTS {
            let unheard = counted.with(|next| next.faults += 1);
            step(("a record is counted, and nobody hears of it", i), unheard);
        }
    }
}

#[test]
fn nested_escrow_is_safe() {
    assert_eq!(explore(&Variant::AsSpecified), Verdict::Safe { states: 184_174 });
}

#[test]
fn its_short_cuts_are_caught() {
    assert_caught(&explore(&Variant::RefundOnExpiry), "overspent");
    assert_caught(&explore(&Variant::RebuildFromSettled), "overspent");
    assert_caught(&explore(&Variant::CheckThenAct), "overspent");
    assert_caught(&explore(&Variant::NoDedupe), "overcharged");
}
