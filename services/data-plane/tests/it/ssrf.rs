//! A base URL leads to the public internet or to what the operator listed, and nowhere else.

use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence};
use sluicegate_data_plane::pipeline::Limits;

use crate::support::{Config, Provider, Script, Worker, chat};

const ONCE: RetryPolicy = RetryPolicy {
    max_attempts: 1,
    attempt_timeout_ms: 5_000,
    hedge: None,
};

async fn refused(url: &str, allowed: Vec<&str>) {
    let mut config = Config::new();
    config.compatible("a", url);
    config.route("once", &["a/m"], ONCE);
    let worker = Worker::with(&config, Limits::default(), allowed);
    let response = worker.chat(chat("route/once", false)).await;
    assert_eq!(response.status(), 502, "{url}");
    let text = response.text().await.unwrap();
    assert!(text.contains("not allowed by the operator"), "{url}: {text}");
    let attempt = worker.record().await.attempts.remove(0);
    assert_eq!(
        (attempt.outcome, attempt.evidence),
        (AttemptOutcome::Unreachable, Evidence::NotBilled)
    );
}

#[actix_web::test]
async fn private_addresses_are_refused_as_literals_and_behind_names() {
    let provider = Provider::start([Script::json(200, "{}")]).await;
    let port = provider.url().rsplit(':').next().unwrap().to_owned();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
    ] {
        refused(&format!("http://{host}:{port}"), vec![]).await;
    }
    for url in [
        "https://169.254.169.254/latest",
        "https://10.0.0.1/v1",
        "https://[fd00::1]/v1",
        "https://localhost/v1",
    ] {
        refused(url, vec!["192.168.7.0/24"]).await;
    }
    assert!(provider.received().is_empty());
}

#[actix_web::test]
async fn a_public_address_in_the_clear_is_refused_too() {
    refused("http://1.1.1.1/v1", vec!["127.0.0.0/8"]).await;
}

#[actix_web::test]
async fn a_redirect_is_not_followed() {
    let inner = Provider::start([Script::json(200, "{}")]).await;
    let location = format!(
        "HTTP/1.1 307 X\r\nlocation: {}/chat/completions\r\ncontent-length: 0\r\n\r\n",
        inner.url()
    );
    let outer = Provider::start([Script::raw(&location)]).await;
    let mut config = Config::new();
    config.compatible("a", &outer.url());
    config.route("once", &["a/m"], ONCE);
    let worker = Worker::start(&config);
    assert_eq!(worker.chat(chat("route/once", false)).await.status(), 502);
    assert!(inner.received().is_empty());
    assert_eq!(worker.record().await.attempts[0].status, Some(307));
}
