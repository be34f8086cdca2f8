//! One route, as it would decide requests of the past today: the rules in order, then the engine itself. Pure. Nothing is
//! known of how endpoints fared, so measures decide by price alone.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use sluicegate_contracts::config::{
    Connection, Constraints, Endpoint, Level, Margin, RouteTarget, Rule, StatedFacts,
};
use sluicegate_contracts::ids::{ApiKeyId, ConnectionId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::price::Terms;
use sluicegate_routing::constraints::check as satisfies;
use sluicegate_routing::experiment::{Drawn, draw};
use sluicegate_routing::rules::asked::SIGNALS;
use sluicegate_routing::rules::facts::LANGUAGE;
use sluicegate_routing::rules::{Condition, Signals};
use sluicegate_routing::select::Pool;
use sluicegate_routing::strategy::objective;
use sluicegate_routing::{
    Candidate, Credential, Demand, Preferences, RejectionCode, RequestFeatures, RoutingInput, Seed,
    Selection, Site, Target, Turn, Unknown as NothingKnown, plan,
};

use super::past_request::{EndpointKey, PastRequest, Unknown};
use super::route_check::{Supply, is_built_in, names_its_own_models, offered, reaching};

/// Facts that no record keeps.
const NOT_KEPT: [&str; 3] = ["request.headers", "request.metadata", SIGNALS];

/// Everything besides the route that decides today.
#[derive(Debug)]
pub struct Today {
    /// Whose requests they are.
    pub organization: OrganizationId,
    /// What can be reached.
    pub supply: Supply,
    /// What owners of accounts state of them.
    pub stated: HashMap<OrganizationId, Vec<StatedFacts>>,
    /// What organization and project demand, outermost first.
    pub above: Vec<(Level, Constraints)>,
    /// What keys demand; those that are not here are gone.
    pub keys: HashMap<ApiKeyId, Vec<Constraints>>,
    /// The moment whose prices count.
    pub now: UnixMillis,
}

/// An arm of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArmOf {
    /// Name of the experiment.
    pub experiment: String,
    /// Name of the arm.
    pub arm: String,
}

/// Where a request would go first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The rule that decides.
    pub rule: String,
    /// The arm that it is of, where the rule compares any.
    pub arm: Option<ArmOf>,
    /// The model as the target names it.
    pub model: String,
    /// The endpoint.
    pub endpoint: EndpointKey,
    /// What the tokens of the request cost there; `None`: no price is known.
    pub cost: Option<NanoUsd>,
}

/// What would become of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is sent.
    Sent(Choice),
    /// Nothing can serve it, and this stands against the first that could.
    Refused(Option<RejectionCode>),
}

/// A decision of the past, made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// What would become of it.
    pub fate: Fate,
    /// Hops of its plan, fallbacks too, that something forbids which is demanded of it: must be none.
    pub violations: u32,
}

/// A route made ready.
#[derive(Debug)]
pub struct Replay<'w> {
    today: &'w Today,
    rules: Vec<Ready<'w>>,
    signals: Signals,
    preferences: Preferences,
}

#[derive(Debug)]
struct Ready<'w> {
    rule: &'w Rule,
    when: Option<Condition>,
    /// What the condition reads and no record keeps.
    missing: Option<&'static str>,
    /// Whether it asks for the language, which is kept where it was asked for.
    asks_for_language: bool,
    targets: Vec<Target<'w>>,
    pool: Pool,
}

/// Statements of each account of a supply, the most particular first.
#[derive(Debug, Default)]
pub struct StatedOf(HashMap<ConnectionId, Vec<StatedFacts>>);

impl StatedOf {
    /// Sorts what is stated by the accounts that it is about.
    #[must_use]
    pub fn of(today: &Today) -> Self {
        let of_account = |account: &Connection| {
            let stated = today
                .stated
                .get(&account.organization)
                .map_or(&[][..], Vec::as_slice);
            let is_about = |it: &&StatedFacts| {
                let about = &it.about;
                about.provider.as_ref().is_none_or(|it| *it == account.provider)
                    && about.connection.is_none_or(|it| it == account.id)
            };
            let mut stated: Vec<StatedFacts> = stated.iter().filter(is_about).cloned().collect();
            stated.sort_by_key(|it| Reverse(it.about.particularity()));
            (account.id, stated)
        };
        Self(today.supply.connections.iter().map(of_account).collect())
    }
}

