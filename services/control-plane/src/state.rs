//! What the process holds and every request shares: the database, the keys, the clock, the settings. Cheap to clone.

use std::ops::Deref;
use std::sync::Arc;

use sluicegate_credentials::{KeyHasher, Keyring, MasterKey, OperatorToken, SigningSecret, WorkerToken};
use sluicegate_service_runtime::clock::Clock;
use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::security::access_tokens::AccessTokens;
use crate::security::passwords::Passwords;
use crate::security::refresh_tokens::RefreshTokens;
use crate::settings::Settings;
use crate::store::Database;

/// Shared by every request and task.
#[derive(Debug, Clone)]
pub struct AppState(Arc<Inner>);

/// See [`AppState`].
#[derive(Debug)]
pub struct Inner {
    /// Both doors to Postgres.
    pub database: Database,
    /// What the operator set.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// Digests inference keys.
    pub key_hasher: KeyHasher,
    /// Wraps and opens organizations' data keys.
    pub keyring: Keyring,
    /// What workers prove themselves by.
    pub worker_token: WorkerToken,
    /// What the operator's own secrets open.
    pub operator: OperatorSecrets,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Signs and checks access tokens.
    pub access_tokens: AccessTokens,
    /// Makes and checks refresh tokens.
    pub refresh_tokens: RefreshTokens,
}

/// Secrets that an operator may set; what has none is closed.
#[derive(Debug, Clone, Default)]
pub struct OperatorSecrets {
    /// Proves the operator.
    pub token: Option<OperatorToken>,
    /// Proves Stripe's events.
    pub stripe: Option<SigningSecret>,
}

impl AppState {
    /// Puts the parts together.
    ///
    /// # Errors
    /// When the keys derived from `master` cannot be used.
    pub fn new(
        settings: Settings,
        master: &MasterKey,
        operator: OperatorSecrets,
        database: Database,
        clock: Clock,
    ) -> Result<Self> {
        let seed = master.session_seed();
        Ok(Self(Arc::new(Inner {
            database,
            clock,
            key_hasher: master.key_hasher(),
            keyring: master.keyring(),
            worker_token: master.worker_token(),
            operator,
            passwords: Passwords::new()?,
            access_tokens: AccessTokens::new(&seed, settings.session.access_seconds)?,
            refresh_tokens: RefreshTokens::new(&seed),
            settings,
        })))
    }

    /// The time now.
    ///
    /// # Errors
    /// Internal, when the clock is out of range.
    pub fn now(&self) -> Result<OffsetDateTime> {
        let nanos = i128::from(self.clock.now_millis()) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(Error::internal)
    }
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
