//! Secrets in, proofs out: the only code that turns a secret into something else. No IO, no clock, no randomness.
//!
//! Everything derives from one [`MasterKey`] per deployment, by HKDF-SHA-256 with a label per purpose, so no two
//! purposes share a key:
//!
//! | from it | used by | for |
//! |---|---|---|
//! | [`KeyHasher`] | both planes | digest of an inference key; stores and snapshots hold digests only |
//! | [`Keyring`] | both planes | wrapping each organization's [`DataKey`], which seals provider credentials |
//! | session seed | control plane | signing access tokens (Ed25519) |
//! | [`WorkerToken`] | both planes | workers and control plane recognizing each other |
//!
//! Two secrets are the operator's own: an [`OperatorToken`], and the [`SigningSecret`] shared with a payment provider. A
//! [`WebhookSecret`] is shared with the receiver of a tenant's webhook.
//!
//! Entropy and nonces are arguments. No secret type shows its content in `Debug`.

pub mod api_key;
mod master_key;
mod operator_token;
mod provider_credential;
mod sealed;
mod signed_payload;
mod webhook_secret;
mod worker_token;

pub use api_key::{ApiKeySecret, KeyHasher, KeyKind, MalformedKey};
pub use master_key::{MasterKey, MasterKeyError};
pub use operator_token::{OperatorToken, WeakToken};
pub use provider_credential::{AwsKeys, MalformedCredential, ProviderCredential, ServiceAccount};
pub use sealed::{DataKey, Keyring, OpenError, Sealing};
pub use signed_payload::{SigningSecret, TOLERANCE_SECONDS, Unbelieved, WeakSecret};
pub use webhook_secret::{MalformedWebhookSecret, WebhookSecret};
pub use worker_token::WorkerToken;
