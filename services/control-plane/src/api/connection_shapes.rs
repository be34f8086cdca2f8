//! What connections look like in REST: shown, and written.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{ProviderSettings, Status};
use sluicegate_contracts::ids::ConnectionId;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::shapes::{nullable, nullable_secret, optional_secret};
use crate::store::connections as rows;

/// Whether a connection may be used.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConnectionStatus {
    /// In use.
    Active,
    /// Taken out of use; can be enabled again.
    Disabled,
}

impl From<Status> for ConnectionStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Disabled => Self::Disabled,
        }
    }
}

impl From<ConnectionStatus> for Status {
    fn from(status: ConnectionStatus) -> Self {
        match status {
            ConnectionStatus::Active => Self::Active,
            ConnectionStatus::Disabled => Self::Disabled,
        }
    }
}

/// What a provider needs to know besides address and credential. The list of providers says which takes what.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectionSettings {
    /// AWS region or Google Cloud location.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "us-east-1")]
    region: Option<String>,
    /// Project of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
    /// Organization of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    /// Azure's dated API version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2024-10-21")]
    api_version: Option<String>,
    /// Azure's deployment, or Bedrock's inference profile, by model name.
    #[serde(skip_serializing_if = "Option::is_none")]
    deployments: Option<BTreeMap<String, String>>,
}

impl From<ProviderSettings> for ConnectionSettings {
    fn from(settings: ProviderSettings) -> Self {
        let ProviderSettings {
            region,
            project,
            organization,
            api_version,
            deployments,
        } = settings;
        Self {
            region,
            project,
            organization,
            api_version,
            deployments: Some(deployments).filter(|it| !it.is_empty()),
        }
    }
}

impl From<ConnectionSettings> for ProviderSettings {
    fn from(settings: ConnectionSettings) -> Self {
        let ConnectionSettings {
            region,
            project,
            organization,
            api_version,
            deployments,
        } = settings;
        Self {
            region,
            project,
            organization,
            api_version,
            deployments: deployments.unwrap_or_default(),
        }
    }
}

/// How the last test of a connection went.
#[derive(Serialize, Deserialize, ToSchema)]
pub(super) struct LastTest {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) at: OffsetDateTime,
    /// Whether the provider accepted the credential.
    pub(super) ok: bool,
    /// Time to the whole answer, in milliseconds.
    #[schema(required = true)]
    pub(super) latency_ms: Option<u64>,
    /// The provider's HTTP status.
    #[schema(required = true)]
    pub(super) status: Option<u16>,
    /// One sentence about it.
    #[schema(required = true)]
    pub(super) message: Option<String>,
}

/// An account at a provider.
#[derive(Serialize, ToSchema)]
pub(super) struct Connection {
    /// Its id.
    #[schema(value_type = String, example = "con_01jd0000000000000000000000")]
    id: ConnectionId,
    /// Its name within the project; models of a compatible server are called `<slug>/<model>`.
    #[schema(example = "openai")]
    slug: String,
    /// Provider id.
    #[schema(example = "openai")]
    provider: String,
    /// Base URL including the version path.
    #[schema(example = "https://api.openai.com/v1")]
    base_url: String,
    /// What the provider needs to know besides.
    settings: ConnectionSettings,
    /// End of the credential, when there is one; the account's name where it has one.
    #[schema(required = true, example = "…wxyz")]
    credential_hint: Option<String>,
    /// Whether it may be used.
    status: ConnectionStatus,
    /// Lower is tried first.
    priority: i32,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// How its last test went, when it was tested.
    #[schema(required = true)]
    last_test: Option<LastTest>,
}

impl From<rows::Account> for Connection {
    fn from(row: rows::Account) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            provider: row.provider,
            base_url: row.base_url.as_str().trim_end_matches('/').to_owned(),
            settings: row.settings.into(),
            credential_hint: row.credential.map(|credential| credential.hint),
            status: row.status.into(),
            priority: row.priority,
            created_at: row.created_at,
            last_test: row.last_test.and_then(|test| serde_json::from_value(test).ok()),
        }
    }
}

/// A new connection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateConnection {
    /// Its name within the project.
    #[schema(example = "openai", min_length = 2, max_length = 63)]
    pub(super) slug: String,
    /// Provider id, from the list of providers.
    #[schema(example = "openai")]
    pub(super) provider: String,
    /// Base URL including the version path; the provider's own when absent.
    pub(super) base_url: Option<String>,
    /// What the provider needs to know besides.
    pub(super) settings: Option<ConnectionSettings>,
    /// The credential, in one of the provider's forms; sealed at once and never shown again.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    pub(super) credential: Option<SecretString>,
    /// Lower is tried first; 0 when absent.
    #[serde(default)]
    pub(super) priority: i32,
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateConnection {
    /// Base URL; null goes back to the provider's own. Another URL drops the credential unless it is sent again.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub(super) base_url: Option<Option<String>>,
    /// All settings, in place of those before. Another region keeps the credential: the address stays the provider's.
    pub(super) settings: Option<ConnectionSettings>,
    /// A new credential; null forgets it.
    #[serde(default, deserialize_with = "nullable_secret")]
    #[schema(value_type = Option<String>, format = Password)]
    pub(super) credential: Option<Option<SecretString>>,
    /// Whether it may be used.
    pub(super) status: Option<ConnectionStatus>,
    /// Lower is tried first.
    pub(super) priority: Option<i32>,
}
