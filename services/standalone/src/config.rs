//! What the operator of a single-process deployment chooses. Parsed from the command line by `main.rs`, written out in
//! full by tests.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use clap::Args;
use sluicegate_contracts::address::AddressPolicy;
use url::Url;

use crate::plane_settings::reachable;
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

    /// How browsers reach the dashboard, when that differs from --listen (a proxy, another host name)
    #[arg(long, value_name = "URL")]
    pub public_url: Option<Url>,

    /// How applications reach the inference API, when that differs from --inference-listen
    #[arg(long, value_name = "URL")]
    pub public_inference_url: Option<Url>,

    /// Private network that provider connections may lead to, also over plain HTTP, for example 127.0.0.0/8 for
    /// models on this machine; may be given several times
    #[arg(long, env = "SLUICEGATE_UPSTREAM__ALLOW_PRIVATE", value_name = "NETWORK")]
    pub allow_private: Vec<AddressPolicy>,

    /// Folder with the built dashboard
    #[arg(long, default_value = "web/dist", value_name = "DIR")]
    pub web_dir: PathBuf,

    /// Which Postgres to run, and as whom
    #[command(flatten)]
    pub postgres: PostgresOptions,
}

impl Options {
    /// How browsers reach the dashboard.
    #[must_use]
    pub fn dashboard_url(&self) -> String {
        chosen(self.public_url.as_ref(), self.listen)
    }

    /// The base URL applications are configured with.
    #[must_use]
    pub fn inference_url(&self) -> String {
        format!(
            "{}/v1",
            chosen(self.public_inference_url.as_ref(), self.inference_listen)
        )
    }

    /// The same options with every port 0 replaced by a free port, since each plane must know where the other is
    /// before either is bound.
    ///
    /// # Errors
    /// When the system has no free port at that address.
    pub(crate) fn with_ports(&self) -> std::io::Result<Self> {
        let mut options = self.clone();
        // Held together, so that the system does not give the same port twice.
        let mut held = Vec::new();
        for address in [&mut options.listen, &mut options.inference_listen] {
            if address.port() == 0 {
                let listener = TcpListener::bind(*address)?;
                *address = listener.local_addr()?;
                held.push(listener);
            }
        }
        Ok(options)
    }
}

fn chosen(public: Option<&Url>, listen: SocketAddr) -> String {
    public.map_or_else(
        || format!("http://{}", reachable(listen)),
        |url| url.as_str().trim_end_matches('/').to_owned(),
    )
}
