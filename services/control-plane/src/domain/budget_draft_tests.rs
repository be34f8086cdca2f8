//! Every mistake is found where it is, and what is left out is filled in.

use super::*;
use sluicegate_service_runtime::ids::fresh;

fn terms() -> TermsDraft {
    TermsDraft {
        name: "team".to_owned(),
        limit: "10".to_owned(),
        schedule: ScheduleDraft {
            interval: Interval::Month,
            time_zone: "europe/berlin".to_owned(),
            hour: 9,
            weekday: 1,
            day: 31,
        },
        enforcement: Enforcement::Hard,
        on_exceed: OnExceedDraft::Refuse,
        counts_own_connections: true,
        unknown_price: UnknownPrice::Refuse,
        alert_thresholds: vec![100, 80, 80],
    }
}

fn found(findings: Vec<FieldError>) -> Vec<(String, &'static str)> {
    findings
        .into_iter()
        .map(|finding| (finding.pointer, finding.code))
        .collect()
}

fn refused(draft: TermsDraft, scope: &BudgetScope, known: &Referents) -> Vec<(String, &'static str)> {
    found(draft.check(scope, known, &[]).unwrap_err())
}

fn at(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(pointer.to_owned(), code)]
}

#[test]
fn a_key_or_route_fills_in_its_project() {
    let (project, key, route) = (fresh(), fresh(), fresh());
    let draft = ScopeDraft {
        api_key: Some("key_x".to_owned()),
        route: Some("rt_x".to_owned()),
        end_user: Some(Partition::Each),
        model: Some("openai/*".to_owned()),
        ..ScopeDraft::default()
    };
    let known = Referents {
        api_key: Some((key, project)),
        route: Some((route, project)),
        ..Referents::default()
    };
    let scope = draft.clone().check(&known).unwrap();
    assert_eq!(
        (scope.project, scope.api_key, scope.route),
        (Some(project), Some(key), Some(route))
    );
    let known = Referents {
        project: Some(fresh()),
        ..known
    };
    let expected = [("/scope/key", "other_project"), ("/scope/route", "other_project")];
    assert_eq!(
        found(draft.check(&known).unwrap_err()),
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
}

#[test]
fn every_mistake_in_a_scope_is_found() {
    let draft = ScopeDraft {
        project: Some("prj_x".to_owned()),
        api_key: Some("key_x".to_owned()),
        route: Some("rt_x".to_owned()),
        end_user: Some(Partition::One("x".repeat(129))),
        session: Some(Partition::One(String::new())),
        tag: Some("a\nb".to_owned()),
        model: Some("a b".to_owned()),
    };
    let expected = [
        ("/scope/project", "unknown_project"),
        ("/scope/key", "unknown_key"),
        ("/scope/route", "unknown_route"),
        ("/scope/end_user", "invalid"),
        ("/scope/session", "invalid"),
        ("/scope/tag", "invalid"),
        ("/scope/model", "invalid_model"),
    ];
    assert_eq!(
        found(draft.check(&Referents::default()).unwrap_err()),
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
    let twice = ScopeDraft {
        end_user: Some(Partition::Each),
        session: Some(Partition::Each),
        ..ScopeDraft::default()
    };
    assert_eq!(
        found(twice.check(&Referents::default()).unwrap_err()),
        at("/scope/session", "two_partitions")
    );
}

#[test]
fn every_mistake_in_the_terms_is_found() {
    let mut draft = terms();
    draft.name = String::new();
    draft.limit = "0".to_owned();
    draft.schedule.time_zone = "Mars".to_owned();
    draft.schedule.hour = 24;
    draft.on_exceed = OnExceedDraft::Throttle(5);
    draft.alert_thresholds = vec![0];
    let expected = [
        ("/name", "invalid_name"),
        ("/limit/amount", "out_of_range"),
        ("/time_zone", "unknown_time_zone"),
        ("/anchor/hour", "out_of_range"),
        ("/on_exceed", "hard_throttle"),
        ("/alert_thresholds", "out_of_range"),
    ];
    assert_eq!(
        refused(draft, &BudgetScope::default(), &Referents::default()),
        expected.map(|(pointer, code)| (pointer.to_owned(), code))
    );
    for limit in ["-1", "9007199.254740992", "1e3", "0.0000000001", ""] {
        let mut draft = terms();
        draft.limit = limit.to_owned();
        let found = refused(draft, &BudgetScope::default(), &Referents::default());
        assert_eq!(found, at("/limit/amount", "out_of_range"), "{limit}");
    }
}

#[test]
fn good_terms_are_put_in_order() {
    let checked = terms().check(&BudgetScope::default(), &Referents::default(), &[]);
    let checked = checked.unwrap();
    assert_eq!(checked.alert_thresholds, [80, 100]);
    assert_eq!(checked.schedule.zone.name(), "Europe/Berlin");
    assert_eq!(checked.limit, NanoUsd::from_nanos(10_000_000_000));
    let again = TermsDraft::of(&checked).check(&BudgetScope::default(), &Referents::default(), &[]);
    assert_eq!(again, Ok(checked));
}

#[test]
fn a_fallback_is_another_route_of_the_scopes_project() {
    let (project, route) = (fresh(), fresh());
    let mut draft = terms();
    draft.on_exceed = OnExceedDraft::Route("rt_x".to_owned());
    let known = Referents {
        fallback: Some((route, project)),
        ..Referents::default()
    };
    let inside = BudgetScope {
        project: Some(project),
        ..BudgetScope::default()
    };
    let checked = draft.clone().check(&inside, &known, &[]).unwrap();
    assert_eq!(checked.on_exceed, OnExceed::Route(route));
    let same = BudgetScope {
        route: Some(route),
        ..inside.clone()
    };
    assert_eq!(
        refused(draft.clone(), &same, &known),
        at("/on_exceed/route", "route_loop")
    );
    let wide = BudgetScope::default();
    assert_eq!(
        refused(draft.clone(), &wide, &known),
        at("/on_exceed/route", "other_project")
    );
    assert_eq!(
        refused(draft.clone(), &inside, &Referents::default()),
        at("/on_exceed/route", "unknown_route")
    );
    draft.enforcement = Enforcement::Notify;
    assert_eq!(refused(draft, &inside, &known), at("/on_exceed", "not_enforced"));
}

#[test]
fn over_the_same_calls_a_longer_period_allows_no_less() {
    let day = |dollars: i64| Neighbor {
        interval: Interval::Day,
        limit: NanoUsd::from_nanos(dollars * 1_000_000_000),
    };
    let check = |neighbor| terms().check(&BudgetScope::default(), &Referents::default(), &[neighbor]);
    assert!(check(day(10)).is_ok());
    assert_eq!(
        found(check(day(11)).unwrap_err()),
        at("/limit/amount", "interval_order")
    );
    let lifetime = Neighbor {
        interval: Interval::Lifetime,
        limit: NanoUsd::from_nanos(1),
    };
    assert!(check(lifetime).is_err());
    let equal = Neighbor {
        interval: Interval::Month,
        limit: NanoUsd::from_nanos(1),
    };
    assert!(check(equal).is_ok());
}
