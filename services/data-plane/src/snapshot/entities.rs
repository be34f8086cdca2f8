//! The entities in service, typed and linked, and which parts of the indexes a change touches.
//!
//! Owned by [`super::apply::State`]; it knows nothing of versions or messages. An entity that names a project of
//! another organization is linked to nothing, so it can never serve across tenants.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sluicegate_contracts::config::{
    ApiKey, Budget, Connection, Constraints, Endpoint, Entity, EntityKind, KeyDigest, Organization, Project,
    RateLimit, Route, Signal, StatedFacts,
};
use sluicegate_contracts::ids::{
    ApiKeyId, BudgetId, ConnectionId, EndpointId, OrganizationId, ProjectId, RateLimitId, RouteId, SignalId,
};
use sluicegate_credentials::{DataKey, Keyring};
use sluicegate_routing::Site;
use uuid::Uuid;

use super::index::{LiveConnection, LiveRoute};
use super::lineage::Lineage;
use super::prepare;

/// An entity and whether it must not serve.
pub(super) struct Held<T> {
    pub(super) entity: T,
    pub(super) blocked: bool,
}

pub(super) struct HeldConnection {
    pub(super) live: Arc<LiveConnection>,
    pub(super) blocked: bool,
    /// The newest body could not be prepared: try again when the organization changes.
    stale: bool,
}

/// What is kept of an organization.
pub(super) struct Tenant {
    /// None of its data keys could be opened yet.
    data_key: Option<DataKey>,
    pub(super) constraints: Arc<Constraints>,
    /// What it states of its accounts and models, the most particular first.
    pub(super) stated: Vec<StatedFacts>,
}

#[derive(Default)]
pub(super) struct OrganizationMembers {
    projects: BTreeSet<ProjectId>,
    pub(super) connections: BTreeSet<ConnectionId>,
    pub(super) budgets: BTreeSet<BudgetId>,
    pub(super) rate_limits: BTreeSet<RateLimitId>,
}

#[derive(Default)]
pub(super) struct ProjectMembers {
    pub(super) keys: BTreeSet<ApiKeyId>,
    pub(super) routes: BTreeSet<RouteId>,
    pub(super) signals: BTreeSet<SignalId>,
}

/// What the next snapshot must build anew.
#[derive(Default)]
pub(super) struct Touched {
    pub(super) digests: Vec<(KeyDigest, ApiKeyId)>,
    pub(super) keys: HashSet<ApiKeyId>,
    pub(super) views: HashSet<ProjectId>,
    pub(super) catalog: bool,
}

/// Every entity in service.
pub(super) struct Entities {
    keyring: Keyring,
    pub(super) organizations: HashMap<OrganizationId, Held<Tenant>>,
    pub(super) projects: HashMap<ProjectId, Held<Project>>,
    pub(super) keys: HashMap<ApiKeyId, Held<Arc<ApiKey>>>,
    pub(super) lineage: Lineage,
    pub(super) connections: HashMap<ConnectionId, HeldConnection>,
    /// Those that every organization may call through.
    pub(super) resold: BTreeSet<ConnectionId>,
    pub(super) routes: HashMap<RouteId, Held<Arc<LiveRoute>>>,
    pub(super) endpoints: BTreeMap<EndpointId, Held<Arc<Endpoint>>>,
    pub(super) budgets: HashMap<BudgetId, Arc<Budget>>,
    pub(super) rate_limits: HashMap<RateLimitId, Arc<RateLimit>>,
    pub(super) signals: HashMap<SignalId, Signal>,
    pub(super) in_organization: HashMap<OrganizationId, OrganizationMembers>,
    pub(super) in_project: HashMap<ProjectId, ProjectMembers>,
    pub(super) touched: Touched,
}

