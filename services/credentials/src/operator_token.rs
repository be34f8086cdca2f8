//! The bearer token of whoever operates the deployment: set by them, unlike the tokens that derive from the master key,
//! because it is given to people and programs outside.

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// Shortest accepted token, in characters.
const SHORTEST: usize = 24;

/// The operator's token.
#[derive(Clone)]
pub struct OperatorToken(SecretString);

/// A token that can be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an operator token has at least {SHORTEST} characters")]
pub struct WeakToken;

impl OperatorToken {
    /// Takes a token.
    ///
    /// # Errors
    /// [`WeakToken`].
    pub fn new(token: SecretString) -> Result<Self, WeakToken> {
        if token.expose_secret().trim().len() < SHORTEST {
            return Err(WeakToken);
        }
        Ok(Self(token))
    }

    /// Compares in constant time.
    #[must_use]
    pub fn verify(&self, presented: &str) -> bool {
        self.0
            .expose_secret()
            .as_bytes()
            .ct_eq(presented.as_bytes())
            .into()
    }
}

impl std::fmt::Debug for OperatorToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OperatorToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_passes_and_a_weak_one_is_none() {
        let token = |text: &str| OperatorToken::new(SecretString::from(text.to_owned()));
        let good = "correct-horse-battery-staple";
        assert!(token(good).unwrap().verify(good));
        for other in [
            "",
            "correct",
            "correct-horse-battery-staple ",
            "Correct-horse-battery-staple",
        ] {
            assert!(!token(good).unwrap().verify(other), "{other:?}");
        }
        assert!(token("").is_err() && token(&" ".repeat(30)).is_err() && token("x").is_err());
    }
}
