//! Gathers what decides over a request that might be made, from what is published or from a document in its place.

use std::collections::HashMap;

use sluicegate_contracts::config::{Route, RouteTarget, Rule};
use sluicegate_contracts::ids::{OrganizationId, ProjectId, RouteId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::Decision;
use sluicegate_routing::preferences::without_suffix;
use sluicegate_routing::rules::Signals;

use super::route_simulation::Host;
use super::{constraint_proof, route_supply};
use crate::domain::explanation::{Explained, Hypothetical, Meaning, Surroundings, explain};
use crate::domain::replay::{StatedOf, Today};
use crate::domain::route_draft::{CheckedRoute, RouteDraft};
use crate::error::{Error, Result};
use crate::store::{
    Connection, Lock, api_keys, config, connections, derived_keys, fact_statements, route_versions, routes,
    signals,
};

/// More routes, connections and signals than a project has.
const ALL: i64 = 10_000;

/// What is to be explained.
#[derive(Debug)]
pub struct Question {
    /// The tenant.
    pub organization: OrganizationId,
    /// The project.
    pub project: ProjectId,
    /// The request.
    pub asked: Hypothetical,
    /// Models to fall back to.
    pub models: Vec<String>,
    /// What decides in the place of the route that the request names.
    pub instead: Option<Instead>,
    /// The version of that route that decides; `None`: the published one.
    pub version: Option<u32>,
    /// The moment whose prices, signals and time count.
    pub now: UnixMillis,
}

/// A document in the place of a route.
#[derive(Debug)]
pub struct Instead {
    /// The document.
    pub document: RouteDraft,
    /// Where in the question it stands.
    pub at: &'static str,
}

/// The route that would decide.
#[derive(Debug)]
pub struct Through {
    /// Its id; `None`: a document that is not published.
    pub id: Option<RouteId>,
    /// Its slug.
    pub slug: String,
    /// Its version; `None`, likewise.
    pub version: Option<u32>,
}

/// What would come of it.
#[derive(Debug)]
pub struct Explanation {
    /// The decision; `None` where the request is refused before anything is decided.
    pub decision: Option<Decision>,
    /// The code of the error that its caller would get; `None`: it would be sent.
    pub refusal: Option<&'static str>,
    /// The route that would decide.
    pub route: Option<Through>,
    /// Whether measures would decide, of which nothing is known.
    pub is_measured: bool,
    /// Whether another version of the route serves some of the conversations.
    pub is_shared: bool,
}

impl Explanation {
    /// Of a request that is refused before anything is decided.
    const fn refused(code: &'static str) -> Self {
        Self {
            decision: None,
            refusal: Some(code),
            route: None,
            is_measured: false,
            is_shared: false,
        }
    }
}

/// What the model name leads to.
enum Found {
    Published(Box<Route>),
    Proposed(Box<CheckedRoute>),
    Models,
}

/// Explains.
///
/// # Errors
/// `validation_failed` when the key is unknown, the document could not be published, or a route and models are named.
pub async fn run(connection: &mut Connection, question: Question, host: Host) -> Result<Explanation> {
    let Question {
        organization,
        project,
        mut asked,
        models,
        instead,
        version,
        now,
    } = question;
    let above = constraint_proof::levels(connection, organization, project, asked.key).await?;
    let found = found(connection, project, &asked.model, instead).await?;
    let (found, is_shared) = at_version(connection, organization, found, version).await?;
    let named = named(&mut asked, &found, models)?;
    if !is_allowed(connection, project, &asked, &named).await? {
        return Ok(Explanation::refused("not_allowed"));
    }
    let reached = match &found {
        Found::Published(route) => targets(&route.rules),
        Found::Proposed(route) => targets(&route.rules),
        Found::Models => named.iter().map(|it| it.model.clone()).collect(),
    };
    let own = fact_statements::stated_by(connection, organization).await?;
    let (accounts, mut stated) = host.parts();
    stated.insert(organization, own);
    let today = Today {
        organization,
        supply: route_supply::of_models(connection, project, reached, accounts).await?,
        stated,
        above,
        keys: HashMap::new(),
        now,
    };
    if let Found::Models = found
        && !named.iter().all(|it| today.supply.knows(&it.model))
    {
        return Ok(Explanation::refused("model_not_found"));
    }
    let pushed = signals::list(connection, project, None, ALL).await?;
    let pushed: Vec<_> = pushed
        .iter()
        .map(signals::Signal::published)
        .collect::<Result<_>>()?;
    let config = config::head(connection).await?;
    let stated = StatedOf::of(&today);
    let (meaning, route) = match &found {
        Found::Published(route) => published(route, &asked.model),
        Found::Proposed(route) => proposed(route, &asked.model),
        Found::Models => (Meaning::Models(named), None),
    };
    let around = Surroundings {
        config,
        today: &today,
        stated: &stated,
        signals: &pushed.iter().collect::<Signals>(),
    };
    let Explained {
        decision,
        refusal,
        is_measured,
    } = explain(&asked, &meaning, &around);
    Ok(Explanation {
        decision: Some(decision),
        refusal,
        route,
        is_measured,
        is_shared,
    })
}

/// The route at `version`, and whether it shares what comes with another one.
///
/// # Errors
/// `validation_failed` when no route decides, or it has no such version.
async fn at_version(
    connection: &mut Connection,
    organization: OrganizationId,
    found: Found,
    version: Option<u32>,
) -> Result<(Found, bool)> {
    let unknown = |detail| Error::field("/version", "unknown_version", detail);
    match (found, version) {
        (Found::Published(route), version) => {
            let newer = route.rollout.as_ref().map(|newer| newer.version);
            let wanted = version.unwrap_or(route.version);
            let is_shared = newer.is_some() && (wanted == route.version || newer == Some(wanted));
            if wanted == route.version {
                return Ok((Found::Published(route), is_shared));
            }
            let other = route_versions::find(connection, organization, route.id, wanted).await?;
            let other = other.ok_or_else(|| unknown("The route has no such version."))?;
            Ok((Found::Published(Box::new(other.route)), is_shared))
        }
        (Found::Proposed(_) | Found::Models, Some(_)) => {
            Err(unknown("Name a published route to ask for one of its versions."))
        }
        (found @ (Found::Proposed(_) | Found::Models), None) => Ok((found, false)),
    }
}

/// What a model name leads to, with `instead` in the place of the route that it names.
async fn found(
    connection: &mut Connection,
    project: ProjectId,
    name: &str,
    instead: Option<Instead>,
) -> Result<Found> {
    if let Some(Instead { document, at }) = instead {
        let accounts = connections::list(connection, project, None, ALL).await?;
        let names: Vec<_> = accounts.into_iter().map(|it| (it.id, it.slug)).collect();
        let checked = document
            .check(&names)
            .map_err(|findings| Error::validation(findings).within(at))?;
        return Ok(Found::Proposed(Box::new(checked)));
    }
    let live = routes::list(connection, project, None, ALL).await?;
    let means = |route: &Route| {
        name.strip_prefix("route/") == Some(route.slug.as_str()) || route.aliases.iter().any(|it| it == name)
    };
    let route = live.into_iter().map(|it| it.published()).find(means);
    Ok(route.map_or(Found::Models, |route| Found::Published(Box::new(route))))
}

fn published<'r>(route: &'r Route, name: &str) -> (Meaning<'r>, Option<Through>) {
    let meaning = Meaning::Route {
        rules: &route.rules,
        by_alias: name.strip_prefix("route/") != Some(route.slug.as_str()),
    };
    let through = Through {
        id: Some(route.id),
        slug: route.slug.clone(),
        version: Some(route.version),
    };
    (meaning, Some(through))
}

