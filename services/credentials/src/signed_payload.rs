//! Signatures over what other services send us, in Stripe's form: `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`, where each
//! `v1` is an HMAC-SHA256 over `<t>.<body>`. While a secret is being rolled the sender signs with both.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far the sender's clock and the time on the way may be off, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;
/// Signatures looked at in one header.
const MAX_SIGNATURES: usize = 8;
const DIGEST_BYTES: usize = 32;

/// Why a payload is not believed. Quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbelieved {
    /// The header is not of the form.
    #[error("the signature header is not of the form t=…,v1=…")]
    Malformed,
    /// It was signed too long ago, or in the future.
    #[error("the signature's time is more than {TOLERANCE_SECONDS} seconds off")]
    OutOfTime,
    /// None of the signatures is one of ours.
    #[error("no signature matches the payload")]
    Mismatch,
}

/// The secret that a sender signs with. Never empty.
#[derive(Clone)]
pub struct SigningSecret(Hmac<Sha256>);

/// A secret of nothing would let everybody sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret has at least 16 characters")]
pub struct WeakSecret;

impl SigningSecret {
    /// Takes a secret.
    ///
    /// # Errors
    /// [`WeakSecret`].
    pub fn new(secret: &SecretString) -> Result<Self, WeakSecret> {
        let secret = secret.expose_secret();
        if secret.trim().len() < 16 {
            return Err(WeakSecret);
        }
        let digest = Hmac::new_from_slice(secret.as_bytes());
        digest.map(Self).map_err(|_| WeakSecret)
    }

    /// Whether `body` was signed with this secret about `now`, in Unix seconds.
    ///
    /// # Errors
    /// [`Unbelieved`].
    pub fn verify(&self, header: &str, body: &[u8], now: i64) -> Result<(), Unbelieved> {
        let signed = Signed::parse(header).ok_or(Unbelieved::Malformed)?;
        // Before the clock is looked at, so that the answer tells nothing to those who do not know the secret.
        let mut is_ours = false;
        for signature in &signed.signatures {
            // `verify_slice` compares in constant time; every signature is compared.
            is_ours |= self
                .digest(signed.time_text, body)
                .verify_slice(signature)
                .is_ok();
        }
        if !is_ours {
            return Err(Unbelieved::Mismatch);
        }
        if now.saturating_sub(signed.time).saturating_abs() > TOLERANCE_SECONDS {
            return Err(Unbelieved::OutOfTime);
        }
        Ok(())
    }

    /// The header a sender would send. For tests, and for demonstrations without the provider.
    #[must_use]
    pub fn sign(&self, body: &[u8], at: i64) -> String {
        let digest = self.digest(&at.to_string(), body).finalize().into_bytes();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at},v1={hex}")
    }

    fn digest(&self, time: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut digest = self.0.clone();
        digest.update(time.as_bytes());
        digest.update(b".");
        digest.update(body);
        digest
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

struct Signed<'a> {
    time: i64,
    time_text: &'a str,
    signatures: Vec<[u8; DIGEST_BYTES]>,
}

impl<'a> Signed<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let (mut time_text, mut signatures) = (None, Vec::new());
        for part in header.split(',') {
            match part.trim().split_once('=') {
                Some(("t", text)) if time_text.is_none() => time_text = Some(text),
                Some(("t", _)) | None => return None,
                Some(("v1", text)) if signatures.len() < MAX_SIGNATURES => signatures.push(hex(text)?),
                // Older and newer schemes may stand beside it; they prove nothing.
                Some(_) => {}
            }
        }
        let time_text = time_text?;
        let is_number = !time_text.is_empty() && time_text.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self {
            time: time_text.parse().ok().filter(|_| is_number)?,
            time_text,
            signatures,
        })
    }
}

