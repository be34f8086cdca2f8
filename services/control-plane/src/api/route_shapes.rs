//! What routes look like in REST: shown, and written.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{self, Rule, Strategy};
use sluicegate_contracts::ids::{ConnectionId, RouteId};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::constraint_shapes::{Constraints, WriteConstraints};
use super::extract::yaml::Places;
use super::route_checks::RouteFinding;
use super::route_experiment::{RouteExperiment, WriteRouteExperiment};
use super::route_retry::{RouteRetry, WriteRouteRetry};
use super::route_rollout_shapes::RouteRolloutSummary;
use super::route_strategy::{RouteStrategy, WriteRouteStrategy};
use crate::app::routes::Changes;
use crate::domain::publication_message::PublicationMessage;
use crate::domain::route_draft::{RouteDraft, RuleDraft, Rules, TargetDraft};
use crate::error::{Error, FieldError, Result};
use crate::store::routes as rows;

/// Where a route sends requests.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteTarget {
    /// A model name as a caller could send it; never another route.
    #[schema(example = "openai/gpt-4o-mini")]
    model: String,
    /// Serve only through this connection; null means any that reaches the model.
    #[schema(value_type = Option<String>, required = true)]
    connection: Option<ConnectionId>,
    /// Share of traffic under `weighted`.
    weight: u32,
    /// The arm of the experiment that it is of; null: it stands in for all of them.
    #[schema(required = true)]
    arm: Option<String>,
}

/// What is done with the requests that a condition holds for.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteRule {
    /// Unique in the route.
    #[schema(example = "long-prompts")]
    name: String,
    /// The condition, in CEL; null: every request that comes to it.
    #[schema(value_type = Option<String>, required = true, example = "request.input_tokens > 100000")]
    when: Option<String>,
    /// What every endpoint must satisfy that serves it, besides what is demanded at other levels.
    constraints: Constraints,
    /// How targets are ordered.
    pub(super) strategy: RouteStrategy,
    /// What is compared; null: nothing.
    #[schema(required = true)]
    experiment: Option<RouteExperiment>,
    /// Where requests go.
    pub(super) targets: Vec<RouteTarget>,
    /// Retries.
    pub(super) retry: RouteRetry,
}

impl From<Rule> for RouteRule {
    fn from(rule: Rule) -> Self {
        let targets = rule.targets.into_iter().map(|target| RouteTarget {
            model: target.model,
            connection: target.connection,
            weight: target.weight,
            arm: target.arm,
        });
        Self {
            name: rule.name,
            when: rule.when,
            constraints: Constraints::from(&rule.constraints),
            strategy: rule.strategy.into(),
            experiment: rule.experiment.map(RouteExperiment::from),
            targets: targets.collect(),
            retry: rule.retry.into(),
        }
    }
}

/// A route at its published version.
#[derive(Serialize, ToSchema)]
pub(super) struct Route {
    /// Its id.
    #[schema(value_type = String, example = "rt_01jd0000000000000000000000")]
    id: RouteId,
    /// Callers name it `route/<slug>`.
    #[schema(example = "support")]
    slug: String,
    /// Further model names that mean this route.
    aliases: Vec<String>,
    /// The published version; also the ETag.
    version: u32,
    /// The number that the next version gets: higher than that of every version so far, also of those given up.
    next_version: u32,
    /// The first whose condition holds decides; the last has none.
    rules: Vec<RouteRule>,
    /// How targets of the last rule are ordered.
    strategy: RouteStrategy,
    /// Where requests go that no other rule takes.
    targets: Vec<RouteTarget>,
    /// Retries of the last rule.
    retry: RouteRetry,
    /// When the route was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When this version was published.
    #[serde(with = "time::serde::rfc3339")]
    published_at: OffsetDateTime,
    /// The version that is being rolled out beside it; null: none is.
    #[schema(required = true)]
    rollout: Option<RouteRolloutSummary>,
    /// What is doubtful about what was just published; absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<RouteFinding>,
}

impl Route {
    /// What was just published.
    pub(super) fn published(live: rows::LiveRoute, warnings: Vec<FieldError>, places: &Places) -> Self {
        Self {
            warnings: RouteFinding::warnings(warnings, places),
            ..Self::from(live)
        }
    }
}

/// The rules of a route, and the last of them.
pub(super) fn rules_of(rules: Vec<Rule>) -> (Vec<RouteRule>, RouteRule) {
    // What is published has a rule; without one it would serve nothing, and says so.
    let nothing = || Rule::always(Strategy::Ordered, Vec::new(), config::RetryPolicy::default());
    let last = rules.last().cloned().unwrap_or_else(nothing);
    (rules.into_iter().map(RouteRule::from).collect(), last.into())
}

