//! A named, versioned routing policy.

use serde::{Deserialize, Serialize};

use super::{Constraints, Experiment, Hedge};
use crate::ids::{ConnectionId, OrganizationId, ProjectId, RouteId};
use crate::money::NanoUsd;

/// How the targets of a route are put in order. The first two order targets as their author wrote them; the others choose
/// among all ways to reach any of them by what is measured of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// As listed: the first that can serve, the others as fallbacks.
    Ordered,
    /// Drawn by weight without replacement; the rest of the draw are the fallbacks.
    Weighted,
    /// The soonest first token, or whole answer where it is not streamed.
    Fastest,
    /// The least money.
    Cheapest,
    /// The fewest open calls for what it can take.
    LeastLoaded,
    /// The least money at which 95 of 100 calls bring something within so many milliseconds, if any mix can.
    CheapestWithin {
        /// The target, in milliseconds.
        milliseconds: u32,
    },
    /// The fastest of what costs at most so much for a call; what costs more comes after.
    FastestUnder {
        /// The most a call should cost.
        cost: NanoUsd,
    },
    /// Time against money.
    Balanced {
        /// What a second less is worth.
        second: NanoUsd,
    },
}

/// What a route names: a model, optionally pinned to one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTarget {
    /// A model name as a caller could send it; never another route.
    pub model: String,
    /// Serve only through this connection; `None`: any that reaches the model.
    pub connection: Option<ConnectionId>,
    /// Share of traffic under [`Strategy::Weighted`]; 0 never serves.
    pub weight: u32,
    /// The arm of the rule's experiment that it serves; `None`: whichever has nothing else left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
}

/// When and how often to try again before the first byte has reached the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Upper bound of attempts over all targets, at least 1.
    pub max_attempts: u32,
    /// How long one attempt may take to its response headers, in milliseconds.
    pub attempt_timeout_ms: u64,
    /// Whether it is tried elsewhere while an attempt is late; `None`: only once one has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
}

impl Default for RetryPolicy {
    /// Three attempts of up to two minutes: long enough for slow reasoning models, few enough not to multiply load.
    fn default() -> Self {
        Self {
            max_attempts: 3,
            attempt_timeout_ms: 120_000,
            hedge: None,
        }
    }
}

/// What is done with the requests that its condition holds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Unique in the route.
    pub name: String,
    /// The condition, in CEL; `None`: it takes every request that comes to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What every endpoint must satisfy, besides what is demanded elsewhere.
    #[serde(default, skip_serializing_if = "Constraints::are_none")]
    pub constraints: Constraints,
    /// How targets are ordered, those of one arm among themselves.
    pub strategy: Strategy,
    /// What is compared: the targets of a request's arm come before the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<Experiment>,
    /// At least one.
    pub targets: Vec<RouteTarget>,
    /// Retries over the targets.
    pub retry: RetryPolicy,
}

impl Rule {
    /// The name of the only rule of a route that states none.
    pub const ONLY: &'static str = "default";

    /// A rule that takes every request.
    #[must_use]
    pub fn always(strategy: Strategy, targets: Vec<RouteTarget>, retry: RetryPolicy) -> Self {
        Self {
            name: Self::ONLY.to_owned(),
            when: None,
            constraints: Constraints::NONE,
            strategy,
            experiment: None,
            targets,
            retry,
        }
    }

    /// Whether a route of this rule alone says no more than strategy, targets and retries.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.name == Self::ONLY
            && self.when.is_none()
            && self.constraints.are_none()
            && self.experiment.is_none()
    }
}

/// A version that serves a share of the conversations beside the published one, which serves the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Its number.
    pub version: u32,
    /// How many of 100 conversations it serves.
    pub percent: u8,
    /// Its rules; it has the names of the published version.
    pub rules: Vec<Rule>,
}

