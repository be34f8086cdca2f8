//! What workers pull and report.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_contracts::event::{ConfigEvent, ConfigHead, StateHash};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::snapshot::{Deltas, SnapshotHeader};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Client, TestApp};

fn worker(app: &TestApp) -> Client {
    let token = format!("Bearer {}", app.state.worker_token.expose());
    app.anonymous().with("authorization", &token)
}

fn heartbeat(worker: WorkerId, applied: u64, internal_url: &str) -> Value {
    json!({
        "worker": worker, "epoch": 1, "release": "0.1.0", "applied": { "version": applied, "state_hash": 1 },
        "refused": [], "internal_url": internal_url, "draining": false,
    })
}

fn some_worker() -> WorkerId {
    WorkerId::from(Uuid::now_v7())
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_workers_get_in(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let wrong = app
        .anonymous()
        .with("authorization", &format!("Bearer {}", "0".repeat(64)));
    for client in [&app.anonymous(), &ada, &wrong] {
        for path in ["head", "snapshot", "deltas?after=0"] {
            client
                .get(&format!("/internal/v1/{path}"))
                .await
                .refused(401, "unauthenticated");
        }
        let beat = heartbeat(some_worker(), 1, "http://127.0.0.1:1");
        client
            .post("/internal/v1/heartbeat", &beat)
            .await
            .refused(401, "unauthenticated");
    }
}

async fn head(client: &Client) -> ConfigHead {
    let answer = client.get("/internal/v1/head").await.expect(200);
    serde_json::from_value(answer.body).unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_snapshot_is_the_state_its_header_says(pool: PgPool) {
    let app = TestApp::start(&pool);
    sluicegate_control_plane::app::catalog::import_seed_if_empty(&app.state)
        .await
        .unwrap();
    app.sign_up("Ada").await;
    let client = worker(&app);
    let answer = client.get("/internal/v1/snapshot").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let mut lines = answer.text.lines();
    let header: SnapshotHeader = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!(header.head, head(&client).await);
    let events: Vec<ConfigEvent> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(u64::try_from(events.len()).unwrap(), header.entities);
    assert!(header.entities > 700, "more than one page");
    let hash = events
        .iter()
        .fold(StateHash::default(), |hash, event| hash.toggle(event.hash()));
    assert_eq!(hash, header.head.state_hash);
    assert!(events.iter().all(|event| event.entity().unwrap().is_some()));
}

async fn deltas(client: &Client, after: u64) -> Deltas {
    let answer = client
        .get(&format!("/internal/v1/deltas?after={after}"))
        .await
        .expect(200);
    serde_json::from_str(&answer.text).unwrap()
}

fn versions(deltas: Deltas) -> Option<Vec<u64>> {
    match deltas {
        Deltas::Events { events, .. } => Some(events.iter().map(|event| event.version.0).collect()),
        Deltas::SnapshotNeeded { .. } => None,
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn deltas_are_contiguous_or_none(pool: PgPool) {
    let app = TestApp::start(&pool);
    app.sign_up("Ada").await;
    app.sign_up("Bob").await;
    let client = worker(&app);
    let newest = head(&client).await.version.0;
    assert_eq!(versions(deltas(&client, 0).await), Some((1..=newest).collect()));
    assert_eq!(versions(deltas(&client, newest - 1).await), Some(vec![newest]));
    assert_eq!(versions(deltas(&client, newest).await), Some(vec![]));
    assert_eq!(
        versions(deltas(&client, newest + 1).await),
        None,
        "from the future"
    );
    sqlx::query("delete from config_outbox where version <= 2")
        .execute(&app.judge)
        .await
        .unwrap();
    assert_eq!(
        versions(deltas(&client, 1).await),
        None,
        "the log does not reach back"
    );
    assert_eq!(versions(deltas(&client, 2).await), Some((3..=newest).collect()));
    sqlx::query("delete from config_outbox")
        .execute(&app.judge)
        .await
        .unwrap();
    assert_eq!(
        versions(deltas(&client, newest - 1).await),
        None,
        "the log is empty"
    );
    client.get("/internal/v1/deltas?after=-1").await.expect(400);
    client.get("/internal/v1/deltas").await.expect(400);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_settled_is_never_taken_back(pool: PgPool) {
    let app = TestApp::start(&pool);
    let client = worker(&app);
    let someone = some_worker();
    let known = async || {
        let known: (i64, i64) = sqlx::query_as("select last_epoch, settled_below from worker_epochs")
            .fetch_one(&app.judge)
            .await
            .unwrap();
        known
    };
    // An older worker says nothing; a late heartbeat says less; a worker that stops says one more; nobody says more.
    for (epoch, settled_below, expected) in [
        (1, None, (1, 0)),
        (3, Some(2), (3, 2)),
        (2, Some(1), (3, 2)),
        (3, Some(4), (3, 4)),
        (3, Some(3), (3, 4)),
        (4, Some(9), (4, 5)),
    ] {
        let mut beat = heartbeat(someone, 1, "http://127.0.0.1:1");
        beat["epoch"] = json!(epoch);
        if let Some(settled_below) = settled_below {
            beat["settled_below"] = json!(settled_below);
        }
        client.post("/internal/v1/heartbeat", &beat).await.expect(204);
        assert_eq!(known().await, expected);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn heartbeats_tell_how_far_the_configuration_has_come(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let client = worker(&app);
    let newest = head(&client).await.version.0;
    let (fast, slow, gone) = (some_worker(), some_worker(), some_worker());
    let beat = async |worker, applied| {
        let body = heartbeat(worker, applied, "http://127.0.0.1:1");
        client.post("/internal/v1/heartbeat", &body).await.expect(204);
    };
    beat(gone, newest).await;
    app.advance(Duration::from_secs(6));
    beat(fast, newest).await;
    beat(slow, newest - 1).await;
    let mut draining = heartbeat(some_worker(), 0, "http://127.0.0.1:1");
    draining["draining"] = json!(true);
    client.post("/internal/v1/heartbeat", &draining).await.expect(204);
    let deployment = ada.get("/api/v1/deployment").await.expect(200).body;
    assert_eq!(deployment["config_version"], newest);
    assert_eq!(
        deployment["workers"],
        json!({ "live": 2, "applied": 1, "releases": ["0.1.0"] })
    );
    app.anonymous()
        .get("/api/v1/deployment")
        .await
        .refused(401, "unauthenticated");
    client
        .post("/internal/v1/heartbeat", &json!({ "worker": "me" }))
        .await
        .refused(422, "validation_failed");

    // A write that waits is answered as soon as the workers have it, and at the latest after two seconds.
    let body = json!({ "organization": ada.organization, "name": "Second" });
    let late = ada.post("/api/v1/projects?wait=applied", &body).await.expect(201);
    assert_eq!(late.header("x-sluicegate-workers-applied"), "0/2");
    let next = head(&client).await.version.0 + 1;
    beat(fast, next).await;
    beat(slow, next).await;
    let body = json!({ "organization": ada.organization, "name": "Third" });
    let prompt = ada.post("/api/v1/projects?wait=applied", &body).await.expect(201);
    assert_eq!(prompt.header("x-sluicegate-workers-applied"), "2/2");
    assert_eq!(prompt.header("x-sluicegate-config-version"), next.to_string());
}

/// A worker's internal endpoint that takes one connection test and answers with `report`; gives back what it was asked.
async fn answer_one_test(listener: tokio::net::TcpListener, report: Value) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"}") {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.unwrap();
        assert!(length > 0, "hung up early");
        request.extend_from_slice(&chunk[..length]);
    }
    let body = report.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    String::from_utf8(request).unwrap()
}

async fn some_connection(app: &TestApp, owner: &Client) -> String {
    let id = sluicegate_contracts::ids::ConnectionId::from(Uuid::now_v7());
    let organization: sluicegate_contracts::ids::OrganizationId = owner.organization.parse().unwrap();
    let project: sluicegate_contracts::ids::ProjectId = owner.project.parse().unwrap();
    sqlx::query(
        "insert into connections (id, organization_id, project_id, slug, provider, base_url, created_at)
         values ($1, $2, $3, 'main', 'openai', 'https://api.openai.com/v1', now())",
    )
    .bind(id.as_uuid())
    .bind(organization.as_uuid())
    .bind(project.as_uuid())
    .execute(&app.judge)
    .await
    .unwrap();
    id.to_string()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_connection_is_tested_by_a_live_worker(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let connection = some_connection(&app, &ada).await;
    let path = ada.in_project(&format!("/connections/{connection}/test"));
    ada.post_nothing(&path)
        .await
        .refused(503, "dependency_unavailable");
    bob.post_nothing(&path).await.refused(404, "not_found");
    let elsewhere = bob.in_project(&format!("/connections/{connection}/test"));
    bob.post_nothing(&elsewhere).await.refused(404, "not_found");

    let client = worker(&app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let beat = heartbeat(some_worker(), 1, &url);
    client.post("/internal/v1/heartbeat", &beat).await.expect(204);
    let report = json!({
        "ok": false, "latency_ms": 12, "status": 401, "message": "Incorrect API key provided", "models": [],
    });
    let (asked, answer) = tokio::join!(answer_one_test(listener, report.clone()), ada.post_nothing(&path));
    assert_eq!(answer.expect(200).body, report);
    let newest = head(&client).await.version.0;
    assert!(asked.starts_with("POST /internal/v1/connection-test "));
    assert!(asked.contains(&format!(
        "authorization: Bearer {}",
        app.state.worker_token.expose()
    )));
    let (_, body) = asked.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body, json!({ "connection": connection, "at_version": newest }));
    let kept: Value = sqlx::query_scalar("select last_test from connections")
        .fetch_one(&app.judge)
        .await
        .unwrap();
    assert_eq!(
        (&kept["status"], &kept["at"]),
        (&json!(401), &json!("2026-01-01T00:00:00Z"))
    );
}
