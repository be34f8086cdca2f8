//! Who does something, for which tenant, when and from where. Built by the extractors (or a background task), required
//! by every write.

use std::net::IpAddr;
use std::sync::Arc;

use sluicegate_contracts::ids::{ApiKeyId, ManagementKeyId, OrganizationId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::principal::Principal;

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    User(UserId),
    /// A program, by its management key.
    ManagementKey(ManagementKeyId),
    /// An application, by its inference key.
    ApiKey(ApiKeyId),
    /// A task of the product, by name.
    System(&'static str),
}

impl From<Principal> for Actor {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::Person(user) => Self::User(user),
            Principal::Key(key) => Self::ManagementKey(key),
        }
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its name in the log.
    pub request_id: Option<Arc<str>>,
    /// The client's address.
    pub address: Option<IpAddr>,
}

/// The circumstances of a write.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// Who.
    pub actor: Actor,
    /// For which tenant; `None` for the platform (then every row is visible).
    pub organization: Option<OrganizationId>,
    /// When.
    pub now: OffsetDateTime,
    /// From where.
    pub origin: Origin,
}

impl Ctx {
    /// The circumstances of a background task that writes for the whole platform.
    #[must_use]
    pub fn system(task: &'static str, now: OffsetDateTime) -> Self {
        Self {
            actor: Actor::System(task),
            organization: None,
            now,
            origin: Origin::default(),
        }
    }

    /// The circumstances of a background task that writes for one tenant.
    #[must_use]
    pub fn system_for(task: &'static str, organization: OrganizationId, now: OffsetDateTime) -> Self {
        Self {
            organization: Some(organization),
            ..Self::system(task, now)
        }
    }

    /// The person, when it is one.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        match self.actor {
            Actor::User(user) => Some(user),
            Actor::ManagementKey(_) | Actor::ApiKey(_) | Actor::System(_) => None,
        }
    }

    /// Whose requests are done at most once by an Idempotency-Key.
    #[must_use]
    pub fn requester(&self) -> Option<Uuid> {
        match self.actor {
            Actor::User(user) => Some(user.as_uuid()),
            Actor::ManagementKey(key) => Some(key.as_uuid()),
            Actor::ApiKey(key) => Some(key.as_uuid()),
            Actor::System(_) => None,
        }
    }
}
