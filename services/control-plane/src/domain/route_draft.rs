//! A route as its author wrote it, checked as a whole: every finding names the field it is about.

use std::collections::BTreeSet;

use sluicegate_contracts::config::{Constraints, Experiment, RetryPolicy, RouteTarget, Rule, Strategy};
use sluicegate_contracts::ids::ConnectionId;
use sluicegate_routing::rules::{Condition, Measure};

use super::experiment_check::check_experiment;
use super::identity::Slug;
use super::model_pattern;
use super::retry_check::check_retry;
use crate::error::FieldError;

const MAX_RULES: usize = 50;
const MAX_QUESTIONS: usize = 16;
const MAX_TARGETS: usize = 20;
const MAX_ALIASES: usize = 20;
pub(super) const MAX_WEIGHT: u32 = 1_000_000;

/// A target as written.
#[derive(Debug, Clone)]
pub struct TargetDraft {
    /// Model name.
    pub model: String,
    /// Id or slug of a connection.
    pub connection: Option<String>,
    /// Share of traffic.
    pub weight: u32,
    /// The arm of the rule's experiment that it is of.
    pub arm: Option<String>,
}

/// A rule as written.
#[derive(Debug, Clone)]
pub struct RuleDraft {
    /// Unique in the route.
    pub name: String,
    /// The condition, in CEL.
    pub when: Option<String>,
    /// What every endpoint must satisfy.
    pub constraints: Constraints,
    /// How targets are ordered.
    pub strategy: Strategy,
    /// What is compared.
    pub experiment: Option<Experiment>,
    /// Where requests go.
    pub targets: Vec<TargetDraft>,
    /// Retries.
    pub retry: RetryPolicy,
}

impl RuleDraft {
    /// A rule that takes every request.
    #[must_use]
    pub fn plain(strategy: Strategy, targets: Vec<TargetDraft>, retry: RetryPolicy) -> Self {
        Self {
            name: Rule::ONLY.to_owned(),
            when: None,
            constraints: Constraints::NONE,
            strategy,
            experiment: None,
            targets,
            retry,
        }
    }
}

/// The rules of a route as written.
#[derive(Debug, Clone)]
pub enum Rules {
    /// One that takes every request, written without saying that it is a rule.
    Plain(Box<RuleDraft>),
    /// A list of them.
    Several(Vec<RuleDraft>),
}

/// A route as written.
#[derive(Debug, Clone)]
pub struct RouteDraft {
    /// Name of the route.
    pub slug: String,
    /// Further model names that mean it.
    pub aliases: Vec<String>,
    /// What is done with requests.
    pub rules: Rules,
}

/// A route that can be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRoute {
    /// Name of the route.
    pub slug: String,
    /// Further model names that mean it.
    pub aliases: Vec<String>,
    /// At least one, the last without a condition.
    pub rules: Vec<Rule>,
}

impl RouteDraft {
    fn rules(&self) -> &[RuleDraft] {
        match &self.rules {
            Rules::Plain(rule) => std::slice::from_ref(&**rule),
            Rules::Several(rules) => rules,
        }
    }

