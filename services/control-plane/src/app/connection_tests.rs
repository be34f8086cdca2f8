//! Tries a connection from where it will be used: a live worker makes one cheap call with the unsealed credential, which
//! never comes here.

use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_contracts::event::ConfigVersion;
use sluicegate_contracts::ids::{ConnectionId, ProjectId};
use sluicegate_contracts::worker::{ConnectionReport, ConnectionTest};
use url::Url;

use super::fleet;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::connection_tests::{self, LastTest};
use crate::store::database::Scope;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Includes the worker's own wait for the version and for the provider.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Workers asked in turn, in case one has just gone.
const WORKERS_ASKED: usize = 3;

/// Tests a connection of `project`, in the tenant's scope, and keeps the outcome.
///
/// # Errors
/// `not_found`; `dependency_unavailable` when no worker is there to try it.
pub async fn run(
    state: &AppState,
    scope: Scope,
    project: ProjectId,
    id: ConnectionId,
) -> Result<ConnectionReport> {
    let exists = state
        .within(scope, move |connection| {
            connection_tests::exists(connection, project, id).boxed()
        })
        .await?;
    if !exists {
        return Err(Error::not_found());
    }
    let report = ask_workers(state, id).await?;
    let test = LastTest {
        at: state.now()?,
        ok: report.ok,
        latency_ms: report.latency_ms,
        status: report.status,
        message: report.message.replace('\0', ""),
    };
    state
        .within(scope, move |connection| {
            async move { connection_tests::record(connection, id, &test).await }.boxed()
        })
        .await?;
    Ok(report)
}

async fn ask_workers(state: &AppState, id: ConnectionId) -> Result<ConnectionReport> {
    let (head, workers) = fleet::live(state).await?;
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(Error::internal)?;
    let mut last = Error::unavailable("no worker is alive");
    for worker in workers.iter().take(WORKERS_ASKED) {
        match ask(state, &client, &worker.internal_url, id, head.version).await {
            Ok(report) => return Ok(report),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn ask(
    state: &AppState,
    client: &reqwest::Client,
    internal_url: &str,
    connection: ConnectionId,
    at_version: ConfigVersion,
) -> Result<ConnectionReport> {
    let url = Url::parse(internal_url)
        .and_then(|base| base.join("/internal/v1/connection-test"))
        .map_err(Error::internal)?;
    let response = client
        .post(url)
        .bearer_auth(state.worker_token.expose())
        .json(&ConnectionTest {
            connection,
            at_version,
        })
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(Error::unavailable)?;
    response.json().await.map_err(Error::unavailable)
}
