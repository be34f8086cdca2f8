//! What a tenant gives for a provider, read: one key, or a JSON document with several parts.
//!
//! The control plane reads it before sealing, so that a mistake is told to its author; a worker reads it again after
//! opening. Errors name fields and never quote a value.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::CredentialKind;
use url::Url;
use zeroize::Zeroizing;

/// Longest key and longest part of a document, in bytes.
const MAX_KEY: usize = 4096;
/// Longest document, in bytes; a service account's key of 4096 bits takes 3,300.
const MAX_DOCUMENT: usize = 8192;
const GOOGLE_TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

/// A credential, opened and read.
#[derive(Clone)]
pub enum ProviderCredential {
    /// One key.
    ApiKey(SecretString),
    /// An AWS access key.
    AwsKeys(AwsKeys),
    /// A Google service account.
    ServiceAccount(ServiceAccount),
}

/// An AWS access key.
#[derive(Clone)]
pub struct AwsKeys {
    /// Its id, which is not secret.
    pub access_key_id: String,
    /// The secret requests are signed with.
    pub secret_access_key: SecretString,
    /// Comes with temporary keys.
    pub session_token: Option<SecretString>,
}

/// The key of a Google service account.
#[derive(Clone)]
pub struct ServiceAccount {
    /// Who it is.
    pub client_email: String,
    /// Id of the key, for the head of a signed assertion.
    pub private_key_id: Option<String>,
    /// PEM text.
    pub private_key: SecretString,
    /// Where assertions are exchanged for tokens.
    pub token_uri: Url,
}

/// Why a text is no credential of the expected kind, as a sentence for its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCredential {
    /// Empty, too long, or with characters that no key has.
    #[error("Use 1 to 4096 visible ASCII characters without spaces.")]
    Key,
    /// A JSON document where a key is expected.
    #[error("This provider takes a key, not a JSON document.")]
    KeyExpected,
    /// A plain text where a document is expected.
    #[error("This provider takes a JSON document: {0}.")]
    DocumentExpected(&'static str),
    /// Not JSON, or a field is of another type.
    #[error("The credential is not a JSON document of the expected form: {0}.")]
    Document(&'static str),
    /// A field is missing or cannot be right.
    #[error("The field `{0}` is missing or has not the form it should have.")]
    Field(&'static str),
}

#[derive(Serialize, Deserialize)]
struct AwsDocument {
    access_key_id: String,
    secret_access_key: Zeroizing<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session_token: Option<Zeroizing<String>>,
}

#[derive(Serialize, Deserialize)]
struct ServiceAccountDocument {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    private_key_id: Option<String>,
    private_key: Zeroizing<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_uri: Option<Url>,
}

const AWS_FIELDS: &str = "access_key_id, secret_access_key, and session_token for temporary keys";
const SERVICE_ACCOUNT_FIELDS: &str = "the key file of a Google service account";

impl ProviderCredential {
    /// Reads `text` as one of the forms a provider `takes`.
    ///
    /// # Errors
    /// [`MalformedCredential`] for the form that `text` looks like.
    pub fn parse(text: &SecretString, takes: &[CredentialKind]) -> Result<Self, MalformedCredential> {
        let text = text.expose_secret().trim();
        let document = text.starts_with('{');
        let mut wanted = takes.iter().copied();
        let kind = if document {
            wanted.find(|kind| *kind != CredentialKind::ApiKey)
        } else {
            wanted.find(|kind| *kind == CredentialKind::ApiKey)
        };
        match (kind, takes.first()) {
            (Some(CredentialKind::ApiKey), _) => key(text).map(Self::ApiKey),
            (Some(CredentialKind::AwsKeys), _) => AwsKeys::read(text).map(Self::AwsKeys),
            (Some(CredentialKind::ServiceAccount), _) => ServiceAccount::read(text).map(Self::ServiceAccount),
            (None, Some(CredentialKind::AwsKeys)) => Err(MalformedCredential::DocumentExpected(AWS_FIELDS)),
            (None, Some(CredentialKind::ServiceAccount)) => {
                Err(MalformedCredential::DocumentExpected(SERVICE_ACCOUNT_FIELDS))
            }
            (None, Some(CredentialKind::ApiKey) | None) => Err(MalformedCredential::KeyExpected),
        }
    }

    /// The text to seal: what was read and nothing else of the document it came in.
    #[must_use]
    pub fn to_text(&self) -> SecretString {
        match self {
            Self::ApiKey(key) => key.clone(),
            Self::AwsKeys(keys) => keys.to_text(),
            Self::ServiceAccount(account) => account.to_text(),
        }
    }

    /// What a person may see of it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::ApiKey(key) => end_of(key.expose_secret()),
            Self::AwsKeys(keys) => end_of(&keys.access_key_id),
            Self::ServiceAccount(account) => account.client_email.clone(),
        }
    }

    /// Every part that must not be repeated to anybody, in the pieces in which it could be.
    pub fn secrets(&self) -> Vec<&str> {
        match self {
            Self::ApiKey(key) => vec![key.expose_secret()],
            Self::AwsKeys(keys) => {
                let token = keys.session_token.as_ref().map(ExposeSecret::expose_secret);
                [
                    keys.access_key_id.as_str(),
                    keys.secret_access_key.expose_secret(),
                ]
                .into_iter()
                .chain(token)
                .collect()
            }
            // A JSON text breaks the lines of a key in its own way, so each line counts.
            Self::ServiceAccount(account) => account
                .private_key
                .expose_secret()
                .lines()
                .map(str::trim)
                .filter(|line| line.len() >= 16 && !line.starts_with("-----"))
                .collect(),
        }
    }
}

