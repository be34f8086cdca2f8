//! Access tokens: short-lived JWTs, EdDSA only. The algorithm is never taken from the token; the key id only looks up
//! in the closed set of keys this process knows.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sluicegate_contracts::ids::{SessionId, UserId};

use crate::error::{Error, Result};

const ISSUER: &str = "sluicegate";
const AUDIENCE: &str = "sluicegate/api";
const TYPE: &str = "at+jwt";
/// What precedes the 32-byte seed in the PKCS #8 form of an Ed25519 key.
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What a valid token proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub user: UserId,
    /// Through which session.
    pub session: SessionId,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Signs and checks access tokens.
pub struct AccessTokens {
    key_id: String,
    signing: EncodingKey,
    checking: DecodingKey,
    life_seconds: u32,
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessTokens({})", self.key_id)
    }
}

impl AccessTokens {
    /// Uses the Ed25519 key with this seed; tokens live for `life_seconds`.
    ///
    /// # Errors
    /// Internal, when the key is refused.
    pub fn new(seed: &[u8; 32], life_seconds: u32) -> Result<Self> {
        let public = SigningKey::from_bytes(seed).verifying_key().to_bytes();
        let key_id = URL_SAFE_NO_PAD.encode(&Sha256::digest(public)[..8]);
        let mut pkcs8 = PKCS8_PREFIX.to_vec();
        pkcs8.extend_from_slice(seed);
        Ok(Self {
            key_id,
            signing: EncodingKey::from_ed_der(&pkcs8),
            checking: DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(public))
                .map_err(Error::internal)?,
            life_seconds,
        })
    }

    /// How long a token lives, in seconds.
    #[must_use]
    pub fn life_seconds(&self) -> u32 {
        self.life_seconds
    }

    /// A token for `identity` from `now` (Unix seconds) on.
    ///
    /// # Errors
    /// Internal, when signing fails.
    pub fn sign(&self, identity: Identity, now: i64) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key_id.clone());
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: identity.user,
            sid: identity.session,
            iat: now,
            nbf: now,
            exp: now + i64::from(self.life_seconds),
        };
        encode(&header, &claims, &self.signing).map_err(Error::internal)
    }

    /// Who `token` belongs to at `now` (Unix seconds); `None` for anything that is not a valid token.
    #[must_use]
    pub fn check(&self, token: &str, now: i64) -> Option<Identity> {
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.kid.as_deref() != Some(&self.key_id) {
            return None;
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // The library reads the system clock; times are checked below against ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, &self.checking, &validation).ok()?.claims;
        (claims.nbf <= now && now < claims.exp).then_some(Identity {
            user: claims.sub,
            session: claims.sid,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_service_runtime::ids::fresh;

    fn tokens() -> AccessTokens {
        AccessTokens::new(&[7; 32], 600).unwrap()
    }

    fn identity() -> Identity {
        Identity {
            user: fresh(),
            session: fresh(),
        }
    }

    #[test]
    fn a_token_holds_for_its_life_only() {
        let (tokens, identity) = (tokens(), identity());
        let token = tokens.sign(identity, 1_000).unwrap();
        assert_eq!(tokens.check(&token, 1_000), Some(identity));
        assert_eq!(tokens.check(&token, 1_599), Some(identity));
        assert_eq!(tokens.check(&token, 1_600), None);
        assert_eq!(tokens.check(&token, 999), None);
    }

    #[test]
    fn another_key_algorithm_or_type_is_refused() {
        let token = AccessTokens::new(&[8; 32], 600)
            .unwrap()
            .sign(identity(), 1_000)
            .unwrap();
        assert_eq!(tokens().check(&token, 1_000), None);
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let claims = token.split('.').nth(1).unwrap();
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256","typ":"at+jwt"}"#,
            r#"{"alg":"EdDSA","typ":"JWT"}"#,
        ] {
            assert_eq!(
                tokens().check(&format!("{}.{claims}.", part(header)), 1_000),
                None,
                "{header}"
            );
        }
        assert_eq!(tokens().check("", 1_000), None);
    }
}
