//! Tokens of a Google service account: an assertion signed with its key is exchanged for a token that lives an hour.
//!
//! One token per connection, kept until shortly before it expires; one exchange at a time, whoever waits for it. A
//! failure is remembered for a moment, so that a queue of callers does not repeat it one after the other. Nothing the
//! token endpoint says is passed on, and the key is in no error.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Request};
use http_body_util::Full;
use memchr::memmem;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::SigningKey;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sluicegate_credentials::ServiceAccount;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::upstream::{Client, ReplyBody, SendFailure};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
/// How long an assertion is valid, in seconds; the longest Google takes.
const ASSERTION_SECONDS: i64 = 3600;
/// How long before its end a token is replaced, so that none expires on its way.
const MARGIN_MILLIS: i64 = 60_000;
/// The longest a token is used, whatever the endpoint says.
const LONGEST_SECONDS: i64 = 3600;
/// How long an exchange may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer of a token endpoint, in bytes.
const MAX_ANSWER: usize = 16 * 1024;
/// How long a failure stands.
const FAILURE_MILLIS: i64 = 1_000;

/// Where a connection's tokens come from.
pub(super) struct TokenSource {
    account: ServiceAccount,
    key: Arc<dyn SigningKey>,
    token: ArcSwapOption<Token>,
    /// Held during an exchange; the last failure is inside.
    exchange: Mutex<Option<(SendFailure, i64)>>,
}

/// A token, ready to be sent.
struct Token {
    authorization: HeaderValue,
    /// From here on it is replaced, in milliseconds since the Unix epoch.
    stale_at: i64,
}

#[derive(Serialize)]
struct Head<'a> {
    alg: &'static str,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Zeroizing<String>,
    #[serde(default)]
    expires_in: i64,
}

