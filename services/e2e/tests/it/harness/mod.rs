//! Runs the shipped binaries as processes of their own and speaks to them as a stranger would.
//!
//! Must stay true: every process and server started here is gone when its owner is dropped, also after a panic, and
//! nothing listens on a fixed port.

pub(crate) mod inference;
pub(crate) mod mock;
pub(crate) mod process;
pub(crate) mod rest;
pub(crate) mod services;
pub(crate) mod stack;
pub(crate) mod standalone;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, MutexGuard};

/// Whoever holds it runs a deployment.
pub(crate) type Turn = MutexGuard<'static, ()>;

/// Deployments run one at a time: several would starve each other on a small machine, and times would mean nothing.
pub(crate) async fn turn() -> Turn {
    static TURNS: Mutex<()> = Mutex::const_new(());
    TURNS.lock().await
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A folder that servers of other users can pass through when the tests run as root.
pub(crate) fn open_folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new()
        .prefix("sluicegate-e2e.")
        .permissions(PermissionsExt::from_mode(0o711))
        .tempdir()
        .unwrap()
}

/// An HTTP client of its own: no connections shared with other clients.
pub(crate) fn http_client() -> reqwest::Client {
    // The second and later calls find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}

/// Asks until the answer is yes; a panic naming `what` when it does not come in time. Returns how long it took.
pub(crate) async fn eventually(
    what: &str,
    within: Duration,
    mut question: impl AsyncFnMut() -> bool,
) -> Duration {
    let begun = Instant::now();
    loop {
        if question().await {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < within, "waited {within:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
