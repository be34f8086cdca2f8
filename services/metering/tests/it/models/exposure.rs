//! Accounts without escrow in Postgres: each worker bounds what it has not proven, so that a store that was lost knows
//! what to presume of those that are silent. Decision 0014 takes over this part.

use super::{Model, Step, Verdict, assert_caught, explore};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    AsSpecified,
    /// Workers hold without bound.
    NoCap,
    /// What is spent and not in Postgres yet is left out when a worker speaks to a new store.
    ForgetSpool,
    /// Nothing is presumed of dead workers.
    NoPresumption,
}

#[derive(Clone, Copy)]
struct Setting {
    limit: i8,
    exposure: i8,
    workers: usize,
    faults: u8,
    calls: u8,
    variant: Variant,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Worker {
    alive: bool,
    /// The store knows what it holds.
    registered: bool,
    open: i8,
    in_flight: i8,
    spool: i8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Store {
    settled: i8,
    held: i8,
    presumed: i8,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    settled: i8,
    store: Option<Store>,
    workers: Vec<Worker>,
    cost: i8,
    calls: u8,
    faults: u8,
}

impl State {
    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut next = self.clone();
        change(&mut next);
        next
    }

    fn with_store(&self, change: impl FnOnce(&mut Store, &mut Worker), i: usize) -> Option<Self> {
        let mut next = self.clone();
        change(next.store.as_mut()?, &mut next.workers[i]);
        Some(next)
    }
}

impl Model for Setting {
    type State = State;

    fn start(&self) -> State {
        let worker = Worker {
            alive: true,
            registered: true,
            open: 0,
            in_flight: 0,
            spool: 0,
        };
        State {
            settled: 0,
            store: Some(Store {
                settled: 0,
                held: 0,
                presumed: 0,
            }),
            workers: vec![worker; self.workers],
            cost: 0,
            calls: 0,
            faults: 0,
        }
    }

    fn broken(&self, state: &State) -> Option<&'static str> {
        if state.cost > self.limit {
            return Some("overspent");
        }
        (state.settled > state.cost).then_some("overcharged")
    }

    fn steps(&self, state: &State, step: &mut dyn FnMut(Step, State)) {
        for i in 0..self.workers {
            if state.workers[i].alive {
                self.lease(state, i, step);
                self.work(state, i, step);
            }
            ingest(state, i, step);
        }
        if state.store.is_some() && state.faults < self.faults {
            let next = state.with(|next| {
                next.store = None;
                next.faults += 1;
                next.workers
                    .iter_mut()
                    .for_each(|worker| worker.registered = false);
            });
            step(("store lost", 0), next);
        }
        if state.store.is_none() {
            let only_living = self.variant == Variant::NoPresumption;
            let silent = state.workers.iter().filter(|worker| worker.alive || !only_living);
            let silent = i8::try_from(silent.count()).unwrap();
            let next = state.with(|next| {
                next.store = Some(Store {
                    settled: next.settled,
                    held: 0,
                    presumed: self.exposure * silent,
                });
            });
            step(("store told the past", 0), next);
        }
        for i in 0..self.workers {
            self.close(state, i, step);
        }
    }
}

impl Setting {
    fn lease(&self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let (Some(store), worker) = (state.store, state.workers[i]) else {
            return;
        };
        if worker.registered {
            let exposed = worker.open + worker.in_flight + worker.spool;
            let may_hold = exposed < self.exposure || self.variant == Variant::NoCap;
            if may_hold && store.settled + store.held + store.presumed < self.limit {
                let next = state.with_store(
                    |store, worker| {
                        store.held += 1;
                        worker.open += 1;
                    },
                    i,
                );
                next.into_iter().for_each(|next| step(("leases", i), next));
            }
            if worker.open > 0 {
                let next = state.with_store(
                    |store, worker| {
                        store.held -= 1;
                        worker.open -= 1;
                    },
                    i,
                );
                next.into_iter().for_each(|next| step(("gives back", i), next));
            }
        } else {
            let spool = if self.variant == Variant::ForgetSpool {
                0
            } else {
                worker.spool
            };
            let next = state.with_store(
                |store, worker| {
                    store.held += worker.open + worker.in_flight + spool;
                    store.presumed -= self.exposure;
                    worker.registered = true;
                },
                i,
            );
            next.into_iter().for_each(|next| step(("registers", i), next));
        }
    }

    fn work(&self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let worker = state.workers[i];
        if worker.open > 0 && state.calls < self.calls {
            let next = state.with(|next| {
                next.workers[i].open -= 1;
                next.workers[i].in_flight += 1;
                next.calls += 1;
            });
            step(("starts a call", i), next);
        }
        if worker.in_flight > 0 {
            let finished = state.with(|next| {
                next.workers[i].in_flight -= 1;
                next.workers[i].spool += 1;
                next.cost += 1;
            });
            step(("finishes a call", i), finished);
            let cancelled = state.with(|next| {
                next.workers[i].in_flight -= 1;
                next.workers[i].open += 1;
            });
            step(("cancels a call", i), cancelled);
        }
        if state.faults < self.faults {
            let next = state.with(|next| {
                let worker = &mut next.workers[i];
                // What was under way is billed, and its intent is in the spool.
                next.cost += worker.in_flight;
                worker.spool += worker.in_flight;
                (worker.alive, worker.open, worker.in_flight) = (false, 0, 0);
                next.faults += 1;
            });
            step(("crashes", i), next);
        }
    }

    fn close(&self, state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
        let worker = state.workers[i];
        let is_drained = !worker.alive && !worker.registered && worker.spool == 0;
        let Some(store) = state
            .store
            .filter(|store| is_drained && store.presumed >= self.exposure)
        else {
            return;
        };
        let next = state.with(|next| {
            next.store = Some(Store {
                presumed: store.presumed - self.exposure,
                ..store
            });
            next.workers[i] = Worker {
                alive: false,
                registered: true,
                open: 0,
                in_flight: 0,
                spool: 0,
            };
        });
        step(("its epoch is closed", i), next);
    }
}

fn ingest(state: &State, i: usize, step: &mut dyn FnMut(Step, State)) {
    if state.workers[i].spool == 0 {
        return;
    }
    let next = state.with(|next| {
        next.settled += 1;
        next.workers[i].spool -= 1;
        if let Some(store) = &mut next.store {
            store.settled += 1;
            // Of an epoch that has not spoken it stays presumed until the epoch is closed.
            store.held -= i8::from(next.workers[i].registered);
        }
    });
    step(("a record is counted", i), next);
}

#[test]
fn a_bounded_exposure_is_safe_through_loss_of_the_store() {
    for (limit, exposure, workers, faults, calls, states) in [
        (4, 2, 2, 3, 5, 20_410),
        (5, 2, 2, 3, 7, 42_324),
        (3, 1, 3, 4, 5, 56_587),
    ] {
        let setting = Setting {
            limit,
            exposure,
            workers,
            faults,
            calls,
            variant: Variant::AsSpecified,
        };
        assert_eq!(
            explore(&setting),
            Verdict::Safe { states },
            "limit {limit}, exposure {exposure}"
        );
    }
}

#[test]
fn each_part_of_it_is_needed() {
    for variant in [Variant::NoCap, Variant::ForgetSpool, Variant::NoPresumption] {
        let setting = Setting {
            limit: 4,
            exposure: 2,
            workers: 2,
            faults: 3,
            calls: 5,
            variant,
        };
        assert_caught(&explore(&setting), "overspent");
    }
}
