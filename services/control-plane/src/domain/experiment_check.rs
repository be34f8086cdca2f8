//! Whether the experiment of a rule can be meant as it is written, and each of its arms has something to compare.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use sluicegate_contracts::config::{Arm, Experiment, Strategy, Unit};
use sluicegate_routing::rules::{is_readable_header, nearest};

use super::identity::Slug;
use super::route_draft::{MAX_WEIGHT, RuleDraft, TargetDraft};
use crate::error::FieldError;

const ARMS: RangeInclusive<usize> = 2..=10;
const NAME: RangeInclusive<usize> = 1..=63;
/// As long as names that OpenAI takes in metadata.
const ENTRY: RangeInclusive<usize> = 1..=64;

/// Adds what stands against the experiment of the rule at `at`, and against the arms that its targets name.
pub(super) fn check_experiment(at: &str, rule: &RuleDraft, findings: &mut Vec<FieldError>) {
    if let Some(experiment) = &rule.experiment {
        let at = format!("{at}/experiment");
        findings.extend(Slug::parse(&experiment.name, &format!("{at}/name")).err());
        findings.extend(against_unit(&at, &experiment.unit));
        check_arms(&at, experiment, rule, findings);
    }
    let arms = rule.experiment.as_ref().map(|it| it.arms.as_slice());
    for (index, target) in rule.targets.iter().enumerate() {
        if let Some(arm) = &target.arm {
            let pointer = format!("{at}/targets/{index}/arm");
            findings.extend(against_name(pointer, arm, arms));
        }
    }
}

fn against_unit(at: &str, unit: &Unit) -> Option<FieldError> {
    match unit {
        Unit::Session | Unit::User | Unit::Key | Unit::Request => None,
        Unit::Header(name) => (!is_readable_header(name)).then(|| {
            let detail = "Draw by a header that begins with x-route-, or by one that conditions may read, in lower case.";
            FieldError::new(format!("{at}/unit/header"), "unknown_unit", detail)
        }),
        Unit::Metadata(name) => (!ENTRY.contains(&name.len())).then(|| {
            let detail = "Name an entry of the metadata, in 1 to 64 bytes.";
            FieldError::new(format!("{at}/unit/metadata"), "unknown_unit", detail)
        }),
    }
}

fn check_arms(at: &str, experiment: &Experiment, rule: &RuleDraft, findings: &mut Vec<FieldError>) {
    let arms = &experiment.arms;
    if !ARMS.contains(&arms.len()) {
        let detail = "An experiment compares 2 to 10 arms.";
        findings.push(FieldError::new(format!("{at}/arms"), "out_of_range", detail));
    } else if arms.iter().all(|arm| arm.weight == 0) {
        let detail = "Give at least one arm a weight above 0.";
        findings.push(FieldError::new(format!("{at}/arms"), "no_weight", detail));
    }
    let mut seen = BTreeSet::new();
    for (index, arm) in arms.iter().enumerate() {
        let at = format!("{at}/arms/{index}");
        let mut found = |member: &str, code, detail: String| {
            findings.push(FieldError::new(format!("{at}{member}"), code, detail));
        };
        if !is_name(&arm.name) {
            let detail = "Use 1 to 63 lowercase letters, digits and dashes.";
            found("/name", "invalid_name", detail.to_owned());
        } else if !seen.insert(&arm.name) {
            let detail = "Another arm of the experiment has this name.";
            found("/name", "duplicate", detail.to_owned());
        } else if let Some((code, detail)) = against_targets(arm, rule) {
            found("", code, detail);
        }
        if arm.weight > MAX_WEIGHT {
            found("/weight", "out_of_range", "At most 1000000.".to_owned());
        }
    }
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    NAME.contains(&text.len()) && text.bytes().all(fits)
}

/// What is wrong with the targets of an arm.
fn against_targets(arm: &Arm, rule: &RuleDraft) -> Option<(&'static str, String)> {
    let is_of_arm = |it: &&TargetDraft| it.arm.as_deref() == Some(arm.name.as_str());
    let mut targets = rule.targets.iter().filter(is_of_arm).peekable();
    let name = &arm.name;
    if targets.peek().is_none() {
        let detail = format!("No target is of this arm. Give one `arm: {name}`, or leave the arm out.");
        return Some(("no_target", detail));
    }
    let weighs_nothing = rule.strategy == Strategy::Weighted && targets.all(|it| it.weight == 0);
    weighs_nothing.then(|| {
        (
            "no_weight",
            "Give at least one target of this arm a weight above 0.".to_owned(),
        )
    })
}

