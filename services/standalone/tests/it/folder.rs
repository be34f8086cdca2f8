//! A throw-away data directory, and questions to the database in it.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sluicegate_standalone::Options;
use sluicegate_standalone::postgres::PostgresOptions;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A folder that the server's user can pass through when the tests run as root.
pub(crate) fn open_folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(PermissionsExt::from_mode(0o711))
        .tempdir()
        .unwrap()
}

pub(crate) fn options(folder: &Path) -> Options {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Options {
        data_dir: folder.join("data"),
        listen: any,
        inference_listen: any,
        admin_listen: any,
        public_url: None,
        public_inference_url: None,
        allow_private: Vec::new(),
        web_dir: PathBuf::from("web/dist"),
        postgres: PostgresOptions {
            bin: None,
            user: None,
            fallback_dir: folder.join("fallback"),
        },
    }
}

pub(crate) async fn connect(url: &SecretString) -> PgConnection {
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

pub(crate) async fn ask(url: &SecretString, question: &'static str) -> String {
    sqlx::query_scalar(question)
        .fetch_one(&mut connect(url).await)
        .await
        .unwrap()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(crate) fn is_alive(process_id: i32) -> bool {
    let pid = rustix::process::Pid::from_raw(process_id).unwrap();
    rustix::process::test_kill_process(pid).is_ok()
}
