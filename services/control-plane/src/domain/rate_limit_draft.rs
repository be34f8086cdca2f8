//! A rate limit as its author wrote it, checked as a whole: every finding names its field.

use sluicegate_contracts::account::MAX_PARTITION_BYTES;
use sluicegate_contracts::config::{Partition, ProviderId, RateMetric, RateScope};
use sluicegate_contracts::ids::{ApiKeyId, ProjectId};

use super::model_pattern;
use crate::error::FieldError;

/// Far beyond any provider, and exact in stores whose numbers are doubles.
const MOST: u64 = 1_000_000_000_000;

/// Which calls count, as written: ids are texts that may name nothing.
#[derive(Debug, Clone, Default)]
pub struct RateScopeDraft {
    /// Id of a project.
    pub project: Option<String>,
    /// Id of a key.
    pub api_key: Option<String>,
    /// One end user, or each for themselves.
    pub end_user: Option<Partition>,
    /// A model, or the beginning of its name followed by `*`.
    pub model: Option<String>,
    /// Id of a provider.
    pub provider: Option<String>,
}

/// The objects a draft refers to, as far as the organization has them.
#[derive(Debug, Clone, Default)]
pub struct Referents {
    /// The project.
    pub project: Option<ProjectId>,
    /// The key, with its project.
    pub api_key: Option<(ApiKeyId, ProjectId)>,
}

/// How much of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In a minute, or at once for [`RateMetric::Concurrency`].
    pub amount: u64,
    /// At once after a pause.
    pub burst: u64,
}

impl RateScopeDraft {
    /// Checks the scope. A key names its project, so that nothing has to be looked up to apply it.
    ///
    /// # Errors
    /// Every finding.
    pub fn check(self, known: &Referents) -> Result<RateScope, Vec<FieldError>> {
        let mut findings = Vec::new();
        let mut refuse = |is_wrong: bool, pointer: &str, code, detail: &str| {
            if is_wrong {
                findings.push(FieldError::new(pointer, code, detail));
            }
        };
        let no_project = self.project.is_some() && known.project.is_none();
        let detail = "The organization has no such project.";
        refuse(no_project, "/scope/project", "unknown_project", detail);
        let no_key = self.api_key.is_some() && known.api_key.is_none();
        let detail = "The organization has no such key.";
        refuse(no_key, "/scope/key", "unknown_key", detail);
        let of_key = known.api_key.map(|(_, project)| project);
        let elsewhere = known
            .project
            .is_some_and(|project| of_key.is_some_and(|own| own != project));
        let detail = "It belongs to another project, so no call would count.";
        refuse(elsewhere, "/scope/key", "other_project", detail);
        let plain = |value: &str| {
            (1..=MAX_PARTITION_BYTES).contains(&value.len()) && !value.chars().any(char::is_control)
        };
        let odd_user = matches!(&self.end_user, Some(Partition::One(value)) if !plain(value));
        let detail = "Use 1 to 128 bytes without control characters.";
        refuse(odd_user, "/scope/end_user", "invalid", detail);
        let odd_model = self
            .model
            .as_ref()
            .is_some_and(|model| !model_pattern::is_pattern(model));
        let detail = "Use a model name without spaces, or its beginning followed by *.";
        refuse(odd_model, "/scope/model", "invalid_model", detail);
        let no_provider = self
            .provider
            .as_ref()
            .is_some_and(|provider| provider.parse::<ProviderId>().is_err());
        refuse(
            no_provider,
            "/scope/provider",
            "unknown_provider",
            "There is no such provider.",
        );
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(RateScope {
            project: known.project.or(of_key),
            api_key: known.api_key.map(|(key, _)| key),
            end_user: self.end_user,
            model: self.model,
            provider: self.provider,
        })
    }
}

impl Rate {
    /// A rate of `metric`; without a burst, a whole minute's amount may come at once.
    ///
    /// # Errors
    /// Every finding.
    pub fn checked(metric: RateMetric, amount: u64, burst: Option<u64>) -> Result<Self, Vec<FieldError>> {
        let mut findings = Vec::new();
        let detail = "Use 1 to 1000000000000.";
        if !(1..=MOST).contains(&amount) {
            findings.push(FieldError::new("/amount", "out_of_range", detail));
        }
        match burst {
            Some(_) if metric == RateMetric::Concurrency => {
                let detail = "Concurrency is what runs at once; it has no burst.";
                findings.push(FieldError::new("/burst", "not_for_concurrency", detail));
            }
            Some(burst) if !(1..=MOST).contains(&burst) => {
                findings.push(FieldError::new("/burst", "out_of_range", detail));
            }
            Some(_) | None => {}
        }
        if findings.is_empty() {
            let burst = burst.unwrap_or(amount);
            Ok(Self { amount, burst })
        } else {
            Err(findings)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_service_runtime::ids::fresh;

    fn found<T: std::fmt::Debug>(checked: Result<T, Vec<FieldError>>) -> Vec<(String, &'static str)> {
        let findings = checked.unwrap_err().into_iter();
        findings.map(|finding| (finding.pointer, finding.code)).collect()
    }

    #[test]
    fn every_mistake_is_found_where_it_is() {
        let draft = RateScopeDraft {
            project: Some("prj_x".to_owned()),
            api_key: Some("key_x".to_owned()),
            end_user: Some(Partition::One("\n".to_owned())),
            model: Some("*x".to_owned()),
            provider: Some("nobody".to_owned()),
        };
        let expected = [
            ("/scope/project", "unknown_project"),
            ("/scope/key", "unknown_key"),
            ("/scope/end_user", "invalid"),
            ("/scope/model", "invalid_model"),
            ("/scope/provider", "unknown_provider"),
        ];
        assert_eq!(
            found(draft.check(&Referents::default())),
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
        let rate = Rate::checked(RateMetric::Requests, 0, Some(MOST + 1));
        let expected = [("/amount", "out_of_range"), ("/burst", "out_of_range")];
        assert_eq!(
            found(rate),
            expected.map(|(pointer, code)| (pointer.to_owned(), code))
        );
        let rate = Rate::checked(RateMetric::Concurrency, 5, Some(5));
        assert_eq!(found(rate), [("/burst".to_owned(), "not_for_concurrency")]);
    }

    #[test]
    fn a_key_fills_in_its_project_and_an_amount_its_burst() {
        let (project, key) = (fresh(), fresh());
        let draft = RateScopeDraft {
            api_key: Some("key_x".to_owned()),
            provider: Some("openai".to_owned()),
            ..RateScopeDraft::default()
        };
        let known = Referents {
            project: None,
            api_key: Some((key, project)),
        };
        let scope = draft.clone().check(&known).unwrap();
        assert_eq!((scope.project, scope.api_key), (Some(project), Some(key)));
        let known = Referents {
            project: Some(fresh()),
            ..known
        };
        assert_eq!(
            found(draft.check(&known)),
            [("/scope/key".to_owned(), "other_project")]
        );
        let rate = Rate::checked(RateMetric::Requests, 60, None);
        assert_eq!(
            rate,
            Ok(Rate {
                amount: 60,
                burst: 60
            })
        );
    }
}
