//! The settings of both planes, from the options of `up`: each plane's own defaults, then what one process decides for
//! them. The environment of the process is laid over neither: options say everything.

use std::net::SocketAddr;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use sluicegate_credentials::MasterKey;
use sluicegate_service_runtime::settings::{SettingsError, load_from};

use crate::config::Options;

fn variable(name: &str, value: impl ToString) -> (String, String) {
    (format!("SLUICEGATE_{name}"), value.to_string())
}

fn shared(options: &Options, master_key: &MasterKey) -> Vec<(String, String)> {
    let networks: Vec<String> = options.allow_private.iter().map(ToString::to_string).collect();
    vec![
        variable("MASTER_KEY", master_key.to_text().expose_secret()),
        variable("UPSTREAM__ALLOW_PRIVATE", networks.join(",")),
    ]
}

pub(crate) fn control_plane(
    options: &Options,
    database_url: &SecretString,
    master_key: &MasterKey,
) -> Result<sluicegate_control_plane::settings::Settings, SettingsError> {
    let mut settings = shared(options, master_key);
    settings.extend([
        variable("DATABASE__URL", database_url.expose_secret()),
        variable("HTTP__LISTEN", options.listen),
        variable("HTTP__WORKERS", 1),
        variable("HTTP__PUBLIC_URL", options.dashboard_url()),
        variable("INFERENCE_URL", options.inference_url()),
    ]);
    if options.web_dir.join("index.html").exists() {
        settings.push(variable("WEB_DIR", options.web_dir.display()));
    }
    load_from(sluicegate_control_plane::settings::DEFAULTS, None, settings)
}

pub(crate) fn worker(
    options: &Options,
    master_key: &MasterKey,
    data: &Path,
    control_plane: SocketAddr,
) -> Result<sluicegate_data_plane::config::Settings, SettingsError> {
    let mut settings = shared(options, master_key);
    settings.extend([
        variable("DATA_DIR", data.join("worker").display()),
        variable(
            "CONTROL_PLANE_URL",
            format!("http://{}", reachable(control_plane)),
        ),
        variable("HTTP__LISTEN", options.inference_listen),
        variable("HTTP__DRAIN_SECONDS", 20),
    ]);
    load_from(sluicegate_data_plane::config::DEFAULTS, None, settings)
}

/// How this machine itself reaches an address it listens on.
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    address
}
