//! What is told is what Postgres knows, and what it cannot know is presumed.

use super::*;
use sluicegate_metering::period::{Anchor, Interval, Schedule, Zone};
use sluicegate_service_runtime::ids::fresh;

const DAY: i64 = 86_400_000;

fn kept(id: BudgetId, interval: Interval) -> Kept {
    let schedule = Schedule {
        interval,
        zone: Zone::named("UTC").unwrap(),
        anchor: Anchor::START,
    };
    let at = UnixMillis::new(10 * DAY);
    Kept {
        id,
        limit: NanoUsd::from_nanos(500),
        version: 3,
        peak: NanoUsd::from_nanos(700),
        adjusted: AdjustedWindows::default(),
        history: vec![Opened { at, schedule }],
    }
}

fn spent(budget: BudgetId, day: i64, worker: WorkerId, number: u32, settled: i64) -> Spent {
    Spent {
        account: AccountId {
            budget,
            period: UnixMillis::new(day * DAY),
            partition: None,
        },
        epoch: Epoch { worker, number },
        settled: NanoUsd::from_nanos(settled),
    }
}

#[test]
fn closed_epochs_are_one_sum_and_open_ones_are_apart_and_pending() {
    let (budget, gone) = (fresh(), fresh());
    let (ann, bob, unheard): (WorkerId, WorkerId, WorkerId) = (fresh(), fresh(), fresh());
    let lives = [(ann, 4, 3), (bob, 2, 3)].map(|(worker, last, closed_below)| Lives {
        worker,
        last,
        closed_below,
    });
    let rows = [
        spent(budget, 10, ann, 1, 5),
        spent(budget, 10, ann, 2, 7),
        spent(budget, 10, ann, 3, 11),
        spent(budget, 10, bob, 2, 13),
        spent(budget, 10, unheard, 9, 17),
        spent(gone, 10, ann, 4, 1),
        // Before the budget was opened: no account of it.
        spent(budget, 9, ann, 4, 1),
    ];
    let books = books(&[kept(budget, Interval::Day)], &BTreeMap::new(), &rows, &lives).unwrap();
    let [account] = books.accounts.as_slice() else {
        panic!("{:?}", books.accounts)
    };
    assert_eq!(account.base, NanoUsd::from_nanos(5 + 7 + 13));
    let epoch = |worker, number| Epoch { worker, number };
    let open = [(epoch(ann, 3), 11), (epoch(unheard, 9), 17)];
    assert_eq!(
        account.spent,
        open.map(|(epoch, settled)| (epoch, NanoUsd::from_nanos(settled)))
    );
    let expected = Terms {
        limit: NanoUsd::from_nanos(500),
        version: 3,
        exposure: NanoUsd::from_nanos(700),
        end: UnixMillis::new(11 * DAY),
    };
    assert_eq!(account.terms, expected);
    let mut pending = vec![epoch(ann, 3), epoch(ann, 4), epoch(unheard, 9)];
    pending.sort_unstable();
    assert_eq!(books.pending, pending);
    let mut closed_below = vec![(ann, 3), (bob, 3)];
    closed_below.sort_unstable();
    assert_eq!(books.closed_below, closed_below);
}

#[test]
fn only_windows_that_may_still_count_are_told() {
    let (day, lifetime) = (fresh(), fresh());
    let worker = fresh();
    let budgets = [kept(day, Interval::Day), kept(lifetime, Interval::Lifetime)];
    let now = UnixMillis::new(20 * DAY + 1);
    // An account is kept for two days after its period.
    assert_eq!(budgets[0].oldest(now), Ok(UnixMillis::new(18 * DAY)));
    assert_eq!(budgets[1].oldest(now), Ok(UnixMillis::new(10 * DAY)));
    assert_eq!(
        budgets[0].oldest(UnixMillis::new(11 * DAY)),
        Ok(UnixMillis::new(i64::MIN))
    );
    let rows = [
        spent(day, 17, worker, 1, 1),
        spent(day, 18, worker, 1, 2),
        spent(lifetime, 10, worker, 1, 3),
        spent(fresh(), 18, worker, 1, 4),
    ];
    let told = settled(&budgets, &rows, now).unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|one| (one.amount.nanos(), one.end.get()))
        .collect();
    assert_eq!(told, [(2, 19 * DAY), (3, i64::MAX)]);
}

#[test]
fn sessions_are_told_with_the_smallest_cap_that_was_named_and_closed_with_what_they_spent() {
    let (worker, now) = (fresh(), UnixMillis::new(100 * DAY));
    let [_, known] = SessionAccount::at(fresh(), "known", now);
    let [_, unknown] = SessionAccount::at(fresh(), "unknown", now);
    let cap = NanoUsd::from_nanos(500);
    let caps = BTreeMap::from([(known.account.clone(), cap)]);
    let rows = [&known, &unknown].map(|one| Spent {
        account: one.account.clone(),
        epoch: Epoch { worker, number: 1 },
        settled: NanoUsd::from_nanos(7),
    });
    let told = books(&[], &caps, &rows, &[]).unwrap().accounts;
    let terms = told
        .iter()
        .map(|one| (one.terms.limit, one.terms.version, one.terms.end));
    assert_eq!(
        terms.collect::<Vec<_>>(),
        [
            (cap, SessionAccount::version(cap), known.end),
            (NanoUsd::ZERO, 0, unknown.end)
        ]
    );
    let amounts = |now| {
        let settled = settled(&[], &rows, now).unwrap();
        settled
            .iter()
            .map(|one| (one.end, one.amount.nanos()))
            .collect::<Vec<_>>()
    };
    assert_eq!(amounts(now), [(known.end, 7), (unknown.end, 7)]);
    assert_eq!(amounts(known.end.offset(KEPT_MILLIS)), []);
}

#[test]
fn a_store_is_told_the_limit_of_the_window_that_an_account_is_of() {
    let (budget, worker) = (fresh(), fresh());
    let mut adjusted = kept(budget, Interval::Day);
    adjusted
        .adjusted
        .add(UnixMillis::new(11 * DAY), None, NanoUsd::from_nanos(-200));
    let rows = [spent(budget, 10, worker, 1, 5), spent(budget, 11, worker, 1, 7)];
    let books = books(&[adjusted], &BTreeMap::new(), &rows, &[]).unwrap();
    let limits = books.accounts.iter().map(|account| account.terms.limit.nanos());
    assert_eq!(limits.collect::<Vec<_>>(), [500, 300]);
}
