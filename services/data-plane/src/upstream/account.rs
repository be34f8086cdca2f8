//! What a call needs to know of the connection it goes through: the provider, the opened credential, where it leads.
//! Built when a connection is put in service, never per request.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};
use secrecy::SecretString;
use sluicegate_contracts::config::{Connection, ProviderId, ProviderSettings};
use sluicegate_credentials::ProviderCredential;

use super::auth::Auth;
use super::provider::{self, Provider};

/// Longest setting, in bytes, and most deployments of a connection. What a control plane of this release lets through is
/// smaller.
const MAX_SETTING: usize = 256;
const MAX_DEPLOYMENTS: usize = 256;

/// An account at a provider, ready to be called.
#[derive(Debug, Clone)]
pub struct Account {
    pub(super) provider: &'static Provider,
    /// Base URL without a trailing slash.
    pub(super) base: String,
    pub(super) settings: ProviderSettings,
    pub(super) auth: Auth,
    /// What the settings add to every call.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Account {
    /// The account behind `connection`, whose credential is `secret`.
    ///
    /// # Errors
    /// Why it cannot be called, without quoting a secret.
    pub fn open(connection: &Connection, secret: Option<&SecretString>) -> Result<Self, Cow<'static, str>> {
        let id: ProviderId = connection
            .provider
            .parse()
            .map_err(|unknown| Cow::Owned(format!("provider: {unknown}")))?;
        let provider = provider::of(id);
        let url = &connection.base_url;
        // What a URL says about a user, a query or a fragment is no place to send a request to.
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err("base_url: it has a user, a query or a fragment".into());
        }
        let settings = &connection.settings;
        check_size(settings)?;
        let credential = secret
            .map(|text| ProviderCredential::parse(text, id.credentials()))
            .transpose()
            .map_err(|malformed| Cow::Owned(format!("credential: {malformed}")))?;
        let auth = Auth::new(provider, credential, settings)?;
        Ok(Self {
            provider,
            base: url.as_str().trim_end_matches('/').to_owned(),
            headers: setting_headers(provider, settings)?,
            settings: settings.clone(),
            auth,
        })
    }

    /// Which provider it is at.
    #[must_use]
    pub const fn provider(&self) -> ProviderId {
        self.provider.id
    }

    /// The first `most` names in an answer to [`list_models`](super::exchange::list_models), as calls use them.
    #[must_use]
    pub fn models_in(&self, body: &[u8], most: usize) -> Vec<String> {
        let listing = &self.provider.listing;
        let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let items = document.as_array().or_else(|| document[listing.items].as_array());
        let names = items
            .into_iter()
            .flatten()
            .filter_map(|item| item[listing.name].as_str());
        names
            .map(|name| name.strip_prefix(listing.prefix).unwrap_or(name).to_owned())
            .take(most)
            .collect()
    }
}

fn check_size(settings: &ProviderSettings) -> Result<(), Cow<'static, str>> {
    let ProviderSettings {
        region,
        project,
        organization,
        api_version,
        deployments,
    } = settings;
    let texts = [region, project, organization, api_version];
    let named = deployments.iter().flat_map(|(model, name)| [model, name]);
    let fits = texts
        .into_iter()
        .flatten()
        .chain(named)
        .all(|text| text.len() <= MAX_SETTING);
    if fits && deployments.len() <= MAX_DEPLOYMENTS {
        Ok(())
    } else {
        Err("settings: larger than allowed".into())
    }
}

fn setting_headers(
    provider: &Provider,
    settings: &ProviderSettings,
) -> Result<Vec<(HeaderName, HeaderValue)>, Cow<'static, str>> {
    let pairs = (provider.setting_headers)(settings);
    let headers = pairs.into_iter().map(|(name, value)| {
        let value = HeaderValue::from_str(value)
            .map_err(|_| Cow::Borrowed("settings: not usable as a header value"))?;
        Ok((HeaderName::from_static(name), value))
    });
    headers.collect()
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::{ProviderSettings, Status};
    use sluicegate_contracts::ids::{ConnectionId, OrganizationId};
    use uuid::Uuid;

    use super::*;

    fn connection(provider: &str, url: &str, settings: ProviderSettings) -> Connection {
        Connection {
            id: ConnectionId::from(Uuid::from_u128(1)),
            organization: OrganizationId::from(Uuid::from_u128(2)),
            project: None,
            slug: "a".to_owned(),
            provider: provider.to_owned(),
            base_url: url.parse().unwrap(),
            settings,
            credential: None,
            status: Status::Active,
            priority: 0,
            resale: None,
        }
    }

    fn open(provider: &str, url: &str, secret: Option<&str>) -> Result<Account, String> {
        let connection = connection(provider, url, ProviderSettings::default());
        let secret = secret.map(SecretString::from);
        Account::open(&connection, secret.as_ref()).map_err(Cow::into_owned)
    }

    #[test]
    fn what_cannot_be_called_is_refused_with_a_reason_that_quotes_nothing() {
        let keys = r#"{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"canary"}"#;
        for (provider, url, secret, reason) in [
            (
                "acme",
                "https://x.example.com",
                Some("canary"),
                "known are alibaba, amazon-bedrock",
            ),
            ("groq", "https://canary@x.example.com", None, "base_url"),
            ("groq", "https://x.example.com/?canary=1", None, "base_url"),
            ("groq", "https://x.example.com", Some("can ary"), "visible ASCII"),
            ("groq", "https://x.example.com", Some(keys), "takes a key"),
            (
                "google-vertex",
                "https://x.example.com",
                Some("canary"),
                "JSON document",
            ),
            ("amazon-bedrock", "https://x.example.com", Some(keys), "no region"),
        ] {
            let refused = open(provider, url, secret).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
            assert!(
                !refused.contains("canary") && !refused.contains("can ary"),
                "{refused}"
            );
        }
        let oversized = ProviderSettings {
            project: Some("x".repeat(MAX_SETTING + 1)),
            ..ProviderSettings::default()
        };
        let oversized = connection("openai", "https://x.example.com", oversized);
        assert!(Account::open(&oversized, None).is_err());
    }

    #[test]
    fn an_account_shows_nothing_of_its_credential() {
        let account = open("anthropic", "https://x.example.com", Some("sk-ant-canary")).unwrap();
        assert!(!format!("{account:?}").contains("canary"));
    }

    #[test]
    fn lists_of_models_are_read_in_each_form() {
        for (provider, body) in [
            ("openai", r#"{"data":[{"id":"m"},{"no":"name"}]}"#),
            ("togetherai", r#"[{"id":"m"}]"#),
            ("google", r#"{"models":[{"name":"models/m"}]}"#),
            (
                "google-vertex",
                r#"{"publisherModels":[{"name":"publishers/google/models/m"}]}"#,
            ),
            ("amazon-bedrock", r#"{"modelSummaries":[{"modelId":"m"}]}"#),
            ("cohere", r#"{"models":[{"name":"m"}]}"#),
        ] {
            let account = open(provider, "https://x.example.com", None).unwrap();
            assert_eq!(account.models_in(body.as_bytes(), 5), ["m"], "{provider}");
            assert_eq!(account.models_in(body.as_bytes(), 0), [""; 0]);
            assert_eq!(account.models_in(b"{}", 5), [""; 0]);
        }
    }
}
