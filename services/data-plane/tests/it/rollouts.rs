//! A version of a route that is being rolled out serves its share of the conversations, and each of them always.

use std::collections::BTreeMap;

use serde_json::Value;
use sluicegate_contracts::config::{RetryPolicy, Rule};

use crate::support::{Config, Worker, chat};

const SESSIONS: usize = 40;

fn rule(name: &str, when: Option<&str>) -> Rule {
    Rule {
        name: name.to_owned(),
        ..Config::rule(&["sluicegate/echo"], when, RetryPolicy::default())
    }
}

/// A route at version 3, whose version 4 serves so many of 100.
fn config(percent: u8) -> Config {
    let mut config = Config::new();
    config.ruled("support", vec![rule("old", None)]);
    config.rolling_out(
        percent,
        vec![
            rule("long", Some("request.input_tokens > 100000")),
            rule("new", None),
        ],
    );
    config
}

async fn call(worker: &Worker, session: usize) -> String {
    let request = worker.post("/v1/chat/completions", chat("route/support", false));
    let request = request.header("x-sluicegate-session", format!("session-{session}"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.headers()["x-sluicegate-route"]
        .to_str()
        .unwrap()
        .to_owned()
}

/// The version that serves each session, which is the same for each of its calls.
async fn versions(percent: u8) -> BTreeMap<String, u32> {
    let worker = Worker::start(&config(percent));
    let mut told = Vec::new();
    for session in (0..SESSIONS).chain(0..SESSIONS) {
        told.push(call(&worker, session).await);
    }
    let mut versions = BTreeMap::new();
    for (record, told) in worker.first_records(2 * SESSIONS).await.iter().zip(told) {
        let version = record.route.as_ref().unwrap().version;
        let session = record.labels.session.clone().unwrap();
        assert_eq!(
            told,
            format!("support@{version}"),
            "the caller is told who served"
        );
        let rule = record.decision.as_ref().unwrap().rule.as_deref().unwrap();
        assert_eq!(rule, if version == 4 { "new" } else { "old" });
        assert_eq!(
            *versions.entry(session).or_insert(version),
            version,
            "one session, one version"
        );
    }
    versions
}

#[actix_web::test]
async fn each_session_stays_with_the_version_that_the_record_names() {
    let few = versions(30).await;
    let newer = |versions: &BTreeMap<String, u32>| versions.values().filter(|it| **it == 4).count();
    assert!((4..24).contains(&newer(&few)), "{few:?}");
    let more = versions(60).await;
    assert!(newer(&more) > newer(&few));
    for (session, version) in few {
        assert!(version == 3 || more[&session] == 4, "{session} was moved back");
    }
    assert_eq!(newer(&versions(0).await), 0);
    assert_eq!(newer(&versions(100).await), SESSIONS);
}

#[actix_web::test]
async fn a_dry_run_names_the_version_that_would_serve() {
    let worker = Worker::start(&config(100));
    let dry = worker
        .post("/v1/chat/completions", chat("support-alias", false))
        .header("x-sluicegate-dry-run", "true");
    let shown: Value = dry.send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["route"]["version"], 4);
    assert_eq!(shown["decision"]["rule"], "new");
}