impl From<rows::LiveRoute> for Route {
    fn from(live: rows::LiveRoute) -> Self {
        let route = live.route;
        let (rules, last) = rules_of(route.rules);
        Self {
            id: route.id,
            slug: route.slug,
            aliases: route.aliases,
            version: route.version,
            next_version: live.last_version + 1,
            rules,
            strategy: last.strategy,
            targets: last.targets,
            retry: last.retry,
            created_at: live.created_at,
            published_at: live.published_at,
            rollout: live.rollout.map(RouteRolloutSummary::from),
            warnings: Vec::new(),
        }
    }
}

/// A target as written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteRouteTarget {
    /// A model name as a caller could send it; never another route.
    #[schema(example = "openai/gpt-4o-mini")]
    pub(super) model: String,
    /// Id or slug of the only connection that may serve it.
    pub(super) connection: Option<String>,
    /// Share of traffic under `weighted`; 1 when absent, 0 never serves.
    #[serde(default = "one")]
    pub(super) weight: u32,
    /// The arm of the experiment that it is of; when absent, it stands in for all of them.
    pub(super) arm: Option<String>,
}

pub(super) const fn one() -> u32 {
    1
}

impl From<WriteRouteTarget> for TargetDraft {
    fn from(target: WriteRouteTarget) -> Self {
        Self {
            model: target.model,
            connection: target.connection,
            weight: target.weight,
            arm: target.arm,
        }
    }
}

/// A rule as written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteRouteRule {
    /// Unique in the route.
    #[schema(example = "long-prompts", min_length = 2, max_length = 63)]
    name: String,
    /// The condition, in CEL. The last rule has none, every other has one.
    #[schema(example = "request.input_tokens > 100000", max_length = 2000)]
    when: Option<String>,
    /// What every endpoint must satisfy that serves it; it can only tighten what is demanded at other levels.
    constraints: Option<WriteConstraints>,
    /// How targets are ordered.
    strategy: WriteRouteStrategy,
    /// What is compared.
    experiment: Option<WriteRouteExperiment>,
    /// 1 to 20 targets.
    #[schema(min_items = 1, max_items = 20)]
    targets: Vec<WriteRouteTarget>,
    /// Retries; three attempts of up to two minutes when absent.
    retry: Option<WriteRouteRetry>,
}

impl WriteRouteRule {
    fn draft(self, at: &str) -> Result<RuleDraft> {
        Ok(RuleDraft {
            name: self.name,
            when: self.when,
            constraints: match self.constraints {
                Some(constraints) => constraints.checked_at(&format!("{at}/constraints"))?,
                None => config::Constraints::NONE,
            },
            strategy: self.strategy.checked(&format!("{at}/strategy"))?,
            experiment: self.experiment.map(config::Experiment::from),
            targets: drafts(self.targets),
            retry: retries(self.retry, at)?,
        })
    }
}

fn drafts(targets: Vec<WriteRouteTarget>) -> Vec<TargetDraft> {
    targets.into_iter().map(TargetDraft::from).collect()
}

/// The retries of a rule, which stands at `at`.
fn retries(retry: Option<WriteRouteRetry>, at: &str) -> Result<config::RetryPolicy> {
    let retry = retry.map(|retry| retry.checked(&format!("{at}/retry")));
    Ok(retry.transpose()?.unwrap_or_default())
}

fn rule_drafts(rules: Vec<WriteRouteRule>) -> Result<Vec<RuleDraft>> {
    let rules = rules.into_iter().enumerate();
    rules
        .map(|(index, rule)| rule.draft(&format!("/rules/{index}")))
        .collect()
}

/// A new route: `rules`, or `strategy` and `targets` for one rule that takes every request.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateRoute {
    /// Callers name it `route/<slug>`.
    #[schema(example = "support", min_length = 2, max_length = 63)]
    pub(super) slug: String,
    /// Further model names that mean this route.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    /// 1 to 50 rules; the first whose condition holds decides, and the last has none.
    #[schema(min_items = 1, max_items = 50)]
    rules: Option<Vec<WriteRouteRule>>,
    /// How targets are ordered.
    strategy: Option<WriteRouteStrategy>,
    /// What is compared.
    experiment: Option<WriteRouteExperiment>,
    /// 1 to 20 targets.
    #[schema(min_items = 1, max_items = 20)]
    targets: Option<Vec<WriteRouteTarget>>,
    /// Retries; three attempts of up to two minutes when absent.
    retry: Option<WriteRouteRetry>,
    /// Why it is published, for the list of versions and the audit log.
    #[schema(max_length = 1000)]
    message: Option<String>,
}

