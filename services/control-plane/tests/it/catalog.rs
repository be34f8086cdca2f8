//! Importing price lists, and the catalog as people read it.

use serde_json::{Value, json};
use sluicegate_control_plane::app::catalog::{ImportSummary, SEED, import, import_seed_if_empty};
use sqlx::PgPool;

use crate::support::TestApp;

const HEAD: &str = "select version from config_head";

fn list(models: &Value) -> String {
    json!({ "providers": { "openai": { "models": models } } }).to_string()
}

fn model(input: &str) -> Value {
    let price: Value = serde_json::from_str(input).unwrap();
    json!({
        "name": "A", "limit": { "context": 1000, "output": 100 },
        "modalities": { "input": ["text"], "output": ["text"] }, "cost": { "input": price, "output": 2 },
    })
}

#[sqlx::test(migrations = "../../migrations")]
async fn importing_the_same_list_again_changes_nothing(pool: PgPool) {
    let app = TestApp::start(&pool);
    let first = import_seed_if_empty(&app.state).await.unwrap().unwrap();
    assert!(first.endpoints_added > 700 && first.endpoints_changed == 0);
    let version = app.number(HEAD).await;
    assert_eq!(version, i64::try_from(first.endpoints_added).unwrap());
    let again = import(&app.state, SEED).await.unwrap();
    let nothing = ImportSummary {
        endpoints_unchanged: first.endpoints_added,
        unpriced: first.unpriced,
        ..ImportSummary::default()
    };
    assert_eq!(again, nothing);
    assert_eq!(import_seed_if_empty(&app.state).await.unwrap(), None);
    assert_eq!(app.number(HEAD).await, version);
    assert_eq!(
        app.number("select count(*) from audit_events where action = 'catalog.imported'")
            .await,
        1
    );
}

async fn published(app: &TestApp, name: &str) -> Value {
    let body: String =
        sqlx::query_scalar("select body from config_entities where body::jsonb->>'upstream_model' = $1")
            .bind(name)
            .fetch_one(&app.judge)
            .await
            .unwrap();
    serde_json::from_str(&body).unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_what_changed_is_published(pool: PgPool) {
    let app = TestApp::start(&pool);
    import(
        &app.state,
        &list(&json!({ "a": model("0.15"), "b": model("1"), "c": model("1") })),
    )
    .await
    .unwrap();
    let a = published(&app, "a").await;
    assert_eq!(
        (&a["model"], &a["price"]["input"], &a["price"]["version"]),
        (&json!("openai/a"), &json!(150_000), &json!(1))
    );

    let second = list(&json!({ "a": model("0.075"), "b": model("1"), "d": model("1") }));
    let summary = import(&app.state, &second).await.unwrap();
    assert_eq!(
        (
            summary.endpoints_added,
            summary.endpoints_changed,
            summary.prices_changed
        ),
        (1, 1, 1)
    );
    assert_eq!((summary.endpoints_disabled, summary.endpoints_unchanged), (1, 1));
    assert_eq!(app.number(HEAD).await, 6);
    let changed = published(&app, "a").await;
    assert_eq!(
        (&changed["price"]["input"], &changed["price"]["version"]),
        (&json!(75_000), &json!(2))
    );
    assert_eq!(changed["id"], a["id"]);
    assert_eq!(published(&app, "c").await["status"], "disabled");

    // Back in the list: in service again, at the price it had.
    let summary = import(
        &app.state,
        &list(&json!({ "a": model("0.075"), "c": model("1") })),
    )
    .await
    .unwrap();
    assert_eq!(
        (
            summary.endpoints_changed,
            summary.prices_changed,
            summary.endpoints_disabled
        ),
        (1, 0, 2)
    );
    assert_eq!(published(&app, "c").await["price"]["version"], 1);
    assert!(import(&app.state, "{").await.is_err());
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_version_of_a_price_is_remembered(pool: PgPool) {
    let app = TestApp::start(&pool);
    let unpriced = json!({
        "name": "A", "limit": {}, "modalities": { "input": ["text"], "output": ["text"] },
    });
    for a in [model("0.15"), model("0.15"), unpriced, model("0.075")] {
        import(&app.state, &list(&json!({ "a": a }))).await.unwrap();
    }
    let remembered: Vec<(i32, Option<Value>)> = sqlx::query_as(
        "select known.version, known.price->'input'
         from catalog_prices known join catalog_endpoints endpoint on endpoint.id = known.endpoint_id
         where endpoint.upstream_model = 'a' order by known.version",
    )
    .fetch_all(&app.judge)
    .await
    .unwrap();
    let expected = [(1, Some(json!(150_000))), (2, None), (3, Some(json!(75_000)))];
    assert_eq!(remembered, expected);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_lists_cannot_say_is_priced_by_the_rules_of_the_vendor(pool: PgPool) {
    let app = TestApp::start(&pool);
    import_seed_if_empty(&app.state).await.unwrap();
    let price = published(&app, "claude-3-5-sonnet-20241022").await["price"].clone();
    // $3 of input, $3.75 and $6 to write to the cache for five minutes and an hour, $10 for a thousand searches.
    assert_eq!(
        [&price["input"], &price["cache_write"], &price["cache_write_1h"]],
        [&json!(3_000_000), &json!(3_750_000), &json!(6_000_000)]
    );
    assert_eq!(price["fees"]["search"], 10_000_000_000_i64);
}

#[sqlx::test(migrations = "../../migrations")]
async fn people_find_models_and_prices(pool: PgPool) {
    let app = TestApp::start(&pool);
    import_seed_if_empty(&app.state).await.unwrap();
    let ada = app.sign_up("Ada").await;
    let mini = ada
        .get("/api/v1/models/openai/gpt-4o-mini")
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&mini["vendor"], &mini["context_window"]),
        (&json!("openai"), &json!(128_000))
    );
    let endpoints = mini["endpoints"].as_array().unwrap();
    let own = endpoints
        .iter()
        .find(|endpoint| endpoint["provider"] == "openai")
        .unwrap();
    assert_eq!(
        own["price"]["input_per_mtok"],
        json!({ "amount": "0.150000000", "currency": "USD" })
    );
    let tools = own["facts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "tools")
        .unwrap();
    assert_eq!(
        (&tools["value"], &tools["as_of"]),
        (&json!(true), &json!("2026-07"))
    );
    assert_eq!(
        published(&app, "gpt-4o-mini").await["facts"]["tools"],
        true,
        "workers are told"
    );
    assert!(endpoints.len() > 1, "also served by others");
    ada.get("/api/v1/models/openai/no-such-model")
        .await
        .refused(404, "not_found");

    let mut seen = Vec::new();
    let mut path = "/api/v1/models?provider=groq&limit=3".to_owned();
    loop {
        let page = ada.get(&path).await.expect(200).body;
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|model| model["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/models?provider=groq&limit=3&cursor={cursor}");
    }
    assert!(seen.len() > 5 && seen.is_sorted());
    let found = ada.get("/api/v1/models?q=GPT-4O-MINI").await.expect(200).body;
    assert_eq!(found["data"][0]["id"], "openai/gpt-4o-mini");
    let providers = ada.get("/api/v1/providers").await.expect(200).body;
    assert!(
        providers
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["id"] == "openai-compatible" && one["base_url"].is_null())
    );
    app.anonymous()
        .get("/api/v1/models")
        .await
        .refused(401, "unauthenticated");
}
