//! From a model name to what can serve it: the built-in echo, a route, a catalog model, or a compatible server's own
//! name. Reads the frozen snapshot only.

use std::sync::Arc;

use sluicegate_contracts::config::{Endpoint, RetryPolicy, Route, RouteTarget, Rule, Strategy};
use sluicegate_contracts::ids::ConnectionId;
use sluicegate_routing::experiment::{Drawn, draw};
use sluicegate_routing::rollout::belongs_to;
use sluicegate_routing::rules::Readings;
use sluicegate_routing::{Candidate, Credential, Selection, Site, Target, Turn};

use super::Gateway;
use super::language;
use super::observed::deciding;
use super::readings;
use super::stage::Inspected;
use crate::snapshot::{Catalog, LiveConnection, LiveRoute, ProjectView};
use crate::upstream::echo;

/// What a model name means in a project.
#[derive(Debug)]
pub(super) struct Resolution<'s> {
    pub(super) selection: Selection,
    pub(super) route: Option<&'s Route>,
    /// The rule of the route that decided.
    pub(super) rule: Option<&'s Rule>,
    /// The arm of its experiment that the request is of.
    pub(super) drawn: Option<Drawn<'s>>,
    /// What its conditions were told of endpoints and budgets.
    pub(super) readings: Readings,
    /// The language of the request, where one of them asks for it.
    pub(super) language: Option<&'static str>,
    pub(super) targets: Vec<Target<'s>>,
    pub(super) retry: RetryPolicy,
}

/// Looks a name up; `None` when nothing has it.
pub(super) fn resolve<'s>(
    gateway: &Gateway,
    name: &'s str,
    request: &Inspected<'s>,
) -> Option<Resolution<'s>> {
    let project = request.caller.project;
    let catalog = request.caller.received.snapshot.catalog();
    if let Some(route) = project.routes.get(name) {
        let by_alias = name.strip_prefix("route/") != Some(route.route.slug.as_str());
        return Some(through_route(gateway, route, by_alias, request));
    }
    let candidates = candidates(name, None, project, catalog)?;
    Some(Resolution {
        selection: Selection::Direct,
        route: None,
        rule: None,
        drawn: None,
        readings: Readings::default(),
        language: None,
        targets: vec![Target {
            model: name,
            weight: 1,
            arm: None,
            turn: Turn::Shared,
            candidates,
        }],
        retry: RetryPolicy::default(),
    })
}

/// What a route means for a request: what the first rule says whose condition holds, in the version that serves it. A
/// route without such a rule, which cannot be published, leads nowhere.
pub(super) fn through_route<'s>(
    gateway: &Gateway,
    route: &'s LiveRoute,
    by_alias: bool,
    request: &Inspected<'s>,
) -> Resolution<'s> {
    let project = request.caller.project;
    let catalog = request.caller.received.snapshot.catalog();
    let route = route.serving(|| belongs_to(&request.labels, request.seed()));
    let readings = readings::read(gateway, route, request);
    let depth = gateway.state().limits.max_json_depth;
    let language = route.asks_for_language().then(|| language::of(request, depth));
    let rule = deciding(route, request, &readings, language);
    let experiment = rule.and_then(|rule| rule.experiment.as_ref());
    let drawn = experiment.map(|experiment| draw(experiment, &request.whose()));
    let targets = rule.into_iter().flat_map(|rule| &rule.targets);
    Resolution {
        selection: Selection::Route {
            strategy: rule.map_or(Strategy::Ordered, |rule| rule.strategy),
            by_alias,
        },
        route: Some(&route.route),
        rule,
        readings,
        language,
        targets: targets
            .map(|target| route_target(target, drawn.as_ref(), project, catalog))
            .collect(),
        drawn,
        retry: rule.map(|rule| rule.retry.clone()).unwrap_or_default(),
    }
}

fn route_target<'s>(
    target: &'s RouteTarget,
    drawn: Option<&Drawn<'_>>,
    project: &'s ProjectView,
    catalog: &'s Catalog,
) -> Target<'s> {
    let arm = target.arm.as_deref();
    let candidates = candidates(&target.model, target.connection, project, catalog);
    Target {
        model: &target.model,
        weight: target.weight,
        arm,
        turn: drawn.map_or(Turn::Shared, |drawn| drawn.turn(arm)),
        candidates: candidates.unwrap_or_default(),
    }
}

/// Every way to reach a model that is not a route; `None` when the name means nothing, empty when nobody serves it.
pub(super) fn candidates<'s>(
    name: &'s str,
    pinned: Option<ConnectionId>,
    project: &'s ProjectView,
    catalog: &'s Catalog,
) -> Option<Vec<Candidate<'s>>> {
    if echo::Fault::of_model(name).is_some() {
        return Some(vec![built_in(name)]);
    }
    let usable = || {
        project
            .connections
            .iter()
            .filter(move |live| pinned.is_none_or(|only| live.connection.id == only))
    };
    if let Some((slug, upstream_model)) = name.split_once('/')
        && !upstream_model.is_empty()
        && let Some(live) = usable().find(|live| live.connection.slug == slug && live.names_its_own_models())
    {
        let endpoint = catalog
            .find(&live.connection.provider, upstream_model)
            .map(AsRef::as_ref);
        return Some(vec![through(live, upstream_model, endpoint)]);
    }
    let mut endpoints = catalog.by_model(name);
    if endpoints.is_empty() {
        endpoints = catalog.by_model(catalog.bare(name)?);
    }
    let reachable = usable().flat_map(|live| {
        let served = endpoints
            .iter()
            .filter(|it| it.provider == live.connection.provider);
        served.map(|endpoint| through(live, &endpoint.upstream_model, Some(endpoint)))
    });
    Some(reachable.collect())
}

fn built_in(name: &str) -> Candidate<'_> {
    Candidate {
        provider: echo::PROVIDER,
        upstream_model: name,
        connection: None,
        credential: Credential::NotNeeded,
        endpoint: None,
        stated: &[],
        site: Site::OTHER,
    }
}

fn through<'s>(
    live: &'s LiveConnection,
    upstream_model: &'s str,
    endpoint: Option<&'s Endpoint>,
) -> Candidate<'s> {
    let credential = match (&live.account, &live.connection.credential) {
        (None, _) => Credential::Missing,
        (Some(_), Some(_)) => Credential::Ready,
        (Some(_), None) => Credential::NotNeeded,
    };
    Candidate {
        provider: &live.connection.provider,
        upstream_model,
        connection: Some(&live.connection),
        credential,
        endpoint,
        stated: &live.stated,
        site: live.site,
    }
}

/// Every name the project can call, in the order a person would look for them.
pub(crate) fn callable_names<'s>(project: &'s ProjectView, catalog: &'s Catalog) -> Vec<&'s str> {
    let mut routes: Vec<&str> = project.routes.keys().map(String::as_str).collect();
    routes.sort_unstable();
    let served = catalog.models().filter(|(_, endpoints)| {
        let provided =
            |live: &Arc<LiveConnection>| endpoints.iter().any(|it| it.provider == live.connection.provider);
        project.connections.iter().any(provided)
    });
    routes
        .into_iter()
        .chain(["sluicegate/echo"])
        .chain(served.map(|(model, _)| model))
        .collect()
}