impl<'w> Replay<'w> {
    /// Makes rules ready. A condition that cannot be read, which cannot be published, never holds.
    #[must_use]
    pub fn of(rules: &'w [Rule], today: &'w Today, stated: &'w StatedOf) -> Self {
        let ready = rules.iter().filter_map(|rule| {
            let when = match rule.when.as_deref().map(Condition::read) {
                None => None,
                Some(Ok(condition)) => Some(condition),
                Some(Err(_)) => return None,
            };
            let asked = when.as_ref().map(Condition::asked).unwrap_or_default();
            Some(Ready {
                rule,
                when,
                asks_for_language: asked.contains(LANGUAGE),
                missing: NOT_KEPT.into_iter().find(|it| asked.contains(it)),
                targets: rule.targets.iter().map(|it| target(it, today, stated)).collect(),
                pool: Pool::default(),
            })
        });
        Self {
            today,
            rules: ready.collect(),
            signals: Signals::default(),
            preferences: Preferences::default(),
        }
    }

    /// Whether measures decide somewhere, of which nothing is known.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.rules.iter().any(|it| objective(it.rule.strategy).is_some())
    }

    /// Decides a request again.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn decide(&mut self, request: &PastRequest) -> Result<Replayed, Unknown> {
        let features = request.features()?;
        let of_key = self.today.keys.get(&request.key.0).ok_or(Unknown::KeyGone)?;
        let deciding = deciding(&mut self.rules, request, &features, &self.signals)?;
        let Some(ready) = deciding else {
            return Ok(Replayed {
                fate: Fate::Refused(None),
                violations: 0,
            });
        };
        let experiment = ready.rule.experiment.as_ref();
        let drawn = experiment
            .map(|it| Ok(draw(it, &request.whose(it)?)))
            .transpose()?;
        for (target, named) in ready.targets.iter_mut().zip(&ready.rule.targets) {
            target.turn = turn(drawn.as_ref(), named);
        }
        let above = self
            .today
            .above
            .iter()
            .map(|(level, constraints)| (*level, constraints));
        let demands: Vec<Demand<'_>> = above
            .chain([(Level::Route, &ready.rule.constraints)])
            .chain(of_key.iter().map(|it| (Level::Key, it)))
            .filter(|(_, constraints)| !constraints.are_none())
            .map(|(level, constraints)| Demand { level, constraints })
            .collect();
        let input = RoutingInput {
            selection: Selection::Route {
                strategy: ready.rule.strategy,
                by_alias: false,
            },
            targets: &ready.targets,
            features,
            demands: &demands,
            ceiling: None,
            preferences: &self.preferences,
            now: self.today.now,
            live: &NothingKnown,
            held: Duration::ZERO,
            seed: Seed::from_id(request.id.as_uuid().as_u128()),
        };
        let planned = plan(&input, &mut ready.pool);
        ready
            .pool
            .answered(u32::try_from(request.tokens.output).unwrap_or(u32::MAX));
        let planned = match planned {
            Ok(planned) => planned,
            Err(none) => {
                return Ok(Replayed {
                    fate: Fate::Refused(none.rejections.first().map(|it| it.code)),
                    violations: 0,
                });
            }
        };
        let hops = planned.attempts.iter();
        let candidates = hops.map(|it| &ready.targets[it.target].candidates[it.candidate]);
        let is_forbidden = |candidate: &&Candidate<'_>| {
            let mut demands = demands.iter();
            demands.any(|demand| satisfies(candidate, *demand, self.today.now).is_err())
        };
        let violations = candidates.filter(is_forbidden).count();
        let first = planned.attempts.first().map(|it| {
            let target = &ready.targets[it.target];
            choice(
                ready.rule,
                drawn.as_ref().and_then(arm_of),
                target,
                &target.candidates[it.candidate],
                request,
                self.today,
            )
        });
        Ok(Replayed {
            fate: first.map_or(Fate::Refused(None), Fate::Sent),
            violations: u32::try_from(violations).unwrap_or(u32::MAX),
        })
    }
}

