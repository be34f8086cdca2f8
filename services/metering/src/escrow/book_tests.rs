use super::*;
use crate::escrow::fixtures::{account, at, epoch, nanos, path};
use crate::escrow::message::Refusal;
use crate::escrow::store::Store;

/// A store and workers that talk to it without loss.
struct Fleet {
    store: Store,
    books: Vec<Book>,
}

impl Fleet {
    fn new(workers: u128) -> Self {
        let mut store = Store::default();
        store.fence(1).unwrap();
        store.open(1, &[], &[]).unwrap();
        let books: Vec<Book> = (1..=workers).map(|worker| Book::new(epoch(worker))).collect();
        books.iter().for_each(Book::announced);
        Self { store, books }
    }

    fn respond(&mut self, request: Request, now: UnixMillis) -> Response {
        let refused = |refusal: Refusal| Response::Refused(refusal);
        match request {
            Request::Reconcile(message) => {
                assert!(message.is_sound(), "{message:?}");
                let reply = self.store.reconcile(&message, now);
                reply.map_or_else(refused, Response::Reconciled)
            }
            Request::Register { generation, epoch } => {
                let done = self.store.register(generation, epoch);
                done.map_or_else(refused, |()| Response::Registered)
            }
        }
    }

    /// Lets a worker say all it has to say.
    fn talk(&mut self, worker: usize, now: i64) -> Vec<(AskId, Outcome)> {
        let now = at(now);
        let mut outcomes = self.books[worker].tick(now);
        for round in 0.. {
            let Some(request) = self.books[worker].next(now) else {
                break;
            };
            assert!(round < 20, "it says the same thing again and again: {request:?}");
            let response = self.respond(request, now);
            outcomes.extend(self.books[worker].answered(Some(response), now));
        }
        outcomes
    }

    fn hold(&mut self, worker: usize, path: &Path, amount: i64, now: i64) -> Outcome {
        if let Some(hold) = self.books[worker].hold(path, nanos(amount), at(now)) {
            return Outcome::Held(hold);
        }
        let ask = self.books[worker].ask(path, nanos(amount), at(now));
        let outcomes = self.talk(worker, now);
        let own = outcomes.into_iter().find(|(id, _)| *id == ask);
        own.map_or(Outcome::Unavailable(Unavailable::Store), |(_, outcome)| outcome)
    }

    fn held(&mut self, worker: usize, path: &Path, amount: i64, now: i64) -> Hold {
        match self.hold(worker, path, amount, now) {
            Outcome::Held(hold) => hold,
            other @ (Outcome::Refused { .. } | Outcome::TooLarge { .. } | Outcome::Unavailable(_)) => {
                panic!("{other:?}")
            }
        }
    }

    fn claimed(&self, budget: u128) -> i64 {
        let balance = self.store.read(&[account(budget)]).unwrap()[0];
        balance.map_or(0, |balance| balance.claimed.nanos())
    }
}

#[test]
fn a_call_that_fits_is_held_and_leaves_only_its_cost() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1, 2], 1_000));
    let mut hold = fleet.held(0, &path, 100, 0);
    hold.sent();
    hold.finish(nanos(30), Some(1));
    fleet.talk(0, 5_000);
    fleet.talk(0, 5_001);
    assert_eq!((fleet.claimed(1), fleet.claimed(2)), (30, 30));
    assert_eq!(fleet.books[0].claim(&account(1)), nanos(30));
}

#[test]
fn a_worker_knows_what_nobody_has_spent_as_the_store_last_said() {
    let (mut fleet, path) = (Fleet::new(2), path(&[1], 1_000));
    let known = |fleet: &Fleet, worker: usize| fleet.books[worker].unspent(&account(1));
    assert_eq!(known(&fleet, 0), None, "it takes nothing of it");
    let mut hold = fleet.held(0, &path, 100, 0);
    assert_eq!(
        known(&fleet, 0),
        Some((nanos(1_000), at(0))),
        "what is held is not spent"
    );
    hold.sent();
    hold.finish(nanos(30), Some(1));
    fleet.talk(0, 600);
    assert_eq!(known(&fleet, 0), Some((nanos(970), at(600))));
    let _other = fleet.held(1, &path, 100, 700);
    assert_eq!(known(&fleet, 1), Some((nanos(970), at(700))), "whoever spent it");
}

#[test]
fn later_calls_start_from_the_lease_without_the_store() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1], 1_000_000));
    let first = fleet.held(0, &path, 100, 0);
    fleet.talk(0, 1);
    let second = fleet.books[0].hold(&path, nanos(100), at(2));
    assert!(second.is_some(), "the lease was filled behind the first call");
    assert!(first.leaves_little());
}

