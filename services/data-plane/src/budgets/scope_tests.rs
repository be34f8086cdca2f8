//! Which budgets a call counts on.

use sluicegate_contracts::config::{Adjusted, AdjustedShare, Period};

use super::*;
use crate::snapshot::fixtures::{budget, key, uuid};

const TARGET: Target<'static> = Target {
    model: "openai/gpt-4o",
    over_own_connection: true,
};

/// Ann calls with key 3 through route 5 in session `s`, tagged `a` and `b`.
fn standing(change: impl FnOnce(&mut Budget)) -> Option<Option<String>> {
    let (key, tags) = (key(3, 1, 2), ["a".to_owned(), "b".to_owned()]);
    let facts = Facts {
        key: &key,
        end_user: Some("ann"),
        session: Some("s"),
        tags: &tags,
        route: Some(uuid(5).into()),
        now: UnixMillis::new(1),
    };
    let mut budget = budget(7, 1, None);
    change(&mut budget);
    let budgets = BudgetIndex::of([Arc::new(budget)]);
    let accounts = Standing::over(&budgets, &facts, &TARGET).unwrap().accounts();
    accounts.into_iter().next().map(|account| account.partition)
}

fn scoped(scope: BudgetScope) -> Option<Option<String>> {
    standing(|budget| budget.scope = scope)
}

#[test]
fn every_part_that_is_set_has_to_be_met() {
    let all = BudgetScope::default;
    let key = |n| ApiKeyId::from(uuid(n));
    let one = |name: &str| Some(Partition::One(name.to_owned()));
    let text = |text: &str| Some(text.to_owned());
    let pairs = [
        (
            BudgetScope {
                api_key: Some(key(3)),
                ..all()
            },
            BudgetScope {
                api_key: Some(key(4)),
                ..all()
            },
        ),
        (
            BudgetScope {
                end_user: one("ann"),
                ..all()
            },
            BudgetScope {
                end_user: one("bob"),
                ..all()
            },
        ),
        (
            BudgetScope {
                session: one("s"),
                ..all()
            },
            BudgetScope {
                session: one("t"),
                ..all()
            },
        ),
        (
            BudgetScope {
                tag: text("b"),
                ..all()
            },
            BudgetScope {
                tag: text("c"),
                ..all()
            },
        ),
        (
            BudgetScope {
                route: Some(uuid(5).into()),
                ..all()
            },
            BudgetScope {
                route: Some(uuid(6).into()),
                ..all()
            },
        ),
        (
            BudgetScope {
                model: text("openai/*"),
                ..all()
            },
            BudgetScope {
                model: text("openai/gpt-4"),
                ..all()
            },
        ),
    ];
    assert_eq!(scoped(all()), Some(None));
    for (met, missed) in pairs {
        assert_eq!(scoped(met.clone()), Some(None), "{met:?}");
        assert_eq!(scoped(missed.clone()), None, "{missed:?}");
        let both = BudgetScope {
            tag: text("c"),
            ..met
        };
        assert_eq!(scoped(both), None, "one part that is missed is enough");
    }
    assert_eq!(standing(|budget| budget.counts_own_connections = false), None);
}

#[test]
fn who_is_kept_apart_has_an_account_of_its_own() {
    let each = BudgetScope {
        end_user: Some(Partition::Each),
        ..BudgetScope::default()
    };
    assert_eq!(scoped(each.clone()), Some(Some("ann".to_owned())));
    let both = BudgetScope {
        session: Some(Partition::Each),
        ..each
    };
    assert_eq!(scoped(both), Some(Some("ann\u{1f}s".to_owned())));
}

#[test]
fn a_call_looks_only_at_budgets_that_may_be_over_it() {
    let one = |name: String| Some(Partition::One(name));
    let scoped = |n: u64, scope: BudgetScope| {
        Arc::new(Budget {
            scope,
            ..budget(n, 1, None)
        })
    };
    let all = BudgetScope::default;
    let many = (0..1_000).flat_map(|n| {
        [
            BudgetScope {
                api_key: Some(uuid(n).into()),
                ..all()
            },
            BudgetScope {
                end_user: one(format!("user {n}")),
                ..all()
            },
            BudgetScope {
                session: one(format!("session {n}")),
                ..all()
            },
            BudgetScope {
                tag: Some(format!("tag {n}")),
                ..all()
            },
            BudgetScope {
                route: Some(uuid(n).into()),
                ..all()
            },
        ]
    });
    let budgets = many
        .chain([all()])
        .zip(10_000..)
        .map(|(scope, n)| scoped(n, scope));
    let index = BudgetIndex::of(budgets);
    assert_eq!(index.all().count(), 5_001);
    let (key, tags) = (key(3, 1, 2), ["tag 4".to_owned(), "tag 5".to_owned()]);
    let facts = Facts {
        key: &key,
        end_user: Some("user 6"),
        session: Some("session 7"),
        tags: &tags,
        route: Some(uuid(8).into()),
        now: UnixMillis::new(1),
    };
    assert_eq!(facts.near(&index).count(), 7);
    assert_eq!(
        Standing::over(&index, &facts, &TARGET).unwrap().counted().len(),
        7
    );
}

