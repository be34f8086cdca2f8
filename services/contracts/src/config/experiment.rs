//! Several ways to serve the same requests side by side, so that they can be compared.

use serde::{Deserialize, Serialize};

/// What a rule compares: each unit of its requests belongs to one of the arms, for as long as weights do not move it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experiment {
    /// Draws are by this name: two experiments of one name draw alike, and of two names apart.
    pub name: String,
    /// What is kept together.
    pub unit: Unit,
    /// At least two.
    pub arms: Vec<Arm>,
}

/// One of the ways that are compared: the targets of the rule that name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// Unique in the experiment.
    pub name: String,
    /// Share of the units; 0 never serves.
    pub weight: u32,
}

/// What is drawn for. A request that does not say it is drawn for by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The session.
    Session,
    /// The end user.
    User,
    /// The key.
    Key,
    /// Each request.
    Request,
    /// The text of this header, one of those that conditions may read.
    Header(String),
    /// The text of this entry of its metadata.
    Metadata(String),
}

impl Unit {
    /// Its kind, as in the wire format.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::User => "user",
            Self::Key => "key",
            Self::Request => "request",
            Self::Header(_) => "header",
            Self::Metadata(_) => "metadata",
        }
    }
}
