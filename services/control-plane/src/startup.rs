//! Builds the application from settings and runs it until told to stop. Used by `main` and by the standalone assembly.

use std::future::{Ready, ready};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpResponse, HttpServer, web};
use secrecy::ExposeSecret;
use sluicegate_backplane::{ConfigBus, Escrow, Rates, UsageQueue};
use sluicegate_credentials::{MasterKey, OperatorToken, SigningSecret};
use sluicegate_service_runtime::endpoints::Endpoints;
use sluicegate_service_runtime::health::CheckHandle;
use sluicegate_service_runtime::process::Runtime;
use sluicegate_service_runtime::secret::SecretSetting;
use tokio_util::sync::CancellationToken;
use utoipa_actix_web::AppExt;

use crate::error::Error;
use crate::outbound::Outbound;
use crate::settings::Settings;
use crate::state::{AppState, OperatorSecrets};
use crate::store::Database;
use crate::{api, background, openapi, problem};

/// How long requests may take to finish once the process is asked to stop, in seconds.
const DRAIN_SECONDS: u64 = 30;
const PING_EVERY: Duration = Duration::from_secs(5);

/// What the assembly brings: shared by everything that runs in the process.
#[derive(Debug, Clone)]
pub struct Seams {
    /// What everything in the process shares.
    pub runtime: Runtime,
    /// Where configuration changes go.
    pub bus: ConfigBus,
    /// Where usage records come from.
    pub queue: UsageQueue,
    /// What workers claim on budgets.
    pub escrow: Escrow,
    /// What is left of rate limits.
    pub rates: Rates,
}

