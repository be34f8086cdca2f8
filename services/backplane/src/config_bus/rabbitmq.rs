//! The config bus over RabbitMQ: a durable fanout exchange, and per worker an exclusive queue that dies with its
//! connection. Publisher and subscribers hold connections of their own, so that a blocked publisher cannot starve a
//! reader. The client's automatic recovery stays off: it cannot bring back exclusive queues (lapin issue 450), so
//! any error drops the whole connection and [`SubscribeLink`] or [`PublishLink`] is built anew, the queue under a fresh name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_stream::stream;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::uri::AMQPUri;
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer, ExchangeKind,
};
use sluicegate_contracts::event::ConfigMessage;
use sluicegate_contracts::ids::WorkerId;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::{BusItem, Items, Published};
use crate::error::BackplaneError;
use crate::reconnect::{Backoff, Gate};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(2);
const HEARTBEAT_SECONDS: u16 = 10;
/// What a stalled worker may leave at the broker; the oldest go first, since newer state replaces older.
const QUEUE_CAP: i32 = 10_000;
/// Unacknowledged messages on their way, so that a stalled worker's backlog waits at the broker and not here.
const PREFETCH: u16 = 500;
const PERSISTENT: u8 = 2;

/// See [`super::ConfigBus::rabbitmq`].
#[derive(Clone)]
pub struct RabbitMqBus {
    inner: Arc<Inner>,
}

struct Inner {
    uri: AMQPUri,
    exchange: String,
    publisher: Mutex<Publisher>,
    closed: AtomicBool,
}

#[derive(Default)]
struct Publisher {
    link: Option<PublishLink>,
    gate: Gate,
}

struct PublishLink {
    connection: Connection,
    channel: Channel,
}

/// The broker took a message and then said that it could not keep it.
#[derive(Debug, thiserror::Error)]
#[error("the broker refused the message")]
struct Nacked;

impl RabbitMqBus {
    pub(super) fn new(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        let mut uri: AMQPUri = url
            .parse()
            .map_err(|_: String| BackplaneError::Address { scheme: "amqp" })?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
        Ok(Self {
            inner: Arc::new(Inner {
                uri,
                exchange: format!("{prefix}.config"),
                publisher: Mutex::default(),
                closed: AtomicBool::new(false),
            }),
        })
    }

    pub(super) async fn publish(&self, messages: &[ConfigMessage]) -> Result<Vec<Published>, BackplaneError> {
        let bodies = messages
            .iter()
            .map(serde_json::to_vec)
            .collect::<Result<Vec<_>, _>>()?;
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed);
        }
        let mut publisher = self.inner.publisher.lock().await;
        // Taken out while in use: whatever ends this call early, a half-confirmed channel is never used again.
        let link = match publisher.link.take().filter(PublishLink::is_connected) {
            Some(link) => link,
            None => self.inner.open_publisher(&mut publisher.gate).await?,
        };
        let unavailable = |source| BackplaneError::unavailable("publishing a config message", source);
        match timeout(CONFIRM_TIMEOUT, link.send(&self.inner.exchange, &bodies)).await {
            Ok(Ok(published)) => {
                publisher.link = Some(link);
                Ok(published)
            }
            Ok(Err(error)) => Err(unavailable(error)),
            Err(elapsed) => Err(unavailable(elapsed.into())),
        }
    }

    pub(super) fn subscribe(&self, worker: WorkerId) -> Items {
        let inner = Arc::clone(&self.inner);
        Box::pin(stream! {
            let mut backoff = Backoff::default();
            let mut told_lost = false;
            loop {
                match timeout(CONNECT_TIMEOUT, inner.open_subscriber(worker)).await {
                    Ok(Ok(mut link)) => {
                        backoff.reset();
                        told_lost = false;
                        tracing::info!(queue = %link.queue, "config bus: bound");
                        yield BusItem::Connected;
                        while let Some(message) = link.next().await {
                            yield BusItem::Message(message);
                        }
                        tracing::warn!(queue = %link.queue, "config bus: connection lost");
                    }
                    Ok(Err(error)) => tracing::warn!(%error, "config bus: cannot bind"),
                    Err(_) => tracing::warn!("config bus: cannot bind in time"),
                }
                if !told_lost {
                    told_lost = true;
                    yield BusItem::Lost;
                }
                sleep(backoff.after_failure(rand::random())).await;
            }
        })
    }

    pub(super) async fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        if let Some(link) = self.inner.publisher.lock().await.link.take() {
            let goodbye = link.connection.close(200, "closing".into());
            if !matches!(timeout(CONFIRM_TIMEOUT, goodbye).await, Ok(Ok(()))) {
                tracing::debug!("config bus: the broker did not answer the farewell");
            }
        }
    }
}

