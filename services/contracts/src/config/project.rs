//! The unit of scope inside a tenant, as a worker needs to know it.

use serde::{Deserialize, Serialize};

use super::{Constraints, Status};
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
    /// What every endpoint must satisfy that serves its calls.
    #[serde(default, skip_serializing_if = "Constraints::are_none")]
    pub constraints: Constraints,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_from_before_the_constraints_reads_and_hashes_as_ever() {
        let text = r#"{"id":"prj_00000000000000000000000001","organization":"org_00000000000000000000000001","status":"active"}"#;
        let read: Project = serde_json::from_str(text).unwrap();
        assert!(read.constraints.are_none());
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