impl Entities {
    pub(super) fn new(keyring: Keyring) -> Self {
        Self {
            keyring,
            organizations: HashMap::new(),
            projects: HashMap::new(),
            keys: HashMap::new(),
            lineage: Lineage::default(),
            connections: HashMap::new(),
            resold: BTreeSet::new(),
            routes: HashMap::new(),
            endpoints: BTreeMap::new(),
            budgets: HashMap::new(),
            rate_limits: HashMap::new(),
            signals: HashMap::new(),
            in_organization: HashMap::new(),
            in_project: HashMap::new(),
            touched: Touched::default(),
        }
    }

    /// Puts an entity in service in place of the one before it.
    ///
    /// # Errors
    /// Why it cannot be put in service; the one before it stays.
    pub(super) fn put(&mut self, entity: Entity, blocked: bool) -> Result<(), String> {
        match entity {
            Entity::Organization(entity) => return self.put_organization(&entity, blocked),
            Entity::Project(entity) => self.put_project(entity, blocked),
            Entity::ApiKey(entity) => self.put_key(entity, blocked),
            Entity::Connection(entity) => return self.put_connection(entity, blocked),
            Entity::Route(entity) => return self.put_route(entity, blocked),
            Entity::Endpoint(entity) => {
                self.touched.catalog = true;
                self.endpoints.insert(
                    entity.id,
                    Held {
                        entity: Arc::new(entity),
                        blocked,
                    },
                );
            }
            Entity::Budget(entity) => self.put_budget(entity),
            Entity::RateLimit(entity) => self.put_rate_limit(entity),
            Entity::Signal(entity) => self.put_signal(entity),
        }
        Ok(())
    }

    /// Takes an entity out of service for good.
    pub(super) fn remove(&mut self, kind: EntityKind, id: Uuid) {
        match kind {
            EntityKind::Organization => {
                self.organizations.remove(&id.into());
                self.touch_organization(id.into());
            }
            EntityKind::Project => self.unlink_project(id.into()),
            EntityKind::ApiKey => self.unlink_key(id.into()),
            EntityKind::Connection => self.unlink_connection(id.into()),
            EntityKind::Route => self.unlink_route(id.into()),
            EntityKind::Endpoint => {
                self.endpoints.remove(&id.into());
                self.touched.catalog = true;
            }
            EntityKind::Budget => self.unlink_budget(id.into()),
            EntityKind::RateLimit => self.unlink_rate_limit(id.into()),
            EntityKind::Signal => self.unlink_signal(id.into()),
            EntityKind::Unknown => {}
        }
    }

    /// Takes an entity out of service although its newest body cannot be read.
    pub(super) fn block(&mut self, kind: EntityKind, id: Uuid) {
        match kind {
            EntityKind::Organization => {
                block(self.organizations.get_mut(&id.into()));
                self.touch_organization(id.into());
            }
            EntityKind::Project => {
                block(self.projects.get_mut(&id.into()));
                self.touch_project(id.into());
            }
            EntityKind::ApiKey => {
                block(self.keys.get_mut(&id.into()));
                self.touch_key(id.into());
            }
            EntityKind::Connection => {
                let id = id.into();
                if let Some(held) = self.connections.get_mut(&id) {
                    held.blocked = true;
                }
                self.touch_connection(id);
            }
            EntityKind::Route => {
                let id = id.into();
                block(self.routes.get_mut(&id));
                self.touch_route(id);
            }
            EntityKind::Endpoint => {
                block(self.endpoints.get_mut(&id.into()));
                self.touched.catalog = true;
            }
            // The one in force stays: a limit is never lifted because its newest body cannot be read.
            // A signal becomes stale by itself.
            EntityKind::Budget | EntityKind::RateLimit | EntityKind::Signal | EntityKind::Unknown => {}
        }
    }

    /// Connections of `organization` whose newest body waits for a data key that opens it.
    pub(super) fn stale_connections(&self, organization: OrganizationId) -> Vec<ConnectionId> {
        let members = self.in_organization.get(&organization);
        let connections = members.into_iter().flat_map(|members| &members.connections);
        connections
            .filter(|id| self.connections.get(id).is_some_and(|held| held.stale))
            .copied()
            .collect()
    }

