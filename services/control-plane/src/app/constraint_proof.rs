//! Gathers everything that a call of a project can reach, and has `routing` prove what can and cannot be.
//!
//! What routes say is left aside: any name may lead to any model over any account of the project. For the calls of one key
//! the names that it may ask for count, those of routes with everything that they name; what a rule's condition or its
//! constraints keep away does not, so that the proof holds whatever a request says.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use sluicegate_contracts::config::{
    Connection as Account, Constraints, Endpoint, Level, ProviderId, StatedFacts, model_matches,
};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::preferences::Suffix;
use sluicegate_routing::proof::{Proof, prove, representatives};
use sluicegate_routing::{Candidate, Credential, Demand, Site, Target, Turn};

use crate::error::{Error, Result};
use crate::store::{
    Connection, Lock, api_keys, catalog, connections, derived_keys, fact_statements, organizations, projects,
    routes,
};

/// More accounts than a project has.
const ALL_ACCOUNTS: i64 = 10_000;
/// More routes than a project has.
const ALL_ROUTES: i64 = 10_000;

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
    /// What the names lead to that may be asked for; `None`: any.
    names: Option<Names>,
}

/// The names that a key may ask for.
#[derive(Debug)]
pub struct Names {
    /// Its list of models, and those of the keys that it derives from: a name has to be on all of them.
    lists: Vec<Vec<String>>,
    /// What the routes name that it may ask for.
    routed: BTreeSet<String>,
}

impl Names {
    fn allow(&self, name: &str) -> bool {
        let mut lists = self.lists.iter();
        lists.all(|list| list.is_empty() || list.iter().any(|pattern| model_matches(pattern, name)))
    }

    /// Whether one of them leads to what is also known by this name.
    fn reach(&self, name: &str) -> bool {
        let is_allowed = |suffix: Suffix| self.allow(&format!("{name}{}", suffix.as_str()));
        self.routed.contains(name) || self.allow(name) || Suffix::ALL.into_iter().any(is_allowed)
    }

    /// Patterns that tell names of models apart at the server that is known as `slug`.
    fn patterns_at<'n>(&'n self, slug: &'n str) -> impl Iterator<Item = &'n str> {
        let names = self.lists.iter().flatten().chain(&self.routed);
        names.filter_map(move |name| name.strip_prefix(slug)?.strip_prefix('/'))
    }
}

/// The names that a key may ask for.
///
/// # Errors
/// When Postgres refuses.
pub async fn names(connection: &mut Connection, project: ProjectId, key: ApiKeyId) -> Result<Option<Names>> {
    let Some(key) = api_keys::find(connection, project, key, Lock::None).await? else {
        return Ok(None);
    };
    let above = derived_keys::hold(connection, project, &key.ancestors).await?;
    let above = above.into_iter().map(|above| above.grants.allowed_models);
    let mut names = Names {
        lists: [key.grants.allowed_models].into_iter().chain(above).collect(),
        routed: BTreeSet::new(),
    };
    for live in routes::list(connection, project, None, ALL_ROUTES).await? {
        let route = live.route;
        let is_allowed = names.reach(&format!("route/{}", route.slug))
            || route.aliases.iter().any(|alias| names.reach(alias));
        if is_allowed {
            let newer = live.rollout.into_iter().flat_map(|it| it.route.rules);
            let rules = route.rules.into_iter().chain(newer);
            let targets = rules.flat_map(|rule| rule.targets);
            names.routed.extend(targets.map(|target| target.model));
        }
    }
    Ok(Some(names))
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

    /// Only what can be asked for by these names.
    #[must_use]
    pub fn asked_by(mut self, names: Option<Names>) -> Self {
        self.names = names;
        self
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
                let asked = self
                    .names
                    .iter()
                    .flat_map(|names| names.patterns_at(&it.account.slug));
                it.names = representatives(patterns.iter().copied().chain(stated).chain(asked))
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
            arm: None,
            turn: Turn::Shared,
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
            site: Site::of(&it.account),
        };
        let served = self
            .endpoints
            .iter()
            .filter(|served| served.provider == it.account.provider);
        let is_asked = |name: &str| self.names.as_ref().is_none_or(|names| names.reach(name));
        let served = served.filter(|it| is_asked(&it.model) || is_asked(&it.upstream_model));
        let listed = served.map(|endpoint| over(endpoint.upstream_model.as_str(), Some(endpoint)));
        let named = it.names.iter();
        let named = named.filter(|name| is_asked(&format!("{}/{name}", it.account.slug)));
        let named = named.map(|name| over(name.as_str(), None));
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
