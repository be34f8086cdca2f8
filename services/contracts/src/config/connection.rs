//! A credentialed account at a provider, as workers know it: the credential is sealed.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Margin, Status};
use crate::ids::{ConnectionId, OrganizationId, ProjectId};

/// Ciphertext in text form, opened only by `credentials::sealed`. Debug shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedText(pub String);

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedText(..)")
    }
}

/// What a provider needs to know besides address and credential. Each provider takes some of these; the control plane
/// checks which, and their form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProviderSettings {
    /// AWS region (`eu-west-1`) or Google Cloud location (`europe-west4`, `global`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Project of the account: a Google Cloud project, or OpenAI's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Organization of the account at OpenAI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Azure's dated API version; absent: the undated `v1` paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Azure's deployment by model name; a model that is not in it is deployed under its own name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deployments: BTreeMap<String, String>,
}

impl ProviderSettings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// That every organization may call through an account: the host pays the provider, and callers pay the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resale {
    /// What the host adds to the provider's price.
    pub margin: Margin,
}

/// An account at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its id; part of what the credential is sealed to.
    pub id: ConnectionId,
    /// The tenant that owns it.
    pub organization: OrganizationId,
    /// The project it serves; `None`: every project of the organization.
    pub project: Option<ProjectId>,
    /// Name within its scope; callers reach models of a compatible server as `<slug>/<model>`.
    pub slug: String,
    /// Provider id as in the catalog (`openai`, `groq`, …) or `openai-compatible`.
    pub provider: String,
    /// Base URL including the version path, without a trailing slash (`https://api.openai.com/v1`).
    pub base_url: Url,
    /// What the provider needs to know besides, none of it secret.
    #[serde(default, skip_serializing_if = "ProviderSettings::is_empty")]
    pub settings: ProviderSettings,
    /// The sealed credential; `None` for servers that need none.
    pub credential: Option<SealedText>,
    /// Whether it may be used.
    pub status: Status,
    /// Lower is tried first among connections that reach the same model.
    pub priority: i32,
    /// Whether other organizations may call through it, for prepaid credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resale: Option<Resale>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_from_before_the_settings_reads_and_hashes_as_ever() {
        let text = r#"{"id":"con_00000000000000000000000001","organization":"org_00000000000000000000000001","project":null,"slug":"a","provider":"openai","base_url":"https://api.openai.com/v1","credential":null,"status":"active","priority":0}"#;
        let read: Connection = serde_json::from_str(text).unwrap();
        assert!(read.settings.is_empty());
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn settings_of_a_newer_release_are_passed_over() {
        let read: ProviderSettings = serde_json::from_str(r#"{"region":"eu-west-1","moon":"full"}"#).unwrap();
        assert_eq!(read.region.as_deref(), Some("eu-west-1"));
    }
}
