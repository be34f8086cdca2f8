//! Workers that share budgets through a store that may lose answers and forget, under random calls: never more than the
//! limits, and once it is quiet everything that is not spent is there for others.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{
    AskId, Book, Epoch, Hold, Loaded, Outcome, Path, Request, Response, Settled, Store, Terms, exposure_cap,
};
use uuid::Uuid;

const WORKERS: usize = 3;
/// Accounts of each path: an organization, its projects, keys in them.
const PATHS: [&[usize]; 5] = [&[0], &[0, 1], &[0, 2], &[0, 1, 3], &[0, 2, 3]];
const ACCOUNTS: usize = 4;
const PERIOD: i64 = 20_000;

#[derive(Debug, Clone)]
enum Step {
    Call {
        worker: usize,
        path: usize,
        amount: i64,
    },
    /// A call grows, as a stream does.
    Extend {
        call: usize,
        more: i64,
    },
    /// A call ends having cost this share of its hold, in percent.
    End {
        call: usize,
        share: i64,
    },
    /// A worker speaks, and hears the answer or not.
    Talk {
        worker: usize,
        heard: bool,
    },
    Limit {
        account: usize,
        limit: i64,
    },
    Ingest {
        worker: usize,
    },
    Crash {
        worker: usize,
    },
    Forget,
    Pass {
        millis: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (worker, call) = (0..WORKERS, 0..8_usize);
    prop_oneof![
        6 => (worker.clone(), 0..PATHS.len(), 1..400_i64)
            .prop_map(|(worker, path, amount)| Step::Call { worker, path, amount }),
        2 => (call.clone(), 1..200_i64).prop_map(|(call, more)| Step::Extend { call, more }),
        5 => (call, 0..=100_i64).prop_map(|(call, share)| Step::End { call, share }),
        9 => (worker.clone(), prop::bool::weighted(0.85)).prop_map(|(worker, heard)| Step::Talk { worker, heard }),
        1 => (0..ACCOUNTS, 100..2_000_i64).prop_map(|(account, limit)| Step::Limit { account, limit }),
        2 => worker.clone().prop_map(|worker| Step::Ingest { worker }),
        1 => worker.prop_map(|worker| Step::Crash { worker }),
        1 => Just(Step::Forget),
        4 => (1..400_i64).prop_map(|millis| Step::Pass { millis }),
    ]
}

struct Call {
    worker: usize,
    path: usize,
    period: i64,
    hold: Hold,
}

/// What a worker owes to Postgres: (epoch, place, path, period, cost).
type Record = (Epoch, u64, usize, i64, i64);

struct Fleet {
    now: i64,
    store: Store,
    books: Vec<Book>,
    epochs: Vec<Epoch>,
    seqs: [u64; WORKERS],
    spool: Vec<Vec<Record>>,
    calls: Vec<Call>,
    waiting: Vec<(AskId, usize, usize, i64)>,
    limits: [(i64, u64); ACCOUNTS],
    /// Postgres.
    spent: BTreeMap<(AccountId, Epoch), i64>,
    closed: [u32; WORKERS],
    generation: u64,
    /// The largest limit of each account in each period, and what calls have cost or may cost.
    most: BTreeMap<AccountId, i64>,
    cost: BTreeMap<AccountId, i64>,
}

fn epoch(worker: usize, number: u32) -> Epoch {
    Epoch {
        worker: WorkerId::from(Uuid::from_u128(worker as u128)),
        number,
    }
}

fn account(budget: usize, period: i64) -> AccountId {
    AccountId {
        budget: BudgetId::from(Uuid::from_u128(budget as u128)),
        period: UnixMillis::new(period),
        partition: None,
    }
}

fn nanos(amount: i64) -> NanoUsd {
    NanoUsd::from_nanos(amount)
}

impl Fleet {
    fn new() -> Self {
        let epochs: Vec<Epoch> = (0..WORKERS).map(|worker| epoch(worker, 0)).collect();
        let mut fleet = Self {
            now: 0,
            store: Store::default(),
            books: epochs.iter().map(|epoch| Book::new(*epoch)).collect(),
            epochs,
            seqs: [0; WORKERS],
            spool: vec![Vec::new(); WORKERS],
            calls: Vec::new(),
            waiting: Vec::new(),
            limits: [(1_000, 1), (700, 1), (700, 1), (500, 1)],
            spent: BTreeMap::new(),
            closed: [0; WORKERS],
            generation: 0,
            most: BTreeMap::new(),
            cost: BTreeMap::new(),
        };
        fleet.books.iter().for_each(Book::announced);
        fleet.tell();
        fleet
    }

