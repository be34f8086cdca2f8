//! API key secrets: `sk-sg-` (inference) or `mk-sg-` (management), 43 base62 characters (256 bits), and 6 base62
//! characters of CRC-32 over all before them, so that junk is refused without a look-up and secret scanners are sure.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use sluicegate_contracts::config::KeyDigest;
use zeroize::Zeroizing;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
const PREFIX_CHARS: usize = 6;

/// What a key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Calls models.
    Inference,
    /// Manages configuration; cannot call models.
    Management,
}

impl KeyKind {
    /// How secrets of this kind begin.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Inference => "sk-sg-",
            Self::Management => "mk-sg-",
        }
    }
}

/// A text is not a key of ours. Says what is wrong with it without quoting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// Neither prefix.
    #[error("keys start with `sk-sg-`")]
    Prefix,
    /// Wrong length or a character outside base62.
    #[error("the key is incomplete or has characters that no key has; it may not have been copied whole")]
    Shape,
    /// The checksum does not match.
    #[error("the key's checksum does not match; it may have been mistyped or cut")]
    Checksum,
}

/// Checks prefix, length, alphabet and checksum; says nothing about whether the key exists.
///
/// # Errors
/// [`MalformedKey`] naming the first thing that is wrong.
pub fn parse(text: &str) -> Result<KeyKind, MalformedKey> {
    let kind = [KeyKind::Inference, KeyKind::Management]
        .into_iter()
        .find(|kind| text.starts_with(kind.prefix()))
        .ok_or(MalformedKey::Prefix)?;
    let bytes = text.as_bytes();
    if bytes.len() != PREFIX_CHARS + RANDOM_CHARS + CHECKSUM_CHARS
        || !bytes[PREFIX_CHARS..].iter().all(u8::is_ascii_alphanumeric)
    {
        return Err(MalformedKey::Shape);
    }
    let (body, checksum) = text.split_at(PREFIX_CHARS + RANDOM_CHARS);
    if checksum.as_bytes() != checksum_of(body) {
        return Err(MalformedKey::Checksum);
    }
    Ok(kind)
}

fn checksum_of(body: &str) -> [u8; CHECKSUM_CHARS] {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut out = [0; CHECKSUM_CHARS];
    for slot in out.iter_mut().rev() {
        *slot = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    out
}

/// A freshly minted secret, shown to its maker once.
pub struct ApiKeySecret(SecretString);

impl ApiKeySecret {
    /// Makes a secret from 32 random bytes.
    #[must_use]
    pub fn mint(kind: KeyKind, entropy: [u8; 32]) -> Self {
        let mut number = Zeroizing::new(entropy);
        let mut digits = Zeroizing::new([0u8; RANDOM_CHARS]);
        for slot in digits.iter_mut().rev() {
            *slot = BASE62[usize::from(divide_by_62(&mut number))];
        }
        let mut text = Zeroizing::new(String::with_capacity(
            PREFIX_CHARS + RANDOM_CHARS + CHECKSUM_CHARS,
        ));
        text.push_str(kind.prefix());
        text.extend(digits.iter().map(|byte| char::from(*byte)));
        let checksum = checksum_of(&text);
        text.extend(checksum.iter().map(|byte| char::from(*byte)));
        Self(SecretString::from(text.as_str()))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What lists show instead: the prefix and the last four characters.
    #[must_use]
    pub fn hint(&self) -> String {
        let text = self.expose();
        format!("{}…{}", &text[..PREFIX_CHARS], &text[text.len() - 4..])
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(..)")
    }
}

/// Long division of a big-endian number in place; returns the remainder.
fn divide_by_62(number: &mut [u8; 32]) -> u8 {
    let mut remainder = 0u16;
    for byte in number.iter_mut() {
        let current = (remainder << 8) | u16::from(*byte);
        // current < 62 * 256, so the quotient fits a byte and the remainder is below 62.
        *byte = (current / 62) as u8;
        remainder = current % 62;
    }
    remainder as u8
}

/// Turns secrets into digests under the deployment's pepper. Cloning shares nothing mutable.
#[derive(Clone)]
pub struct KeyHasher(Hmac<Sha256>);

impl KeyHasher {
    pub(crate) fn new(pepper: [u8; 64]) -> Self {
        // The key schedule is computed once here, not per request.
        Self(Hmac::<Sha256>::new(&pepper.into()))
    }

    /// The digest that stores and snapshots know the secret by.
    #[must_use]
    pub fn digest(&self, secret: &str) -> KeyDigest {
        let mut mac = self.0.clone();
        mac.update(secret.as_bytes());
        KeyDigest::new(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKey;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn minted_secrets_parse_and_any_changed_character_is_caught(
            entropy: [u8; 32], at in 0usize..55, with in proptest::sample::select(&BASE62[..]),
        ) {
            let secret = ApiKeySecret::mint(KeyKind::Inference, entropy);
            prop_assert_eq!(parse(secret.expose()), Ok(KeyKind::Inference));
            let mut changed = secret.expose().as_bytes().to_vec();
            if changed[at] != with {
                changed[at] = with;
                prop_assert!(parse(std::str::from_utf8(&changed).unwrap()).is_err());
            }
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,80}") {
            let _ = parse(&text);
            let _ = parse(&format!("sk-sg-{text}"));
        }
    }

    #[test]
    fn digests_depend_on_secret_and_pepper() {
        let here = MasterKey::from_entropy([1; 32]).key_hasher();
        let there = MasterKey::from_entropy([2; 32]).key_hasher();
        assert_eq!(here.digest("a"), here.digest("a"));
        assert_ne!(here.digest("a"), here.digest("b"));
        assert_ne!(here.digest("a"), there.digest("a"));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let secret = ApiKeySecret::mint(KeyKind::Management, [9; 32]);
        assert_eq!(format!("{secret:?}"), "ApiKeySecret(..)");
        assert!(secret.hint().starts_with("mk-sg-…"));
        assert_eq!(secret.hint().chars().count(), 11);
    }
}
