//! A whole worker in this process, with the seams in memory and no control plane.

use std::path::Path;
use std::time::Instant;

use serde_json::json;
use sluicegate_contracts::config::Entity;
use sluicegate_contracts::usage::{Outcome, UsageRecord};
use sluicegate_credentials::{ApiKeySecret, KeyKind, MasterKey};
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::settings::load_from;
use sluicegate_service_runtime::tls;

use super::*;
use crate::config::DEFAULTS;
use crate::snapshot::fixtures::{event, key, organization, project};
use crate::snapshot::{apply, disk};

fn settings(data: &Path) -> Settings {
    let environment = [
        ("SLUICEGATE_MASTER_KEY", "07".repeat(32)),
        ("SLUICEGATE_DATA_DIR", data.display().to_string()),
        ("SLUICEGATE_CONTROL_PLANE_URL", "http://127.0.0.1:1".to_owned()),
        ("SLUICEGATE_HTTP__LISTEN", "127.0.0.1:0".to_owned()),
        ("SLUICEGATE_HTTP__WORKERS", "1".to_owned()),
        ("SLUICEGATE_HTTP__DRAIN_SECONDS", "5".to_owned()),
    ];
    load_from(
        DEFAULTS,
        None,
        environment.map(|(name, value)| (name.to_owned(), value)),
    )
    .unwrap()
}

fn seams() -> Seams {
    tls::install_crypto_provider();
    Seams {
        runtime: Runtime::new(Clock::system(), |id| id.to_string()),
        bus: ConfigBus::memory(),
        queue: UsageQueue::memory(100),
        escrow: Escrow::memory(),
        rates: Rates::memory(),
        sightings: Sightings::memory(),
    }
}

/// Leaves a configuration on disk in which the returned secret is a key.
fn configured(data: &Path) -> ApiKeySecret {
    let master = MasterKey::from_entropy([7; 32]);
    let secret = ApiKeySecret::mint(KeyKind::Inference, [5; 32]);
    let mut caller = key(3, 1, 2);
    caller.secrets[0].digest = master.key_hasher().digest(secret.expose());
    let mut state = apply::State::new(master.keyring());
    state.offer(event(1, &Entity::Organization(organization(1))));
    state.offer(event(2, &Entity::Project(project(2, 1))));
    state.offer(event(3, &Entity::ApiKey(caller)));
    let events: Vec<_> = state.events().cloned().collect();
    disk::save(&disk::path(data), &state.header(), &events).unwrap();
    secret
}

#[actix_web::test]
async fn a_worker_starts_from_disk_serves_accounts_and_ends_cleanly() {
    let data = tempfile::tempdir().unwrap();
    let secret = configured(data.path());
    let seams = seams();
    let worker = Application::build(&settings(data.path()), &seams).unwrap();
    let (url, started) = (
        format!("http://{}/v1/chat/completions", worker.address()),
        Instant::now(),
    );
    assert!(!seams.runtime.health.ready());
    let drain = seams.runtime.tasks.drain_token();
    seams.runtime.tasks.spawn(
        "worker",
        async move { worker.run_until_stopped(drain).await.unwrap() },
    );
    while !seams.runtime.health.ready() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{:?}",
            seams.runtime.health.report()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(started.elapsed() < Duration::from_secs(3));
    let body = json!({"model": "sluicegate/echo", "messages": [{"role": "user", "content": "hello"}]});
    let client = reqwest::Client::new();
    let answer = client
        .post(url)
        .bearer_auth(secret.expose())
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    drop((answer.bytes().await, client));
    let deliveries = seams
        .queue
        .read("test", 10, Duration::from_secs(5))
        .await
        .unwrap();
    let entry = deliveries[0].entry.clone().unwrap();
    let record: UsageRecord = serde_json::from_slice(&entry.body).unwrap();
    assert_eq!(
        (deliveries.len(), record.outcome, record.origin.seq),
        (1, Outcome::Served, 1)
    );
    seams.runtime.tasks.join(Duration::from_secs(10)).await.unwrap();
    assert!(!seams.runtime.health.ready());
    // Sealed with its one record: nothing is left to recover.
    let again = Spool::open(data.path(), SpoolLimits::default(), ids::fresh).unwrap();
    assert_eq!((again.worker(), again.epoch()), (record.origin.worker, 2));
    assert_eq!(again.interrupted(), 0);
}

#[actix_web::test]
async fn what_prevents_a_start_is_said_in_a_sentence() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Application::build(&settings(one.path()), &seams()).unwrap();
    let error = Application::build(&settings(one.path()), &seams()).err().unwrap();
    assert!(
        error.to_string().ends_with("is in use by another worker"),
        "{error}"
    );
    let mut taken = settings(two.path());
    taken.http.listen = first.address();
    let error = Application::build(&taken, &seams()).err().unwrap();
    assert!(
        error.to_string().starts_with("cannot listen on 127.0.0.1:"),
        "{error}"
    );
    let mut nowhere = settings(two.path());
    nowhere.data_dir = "/proc/nowhere".into();
    let error = Application::build(&nowhere, &seams()).err().unwrap();
    assert!(
        error.to_string().starts_with("setting `data_dir`: /proc/nowhere"),
        "{error}"
    );
}
