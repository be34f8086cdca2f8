//! Tries one connection with a real call, for the control plane: only a worker opens connections to providers.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, web};
use sluicegate_contracts::worker::{ConnectionReport, ConnectionTest};
use sluicegate_protocols::Dialect;
use sluicegate_protocols::openai_chat::error::ProviderError;
use tokio::time::{Instant, sleep, timeout_at};

use super::render_error;
use crate::error::{ErrorKind, GatewayError};
use crate::pipeline::Gateway;
use crate::snapshot::{LiveConnection, Snapshot};
use crate::upstream::{Account, auth, exchange};

/// How long the worker waits for the version that is to be tested.
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);
const VERSION_POLL: Duration = Duration::from_millis(25);
/// How long the call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_LIST_BYTES: usize = 4 * 1024 * 1024;
const MAX_MODELS: usize = 1_000;
const MAX_TOLD: usize = 300;

/// `POST /internal/v1/connection-test`.
pub(super) async fn test(request: HttpRequest, body: web::Bytes) -> HttpResponse {
    match run(&request, &body).await {
        Ok(report) => HttpResponse::Ok().json(report),
        Err(error) => render_error::response(&error, Dialect::OpenAiChat),
    }
}

async fn run(request: &HttpRequest, body: &[u8]) -> Result<ConnectionReport, GatewayError> {
    let gateway = request
        .app_data::<Gateway>()
        .ok_or_else(|| GatewayError::new(ErrorKind::Internal, "This server was put together wrongly."))?;
    let token = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if !token.is_some_and(|token| gateway.state().worker_token.verify(token)) {
        return Err(GatewayError::new(
            ErrorKind::InvalidApiKey,
            "This path is for the control plane only.",
        ));
    }
    let test: ConnectionTest = serde_json::from_slice(body)
        .map_err(|_| GatewayError::new(ErrorKind::InvalidRequest, "This is not a connection test."))?;
    let snapshot = at_version(gateway, &test).await?;
    let connection = snapshot.connection(test.connection).ok_or_else(|| {
        let message = "This worker has no such connection in service: it is disabled, or its credential cannot be opened.";
        GatewayError::new(ErrorKind::ModelNotFound, message).at("connection")
    })?;
    let account = connection.account.as_ref().ok_or_else(|| {
        let message = "This worker cannot open the connection's credential.";
        GatewayError::new(ErrorKind::ModelNotFound, message).at("connection")
    })?;
    Ok(call(gateway, connection, account).await)
}

async fn at_version(gateway: &Gateway, test: &ConnectionTest) -> Result<Arc<Snapshot>, GatewayError> {
    let deadline = Instant::now() + VERSION_TIMEOUT;
    loop {
        let snapshot = gateway.state().snapshots.load();
        if snapshot.head().version >= test.at_version {
            return Ok(snapshot);
        }
        if Instant::now() >= deadline {
            let message = "This worker has not yet taken over the version to be tested.";
            return Err(GatewayError::new(ErrorKind::Deadline, message));
        }
        sleep(VERSION_POLL).await;
    }
}

async fn call(gateway: &Gateway, connection: &LiveConnection, account: &Account) -> ConnectionReport {
    let clock = &gateway.state().clock;
    let started = clock.monotonic();
    let deadline = Instant::now() + CALL_TIMEOUT;
    let sent = timeout_at(
        deadline,
        exchange::list_models(gateway.client(), account, clock.now_millis()),
    );
    let mut report = ConnectionReport {
        ok: false,
        latency_ms: 0,
        status: None,
        message: String::new(),
        models: Vec::new(),
    };
    match sent.await {
        Err(_) => report.message = "The provider did not answer in time.".to_owned(),
        Ok(Err(failure)) => report.message = sentence(&failure.to_string()),
        Ok(Ok(reply)) => {
            report.status = Some(reply.status);
            match reply.body.whole(MAX_LIST_BYTES, CALL_TIMEOUT, deadline).await {
                Err(fault) => report.message = sentence(&fault.to_string()),
                Ok(body) => read(&mut report, reply.status, &body, connection, account),
            }
        }
    }
    let took = clock.monotonic().saturating_sub(started);
    report.latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    report
}

fn read(
    report: &mut ConnectionReport,
    status: u16,
    body: &[u8],
    connection: &LiveConnection,
    account: &Account,
) {
    report.ok = (200..300).contains(&status);
    if report.ok {
        report.models = account.models_in(body, MAX_MODELS);
        report.message = match report.models.len() {
            0 => "The provider accepted the credential and lists no models.".to_owned(),
            count => format!("The provider accepted the credential and lists {count} models."),
        };
        return;
    }
    let told = ProviderError::parse(body).message;
    report.message = if told.is_empty() || auth::quotes_credential(body, connection) {
        format!("The provider answered {status}.")
    } else {
        let told: String = told.chars().take(MAX_TOLD).collect();
        format!("The provider answered {status}: {told}")
    };
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