#[test]
fn a_call_counts_on_the_budgets_of_every_key_above_its_own() {
    let mut key = key(3, 1, 2);
    key.ancestors = vec![uuid(30).into(), uuid(31).into()];
    let facts = Facts {
        key: &key,
        end_user: None,
        session: None,
        tags: &[],
        route: None,
        now: UnixMillis::new(1),
    };
    let budgets = [3, 30, 31, 32].map(|n| {
        let mut budget = budget(n, 1, None);
        budget.scope.api_key = Some(uuid(n).into());
        Arc::new(budget)
    });
    let accounts = Standing::over(&BudgetIndex::of(budgets), &facts, &TARGET)
        .unwrap()
        .accounts();
    let counted: Vec<_> = accounts.iter().map(|account| account.budget).collect();
    assert_eq!(counted, [3, 30, 31].map(|n| uuid(n).into()));
}

#[test]
fn credit_stands_over_calls_that_the_host_pays_and_counts_no_cost() {
    let key = key(3, 1, 2);
    let facts = Facts {
        key: &key,
        end_user: None,
        session: None,
        tags: &[],
        route: None,
        now: UnixMillis::new(1),
    };
    let mut credit = budget(8, 1, None);
    credit.counts = Counts::Charge;
    credit.counts_own_connections = false;
    let index = BudgetIndex::of([Arc::new(budget(7, 1, None)), Arc::new(credit)]);
    let standing = |over_own_connection| {
        let target = Target {
            over_own_connection,
            ..TARGET
        };
        let standing = Standing::over(&index, &facts, &target).unwrap();
        (
            standing.accounts().len(),
            standing.credit().map(|(account, _)| account.budget),
        )
    };
    assert_eq!(standing(true), (1, None));
    assert_eq!(standing(false), (1, Some(uuid(8).into())));
}

#[test]
fn a_window_with_a_limit_of_its_own_is_kept_by_it_and_presumed_by_the_largest() {
    let usd = |dollars: i64| NanoUsd::from_nanos(dollars * 1_000_000_000);
    let key = key(3, 1, 2);
    let mut budget = budget(7, 1, None);
    (budget.limit, budget.peak) = (usd(5), Some(usd(9)));
    budget.periods = [(0, 10), (10, 20)]
        .map(|(start, end)| Period {
            start: UnixMillis::new(start),
            end: UnixMillis::new(end),
        })
        .to_vec();
    budget.adjusted = vec![Adjusted {
        start: UnixMillis::new(10),
        limit: usd(2),
    }];
    let budgets = BudgetIndex::of([Arc::new(budget)]);
    let terms = |now| {
        let facts = Facts {
            key: &key,
            end_user: None,
            session: None,
            tags: &[],
            route: None,
            now: UnixMillis::new(now),
        };
        let standing = Standing::over(&budgets, &facts, &TARGET).unwrap();
        let terms = standing.counted().first().unwrap().terms;
        (terms.limit, terms.exposure)
    };
    assert_eq!([terms(9), terms(10)], [(usd(5), usd(9)), (usd(2), usd(9))]);
}

#[test]
fn one_share_may_have_a_limit_of_its_own() {
    let key = key(3, 1, 2);
    let mut budget = budget(7, 1, None);
    budget.scope.end_user = Some(Partition::Each);
    budget.limit = NanoUsd::from_nanos(5);
    budget.adjusted_shares = vec![AdjustedShare {
        start: UnixMillis::default(),
        partition: "ann".to_owned(),
        limit: NanoUsd::from_nanos(8),
    }];
    let budgets = BudgetIndex::of([Arc::new(budget)]);
    let limit = |user| {
        let facts = Facts {
            key: &key,
            end_user: Some(user),
            session: None,
            tags: &[],
            route: None,
            now: UnixMillis::new(9),
        };
        let standing = Standing::over(&budgets, &facts, &TARGET).unwrap();
        standing.counted().first().unwrap().terms.limit.nanos()
    };
    assert_eq!([limit("ann"), limit("bob")], [8, 5]);
}