    fn at(&self) -> UnixMillis {
        UnixMillis::new(self.now)
    }

    fn period(&self) -> i64 {
        self.now / PERIOD * PERIOD
    }

    /// As the configuration says now, in the current period.
    fn path(&mut self, path: usize) -> Path {
        let period = self.period();
        let entries = PATHS[path].iter().map(|budget| {
            let id = account(*budget, period);
            let (limit, version) = self.limits[*budget];
            let most = self.most.entry(id.clone()).or_default();
            *most = limit.max(*most);
            let terms = Terms {
                limit: nanos(limit),
                version,
                exposure: exposure_cap(nanos(*most)),
                end: UnixMillis::new(period + PERIOD),
            };
            (id, terms)
        });
        Path::new(entries.collect()).unwrap()
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Call { worker, path, amount } => self.call(worker, path, amount),
            Step::Extend { call, more } => {
                let now = self.at();
                if let Some(call) = self.calls.get_mut(call) {
                    call.hold.extend(nanos(more), now);
                }
            }
            Step::End { call, share } => {
                if call < self.calls.len() {
                    let call = self.calls.remove(call);
                    self.end(call, share);
                }
            }
            Step::Talk { worker, heard } => self.talk(worker, heard),
            Step::Limit { account, limit } => {
                self.limits[account] = (limit, self.limits[account].1 + 1);
            }
            Step::Ingest { worker } => self.ingest(worker),
            Step::Crash { worker } => self.crash(worker),
            Step::Forget => {
                self.store = Store::default();
                self.tell();
            }
            Step::Pass { millis } => self.now += millis,
        }
    }

    fn call(&mut self, worker: usize, path: usize, amount: i64) {
        let (accounts, now) = (self.path(path), self.at());
        match self.books[worker].hold(&accounts, nanos(amount), now) {
            Some(hold) => self.begin(worker, path, hold),
            None => {
                let ask = self.books[worker].ask(&accounts, nanos(amount), now);
                self.waiting.push((ask, worker, path, amount));
            }
        }
    }

    fn begin(&mut self, worker: usize, path: usize, mut hold: Hold) {
        hold.sent();
        let period = hold.path().accounts().next().unwrap().period.get();
        self.calls.push(Call {
            worker,
            path,
            period,
            hold,
        });
    }

    fn end(&mut self, call: Call, share: i64) {
        let cost = call.hold.amount().nanos() * share / 100;
        self.seqs[call.worker] += 1;
        let seq = self.seqs[call.worker];
        self.bill(call.worker, seq, call.path, call.period, cost);
        call.hold.finish(nanos(cost), Some(seq));
    }

    fn bill(&mut self, worker: usize, seq: u64, path: usize, period: i64, cost: i64) {
        for budget in PATHS[path] {
            *self.cost.entry(account(*budget, period)).or_default() += cost;
        }
        self.spool[worker].push((self.epochs[worker], seq, path, period, cost));
    }

    fn talk(&mut self, worker: usize, heard: bool) {
        let now = self.at();
        if self.store.is_waiting() {
            self.books[worker].introduce();
        }
        let outcomes = self.books[worker].tick(now);
        self.settle(worker, outcomes);
        for round in 0.. {
            let Some(request) = self.books[worker].next(now) else {
                return;
            };
            assert!(round < 40, "it goes round in circles: {request:?}");
            let response = self.respond(&request);
            let outcomes = self.books[worker].answered(heard.then_some(response), now);
            self.settle(worker, outcomes);
            if !heard {
                return;
            }
        }
    }