fn visible(text: &str) -> bool {
    (1..=MAX_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn key(text: &str) -> Result<SecretString, MalformedCredential> {
    visible(text)
        .then(|| SecretString::from(text))
        .ok_or(MalformedCredential::Key)
}

fn field(name: &'static str, text: &str) -> Result<SecretString, MalformedCredential> {
    visible(text)
        .then(|| SecretString::from(text))
        .ok_or(MalformedCredential::Field(name))
}

/// The end of a key that is long enough for its end to give nothing away.
fn end_of(key: &str) -> String {
    let last: Vec<char> = key.chars().rev().take(4).collect();
    if key.chars().count() < 12 {
        "…".to_owned()
    } else {
        format!("…{}", last.iter().rev().collect::<String>())
    }
}

impl AwsKeys {
    fn read(text: &str) -> Result<Self, MalformedCredential> {
        let document: AwsDocument = document(text, AWS_FIELDS)?;
        let id = document.access_key_id;
        if !(16..=128).contains(&id.len())
            || !id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(MalformedCredential::Field("access_key_id"));
        }
        let token = document.session_token.filter(|token| !token.is_empty());
        Ok(Self {
            access_key_id: id,
            secret_access_key: field("secret_access_key", &document.secret_access_key)?,
            session_token: token.map(|token| field("session_token", &token)).transpose()?,
        })
    }

    fn to_text(&self) -> SecretString {
        let copy = |secret: &SecretString| Zeroizing::new(secret.expose_secret().to_owned());
        written(&AwsDocument {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: copy(&self.secret_access_key),
            session_token: self.session_token.as_ref().map(copy),
        })
    }
}

impl ServiceAccount {
    fn read(text: &str) -> Result<Self, MalformedCredential> {
        let document: ServiceAccountDocument = document(text, SERVICE_ACCOUNT_FIELDS)?;
        if document.kind != "service_account" {
            return Err(MalformedCredential::Field("type"));
        }
        let named =
            |text: &str| (3..=256).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic());
        if !named(&document.client_email) || !document.client_email.contains('@') {
            return Err(MalformedCredential::Field("client_email"));
        }
        if document.private_key_id.as_deref().is_some_and(|id| !named(id)) {
            return Err(MalformedCredential::Field("private_key_id"));
        }
        if !document.private_key.trim_start().starts_with("-----BEGIN ") {
            return Err(MalformedCredential::Field("private_key"));
        }
        let token_uri = match document.token_uri {
            Some(uri) => uri,
            None => GOOGLE_TOKEN_URI
                .parse()
                .map_err(|_| MalformedCredential::Field("token_uri"))?,
        };
        Ok(Self {
            client_email: document.client_email,
            private_key_id: document.private_key_id,
            private_key: SecretString::from(document.private_key.as_str()),
            token_uri,
        })
    }

    fn to_text(&self) -> SecretString {
        written(&ServiceAccountDocument {
            kind: "service_account".to_owned(),
            client_email: self.client_email.clone(),
            private_key_id: self.private_key_id.clone(),
            private_key: Zeroizing::new(self.private_key.expose_secret().to_owned()),
            token_uri: Some(self.token_uri.clone()),
        })
    }
}

fn document<'t, T: Deserialize<'t>>(text: &'t str, form: &'static str) -> Result<T, MalformedCredential> {
    if text.len() > MAX_DOCUMENT {
        return Err(MalformedCredential::Document(form));
    }
    serde_json::from_str(text).map_err(|_| MalformedCredential::Document(form))
}

/// Plain data always serializes; an empty text would be refused by every reader.
fn written(document: &impl Serialize) -> SecretString {
    serde_json::to_string(document).unwrap_or_default().into()
}

impl fmt::Debug for ProviderCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiKey(_) => "ApiKey(..)",
            Self::AwsKeys(_) => "AwsKeys(..)",
            Self::ServiceAccount(_) => "ServiceAccount(..)",
        })
    }
}

impl fmt::Debug for AwsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AwsKeys(..)")
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceAccount(..)")
    }
}

#[cfg(test)]
mod tests;
