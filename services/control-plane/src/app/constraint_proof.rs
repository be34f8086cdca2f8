//! Gathers everything that a call of a project can reach, and has `routing` prove what can and cannot be.
//!
//! Names of models and routes are left aside: any name may lead to any model over any account of the project, so that the
//! proof holds whatever routes say and keys may ask for.

use std::cmp::Reverse;

use sluicegate_contracts::config::{
    Connection as Account, Constraints, Endpoint, Level, ProviderId, StatedFacts,
};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::proof::{Proof, prove, representatives};
use sluicegate_routing::{Candidate, Credential, Demand, Target};

use crate::error::{Error, Result};
use crate::store::{
    Connection, Lock, api_keys, catalog, connections, derived_keys, fact_statements, organizations, projects,
};

/// More accounts than a project has.
const ALL_ACCOUNTS: i64 = 10_000;

/// An account that calls can go through.
#[derive(Debug)]
struct Reachable {
    account: Account,
    /// What its owner states, the most particular first.
    stated: Vec<StatedFacts>,
    /// The models that may be asked of it, where it names its own: one of each class that patterns tell apart.
    names: Vec<String>,
}

/// What is in force over the calls of a project, outermost first.
pub type Levels = Vec<(Level, Constraints)>;

/// Everything that calls of a project can reach.
#[derive(Debug, Default)]
pub struct World {
    accounts: Vec<Reachable>,
    endpoints: Vec<Endpoint>,
}

/// A target of the proof, back in words.
#[derive(Debug)]
pub struct Place<'w> {
    /// The model's name.
    pub model: &'w str,
    /// Over which account.
    pub account: &'w Account,
}

/// The constraints over the calls of a project, and of one of its keys if that is named.
///
/// # Errors
/// `not_found`.
pub async fn levels(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    key: Option<ApiKeyId>,
) -> Result<Levels> {
    let tenant = organizations::find(connection, organization)
        .await?
        .ok_or_else(Error::not_found)?;
    let stated = projects::find(connection, project)
        .await?
        .ok_or_else(Error::not_found)?;
    let mut levels = vec![
        (Level::Organization, tenant.constraints),
        (Level::Project, stated.constraints),
    ];
    if let Some(id) = key {
        let key = api_keys::find(connection, project, id, Lock::None).await?;
        let key = key.ok_or_else(|| Error::field("/key", "unknown_key", "The project has no such key."))?;
        let above = derived_keys::hold(connection, project, &key.ancestors).await?;
        levels.push((Level::Key, key.grants.constraints));
        levels.extend(
            above
                .into_iter()
                .map(|above| (Level::Key, above.grants.constraints)),
        );
    }
    Ok(levels)
}

/// The project's own accounts.
///
/// # Errors
/// When Postgres refuses.
pub async fn own(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
) -> Result<World> {
    let stated = fact_statements::stated_by(connection, organization).await?;
    let accounts = connections::list(connection, project, None, ALL_ACCOUNTS).await?;
    let mut world = World::default();
    for account in accounts {
        world.add(account.published(), &stated);
    }
    Ok(world)
}

impl World {
    /// Adds the accounts that others resell to `organization`, and the models that the catalog lists. System scope.
    ///
    /// # Errors
    /// When Postgres refuses.
    pub async fn with_shared(
        mut self,
        connection: &mut Connection,
        organization: OrganizationId,
    ) -> Result<Self> {
        for account in connections::resold(connection).await? {
            let owner = account.organization;
            if owner == organization {
                continue;
            }
            let stated = fact_statements::stated_by(connection, owner).await?;
            self.add(account.published(), &stated);
        }
        let providers: Vec<String> = self
            .accounts
            .iter()
            .map(|it| it.account.provider.clone())
            .collect();
        self.endpoints = catalog::endpoints_at(connection, &providers).await?;
        Ok(self)
    }

    fn add(&mut self, account: Account, stated: &[StatedFacts]) {
        let is_about = |it: &&StatedFacts| {
            let about = &it.about;
            about.provider.as_ref().is_none_or(|it| *it == account.provider)
                && about.connection.is_none_or(|it| it == account.id)
        };
        let mut stated: Vec<StatedFacts> = stated.iter().filter(is_about).cloned().collect();
        stated.sort_by_key(|it| Reverse(it.about.particularity()));
        self.accounts.push(Reachable {
            account,
            stated,
            names: Vec::new(),
        });
    }

    /// Proves a claim, or finds calls that refute it.
    #[must_use]
    pub fn prove(&mut self, claim: &Constraints, levels: &[(Level, Constraints)], now: UnixMillis) -> Proof {
        let all = levels.iter().map(|(_, constraints)| constraints).chain([claim]);
        let patterns: Vec<&str> = all.flat_map(patterns).collect();
        for it in &mut self.accounts {
            let provider = it.account.provider.parse::<ProviderId>();
            if provider.is_ok_and(ProviderId::names_its_own_models) {
                let stated = it.stated.iter().filter_map(|it| it.about.model.as_deref());
                it.names = representatives(patterns.iter().copied().chain(stated))
                    .into_iter()
                    .collect();
            }
        }
        let demands: Vec<Demand<'_>> = levels
            .iter()
            .map(|(level, constraints)| Demand {
                level: *level,
                constraints,
            })
            .collect();
        prove(claim, &demands, &self.targets(), now)
    }

    /// One target for each account, with a candidate for each model over it.
    fn targets(&self) -> Vec<Target<'_>> {
        let targets = self.accounts.iter().map(|it| Target {
            model: &it.account.slug,
            weight: 1,
            candidates: self.candidates(it),
        });
        targets.collect()
    }

    fn candidates<'w>(&'w self, it: &'w Reachable) -> Vec<Candidate<'w>> {
        let over = |upstream_model, endpoint| Candidate {
            provider: &it.account.provider,
            upstream_model,
            connection: Some(&it.account),
            credential: match it.account.credential {
                Some(_) => Credential::Ready,
                None => Credential::NotNeeded,
            },
            endpoint,
            stated: &it.stated,
            is_gateway: it.account.provider == ProviderId::OpenRouter.as_str(),
        };
        let served = self
            .endpoints
            .iter()
            .filter(|served| served.provider == it.account.provider);
        let listed = served.map(|endpoint| over(endpoint.upstream_model.as_str(), Some(endpoint)));
        let named = it.names.iter().map(|name| over(name.as_str(), None));
        listed.chain(named).collect()
    }

    /// Which model over which account a counterexample is about.
    #[must_use]
    pub fn place(&self, target: usize, candidate: usize) -> Option<Place<'_>> {
        let it = self.accounts.get(target)?;
        let found = self.candidates(it).into_iter().nth(candidate)?;
        Some(Place {
            model: found
                .endpoint
                .map_or(found.upstream_model, |it| it.model.as_str()),
            account: &it.account,
        })
    }
}

fn patterns(constraints: &Constraints) -> impl Iterator<Item = &str> {
    let choice = &constraints.models;
    let only = choice.only.iter().flatten();
    only.chain(&choice.ignore).map(String::as_str)
}
