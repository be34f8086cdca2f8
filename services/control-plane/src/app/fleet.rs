//! The workers as one fleet: which are alive, what they serve from, and waiting until a change has reached them all.

use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_contracts::event::{ConfigHead, ConfigVersion};

use crate::error::Result;
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::workers::Worker;
use crate::store::{config, workers};

/// A worker that was silent for longer is not alive. Workers report every second.
const ALIVE_SECONDS: i64 = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Workers that are alive.
    pub live: usize,
    /// Of those, how many serve from the version or a later one.
    pub applied: usize,
}

/// Workers that are alive and take requests, with the state they should serve from.
///
/// # Errors
/// When Postgres refuses.
pub async fn live(state: &AppState) -> Result<(ConfigHead, Vec<Worker>)> {
    let since = state.now()? - time::Duration::seconds(ALIVE_SECONDS);
    let (head, seen) = state
        .within(Scope::System, move |connection| {
            async move {
                Ok((
                    config::head(connection).await?,
                    workers::seen_since(connection, since).await?,
                ))
            }
            .boxed()
        })
        .await?;
    Ok((head, seen.into_iter().filter(|worker| !worker.draining).collect()))
}

fn reach(workers: &[Worker], version: ConfigVersion) -> Reach {
    let applied = workers
        .iter()
        .filter(|worker| worker.applied.version >= version)
        .count();
    Reach {
        live: workers.len(),
        applied,
    }
}

/// Waits until every live worker serves from `version`, at most `patience`; tells how many do then.
///
/// # Errors
/// When Postgres refuses.
pub async fn await_applied(state: &AppState, version: ConfigVersion, patience: Duration) -> Result<Reach> {
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let reach = reach(&live(state).await?.1, version);
        if reach.applied == reach.live || tokio::time::Instant::now() + LOOK_AGAIN > deadline {
            return Ok(reach);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