#[test]
fn a_budget_that_is_spent_refuses_at_once_and_names_the_account() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1], 100));
    fleet.held(0, &path, 80, 0).finish(nanos(80), Some(1));
    match fleet.hold(0, &path, 30, 1) {
        Outcome::Refused {
            account: id,
            available,
        } => assert_eq!((id, available), (account(1), nanos(20))),
        other @ (Outcome::Held(_) | Outcome::TooLarge { .. } | Outcome::Unavailable(_)) => {
            panic!("{other:?}")
        }
    }
}

#[test]
fn money_that_lies_idle_elsewhere_comes_back_before_a_refusal() {
    let (mut fleet, path) = (Fleet::new(2), path(&[1], 1_000));
    // Worker 0 fills its lease while money is plenty; worker 1 then wants more than what is left.
    drop(fleet.held(0, &path, 100, 0));
    fleet.talk(0, 1);
    let idle = fleet.claimed(1);
    assert!(idle > 0);
    let ask = fleet.books[1].ask(&path, nanos(1_000), at(2));
    assert!(
        fleet.talk(1, 2).is_empty(),
        "not refused while money may come back"
    );
    fleet.books[0].recalled(at(3));
    fleet.talk(0, 3);
    let outcomes = fleet.talk(1, 30);
    assert!(
        matches!(&outcomes[..], [(id, Outcome::Held(_))] if *id == ask),
        "{outcomes:?}"
    );
}

#[test]
fn money_that_does_not_come_back_in_time_is_a_refusal() {
    let (mut fleet, path) = (Fleet::new(2), path(&[1], 1_000));
    let _under_way = fleet.held(0, &path, 900, 0);
    let ask = fleet.books[1].ask(&path, nanos(200), at(0));
    assert!(fleet.talk(1, 0).is_empty());
    assert!(fleet.talk(1, 99).is_empty());
    let outcomes = fleet.talk(1, 120);
    assert!(
        matches!(&outcomes[..], [(id, Outcome::Refused { .. })] if *id == ask),
        "{outcomes:?}"
    );
}

#[test]
fn money_idle_on_another_path_of_the_same_worker_comes_back() {
    let (mut fleet, both, one) = (Fleet::new(1), path(&[1, 2], 1_000), path(&[1], 1_000));
    drop(fleet.held(0, &both, 100, 0));
    fleet.talk(0, 1);
    let ask = fleet.books[0].ask(&one, nanos(1_000), at(2));
    let mut outcomes = fleet.talk(0, 2);
    outcomes.extend(fleet.talk(0, 30));
    assert!(
        matches!(&outcomes[..], [(id, Outcome::Held(_))] if *id == ask),
        "{outcomes:?}"
    );
}

#[test]
fn a_call_that_costs_more_than_it_held_is_claimed_in_full() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1], 100));
    fleet.held(0, &path, 80, 0).finish(nanos(130), Some(1));
    fleet.talk(0, 1);
    assert_eq!(fleet.claimed(1), 130);
    assert!(matches!(fleet.hold(0, &path, 1, 2), Outcome::Refused { .. }));
}

#[test]
fn a_hold_dropped_before_it_was_sent_goes_back_and_one_after_does_not() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1], 100));
    drop(fleet.held(0, &path, 40, 0));
    let mut sent = fleet.held(0, &path, 30, 1);
    sent.sent();
    drop(sent);
    fleet.talk(0, 5_000);
    fleet.talk(0, 5_001);
    assert_eq!(fleet.claimed(1), 30);
}

#[test]
fn a_stream_extends_its_hold_slice_by_slice() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1], 100));
    let mut hold = fleet.held(0, &path, 50, 0);
    while hold.amount() < nanos(100) {
        if !hold.extend(nanos(10), at(1)) {
            let more = fleet.held(0, &path, 10, 1);
            hold.absorb(more);
        }
    }
    assert!(!hold.extend(nanos(10), at(2)));
    assert!(
        matches!(fleet.hold(0, &path, 10, 2), Outcome::Unavailable(_)),
        "nothing is idle, so it waits"
    );
    hold.finish(nanos(100), Some(1));
    fleet.talk(0, 700);
    assert_eq!(fleet.claimed(1), 100);
}

