//! How far the current configuration has come: "live on n of m".

use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::SignedIn;
use super::reply::Reply;
use crate::app::fleet;
use crate::error::Result;

/// The deployment.
#[derive(Serialize, ToSchema)]
struct Deployment {
    /// Newest configuration version.
    config_version: u64,
    /// The workers as a whole.
    workers: DeploymentWorkers,
}

/// The workers as a whole.
#[derive(Serialize, ToSchema)]
struct DeploymentWorkers {
    /// Alive and taking requests.
    live: usize,
    /// Of those, how many serve from the newest version.
    applied: usize,
    /// Releases among them.
    releases: Vec<String>,
}

/// How far has the configuration come
#[utoipa::path(
    operation_id = "get_deployment", tag = "meta",
    responses(
        (status = 200, description = "The deployment", body = Deployment),
    )
)]
#[get("/deployment")]
pub(super) async fn get_deployment(who: SignedIn) -> Result<Reply> {
    let (head, workers) = fleet::live(&who.state).await?;
    let applied = workers
        .iter()
        .filter(|worker| worker.applied.version >= head.version)
        .count();
    let live = workers.len();
    let mut releases: Vec<String> = workers.into_iter().map(|worker| worker.release).collect();
    releases.sort_unstable();
    releases.dedup();
    Reply::ok(&Deployment {
        config_version: head.version.0,
        workers: DeploymentWorkers {
            live,
            applied,
            releases,
        },
    })
}
