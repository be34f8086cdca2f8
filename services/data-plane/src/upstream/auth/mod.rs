//! Puts a connection's credential on a request, and keeps it out of everything a provider says.
//!
//! Must stay true: a credential goes only to the base URL it was saved for, and never to a caller.

mod google;
mod sigv4;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};
use sluicegate_contracts::config::ProviderSettings;
use sluicegate_credentials::ProviderCredential;
use zeroize::Zeroizing;

use self::google::TokenSource;
use self::sigv4::Signer;
use super::provider::Provider;
use super::{Client, SendFailure};
use crate::snapshot::LiveConnection;

/// Where a provider wants a plain key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyHeader {
    /// `authorization: Bearer <key>`.
    Bearer,
    /// A header of its own, with nothing but the key.
    Named(&'static str),
}

/// A credential in the form requests need it. Debug shows nothing of it.
#[derive(Clone)]
pub(super) struct Auth {
    scheme: Scheme,
    /// What is searched for in what a provider says.
    credential: Option<ProviderCredential>,
}

#[derive(Clone)]
enum Scheme {
    /// The server needs none.
    Nothing,
    /// A key in a header, ready to be sent.
    Key(HeaderName, HeaderValue),
    /// A signature over each request.
    Signature(Signer),
    /// A token that the credential is exchanged for. Shared, so that it outlives a change of other connections.
    Token(Arc<TokenSource>),
}

impl Auth {
    /// # Errors
    /// Why the credential cannot be used, without quoting it.
    pub(super) fn new(
        provider: &Provider,
        credential: Option<ProviderCredential>,
        settings: &ProviderSettings,
    ) -> Result<Self, Cow<'static, str>> {
        let scheme = match &credential {
            None => Scheme::Nothing,
            Some(ProviderCredential::ApiKey(key)) => in_header(provider.key, key)?,
            Some(ProviderCredential::AwsKeys(keys)) => {
                let service = provider
                    .aws_service
                    .ok_or("credential: this provider takes no AWS keys")?;
                let region = settings
                    .region
                    .clone()
                    .ok_or("settings: there is no region to sign for")?;
                Scheme::Signature(Signer::new(keys.clone(), region, service))
            }
            Some(ProviderCredential::ServiceAccount(account)) => {
                Scheme::Token(Arc::new(TokenSource::new(account.clone())?))
            }
        };
        Ok(Self { scheme, credential })
    }

    /// Puts the credential on a request that is complete otherwise, and whose body is `body`. May wait for a token.
    pub(super) async fn apply(
        &self,
        client: &Client,
        request: &mut Request<Full<Bytes>>,
        body: &[u8],
        now_millis: i64,
    ) -> Result<(), SendFailure> {
        match &self.scheme {
            Scheme::Nothing => {}
            Scheme::Key(name, value) => {
                request.headers_mut().insert(name.clone(), value.clone());
            }
            Scheme::Signature(signer) => signer.sign(request, body, now_millis)?,
            Scheme::Token(source) => {
                let value = source.authorization(client, now_millis).await?;
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        }
        Ok(())
    }

    /// The provider answered 401: what can be renewed is renewed for the next call.
    pub(super) fn refused(&self) {
        match &self.scheme {
            Scheme::Token(source) => source.forget(),
            Scheme::Nothing | Scheme::Key(..) | Scheme::Signature(_) => {}
        }
    }

    fn is_quoted_in(&self, said: &[u8]) -> bool {
        let secrets = self.credential.iter().flat_map(ProviderCredential::secrets);
        // JSON may put a backslash before a slash, which is a letter of many keys.
        let plain = |text: &[u8]| {
            let kept = text.iter().copied().filter(|byte| *byte != b'\\');
            kept.collect::<Vec<u8>>()
        };
        let unescaped = said.contains(&b'\\').then(|| plain(said));
        let quoted = |secret: &str| {
            memmem::find(said, secret.as_bytes()).is_some()
                || unescaped
                    .as_ref()
                    .is_some_and(|said| memmem::find(said, &plain(secret.as_bytes())).is_some())
        };
        let token = match &self.scheme {
            Scheme::Token(source) => source.is_quoted_in(said),
            Scheme::Nothing | Scheme::Key(..) | Scheme::Signature(_) => false,
        };
        token || secrets.into_iter().any(quoted)
    }
}

fn in_header(place: KeyHeader, key: &SecretString) -> Result<Scheme, Cow<'static, str>> {
    let key = key.expose_secret();
    let (name, text) = match place {
        KeyHeader::Bearer => (AUTHORIZATION, Zeroizing::new(format!("Bearer {key}"))),
        KeyHeader::Named(name) => (HeaderName::from_static(name), Zeroizing::new(key.to_owned())),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| "credential: not usable as a header value")?;
    value.set_sensitive(true);
    Ok(Scheme::Key(name, value))
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Auth(..)")
    }
}

/// Whether something a provider said quotes any secret part of the credential it was sent.
#[must_use]
pub fn quotes_credential(said: &[u8], connection: &LiveConnection) -> bool {
    let account = connection.account.as_ref();
    account.is_some_and(|account| account.auth.is_quoted_in(said))
}
