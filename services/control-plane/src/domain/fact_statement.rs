//! Facts that an organization states, checked before workers go by them: they make endpoints eligible that were not.

use sluicegate_contracts::config::{About, Facts, ProviderId};
use time::Date;

use super::model_pattern;
use crate::error::FieldError;

/// Facts about a model, whoever runs it.
const OF_MODELS: [&str; 7] = [
    "author_home",
    "open_weights",
    "license",
    "distillable",
    "tools",
    "json_schema",
    "reasoning",
];
const EVIDENCE_BYTES: std::ops::RangeInclusive<usize> = 10..=1_000;
const MAX_DAYS: u32 = 36_500;
const MAX_CERTIFICATES: usize = 32;
const MAX_NAME: usize = 64;

/// A statement as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactStatement {
    /// About what.
    pub about: About,
    /// The facts.
    pub facts: Facts,
    /// A sentence or the address of a document.
    pub evidence: String,
    /// The day of the evidence.
    pub as_of: Date,
}

impl FactStatement {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn findings(&self, today: Date) -> Vec<FieldError> {
        let mut findings = self.about_findings();
        findings.extend(self.fact_findings());
        let evidence = self.evidence.trim();
        if !EVIDENCE_BYTES.contains(&evidence.len()) || evidence.chars().any(char::is_control) {
            let detail = "Name what shows it, in 10 to 1000 bytes on one line: the address of a page, or a contract and its number.";
            findings.push(FieldError::new("/evidence", "missing", detail));
        }
        if self.as_of > today {
            let detail = "Evidence is from today or before.";
            findings.push(FieldError::new("/as_of", "in_the_future", detail));
        }
        findings
    }

    fn about_findings(&self) -> Vec<FieldError> {
        let About {
            provider,
            connection,
            model,
        } = &self.about;
        let mut findings = Vec::new();
        if provider.is_none() && connection.is_none() && model.is_none() {
            let detail = "Name a provider, a connection or a model.";
            findings.push(FieldError::new("/about", "missing", detail));
        }
        if provider
            .as_ref()
            .is_some_and(|it| it.parse::<ProviderId>().is_err())
        {
            let detail = "There is no provider of this id; GET /api/v1/providers lists them.";
            findings.push(FieldError::new("/about/provider", "unknown_provider", detail));
        }
        if model.as_ref().is_some_and(|it| !model_pattern::is_pattern(it)) {
            let detail = "Use a model name without spaces, or its beginning followed by *.";
            findings.push(FieldError::new("/about/model", "invalid_model", detail));
        }
        findings
    }

    fn fact_findings(&self) -> Vec<FieldError> {
        let mut findings = Vec::new();
        let names = self.facts.names();
        if names.is_empty() {
            findings.push(FieldError::new("/facts", "missing", "State a fact."));
        }
        for name in names {
            let of_model = OF_MODELS.contains(&name);
            if of_model && self.about.model.is_none() {
                let detail = "This is a fact about a model: name one.";
                findings.push(FieldError::new(format!("/facts/{name}"), "needs_model", detail));
            } else if !of_model && self.about.provider.is_none() && self.about.connection.is_none() {
                let detail = "This is a fact about who runs a model: name a provider or a connection.";
                findings.push(FieldError::new(
                    format!("/facts/{name}"),
                    "needs_provider",
                    detail,
                ));
            }
        }
        if self.facts.retention_days.is_some_and(|days| days > MAX_DAYS) {
            findings.push(FieldError::new(
                "/facts/retention_days",
                "out_of_range",
                "At most 36500 days.",
            ));
        }
        let is_name = |name: &String| {
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_graphic())
        };
        let certificates = &self.facts.certifications;
        if certificates.len() > MAX_CERTIFICATES || !certificates.iter().all(is_name) {
            let detail = "At most 32 names of 1 to 64 visible ASCII characters.";
            findings.push(FieldError::new("/facts/certifications", "invalid", detail));
        }
        if self.facts.license.as_ref().is_some_and(|it| !is_name(it)) {
            let detail = "Use 1 to 64 visible ASCII characters.";
            findings.push(FieldError::new("/facts/license", "invalid", detail));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 01 - 02);

    fn found(about: &str, facts: &str, evidence: &str, as_of: Date) -> Vec<(String, &'static str)> {
        let statement = FactStatement {
            about: serde_json::from_str(about).unwrap(),
            facts: serde_json::from_str(facts).unwrap(),
            evidence: evidence.to_owned(),
            as_of,
        };
        let findings = statement.findings(TODAY).into_iter();
        findings.map(|it| (it.pointer, it.code)).collect()
    }

    #[test]
    fn a_statement_is_about_something_says_something_and_has_evidence() {
        let (openai, kept, contract) = (
            r#"{"provider":"openai"}"#,
            r#"{"retention_days":0}"#,
            "Amendment 7 of 2025",
        );
        assert_eq!(found(openai, kept, contract, TODAY), []);
        assert_eq!(
            found(r#"{"model":"acme/*"}"#, r#"{"license":"MIT"}"#, contract, TODAY),
            []
        );
        let tomorrow = date!(2026 - 01 - 03);
        for (finding, code, about, facts, evidence, as_of) in [
            (
                "/about",
                "missing",
                "{}",
                r#"{"retention_days":0}"#,
                contract,
                TODAY,
            ),
            (
                "/about/provider",
                "unknown_provider",
                r#"{"provider":"opnai"}"#,
                kept,
                contract,
                TODAY,
            ),
            (
                "/about/model",
                "invalid_model",
                r#"{"provider":"openai","model":"a b"}"#,
                kept,
                contract,
                TODAY,
            ),
            ("/facts", "missing", openai, "{}", contract, TODAY),
            (
                "/facts/license",
                "needs_model",
                openai,
                r#"{"license":"MIT"}"#,
                contract,
                TODAY,
            ),
            (
                "/facts/trains",
                "needs_provider",
                r#"{"model":"a/b"}"#,
                r#"{"trains":false}"#,
                contract,
                TODAY,
            ),
            (
                "/facts/certifications",
                "invalid",
                openai,
                r#"{"certifications":[""]}"#,
                contract,
                TODAY,
            ),
            ("/evidence", "missing", openai, kept, "because", TODAY),
            ("/evidence", "missing", openai, kept, "            ", TODAY),
            ("/as_of", "in_the_future", openai, kept, contract, tomorrow),
        ] {
            let found = found(about, facts, evidence, as_of);
            assert!(
                found.contains(&(finding.to_owned(), code)),
                "{finding}: {found:?}"
            );
        }
    }
}
