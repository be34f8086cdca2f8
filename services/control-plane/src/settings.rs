//! Process settings: what an operator may set, with the defaults in `config.default.toml`. Read once by `main` (or the
//! assembly), checked here, never re-read.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::Deserialize;
use sluicegate_backplane::{AmqpSettings, RedisSettings};
use sluicegate_contracts::address::AddressPolicy;
use sluicegate_service_runtime::admin_server::AdminSettings;
use sluicegate_service_runtime::otel::OtelSettings;
use sluicegate_service_runtime::secret::SecretSetting;
use sluicegate_service_runtime::tracing::LogSettings;
use url::Url;

/// The defaults every layer is laid over.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// Everything this process can be told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The key all other keys are derived from.
    pub master_key: SecretSetting,
    /// Where inference calls go, as shown to people.
    pub inference_url: Url,
    /// Folder with the built dashboard; absent: no dashboard is served.
    pub web_dir: Option<PathBuf>,
    /// The public port.
    pub http: HttpSettings,
    /// The private port.
    pub admin: AdminSettings,
    /// Postgres.
    pub database: DatabaseSettings,
    /// RabbitMQ, which carries configuration changes to workers.
    pub amqp: AmqpSettings<SecretSetting>,
    /// Redis, which carries usage records from workers.
    pub redis: RedisSettings<SecretSetting>,
    /// Sign-in.
    pub session: SessionSettings,
    /// Limits on attempts.
    pub throttle: ThrottleSettings,
    /// Which provider addresses connections may name.
    pub upstream: UpstreamSettings,
    /// Prepaid credit.
    pub billing: BillingSettings,
    /// What the operator proves themselves by; absent: the operator's operations are closed.
    pub operator_token: Option<SecretSetting>,
    /// Log lines.
    pub log: LogSettings,
    /// Span export.
    #[serde(default)]
    pub otel: OtelSettings,
}

/// The public port.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// How browsers reach it; decides about Secure cookies and the accepted `Origin`.
    pub public_url: Url,
    /// Proxies whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Server threads; 0 means one per core.
    pub workers: usize,
}

/// Postgres.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `postgres://user:password@host/database`.
    pub url: SecretSetting,
    /// Connections for tenants' requests.
    pub app_connections: u32,
    /// Connections for authorization and background work.
    pub system_connections: u32,
}

/// Sign-in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSettings {
    /// Life of an access token.
    pub access_seconds: u32,
    /// Life of a session without use.
    pub idle_days: u32,
}

/// Limits on attempts, per window of ten minutes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThrottleSettings {
    /// Sign-in attempts for one account.
    pub per_account: u32,
    /// Sign-in and sign-up attempts from one address.
    pub per_address: u32,
}

/// Which provider addresses connections may name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamSettings {
    /// Networks that are reachable although they are not public, also over plain HTTP. Set by the operator, never by a
    /// tenant.
    pub allow_private: AddressPolicy,
}

/// Prepaid credit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingSettings {
    /// Whether the host bills for calls over its own accounts at providers.
    pub mode: BillingMode,
    /// What Stripe signs its webhook events with; absent: they are refused.
    pub stripe_webhook_secret: Option<SecretSetting>,
    /// A page where a top-up is paid, as Stripe's payment links are; it is opened with `client_reference_id`.
    pub payment_link: Option<Url>,
}

/// Whether credit is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BillingMode {
    /// Nobody is billed; the operations of billing say so.
    SelfHosted,
    /// Organizations pay in advance.
    Prepaid,
}
