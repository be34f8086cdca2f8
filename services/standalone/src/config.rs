//! What the operator of a single-process deployment chooses. Parsed from the command line by `main.rs`, written out in
//! full by tests.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::postgres::PostgresOptions;

/// Options of `sluicegate up`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Folder that keeps everything between runs: database, master key, usage spool, logs
    #[arg(long, default_value = ".sluicegate/data", value_name = "DIR")]
    pub data_dir: PathBuf,

    /// Address of the dashboard and the REST API
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Address of the inference API
    #[arg(long, default_value = "127.0.0.1:8787", value_name = "ADDRESS")]
    pub inference_listen: SocketAddr,

    /// Address of health checks and metrics
    #[arg(long, default_value = "127.0.0.1:9090", value_name = "ADDRESS")]
    pub admin_listen: SocketAddr,

    /// Folder with the built dashboard
    #[arg(long, default_value = "web/dist", value_name = "DIR")]
    pub web_dir: PathBuf,

    /// Which Postgres to run, and as whom
    #[command(flatten)]
    pub postgres: PostgresOptions,
}
