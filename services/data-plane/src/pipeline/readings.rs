//! What the conditions of a route ask of endpoints and budgets: read once, before any of them is evaluated, from what this
//! worker knows. Nothing is waited for.

use std::collections::HashSet;

use sluicegate_contracts::config::{ProviderId, Status};
use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::Candidate;
use sluicegate_routing::health::Vitals;
use sluicegate_routing::rules::{Measure, Question, Reading, Readings};

use super::Gateway;
use super::resolve::candidates;
use super::stage::Inspected;
use crate::budgets::scope::{Facts, account_of};
use crate::snapshot::LiveRoute;

/// Answers everything that the conditions of `route` ask.
pub(super) fn read(gateway: &Gateway, route: &LiveRoute, request: &Inspected<'_>) -> Readings {
    let answer = |question: &Question| {
        let vitals = || vitals(gateway, route, question, request);
        let found = match question.measure {
            Measure::SuccessRate => vitals().success_rate().map(Reading::number),
            Measure::FirstToken => vitals().first_token_p95().map(|it| Reading::number(it * 1e3)),
            Measure::Headroom => vitals().headroom().map(Reading::number),
            Measure::Available => vitals().available().map(Reading::flag),
            Measure::BudgetLeft => budget_left(gateway, route.route.id, &question.of, request),
        };
        (question.clone(), found)
    };
    route.questions().iter().map(answer).collect()
}

/// How the endpoints fare that a question is about: those that reach a model, or those of a provider among the targets of
/// the route.
fn vitals(gateway: &Gateway, route: &LiveRoute, question: &Question, request: &Inspected<'_>) -> Vitals {
    let project = request.caller.project;
    let catalog = request.caller.received.snapshot.catalog();
    let found: Vec<Candidate<'_>> = match question.of.parse::<ProviderId>() {
        Ok(_) => {
            let targets = route.route.rules.iter().flat_map(|rule| &rule.targets);
            let reached = targets.filter_map(|it| candidates(&it.model, it.connection, project, catalog));
            let of_provider = reached.flatten().filter(|it| *it.provider == *question.of);
            of_provider.collect()
        }
        Err(_) => candidates(&question.of, None, project, catalog).unwrap_or_default(),
    };
    let is_over = |it: &&Candidate<'_>| match (&question.over, it.connection) {
        (None, _) => true,
        (Some(over), Some(connection)) => *connection.slug == **over,
        (Some(_), None) => false,
    };
    let sight = gateway.state().endpoints.sight(None);
    let mut seen = HashSet::new();
    let once = found
        .iter()
        .filter(is_over)
        .filter(|it| seen.insert((it.connection.map(|it| it.id), it.upstream_model)));
    sight.vitals(once)
}

/// What is left of the budget with this name, of this call's share where each has its own; the least, where several have
/// the name.
fn budget_left(gateway: &Gateway, route: RouteId, name: &str, request: &Inspected<'_>) -> Option<Reading> {
    let caller = &request.caller;
    let facts = Facts {
        key: caller.key,
        end_user: request.labels.end_user.as_deref(),
        session: request.labels.session.as_deref(),
        tags: &request.labels.tags,
        route: Some(route),
        now: UnixMillis::new(gateway.state().clock.now_millis()),
    };
    let named = caller.project.budgets.all();
    let named = named.filter(|it| it.name == name && it.status == Status::Active);
    let left = named.filter_map(|budget| {
        let (account, limit) = account_of(budget, &facts)?;
        let budgets = gateway.budgets();
        budgets.remaining_ratio(caller.project.organization, &account, limit)
    });
    left.reduce(f64::min).map(Reading::number)
}
