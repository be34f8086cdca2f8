//! The providers connections can be made to, and what a form for one asks for.

use actix_web::get;
use serde::Serialize;
use sluicegate_contracts::config::CredentialKind;
use utoipa::ToSchema;

use super::extract::SignedIn;
use super::reply::Reply;
use crate::domain::provider_settings::{Setting, SettingName};
use crate::domain::providers::{self, PROVIDERS};
use crate::error::Result;

/// A provider.
#[derive(Serialize, ToSchema)]
struct Provider {
    /// Its id.
    #[schema(example = "openai")]
    id: &'static str,
    /// Its name for people.
    #[schema(example = "OpenAI")]
    name: &'static str,
    /// Its own base URL, in which `{region}` stands for that setting; null when the connection must name one.
    #[schema(required = true)]
    base_url: Option<&'static str>,
    /// What its base URL looks like.
    #[schema(example = "https://api.openai.com/v1")]
    base_url_example: &'static str,
    /// Whether calls need a credential.
    needs_credential: bool,
    /// The forms of credential it takes, the usual one first.
    credentials: Vec<ProviderCredential>,
    /// The settings it takes.
    settings: Vec<ProviderSetting>,
    /// Where its models are documented.
    #[schema(required = true)]
    docs_url: Option<&'static str>,
}

/// A form of credential. It is sent as one text.
#[derive(Serialize, ToSchema)]
struct ProviderCredential {
    /// Which.
    kind: ProviderCredentialKind,
    /// What people call it.
    #[schema(example = "API key")]
    label: &'static str,
    /// One sentence about it.
    hint: &'static str,
    /// Members of the JSON document that the text is; none when the text is taken as it is.
    fields: Vec<ProviderCredentialField>,
}

/// What a credential is.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProviderCredentialKind {
    /// One key.
    ApiKey,
    /// An AWS access key.
    AwsKeys,
    /// The key file of a Google service account.
    ServiceAccount,
}

/// A member of a credential document.
#[derive(Serialize, ToSchema)]
struct ProviderCredentialField {
    /// Its name in the document.
    #[schema(example = "access_key_id")]
    name: &'static str,
    /// Its name for people.
    #[schema(example = "Access key ID")]
    label: &'static str,
    /// Whether it may not be left out.
    required: bool,
    /// Whether it is not to be shown while it is typed.
    secret: bool,
}

/// A setting that is not secret.
#[derive(Serialize, ToSchema)]
struct ProviderSetting {
    /// Its name in the settings of a connection.
    name: ProviderSettingName,
    /// Its name for people.
    #[schema(example = "AWS region")]
    label: &'static str,
    /// Whether it may not be left out.
    required: bool,
    /// A value it could have.
    #[schema(example = "us-east-1")]
    example: &'static str,
    /// One sentence about it.
    hint: &'static str,
}

/// A member of a connection's settings. `deployments` is an object of texts, the others are texts.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ProviderSettingName {
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

impl From<SettingName> for ProviderSettingName {
    fn from(name: SettingName) -> Self {
        match name {
            SettingName::Region => Self::Region,
            SettingName::Project => Self::Project,
            SettingName::Organization => Self::Organization,
            SettingName::ApiVersion => Self::ApiVersion,
            SettingName::Deployments => Self::Deployments,
        }
    }
}

impl From<&Setting> for ProviderSetting {
    fn from(setting: &Setting) -> Self {
        Self {
            name: setting.name.into(),
            label: setting.label,
            required: setting.required,
            example: setting.example,
            hint: setting.hint,
        }
    }
}

impl From<CredentialKind> for ProviderCredential {
    fn from(kind: CredentialKind) -> Self {
        let field = |name, label, required, secret| ProviderCredentialField {
            name,
            label,
            required,
            secret,
        };
        match kind {
            CredentialKind::ApiKey => Self {
                kind: ProviderCredentialKind::ApiKey,
                label: "API key",
                hint: "The provider's API key.",
                fields: Vec::new(),
            },
            CredentialKind::AwsKeys => Self {
                kind: ProviderCredentialKind::AwsKeys,
                label: "AWS access key",
                hint: "Requests are signed with it; it needs the right to invoke models.",
                fields: vec![
                    field("access_key_id", "Access key ID", true, false),
                    field("secret_access_key", "Secret access key", true, true),
                    field("session_token", "Session token", false, true),
                ],
            },
            CredentialKind::ServiceAccount => Self {
                kind: ProviderCredentialKind::ServiceAccount,
                label: "Service account key",
                hint: "The whole JSON file of the key, as Google Cloud gives it.",
                fields: Vec::new(),
            },
        }
    }
}

impl From<&providers::Provider> for Provider {
    fn from(provider: &providers::Provider) -> Self {
        let forms = provider.id.credentials().iter().copied();
        Self {
            id: provider.id.as_str(),
            name: provider.name,
            base_url: provider.base_url,
            base_url_example: provider.base_url_example,
            needs_credential: provider.needs_credential,
            credentials: forms.map(ProviderCredential::from).collect(),
            settings: provider.settings.iter().map(ProviderSetting::from).collect(),
            docs_url: Some(provider.docs_url),
        }
    }
}

/// List providers
#[utoipa::path(
    operation_id = "list_providers", tag = "connections",
    responses(
        (status = 200, description = "Every provider, by id", body = [Provider]),
    )
)]
#[get("/providers")]
pub(super) async fn list_providers(_who: SignedIn) -> Result<Reply> {
    Reply::ok(&PROVIDERS.iter().map(Provider::from).collect::<Vec<_>>())
}
