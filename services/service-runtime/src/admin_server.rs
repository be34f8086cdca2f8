//! The private port of every process: `/livez`, `/readyz` (with `?verbose` the checks), `/metrics`.
//!
//! It stops last, so that a draining process can still be watched. Never bound to a public address.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::health::Health;
use crate::metrics::{self, Registry};

/// The `[admin]` table of a process's settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminSettings {
    /// Address and port; port 0 picks a free one.
    pub listen: SocketAddr,
}

/// A bound admin server; it answers once [`AdminServer::run_until`] is polled.
pub struct AdminServer {
    address: SocketAddr,
    server: Server,
}

/// Binds the admin port. Port 0 picks a free one.
///
/// # Errors
/// When the address cannot be bound.
pub fn serve(address: SocketAddr, health: Health, registry: Registry) -> std::io::Result<AdminServer> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(health.clone()))
            .app_data(web::Data::new(registry.clone()))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(exposition))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .listen(listener)?
    .run();
    Ok(AdminServer { address, server })
}

impl AdminServer {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled.
    pub async fn run_until(self, stop: CancellationToken) {
        let handle = self.server.handle();
        let stopping = async {
            stop.cancelled().await;
            handle.stop(true).await;
        };
        let (served, ()) = futures_util::join!(self.server, stopping);
        if let Err(error) = served {
            tracing::error!(%error, "the admin server failed");
        }
    }
}

async fn livez() -> HttpResponse {
    HttpResponse::Ok().body("ok\n")
}

async fn readyz(request: HttpRequest, health: web::Data<Health>) -> HttpResponse {
    let report = health.report();
    let status = if report.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let verbose = request
        .query_string()
        .split('&')
        .any(|part| part.split('=').next() == Some("verbose"));
    let mut response = HttpResponse::build(status);
    if verbose {
        response.json(report)
    } else {
        response.body(if report.ready { "ok\n" } else { "not ready\n" })
    }
}

async fn exposition(registry: web::Data<Registry>) -> HttpResponse {
    match registry.encode() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, metrics::CONTENT_TYPE))
            .body(text),
        Err(error) => {
            tracing::error!(%error, "metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shutdown::Tasks;

    #[tokio::test]
    async fn shows_liveness_readiness_and_metrics() {
        crate::tls::install_crypto_provider();
        let (health, tasks) = (Health::new(), Tasks::new());
        let check = health.register("snapshot");
        let admin = serve(([127, 0, 0, 1], 0).into(), health, Registry::new()).unwrap();
        let base = format!("http://{}", admin.address());
        tasks.spawn("admin", admin.run_until(tasks.drain_token()));
        let get = async |path: &str| {
            let response = reqwest::get(format!("{base}{path}")).await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        assert_eq!(get("/livez").await.0, 200);
        assert_eq!(get("/readyz").await.0, 503);
        check.ok("version 7");
        assert_eq!(get("/readyz").await.0, 200);
        let (status, body) = get("/readyz?verbose").await;
        assert_eq!(
            (status, body.as_str()),
            (
                200,
                r#"{"ready":true,"checks":{"snapshot":{"state":"ok","message":"version 7"}}}"#
            )
        );
        assert_eq!(get("/metrics").await, (200, "# EOF\n".to_owned()));
        tasks.join(std::time::Duration::from_secs(10)).await.unwrap();
    }
}