/// The first rule that applies.
fn deciding<'d, 'w>(
    rules: &'d mut [Ready<'w>],
    request: &PastRequest,
    features: &RequestFeatures,
    signals: &Signals,
) -> Result<Option<&'d mut Ready<'w>>, Unknown> {
    let readings = request.readings();
    let observed = request.observed(features, signals, &readings);
    for ready in rules {
        if let Some(missing) = ready.missing {
            return Err(Unknown::FactNotKept(missing));
        }
        if ready.asks_for_language && request.language().is_none() {
            return Err(Unknown::FactNotKept(LANGUAGE));
        }
        let questions = ready.when.iter().flat_map(Condition::questions);
        if let Some(new) = questions.into_iter().find(|it| !readings.answers(it)) {
            return Err(Unknown::FactNotKept(new.measure.name()));
        }
        if ready.when.as_ref().is_none_or(|when| when.holds(&observed)) {
            return Ok(Some(ready));
        }
    }
    Ok(None)
}

fn arm_of(drawn: &Drawn<'_>) -> Option<ArmOf> {
    Some(ArmOf {
        experiment: drawn.experiment.name.clone(),
        arm: drawn.arm()?.to_owned(),
    })
}

fn choice(
    rule: &Rule,
    arm: Option<ArmOf>,
    target: &Target<'_>,
    candidate: &Candidate<'_>,
    request: &PastRequest,
    today: &Today,
) -> Choice {
    let cost = match terms(candidate, today.organization) {
        None => Some(NanoUsd::ZERO),
        Some(terms) => terms.cost(&request.tokens, today.now).map(|priced| priced.cost),
    };
    Choice {
        rule: rule.name.clone(),
        arm,
        model: target.model.to_owned(),
        endpoint: EndpointKey {
            provider: candidate.provider.to_owned(),
            upstream_model: candidate.upstream_model.to_owned(),
            connection: candidate.connection.map(|it| it.id),
        },
        cost,
    }
}

/// What a call of this organization is priced by; `None` for what the gateway answers itself.
pub(super) fn terms<'c>(candidate: &Candidate<'c>, organization: OrganizationId) -> Option<Terms<'c>> {
    let account = candidate.connection?;
    let resale = account.resale.filter(|_| account.organization != organization);
    Some(Terms {
        versions: candidate.endpoint.map_or(&[], |it| it.prices()),
        margin: resale.map_or(Margin::NONE, |it| it.margin),
    })
}

/// When it is the turn of a target.
pub(super) fn turn(drawn: Option<&Drawn<'_>>, target: &RouteTarget) -> Turn {
    drawn.map_or(Turn::Shared, |drawn| drawn.turn(target.arm.as_deref()))
}

/// A target with every way to reach it.
pub(super) fn target<'w>(target: &'w RouteTarget, today: &'w Today, stated: &'w StatedOf) -> Target<'w> {
    let model = target.model.as_str();
    let candidates = if is_built_in(model) {
        vec![Candidate {
            provider: "sluicegate",
            upstream_model: model,
            connection: None,
            credential: Credential::NotNeeded,
            endpoint: None,
            stated: &[],
            site: Site::OTHER,
        }]
    } else {
        let offers = offered(model, &today.supply);
        let reached = reaching(target, &offers, &today.supply).into_iter();
        let candidate = |(connection, offer): (&'w Connection, Option<&'w Endpoint>)| {
            let own_name = model.split_once('/').map_or(model, |(_, name)| name);
            Candidate {
                provider: &connection.provider,
                upstream_model: offer.map_or(own_name, |it: &Endpoint| it.upstream_model.as_str()),
                connection: Some(connection),
                credential: match connection.credential {
                    Some(_) => Credential::Ready,
                    None if names_its_own_models(connection) => Credential::NotNeeded,
                    None => Credential::Missing,
                },
                endpoint: offer,
                stated: stated.0.get(&connection.id).map_or(&[][..], Vec::as_slice),
                site: Site::of(connection),
            }
        };
        reached.map(candidate).collect()
    };
    Target {
        model,
        weight: target.weight,
        arm: target.arm.as_deref(),
        turn: Turn::Shared,
        candidates,
    }
}
