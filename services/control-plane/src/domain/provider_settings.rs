//! What providers need to know besides address and credential: which settings each takes, and what they may hold. Pure.
//!
//! Settings become parts of host names, paths and headers, so their form is narrow.

use std::collections::BTreeMap;

use sluicegate_contracts::config::ProviderSettings;

use super::providers::Provider;
use crate::error::FieldError;

/// Most deployments of one connection.
const MAX_DEPLOYMENTS: usize = 100;

/// A field of [`ProviderSettings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingName {
    /// `region`.
    Region,
    /// `project`.
    Project,
    /// `organization`.
    Organization,
    /// `api_version`.
    ApiVersion,
    /// `deployments`.
    Deployments,
}

/// A setting as one provider takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Which.
    pub name: SettingName,
    /// Whether a connection cannot do without it.
    pub required: bool,
    /// What the provider calls it.
    pub label: &'static str,
    /// A value it could have.
    pub example: &'static str,
    /// One sentence about it, for a form.
    pub hint: &'static str,
}

impl Setting {
    const fn optional(
        name: SettingName,
        label: &'static str,
        example: &'static str,
        hint: &'static str,
    ) -> Self {
        Self {
            name,
            required: false,
            label,
            example,
            hint,
        }
    }

    /// Where the account's models run.
    pub(super) const fn required_region(label: &'static str, example: &'static str) -> Self {
        Self {
            required: true,
            ..Self::optional(SettingName::Region, label, example, "Where the models run.")
        }
    }

    /// A Google Cloud project.
    pub(super) const GOOGLE_PROJECT: Self = Self {
        required: true,
        ..Self::optional(
            SettingName::Project,
            "Project",
            "my-project",
            "Id of the Google Cloud project.",
        )
    };
    /// OpenAI's project.
    pub(super) const OPENAI_PROJECT: Self = Self::optional(
        SettingName::Project,
        "Project",
        "proj_abc123",
        "Only for keys that reach several projects.",
    );
    /// OpenAI's organization.
    pub(super) const ORGANIZATION: Self = Self::optional(
        SettingName::Organization,
        "Organization",
        "org-abc123",
        "Only for keys that belong to several organizations.",
    );
    /// Azure's API version.
    pub(super) const API_VERSION: Self = Self::optional(
        SettingName::ApiVersion,
        "API version",
        "2024-10-21",
        "Leave it empty for the current, undated API.",
    );
    /// Azure's deployments.
    pub(super) const DEPLOYMENTS: Self = Self::optional(
        SettingName::Deployments,
        "Deployments",
        "gpt-4o = my-deployment",
        "One model = deployment per line, where a deployment is not named like its model.",
    );
    /// Bedrock's inference profiles.
    pub(super) const INFERENCE_PROFILES: Self = Self::optional(
        SettingName::Deployments,
        "Inference profiles",
        "global.anthropic.claude-sonnet-4-6 = eu.anthropic.claude-sonnet-4-6",
        "One model id = inference profile per line, to call a model by another id or ARN.",
    );
}

impl SettingName {
    /// Every setting.
    pub const ALL: [Self; 5] = [
        Self::Region,
        Self::Project,
        Self::Organization,
        Self::ApiVersion,
        Self::Deployments,
    ];

    /// The name of the field.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "region",
            Self::Project => "project",
            Self::Organization => "organization",
            Self::ApiVersion => "api_version",
            Self::Deployments => "deployments",
        }
    }

    fn is_set(self, settings: &ProviderSettings) -> bool {
        match self {
            Self::Region => settings.region.is_some(),
            Self::Project => settings.project.is_some(),
            Self::Organization => settings.organization.is_some(),
            Self::ApiVersion => settings.api_version.is_some(),
            Self::Deployments => !settings.deployments.is_empty(),
        }
    }

    /// What is wrong with the form of its value.
    fn fault(self, settings: &ProviderSettings) -> Option<&'static str> {
        let unfit =
            |value: &Option<String>, is: fn(&str) -> bool| value.as_deref().is_some_and(|text| !is(text));
        match self {
            Self::Region => {
                unfit(&settings.region, is_region).then_some("Use lower-case letters, digits and hyphens.")
            }
            Self::Project => unfit(&settings.project, is_name)
                .then_some("Use up to 64 letters, digits and any of - _ . : in it."),
            Self::Organization => unfit(&settings.organization, is_name)
                .then_some("Use up to 64 letters, digits and any of - _ . : in it."),
            Self::ApiVersion => unfit(&settings.api_version, is_api_version)
                .then_some("Use a date such as 2024-10-21, or one with -preview behind it."),
            Self::Deployments => deployments_fault(&settings.deployments),
        }
    }
}

