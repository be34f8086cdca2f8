//! The account API as a worker hands it on, in the shapes of OpenRouter's document.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{ApiKeyId, BudgetId, ConnectionId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::{AttemptRecord, CreditUse, UsageRecord};
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sluicegate_control_plane::settings::BillingMode;
use sluicegate_metering::ledger::Movement;
use sqlx::PgPool;

use crate::credit_charges::{give, post};
use crate::support::client::Answer;
use crate::support::usage::{Writer, entries};
use crate::support::{Client, TestApp};

/// A worker that hands on the calls of whoever has this secret.
struct Relay {
    worker: Client,
    digest: String,
}

impl Relay {
    fn of(app: &TestApp, secret: &str) -> Self {
        let token = format!("Bearer {}", app.state.worker_token.expose());
        Self {
            worker: app.anonymous().with("authorization", &token),
            digest: app.state.key_hasher.digest(secret).to_string(),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let who = self.worker.with("x-sluicegate-key-digest", &self.digest);
        let body = body.map(|body| body.to_string());
        who.send(method, &format!("/internal/v1/account{path}"), body)
            .await
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, None).await.expect(200).body
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }
}

async fn manager(app: &TestApp, owner: &Client, role: &str) -> Relay {
    let body = json!({ "name": "m", "role": role });
    let made = owner
        .post(&owner.in_organization("/management-keys"), &body)
        .await
        .expect(201);
    Relay::of(app, &made.text_of("secret"))
}

/// The members that OpenRouter's document requires of each object.
const KEY: &[&str] = &[
    "hash",
    "name",
    "label",
    "disabled",
    "limit",
    "limit_remaining",
    "limit_reset",
    "include_byok_in_limit",
    "usage",
    "usage_daily",
    "usage_weekly",
    "usage_monthly",
    "byok_usage",
    "byok_usage_daily",
    "byok_usage_weekly",
    "byok_usage_monthly",
    "created_at",
    "updated_at",
    "creator_user_id",
    "workspace_id",
];
const OWN_KEY: &[&str] = &[
    "label",
    "limit",
    "usage",
    "usage_daily",
    "usage_weekly",
    "usage_monthly",
    "byok_usage",
    "byok_usage_daily",
    "byok_usage_weekly",
    "byok_usage_monthly",
    "is_free_tier",
    "is_management_key",
    "is_provisioning_key",
    "limit_remaining",
    "limit_reset",
    "include_byok_in_limit",
    "creator_user_id",
    "rate_limit",
];
const GENERATION: &[&str] = &[
    "id",
    "upstream_id",
    "total_cost",
    "cache_discount",
    "upstream_inference_cost",
    "created_at",
    "model",
    "app_id",
    "streamed",
    "cancelled",
    "provider_name",
    "latency",
    "moderation_latency",
    "generation_time",
    "finish_reason",
    "service_tier",
    "tokens_prompt",
    "tokens_completion",
    "native_tokens_prompt",
    "native_tokens_completion",
    "native_tokens_completion_images",
    "native_tokens_reasoning",
    "native_tokens_cached",
    "num_media_prompt",
    "num_input_audio_prompt",
    "num_media_completion",
    "num_search_results",
    "num_fetches",
    "web_search_engine",
    "origin",
    "usage",
    "is_byok",
    "native_finish_reason",
    "external_user",
    "api_type",
    "preset_id",
    "router",
    "provider_responses",
    "user_agent",
    "http_referer",
    "data_region",
    "workspace_id",
];
const ACTIVITY: &[&str] = &[
    "date",
    "model",
    "model_permaslug",
    "endpoint_id",
    "provider_name",
    "usage",
    "byok_usage_inference",
    "requests",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
];

#[track_caller]
fn has_all(object: &Value, members: &[&str]) {
    for member in members {
        assert!(object.get(member).is_some(), "{member} is missing in {object}");
    }
}

