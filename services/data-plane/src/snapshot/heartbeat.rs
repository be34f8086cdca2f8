//! Tells the control plane each second, and at once after a change, what this worker serves.
//!
//! A control plane that cannot be reached costs nothing here: the next beat tries again.

use std::time::Duration;

use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::worker::Heartbeat;
use sluicegate_service_runtime::build_info;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::client::ControlPlane;
use super::sync::Applied;

const EVERY: Duration = Duration::from_secs(1);
/// Bursts of changes are told of together.
const SHORTEST: Duration = Duration::from_millis(50);

/// What stays the same from beat to beat.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who.
    pub worker: WorkerId,
    /// Start counter.
    pub epoch: u32,
    /// Where the control plane can ask for connection tests.
    pub internal_url: Url,
}

/// Beats until `stop` is cancelled, then once more. `drain` is told of as soon as it is cancelled.
pub async fn run(
    identity: Identity,
    control_plane: ControlPlane,
    mut applied: watch::Receiver<Applied>,
    drain: CancellationToken,
    stop: CancellationToken,
) {
    let mut reachable = true;
    loop {
        let Applied { head, refused } = applied.borrow_and_update().clone();
        let beat = Heartbeat {
            worker: identity.worker,
            epoch: identity.epoch,
            release: build_info::release(),
            applied: head,
            refused,
            internal_url: identity.internal_url.clone(),
            draining: drain.is_cancelled(),
        };
        let outcome = control_plane.heartbeat(&beat).await;
        match &outcome {
            Err(error) if reachable => tracing::warn!(%error, "heartbeats do not arrive"),
            Ok(()) if !reachable => tracing::info!("heartbeats arrive again"),
            Ok(()) | Err(_) => {}
        }
        reachable = outcome.is_ok();
        if stop.is_cancelled() {
            return;
        }
        tokio::time::sleep(SHORTEST).await;
        tokio::select! {
            // Spread, so that workers started together do not beat together.
            () = tokio::time::sleep(EVERY.mul_f64(0.9 + 0.1 * rand::random::<f64>())) => {}
            _ = applied.changed(), if reachable => {}
            () = drain.cancelled(), if !beat.draining => {}
            () = stop.cancelled() => {}
        }
    }
}
