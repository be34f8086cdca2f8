//! The fast store over Redis. One script per operation, which checks everything before it writes; all keys of an
//! organization share a hash tag. A generation carries the run of the server it was told in, so that a server that
//! started again, with or without an older file, is known to have forgotten; and the layout of its keys, so that what
//! another version wrote counts as forgotten, too.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `<prefix>:escrow:{<organization>}:generation` | hash | number, run and layout, whether it is open, epochs |
//! | `<prefix>:escrow:{<organization>}:account:<account>` | hash | `sums`, and `e:<epoch>` for each that claims |
//! | `<prefix>:escrow:{<organization>}:epoch:<epoch>` | set | accounts the epoch claims, for its end |
//! | `<prefix>:escrow:wanted` | set | organizations found forgotten |
//! | `<prefix>:escrow:waiting` | set | organizations whose generation waits to hear of epochs, and some that did |
//! | `<prefix>:escrow:recalls` | channel | organizations in which money is missed |
//!
//! Sums are a row of [`numbers`] (decision 0035): generation, limit, version, exposure, end, claimed, open. So is what an
//! epoch claims: claim, open, op.

mod keeper;
mod numbers;
mod scripts;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use async_stream::stream;
use futures_util::StreamExt;
use redis::{Client, FromRedisValue, Pipeline, pipe};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Epoch, Refusal, Terms};
use tokio::time::{sleep, timeout};

use self::scripts::{Input, StoreScript};
use super::{EscrowError, Recall, Recalls};
use crate::error::BackplaneError;
use crate::reconnect::Backoff;
use crate::redis_link::{self, Patience, RedisLink};

/// A call waits for this, so bad news has to come soon.
const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(500),
    answer: Duration::from_millis(500),
    between: Duration::from_secs(1),
};

/// See [`super::Escrow::redis`]. What workers do with it is in [`workers`], what the keeper does in [`keeper`].
#[derive(Clone)]
pub struct RedisEscrow {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    link: RedisLink,
    prefix: String,
}

/// The keys of one organization.
struct Keys {
    base: String,
}

impl Keys {
    fn generation(&self) -> String {
        format!("{}:generation", self.base)
    }

    fn account(&self, account: &AccountId) -> String {
        format!("{}:account:{account}", self.base)
    }

    fn epochs(&self) -> String {
        format!("{}:epoch:", self.base)
    }

    fn epoch(&self, epoch: Epoch) -> String {
        format!("{}{epoch}", self.epochs())
    }
}

/// Zero says that a period has no end; so does one beyond what a double can carry.
fn end(end: UnixMillis) -> i64 {
    if end.get() > NanoUsd::MAX.nanos() / 2 {
        0
    } else {
        end.get()
    }
}

/// As the scripts take them.
fn packable(terms: &Terms) -> [i64; 4] {
    let version = i64::try_from(terms.version).unwrap_or(i64::MAX);
    [
        terms.limit.nanos(),
        version,
        terms.exposure.nanos(),
        end(terms.end),
    ]
}

impl RedisEscrow {
    pub(super) fn new(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        let client = redis_link::client(url)?;
        Ok(Self {
            inner: Arc::new(Inner {
                link: RedisLink::new(client.clone(), PATIENCE),
                client,
                prefix: format!("{prefix}:escrow"),
            }),
        })
    }

    pub(super) fn apart(&self) -> Self {
        let Inner { client, link, prefix } = self.inner.as_ref();
        Self {
            inner: Arc::new(Inner {
                client: client.clone(),
                link: link.apart(),
                prefix: prefix.clone(),
            }),
        }
    }

    fn keys(&self, organization: OrganizationId) -> Keys {
        Keys {
            base: format!("{}:{{{organization}}}", self.inner.prefix),
        }
    }

    fn channel(&self) -> String {
        format!("{}:recalls", self.inner.prefix)
    }

    async fn run(
        &self,
        script: &StoreScript,
        organization: OrganizationId,
        input: &Input,
    ) -> Result<Vec<Vec<u8>>, EscrowError> {
        let outcome = script.run(&self.inner.link, input).await;
        if matches!(outcome, Err(EscrowError::Refused(Refusal::Forgotten))) {
            self.note("SADD", "wanted", organization).await?;
        }
        outcome
    }

    async fn note(&self, verb: &str, list: &str, organization: OrganizationId) -> Result<(), BackplaneError> {
        const OPERATION: &str = "noting an organization";
        let mut note = pipe();
        let key = format!("{}:{list}", self.inner.prefix);
        note.cmd(verb).arg(key).arg(organization.to_string()).ignore();
        self.command(OPERATION, &note).await
    }

    async fn noted(&self, list: &str) -> Result<Vec<OrganizationId>, BackplaneError> {
        const OPERATION: &str = "reading noted organizations";
        let mut look = pipe();
        look.cmd("SMEMBERS").arg(format!("{}:{list}", self.inner.prefix));
        let (texts,): (Vec<String>,) = self.command(OPERATION, &look).await?;
        Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    async fn command<T: FromRedisValue>(
        &self,
        operation: &'static str,
        pipeline: &Pipeline,
    ) -> Result<T, BackplaneError> {
        let outcome = self.inner.link.run(operation, pipeline, Duration::ZERO).await;
        outcome.map_err(|error| error.into_backplane(operation))
    }

    /// Subscribes, and again whenever the connection ends.
    pub(super) fn recalls(&self) -> Recalls {
        let (client, channel) = (self.inner.client.clone(), self.channel());
        let items = stream! {
            let mut backoff = Backoff::up_to(PATIENCE.between);
            loop {
                if let Ok(Ok(mut subscriber)) = timeout(PATIENCE.connect, client.get_async_pubsub()).await
                    && let Ok(Ok(())) = timeout(PATIENCE.answer, subscriber.subscribe(&channel)).await
                {
                    backoff.reset();
                    yield Recall::Listening;
                    let mut messages = subscriber.into_on_message();
                    while let Some(message) = messages.next().await {
                        let organization = message.get_payload::<String>().ok();
                        if let Some(organization) = organization.and_then(|text| text.parse().ok()) {
                            yield Recall::Missed(organization);
                        }
                    }
                }
                sleep(backoff.after_failure(rand::random())).await;
            }
        };
        Recalls {
            items: Box::pin(items),
        }
    }

    pub(super) async fn close(&self) {
        self.inner.link.close().await;
    }
}
