//! Builds what requests look up from the entities a change has touched.

use std::collections::HashMap;
use std::sync::Arc;

use sluicegate_contracts::config::{About, ApiKey, StatedFacts, Status};
use sluicegate_contracts::ids::{OrganizationId, ProjectId};
use sluicegate_routing::rules::Signals;

use super::budgets::BudgetIndex;
use super::catalog::Catalog;
use super::entities::{Entities, Held};
use super::index::{Blocked, Grant, LiveConnection, LiveRoute, ProjectView, Snapshot};
use crate::limits::index::LimitIndex;

impl Entities {
    /// Builds anew, in `next`, what changes since the last call have touched.
    pub(super) fn refresh(&mut self, next: &mut Snapshot) {
        let touched = std::mem::take(&mut self.touched);
        for (digest, key) in touched.digests {
            if next.grants.get(&digest).is_some_and(|grant| grant.key.id == key) {
                next.grants.set(digest, None);
            }
        }
        for held in touched.keys.iter().filter_map(|id| self.keys.get(id)) {
            let narrowed = self.usable(held).and_then(|()| self.narrowed(&held.entity));
            let usable = narrowed.as_ref().map(drop).map_err(|blocked| *blocked);
            let key = narrowed.unwrap_or_else(|_| Arc::clone(&held.entity));
            let constraints = self.constraints_of(&held.entity);
            for secret in &held.entity.secrets {
                let (key, constraints) = (Arc::clone(&key), Arc::clone(&constraints));
                next.grants.set(
                    secret.digest,
                    Some(Grant {
                        key,
                        constraints,
                        valid_until: secret.valid_until,
                        usable,
                    }),
                );
            }
        }
        for project in touched.views {
            next.projects.set(project, self.view(project).map(Arc::new));
        }
        if touched.catalog {
            let active = self.endpoints.values().filter(|held| !held.blocked);
            next.catalog = Arc::new(Catalog::index(active.map(|held| Arc::clone(&held.entity))));
        }
    }

    fn usable(&self, key: &Held<Arc<ApiKey>>) -> Result<(), Blocked> {
        if key.blocked {
            return Err(Blocked::Key);
        }
        match self.projects.get(&key.entity.project) {
            Some(project) if !project.blocked && project.entity.organization == key.entity.organization => {}
            Some(_) | None => return Err(Blocked::Project),
        }
        match self.organizations.get(&key.entity.organization) {
            Some(organization) if !organization.blocked => Ok(()),
            Some(_) | None => Err(Blocked::Organization),
        }
    }

    fn view(&self, id: ProjectId) -> Option<ProjectView> {
        let project = self.projects.get(&id)?.entity.clone();
        let organization = project.organization;
        let tenant = self.organizations.get(&organization);
        let members = self.in_organization.get(&organization);
        let mut connections: Vec<_> = members
            .into_iter()
            .flat_map(|members| &members.connections)
            .filter_map(|id| self.connections.get(id))
            .filter(|held| !held.blocked && held.live.connection.project.is_none_or(|of| of == id))
            .map(|held| self.with_facts(&held.live))
            .collect();
        connections.sort_by_key(|live| (live.connection.priority, live.connection.id));
        connections.extend(self.resold_to(organization));
        let members = self.in_project.get(&id);
        let routes = members
            .into_iter()
            .flat_map(|members| &members.routes)
            .filter_map(|id| self.routes.get(id))
            .filter(|held| !held.blocked && held.entity.route.organization == organization)
            .map(|held| &held.entity);
        Some(ProjectView {
            organization,
            organization_constraints: tenant
                .map(|held| Arc::clone(&held.entity.constraints))
                .unwrap_or_default(),
            project,
            routes: by_name(routes),
            connections,
            budgets: self.budgets_over(organization, id),
            rate_limits: self.rate_limits_over(organization, id),
            signals: self.signals_of(organization, id),
        })
    }

    /// A connection with what its owner states that can be about it.
    fn with_facts(&self, live: &Arc<LiveConnection>) -> Arc<LiveConnection> {
        let connection = &live.connection;
        let owner = self.organizations.get(&connection.organization);
        let stated = owner.into_iter().flat_map(|held| &held.entity.stated);
        let is_about = |about: &About| {
            about
                .provider
                .as_ref()
                .is_none_or(|it| *it == connection.provider)
                && about.connection.is_none_or(|it| it == connection.id)
        };
        let stated: Vec<StatedFacts> = stated.filter(|it| is_about(&it.about)).cloned().collect();
        if stated.is_empty() {
            return Arc::clone(live);
        }
        Arc::new(LiveConnection {
            stated: stated.into(),
            ..LiveConnection::clone(live)
        })
    }

    /// The host's accounts that this organization may call through. They come after its own, whatever their priority:
    /// nobody pays the host for what their own account can serve.
    fn resold_to(&self, organization: OrganizationId) -> Vec<Arc<LiveConnection>> {
        let resold = self.resold.iter().filter_map(|id| self.connections.get(id));
        let mut resold: Vec<_> = resold
            .filter(|held| !held.blocked && held.live.connection.organization != organization)
            .map(|held| self.with_facts(&held.live))
            .collect();
        resold.sort_by_key(|live| (live.connection.priority, live.connection.id));
        resold
    }

    fn signals_of(&self, organization: OrganizationId, project: ProjectId) -> Signals {
        let members = self.in_project.get(&project);
        let signals = members.into_iter().flat_map(|members| &members.signals);
        signals
            .filter_map(|id| self.signals.get(id))
            .filter(|signal| signal.organization == organization)
            .collect()
    }

    fn budgets_over(&self, organization: OrganizationId, project: ProjectId) -> BudgetIndex {
        let members = self.in_organization.get(&organization);
        let budgets = members.into_iter().flat_map(|members| &members.budgets);
        let in_force = budgets
            .filter_map(|id| self.budgets.get(id))
            .filter(|budget| budget.status == Status::Active)
            .filter(|budget| budget.scope.project.is_none_or(|of| of == project));
        BudgetIndex::of(in_force.map(Arc::clone))
    }

    fn rate_limits_over(&self, organization: OrganizationId, project: ProjectId) -> LimitIndex {
        let members = self.in_organization.get(&organization);
        let limits = members.into_iter().flat_map(|members| &members.rate_limits);
        let limits = limits
            .filter_map(|id| self.rate_limits.get(id))
            .filter(|limit| limit.status == Status::Active)
            .filter(|limit| limit.scope.project.is_none_or(|of| of == project));
        LimitIndex::new(limits.map(Arc::clone))
    }
}

/// `routes` come by id, oldest first: of two claims to a name the older one wins, and a slug wins over any alias.
fn by_name<'a>(routes: impl Iterator<Item = &'a Arc<LiveRoute>> + Clone) -> HashMap<String, Arc<LiveRoute>> {
    let mut names: HashMap<String, Arc<LiveRoute>> = HashMap::new();
    for route in routes.clone() {
        names
            .entry(format!("route/{}", route.route.slug))
            .or_insert_with(|| Arc::clone(route));
    }
    for route in routes {
        for alias in &route.route.aliases {
            names.entry(alias.clone()).or_insert_with(|| Arc::clone(route));
        }
    }
    names
}
