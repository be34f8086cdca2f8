//! Password hashing (argon2id, PHC text form) on the blocking pool, at most two at once: hashing is made to be
//! expensive, and must not starve everything else.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// OWASP's floor for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const AT_ONCE: usize = 2;

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The wrong password, or no such account.
    Wrong,
    /// The right password.
    Right,
    /// The right password, hashed with other parameters than today's: hash it again.
    RightButOutdated,
}

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    slots: Arc<Semaphore>,
    /// Checked against when there is no account, so that the answer takes as long.
    dummy: Arc<str>,
    prefix: Arc<str>,
}

fn hasher() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| Error::internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &SecretString, salt: [u8; 16]) -> Result<String> {
    let hash = hasher()?
        .hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
        .map_err(|error| Error::internal(error.to_string()))?;
    Ok(hash.to_string())
}

impl Passwords {
    /// A hasher with today's parameters.
    ///
    /// # Errors
    /// Internal, when the parameters are refused.
    pub fn new() -> Result<Self> {
        let dummy = hash_now(
            &SecretString::from("no account has this password"),
            rand::random(),
        )?;
        Ok(Self {
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            dummy: dummy.into(),
            prefix: format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$").into(),
        })
    }

    /// The PHC text to store for `password`.
    ///
    /// # Errors
    /// Internal, when hashing fails.
    pub async fn hash(&self, password: SecretString) -> Result<String> {
        self.on_blocking_pool(move || hash_now(&password, rand::random()))
            .await
    }

    /// Compares `password` with the stored PHC text; `None` takes as long and is always wrong.
    ///
    /// # Errors
    /// Internal, when the stored text is damaged.
    pub async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<Verdict> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.to_string());
        let prefix = Arc::clone(&self.prefix);
        self.on_blocking_pool(move || {
            let parsed = PasswordHash::new(&stored).map_err(|error| Error::internal(error.to_string()))?;
            let matches = hasher()?
                .verify_password(password.expose_secret().as_bytes(), &parsed)
                .is_ok();
            Ok(match (known && matches, stored.starts_with(&*prefix)) {
                (false, _) => Verdict::Wrong,
                (true, true) => Verdict::Right,
                (true, false) => Verdict::RightButOutdated,
            })
        })
        .await
    }

    async fn on_blocking_pool<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when nobody waits for it any more.
            let _slot = slot;
            work()
        })
        .await
        .map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn right_wrong_unknown_and_outdated_are_told_apart() {
        let passwords = Passwords::new().unwrap();
        let secret = || SecretString::from("correct horse");
        let stored = passwords.hash(secret()).await.unwrap();
        assert_eq!(
            passwords.verify(secret(), Some(stored.clone())).await.unwrap(),
            Verdict::Right
        );
        assert_eq!(
            passwords
                .verify("wrong horse".into(), Some(stored))
                .await
                .unwrap(),
            Verdict::Wrong
        );
        assert_eq!(passwords.verify(secret(), None).await.unwrap(), Verdict::Wrong);
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(64, 1, 1, None).unwrap(),
        );
        let old = weak
            .hash_password_with_salt(b"correct horse", &[7; 16])
            .unwrap()
            .to_string();
        assert_eq!(
            passwords.verify(secret(), Some(old)).await.unwrap(),
            Verdict::RightButOutdated
        );
    }

    #[tokio::test]
    async fn the_dummy_itself_signs_nobody_in() {
        let passwords = Passwords::new().unwrap();
        let dummy = "no account has this password";
        assert_eq!(
            passwords.verify(dummy.into(), None).await.unwrap(),
            Verdict::Wrong
        );
    }
}
