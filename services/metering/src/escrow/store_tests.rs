use super::*;
use crate::escrow::fixtures::{account, at, claim, epoch, nanos, reconcile, terms};

fn open_store(pending: &[Epoch]) -> Store {
    let mut store = Store::default();
    store.fence(1).unwrap();
    store.open(1, pending, &[]).unwrap();
    store
}

fn available(reply: &Reply) -> Vec<NanoUsd> {
    reply.left.iter().map(|left| left.available).collect()
}

fn says(store: &mut Store, message: &Reconcile) -> Reply {
    store.reconcile(message, at(0)).unwrap()
}

#[test]
fn a_path_is_granted_on_all_accounts_or_on_none() {
    let mut store = open_store(&[]);
    let claims = [claim(1, 10, 0), claim(2, 4, 0)];
    let reply = says(&mut store, &reconcile(epoch(1), 1, &claims, &[(&[0, 1], 6, 5)]));
    let denied = Answer::Deny(1);
    assert_eq!(reply.answers, [denied]);
    assert_eq!(available(&reply), [nanos(10), nanos(4)]);
    let reply = says(&mut store, &reconcile(epoch(1), 2, &claims, &[(&[0, 1], 6, 2)]));
    assert_eq!(reply.answers, [Answer::Grant(nanos(4))]);
    assert_eq!(available(&reply), [nanos(6), nanos(0)]);
}

#[test]
fn claims_are_absolute_so_a_lost_grant_goes_back() {
    let mut store = open_store(&[]);
    says(
        &mut store,
        &reconcile(epoch(1), 1, &[claim(1, 10, 0)], &[(&[0], 8, 8)]),
    );
    let other = reconcile(epoch(2), 1, &[claim(1, 10, 0)], &[(&[0], 8, 8)]);
    let denied = Answer::Deny(0);
    assert_eq!(says(&mut store, &other).answers, [denied]);
    // The first never heard of its grant, so it does not claim it.
    says(&mut store, &reconcile(epoch(1), 2, &[claim(1, 10, 0)], &[]));
    let again = reconcile(epoch(2), 2, &[claim(1, 10, 0)], &[(&[0], 8, 8)]);
    assert_eq!(says(&mut store, &again).answers, [Answer::Grant(nanos(8))]);
}

#[test]
fn an_overrun_is_written_because_it_is_true() {
    let mut store = open_store(&[]);
    let reply = says(
        &mut store,
        &reconcile(epoch(1), 1, &[claim(1, 10, 15)], &[(&[0], 1, 1)]),
    );
    assert_eq!(available(&reply), [nanos(-5)]);
    assert!(matches!(reply.answers[..], [Answer::Deny(0)]));
}

#[test]
fn a_message_that_is_late_on_any_account_does_nothing() {
    let mut store = open_store(&[]);
    says(&mut store, &reconcile(epoch(1), 5, &[claim(1, 10, 3)], &[]));
    let before = store.clone();
    let late = reconcile(epoch(1), 4, &[claim(2, 10, 9), claim(1, 10, 9)], &[]);
    assert_eq!(store.reconcile(&late, at(0)), Err(Refusal::Stale));
    let same = reconcile(epoch(1), 5, &[claim(1, 10, 9)], &[]);
    assert_eq!(store.reconcile(&same, at(0)), Err(Refusal::Stale));
    assert_eq!(store, before);
}

#[test]
fn the_newer_limit_wins_in_either_order() {
    let mut store = open_store(&[]);
    let with = |op, limit, version| {
        let mut one = claim(1, limit, 0);
        one.terms.version = version;
        reconcile(epoch(1), op, &[one], &[])
    };
    assert_eq!(available(&says(&mut store, &with(1, 10, 2))), [nanos(10)]);
    assert_eq!(available(&says(&mut store, &with(2, 99, 1))), [nanos(10)]);
    assert_eq!(available(&says(&mut store, &with(3, 5, 3))), [nanos(5)]);
}

#[test]
fn an_epoch_that_has_not_spoken_is_presumed_to_hold_something() {
    let mut store = open_store(&[epoch(1), epoch(2)]);
    let ask = |op, want| reconcile(epoch(1), op, &[claim(1, 10, 0)], &[(&[0], want, want)]);
    // The exposure of every account here is 4.
    assert_eq!(says(&mut store, &ask(1, 3)).answers, [Answer::Wait]);
    assert_eq!(store.register(7, epoch(1)), Err(Refusal::Generation(1)));
    store.register(1, epoch(1)).unwrap();
    assert_eq!(says(&mut store, &ask(2, 6)).answers, [Answer::Grant(nanos(6))]);
    assert!(matches!(
        says(&mut store, &ask(3, 11)).answers[..],
        [Answer::Deny { .. }]
    ));
    store.register(1, epoch(2)).unwrap();
    assert_eq!(says(&mut store, &ask(4, 10)).answers, [Answer::Grant(nanos(10))]);
}

