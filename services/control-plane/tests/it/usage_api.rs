//! The request log and usage over time, as members read them.

use futures_util::FutureExt;
use serde_json::{Value, json};
use sluicegate_contracts::event::ConfigHead;
use sluicegate_contracts::usage::{DecidedExperiment, DecidedFacts, Decision, Labels, Outcome};
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sluicegate_control_plane::store::database::Scope;
use sluicegate_control_plane::store::requests::{self, RequestFilter};
use sqlx::PgPool;

use crate::support::usage::{Writer, entries};
use crate::support::{Client, TestApp};

/// Twenty served requests and five refused ones of Ada, one of Bob.
async fn filled(app: &TestApp) -> (Client, Client, Writer) {
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let writer = Writer::of(&ada);
    let mut records = writer.records(1..=25);
    for record in &mut records[20..] {
        record.outcome = Outcome::Refused;
        record.status = 404;
        record.error_code = Some("model_not_found".to_owned());
        record.model_requested = "nobody/nothing\0".to_owned();
        record.model_served = None;
        record.attempts.clear();
        record.cost = None;
    }
    records.push(Writer::of(&bob).record(1));
    app.queue.append(&entries(&records)).await.unwrap();
    let mut ingester = UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default());
    while app.queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
    (ada, bob, writer)
}

