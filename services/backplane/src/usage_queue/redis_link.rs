//! A Redis connection that is opened when needed and thrown away on the first sign of trouble. Used by the stream
//! queue, which keeps two: one for commands, one for reads that block.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisError};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::error::BackplaneError;
use crate::reconnect::Gate;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an answer may take beyond what the command itself may block.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct RedisLink {
    client: Client,
    slot: Mutex<Slot>,
    closed: AtomicBool,
}

#[derive(Default)]
struct Slot {
    /// Counts the connections, so that a late failure of an old one does not throw away its successor.
    generation: u64,
    connection: Option<MultiplexedConnection>,
    gate: Gate,
}

/// Why a command gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Backplane(#[from] BackplaneError),
    /// The server answered with an error.
    #[error(transparent)]
    Refused(RedisError),
}

impl LinkError {
    /// Error codes of the answer; more than one for a pipeline.
    pub(super) fn has_code(&self, code: &str) -> bool {
        match self {
            Self::Backplane(_) => false,
            Self::Refused(error) => {
                error.code() == Some(code)
                    || error
                        .clone()
                        .into_server_errors()
                        .is_some_and(|errors| errors.iter().any(|(_, one)| one.code() == code))
            }
        }
    }

    pub(super) fn into_backplane(self, operation: &'static str) -> BackplaneError {
        match self {
            Self::Backplane(error) => error,
            Self::Refused(error) => BackplaneError::unavailable(operation, error),
        }
    }
}

impl RedisLink {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            slot: Mutex::default(),
            closed: AtomicBool::new(false),
        }
    }

    /// Runs `pipeline`, which may block on the server for up to `block`.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        pipeline: &Pipeline,
        block: Duration,
    ) -> Result<T, LinkError> {
        let (generation, mut connection) = self.connection(operation).await?;
        let outcome = timeout(block + ANSWER_TIMEOUT, pipeline.query_async(&mut connection)).await;
        let failure = match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) if is_answer(&error) => return Err(LinkError::Refused(error)),
            Ok(Err(error)) => BackplaneError::unavailable(operation, error),
            Err(elapsed) => BackplaneError::unavailable(operation, elapsed),
        };
        self.discard(generation).await;
        Err(failure.into())
    }

    async fn connection(&self, operation: &'static str) -> Result<(u64, MultiplexedConnection), LinkError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed.into());
        }
        let mut slot = self.slot.lock().await;
        if let Some(connection) = &slot.connection {
            return Ok((slot.generation, connection.clone()));
        }
        slot.gate
            .pass(Instant::now())
            .map_err(|early| BackplaneError::unavailable(operation, early))?;
        // Time-outs are kept here, where the time a command may block is known.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(None);
        match self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
        {
            Ok(connection) => {
                slot.gate.succeeded();
                slot.generation += 1;
                slot.connection = Some(connection.clone());
                Ok((slot.generation, connection))
            }
            Err(error) => {
                slot.gate.failed(Instant::now(), rand::random());
                Err(BackplaneError::unavailable(operation, error).into())
            }
        }
    }

    async fn discard(&self, generation: u64) {
        let mut slot = self.slot.lock().await;
        if slot.generation == generation {
            slot.connection = None;
        }
    }

    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.slot.lock().await.connection = None;
    }
}

/// Whether the server itself said no, over a connection that is in order. While it loads its data set it is as
/// good as away.
fn is_answer(error: &RedisError) -> bool {
    let is_server_answer = error.code().is_some() || error.clone().into_server_errors().is_some();
    is_server_answer && error.code() != Some("LOADING") && !error.is_unrecoverable_error()
}
