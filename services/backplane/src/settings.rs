//! The `[amqp]` and `[redis]` tables of a process's settings, the same in both planes, and the handles made from them.
//! `U` is how settings write a secret; the process that reads them says how it is resolved.

use std::error::Error;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{BackplaneError, ConfigBus, Escrow, Rates, Sightings, UsageQueue};

/// RabbitMQ, which carries configuration changes to workers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmqpSettings<U> {
    /// `amqp://user:password@host/vhost`; absent only where the assembly brings its own bus.
    pub url: Option<U>,
    /// First part of every name, so that deployments can share a broker.
    pub prefix: String,
}

/// Redis, which carries usage records from workers, keeps what they take of budgets and rate limits, and has them tell each
/// other how endpoints fare.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisSettings<U> {
    /// `redis://user:password@host/0`; absent only where the assembly brings its own queue.
    pub url: Option<U>,
    /// First part of every key, so that deployments can share a server.
    pub prefix: String,
    /// Records that may pile up in the queue; beyond that they wait on the workers' disks.
    pub queue_cap: u64,
}

/// A broker's setting cannot be used. Quotes no value.
#[derive(Debug, thiserror::Error)]
pub enum BrokerSettingError {
    /// Needed by a process that runs by itself.
    #[error("setting `{0}` is missing")]
    Missing(&'static str),
    /// The secret cannot be read.
    #[error("setting `{0}`: {1}")]
    Secret(&'static str, Box<dyn Error + Send + Sync>),
    /// Not an address of this broker.
    #[error("setting `{0}`: {1}")]
    Address(&'static str, BackplaneError),
}

impl<U> AmqpSettings<U> {
    /// The config bus over RabbitMQ. Nothing connects yet.
    ///
    /// # Errors
    /// [`BrokerSettingError`] when the address is missing or not one.
    pub fn config_bus<E>(
        &self,
        resolve: impl FnOnce(&U) -> Result<SecretString, E>,
    ) -> Result<ConfigBus, BrokerSettingError>
    where
        E: Error + Send + Sync + 'static,
    {
        let key = "amqp.url";
        let url = resolved(key, self.url.as_ref(), resolve)?;
        ConfigBus::rabbitmq(url.expose_secret(), &self.prefix)
            .map_err(|error| BrokerSettingError::Address(key, error))
    }
}

const REDIS_URL: &str = "redis.url";

impl<U> RedisSettings<U> {
    /// The usage queue over Redis. Nothing connects yet.
    ///
    /// # Errors
    /// [`BrokerSettingError`] when the address is missing or not one.
    pub fn usage_queue<E>(
        &self,
        resolve: impl FnOnce(&U) -> Result<SecretString, E>,
    ) -> Result<UsageQueue, BrokerSettingError>
    where
        E: Error + Send + Sync + 'static,
    {
        let url = resolved(REDIS_URL, self.url.as_ref(), resolve)?;
        UsageQueue::redis(url.expose_secret(), &self.prefix, self.queue_cap)
            .map_err(|error| BrokerSettingError::Address(REDIS_URL, error))
    }

    /// The store of budgets over Redis. Nothing connects yet.
    ///
    /// # Errors
    /// [`BrokerSettingError`] when the address is missing or not one.
    pub fn escrow<E>(
        &self,
        resolve: impl FnOnce(&U) -> Result<SecretString, E>,
    ) -> Result<Escrow, BrokerSettingError>
    where
        E: Error + Send + Sync + 'static,
    {
        let url = resolved(REDIS_URL, self.url.as_ref(), resolve)?;
        Escrow::redis(url.expose_secret(), &self.prefix)
            .map_err(|error| BrokerSettingError::Address(REDIS_URL, error))
    }

    /// The store of rate limits over Redis. Nothing connects yet.
    ///
    /// # Errors
    /// [`BrokerSettingError`] when the address is missing or not one.
    pub fn rates<E>(
        &self,
        resolve: impl FnOnce(&U) -> Result<SecretString, E>,
    ) -> Result<Rates, BrokerSettingError>
    where
        E: Error + Send + Sync + 'static,
    {
        let url = resolved(REDIS_URL, self.url.as_ref(), resolve)?;
        Rates::redis(url.expose_secret(), &self.prefix)
            .map_err(|error| BrokerSettingError::Address(REDIS_URL, error))
    }

    /// What workers saw of endpoints, over Redis. Nothing connects yet.
    ///
    /// # Errors
    /// [`BrokerSettingError`] when the address is missing or not one.
    pub fn sightings<E>(
        &self,
        resolve: impl FnOnce(&U) -> Result<SecretString, E>,
    ) -> Result<Sightings, BrokerSettingError>
    where
        E: Error + Send + Sync + 'static,
    {
        let url = resolved(REDIS_URL, self.url.as_ref(), resolve)?;
        Sightings::redis(url.expose_secret(), &self.prefix)
            .map_err(|error| BrokerSettingError::Address(REDIS_URL, error))
    }
}

fn resolved<U, E: Error + Send + Sync + 'static>(
    key: &'static str,
    url: Option<&U>,
    resolve: impl FnOnce(&U) -> Result<SecretString, E>,
) -> Result<SecretString, BrokerSettingError> {
    let url = url.ok_or(BrokerSettingError::Missing(key))?;
    resolve(url).map_err(|error| BrokerSettingError::Secret(key, Box::new(error)))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[expect(clippy::ptr_arg, reason = "a resolver is given the setting as it is stored")]
    fn plain(url: &String) -> Result<SecretString, io::Error> {
        Ok(SecretString::from(url.clone()))
    }

    fn amqp(json: &str) -> AmqpSettings<String> {
        serde_json::from_str(json).unwrap()
    }

    fn redis(url: &str) -> RedisSettings<String> {
        let json = format!(r#"{{"url":"{url}","prefix":"s","queue_cap":9}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[tokio::test]
    async fn handles_come_from_their_addresses() {
        let url = r#"{"url":"amqp://guest:canary@127.0.0.1:5672/%2f","prefix":"s"}"#;
        amqp(url).config_bus(plain).unwrap();
        redis("redis://:canary@127.0.0.1:6379/0")
            .usage_queue(plain)
            .unwrap();
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_quoted() {
        let missing = amqp(r#"{"prefix":"s"}"#).config_bus(plain).unwrap_err();
        assert_eq!(missing.to_string(), "setting `amqp.url` is missing");
        let wrong = redis("http://:canary@127.0.0.1/").usage_queue(plain).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "setting `redis.url`: not a usable redis address"
        );
        let unread = redis("redis://127.0.0.1/").usage_queue(|_| Err(io::Error::other("no such file")));
        assert_eq!(
            unread.unwrap_err().to_string(),
            "setting `redis.url`: no such file"
        );
        assert!(serde_json::from_str::<AmqpSettings<String>>(r#"{"prefix":"s","uri":""}"#).is_err());
    }
}