/// What is wrong with the settings of a connection to `provider`; empty when nothing is.
#[must_use]
pub fn findings(provider: &Provider, settings: &ProviderSettings) -> Vec<FieldError> {
    let mut findings = Vec::new();
    for name in SettingName::ALL {
        let pointer = || format!("/settings/{}", name.as_str());
        let taken = provider.settings.iter().find(|setting| setting.name == name);
        match (taken, name.is_set(settings)) {
            (Some(setting), false) if setting.required => {
                let detail = format!("{} needs this: {}", provider.name, setting.hint);
                findings.push(FieldError::new(pointer(), "missing", detail));
            }
            (None, true) => {
                let detail = format!("{} does not take this setting.", provider.name);
                findings.push(FieldError::new(pointer(), "not_taken", detail));
            }
            (Some(_), true) => {
                let fault = name.fault(settings);
                findings.extend(fault.map(|detail| FieldError::new(pointer(), "invalid", detail)));
            }
            (Some(_) | None, false) => {}
        }
    }
    findings
}

fn is_region(text: &str) -> bool {
    (2..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

fn is_api_version(text: &str) -> bool {
    let date = text.strip_suffix("-preview").unwrap_or(text);
    let parts: Vec<&str> = date.split('-').collect();
    let digits =
        |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

fn deployments_fault(deployments: &BTreeMap<String, String>) -> Option<&'static str> {
    if deployments.len() > MAX_DEPLOYMENTS {
        return Some("Use at most 100 of them.");
    }
    // ARNs of inference profiles have slashes.
    let fits =
        |text: &str| (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let all = deployments.iter().all(|(model, name)| fits(model) && fits(name));
    (!all).then_some("Use visible ASCII characters without spaces, at most 200.")
}

#[cfg(test)]
mod tests {
    use super::super::providers;
    use super::*;

    fn settings(json: &str) -> ProviderSettings {
        serde_json::from_str(json).unwrap()
    }

    fn found(provider: &str, json: &str) -> Vec<(String, &'static str)> {
        let findings = findings(providers::find(provider).unwrap(), &settings(json));
        findings.into_iter().map(|it| (it.pointer, it.code)).collect()
    }

    #[test]
    fn a_provider_takes_what_it_knows_and_insists_on_what_it_needs() {
        assert_eq!(found("groq", "{}"), []);
        assert_eq!(
            found("openai", r#"{"organization":"org-1","project":"proj_1"}"#),
            []
        );
        assert_eq!(found("amazon-bedrock", r#"{"region":"us-gov-west-1"}"#), []);
        let missing = |name: &str| (format!("/settings/{name}"), "missing");
        assert_eq!(found("amazon-bedrock", "{}"), [missing("region")]);
        assert_eq!(
            found("google-vertex", "{}"),
            [missing("region"), missing("project")]
        );
        let not_taken = ("/settings/region".to_owned(), "not_taken");
        assert_eq!(found("groq", r#"{"region":"us-east-1"}"#), [not_taken]);
        assert_eq!(
            found(
                "azure",
                r#"{"deployments":{"gpt-4o":"a"},"api_version":"2025-04-01-preview"}"#
            ),
            []
        );
    }

    #[test]
    fn what_would_change_a_host_a_path_or_a_header_is_refused() {
        for region in [
            "evil.example.com",
            "us/../x",
            "a@b",
            "US-EAST-1",
            "-a",
            "a-",
            "",
            "x#",
            "ü",
            &"a".repeat(40),
        ] {
            let json = format!(r#"{{"region":"{region}"}}"#);
            assert_eq!(
                found("amazon-bedrock", &json),
                [("/settings/region".to_owned(), "invalid")],
                "{region}"
            );
        }
        for project in ["../other", "a/b", "a b", "a?b", "a\\nb", ""] {
            let json = format!(r#"{{"region":"global","project":"{project}"}}"#);
            assert_eq!(
                found("google-vertex", &json),
                [("/settings/project".to_owned(), "invalid")],
                "{project}"
            );
        }
        for version in [
            "v1",
            "2024",
            "2024-10-2x",
            "2024-10-21&x=1",
            "2024-10-21-preview-preview",
        ] {
            let json = format!(r#"{{"api_version":"{version}"}}"#);
            assert_eq!(
                found("azure", &json),
                [("/settings/api_version".to_owned(), "invalid")],
                "{version}"
            );
        }
        let many: BTreeMap<String, String> = (0..101).map(|n| (format!("m{n}"), "d".to_owned())).collect();
        assert!(deployments_fault(&many).is_some());
        let spaced = BTreeMap::from([("a b".to_owned(), "d".to_owned())]);
        assert!(deployments_fault(&spaced).is_some());
    }
}
