//! What a request looks up: key digest to grant, project to its routes and connections, the catalog.
//!
//! Everything here is immutable once published. Built by [`super::apply`], read by the pipeline.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use sluicegate_contracts::config::{
    ApiKey, Connection, Constraints, Entity, KeyDigest, Project, ProviderId, Route, Rule, StatedFacts,
};
use sluicegate_contracts::event::{ConfigEvent, ConfigHead, ConfigVersion, RefusedEntity};
use sluicegate_contracts::ids::{ConnectionId, OrganizationId, ProjectId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::{SCHEMA_VERSION, worker::Refusal};
use sluicegate_credentials::Keyring;
use sluicegate_routing::rollout::serves;
use sluicegate_routing::rules::facts::LANGUAGE;
use sluicegate_routing::rules::{Condition, Question, Signals};
use sluicegate_routing::{Seed, Site};

use super::apply::State;
use super::budgets::BudgetIndex;
use super::catalog::Catalog;
use super::sharded::{ShardedMap, Spread};
use crate::limits::index::LimitIndex;
use crate::upstream::Account;

/// The configuration at one version.
#[derive(Clone, Default)]
pub struct Snapshot {
    pub(super) head: ConfigHead,
    pub(super) grants: ShardedMap<KeyDigest, Grant>,
    pub(super) projects: ShardedMap<ProjectId, Arc<ProjectView>>,
    pub(super) catalog: Arc<Catalog>,
}

/// What one secret of a key allows.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The key the secret belongs to, as the keys it derives from leave it.
    pub key: Arc<ApiKey>,
    /// The constraints of the key and of those it derives from; those that state none are left out.
    pub constraints: Arc<[Constraints]>,
    /// End of the secret's own validity, while a rotation overlaps.
    pub valid_until: Option<UnixMillis>,
    /// Whether the key, those it derives from, its project and its organization are in service. Says nothing of time: see
    /// [`Grant::check`].
    pub usable: Result<(), Blocked>,
}

/// Why a known secret may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// The key is switched off.
    Key,
    /// A key it derives from is switched off, or not known here.
    Ancestor,
    /// The keys it derives from allow none of its models.
    NoModel,
    /// The key's project is switched off, or not known here.
    Project,
    /// The organization is suspended, or not known here.
    Organization,
    /// The key, or this secret of it, has expired.
    Expired,
}

/// One project as the pipeline needs it.
#[derive(Debug, Clone)]
pub struct ProjectView {
    /// The tenant that owns it.
    pub organization: OrganizationId,
    /// What that one demands of every endpoint.
    pub organization_constraints: Arc<Constraints>,
    /// The project.
    pub project: Project,
    /// Routes by callable name: `route/<slug>`, and each alias that no slug or older route claims.
    pub routes: HashMap<String, Arc<LiveRoute>>,
    /// The project's and the organization's connections in service, by priority, then by id; after them those of the host
    /// that are resold.
    pub connections: Vec<Arc<LiveConnection>>,
    /// Budgets in force over the organization or this project.
    pub budgets: BudgetIndex,
    /// Rate limits in force over the organization or this project.
    pub rate_limits: LimitIndex,
    /// What was pushed from outside for the conditions of its routes.
    pub signals: Signals,
}

/// A route as it decides, at one version; with the one that is being rolled out beside it.
#[derive(Debug, Clone)]
pub struct LiveRoute {
    /// The route.
    pub route: Route,
    /// The condition of each of its rules.
    conditions: Vec<Option<Condition>>,
    /// What these ask of endpoints and budgets, each once.
    questions: Box<[Question]>,
    /// Whether one of them asks for the language of a request.
    asks_for_language: bool,
    /// The version that is being rolled out.
    rollout: Option<Box<LiveRollout>>,
}

/// A version that serves a share of what comes to a route.
#[derive(Debug, Clone)]
struct LiveRollout {
    /// The route as that version has it.
    route: LiveRoute,
    /// How many of 100 it serves.
    percent: u8,
}

impl LiveRoute {
    /// Reads the conditions, once for all requests.
    ///
    /// # Errors
    /// The first condition that this release cannot read.
    pub fn open(mut route: Route) -> Result<Self, String> {
        let rollout = route.rollout.take().map(|newer| {
            let percent = newer.percent;
            let route = Route {
                version: newer.version,
                rules: newer.rules,
                ..route.clone()
            };
            Ok::<_, String>(Box::new(LiveRollout {
                route: Self::open(route)?,
                percent,
            }))
        });
        let read = |rule: &Rule| {
            let condition = rule.when.as_deref().map(Condition::read).transpose();
            condition.map_err(|mistake| format!("rule {:?}, {mistake}", rule.name))
        };
        let conditions: Vec<Option<Condition>> = route.rules.iter().map(read).collect::<Result<_, _>>()?;
        let asked = conditions.iter().flatten().flat_map(Condition::questions);
        let questions: BTreeSet<&Question> = asked.collect();
        let asks_for_language = conditions
            .iter()
            .flatten()
            .any(|it| it.asked().contains(LANGUAGE));
        Ok(Self {
            asks_for_language,
            questions: questions.into_iter().cloned().collect(),
            route,
            conditions,
            rollout: rollout.transpose()?,
        })
    }