/// Why the application could not be built.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A secret cannot be read.
    #[error("setting `{0}`: {1}")]
    Secret(&'static str, sluicegate_service_runtime::secret::SecretError),
    /// A secret is too short to be one.
    #[error("setting `{0}`: {1}")]
    Weak(&'static str, String),
    /// The master key is not one.
    #[error("setting `master_key`: {0}")]
    MasterKey(#[from] sluicegate_credentials::MasterKeyError),
    /// The database URL is not one.
    #[error("setting `database.url` is not a Postgres URL")]
    DatabaseUrl,
    /// The port cannot be bound.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Keys or the document could not be made.
    #[error(transparent)]
    Internal(#[from] Error),
}

/// A bound application; it answers once [`Application::run_until_stopped`] is polled.
pub struct Application {
    state: AppState,
    outbound: Outbound,
    address: SocketAddr,
    server: Server,
}

impl Application {
    /// Opens the pools, binds the port, builds the server and starts the background tasks. Must run on the runtime
    /// that outlives every request.
    ///
    /// # Errors
    /// [`StartError`], as a sentence for the operator.
    pub fn build(settings: Settings, seams: &Seams) -> Result<Self, StartError> {
        let url = settings
            .database
            .url
            .resolve()
            .map_err(|error| StartError::Secret("database.url", error))?;
        let database =
            Database::open(url.expose_secret(), &settings.database).map_err(|_| StartError::DatabaseUrl)?;
        let application = Self::with_database(settings, database, seams)?;
        background::start(&application.state, seams, &application.outbound);
        Ok(application)
    }

    /// As [`Self::build`], over an open database and without background tasks: tests run their passes one by one.
    ///
    /// # Errors
    /// [`StartError`], as a sentence for the operator.
    pub fn with_database(settings: Settings, database: Database, seams: &Seams) -> Result<Self, StartError> {
        let master = settings
            .master_key
            .resolve()
            .map_err(|error| StartError::Secret("master_key", error))?;
        let master = MasterKey::parse(master.expose_secret())?;
        let listen = settings.http.listen;
        let workers = settings.http.workers;
        let operator = operator_secrets(&settings)?;
        let state = AppState::new(settings, &master, operator, database, seams.runtime.clock.clone())?;
        let listener = TcpListener::bind(listen).map_err(|error| StartError::Listen(listen, error))?;
        let address = listener
            .local_addr()
            .map_err(|error| StartError::Listen(listen, error))?;
        let outbound = Outbound::new(&state.settings.upstream.allow_private)?;
        let server = server(&state, seams, &outbound, listener, workers)?;
        let check = seams.runtime.health.register("postgres");
        seams.runtime.tasks.spawn(
            "postgres health",
            watch_postgres(state.clone(), check, seams.runtime.tasks.drain_token()),
        );
        Ok(Self {
            state,
            outbound,
            address,
            server,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// What the process holds.
    #[must_use]
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Serves until `drain` is cancelled, then finishes the requests that are there. The database stays open for the
    /// background tasks; who runs them closes it after them.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run_until_stopped(self, drain: CancellationToken) -> std::io::Result<()> {
        let handle = self.server.handle();
        let stopping = async {
            drain.cancelled().await;
            handle.stop(true).await;
        };
        let (served, ()) = tokio::join!(self.server, stopping);
        served
    }
}

/// Reads the secrets that the operator has set.
///
/// # Errors
/// [`StartError::Secret`] and [`StartError::Weak`].
pub fn operator_secrets(settings: &Settings) -> Result<OperatorSecrets, StartError> {
    let read = |name, setting: Option<&SecretSetting>| {
        let secret = setting.map(SecretSetting::resolve).transpose();
        secret.map_err(|error| StartError::Secret(name, error))
    };
    let token = "operator_token";
    let stripe = "billing.stripe_webhook_secret";
    Ok(OperatorSecrets {
        token: read(token, settings.operator_token.as_ref())?
            .map(OperatorToken::new)
            .transpose()
            .map_err(|weak| StartError::Weak(token, weak.to_string()))?,
        stripe: read(stripe, settings.billing.stripe_webhook_secret.as_ref())?
            .map(|secret| SigningSecret::new(&secret))
            .transpose()
            .map_err(|weak| StartError::Weak(stripe, weak.to_string()))?,
    })
}

fn server(
    state: &AppState,
    seams: &Seams,
    outbound: &Outbound,
    listener: TcpListener,
    workers: usize,
) -> Result<Server, StartError> {
    let document = openapi::document();
    let text = openapi::text(&document).map_err(Error::internal)?;
    let document = Arc::new(document);
    let span = seams.runtime.span.clone();
    let (data, rates) = (web::Data::new(state.clone()), web::Data::new(seams.rates.clone()));
    let escrow = web::Data::new(seams.escrow.clone());
    let outbound = web::Data::new(outbound.clone());
    let listen = state.settings.http.listen;
    let mut server = HttpServer::new(move || {
        let (document, text) = (Arc::clone(&document), text.clone());
        App::new()
            .wrap(from_fn(api::await_applied::await_applied))
            .wrap(from_fn(api::extract::body::refuse_encodings))
            .wrap(from_fn(problem::complete))
            .wrap(from_fn(api::browser::headers))
            .wrap(span.clone())
            .app_data(data.clone())
            .app_data(rates.clone())
            .app_data(escrow.clone())
            .app_data(outbound.clone())
            .into_utoipa_app()
            .configure(api::operations)
            .into_app()
            .configure(|config| {
                let endpoints = Endpoints::new(config, openapi::methods(&document));
                api::internal::operations(endpoints)
                    .on(Method::GET, "/api/openapi.json", move || {
                        openapi_json(text.clone())
                    })
                    .finish();
            })
            // What is left of these must not reach the dashboard, which takes every path.
            .service(web::scope("/api").default_service(web::to(api::elsewhere::nothing)))
            .service(web::scope("/internal").default_service(web::to(api::elsewhere::nothing)))
            .service(web::scope("/v1").default_service(web::to(api::elsewhere::inference)))
            .configure(|config| api::browser::files(config, data.settings.web_dir.as_deref()))
            .default_service(web::to(api::elsewhere::nothing))
    })
    .disable_signals()
    // Longer than the idle time of common proxies, so that it is they who close an idle connection.
    .keep_alive(Duration::from_secs(75))
    .client_request_timeout(Duration::from_secs(5))
    .shutdown_timeout(DRAIN_SECONDS);
    if workers > 0 {
        server = server.workers(workers);
    }
    Ok(server
        .listen(listener)
        .map_err(|error| StartError::Listen(listen, error))?
        .run())
}

fn openapi_json(document: String) -> Ready<HttpResponse> {
    ready(HttpResponse::Ok().content_type("application/json").body(document))
}

async fn watch_postgres(state: AppState, check: CheckHandle, drain: CancellationToken) {
    loop {
        match state.database.ping().await {
            Ok(()) => check.ok("answers"),
            Err(_) => check.failed("does not answer"),
        }
        tokio::select! {
            () = drain.cancelled() => return,
            () = tokio::time::sleep(PING_EVERY) => {}
        }
    }
}