    fn put_organization(&mut self, entity: &Organization, blocked: bool) -> Result<(), String> {
        let opened = prepare::data_key(&self.keyring, entity);
        let (data_key, outcome) = match opened {
            Ok(key) => (Some(key), Ok(())),
            Err(reason) => (None, Err(reason)),
        };
        // A data key that does not open stops new credentials, not the tenant: keys, routes and credentials that are
        // already open go on, and the status and the constraints that came with it count.
        let before = self.organizations.remove(&entity.id);
        let tenant = Tenant {
            data_key: data_key.or(before.and_then(|held| held.entity.data_key)),
            constraints: Arc::new(entity.constraints.clone()),
            stated: particular_first(entity.facts.clone()),
        };
        let held = Held {
            entity: tenant,
            blocked,
        };
        self.organizations.insert(entity.id, held);
        self.touch_organization(entity.id);
        self.touch_resold_by(entity.id);
        outcome
    }

    fn put_project(&mut self, entity: Project, blocked: bool) {
        self.unlink_project(entity.id);
        self.in_organization
            .entry(entity.organization)
            .or_default()
            .projects
            .insert(entity.id);
        let id = entity.id;
        self.projects.insert(id, Held { entity, blocked });
        self.touch_project(id);
    }

    fn put_connection(&mut self, entity: Connection, blocked: bool) -> Result<(), String> {
        let id = entity.id;
        let organization = self.organizations.get(&entity.organization);
        let key = organization.and_then(|held| held.entity.data_key.as_ref());
        let (live, outcome) = match prepare::connection(entity.clone(), key) {
            Ok(live) => (live, Ok(())),
            Err(reason) => {
                if let Some(held) = self.connections.get_mut(&id) {
                    held.stale = true;
                    held.blocked |= blocked;
                    self.touch_connection(id);
                    return Err(reason);
                }
                (
                    LiveConnection {
                        site: Site::of(&entity),
                        connection: entity,
                        account: None,
                        stated: Arc::default(),
                    },
                    Err(reason),
                )
            }
        };
        self.unlink_connection(id);
        let members = self
            .in_organization
            .entry(live.connection.organization)
            .or_default();
        members.connections.insert(id);
        if live.connection.resale.is_some() {
            self.resold.insert(id);
        }
        let held = HeldConnection {
            live: Arc::new(live),
            blocked,
            stale: outcome.is_err(),
        };
        self.connections.insert(id, held);
        self.touch_connection(id);
        outcome
    }

    fn put_route(&mut self, route: Route, blocked: bool) -> Result<(), String> {
        let (id, project) = (route.id, route.project);
        let entity = LiveRoute::open(route)?;
        self.unlink_route(id);
        self.in_project.entry(project).or_default().routes.insert(id);
        self.routes.insert(
            id,
            Held {
                entity: Arc::new(entity),
                blocked,
            },
        );
        self.touch_route(id);
        Ok(())
    }

    fn put_signal(&mut self, entity: Signal) {
        self.unlink_signal(entity.id);
        let (id, project) = (entity.id, entity.project);
        self.in_project.entry(project).or_default().signals.insert(id);
        self.signals.insert(id, entity);
        self.touched.views.insert(project);
    }

    fn put_budget(&mut self, entity: Budget) {
        self.unlink_budget(entity.id);
        let organization = entity.organization;
        let members = self.in_organization.entry(organization).or_default();
        members.budgets.insert(entity.id);
        self.budgets.insert(entity.id, Arc::new(entity));
        self.touch_organization(organization);
    }

    fn put_rate_limit(&mut self, entity: RateLimit) {
        self.unlink_rate_limit(entity.id);
        let organization = entity.organization;
        let members = self.in_organization.entry(organization).or_default();
        members.rate_limits.insert(entity.id);
        self.rate_limits.insert(entity.id, Arc::new(entity));
        self.touch_organization(organization);
    }