    /// Whether it is written without saying that it has a rule.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        matches!(self.rules, Rules::Plain(_))
    }

    /// The models that it names, as targets and in conditions. Providers that conditions name are among them, and no model.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        let targets = self.rules().iter().flat_map(|rule| &rule.targets);
        let mut models: Vec<String> = targets.map(|target| target.model.clone()).collect();
        for condition in self.conditions() {
            let asked = condition.questions().into_iter();
            let of_endpoints = asked.filter(|it| it.measure != Measure::BudgetLeft);
            models.extend(of_endpoints.map(|it| it.of.to_string()));
        }
        models
    }

    /// Whether a condition asks what is left of a budget.
    #[must_use]
    pub fn asks_of_budgets(&self) -> bool {
        let of_budget = |it: Condition| it.questions().iter().any(|it| it.measure == Measure::BudgetLeft);
        self.conditions().any(of_budget)
    }

    /// The conditions that can be read.
    fn conditions(&self) -> impl Iterator<Item = Condition> {
        let written = self.rules().iter().filter_map(|rule| rule.when.as_deref());
        written.filter_map(|when| Condition::read(when).ok())
    }

    /// Checks the draft against the project's connections (id and slug).
    ///
    /// # Errors
    /// Every finding, in the order of the document.
    pub fn check(self, connections: &[(ConnectionId, String)]) -> Result<CheckedRoute, Vec<FieldError>> {
        let mut findings = Vec::new();
        findings.extend(Slug::parse(&self.slug, "/slug").err());
        check_aliases(&self.aliases, &mut findings);
        let route = Surroundings {
            aliases: &self.aliases,
            connections,
        };
        let rules = match self.rules {
            Rules::Plain(rule) => vec![check_rule("", *rule, &route, &mut findings)],
            Rules::Several(rules) => {
                check_order(&rules, &mut findings);
                check_questions(&rules, &mut findings);
                let rules = rules.into_iter().enumerate();
                rules
                    .map(|(index, rule)| check_rule(&format!("/rules/{index}"), rule, &route, &mut findings))
                    .collect()
            }
        };
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(CheckedRoute {
            slug: self.slug,
            aliases: self.aliases,
            rules,
        })
    }
}

/// What a rule is checked against.
struct Surroundings<'d> {
    aliases: &'d [String],
    connections: &'d [(ConnectionId, String)],
}

/// Whether the rules can be told apart, and each request meets one that takes it.
fn check_order(rules: &[RuleDraft], findings: &mut Vec<FieldError>) {
    if !(1..=MAX_RULES).contains(&rules.len()) {
        let detail = format!("A route has 1 to {MAX_RULES} rules.");
        findings.push(FieldError::new("/rules", "out_of_range", detail));
    }
    let mut seen = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("/rules/{index}");
        if let Err(finding) = Slug::parse(&rule.name, &format!("{at}/name")) {
            findings.push(finding);
        } else if !seen.insert(&rule.name) {
            findings.push(FieldError::new(
                format!("{at}/name"),
                "duplicate",
                "Another rule of the route has this name.",
            ));
        }
        let is_last = index + 1 == rules.len();
        if is_last && rule.when.is_some() {
            let detail = "The last rule takes every request that comes to it: leave its condition out.";
            findings.push(FieldError::new(format!("{at}/when"), "not_a_catch_all", detail));
        }
        if !is_last && rule.when.is_none() {
            let detail = "Without a condition it takes every request, and no rule after it is ever reached.";
            findings.push(FieldError::new(format!("{at}/when"), "missing", detail));
        }
    }
}

/// Checks one rule, which stands at `at` in the document.
fn check_rule(at: &str, rule: RuleDraft, route: &Surroundings<'_>, findings: &mut Vec<FieldError>) -> Rule {
    if let Some(Err(mistake)) = rule.when.as_deref().map(Condition::read) {
        let place = if mistake.line > 1 {
            format!("At line {}, column {}", mistake.line, mistake.column)
        } else {
            format!("At column {}", mistake.column)
        };
        let detail = format!("{place}: {}", mistake.sentence);
        findings.push(FieldError::new(
            format!("{at}/when"),
            mistake.code.as_str(),
            detail,
        ));
    }
    let targets = check_targets(at, &rule, route, findings);
    check_experiment(at, &rule, findings);
    check_retry(at, &rule.retry, findings);
    Rule {
        name: rule.name,
        when: rule.when,
        constraints: rule.constraints,
        strategy: rule.strategy,
        experiment: rule.experiment,
        targets,
        retry: rule.retry,
    }
}

/// Whether the conditions together ask no more than what is worth reading for each request.
fn check_questions(rules: &[RuleDraft], findings: &mut Vec<FieldError>) {
    let conditions = rules.iter().filter_map(|rule| rule.when.as_deref());
    let conditions: Vec<Condition> = conditions.filter_map(|when| Condition::read(when).ok()).collect();
    let asked: BTreeSet<_> = conditions.iter().flat_map(Condition::questions).collect();
    if asked.len() > MAX_QUESTIONS {
        let detail = format!(
            "The conditions of a route ask at most {MAX_QUESTIONS} different things of endpoints and budgets."
        );
        findings.push(FieldError::new("/rules", "too_many", detail));
    }
}