    /// The version that serves what belongs to `whom`, who is asked for only while one is being rolled out.
    #[must_use]
    pub fn serving(&self, whom: impl FnOnce() -> Seed) -> &Self {
        match &self.rollout {
            Some(newer) if serves(self.route.id, newer.route.route.version, newer.percent, whom()) => {
                &newer.route
            }
            Some(_) | None => self,
        }
    }

    /// What is to be known of endpoints and budgets before a rule can be chosen.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Whether a request's language is to be known before a rule can be chosen.
    #[must_use]
    pub const fn asks_for_language(&self) -> bool {
        self.asks_for_language
    }

    /// The first rule whose condition `holds`, or that has none.
    pub fn deciding(&self, mut holds: impl FnMut(&Condition) -> bool) -> Option<&Rule> {
        let mut rules = self.route.rules.iter().zip(&self.conditions);
        rules
            .find(|(_, condition)| condition.as_ref().is_none_or(&mut holds))
            .map(|(rule, _)| rule)
    }
}

/// A connection as it can be called.
#[derive(Debug, Clone)]
pub struct LiveConnection {
    /// The connection.
    pub connection: Connection,
    /// What kind of place it leads to.
    pub site: Site,
    /// The account with its credential opened; `None` when it could not be, so that the connection cannot be used.
    pub account: Option<Account>,
    /// What its owner states of accounts and models, the most particular first.
    pub stated: Arc<[StatedFacts]>,
}

impl LiveConnection {
    /// Whether its models are called `<slug>/<model>`, because no catalog knows them.
    #[must_use]
    pub fn names_its_own_models(&self) -> bool {
        let provider = self.connection.provider.parse::<ProviderId>();
        provider.is_ok_and(ProviderId::names_its_own_models)
    }
}

impl Grant {
    /// Whether this secret may be used at `now`.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, now: UnixMillis) -> Result<(), Blocked> {
        self.usable?;
        let over = |end: Option<UnixMillis>| end.is_some_and(|end| end <= now);
        if over(self.valid_until) || over(self.key.expires_at) {
            return Err(Blocked::Expired);
        }
        Ok(())
    }
}

impl Snapshot {
    /// Version and hash of the state this was built from.
    #[must_use]
    pub const fn head(&self) -> ConfigHead {
        self.head
    }

    /// What the secret with this digest allows; `None` when no key has it.
    #[must_use]
    pub fn grant(&self, digest: &KeyDigest) -> Option<&Grant> {
        self.grants.get(digest)
    }

    /// A project by id. A project that is switched off is still here: grants say whether it may serve.
    #[must_use]
    pub fn project(&self, project: ProjectId) -> Option<&ProjectView> {
        self.projects.get(&project).map(|view| &**view)
    }

    /// A connection in service by id. Looks through every project: for connection tests, not for the request path.
    #[must_use]
    pub fn connection(&self, connection: ConnectionId) -> Option<&LiveConnection> {
        let connections = self.projects.values().flat_map(|project| &project.connections);
        connections
            .map(AsRef::as_ref)
            .find(|live| live.connection.id == connection)
    }

    /// The model catalog.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// How many secrets are known.
    #[must_use]
    pub fn grants(&self) -> usize {
        self.grants.len()
    }

    /// How many projects are known.
    #[must_use]
    pub fn projects(&self) -> usize {
        self.projects.len()
    }

    /// A snapshot of `entities`, published one after the other from version 1. For tests and demonstrations.
    ///
    /// # Errors
    /// The first entity that is refused, as a worker would refuse it.
    pub fn from_entities(
        keyring: &Keyring,
        entities: impl IntoIterator<Item = Entity>,
    ) -> Result<Self, RefusedEntity> {
        let mut state = State::new(keyring.clone());
        for entity in entities {
            let version = state.head().version.next();
            state.offer(published(&entity, version)?);
        }
        let snapshot = state.publish(&Self::default());
        match state.refusals().first() {
            Some(Refusal {
                kind,
                id,
                version,
                reason,
            }) => Err(RefusedEntity {
                kind: kind.clone(),
                id: *id,
                version: *version,
                reason: reason.clone(),
            }),
            None => Ok(snapshot),
        }
    }
}

fn published(entity: &Entity, version: ConfigVersion) -> Result<ConfigEvent, RefusedEntity> {
    let kind = entity.kind().as_str().to_owned();
    let unwritable = |error: serde_json::Error| RefusedEntity {
        kind: kind.clone(),
        id: entity.id(),
        version,
        reason: error.to_string(),
    };
    let body = entity
        .to_body()
        .and_then(serde_json::value::RawValue::from_string);
    Ok(ConfigEvent {
        schema: SCHEMA_VERSION,
        version,
        kind: kind.clone(),
        id: entity.id(),
        blocked: entity.blocked(),
        body: Some(body.map_err(unwritable)?),
    })
}

/// Digests are evenly spread in every byte.
impl Spread for KeyDigest {
    fn shard(&self) -> u8 {
        self.as_bytes()[0]
    }
}

/// The last byte of a time-ordered UUID is random.
impl Spread for ProjectId {
    fn shard(&self) -> u8 {
        self.as_uuid().as_bytes()[15]
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Snapshot(version {}, {} grants)",
            self.head.version.0,
            self.grants.len()
        )
    }
}
