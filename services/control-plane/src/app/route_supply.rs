//! What the routes of a project can reach as things stand: its connections, those of the host, and the catalog.

use std::collections::HashMap;

use futures_util::FutureExt;
use sluicegate_contracts::config::Route;
use sluicegate_contracts::ids::ProjectId;

use crate::domain::route_check::Supply;
use crate::domain::route_draft::RouteDraft;
use crate::error::Result;
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::{Connection, budgets, catalog, connections, projects};

/// Most connections of a project that are looked at.
const MOST: i64 = 1_000;

/// The host's connections that everybody may call through.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_host(state: &AppState) -> Result<Vec<connections::Account>> {
    state
        .within(Scope::System, |connection| {
            connections::resold(connection).boxed()
        })
        .await
}

/// All that `draft` could reach, with the connections of the host.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_project(
    connection: &mut Connection,
    project: ProjectId,
    draft: &RouteDraft,
    host: Vec<connections::Account>,
) -> Result<Supply> {
    let mut supply = of_models(connection, project, draft.models(), host).await?;
    if draft.asks_of_budgets()
        && let Some(owner) = projects::find(connection, project).await?
    {
        let budgets = budgets::list(connection, owner.organization, None, None, MOST).await?;
        supply.budgets = budgets.into_iter().map(|it| it.terms.name).collect();
    }
    Ok(supply)
}

/// All that a route as it is published, or `draft` in its place, could reach.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_both(
    connection: &mut Connection,
    project: ProjectId,
    (live, draft): (&Route, &RouteDraft),
    host: Vec<connections::Account>,
) -> Result<Supply> {
    let targets = live.rules.iter().flat_map(|rule| &rule.targets);
    let models = targets.map(|target| target.model.clone()).chain(draft.models());
    of_models(connection, project, models.collect(), host).await
}

/// All that these models can be reached by.
///
/// # Errors
/// When Postgres refuses.
pub async fn of_models(
    connection: &mut Connection,
    project: ProjectId,
    mut models: Vec<String>,
    mut host: Vec<connections::Account>,
) -> Result<Supply> {
    let mut accounts = connections::list(connection, project, None, MOST).await?;
    let own: Vec<_> = accounts.iter().map(|account| account.id).collect();
    host.retain(|account| !own.contains(&account.id));
    // In the order of workers: the first of equals is tried first.
    for accounts in [&mut accounts, &mut host] {
        accounts.sort_by_key(|account| (account.priority, account.id));
    }
    accounts.extend(host);
    models.sort_unstable();
    models.dedup();
    // A name that several models are served under means none of them.
    let mut canonical: HashMap<String, Option<String>> = HashMap::new();
    for (name, model) in catalog::models_served_as(connection, &models).await? {
        canonical
            .entry(name)
            .and_modify(|known| *known = None)
            .or_insert(Some(model));
    }
    let canonical: HashMap<String, String> = canonical
        .into_iter()
        .filter_map(|(name, model)| Some((name, model?)))
        .filter(|(name, _)| !name.contains('/'))
        .collect();
    models.extend(canonical.values().cloned());
    let endpoints = catalog::endpoints_of(connection, &models).await?;
    Ok(Supply {
        connections: accounts.iter().map(connections::Account::published).collect(),
        endpoints: endpoints.into_iter().map(|stored| stored.endpoint).collect(),
        canonical,
        budgets: Vec::new(),
    })
}
