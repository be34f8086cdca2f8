//! A Redis connection that is opened when needed and thrown away on the first sign of trouble. The stream queue keeps
//! two, one for commands and one for reads that block; the escrow keeps one, and knows which run of the server it leads to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, pipe};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::error::BackplaneError;
use crate::reconnect::Gate;

/// A client of the server at `url`. Nothing connects yet.
///
/// # Errors
/// [`BackplaneError::Address`] when it is not a Redis address.
pub(crate) fn client(url: &str) -> Result<Client, BackplaneError> {
    // Without this a message waits on the socket while the one before is not acknowledged.
    let tcp = TcpSettings::default().set_nodelay(true);
    let address = url.into_connection_info().map(|info| info.set_tcp_settings(tcp));
    address
        .and_then(Client::open)
        .map_err(|_| BackplaneError::Address { scheme: "redis" })
}

/// How long a link is patient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// With a connection that does not come about.
    pub(crate) connect: Duration,
    /// With an answer, beyond what the command itself may block.
    pub(crate) answer: Duration,
    /// Longest wait between two attempts to connect.
    pub(crate) between: Duration,
}

pub(crate) struct RedisLink {
    client: Client,
    patience: Patience,
    slot: Mutex<Slot>,
    closed: Arc<AtomicBool>,
}

struct Slot {
    /// Counts the connections, so that a late failure of an old one does not throw away its successor.
    generation: u64,
    connection: Option<Live>,
    gate: Gate,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    /// Names the run of the server; asked for when first needed.
    run: Option<Arc<str>>,
}

/// Why a command gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error(transparent)]
    Backplane(#[from] BackplaneError),
    /// The server answered with an error.
    #[error(transparent)]
    Refused(RedisError),
}

impl LinkError {
    /// Error codes of the answer; more than one for a pipeline.
    pub(crate) fn has_code(&self, code: &str) -> bool {
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

    pub(crate) fn into_backplane(self, operation: &'static str) -> BackplaneError {
        match self {
            Self::Backplane(error) => error,
            Self::Refused(error) => BackplaneError::unavailable(operation, error),
        }
    }
}

impl RedisLink {
    pub(crate) fn new(client: Client, patience: Patience) -> Self {
        Self::closed_by(Arc::default(), client, patience)
    }

    /// Another link to the same server, closed together with this one. What carries it lives on the runtime that uses it
    /// first: an answer on a thread that has a link of its own wakes no other thread.
    pub(crate) fn apart(&self) -> Self {
        Self::closed_by(Arc::clone(&self.closed), self.client.clone(), self.patience)
    }

    fn closed_by(closed: Arc<AtomicBool>, client: Client, patience: Patience) -> Self {
        Self {
            client,
            patience,
            slot: Mutex::new(Slot {
                generation: 0,
                connection: None,
                gate: Gate::new(patience.between),
            }),
            closed,
        }
    }

    /// Runs `pipeline`, which may block on the server for up to `block`.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        pipeline: &Pipeline,
        block: Duration,
    ) -> Result<T, LinkError> {
        let (generation, live) = self.connection(operation).await?;
        self.run_on(generation, live, operation, pipeline, block).await
    }

    /// Runs what `build` makes of the name of the server's run, which changes whenever the server starts.
    pub(crate) async fn run_knowing<T: FromRedisValue>(
        &self,
        operation: &'static str,
        build: impl FnOnce(&str) -> Pipeline,
    ) -> Result<T, LinkError> {
        let (generation, mut live) = self.connection(operation).await?;
        let run = match &live.run {
            Some(run) => Arc::clone(run),
            None => {
                let mut look = pipe();
                look.cmd("INFO").arg("server");
                let (text,): (String,) = self
                    .run_on(generation, live.clone(), operation, &look, Duration::ZERO)
                    .await?;
                let run = run_id(&text).ok_or_else(|| {
                    BackplaneError::unavailable(operation, "the server does not name its run")
                })?;
                live.run = Some(Arc::clone(&run));
                self.keep(generation, &live).await;
                run
            }
        };
        self.run_on(generation, live, operation, &build(&run), Duration::ZERO)
            .await
    }

    async fn run_on<T: FromRedisValue>(
        &self,
        generation: u64,
        mut live: Live,
        operation: &'static str,
        pipeline: &Pipeline,
        block: Duration,
    ) -> Result<T, LinkError> {
        let answer = pipeline.query_async(&mut live.connection);
        let failure = match timeout(block + self.patience.answer, answer).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) if is_answer(&error) => return Err(LinkError::Refused(error)),
            Ok(Err(error)) => BackplaneError::unavailable(operation, error),
            Err(elapsed) => BackplaneError::unavailable(operation, elapsed),
        };
        self.discard(generation).await;
        Err(failure.into())
    }

    async fn keep(&self, generation: u64, live: &Live) {
        let mut slot = self.slot.lock().await;
        if slot.generation == generation && slot.connection.is_some() {
            slot.connection = Some(live.clone());
        }
    }

    async fn connection(&self, operation: &'static str) -> Result<(u64, Live), LinkError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed.into());
        }
        let mut slot = self.slot.lock().await;
        if let Some(live) = &slot.connection {
            return Ok((slot.generation, live.clone()));
        }
        slot.gate
            .pass(Instant::now())
            .map_err(|early| BackplaneError::unavailable(operation, early))?;
        // Time-outs are kept here, where the time a command may block is known.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.patience.connect))
            .set_response_timeout(None);
        match self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
        {
            Ok(connection) => {
                slot.gate.succeeded();
                slot.generation += 1;
                let live = Live {
                    connection,
                    run: None,
                };
                slot.connection = Some(live.clone());
                Ok((slot.generation, live))
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

    pub(crate) async fn close(&self) {
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

fn run_id(info: &str) -> Option<Arc<str>> {
    let named = info.lines().find_map(|line| line.strip_prefix("run_id:"));
    named.map(|run| Arc::from(run.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_of_a_server_is_read_from_what_it_says_of_itself() {
        let info = "# Server\r\nredis_version:7.0.15\r\nrun_id:3a\u{66}0\r\ntcp_port:6379\r\n";
        assert_eq!(run_id(info).as_deref(), Some("3af0"));
        assert_eq!(run_id("# Server\r\n"), None);
    }
}