/// A routing policy at one version: the first rule whose condition holds decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Document", into = "Document")]
pub struct Route {
    /// Its id.
    pub id: RouteId,
    /// The tenant that owns its project.
    pub organization: OrganizationId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Callers name it `route/<slug>`.
    pub slug: String,
    /// Counts the published versions, from 1.
    pub version: u32,
    /// Further model names that mean this route.
    pub aliases: Vec<String>,
    /// At least one, in order.
    pub rules: Vec<Rule>,
    /// The version that is being rolled out, while it serves anybody. Releases that do not know of it go on with this one.
    pub rollout: Option<Rollout>,
}

impl Route {
    /// Its only rule, where it says no more than strategy, targets and retries.
    #[must_use]
    pub fn plain(&self) -> Option<&Rule> {
        match self.rules.as_slice() {
            [only] if only.is_plain() => Some(only),
            _ => None,
        }
    }
}

/// The wire form. A route of one plain rule is written as releases before rules wrote every route, so that both read it.
#[derive(Clone, Serialize, Deserialize)]
struct Document {
    id: RouteId,
    organization: OrganizationId,
    project: ProjectId,
    slug: String,
    version: u32,
    aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<Strategy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    targets: Vec<RouteTarget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<RetryPolicy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollout: Option<Rollout>,
}

/// A route states neither rules nor a strategy.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("expected rules, or strategy, targets and retry")]
struct NoRules;

impl TryFrom<Document> for Route {
    type Error = NoRules;

    fn try_from(document: Document) -> Result<Self, NoRules> {
        let rules = match (document.strategy, document.retry) {
            _ if !document.rules.is_empty() => document.rules,
            (Some(strategy), Some(retry)) => vec![Rule::always(strategy, document.targets, retry)],
            (Some(_) | None, _) => return Err(NoRules),
        };
        Ok(Self {
            id: document.id,
            organization: document.organization,
            project: document.project,
            slug: document.slug,
            version: document.version,
            aliases: document.aliases,
            rules,
            rollout: document.rollout,
        })
    }
}

