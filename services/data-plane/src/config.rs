//! Process settings of a worker: what an operator may set, with the defaults in `config.default.toml`. Read once by
//! `main` (or the assembly), never re-read.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::ExposeSecret;
use serde::Deserialize;
use sluicegate_backplane::{AmqpSettings, RedisSettings};
use sluicegate_contracts::address::AddressPolicy;
use sluicegate_credentials::{MasterKey, MasterKeyError};
use sluicegate_service_runtime::admin_server::AdminSettings;
use sluicegate_service_runtime::otel::OtelSettings;
use sluicegate_service_runtime::secret::{SecretError, SecretSetting};
use sluicegate_service_runtime::tracing::LogSettings;
use url::Url;

use crate::pipeline::Limits;

/// The defaults every layer is laid over.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Everything this process can be told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The key all other keys are derived from; the same in the whole deployment.
    pub master_key: SecretSetting,
    /// Folder of this worker alone: its identity, its usage spool, its last configuration. Must outlive the process.
    pub data_dir: PathBuf,
    /// Where the control plane is (scheme, host, port).
    pub control_plane_url: Url,
    /// Where the control plane reaches this worker; absent: the address it is seen to come from.
    pub internal_url: Option<Url>,
    /// The inference port.
    pub http: HttpSettings,
    /// The private port.
    pub admin: AdminSettings,
    /// RabbitMQ, for configuration changes.
    pub amqp: AmqpSettings<SecretSetting>,
    /// Redis, for usage records.
    pub redis: RedisSettings<SecretSetting>,
    /// The usage spool.
    pub spool: SpoolSettings,
    /// Which provider addresses connections may lead to.
    pub upstream: UpstreamSettings,
    /// How large and how slow requests and answers may be.
    pub limits: Limits,
    /// Log lines.
    pub log: LogSettings,
    /// Span export.
    #[serde(default)]
    pub otel: OtelSettings,
}

/// The inference port.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Server threads; 0 means one per core.
    pub workers: usize,
    /// How long open answers may take to finish once the worker is asked to stop, in seconds.
    pub drain_seconds: u64,
}

/// The usage spool.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolSettings {
    /// At this many bytes new requests are refused, because they could not be accounted for.
    pub max_bytes: u64,
}

/// Which provider addresses connections may lead to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamSettings {
    /// Networks that are reachable although they are not public, also over plain HTTP. Set by the operator, never by a
    /// tenant.
    pub allow_private: AddressPolicy,
}

/// A setting that is there but cannot be used. Quotes no value.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A secret cannot be read.
    #[error("setting `{0}`: {1}")]
    Secret(&'static str, SecretError),
    /// The master key is not one.
    #[error("setting `master_key`: {0}")]
    MasterKey(#[from] MasterKeyError),
}

impl Settings {
    /// The master key.
    ///
    /// # Errors
    /// [`ConfigError`] when it cannot be read or is not one.
    pub fn master_key(&self) -> Result<MasterKey, ConfigError> {
        let text = self
            .master_key
            .resolve()
            .map_err(|error| ConfigError::Secret("master_key", error))?;
        Ok(MasterKey::parse(text.expose_secret())?)
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_backplane::BrokerSettingError;
    use sluicegate_service_runtime::settings::load_from;

    use super::*;

    fn with(environment: &[(&str, &str)]) -> Settings {
        let key = ("SLUICEGATE_MASTER_KEY", "00".repeat(32));
        let rest = environment
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let all = [key]
            .into_iter()
            .chain(rest)
            .map(|(name, value)| (name.to_owned(), value));
        load_from(DEFAULTS, None, all).unwrap()
    }

    #[test]
    fn a_master_key_is_all_the_defaults_lack_in_one_process() {
        let settings = with(&[]);
        assert_eq!(settings.http.listen.port(), 8787);
        assert_eq!(settings.limits, Limits::default());
        settings.master_key().unwrap();
        let missing = settings.amqp.config_bus(SecretSetting::resolve).unwrap_err();
        assert_eq!(missing.to_string(), "setting `amqp.url` is missing");
    }

    #[test]
    fn brokers_come_from_their_addresses() {
        let settings = with(&[
            ("SLUICEGATE_AMQP__URL", "amqp://guest:secret@127.0.0.1:5672/%2f"),
            ("SLUICEGATE_REDIS__URL", "file:/nonexistent"),
            ("SLUICEGATE_UPSTREAM__ALLOW_PRIVATE", r#"["127.0.0.0/8"]"#),
            ("SLUICEGATE_LIMITS__MAX_BODY_BYTES", "1000"),
        ]);
        settings.amqp.config_bus(SecretSetting::resolve).unwrap();
        let unread = settings.redis.usage_queue(SecretSetting::resolve).unwrap_err();
        assert!(matches!(unread, BrokerSettingError::Secret("redis.url", _)));
        assert_eq!(
            (settings.upstream.allow_private, settings.limits.max_body_bytes),
            ("127.0.0.0/8".parse().unwrap(), 1000)
        );
    }
}
