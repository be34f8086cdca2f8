//! The unit of scope inside a tenant, as a worker needs to know it.

use serde::{Deserialize, Serialize};

use super::Status;
use crate::ids::{OrganizationId, ProjectId};

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// The tenant that owns it.
    pub organization: OrganizationId,
    /// A disabled project serves nothing.
    pub status: Status,
}
