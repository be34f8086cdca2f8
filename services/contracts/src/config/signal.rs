//! A signal: a named value that a tenant pushes from outside, for conditions of its routes.

use serde::{Deserialize, Serialize};

use crate::ids::{OrganizationId, ProjectId, SignalId};
use crate::time::UnixMillis;

/// The value of a signal. Its JSON form is the value itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SignalValue {
    /// True or false.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// A signal at its newest value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Its id.
    pub id: SignalId,
    /// The tenant that owns its project.
    pub organization: OrganizationId,
    /// The project whose routes can ask for it.
    pub project: ProjectId,
    /// Unique in the project.
    pub name: String,
    /// What was pushed last.
    pub value: SignalValue,
    /// When the value becomes stale: a condition then takes the one it names itself.
    pub good_until: UnixMillis,
}