fn hex(text: &str) -> Option<[u8; DIGEST_BYTES]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * DIGEST_BYTES {
        return None;
    }
    let mut bytes = [0; DIGEST_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| {
            char::from(digit)
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        };
        *byte = (value(pair[0])? << 4) | value(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_767_225_600;
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn secret(text: &str) -> SigningSecret {
        SigningSecret::new(&SecretString::from(text.to_owned())).unwrap()
    }

    fn ours() -> SigningSecret {
        secret("whsec_0123456789abcdef")
    }

    #[test]
    fn a_known_signature_is_reproduced() {
        // printf '1767225600.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_0123456789abcdef
        let expected = "ffc78581be44d2a6839318f4bc2a763bd44c8b0acf595e90f290be114a84a5f0";
        assert_eq!(ours().sign(BODY, NOW), format!("t={NOW},v1={expected}"));
    }

    #[test]
    fn only_the_secret_signs_and_only_for_a_while() {
        let header = ours().sign(BODY, NOW);
        assert_eq!(ours().verify(&header, BODY, NOW + TOLERANCE_SECONDS), Ok(()));
        assert_eq!(ours().verify(&header, BODY, NOW - TOLERANCE_SECONDS), Ok(()));
        let late = ours().verify(&header, BODY, NOW + TOLERANCE_SECONDS + 1);
        assert_eq!(late, Err(Unbelieved::OutOfTime));
        let early = ours().verify(&header, BODY, NOW - TOLERANCE_SECONDS - 1);
        assert_eq!(early, Err(Unbelieved::OutOfTime));
        let changed = ours().verify(&header, br#"{"id":"evt_2"}"#, NOW);
        assert_eq!(changed, Err(Unbelieved::Mismatch));
        let other = secret("whsec_fedcba9876543210").verify(&header, BODY, NOW);
        assert_eq!(other, Err(Unbelieved::Mismatch));
        let moved = header.replace(&NOW.to_string(), &(NOW + 1).to_string());
        assert_eq!(ours().verify(&moved, BODY, NOW), Err(Unbelieved::Mismatch));
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let theirs = secret("whsec_fedcba9876543210").sign(BODY, NOW);
        let (_, own) = ours()
            .sign(BODY, NOW)
            .split_once(',')
            .map(|(t, v)| (t.to_owned(), v.to_owned()))
            .unwrap();
        let both = format!("{theirs},{own},v0=abc");
        assert_eq!(ours().verify(&both, BODY, NOW), Ok(()));
        let none = format!("t={NOW}");
        assert_eq!(ours().verify(&none, BODY, NOW), Err(Unbelieved::Mismatch));
    }

    #[test]
    fn a_header_of_another_form_is_malformed() {
        let digest = "0".repeat(64);
        for header in [
            "",
            "v1",
            &format!("v1={digest}"),
            &format!("t=,v1={digest}"),
            &format!("t=+1,v1={digest}"),
            &format!("t=-1,v1={digest}"),
            &format!("t=1,t=2,v1={digest}"),
            "t=1,v1=00",
            &format!("t=1,v1={}", "g".repeat(64)),
            &format!("t=99999999999999999999,v1={digest}"),
        ] {
            let verdict = ours().verify(header, BODY, NOW);
            assert_eq!(verdict, Err(Unbelieved::Malformed), "{header}");
        }
    }

    #[test]
    fn a_secret_of_nothing_is_none() {
        for text in ["", "   ", "                    x", "short"] {
            let secret = SigningSecret::new(&SecretString::from(text.to_owned()));
            assert!(secret.is_err(), "{text:?}");
        }
        assert_eq!(format!("{:?}", ours()), "SigningSecret(..)");
    }

    proptest! {
        #[test]
        fn no_header_is_believed_that_was_not_signed(header in "(t=[0-9]{0,12})?,?(v1=[0-9a-f]{0,70},?){0,9}|\\PC{0,80}") {
            prop_assert!(ours().verify(&header, BODY, NOW).is_err());
        }
    }
}
