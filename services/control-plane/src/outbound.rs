//! The only way from the control plane to an address that a tenant names. Every address is checked when it is dialled, as
//! workers check those of connections; no redirect is followed and no proxy is taken from the environment.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use sluicegate_contracts::address::{AddressPolicy, Transport};
use url::Url;

use crate::domain::base_url;
use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For the whole exchange, so that a receiver that dawdles holds nobody up.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer that is read.
const MAX_ANSWER: usize = 256 * 1_024;

/// A message and its signature.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Id of the event.
    pub id: &'a str,
    /// When it is sent, in Unix seconds.
    pub at: i64,
    /// Over all of it.
    pub signature: &'a str,
    /// The body, of JSON.
    pub body: &'a str,
}

/// Why there was no answer, in words that quote nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// The address may not be dialled.
    #[error("the address is not allowed by the operator of this deployment")]
    NotAllowed,
    /// Nobody took the connection.
    #[error("no connection could be opened")]
    Unreachable,
    /// It took too long.
    #[error("the receiver did not answer in time")]
    TimedOut,
    /// The connection broke.
    #[error("the exchange failed")]
    Failed,
    /// It answered, but not with what was asked for.
    #[error("the answer had status {0}")]
    Status(u16),
    /// The answer is too long.
    #[error("the answer was longer than 256 KiB")]
    TooLong,
}

/// Sends messages and fetches documents. Clones share connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    policy: AddressPolicy,
    tls: reqwest::Client,
    plain: reqwest::Client,
}

impl Outbound {
    /// A sender that keeps to the operator's policy.
    ///
    /// # Errors
    /// Internal, when there is no TLS.
    pub fn new(policy: &AddressPolicy) -> Result<Self> {
        let client = |transport| {
            let resolver = Guarded {
                policy: Arc::new(policy.clone()),
                transport,
            };
            reqwest::Client::builder()
                .dns_resolver(Arc::new(resolver))
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(EXCHANGE_TIMEOUT)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .build()
                .map_err(Error::internal)
        };
        Ok(Self {
            policy: policy.clone(),
            tls: client(Transport::Tls)?,
            plain: client(Transport::Plain)?,
        })
    }

    /// Posts a message; the status of the answer, whose body nobody reads.
    ///
    /// # Errors
    /// [`Unsent`].
    pub async fn post(&self, url: &str, message: Message<'_>) -> Result<u16, Unsent> {
        let url = base_url::parse(url, &self.policy).map_err(|_| Unsent::NotAllowed)?;
        let sent = self
            .client(&url)
            .post(url)
            .header("content-type", "application/json")
            .header("user-agent", "sluicegate-webhooks")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.at.to_string())
            .header("webhook-signature", message.signature)
            .body(message.body.to_owned())
            .send()
            .await;
        sent.map(|answer| answer.status().as_u16())
            .map_err(|error| unsent(&error))
    }

    /// Fetches a document, with `authorization` as the header of that name.
    ///
    /// # Errors
    /// [`Unsent`], also for every status but 200.
    pub async fn get(&self, url: &str, authorization: Option<&SecretString>) -> Result<Vec<u8>, Unsent> {
        let url = base_url::parse_whole(url, &self.policy).map_err(|_| Unsent::NotAllowed)?;
        let mut request = self
            .client(&url)
            .get(url)
            .header("accept", "application/json")
            .header("user-agent", "sluicegate-signals");
        if let Some(secret) = authorization {
            request = request.header("authorization", secret.expose_secret());
        }
        let mut answer = request.send().await.map_err(|error| unsent(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(Unsent::Status(answer.status().as_u16()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unsent(&error))? {
            if document.len() + chunk.len() > MAX_ANSWER {
                return Err(Unsent::TooLong);
            }
            document.extend_from_slice(&chunk);
        }
        Ok(document)
    }

    /// Literal addresses meet no resolver, and what is allowed may have changed since an address was written: hence every
    /// URL is parsed anew before it gets here.
    fn client(&self, url: &Url) -> &reqwest::Client {
        if url.scheme() == "https" {
            &self.tls
        } else {
            &self.plain
        }
    }
}

fn unsent(error: &reqwest::Error) -> Unsent {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if one.is::<NotAllowed>() {
            return Unsent::NotAllowed;
        }
        cause = one.source();
    }
    if error.is_timeout() {
        Unsent::TimedOut
    } else if error.is_connect() {
        Unsent::Unreachable
    } else {
        Unsent::Failed
    }
}

/// A name leads to no address that may be dialled.
#[derive(Debug, thiserror::Error)]
#[error("no permitted address")]
struct NotAllowed;

/// Resolves names and drops what the policy does not permit: the addresses handed on are the ones dialled.
struct Guarded {
    policy: Arc<AddressPolicy>,
    transport: Transport,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, transport) = (Arc::clone(&self.policy), self.transport);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> = found
                .filter(|address| policy.permits(address.ip(), transport))
                .collect();
            if permitted.is_empty() {
                return Err(NotAllowed.into());
            }
            let permitted: Addrs = Box::new(permitted.into_iter());
            Ok(permitted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: Message<'static> = Message {
        id: "alt_1",
        at: 0,
        signature: "v1,",
        body: "{}",
    };

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_dialled() {
        sluicegate_service_runtime::tls::install_crypto_provider();
        // An operator who opens some network lets names pass the first check; the address that is dialled decides.
        let policy: AddressPolicy = "10.1.2.0/24".parse().unwrap();
        let outbound = Outbound::new(&policy).unwrap();
        for url in ["https://localhost:1/", "http://localhost:1/"] {
            assert_eq!(
                outbound.post(url, MESSAGE).await,
                Err(Unsent::NotAllowed),
                "{url}"
            );
        }
        let closed = Outbound::new(&AddressPolicy::default()).unwrap();
        for url in [
            "https://127.0.0.1:1/",
            "https://[::1]:1/",
            "http://example.com/",
            "nonsense",
        ] {
            assert_eq!(closed.post(url, MESSAGE).await, Err(Unsent::NotAllowed), "{url}");
        }
    }
}