#[test]
fn a_closed_epoch_keeps_what_it_spent_and_is_heard_no_more() {
    let mut store = open_store(&[epoch(1)]);
    let both = [claim(1, 10, 8), claim(2, 10, 5)];
    says(&mut store, &reconcile(epoch(1), 1, &both, &[]));
    let settled = [Settled {
        account: account(1),
        end: at(1_000),
        amount: nanos(3),
    }];
    for _ in 0..2 {
        store.close(epoch(1), &settled).unwrap();
        let left = reconcile(epoch(2), 1, &[claim(1, 10, 0), claim(2, 10, 0)], &[]);
        assert_eq!(available(&says(&mut store.clone(), &left)), [nanos(7), nanos(10)]);
    }
    let late = reconcile(epoch(1), 9, &[claim(1, 10, 8)], &[]);
    assert_eq!(store.reconcile(&late, at(0)), Err(Refusal::Closed));
}

#[test]
fn an_epoch_that_was_told_as_closed_is_not_closed_again() {
    let mut store = Store::default();
    store.fence(1).unwrap();
    let loaded = Loaded {
        account: account(1),
        terms: terms(10),
        base: nanos(3),
        spent: Vec::new(),
    };
    store.load(1, &[loaded]).unwrap();
    store
        .open(1, &[], &[(epoch(1).worker, epoch(1).number + 1)])
        .unwrap();
    // A keeper that stood still since before the store forgot goes on where it was.
    let settled = [Settled {
        account: account(1),
        end: at(1_000),
        amount: nanos(3),
    }];
    store.close(epoch(1), &settled).unwrap();
    assert_eq!(store.read(&[account(1)]).unwrap()[0].unwrap().claimed, nanos(3));
}

#[test]
fn a_store_is_told_the_past_before_it_grants_again() {
    let mut store = Store::default();
    let ask = reconcile(epoch(1), 1, &[claim(1, 10, 0)], &[(&[0], 4, 4)]);
    assert_eq!(store.reconcile(&ask, at(0)), Err(Refusal::Forgotten));
    store.fence(1).unwrap();
    assert_eq!(store.reconcile(&ask, at(0)), Err(Refusal::Forgotten));
    let loaded = Loaded {
        account: account(1),
        terms: terms(10),
        base: nanos(2),
        spent: vec![(epoch(2), nanos(3))],
    };
    assert_eq!(store.load(2, &[]), Err(Refusal::Generation(1)));
    store.load(1, &[loaded]).unwrap();
    store.open(1, &[epoch(2)], &[(epoch(3).worker, 1)]).unwrap();
    assert_eq!(store.fence(1), Err(Refusal::Generation(1)));
    assert_eq!(store.load(1, &[]), Err(Refusal::Generation(1)));
    // 10 − 2 − 3 − 4 presumed.
    assert_eq!(says(&mut store, &ask).answers, [Answer::Wait]);
    assert_eq!(
        store.read(&[account(1), account(9)]).unwrap(),
        [
            Some(Balance {
                limit: nanos(10),
                claimed: nanos(5),
                open: nanos(0),
                presumed: nanos(4)
            }),
            None
        ]
    );
    store.register(1, epoch(2)).unwrap();
    assert_eq!(store.read(&[account(1)]).unwrap()[0].unwrap().claimed, nanos(5));
}

#[test]
fn nothing_is_granted_long_after_a_period() {
    let mut store = open_store(&[]);
    let ask = |op| reconcile(epoch(1), op, &[claim(1, 10, 0)], &[(&[0], 4, 4)]);
    let late = at(1_000 + CLOSING_MILLIS);
    let reply = store.reconcile(&ask(1), at(late.get() - 1)).unwrap();
    assert_eq!(reply.answers, [Answer::Grant(nanos(4))]);
    let reply = store.reconcile(&ask(2), late).unwrap();
    assert!(matches!(reply.answers[..], [Answer::Deny(0)]));
    store.forget(at(999 + KEPT_MILLIS));
    assert!(store.read(&[account(1)]).unwrap()[0].is_some());
    store.forget(at(1_000 + KEPT_MILLIS));
    assert_eq!(store.read(&[account(1)]).unwrap(), [None]);
}