/// Stores so many calls of a key, each of which cost 412 nano-dollars and counts on the account.
async fn used(app: &TestApp, owner: &Client, key: &str, account: Option<&AccountId>, calls: u64) -> Writer {
    let writer = Writer {
        key: key.parse().unwrap(),
        ..Writer::of(owner)
    };
    let mut records = writer.records(1..=calls);
    for record in &mut records {
        record.attempts[0].accounts.extend(account.cloned());
    }
    stored(app, &records).await;
    writer
}

/// Stores records as the ingester does.
async fn stored(app: &TestApp, records: &[UsageRecord]) {
    app.queue.append(&entries(records)).await.unwrap();
    let mut ingester = UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default());
    while app.queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_with_a_limit_lives_from_post_to_delete(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let manager = manager(&app, &ada, "developer").await;
    let body = json!({
        "name": "app", "limit": 50.25, "limit_reset": "monthly", "expires_at": "2026-02-01T00:00:00Z",
        "include_byok_in_limit": true, "creator_user_id": null, "a_field_of_tomorrow": 1,
    });
    let made = manager.post("/keys", body).await.expect(201).body;
    assert!(made["key"].as_str().unwrap().starts_with("sk-sg-"));
    has_all(&made["data"], KEY);
    let hash = made["data"]["hash"].as_str().unwrap().to_owned();
    let shown = manager.get(&format!("/keys/{hash}")).await["data"].clone();
    assert_eq!(shown, made["data"]);
    assert_eq!(
        (
            &shown["limit"],
            &shown["limit_remaining"],
            &shown["limit_reset"],
            &shown["workspace_id"]
        ),
        (
            &json!(50.25),
            &json!(50.25),
            &json!("monthly"),
            &json!(ada.project)
        )
    );
    let budget = app.published("budget").await.remove(0);
    assert_eq!(
        (&budget["limit"], &budget["scope"]["api_key"]),
        (&json!(50_250_000_000_i64), &json!(hash))
    );
    assert_eq!(manager.get("/keys").await["data"], json!([shown]));
    assert_eq!(manager.get("/keys?offset=1").await["data"], json!([]));

    let path = format!("/keys/{hash}");
    let change = json!({ "name": "renamed", "disabled": true, "limit": 2, "limit_reset": "daily" });
    let changed = manager.patch(&path, change).await.expect(200).body["data"].clone();
    assert_eq!(
        (
            &changed["name"],
            &changed["disabled"],
            &changed["limit"],
            &changed["limit_reset"]
        ),
        (&json!("renamed"), &json!(true), &json!(2.0), &json!("daily"))
    );
    assert_eq!(
        manager.get("/keys").await["data"],
        json!([]),
        "a key that is off is not listed"
    );
    assert_eq!(
        manager.get("/keys?include_disabled=true").await["data"][0]["hash"],
        json!(hash)
    );
    let freed = manager
        .patch(&path, json!({ "limit": null }))
        .await
        .expect(200)
        .body["data"]
        .clone();
    assert_eq!(
        (&freed["limit"], &freed["limit_remaining"]),
        (&Value::Null, &Value::Null)
    );
    assert!(app.published("budget").await.is_empty());
    let limited = manager
        .patch(&path, json!({ "limit": 0.000000001 }))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&limited["data"]["limit"], &limited["data"]["limit_reset"]),
        (&json!(1e-9), &Value::Null)
    );
    let deleted = manager.send(Method::DELETE, &path, None).await.expect(200);
    assert_eq!(deleted.body, json!({ "deleted": true }));
    manager
        .send(Method::GET, &path, None)
        .await
        .refused(404, "not_found");
    assert!(app.published("api_key").await.is_empty() && app.published("budget").await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn bad_input_makes_nothing(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let manager = manager(&app, &ada, "developer").await;
    for (field, value) in [
        ("limit", json!(0)),
        ("limit", json!(-1)),
        ("limit", json!(1e300)),
        ("limit_reset", json!("monthly")),
        ("expires_at", json!("2026-02-01T00:00:00+01:00")),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("workspace_id", json!(bob.project)),
        ("workspace_id", json!("nonsense")),
        ("creator_user_id", json!("usr_1")),
        ("name", json!("")),
    ] {
        let refused = manager.post("/keys", json!({ "name": "k", field: value })).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(
            refused.body["errors"].as_array().unwrap().len(),
            1,
            "{}",
            refused.text
        );
    }
    for (field, value) in [
        ("limit", json!("5")),
        ("limit_reset", json!("hourly")),
        ("disabled", json!(1)),
    ] {
        let refused = manager.post("/keys", json!({ "name": 7, field: value })).await;
        assert!(refused.status.is_client_error(), "{}", refused.text);
    }
    assert!(app.published("api_key").await.is_empty() && app.published("budget").await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_kind_and_the_role_of_a_key_decide(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let made = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let (path, own) = (
        format!("/keys/{}", made.text_of("id")),
        Relay::of(&app, &made.text_of("secret")),
    );
    for path in ["/keys", "/activity", "/credits", path.as_str()] {
        own.send(Method::GET, path, None)
            .await
            .refused(403, "wrong_key_kind");
    }
    let viewer = manager(&app, &ada, "viewer").await;
    viewer
        .post("/keys", json!({ "name": "k" }))
        .await
        .refused(403, "forbidden");
    viewer
        .send(Method::DELETE, &path, None)
        .await
        .refused(403, "forbidden");
    let stranger = manager(&app, &bob, "owner").await;
    for method in [Method::GET, Method::DELETE] {
        stranger.send(method, &path, None).await.refused(404, "not_found");
    }
    stranger
        .patch(&path, json!({ "name": "mine" }))
        .await
        .refused(404, "not_found");
    assert_eq!(stranger.get("/keys").await["data"], json!([]));
    let unknown = Relay::of(&app, "sk-sg-nobody");
    unknown
        .send(Method::GET, "/key", None)
        .await
        .refused(401, "unauthenticated");
    // A caller that is no worker gets nowhere, whatever digest it names.
    let posing = app.anonymous().with("x-sluicegate-key-digest", &viewer.digest);
    posing
        .get("/internal/v1/account/keys")
        .await
        .refused(401, "unauthenticated");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_tells_its_holder_what_is_left(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let manager = manager(&app, &ada, "developer").await;
    let whole = json!({ "name": "app", "limit": 0.00001, "limit_reset": "daily" });
    let made = manager.post("/keys", whole).await.expect(201).body;
    let hash = made["data"]["hash"].as_str().unwrap().to_owned();
    let budget = &app.published("budget").await[0];
    let account = AccountId {
        budget: budget["id"].as_str().unwrap().parse().unwrap(),
        period: UnixMillis::new(budget["periods"][0]["start"].as_i64().unwrap()),
        partition: None,
    };
    used(&app, &ada, &hash, Some(&account), 10).await;
    let own = Relay::of(&app, made["key"].as_str().unwrap());
    let shown = own.get("/key").await["data"].clone();
    has_all(&shown, OWN_KEY);
    for since in ["", "_daily", "_weekly", "_monthly"] {
        // Nobody paid with credit, so it went over the tenant's own connection.
        assert_eq!(shown[format!("byok_usage{since}")], json!(0.00000412), "{since}");
        assert_eq!(shown[format!("usage{since}")], json!(0.0), "{since}");
    }
    assert_eq!(
        (
            &shown["limit_remaining"],
            &shown["is_management_key"],
            &shown["label"]
        ),
        (&json!(0.00000588), &json!(false), &made["data"]["label"])
    );
    // A key that derives from it spends what is its own as well.
    let derived = ada
        .post(
            &ada.in_project(&format!("/keys/{hash}/derive")),
            &json!({ "name": "run" }),
        )
        .await
        .expect(201);
    used(&app, &ada, &derived.text_of("id"), None, 5).await;
    assert_eq!(own.get("/key").await["data"]["byok_usage"], json!(0.00000618));
    app.advance(Duration::from_secs(86_400));
    let tomorrow = own.get("/key").await["data"].clone();
    assert_eq!(
        (
            &tomorrow["byok_usage"],
            &tomorrow["byok_usage_daily"],
            &tomorrow["limit_remaining"]
        ),
        (&json!(0.00000618), &json!(0.0), &json!(0.00001))
    );
    let off = manager
        .patch(&format!("/keys/{hash}"), json!({ "disabled": true }))
        .await;
    off.expect(200);
    own.send(Method::GET, "/key", None)
        .await
        .refused(401, "unauthenticated");
    let managed = manager.get("/key").await["data"].clone();
    has_all(&managed, OWN_KEY);
    assert_eq!(
        (&managed["is_management_key"], &managed["limit"]),
        (&json!(true), &Value::Null)
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_credit_pays_is_told_apart_from_what_the_tenants_own_connections_cost(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let manager = manager(&app, &ada, "developer").await;
    let made = manager
        .post("/keys", json!({ "name": "app" }))
        .await
        .expect(201)
        .body;
    let writer = Writer {
        key: made["data"]["hash"].as_str().unwrap().parse().unwrap(),
        ..Writer::of(&ada)
    };
    let mut records = writer.records(1..=3);
    for record in &mut records {
        record.attempts[0].connection = Some(ConnectionId::from(uuid::Uuid::now_v7()));
    }
    // The first was tried over the host's account and then over the tenant's; the second only over the host's.
    let over_host = AttemptRecord {
        credit: Some(CreditUse {
            account: AccountId {
                budget: BudgetId::from(uuid::Uuid::now_v7()),
                period: UnixMillis::new(0),
                partition: None,
            },
            charge: NanoUsd::ZERO,
        }),
        ..records[0].attempts[0].clone()
    };
    records[0].attempts.insert(0, over_host.clone());
    records[0].cost = Some(NanoUsd::from_nanos(824));
    records[1].attempts = vec![over_host];
    stored(&app, &records).await;
    let own = Relay::of(&app, made["key"].as_str().unwrap());
    let shown = own.get("/key").await["data"].clone();
    assert_eq!(
        (&shown["usage_daily"], &shown["byok_usage_daily"]),
        (&json!(0.000000824), &json!(0.000000824))
    );
    for (record, is_own) in records.iter().zip([true, false, true]) {
        let path = format!("/generation?id={}", record.request);
        assert_eq!(own.get(&path).await["data"]["is_byok"], json!(is_own));
    }
    app.advance(Duration::from_secs(86_400));
    let row = manager.get("/activity").await["data"][0].clone();
    assert_eq!(
        (&row["usage"], &row["byok_usage_inference"]),
        (&json!(0.000000824), &json!(0.000000824))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn generations_are_shown_to_the_key_that_made_them_and_to_managers(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let key = async |name: &str| {
        let made = ada
            .post(&ada.in_project("/keys"), &json!({ "name": name }))
            .await
            .expect(201);
        (made.text_of("id"), Relay::of(&app, &made.text_of("secret")))
    };
    let ((id, own), (_, other)) = (key("own").await, key("other").await);
    let writer = used(&app, &ada, &id, None, 1).await;
    let path = format!("/generation?id={}", writer.record(1).request);
    for reader in [&own, &manager(&app, &ada, "viewer").await] {
        let shown = reader.get(&path).await["data"].clone();
        has_all(&shown, GENERATION);
        assert_eq!(
            (
                &shown["tokens_prompt"],
                &shown["tokens_completion"],
                &shown["total_cost"],
                &shown["provider_name"]
            ),
            (&json!(10), &json!(5), &json!(0.000000412), &json!("openai"))
        );
        assert_eq!(
            (&shown["latency"], &shown["generation_time"], &shown["model"]),
            (&json!(20.3), &json!(70.2), &json!("openai/gpt-4o-mini"))
        );
    }
    for stranger in [&other, &manager(&app, &bob, "owner").await] {
        stranger
            .send(Method::GET, &path, None)
            .await
            .refused(404, "not_found");
    }
    own.send(Method::GET, "/generation?id=gen-1", None)
        .await
        .refused(404, "not_found");
    let without = own.send(Method::GET, "/generation", None).await;
    without.refused(400, "invalid_request");
}

#[sqlx::test(migrations = "../../migrations")]
async fn activity_adds_up_by_day_and_model_of_whole_days(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let key = ApiKeyId::from(uuid::Uuid::now_v7()).to_string();
    used(&app, &ada, &key, None, 4).await;
    let stranger = manager(&app, &bob, "owner").await;
    let manager = manager(&app, &ada, "viewer").await;
    assert_eq!(
        manager.get("/activity").await["data"],
        json!([]),
        "today is not over"
    );
    app.advance(Duration::from_secs(86_400));
    let rows = manager.get("/activity").await["data"].clone();
    has_all(&rows[0], ACTIVITY);
    assert_eq!(
        (
            &rows[0]["date"],
            &rows[0]["requests"],
            &rows[0]["byok_usage_inference"],
            &rows[0]["prompt_tokens"]
        ),
        (&json!("2026-01-01"), &json!(4), &json!(0.000001648), &json!(40))
    );
    assert_eq!(
        (rows.as_array().unwrap().len(), rows[0].get("workspace_id")),
        (1, None)
    );
    let other = ApiKeyId::from(uuid::Uuid::now_v7());
    for (query, found) in [
        ("date=2026-01-01".to_owned(), 1),
        ("date=2025-12-31".to_owned(), 0),
        (format!("api_key_hash={key}"), 1),
        (format!("api_key_hash={other}"), 0),
        (format!("workspace_id={}", ada.project), 1),
        (format!("workspace_id={}", bob.project), 0),
    ] {
        let rows = manager.get(&format!("/activity?{query}")).await["data"].clone();
        assert_eq!(rows.as_array().unwrap().len(), found, "{query}");
    }
    let by_workspace = manager.get("/activity?group_by=workspace").await["data"].clone();
    assert_eq!(by_workspace[0]["workspace_id"], json!(ada.project));
    for bad in [
        "?date=2026-01-02",
        "?date=2025-01-01",
        "?date=x",
        "?user_id=u",
        "?api_key_hash=x",
    ] {
        let refused = manager.send(Method::GET, &format!("/activity{bad}"), None).await;
        refused.refused(422, "validation_failed");
    }
    assert_eq!(stranger.get("/activity").await["data"], json!([]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn credits_are_all_there_ever_were_and_what_of_them_is_used(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let stranger = manager(&app, &bob, "owner").await;
    let manager = manager(&app, &ada, "viewer").await;
    let none = json!({ "data": { "total_credits": 0.0, "total_usage": 0.0 } });
    assert_eq!(manager.get("/credits").await, none);
    give(&app, &ada, "one", "25").await;
    give(&app, &ada, "two", "0.5").await;
    let nano = NanoUsd::from_nanos;
    let amount = nano(10_000_000_000);
    post(&app, &ada, Movement::Reserve { amount }).await;
    let amount = nano(1_250_000_001);
    post(&app, &ada, Movement::Charge { amount }).await;
    // What is held for calls is not used yet.
    let shown = json!({ "data": { "total_credits": 25.5, "total_usage": 1.250000001 } });
    assert_eq!(manager.get("/credits").await, shown);
    assert_eq!(stranger.get("/credits").await, none);
}

#[sqlx::test(migrations = "../../migrations")]
async fn where_nobody_is_billed_there_are_no_credits(pool: PgPool) {
    let app = TestApp::start_with(&pool, |settings| settings.billing.mode = BillingMode::SelfHosted);
    let ada = app.sign_up("Ada").await;
    let manager = manager(&app, &ada, "owner").await;
    let asked = manager.send(Method::GET, "/credits", None).await;
    asked.refused(409, "self_hosted_mode");
}
