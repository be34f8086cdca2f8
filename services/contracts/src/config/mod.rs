//! The entities a control plane publishes and a worker serves from. One file per entity.
//!
//! An event always carries the whole state of one entity, never a difference, so repeats and reordering are
//! harmless: per entity the highest version wins.

pub mod api_key;
pub mod budget;
pub mod budget_call;
pub mod connection;
pub mod constraints;
pub mod endpoint;
pub mod experiment;
pub mod facts;
pub mod hedge;
pub mod model_pattern;
pub mod organization;
pub mod price;
pub mod project;
pub mod provider;
pub mod rate_limit;
pub mod route;
pub mod signal;
pub mod stated_facts;

pub use api_key::{ApiKey, ApiKeyStatus, KeyDigest, KeySecret, MAX_ANCESTORS};
pub use budget::{
    Adjusted, AdjustedShare, Budget, BudgetScope, Counts, Enforcement, OnExceed, Partition, Period,
    UnknownPrice,
};
pub use budget_call::BudgetCall;
pub use connection::{Connection, ProviderSettings, Resale, SealedText};
pub use constraints::{Choice, Constraints, Level, PriceCeiling};
pub use endpoint::{Endpoint, Operation};
pub use experiment::{Arm, Experiment, Unit};
pub use facts::{Facts, MalformedPlace, Place, Quantization};
pub use hedge::{Hedge, HedgeAfter};
pub use model_pattern::{allowed_by_both, model_matches, pattern_covers};
pub use organization::Organization;
pub use price::{Fees, Margin, PriceCard, PriceTier, PriceWindow, Rates};
pub use project::{BudgetRefusals, Project};
pub use provider::{CredentialKind, ProviderId, UnknownProvider};
pub use rate_limit::{RateLimit, RateMetric, RateScope};
pub use route::{RetryPolicy, Rollout, Route, RouteTarget, Rule, Strategy};
pub use signal::{Signal, SignalValue};
pub use stated_facts::{About, StatedFacts};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Kind of a configuration entity. The text names are wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// [`Organization`].
    Organization,
    /// [`Project`].
    Project,
    /// [`ApiKey`].
    ApiKey,
    /// [`Connection`].
    Connection,
    /// [`Route`].
    Route,
    /// [`Endpoint`].
    Endpoint,
    /// [`Budget`].
    Budget,
    /// [`RateLimit`].
    RateLimit,
    /// [`Signal`].
    Signal,
    /// Written by a newer release; a reader keeps it for the state hash and serves without it.
    #[serde(other)]
    Unknown,
}

impl EntityKind {
    /// Every kind that this release knows.
    pub const ALL: [Self; 9] = [
        Self::Organization,
        Self::Project,
        Self::ApiKey,
        Self::Connection,
        Self::Route,
        Self::Endpoint,
        Self::Budget,
        Self::RateLimit,
        Self::Signal,
    ];

    /// The kind with this name; one of a newer release is not known.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.as_str() == name).unwrap_or(Self::Unknown)
    }

    /// The wire and storage name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Project => "project",
            Self::ApiKey => "api_key",
            Self::Connection => "connection",
            Self::Route => "route",
            Self::Endpoint => "endpoint",
            Self::Budget => "budget",
            Self::RateLimit => "rate_limit",
            Self::Signal => "signal",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether an entity may serve. Anything but `Active` refuses traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In service.
    Active,
    /// Taken out of service; can be enabled again.
    Disabled,
}

/// The whole state of one configuration entity.
#[derive(Debug, Clone, PartialEq)]
pub enum Entity {
    /// A tenant.
    Organization(Organization),
    /// A project of a tenant.
    Project(Project),
    /// An inference key.
    ApiKey(ApiKey),
    /// An account at a provider.
    Connection(Connection),
    /// A routing policy.
    Route(Route),
    /// A catalog row.
    Endpoint(Endpoint),
    /// A limit of spend.
    Budget(Budget),
    /// A limit of requests, tokens or concurrency.
    RateLimit(RateLimit),
    /// A value pushed from outside.
    Signal(Signal),
}

