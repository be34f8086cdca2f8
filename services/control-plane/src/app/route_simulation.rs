//! Gathers what decides today over the calls of a project, and replays requests of the past under two documents of a route.

use std::collections::{BTreeSet, HashMap};

use futures_util::FutureExt;
use sluicegate_contracts::config::{Constraints, StatedFacts};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, ProjectId, RouteId};
use sluicegate_contracts::time::UnixMillis;
use time::OffsetDateTime;

use super::{constraint_proof, route_supply};
use crate::domain::past_request::PastRequest;
use crate::domain::replay::{Replay, StatedOf, Today};
use crate::domain::route_draft::RouteDraft;
use crate::domain::simulation::{Simulation, simulate};
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::connections::Account;
use crate::store::database::Scope;
use crate::store::{Connection, Lock, api_keys, derived_keys, fact_statements, past_requests, routes};

/// Connections of the host, with what the host states of them.
#[derive(Debug)]
pub struct Host {
    accounts: Vec<Account>,
    stated: HashMap<OrganizationId, Vec<StatedFacts>>,
}

impl Host {
    /// The accounts, and what is stated of them by owner.
    pub(super) fn parts(self) -> (Vec<Account>, HashMap<OrganizationId, Vec<StatedFacts>>) {
        (self.accounts, self.stated)
    }
}

/// The host's connections that everybody may call through.
///
/// # Errors
/// When Postgres refuses.
pub async fn host(state: &AppState) -> Result<Host> {
    let accounts = route_supply::of_host(state).await?;
    let owners: BTreeSet<OrganizationId> = accounts.iter().map(|it| it.organization).collect();
    let stated = state
        .within(Scope::System, move |connection| {
            async move {
                let mut stated = HashMap::new();
                for owner in owners {
                    stated.insert(owner, fact_statements::stated_by(connection, owner).await?);
                }
                Ok(stated)
            }
            .boxed()
        })
        .await?;
    Ok(Host { accounts, stated })
}

/// What to replay.
#[derive(Debug)]
pub struct Question {
    /// The tenant.
    pub organization: OrganizationId,
    /// The project.
    pub project: ProjectId,
    /// The route.
    pub route: RouteId,
    /// The proposed document.
    pub proposed: RouteDraft,
    /// Requests from then until then.
    pub window: (OffsetDateTime, OffsetDateTime),
    /// At most so many, the newest.
    pub count: i64,
    /// The moment whose catalog and prices count.
    pub now: UnixMillis,
}

/// What came of it, and of what.
#[derive(Debug)]
pub struct Simulated {
    /// The published version it was compared with.
    pub published_version: u32,
    /// Requests that were looked at.
    pub requests: u32,
    /// Whether more were in the window.
    pub is_cut: bool,
    /// Whether measures decide in one of the documents, of which nothing is known.
    pub is_measured: bool,
    /// Names of the proposed rules.
    pub rules: Vec<String>,
    /// The difference.
    pub simulation: Simulation,
}

/// Replays.
///
/// # Errors
/// `not_published` when nothing is published to compare with, `validation_failed` when the document could not be published.
pub async fn run(connection: &mut Connection, question: Question, host: Host) -> Result<Simulated> {
    let Question {
        organization,
        project,
        route,
        proposed,
        window,
        count,
        now,
    } = question;
    let live = routes::published(connection, project, route, Lock::None)
        .await?
        .route;
    let mut today = Today {
        organization,
        supply: route_supply::of_both(connection, project, (&live, &proposed), host.accounts).await?,
        stated: host.stated,
        above: constraint_proof::levels(connection, organization, project, None).await?,
        keys: HashMap::new(),
        now,
    };
    let own = fact_statements::stated_by(connection, organization).await?;
    today.stated.insert(organization, own);
    let names: Vec<_> = today
        .supply
        .connections
        .iter()
        .filter(|it| it.project == Some(project))
        .map(|it| (it.id, it.slug.clone()))
        .collect();
    let proposed = proposed.check(&names).map_err(Error::validation)?;
    let mut requests =
        past_requests::of_route(connection, organization, project, &live.slug, window, count + 1).await?;
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let is_cut = requests.len() > most;
    requests.truncate(most);
    today.keys = keys(connection, project, &requests).await?;

    let stated = StatedOf::of(&today);
    let before = Replay::of(&live.rules, &today, &stated);
    let after = Replay::of(&proposed.rules, &today, &stated);
    Ok(Simulated {
        published_version: live.version,
        requests: u32::try_from(requests.len()).unwrap_or(u32::MAX),
        is_cut,
        is_measured: before.is_measured() || after.is_measured(),
        rules: proposed.rules.iter().map(|it| it.name.clone()).collect(),
        simulation: simulate(&requests, before, after),
    })
}

/// What the keys of these requests demand, and those above them.
async fn keys(
    connection: &mut Connection,
    project: ProjectId,
    requests: &[PastRequest],
) -> Result<HashMap<ApiKeyId, Vec<Constraints>>> {
    let ids: BTreeSet<ApiKeyId> = requests.iter().map(|it| it.key.0).collect();
    let mut keys = HashMap::new();
    for id in ids {
        let Some(key) = api_keys::find(connection, project, id, Lock::None).await? else {
            continue;
        };
        let above = derived_keys::hold(connection, project, &key.ancestors).await?;
        let above = above.into_iter().map(|it| it.grants.constraints);
        keys.insert(id, [key.grants.constraints].into_iter().chain(above).collect());
    }
    Ok(keys)
}
