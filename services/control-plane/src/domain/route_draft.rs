//! A route as its author wrote it, checked as a whole: every finding names the field it is about.

use std::collections::BTreeSet;

use sluicegate_contracts::config::{RetryPolicy, RouteTarget, Strategy};
use sluicegate_contracts::ids::ConnectionId;

use super::identity::Slug;
use super::model_pattern;
use crate::error::FieldError;

const MAX_TARGETS: usize = 20;
const MAX_ALIASES: usize = 20;
const MAX_WEIGHT: u32 = 1_000_000;
const ATTEMPTS: std::ops::RangeInclusive<u32> = 1..=10;
const ATTEMPT_TIMEOUT_MS: std::ops::RangeInclusive<u64> = 1_000..=600_000;

/// A target as written.
#[derive(Debug, Clone)]
pub struct TargetDraft {
    /// Model name.
    pub model: String,
    /// Id or slug of a connection.
    pub connection: Option<String>,
    /// Share of traffic.
    pub weight: u32,
}

/// A route as written.
#[derive(Debug, Clone)]
pub struct RouteDraft {
    /// Name of the route.
    pub slug: String,
    /// Further model names that mean it.
    pub aliases: Vec<String>,
    /// How targets are ordered.
    pub strategy: Strategy,
    /// Where requests go.
    pub targets: Vec<TargetDraft>,
    /// Retries.
    pub retry: RetryPolicy,
}

/// A route that can be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedRoute {
    /// Name of the route.
    pub slug: String,
    /// Further model names that mean it.
    pub aliases: Vec<String>,
    /// How targets are ordered.
    pub strategy: Strategy,
    /// Where requests go.
    pub targets: Vec<RouteTarget>,
    /// Retries.
    pub retry: RetryPolicy,
}

impl RouteDraft {
    /// Checks the draft against the project's connections (id and slug).
    ///
    /// # Errors
    /// Every finding, in the order of the document.
    pub fn check(self, connections: &[(ConnectionId, String)]) -> Result<CheckedRoute, Vec<FieldError>> {
        let mut findings = Vec::new();
        findings.extend(Slug::parse(&self.slug, "/slug").err());
        check_aliases(&self.aliases, &mut findings);
        let targets = check_targets(&self, connections, &mut findings);
        check_retry(&self.retry, &mut findings);
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(CheckedRoute {
            slug: self.slug,
            aliases: self.aliases,
            strategy: self.strategy,
            targets,
            retry: self.retry,
        })
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
    draft: &RouteDraft,
    connections: &[(ConnectionId, String)],
    findings: &mut Vec<FieldError>,
) -> Vec<RouteTarget> {
    let count = draft.targets.len();
    if !(1..=MAX_TARGETS).contains(&count) {
        findings.push(FieldError::new(
            "/targets",
            "out_of_range",
            "A route has 1 to 20 targets.",
        ));
    }
    let weighted = draft.strategy == Strategy::Weighted;
    if weighted && count > 0 && draft.targets.iter().all(|target| target.weight == 0) {
        findings.push(FieldError::new(
            "/targets",
            "no_weight",
            "Give at least one target a weight above 0.",
        ));
    }
    let mut checked = Vec::with_capacity(count);
    for (index, target) in draft.targets.iter().enumerate() {
        let pointer = format!("/targets/{index}");
        if target.model.starts_with("route/") || draft.aliases.contains(&target.model) {
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
        let found = named.map(|named| find_connection(named, connections));
        if found == Some(None) {
            let detail = "The project has no such connection.";
            findings.push(FieldError::new(
                format!("{pointer}/connection"),
                "unknown_connection",
                detail,
            ));
        }
        let (model, weight) = (target.model.clone(), target.weight);
        checked.push(RouteTarget {
            model,
            connection: found.flatten(),
            weight,
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

fn check_retry(retry: &RetryPolicy, findings: &mut Vec<FieldError>) {
    if !ATTEMPTS.contains(&retry.max_attempts) {
        findings.push(FieldError::new(
            "/retry/max_attempts",
            "out_of_range",
            "Use 1 to 10 attempts.",
        ));
    }
    if !ATTEMPT_TIMEOUT_MS.contains(&retry.attempt_timeout_ms) {
        let detail = "Use 1000 to 600000 milliseconds.";
        findings.push(FieldError::new(
            "/retry/attempt_timeout_ms",
            "out_of_range",
            detail,
        ));
    }
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
        }
    }

    fn draft(targets: Vec<TargetDraft>) -> RouteDraft {
        RouteDraft {
            slug: "support".to_owned(),
            aliases: vec!["fast".to_owned()],
            strategy: Strategy::Weighted,
            targets,
            retry: RetryPolicy::default(),
        }
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
        let pinned: Vec<_> = checked.targets.iter().map(|target| target.connection).collect();
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
        bad.retry = RetryPolicy {
            max_attempts: 0,
            attempt_timeout_ms: 1,
        };
        let found: Vec<_> = bad
            .check(&[])
            .unwrap_err()
            .into_iter()
            .map(|f| (f.pointer, f.code))
            .collect();
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
        assert_eq!(found, expected.map(|(pointer, code)| (pointer.to_owned(), code)));
        assert_eq!(draft(Vec::new()).check(&[]).unwrap_err()[0].pointer, "/targets");
    }
}
