//! A credentialed account at a provider, as workers know it: the credential is sealed.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Status;
use crate::ids::{ConnectionId, OrganizationId, ProjectId};

/// Ciphertext in text form, opened only by `credentials::sealed`. Debug shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedText(pub String);

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedText(..)")
    }
}

/// An account at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its id; part of what the credential is sealed to.
    pub id: ConnectionId,
    /// The tenant that owns it.
    pub organization: OrganizationId,
    /// The project it serves; `None`: every project of the organization.
    pub project: Option<ProjectId>,
    /// Name within its scope; callers reach models of a compatible server as `<slug>/<model>`.
    pub slug: String,
    /// Provider id as in the catalog (`openai`, `groq`, …) or `openai-compatible`.
    pub provider: String,
    /// Base URL including the version path, without a trailing slash (`https://api.openai.com/v1`).
    pub base_url: Url,
    /// The sealed credential; `None` for servers that need none.
    pub credential: Option<SealedText>,
    /// Whether it may be used.
    pub status: Status,
    /// Lower is tried first among connections that reach the same model.
    pub priority: i32,
}