fn proposed<'r>(route: &'r CheckedRoute, name: &str) -> (Meaning<'r>, Option<Through>) {
    let meaning = Meaning::Route {
        rules: &route.rules,
        by_alias: route.aliases.iter().any(|alias| alias == name),
    };
    let through = Through {
        id: None,
        slug: route.slug.clone(),
        version: None,
    };
    (meaning, Some(through))
}

/// The models that are named, each once; those to fall back to last. Takes what the name asks to be sorted by.
fn named(asked: &mut Hypothetical, found: &Found, fallbacks: Vec<String>) -> Result<Vec<RouteTarget>> {
    let target = |model: &str| RouteTarget {
        model: model.to_owned(),
        connection: None,
        weight: 1,
        arm: None,
    };
    match found {
        Found::Published(_) | Found::Proposed(_) if !fallbacks.is_empty() => {
            let detail = "A route has fallbacks of its own: leave `models` out, or name a model.";
            Err(Error::field("/models", "route_named", detail))
        }
        Found::Published(_) | Found::Proposed(_) => Ok(Vec::new()),
        Found::Models => {
            let mut names = vec![asked.model.clone()];
            for name in fallbacks {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            if let Some((model, suffix)) = without_suffix(&asked.model) {
                names[0] = model.to_owned();
                asked.preferences.sort = asked.preferences.sort.or(suffix.sort());
            }
            Ok(names.iter().map(|name| target(name)).collect())
        }
    }
}

/// Whether the key, and each that it derives from, may ask for all of it.
async fn is_allowed(
    connection: &mut Connection,
    project: ProjectId,
    asked: &Hypothetical,
    named: &[RouteTarget],
) -> Result<bool> {
    let Some(id) = asked.key else { return Ok(true) };
    let key = api_keys::find(connection, project, id, Lock::None).await?;
    let key = key.ok_or_else(Error::not_found)?;
    let above = derived_keys::hold(connection, project, &key.ancestors).await?;
    let above = above.into_iter().map(|it| it.grants.allowed_models);
    let mut published = key.published();
    let allows = |models: Vec<String>| {
        published.allowed_models = models;
        let first = [asked.model.as_str()]
            .into_iter()
            .chain(without_suffix(&asked.model).map(|it| it.0));
        let others = named.iter().skip(1).map(|it| it.model.as_str());
        first.into_iter().any(|name| published.allows_model(name))
            && others.into_iter().all(|name| published.allows_model(name))
    };
    Ok([key.grants.allowed_models].into_iter().chain(above).all(allows))
}

fn targets(rules: &[Rule]) -> Vec<String> {
    let targets = rules.iter().flat_map(|rule| &rule.targets);
    targets.map(|it| it.model.clone()).collect()
}