    fn respond(&mut self, request: &Request) -> Response {
        match request {
            Request::Reconcile(message) => {
                assert!(message.is_sound(), "{message:?}");
                let reply = self.store.reconcile(message, self.at());
                reply.map_or_else(Response::Refused, Response::Reconciled)
            }
            Request::Register { generation, epoch } => {
                let done = self.store.register(*generation, *epoch);
                done.map_or_else(Response::Refused, |()| Response::Registered)
            }
        }
    }

    fn settle(&mut self, worker: usize, outcomes: Vec<(AskId, Outcome)>) {
        for (ask, outcome) in outcomes {
            let position = self
                .waiting
                .iter()
                .position(|(id, owner, ..)| (*id, *owner) == (ask, worker));
            let (.., path, _) = self.waiting.remove(position.expect("an ask that was made"));
            match outcome {
                Outcome::Held(hold) => self.begin(worker, path, hold),
                Outcome::Refused { .. } | Outcome::TooLarge { .. } | Outcome::Unavailable(_) => {}
            }
        }
    }

    fn ingest(&mut self, worker: usize) {
        let mut seen = 0;
        for (epoch, seq, path, period, cost) in std::mem::take(&mut self.spool[worker]) {
            for budget in PATHS[path] {
                *self.spent.entry((account(*budget, period), epoch)).or_default() += cost;
            }
            if epoch == self.epochs[worker] {
                seen = seq;
            }
        }
        self.books[worker].ingested(seen);
        // All of the past is in Postgres now.
        for number in self.closed[worker]..self.epochs[worker].number {
            self.close(epoch(worker, number));
        }
        self.closed[worker] = self.epochs[worker].number;
    }

    fn close(&mut self, ended: Epoch) {
        let settled: Vec<Settled> = self
            .spent
            .iter()
            .filter(|((_, epoch), _)| *epoch == ended)
            .map(|((account, _), amount)| Settled {
                account: account.clone(),
                end: UnixMillis::new(account.period.get() + PERIOD),
                amount: nanos(*amount),
            })
            .collect();
        self.store.close(ended, &settled).unwrap();
    }

    fn crash(&mut self, worker: usize) {
        // Calls under way are billed in full.
        let (lost, kept) = std::mem::take(&mut self.calls)
            .into_iter()
            .partition(|call| call.worker == worker);
        self.calls = kept;
        let lost: Vec<Call> = lost;
        for call in lost {
            self.end(call, 100);
        }
        self.waiting.retain(|(_, owner, ..)| *owner != worker);
        self.epochs[worker].number += 1;
        self.seqs[worker] = 0;
        self.books[worker] = Book::new(self.epochs[worker]);
        self.books[worker].announced();
    }

    fn tell(&mut self) {
        self.generation += 1;
        self.store.fence(self.generation).unwrap();
        let mut accounts: BTreeMap<AccountId, Loaded> = BTreeMap::new();
        for ((id, epoch), amount) in &self.spent {
            let (limit, version) = self.limits[id.budget.as_uuid().as_u128() as usize];
            let loaded = accounts.entry(id.clone()).or_insert_with(|| Loaded {
                account: id.clone(),
                terms: Terms {
                    limit: nanos(limit),
                    version,
                    exposure: exposure_cap(nanos(self.most[id])),
                    end: UnixMillis::new(id.period.get() + PERIOD),
                },
                base: nanos(0),
                spent: Vec::new(),
            });
            let worker = self
                .epochs
                .iter()
                .position(|one| one.worker == epoch.worker)
                .unwrap();
            if epoch.number < self.closed[worker] {
                loaded.base = nanos(loaded.base.nanos() + amount);
            } else {
                loaded.spent.push((*epoch, nanos(*amount)));
            }
        }
        let accounts: Vec<Loaded> = accounts.into_values().collect();
        self.store.load(self.generation, &accounts).unwrap();
        let pending: Vec<Epoch> = (0..WORKERS)
            .flat_map(|worker| {
                (self.closed[worker]..=self.epochs[worker].number).map(move |number| epoch(worker, number))
            })
            .collect();
        let closed: Vec<(WorkerId, u32)> = (0..WORKERS)
            .map(|worker| (self.epochs[worker].worker, self.closed[worker]))
            .collect();
        self.store.open(self.generation, &pending, &closed).unwrap();
    }

