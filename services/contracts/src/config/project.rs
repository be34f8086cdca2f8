//! The unit of scope inside a tenant, as a worker needs to know it.

use serde::{Deserialize, Serialize};

use super::{Constraints, Status};
use crate::ids::{OrganizationId, ProjectId};

/// How callers of OpenAI's APIs are told that a budget or prepaid credit is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetRefusals {
    /// 402 with the code `budget_exceeded`.
    #[default]
    PaymentRequired,
    /// As OpenAI says it: 429 with the code `insufficient_quota`, for clients that know no other.
    InsufficientQuota,
}

impl BudgetRefusals {
    /// Whether it is the one that nobody has to ask for.
    #[must_use]
    pub const fn is_usual(&self) -> bool {
        matches!(self, Self::PaymentRequired)
    }
}

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
    /// How callers of OpenAI's APIs are told that money is used up.
    #[serde(default, skip_serializing_if = "BudgetRefusals::is_usual")]
    pub budget_refusals: BudgetRefusals,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_from_before_the_constraints_reads_and_hashes_as_ever() {
        let text = r#"{"id":"prj_00000000000000000000000001","organization":"org_00000000000000000000000001","status":"active"}"#;
        let read: Project = serde_json::from_str(text).unwrap();
        assert!(read.constraints.are_none() && read.budget_refusals.is_usual());
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