async fn listed(client: &Client, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client
            .get(&client.in_project(&format!("/requests?limit=7{query}{cursor}")))
            .await
            .expect(200)
            .body;
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    all
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_log_lists_newest_first_and_filters(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob, writer) = filled(&app).await;
    let all = listed(&ada, "").await;
    assert_eq!(all.len(), 25);
    assert!(
        all.windows(2)
            .all(|pair| pair[0]["id"].as_str() > pair[1]["id"].as_str())
    );
    assert_eq!(listed(&ada, "&status=ok").await.len(), 20);
    assert_eq!(listed(&ada, "&status=error").await.len(), 5);
    assert_eq!(listed(&ada, "&model=openai/gpt-4o-mini").await.len(), 20);
    assert_eq!(listed(&ada, &format!("&key={}", writer.key)).await.len(), 25);
    let slice = "&from=2026-01-01T00:00:05Z&to=2026-01-01T00:00:10Z";
    assert_eq!(listed(&ada, slice).await.len(), 5);
    assert_eq!(listed(&bob, "").await.len(), 1);
    ada.get(&ada.in_project("/requests?key=nonsense"))
        .await
        .refused(422, "validation_failed");
    ada.get(&ada.in_project("/requests?status=maybe"))
        .await
        .refused(400, "invalid_request");

    let served = all.last().unwrap();
    assert_eq!(
        (
            &served["dialect"],
            &served["upstream_dialect"],
            &served["dropped"]
        ),
        (
            &json!("anthropic_messages"),
            &json!("openai_chat"),
            &json!("server_tool:web_search")
        )
    );
    assert_eq!(served["attempts"][0]["dialect"], "openai_chat");
    assert_eq!(
        served["cost"],
        json!({ "amount": "0.000000412", "currency": "USD" })
    );
    assert_eq!(
        (
            &served["cost_evidence"],
            &served["overhead_ms"],
            &served["ttft_ms"],
            &served["duration_ms"]
        ),
        (&json!("reported"), &json!(0.312), &json!(20.3), &json!(90.5))
    );
    assert_eq!(
        (
            &served["attempts"][0]["provider"],
            &served["attempts"][0]["ttft_ms"],
            &served["attempts"][0]["duration_ms"]
        ),
        (&json!("openai"), &json!(20.0), &json!(89.75))
    );
    assert_eq!(all[0]["model_requested"], "nobody/nothing\u{FFFD}");
    assert_eq!(
        (&all[0]["cost"], &all[0]["cost_evidence"], &all[0]["attempts"]),
        (&Value::Null, &json!("none"), &json!([]))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_log_shows_and_finds_what_callers_said_about_themselves(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let mut records = Writer::of(&ada).records(1..=3);
    records[0].labels = Labels {
        end_user: Some("ann".to_owned()),
        session: Some("run 7".to_owned()),
        tags: vec!["batch".to_owned(), "night\0".to_owned()],
    };
    records[1].labels.tags = vec!["batch".to_owned()];
    app.queue.append(&entries(&records)).await.unwrap();
    UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default())
        .pass()
        .await
        .unwrap();
    let all = listed(&ada, "").await;
    assert_eq!(
        (&all[2]["end_user"], &all[2]["session"], &all[2]["tags"]),
        (&json!("ann"), &json!("run 7"), &json!(["batch", "night\u{FFFD}"]))
    );
    assert_eq!(
        (&all[0]["end_user"], &all[0]["session"], &all[0]["tags"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    for (filter, found) in [
        ("end_user=ann", 1),
        ("end_user=bob", 0),
        ("session=run%207", 1),
        ("tag=batch", 2),
        ("tag=batch&end_user=ann", 1),
    ] {
        assert_eq!(listed(&ada, &format!("&{filter}")).await.len(), found, "{filter}");
    }
    for bad in ["end_user=", "session=%00", &format!("tag={}", "x".repeat(129))] {
        ada.get(&ada.in_project(&format!("/requests?{bad}")))
            .await
            .refused(422, "validation_failed");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_foreign_request_does_not_exist(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob, _) = filled(&app).await;
    let id = listed(&ada, "").await[0]["id"].as_str().unwrap().to_owned();
    let own = ada
        .get(&ada.in_project(&format!("/requests/{id}")))
        .await
        .expect(200);
    assert_eq!(own.body["error_code"], "model_not_found");
    bob.get(&bob.in_project(&format!("/requests/{id}")))
        .await
        .refused(404, "not_found");
    bob.get(&ada.in_project(&format!("/requests/{id}")))
        .await
        .refused(404, "not_found");
    bob.get(&ada.in_project("/usage")).await.refused(404, "not_found");
    ada.get(&ada.in_project("/requests/req_nonsense"))
        .await
        .refused(404, "not_found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn usage_adds_up_whatever_the_grouping(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, _, writer) = filled(&app).await;
    let expected = json!({
        "requests": 25, "errors": 5, "input_tokens": 250, "output_tokens": 125,
        "cost": { "amount": "0.000008240", "currency": "USD" },
    });
    let range = "from=2026-01-01T00:00:00Z&to=2026-01-01T06:00:00Z";
    for (grouping, groups) in [("none", 1), ("model", 2), ("key", 1)] {
        for grain in ["hour", "day"] {
            let path = format!("/usage?{range}&grain={grain}&group_by={grouping}");
            let usage = ada.get(&ada.in_project(&path)).await.expect(200).body;
            assert_eq!(usage["totals"], expected, "{path}");
            assert_eq!(usage["series"].as_array().unwrap().len(), groups, "{path}");
            assert_eq!(usage["series"][0]["points"][0]["at"], "2026-01-01T00:00:00Z");
        }
    }
    let by_key = ada
        .get(&ada.in_project(&format!("/usage?{range}&group_by=key")))
        .await
        .expect(200)
        .body;
    assert_eq!(by_key["series"][0]["group"]["id"], json!(writer.key));
    let by_model = ada
        .get(&ada.in_project(&format!("/usage?{range}&group_by=model")))
        .await
        .expect(200)
        .body;
    assert_eq!(
        by_model["series"][0]["group"],
        json!({ "id": "", "label": "No model" })
    );
    let earlier = "/usage?from=2025-12-01T00:00:00Z&to=2025-12-02T00:00:00Z";
    assert_eq!(
        ada.get(&ada.in_project(earlier)).await.expect(200).body["series"],
        json!([])
    );
    ada.get(&ada.in_project("/usage?from=2020-01-01T00:00:00Z"))
        .await
        .refused(422, "validation_failed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_used_key_shows_its_name_and_when_it_was_used(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let made = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "Laptop" }))
        .await
        .expect(201);
    let key = made.text_of("id");
    assert!(made.body["last_used_at"].is_null());
    let writer = Writer {
        key: key.parse().unwrap(),
        ..Writer::of(&ada)
    };
    app.queue.append(&entries(&writer.records(1..=9))).await.unwrap();
    UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default())
        .pass()
        .await
        .unwrap();
    let shown = ada
        .get(&ada.in_project(&format!("/keys/{key}")))
        .await
        .expect(200);
    assert_eq!(shown.body["last_used_at"], "2026-01-01T00:00:09Z");
    assert_eq!(
        shown.header("etag"),
        made.header("etag"),
        "being used is no change"
    );
    assert_eq!(
        listed(&ada, "").await[0]["key"],
        json!({ "id": key, "name": "Laptop" })
    );
    let path = "/usage?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z&group_by=key";
    let usage = ada.get(&ada.in_project(path)).await.expect(200).body;
    assert_eq!(
        usage["series"][0]["group"],
        json!({ "id": key, "label": "Laptop" })
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn row_level_security_hides_the_log_even_from_a_wrong_query(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob, writer) = filled(&app).await;
    for (reader, seen) in [(&ada, 25), (&bob, 0)] {
        let scope = Scope::Tenant {
            organization: reader.organization.parse().unwrap(),
            user: None,
        };
        let project = writer.project;
        let rows = app
            .state
            .within(scope, move |connection| {
                async move { requests::list(connection, project, &RequestFilter::default(), None, 100).await }
                    .boxed()
            })
            .await
            .unwrap();
        assert_eq!(rows.len(), seen);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_decision_says_what_became_of_each_candidate(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let writer = Writer::of(&ada);
    let mut records = writer.records(1..=3);
    let decided = json!({
        "cause": "direct", "rule": "long\u{0}prompts",
        "config": { "version": 7, "state_hash": 255 },
        "facts": { "input_tokens": 12, "stream": true },
        "candidates": [
            { "model": "m\u{0}", "provider": "openai", "rank": 1, "standing": "full", "score": { "by": "score", "latency": 340, "cost": 12 } },
            { "model": "m", "provider": "groq", "rank": 2, "bound": 1_700_000 },
            { "model": "m", "provider": "azure", "rejected": "price_above_cap", "level": "project" },
            { "model": "n", "rejected": "credential_missing" },
        ],
    });
    records[0].decision = Some(serde_json::from_value(decided).unwrap());
    let nobody = json!({ "config": { "version": 7, "state_hash": 255 }, "facts": { "input_tokens": 1, "stream": false } });
    records[1].decision = Some(serde_json::from_value(nobody).unwrap());
    records[1].attempts.clear();
    records[1].outcome = Outcome::Refused;
    app.queue.append(&entries(&records)).await.unwrap();
    let mut ingester = UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default());
    while app.queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
    let path = |index: usize| format!("/requests/{}/decision", records[index].request);
    let decision = ada.get(&ada.in_project(&path(0))).await.expect(200).body;
    assert_eq!(decision["summary"], "Served by openai on attempt 1 of 1.");
    assert_eq!(
        (&decision["cause"], &decision["config_version"]),
        (&json!("direct"), &json!(7))
    );
    assert_eq!(decision["config_hash"], "00000000000000ff");
    let outcomes: Vec<_> = decision["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["outcome"].as_str().unwrap(), it["reason"].as_str()))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("selected", None),
            ("standby", None),
            ("rejected", Some("price_above_cap")),
            ("rejected", Some("credential_missing"))
        ]
    );
    assert_eq!(decision["rule"], "long\u{fffd}prompts");
    assert_eq!(
        decision["candidates"][1]["bound"],
        json!({ "amount": "0.001700000", "currency": "USD" })
    );
    assert_eq!(decision["candidates"][2]["level"], "project");
    assert_eq!(decision["candidates"][0]["score"]["total"], 0.352);
    assert_eq!(decision["attempts"].as_array().unwrap().len(), 1);
    let refused = ada.get(&ada.in_project(&path(1))).await.expect(200).body;
    assert_eq!(
        (&refused["summary"], &refused["rule"]),
        (
            &json!("Nothing could serve it; each candidate says why."),
            &Value::Null
        )
    );
    ada.get(&ada.in_project(&path(2))).await.refused(404, "not_found");
    bob.get(&bob.in_project(&path(0))).await.refused(404, "not_found");
}

/// A decision about a request of this arm.
fn decided(arm: &str, cause: &'static str) -> Decision {
    Decision {
        cause: Some(cause.into()),
        rule: None,
        experiment: Some(DecidedExperiment {
            name: "trial".to_owned(),
            arm: arm.to_owned(),
            unit: "session".into(),
        }),
        config: ConfigHead::default(),
        facts: DecidedFacts {
            input_tokens: 10,
            max_output_tokens: None,
            stream: false,
            shape: None,
            language: None,
            readings: Vec::new(),
        },
        candidates: Vec::new(),
        omitted: 0,
        held_ms: 0,
        hedge: None,
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn arms_are_found_in_the_log_and_compared(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let mut records = Writer::of(&ada).records(1..=5);
    for (index, record) in records.iter_mut().take(4).enumerate() {
        record.decision = Some(match index {
            0..3 => decided("control", "experiment"),
            _ => decided("new", "other_arm"),
        });
    }
    records[1].outcome = Outcome::Failed;
    records[2].first_byte_us = Some(40_000);
    app.queue.append(&entries(&records)).await.unwrap();
    UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default())
        .pass()
        .await
        .unwrap();
    assert_eq!(listed(&ada, "&experiment=trial").await.len(), 4);
    let of_arm = listed(&ada, "&experiment=trial&arm=new").await;
    assert_eq!(of_arm.len(), 1);
    assert_eq!(of_arm[0]["experiment"], json!({ "name": "trial", "arm": "new" }));
    assert_eq!(listed(&ada, "").await[0]["experiment"], Value::Null);

    let window = "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
    let path = format!("/experiments/trial{window}");
    let figures = ada.get(&ada.in_project(&path)).await.expect(200).body;
    let arms = figures["arms"].as_array().unwrap();
    let of = |arm: &Value| {
        let count = |name: &str| arm[name].as_i64().unwrap();
        let name = arm["arm"].as_str().unwrap().to_owned();
        (name, count("requests"), count("errors"), count("other_arm"))
    };
    let found: Vec<_> = arms.iter().map(of).collect();
    assert_eq!(
        found,
        [("control".to_owned(), 3, 1, 0), ("new".to_owned(), 1, 0, 1)]
    );
    assert_eq!(arms[0]["ttft_ms"], json!({ "p50": 20.3, "p95": 40.0 }));
    assert_eq!(arms[0]["cost"]["amount"], "0.000001236");
    assert_eq!(arms[0]["mean_cost"]["amount"], "0.000000412");
    assert_eq!(figures["is_cut"], false);
    let foreign = bob.get(&bob.in_project(&path)).await.expect(200).body;
    assert_eq!(foreign["arms"], json!([]));
    let long = "/experiments/trial?from=2025-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
    ada.get(&ada.in_project(long))
        .await
        .refused(422, "validation_failed");
}