/// What is wrong with the arm that a target names.
fn against_name(pointer: String, name: &str, arms: Option<&[Arm]>) -> Option<FieldError> {
    let Some(arms) = arms else {
        let detail = "The rule has no experiment: add one, or leave the arm out.";
        return Some(FieldError::new(pointer, "no_experiment", detail));
    };
    let mut names = arms.iter().map(|arm| arm.name.as_str());
    if names.clone().any(|it| it == name) {
        return None;
    }
    let meant =
        nearest(name, names.by_ref()).map_or_else(String::new, |near| format!(" Did you mean {near:?}?"));
    let detail = format!("The experiment has no arm {name:?}.{meant}");
    Some(FieldError::new(pointer, "unknown_arm", detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_contracts::config::RetryPolicy;

    fn rule(unit: Unit, arms: &[(&str, u32)], targets: &[Option<&str>]) -> RuleDraft {
        let target = |arm: &Option<&str>| TargetDraft {
            model: "m".to_owned(),
            connection: None,
            weight: 1,
            arm: arm.map(str::to_owned),
        };
        let arm = |(name, weight): &(&str, u32)| Arm {
            name: (*name).to_owned(),
            weight: *weight,
        };
        let targets = targets.iter().map(target).collect();
        let mut rule = RuleDraft::plain(Strategy::Ordered, targets, RetryPolicy::default());
        rule.experiment = Some(Experiment {
            name: "trial".to_owned(),
            unit,
            arms: arms.iter().map(arm).collect(),
        });
        rule
    }

    fn found(rule: &RuleDraft) -> Vec<(String, &'static str)> {
        let mut findings = Vec::new();
        check_experiment("/rules/0", rule, &mut findings);
        let findings = findings.into_iter();
        findings.map(|it| (it.pointer, it.code)).collect()
    }

    const TARGETS: [Option<&str>; 3] = [Some("a"), Some("b"), None];

    #[test]
    fn what_can_be_meant_is_taken() {
        let units = [
            Unit::Session,
            Unit::User,
            Unit::Key,
            Unit::Request,
            Unit::Header("x-route-team".to_owned()),
            Unit::Header("user-agent".to_owned()),
            Unit::Metadata("Team".to_owned()),
        ];
        for unit in units {
            assert_eq!(found(&rule(unit, &[("a", 9), ("b", 0)], &TARGETS)), []);
        }
    }

    #[test]
    fn each_mistake_is_found_where_it_is() {
        let cases: [(RuleDraft, &str, &str); 10] = [
            (
                rule(Unit::Session, &[("a", 1)], &TARGETS[..1]),
                "/experiment/arms",
                "out_of_range",
            ),
            (
                rule(Unit::Session, &[("a", 0), ("b", 0)], &TARGETS),
                "/experiment/arms",
                "no_weight",
            ),
            (
                rule(Unit::Session, &[("a", 1), ("b", 1), ("a", 1)], &TARGETS),
                "/experiment/arms/2/name",
                "duplicate",
            ),
            (
                rule(Unit::Session, &[("a", 1), ("b", 1), ("c", 1)], &TARGETS),
                "/experiment/arms/2",
                "no_target",
            ),
            (
                rule(Unit::Session, &[("a", 1), ("b", 1), ("B", 1)], &TARGETS),
                "/experiment/arms/2/name",
                "invalid_name",
            ),
            (
                rule(Unit::Session, &[("a", 1), ("b", 2_000_000)], &TARGETS),
                "/experiment/arms/1/weight",
                "out_of_range",
            ),
            (
                rule(
                    Unit::Header("authorization".to_owned()),
                    &[("a", 1), ("b", 1)],
                    &TARGETS,
                ),
                "/experiment/unit/header",
                "unknown_unit",
            ),
            (
                rule(Unit::Metadata(String::new()), &[("a", 1), ("b", 1)], &TARGETS),
                "/experiment/unit/metadata",
                "unknown_unit",
            ),
            (
                rule(
                    Unit::Session,
                    &[("a", 1), ("b", 1)],
                    &[Some("a"), Some("b"), Some("c")],
                ),
                "/targets/2/arm",
                "unknown_arm",
            ),
            (
                RuleDraft {
                    experiment: None,
                    ..rule(Unit::Session, &[], &TARGETS[..1])
                },
                "/targets/0/arm",
                "no_experiment",
            ),
        ];
        for (rule, pointer, code) in cases {
            assert_eq!(found(&rule), [(format!("/rules/0{pointer}"), code)], "{rule:?}");
        }
        let mut weighted = rule(Unit::Session, &[("a", 1), ("b", 1)], &TARGETS);
        weighted.strategy = Strategy::Weighted;
        weighted.targets[1].weight = 0;
        assert_eq!(
            found(&weighted),
            [("/rules/0/experiment/arms/1".to_owned(), "no_weight")]
        );
    }
}