    /// The most that all calls so far can cost, against the largest limit there was.
    fn check(&self) -> Result<(), TestCaseError> {
        let mut most_cost = self.cost.clone();
        for call in &self.calls {
            for budget in PATHS[call.path] {
                *most_cost.entry(account(*budget, call.period)).or_default() += call.hold.amount().nanos();
            }
        }
        for (id, cost) in most_cost {
            let limit = self.most[&id];
            prop_assert!(cost <= limit, "{id}: {cost} of {limit}");
        }
        Ok(())
    }

    /// Everybody finishes, and speaks for some seconds.
    fn be_quiet(&mut self) {
        while let Some(call) = self.calls.pop() {
            self.end(call, 50);
        }
        for _ in 0..30 {
            self.now += 200;
            for worker in 0..WORKERS {
                self.talk(worker, true);
                self.ingest(worker);
                while let Some(call) = self.calls.pop() {
                    self.end(call, 50);
                }
            }
        }
    }

    /// Whether a call gets its money within the time in which money comes back.
    fn fits(&mut self, worker: usize, path: usize, amount: i64) -> bool {
        self.call(worker, path, amount);
        for _ in 0..10 {
            for one in 0..WORKERS {
                if one != worker {
                    self.books[one].recalled(self.at());
                    self.talk(one, true);
                }
                self.talk(worker, true);
            }
            self.now += 20;
        }
        !self.calls.is_empty()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_is_passed_and_nothing_stays_behind(steps in prop::collection::vec(step(), 1..150)) {
        let mut fleet = Fleet::new();
        for step in &steps {
            fleet.take(step);
            fleet.check()?;
        }
        fleet.be_quiet();
        fleet.check()?;
        prop_assert!(fleet.waiting.is_empty(), "every call in the queue has been answered");
        let accounts: Vec<AccountId> = fleet.cost.keys().cloned().collect();
        for (id, balance) in accounts.iter().zip(fleet.store.read(&accounts).unwrap()) {
            let balance = balance.unwrap_or_default();
            prop_assert_eq!(balance.presumed, nanos(0));
            prop_assert_eq!(balance.claimed.nanos(), fleet.cost[id], "{}", id);
        }
    }

    #[test]
    fn what_is_left_can_be_had_by_any_worker(
        steps in prop::collection::vec(step(), 1..80), worker in 0..WORKERS, path in 0..PATHS.len(),
    ) {
        let mut fleet = Fleet::new();
        for step in &steps {
            fleet.take(step);
        }
        while let Some(call) = fleet.calls.pop() {
            fleet.end(call, 50);
        }
        // Only the control plane has caught up; leases are as the calls left them.
        for one in 0..WORKERS {
            fleet.waiting.retain(|(ask, owner, ..)| {
                if *owner == one {
                    fleet.books[one].cancel(*ask);
                }
                *owner != one
            });
            fleet.ingest(one);
            fleet.talk(one, true);
            while let Some(call) = fleet.calls.pop() {
                fleet.end(call, 50);
            }
            fleet.ingest(one);
        }
        let period = fleet.period();
        let left = PATHS[path].iter().map(|budget| {
            let cost = fleet.cost.get(&account(*budget, period)).copied().unwrap_or(0);
            fleet.limits[*budget].0 - cost
        });
        let left = left.min().unwrap();
        prop_assume!(left > 0);
        prop_assert!(fleet.fits(worker, path, left), "{} of a path with room", left);
    }
}