impl TokenSource {
    pub(super) fn new(account: ServiceAccount) -> Result<Self, Cow<'static, str>> {
        let der = PrivateKeyDer::from_pem_slice(account.private_key.expose_secret().as_bytes());
        let key = der.ok().and_then(|der| any_supported_type(&der).ok());
        let signs = key.filter(|key| key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]).is_some());
        Ok(Self {
            key: signs.ok_or("credential: the private key is not an RSA key of at least 2048 bits")?,
            account,
            token: ArcSwapOption::empty(),
            exchange: Mutex::new(None),
        })
    }

    /// The value of the `authorization` header at `now_millis`.
    pub(super) async fn authorization(
        &self,
        client: &Client,
        now_millis: i64,
    ) -> Result<HeaderValue, SendFailure> {
        if let Some(fresh) = self.fresh(now_millis) {
            return Ok(fresh);
        }
        let mut last_failure = self.exchange.lock().await;
        // Whoever held the lock may have brought what we came for.
        if let Some(fresh) = self.fresh(now_millis) {
            return Ok(fresh);
        }
        if let Some((failure, until)) = *last_failure
            && now_millis < until
        {
            return Err(failure);
        }
        match self.exchange(client, now_millis).await {
            Ok(token) => {
                let authorization = token.authorization.clone();
                self.token.store(Some(Arc::new(token)));
                *last_failure = None;
                Ok(authorization)
            }
            Err(failure) => {
                *last_failure = Some((failure, now_millis.saturating_add(FAILURE_MILLIS)));
                Err(failure)
            }
        }
    }

    /// The provider refused the token: the next call gets another one.
    pub(super) fn forget(&self) {
        self.token.store(None);
    }

    /// Whether something quotes the token in use.
    pub(super) fn is_quoted_in(&self, said: &[u8]) -> bool {
        self.token.load().as_ref().is_some_and(|token| {
            let value = token.authorization.as_bytes();
            let secret = value.strip_prefix(b"Bearer ").unwrap_or(value);
            memmem::find(said, secret).is_some()
        })
    }

    fn fresh(&self, now_millis: i64) -> Option<HeaderValue> {
        let token = self.token.load();
        let token = token.as_ref()?;
        (now_millis < token.stale_at).then(|| token.authorization.clone())
    }

    async fn exchange(&self, client: &Client, now_millis: i64) -> Result<Token, SendFailure> {
        let assertion = self.assertion(now_millis.div_euclid(1_000))?;
        let request = Request::post(self.account.token_uri.as_str())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
            .body(Full::new(Bytes::from(format!("{GRANT}{assertion}"))))
            .map_err(|_| SendFailure::Invalid)?;
        let deadline = Instant::now() + TIMEOUT;
        let answer = timeout_at(deadline, client.send(request)).await;
        let answer = answer.map_err(|_| SendFailure::NoToken)?.map_err(|error| {
            crate::upstream::exchange::not_connected(&error).unwrap_or(SendFailure::NoToken)
        })?;
        let (head, body) = answer.into_parts();
        match head.status.as_u16() {
            200..=299 => {}
            // What the endpoint says against the key stands until the connection changes.
            400..=403 => return Err(SendFailure::TokenRefused),
            _ => return Err(SendFailure::NoToken),
        }
        let body = ReplyBody::Network(body)
            .whole(MAX_ANSWER, TIMEOUT, deadline)
            .await;
        let body = Zeroizing::new(body.map_err(|_| SendFailure::NoToken)?.to_vec());
        let granted: Granted = serde_json::from_slice(&body).map_err(|_| SendFailure::NoToken)?;
        let text = Zeroizing::new(format!("Bearer {}", *granted.access_token));
        let mut authorization = HeaderValue::from_str(&text).map_err(|_| SendFailure::NoToken)?;
        authorization.set_sensitive(true);
        let lives = granted.expires_in.clamp(0, LONGEST_SECONDS).saturating_mul(1_000);
        Ok(Token {
            authorization,
            stale_at: now_millis.saturating_add(lives - MARGIN_MILLIS),
        })
    }

    /// The signed statement that this account asks, now (RFC 7523).
    fn assertion(&self, now: i64) -> Result<String, SendFailure> {
        let head = Head {
            alg: "RS256",
            typ: "JWT",
            kid: self.account.private_key_id.as_deref(),
        };
        let claims = Claims {
            iss: &self.account.client_email,
            scope: SCOPE,
            aud: self.account.token_uri.as_str(),
            iat: now,
            exp: now.saturating_add(ASSERTION_SECONDS),
        };
        let part = |json: serde_json::Result<Vec<u8>>| {
            json.map(|json| URL_SAFE_NO_PAD.encode(json))
                .map_err(|_| SendFailure::Invalid)
        };
        let (head, claims) = (
            part(serde_json::to_vec(&head))?,
            part(serde_json::to_vec(&claims))?,
        );
        let signed = format!("{head}.{claims}");
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
        let signature = signer
            .and_then(|signer| signer.sign(signed.as_bytes()).ok())
            .ok_or(SendFailure::Invalid)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    const PRIVATE_KEY: &str = include_str!("../../../tests/keys/service_account.pem");
    const PUBLIC_KEY: &[u8] = include_bytes!("../../../tests/keys/service_account.pub.der");

    fn account(private_key: &str) -> ServiceAccount {
        ServiceAccount {
            client_email: "svc@acme.iam.gserviceaccount.com".to_owned(),
            private_key_id: Some("key-1".to_owned()),
            private_key: private_key.into(),
            token_uri: "https://oauth2.googleapis.com/token".parse().unwrap(),
        }
    }

    #[test]
    fn an_assertion_says_who_asks_and_is_signed() {
        let source = TokenSource::new(account(PRIVATE_KEY)).unwrap();
        let assertion = source.assertion(1_700_000_000).unwrap();
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY);
        key.verify(signed.as_bytes(), &signature).unwrap();
        let parts: Vec<serde_json::Value> = signed
            .split('.')
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(
            parts[0],
            serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": "key-1" })
        );
        let claims = serde_json::json!({
            "iss": "svc@acme.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/cloud-platform",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": 1_700_000_000,
            "exp": 1_700_003_600,
        });
        assert_eq!(parts[1], claims);
    }

    #[test]
    fn a_key_that_cannot_sign_is_refused_without_being_quoted() {
        let damaged = PRIVATE_KEY.replace("MII", "AAA");
        for key in [
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            damaged.as_str(),
        ] {
            let reason = TokenSource::new(account(key)).err().unwrap();
            assert!(
                reason.contains("not an RSA key") && !reason.contains("AAA"),
                "{reason}"
            );
        }
    }
}
