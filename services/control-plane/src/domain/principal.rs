//! Who may act for organizations: a person, or a program with a management key.

use sluicegate_contracts::ids::{ManagementKeyId, UserId};
use uuid::Uuid;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// A person who is signed in.
    Person(UserId),
    /// A program with a management key.
    Key(ManagementKeyId),
}

impl Principal {
    /// What grants name it by.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        match self {
            Self::Person(user) => user.as_uuid(),
            Self::Key(key) => key.as_uuid(),
        }
    }
}