impl Inner {
    async fn connect(&self, name: String) -> lapin::Result<(Connection, Channel)> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = Connection::connect_uri(self.uri.clone(), properties).await?;
        let channel = connection.create_channel().await?;
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        channel
            .exchange_declare(
                self.exchange.as_str().into(),
                ExchangeKind::Fanout,
                durable,
                FieldTable::default(),
            )
            .await?;
        Ok((connection, channel))
    }

    async fn open_publisher(&self, gate: &mut Gate) -> Result<PublishLink, BackplaneError> {
        const OPERATION: &str = "connecting to the config bus";
        gate.pass(Instant::now())
            .map_err(|early| BackplaneError::unavailable(OPERATION, early))?;
        let opening = async {
            let (connection, channel) = self.connect(format!("{} publisher", self.exchange)).await?;
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            lapin::Result::Ok(PublishLink { connection, channel })
        };
        let opened = match timeout(CONNECT_TIMEOUT, opening).await {
            Ok(Ok(link)) => Ok(link),
            Ok(Err(error)) => Err(BackplaneError::unavailable(OPERATION, error)),
            Err(elapsed) => Err(BackplaneError::unavailable(OPERATION, elapsed)),
        };
        match &opened {
            Ok(_) => gate.succeeded(),
            Err(_) => gate.failed(Instant::now(), rand::random()),
        }
        opened
    }

    async fn open_subscriber(&self, worker: WorkerId) -> lapin::Result<SubscribeLink> {
        // A fresh name each time: the broker may still hold the queue of the connection that was just lost.
        let queue = format!("{}.{worker}.{:016x}", self.exchange, rand::random::<u64>());
        let (connection, channel) = self.connect(queue.clone()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let name = ShortString::from(queue.as_str());
        let own = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        };
        let mut limits = FieldTable::default();
        limits.insert("x-max-length".into(), AMQPValue::LongInt(QUEUE_CAP));
        limits.insert("x-overflow".into(), AMQPValue::LongString("drop-head".into()));
        channel.queue_declare(name.clone(), own, limits).await?;
        channel
            .queue_bind(
                name.clone(),
                self.exchange.as_str().into(),
                "".into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await?;
        let consumer = channel
            .basic_consume(
                name.clone(),
                name,
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok(SubscribeLink {
            queue,
            consumer,
            _channel: channel,
            _connection: connection,
        })
    }
}

impl PublishLink {
    fn is_connected(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Sends all, then awaits all confirmations: a batch costs one round trip.
    async fn send(
        &self,
        exchange: &str,
        bodies: &[Vec<u8>],
    ) -> Result<Vec<Published>, Box<dyn std::error::Error + Send + Sync>> {
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(PERSISTENT);
        let mandatory = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let mut confirms = Vec::with_capacity(bodies.len());
        for body in bodies {
            let sent =
                self.channel
                    .basic_publish(exchange.into(), "".into(), mandatory, body, properties.clone());
            confirms.push(sent.await?);
        }
        try_join_all(confirms)
            .await?
            .into_iter()
            .map(|confirmation| match confirmation {
                Confirmation::Ack(returned) => Ok(Published {
                    returned: returned.is_some(),
                }),
                Confirmation::Nack(_) | Confirmation::NotRequested => Err(Nacked.into()),
            })
            .collect()
    }
}

/// A bound queue with everything that must live as long as it.
struct SubscribeLink {
    queue: String,
    consumer: Consumer,
    _channel: Channel,
    _connection: Connection,
}

impl SubscribeLink {
    /// The next readable message; `None` once the connection is of no more use.
    async fn next(&mut self) -> Option<ConfigMessage> {
        loop {
            let delivery = self.consumer.next().await?.ok()?;
            delivery.ack(BasicAckOptions::default()).await.ok()?;
            match serde_json::from_slice(&delivery.data) {
                Ok(message) => return Some(message),
                // Skipped, not requeued: the version check of the worker finds the hole and pulls.
                Err(error) => tracing::warn!(
                    line = error.line(),
                    column = error.column(),
                    bytes = delivery.data.len(),
                    "config bus: skipped an unreadable message"
                ),
            }
        }
    }
}