/// Why something is published, where that is said.
///
/// # Errors
/// `validation_failed`.
pub(super) fn read_message(text: Option<&str>) -> Result<Option<PublicationMessage>> {
    let message = text.map(PublicationMessage::parse).transpose();
    message.map_err(|finding| Error::validation(vec![finding]))
}

impl CreateRoute {
    /// The same, of a document that is not published yet, so that nothing can be said of why.
    ///
    /// # Errors
    /// As [`Self::draft`], and when it does.
    pub(super) fn unpublished(self) -> Result<RouteDraft> {
        if self.message.is_some() {
            let detail = "A draft has no message yet: say it when you publish.";
            return Err(Error::field("/message", "not_yet", detail));
        }
        self.draft()
    }

    /// Why it is published.
    ///
    /// # Errors
    /// `validation_failed`.
    pub(super) fn message(&self) -> Result<Option<PublicationMessage>> {
        read_message(self.message.as_deref())
    }

    /// The route that is meant.
    ///
    /// # Errors
    /// `validation_failed` when it states no rule, or rules and strategy, targets or retries besides.
    pub(super) fn draft(self) -> Result<RouteDraft> {
        let missing =
            |name: &str| Error::field(format!("/{name}"), "missing", format!("`{name}` is missing."));
        let rules = if let Some(rules) = self.rules {
            if self.strategy.is_some()
                || self.experiment.is_some()
                || self.targets.is_some()
                || self.retry.is_some()
            {
                return Err(stated_twice());
            }
            Rules::Several(rule_drafts(rules)?)
        } else {
            let strategy = self.strategy.ok_or_else(|| missing("strategy"))?;
            let rule = RuleDraft::plain(
                strategy.checked("/strategy")?,
                drafts(self.targets.ok_or_else(|| missing("targets"))?),
                retries(self.retry, "")?,
            );
            Rules::Plain(Box::new(RuleDraft {
                experiment: self.experiment.map(config::Experiment::from),
                ..rule
            }))
        };
        Ok(RouteDraft {
            slug: self.slug,
            aliases: self.aliases,
            rules,
        })
    }
}

fn stated_twice() -> Error {
    let detail =
        "Rules have strategy, experiment, targets and retries of their own. Send either rules or these.";
    Error::field("/rules", "stated_twice", detail)
}

/// What shall change; the rest stays as published. Strategy, targets and retries are changed so where the route has one
/// rule that takes every request; else send all rules anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateRoute {
    /// Callers name it `route/<slug>`.
    slug: Option<String>,
    /// Further model names that mean this route.
    aliases: Option<Vec<String>>,
    /// All rules anew.
    #[schema(min_items = 1, max_items = 50)]
    rules: Option<Vec<WriteRouteRule>>,
    /// How targets are ordered.
    strategy: Option<WriteRouteStrategy>,
    /// What is compared.
    experiment: Option<WriteRouteExperiment>,
    /// All targets anew.
    targets: Option<Vec<WriteRouteTarget>>,
    /// Retries.
    retry: Option<WriteRouteRetry>,
    /// Why, for the list of versions and the audit log.
    #[schema(max_length = 1000)]
    message: Option<String>,
}

impl UpdateRoute {
    /// Why.
    ///
    /// # Errors
    /// `validation_failed`.
    pub(super) fn message(&self) -> Result<Option<PublicationMessage>> {
        read_message(self.message.as_deref())
    }

    /// The changes that are meant.
    ///
    /// # Errors
    /// `validation_failed` when it states rules, and strategy, targets or retries besides.
    pub(super) fn changes(self) -> Result<Changes> {
        let changes = Changes {
            slug: self.slug,
            aliases: self.aliases,
            rules: self.rules.map(rule_drafts).transpose()?,
            strategy: self.strategy.map(|it| it.checked("/strategy")).transpose()?,
            experiment: self.experiment.map(config::Experiment::from),
            targets: self.targets.map(drafts),
            retry: self.retry.map(|it| it.checked("/retry")).transpose()?,
        };
        if changes.rules.is_some() && changes.touches_plain_rule() {
            return Err(stated_twice());
        }
        Ok(changes)
    }
}