fn check_aliases(aliases: &[String], findings: &mut Vec<FieldError>) {
    if aliases.len() > MAX_ALIASES {
        findings.push(FieldError::new(
            "/aliases",
            "too_many",
            "At most 20 aliases are accepted.",
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, alias) in aliases.iter().enumerate() {
        let pointer = format!("/aliases/{index}");
        if !model_pattern::is_name(alias) {
            findings.push(FieldError::new(
                pointer,
                "invalid_model",
                "Use a model name without spaces and stars.",
            ));
        } else if alias.starts_with("route/") || alias.starts_with("sluicegate/") {
            findings.push(FieldError::new(
                pointer,
                "reserved",
                "Names that begin with route/ or sluicegate/ are taken.",
            ));
        } else if !seen.insert(alias) {
            findings.push(FieldError::new(
                pointer,
                "duplicate",
                "The alias is listed twice.",
            ));
        }
    }
}

fn check_targets(
    at: &str,
    draft: &RuleDraft,
    route: &Surroundings<'_>,
    findings: &mut Vec<FieldError>,
) -> Vec<RouteTarget> {
    let count = draft.targets.len();
    if !(1..=MAX_TARGETS).contains(&count) {
        findings.push(FieldError::new(
            format!("{at}/targets"),
            "out_of_range",
            "A route has 1 to 20 targets.",
        ));
    }
    let weighted = draft.strategy == Strategy::Weighted;
    if weighted && count > 0 && draft.targets.iter().all(|target| target.weight == 0) {
        findings.push(FieldError::new(
            format!("{at}/targets"),
            "no_weight",
            "Give at least one target a weight above 0.",
        ));
    }
    let mut checked = Vec::with_capacity(count);
    for (index, target) in draft.targets.iter().enumerate() {
        let pointer = format!("{at}/targets/{index}");
        if target.model.starts_with("route/") || route.aliases.contains(&target.model) {
            let detail = "A target names a model, never a route.";
            findings.push(FieldError::new(format!("{pointer}/model"), "route_loop", detail));
        } else if !model_pattern::is_name(&target.model) {
            let detail = "Use a model name without spaces and stars.";
            findings.push(FieldError::new(
                format!("{pointer}/model"),
                "invalid_model",
                detail,
            ));
        }
        if target.weight > MAX_WEIGHT {
            findings.push(FieldError::new(
                format!("{pointer}/weight"),
                "out_of_range",
                "At most 1000000.",
            ));
        }
        let named = target.connection.as_ref();
        let found = named.map(|named| find_connection(named, route.connections));
        if found == Some(None) {
            let detail = "The project has no such connection.";
            findings.push(FieldError::new(
                format!("{pointer}/connection"),
                "unknown_connection",
                detail,
            ));
        }
        let (model, weight, arm) = (target.model.clone(), target.weight, target.arm.clone());
        checked.push(RouteTarget {
            model,
            connection: found.flatten(),
            weight,
            arm,
        });
    }
    checked
}

fn find_connection(named: &str, connections: &[(ConnectionId, String)]) -> Option<ConnectionId> {
    let id = named.parse::<ConnectionId>().ok();
    connections
        .iter()
        .find(|(known, slug)| Some(*known) == id || slug == named)
        .map(|(known, _)| *known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_service_runtime::ids::fresh;

    fn target(model: &str, connection: Option<&str>, weight: u32) -> TargetDraft {
        TargetDraft {
            model: model.to_owned(),
            connection: connection.map(str::to_owned),
            weight,
            arm: None,
        }
    }

    fn draft(targets: Vec<TargetDraft>) -> RouteDraft {
        RouteDraft {
            slug: "support".to_owned(),
            aliases: vec!["fast".to_owned()],
            rules: Rules::Plain(Box::new(RuleDraft::plain(
                Strategy::Weighted,
                targets,
                RetryPolicy::default(),
            ))),
        }
    }

    fn found(draft: RouteDraft) -> Vec<(String, &'static str)> {
        let findings = draft.check(&[]).unwrap_err().into_iter();
        findings.map(|it| (it.pointer, it.code)).collect()
    }

    #[test]
    fn a_connection_is_named_by_id_or_slug() {
        let connections: [(ConnectionId, String); 2] =
            [(fresh(), "main".to_owned()), (fresh(), "spare".to_owned())];
        let by_id = connections[1].0.to_string();
        let good = draft(vec![
            target("openai/gpt-4o", Some("main"), 1),
            target("m", Some(&by_id), 0),
        ]);
        let checked = good.check(&connections).unwrap();
        let pinned: Vec<_> = checked.rules[0]
            .targets
            .iter()
            .map(|target| target.connection)
            .collect();
        assert_eq!(pinned, [Some(connections[0].0), Some(connections[1].0)]);
    }

    #[test]
    fn every_mistake_is_found_where_it_is() {
        let mut bad = draft(vec![
            target("route/other", Some("gone"), 0),
            target("a b", None, 0),
            target("fast", None, 0),
        ]);
        bad.slug = "S".to_owned();
        bad.aliases = vec!["fast".to_owned(), "fast".to_owned(), "route/x".to_owned()];
        if let Rules::Plain(rule) = &mut bad.rules {
            rule.retry = RetryPolicy {
                max_attempts: 0,
                attempt_timeout_ms: 1,
                hedge: None,
            };
        }
        let expected = [
            ("/slug", "invalid_slug"),
            ("/aliases/1", "duplicate"),
            ("/aliases/2", "reserved"),
            ("/targets", "no_weight"),
            ("/targets/0/model", "route_loop"),
            ("/targets/0/connection", "unknown_connection"),
            ("/targets/1/model", "invalid_model"),
            ("/targets/2/model", "route_loop"),
            ("/retry/max_attempts", "out_of_range"),
            ("/retry/attempt_timeout_ms", "out_of_range"),
        ];
        assert_eq!(
            found(bad),
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
        assert_eq!(draft(Vec::new()).check(&[]).unwrap_err()[0].pointer, "/targets");
    }

    #[test]
    fn a_mistake_in_a_rule_is_found_where_it_is() {
        let rule = |name: &str, when: Option<&str>, model: &str| RuleDraft {
            name: name.to_owned(),
            when: when.map(str::to_owned),
            ..RuleDraft::plain(
                Strategy::Ordered,
                vec![target(model, None, 1)],
                RetryPolicy::default(),
            )
        };
        let ruled = |rules| RouteDraft {
            rules: Rules::Several(rules),
            ..draft(Vec::new())
        };
        let good = vec![
            rule("long", Some("request.input_tokens > 5"), "m"),
            rule("rest", None, "m"),
        ];
        assert_eq!(ruled(good).check(&[]).unwrap().rules[0].name, "long");
        let bad = ruled(vec![
            rule("long", Some("request.tokns > 5"), "m"),
            rule("long", None, "a b"),
            rule("X", Some("request.stream"), "m"),
        ]);
        let expected = [
            ("/rules/1/name", "duplicate"),
            ("/rules/1/when", "missing"),
            ("/rules/2/name", "invalid_slug"),
            ("/rules/2/when", "not_a_catch_all"),
            ("/rules/0/when", "cel_unknown_fact"),
            ("/rules/1/targets/0/model", "invalid_model"),
        ];
        assert_eq!(
            found(bad),
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
        assert_eq!(found(ruled(Vec::new())), [("/rules".to_owned(), "out_of_range")]);
        let findings = ruled(vec![rule("aa", Some("true\n&& x"), "m"), rule("bb", None, "m")]).check(&[]);
        assert_eq!(
            findings.unwrap_err()[0].detail,
            "At line 2, column 4: There is no fact x."
        );
    }
}