impl From<Route> for Document {
    fn from(route: Route) -> Self {
        let is_plain = route.plain().is_some();
        let mut document = Self {
            id: route.id,
            organization: route.organization,
            project: route.project,
            slug: route.slug,
            version: route.version,
            aliases: route.aliases,
            strategy: None,
            targets: Vec::new(),
            retry: None,
            rules: route.rules,
            rollout: route.rollout,
        };
        if is_plain && let Some(only) = document.rules.pop() {
            document.strategy = Some(only.strategy);
            document.targets = only.targets;
            document.retry = Some(only.retry);
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HedgeAfter, Unit};
    use super::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn written(body: Value) -> Result<Route, serde_json::Error> {
        let id = |prefix: &str| format!("{prefix}_{}", "0".repeat(26));
        let mut route = json!({ "id": id("rt"), "organization": id("org"), "project": id("prj"), "slug": "support",
            "version": 3, "aliases": ["fast"] });
        for (member, value) in body.as_object().unwrap() {
            route[member] = value.clone();
        }
        serde_json::from_value(route)
    }

    #[test]
    fn a_route_from_before_rules_is_one_rule_and_is_written_as_it_was() {
        let plain = json!({ "strategy": "weighted", "targets": [{ "model": "m", "connection": null, "weight": 2 }],
            "retry": { "max_attempts": 2, "attempt_timeout_ms": 5000 } });
        let route = written(plain.clone()).unwrap();
        let only = route.plain().unwrap();
        assert_eq!((only.strategy, only.targets[0].weight), (Strategy::Weighted, 2));
        let again = serde_json::to_value(&route).unwrap();
        for member in ["strategy", "targets", "retry"] {
            assert_eq!(again[member], plain[member]);
        }
        assert_eq!(again.get("rules"), None);
    }

    #[test]
    fn rules_survive_the_wire() {
        let targets = || {
            vec![RouteTarget {
                model: "m".to_owned(),
                connection: None,
                weight: 1,
                arm: None,
            }]
        };
        let mut first = Rule::always(Strategy::Ordered, targets(), RetryPolicy::default());
        first.name = "long".to_owned();
        first.when = Some("request.input_tokens > 1000".to_owned());
        first.constraints.no_training = true;
        let route = Route {
            id: Uuid::nil().into(),
            organization: Uuid::nil().into(),
            project: Uuid::nil().into(),
            slug: "support".to_owned(),
            version: 1,
            aliases: Vec::new(),
            rules: vec![
                first,
                Rule::always(Strategy::Weighted, targets(), RetryPolicy::default()),
            ],
            rollout: None,
        };
        let text = serde_json::to_string(&route).unwrap();
        assert_eq!(serde_json::from_str::<Route>(&text).unwrap(), route);
        assert!(!text.starts_with(r#"{"strategy""#) && route.plain().is_none());
    }

    #[test]
    fn a_hedge_survives_the_wire_of_a_plain_route() {
        let retry = json!({ "max_attempts": 2, "attempt_timeout_ms": 5000,
            "hedge": { "after": { "percentile": 95 }, "max_percent": 5, "max_cost": 2000 } });
        let plain = json!({ "strategy": "ordered", "targets": [{ "model": "m", "connection": null, "weight": 1 }],
            "retry": retry });
        let route = written(plain).unwrap();
        let hedge = route.plain().unwrap().retry.hedge.unwrap();
        assert_eq!((hedge.after, hedge.share()), (HedgeAfter::Percentile(95), 0.05));
        assert_eq!(serde_json::to_value(&route).unwrap()["retry"], retry);
    }

    #[test]
    fn a_rollout_stands_beside_what_older_releases_read() {
        let plain = json!({ "strategy": "ordered", "targets": [{ "model": "m", "connection": null, "weight": 1 }],
            "retry": { "max_attempts": 2, "attempt_timeout_ms": 5000 } });
        let mut route = written(plain.clone()).unwrap();
        assert_eq!(serde_json::to_value(&route).unwrap().get("rollout"), None);
        route.rollout = Some(Rollout {
            version: 4,
            percent: 5,
            rules: route.rules.clone(),
        });
        let text = serde_json::to_string(&route).unwrap();
        assert_eq!(serde_json::from_str::<Route>(&text).unwrap(), route);
        let shown = serde_json::to_value(&route).unwrap();
        assert_eq!(
            (&shown["targets"], &shown["version"]),
            (&plain["targets"], &json!(3))
        );
    }

    #[test]
    fn an_experiment_survives_the_wire() {
        let arms = json!([{ "name": "control", "weight": 9 }, { "name": "trial", "weight": 1 }]);
        let targets = json!([{ "model": "m", "connection": null, "weight": 1, "arm": "control" },
            { "model": "n", "connection": null, "weight": 1, "arm": "trial" }]);
        let rule = json!({ "name": "default", "strategy": "ordered", "targets": targets,
            "retry": { "max_attempts": 2, "attempt_timeout_ms": 5000 },
            "experiment": { "name": "n-or-m", "unit": { "metadata": "team" }, "arms": arms } });
        let route = written(json!({ "rules": [rule] })).unwrap();
        assert_eq!(route.plain(), None);
        let experiment = route.rules[0].experiment.as_ref().unwrap();
        assert_eq!(experiment.unit, Unit::Metadata("team".to_owned()));
        assert_eq!(route.rules[0].targets[1].arm.as_deref(), Some("trial"));
        assert_eq!(serde_json::to_value(&route).unwrap()["rules"], json!([rule]));
    }

    #[test]
    fn a_route_without_rules_is_refused() {
        assert!(written(json!({})).is_err());
        assert!(written(json!({ "rules": [] })).is_err());
        assert!(written(json!({ "strategy": "ordered", "targets": [] })).is_err());
    }
}
