//! Refresh tokens: session, generation and a keyed hash over both and the session's salt. Nothing secret is stored, and
//! the successor of a token can be named again for as long as the grace period lasts. Forging one takes the key and the
//! salt; replaying an old one is recognized by its generation.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sluicegate_contracts::ids::SessionId;

/// What a presented token claims; true only if [`RefreshTokens::proves`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The session.
    pub session: SessionId,
    /// Which token of the session, counted from 0.
    pub generation: i32,
    proof: Vec<u8>,
}

/// Makes and checks refresh tokens.
#[derive(Clone)]
pub struct RefreshTokens(Hmac<Sha256>);

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokens")
    }
}

impl RefreshTokens {
    /// Derives its own key from the session seed.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        let mut derive = Self::keyed(seed);
        derive.update(b"sluicegate/v1/refresh-token");
        Self(Self::keyed(&derive.finalize().into_bytes().into()))
    }

    fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
        // A 32-byte key fits the block, so this is `new_from_slice` without its error.
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        Hmac::new(&block.into())
    }

    fn mac(&self, session: SessionId, generation: i32, salt: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(session.as_uuid().as_bytes());
        mac.update(&generation.to_be_bytes());
        mac.update(salt);
        mac
    }

    /// The token of `session` in `generation`.
    #[must_use]
    pub fn make(&self, session: SessionId, generation: i32, salt: &[u8]) -> String {
        let proof = self.mac(session, generation, salt).finalize().into_bytes();
        format!("{session}.{generation}.{}", URL_SAFE_NO_PAD.encode(proof))
    }

    /// Reads a presented token.
    #[must_use]
    pub fn read(text: &str) -> Option<Claim> {
        let mut parts = text.split('.');
        let claim = Claim {
            session: parts.next()?.parse().ok()?,
            generation: parts.next()?.parse().ok()?,
            proof: URL_SAFE_NO_PAD.decode(parts.next()?).ok()?,
        };
        parts.next().is_none().then_some(claim)
    }

    /// Whether the claim was made by us for the session with this salt.
    #[must_use]
    pub fn proves(&self, claim: &Claim, salt: &[u8]) -> bool {
        self.mac(claim.session, claim.generation, salt)
            .verify_slice(&claim.proof)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_service_runtime::ids::fresh;

    #[test]
    fn a_token_proves_its_own_session_generation_and_salt_only() {
        let tokens = RefreshTokens::new(&[1; 32]);
        let session = fresh();
        let claim = RefreshTokens::read(&tokens.make(session, 3, b"salt")).unwrap();
        assert_eq!((claim.session, claim.generation), (session, 3));
        assert!(tokens.proves(&claim, b"salt"));
        assert!(!tokens.proves(&claim, b"other"));
        assert!(!tokens.proves(
            &Claim {
                generation: 4,
                ..claim.clone()
            },
            b"salt"
        ));
        assert!(!RefreshTokens::new(&[2; 32]).proves(&claim, b"salt"));
        for bad in [
            "",
            "a.b.c",
            "ses_x.1.AA",
            &format!("{session}.1"),
            &format!("{session}.1.AA.x"),
        ] {
            assert_eq!(RefreshTokens::read(bad), None, "{bad}");
        }
    }
}