    fn unlink_budget(&mut self, id: BudgetId) {
        let Some(budget) = self.budgets.remove(&id) else {
            return;
        };
        if let Some(members) = self.in_organization.get_mut(&budget.organization) {
            members.budgets.remove(&id);
        }
        self.touch_organization(budget.organization);
    }

    fn unlink_rate_limit(&mut self, id: RateLimitId) {
        let Some(limit) = self.rate_limits.remove(&id) else {
            return;
        };
        if let Some(members) = self.in_organization.get_mut(&limit.organization) {
            members.rate_limits.remove(&id);
        }
        self.touch_organization(limit.organization);
    }

    fn unlink_project(&mut self, id: ProjectId) {
        self.touch_project(id);
        if let Some(held) = self.projects.remove(&id)
            && let Some(members) = self.in_organization.get_mut(&held.entity.organization)
        {
            members.projects.remove(&id);
        }
    }

    fn unlink_connection(&mut self, id: ConnectionId) {
        self.touch_connection(id);
        self.resold.remove(&id);
        if let Some(held) = self.connections.remove(&id)
            && let Some(members) = self.in_organization.get_mut(&held.live.connection.organization)
        {
            members.connections.remove(&id);
        }
    }

    fn unlink_route(&mut self, id: RouteId) {
        self.touch_route(id);
        if let Some(held) = self.routes.remove(&id)
            && let Some(members) = self.in_project.get_mut(&held.entity.route.project)
        {
            members.routes.remove(&id);
        }
    }

    fn unlink_signal(&mut self, id: SignalId) {
        let Some(signal) = self.signals.remove(&id) else {
            return;
        };
        if let Some(members) = self.in_project.get_mut(&signal.project) {
            members.signals.remove(&id);
        }
        self.touched.views.insert(signal.project);
    }

    fn touch_organization(&mut self, id: OrganizationId) {
        let members = self.in_organization.get(&id);
        let projects: Vec<_> = members
            .into_iter()
            .flat_map(|members| &members.projects)
            .copied()
            .collect();
        for project in projects {
            self.touch_project(project);
        }
    }

    /// What an organization states of an account that it resells counts for everybody who calls through it.
    fn touch_resold_by(&mut self, id: OrganizationId) {
        let members = self.in_organization.get(&id);
        let mut connections = members.into_iter().flat_map(|members| &members.connections);
        if connections.any(|connection| self.resold.contains(connection)) {
            self.touched.views.extend(self.projects.keys());
        }
    }

    fn touch_project(&mut self, id: ProjectId) {
        self.touched.views.insert(id);
        let members = self.in_project.get(&id);
        self.touched
            .keys
            .extend(members.into_iter().flat_map(|members| &members.keys));
    }

    fn touch_connection(&mut self, id: ConnectionId) {
        let Some(held) = self.connections.get(&id) else {
            return;
        };
        let connection = &held.live.connection;
        if self.resold.contains(&id) {
            self.touched.views.extend(self.projects.keys());
        }
        match connection.project {
            Some(project) => {
                self.touched.views.insert(project);
            }
            None => {
                let members = self.in_organization.get(&connection.organization);
                self.touched
                    .views
                    .extend(members.into_iter().flat_map(|members| &members.projects));
            }
        }
    }

    fn touch_route(&mut self, id: RouteId) {
        if let Some(held) = self.routes.get(&id) {
            self.touched.views.insert(held.entity.route.project);
        }
    }
}

fn particular_first(mut stated: Vec<StatedFacts>) -> Vec<StatedFacts> {
    stated.sort_by_key(|it| std::cmp::Reverse(it.about.particularity()));
    stated
}

fn block<T>(held: Option<&mut Held<T>>) {
    if let Some(held) = held {
        held.blocked = true;
    }
}