impl Entity {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> EntityKind {
        match self {
            Self::Organization(_) => EntityKind::Organization,
            Self::Project(_) => EntityKind::Project,
            Self::ApiKey(_) => EntityKind::ApiKey,
            Self::Connection(_) => EntityKind::Connection,
            Self::Route(_) => EntityKind::Route,
            Self::Endpoint(_) => EntityKind::Endpoint,
            Self::Budget(_) => EntityKind::Budget,
            Self::RateLimit(_) => EntityKind::RateLimit,
            Self::Signal(_) => EntityKind::Signal,
        }
    }

    /// Its id, unique within its kind.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Organization(entity) => entity.id.as_uuid(),
            Self::Project(entity) => entity.id.as_uuid(),
            Self::ApiKey(entity) => entity.id.as_uuid(),
            Self::Connection(entity) => entity.id.as_uuid(),
            Self::Route(entity) => entity.id.as_uuid(),
            Self::Endpoint(entity) => entity.id.as_uuid(),
            Self::Budget(entity) => entity.id.as_uuid(),
            Self::RateLimit(entity) => entity.id.as_uuid(),
            Self::Signal(entity) => entity.id.as_uuid(),
        }
    }

    /// Whether workers must refuse to serve it (see [`crate::event::ConfigEvent::blocked`]).
    #[must_use]
    pub fn blocked(&self) -> bool {
        match self {
            Self::Organization(entity) => entity.status != Status::Active,
            Self::Project(entity) => entity.status != Status::Active,
            Self::ApiKey(entity) => entity.status != ApiKeyStatus::Active,
            Self::Connection(entity) => entity.status != Status::Active,
            // A limit that cannot be read must not be taken for one that is out of force, nor stop what it limits.
            Self::Route(_) | Self::Budget(_) | Self::RateLimit(_) | Self::Signal(_) => false,
            Self::Endpoint(entity) => entity.status != Status::Active,
        }
    }

    /// The JSON body that is stored, hashed and sent.
    ///
    /// # Errors
    /// When serialization fails, which plain data never does; kept as an error so that no caller must panic.
    pub fn to_body(&self) -> serde_json::Result<String> {
        match self {
            Self::Organization(entity) => serde_json::to_string(entity),
            Self::Project(entity) => serde_json::to_string(entity),
            Self::ApiKey(entity) => serde_json::to_string(entity),
            Self::Connection(entity) => serde_json::to_string(entity),
            Self::Route(entity) => serde_json::to_string(entity),
            Self::Endpoint(entity) => serde_json::to_string(entity),
            Self::Budget(entity) => serde_json::to_string(entity),
            Self::RateLimit(entity) => serde_json::to_string(entity),
            Self::Signal(entity) => serde_json::to_string(entity),
        }
    }

    /// Reads a body of the given kind. `Ok(None)` for a kind this release does not know.
    ///
    /// # Errors
    /// When the body does not fit the kind: the reader then keeps the entity it has and reports the refusal.
    pub fn from_body(kind: EntityKind, body: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match kind {
            EntityKind::Organization => Self::Organization(serde_json::from_str(body)?),
            EntityKind::Project => Self::Project(serde_json::from_str(body)?),
            EntityKind::ApiKey => Self::ApiKey(serde_json::from_str(body)?),
            EntityKind::Connection => Self::Connection(serde_json::from_str(body)?),
            EntityKind::Route => Self::Route(serde_json::from_str(body)?),
            EntityKind::Endpoint => Self::Endpoint(serde_json::from_str(body)?),
            EntityKind::Budget => Self::Budget(serde_json::from_str(body)?),
            EntityKind::RateLimit => Self::RateLimit(serde_json::from_str(body)?),
            EntityKind::Signal => Self::Signal(serde_json::from_str(body)?),
            EntityKind::Unknown => return Ok(None),
        }))
    }
}