#[test]
fn an_unannounced_worker_asks_for_nothing() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1], 100));
    fleet.books[0] = Book::new(epoch(1));
    let ask = fleet.books[0].ask(&path, nanos(10), at(0));
    assert!(fleet.talk(0, 0).is_empty());
    let outcomes = fleet.talk(0, 1_000);
    let expected = Unavailable::Unannounced;
    assert!(
        matches!(&outcomes[..], [(id, Outcome::Unavailable(why))] if *id == ask && *why == expected),
        "{outcomes:?}"
    );
}

#[test]
fn spending_that_postgres_has_not_seen_is_bounded() {
    let mut fleet = Fleet::new(1);
    let terms = crate::escrow::fixtures::terms(100);
    let path = Path::new(vec![(account(1), terms)]).unwrap();
    // The exposure is 4.
    assert!(matches!(fleet.hold(0, &path, 5, 0), Outcome::TooLarge { most, .. } if most == nanos(4)));
    fleet.held(0, &path, 4, 0).finish(nanos(4), Some(7));
    let ask = fleet.books[0].ask(&path, nanos(1), at(1));
    assert!(fleet.talk(0, 1).is_empty());
    fleet.books[0].ingested(6);
    assert!(fleet.talk(0, 22).is_empty());
    fleet.books[0].ingested(7);
    let outcomes = fleet.talk(0, 43);
    assert!(
        matches!(&outcomes[..], [(id, Outcome::Held(_))] if *id == ask),
        "{outcomes:?}"
    );
}

#[test]
fn a_closed_epoch_holds_nothing_more() {
    let (mut fleet, path) = (Fleet::new(1), path(&[1], 1_000_000));
    let hold = fleet.held(0, &path, 10, 0);
    fleet.store.close(epoch(1), &[]).unwrap();
    assert!(matches!(
        fleet.hold(0, &path, 100_000, 1),
        Outcome::Unavailable(Unavailable::Closed)
    ));
    hold.finish(nanos(0), Some(1));
    assert!(fleet.books[0].hold(&path, nanos(5), at(2)).is_none());
}

#[test]
fn a_lower_limit_sends_idle_money_back() {
    let (mut fleet, high) = (Fleet::new(1), path(&[1], 1_000_000));
    drop(fleet.held(0, &high, 100, 0));
    fleet.talk(0, 1);
    assert!(fleet.claimed(1) > 0);
    let (id, terms) = high.entries()[0].clone();
    let lower = crate::escrow::Terms {
        limit: nanos(50),
        version: 2,
        ..terms
    };
    let low = Path::new(vec![(id, lower)]).unwrap();
    assert!(
        matches!(fleet.hold(0, &low, 100, 2), Outcome::Held(_)),
        "what was granted stays granted"
    );
    fleet.talk(0, 3);
    assert_eq!(fleet.claimed(1), 0);
    assert!(matches!(fleet.hold(0, &low, 100, 4), Outcome::Refused { .. }));
}

#[test]
fn a_period_that_ends_leaves_its_cost_and_nothing_else() {
    let mut fleet = Fleet::new(1);
    let terms = crate::escrow::Terms {
        end: at(100),
        exposure: nanos(1_000),
        ..crate::escrow::fixtures::terms(1_000)
    };
    let path = Path::new(vec![(account(1), terms)]).unwrap();
    let hold = fleet.held(0, &path, 50, 0);
    fleet.talk(0, 1);
    assert!(fleet.books[0].hold(&path, nanos(1), at(100)).is_none());
    assert!(matches!(
        fleet.hold(0, &path, 1, 101),
        Outcome::Unavailable(Unavailable::Ended)
    ));
    hold.finish(nanos(20), Some(1));
    fleet.books[0].ingested(1);
    for now in [102, 1_000, 2_500] {
        fleet.talk(0, now);
    }
    assert_eq!(fleet.claimed(1), 20);
    assert_eq!(
        fleet.books[0].claim(&account(1)),
        nanos(0),
        "told, proven, forgotten"
    );
}

#[test]
fn what_calls_under_way_here_hold_of_a_small_limit_refuses_others_once_they_have_waited() {
    let mut fleet = Fleet::new(1);
    // The exposure is the limit, so that a call which does not fit the limit may not even be asked for.
    let path = path(&[1], 10);
    let _stream = fleet.held(0, &path, 8, 0);
    let ask = fleet.books[0].ask(&path, nanos(5), at(0));
    let mut refused_at = None;
    for now in (0..2_000).step_by(20) {
        for (id, outcome) in fleet.talk(0, now) {
            assert!(
                id == ask && matches!(outcome, Outcome::Refused { .. }),
                "{outcome:?}"
            );
            refused_at = Some(now);
        }
    }
    assert_eq!(refused_at, Some(1_000));
}
