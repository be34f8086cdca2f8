//! The HTTP server on threads of its own, so that a test on any runtime can start one, and the
//! handle by which it is reached and stopped.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use tokio::sync::oneshot;

use crate::behaviour::{Behaviour, Script};
use crate::config::Config;
use crate::ledger::{Entry, Ledger, Totals};
use crate::state::State;
use crate::{control, formats, token};

/// Largest request body taken, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A mock provider could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The ledger file cannot be opened or read back.
    #[error("cannot open the ledger")]
    Ledger(#[source] std::io::Error),
    /// The server's threads cannot be started.
    #[error("cannot start the server")]
    Server(#[source] std::io::Error),
}

/// The mock provider.
#[derive(Debug, Clone, Copy)]
pub struct MockProvider;

/// A running mock provider. Dropping it stops the server.
#[derive(Debug)]
pub struct MockHandle {
    address: SocketAddr,
    state: Arc<State>,
    server: ServerHandle,
    ended: Option<oneshot::Receiver<()>>,
}

impl MockProvider {
    /// Starts a provider and waits until it listens. Needs no runtime of the caller's.
    ///
    /// # Errors
    /// When the address, the ledger file or threads cannot be had.
    pub fn start(config: Config) -> Result<MockHandle, StartError> {
        let listen = config.listen;
        let listener = TcpListener::bind(listen).map_err(|e| StartError::Listen(listen, e))?;
        let address = listener.local_addr().map_err(|e| StartError::Listen(listen, e))?;
        let workers = config.workers.max(1);
        let state = Arc::new(State::new(config).map_err(StartError::Ledger)?);
        let (started, start) = std::sync::mpsc::channel();
        let (end, ended) = oneshot::channel();
        let shared = web::Data::from(Arc::clone(&state));
        std::thread::Builder::new()
            .name("mock-provider".to_owned())
            .spawn(move || {
                let served = actix_web::rt::System::new().block_on(async move {
                    let server = serve(listener, workers, shared)?;
                    // The caller waits for this; it cannot be gone.
                    let _ = started.send(server.handle());
                    server.await
                });
                if let Err(error) = served {
                    tracing::error!(%error, "the mock provider's server failed");
                }
                let _ = end.send(());
            })
            .map_err(StartError::Server)?;
        let server = start
            .recv()
            .map_err(|_| StartError::Server(std::io::Error::other("it ended at once")))?;
        Ok(MockHandle {
            address,
            state,
            server,
            ended: Some(ended),
        })
    }
}

fn serve(
    listener: TcpListener,
    workers: usize,
    state: web::Data<State>,
) -> std::io::Result<actix_web::dev::Server> {
    let app = move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .configure(formats::configure)
            .configure(token::configure)
            .configure(control::configure)
    };
    Ok(HttpServer::new(app)
        .workers(workers)
        .backlog(4096)
        .keep_alive(Duration::from_secs(300))
        .tcp_nodelay(true)
        // A client that closes its side has left: the call is to end and be billed as it stands.
        .h1_allow_half_closed(false)
        .disable_signals()
        .listen(listener)?
        .run())
}

impl MockHandle {
    /// `http://host:port`, without the `/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The book of calls.
    pub fn ledger(&self) -> &Ledger {
        &self.state.ledger
    }

    /// Every call, in the order in which they ended.
    pub fn entries(&self) -> Vec<Entry> {
        self.state.ledger.entries()
    }

    /// Sums over the ledger.
    pub fn totals(&self) -> Totals {
        self.state.ledger.totals()
    }

    /// Sets the whole script; counts of calls start anew.
    pub fn set_script(&self, script: Script) {
        self.state.set_script(script);
    }

    /// Sets the behaviour of one model.
    pub fn set_behaviour(&self, model: &str, behaviour: Behaviour) {
        self.state.set_behaviour(Some(model.to_owned()), behaviour);
    }

    /// Stops at once, open calls included, and waits for the end.
    pub async fn stop(mut self) {
        self.server.stop(false).await;
        if let Some(ended) = self.ended.take() {
            // An error means that the thread is gone already.
            let _ = ended.await;
        }
    }
}

impl Drop for MockHandle {
    fn drop(&mut self) {
        // The order to stop is sent by the call; the future only waits.
        drop(self.server.stop(false));
    }
}

/// Whether a model exists: any when none are configured.
pub(crate) fn is_known(state: &State, model: &str) -> bool {
    let models = &state.config.models;
    models.is_empty() || models.iter().any(|known| known == model)
}
