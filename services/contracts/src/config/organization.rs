//! The tenant, as a worker needs to know it.

use serde::{Deserialize, Serialize};

use super::{Constraints, SealedText, StatedFacts, Status};
use crate::ids::OrganizationId;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// A suspended (disabled) organization serves nothing.
    pub status: Status,
    /// The tenant's data key, wrapped by the key-encryption key; opens the credentials of its connections.
    pub data_key: SealedText,
    /// What every endpoint must satisfy that serves its calls.
    #[serde(default, skip_serializing_if = "Constraints::are_none")]
    pub constraints: Constraints,
    /// What it states of its accounts and models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<StatedFacts>,
}
