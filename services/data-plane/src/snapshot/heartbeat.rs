//! Tells the control plane each second, and at once after a change, what this worker serves.
//!
//! A control plane that cannot be reached costs nothing here: the next beat tries again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::worker::Heartbeat;
use sluicegate_service_runtime::build_info;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::client::ControlPlane;
use super::sync::Applied;
use crate::usage::Stored;

const EVERY: Duration = Duration::from_secs(1);
/// Bursts of changes are told of together.
const SHORTEST: Duration = Duration::from_millis(50);

/// How long the last beat waits for the usage that is still being shipped.
const LAST_WORD: Duration = Duration::from_secs(4);

/// What stays the same from beat to beat.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who.
    pub worker: WorkerId,
    /// Start counter.
    pub epoch: u32,
    /// Where the control plane can ask for connection tests; `None`: at the address this worker is seen to come from.
    pub internal_url: Option<Url>,
    /// Where this worker listens.
    pub listen: SocketAddr,
    /// Where the control plane is.
    pub control_plane: Url,
}

impl Identity {
    /// The URL the control plane can reach this worker at.
    async fn url(&self) -> Option<Url> {
        if let Some(url) = &self.internal_url {
            return Some(url.clone());
        }
        let address = if self.listen.ip().is_unspecified() {
            SocketAddr::new(source_towards(&self.control_plane).await?, self.listen.port())
        } else {
            self.listen
        };
        Url::parse(&format!("http://{address}")).ok()
    }
}

/// The address of this machine from which packets to `target` go out. Nothing is sent.
async fn source_towards(target: &Url) -> Option<IpAddr> {
    let port = target.port_or_known_default()?;
    let mut addresses = tokio::net::lookup_host((target.host_str()?, port)).await.ok()?;
    let target = addresses.next()?;
    let any: IpAddr = if target.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = tokio::net::UdpSocket::bind((any, 0)).await.ok()?;
    socket.connect(target).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Until nobody will say anything more.
async fn closed(told: &mut watch::Receiver<Stored>) {
    while told.changed().await.is_ok() {}
}

/// Beats until `stop` is cancelled, then once more, when the last of `stored` is known. `drain` is told of as soon as it
/// is cancelled. `taken` turns true once the control plane knows this epoch.
pub async fn run(
    identity: Identity,
    control_plane: ControlPlane,
    mut applied: watch::Receiver<Applied>,
    mut stored: watch::Receiver<Stored>,
    taken: watch::Sender<bool>,
    drain: CancellationToken,
    stop: CancellationToken,
) {
    let mut reachable = true;
    let mut url = None;
    loop {
        if url.is_none() {
            url = identity.url().await;
        }
        let Applied { head, refused } = applied.borrow_and_update().clone();
        let beat = Heartbeat {
            worker: identity.worker,
            epoch: identity.epoch,
            release: build_info::release(),
            applied: head,
            refused,
            // A name that does not resolve yet: then the beat will not arrive either.
            internal_url: url.clone().unwrap_or_else(|| identity.control_plane.clone()),
            draining: drain.is_cancelled(),
            settled_below: stored.borrow().epochs_below,
        };
        let outcome = control_plane.heartbeat(&beat).await;
        match &outcome {
            Err(error) if reachable => tracing::warn!(%error, "heartbeats do not arrive"),
            Ok(()) if !reachable => tracing::info!("heartbeats arrive again"),
            Ok(()) | Err(_) => {}
        }
        reachable = outcome.is_ok();
        taken.send_if_modified(|known| reachable && !std::mem::replace(known, true));
        if stop.is_cancelled() {
            return;
        }
        tokio::time::sleep(SHORTEST).await;
        tokio::select! {
            // Spread, so that workers started together do not beat together.
            () = tokio::time::sleep(EVERY.mul_f64(0.9 + 0.1 * rand::random::<f64>())) => {}
            _ = applied.changed(), if reachable => {}
            () = drain.cancelled(), if !beat.draining => {}
            () = stop.cancelled() => {
                let _ = tokio::time::timeout(LAST_WORD, closed(&mut stored)).await;
            }
        }
    }
}
