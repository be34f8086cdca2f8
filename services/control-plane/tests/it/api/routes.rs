//! Routes and their versions.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn each_change_publishes_the_next_version(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "slug": "support", "aliases": ["fast"], "strategy": "weighted", "targets": [{ "model": "m1", "weight": 3 }, { "model": "m2" }] });
    let made = ada.post(&ada.in_project("/routes"), &body).await.expect(201);
    assert_eq!(
        (made.header("etag"), made.body["version"].as_i64()),
        ("\"1\"", Some(1))
    );
    assert_eq!(
        made.body["retry"],
        json!({ "max_attempts": 3, "attempt_timeout_ms": 120_000 })
    );
    let path = ada.in_project(&format!("/routes/{}", made.text_of("id")));
    let change = json!({ "strategy": "ordered", "retry": { "max_attempts": 2, "attempt_timeout_ms": 5000 } });
    ada.patch(&path, &change).await.refused(428, "if_match_required");
    let changed = ada
        .with("if-match", "\"1\"")
        .patch(&path, &change)
        .await
        .expect(200);
    assert_eq!(
        (changed.header("etag"), changed.body["targets"].clone()),
        ("\"2\"", made.body["targets"].clone())
    );
    let late = ada
        .with("if-match", "\"1\"")
        .patch(&path, &change)
        .await
        .refused(412, "version_conflict");
    assert_eq!(late.header("etag"), "\"2\"");
    let live = app.published("route").await;
    assert_eq!(
        (live[0]["version"].as_i64(), live[0]["strategy"].as_str()),
        (Some(2), Some("ordered"))
    );
    let versions = ada.get(&format!("{path}/versions")).await.expect(200).body;
    let numbers: Vec<_> = versions["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["version"].clone(), v["strategy"].clone()))
        .collect();
    assert_eq!(
        numbers,
        [(json!(2), json!("ordered")), (json!(1), json!("weighted"))]
    );
    ada.delete(&path).await.refused(428, "if_match_required");
    ada.with("if-match", "\"2\"").delete(&path).await.expect(204);
    ada.get(&path).await.refused(404, "not_found");
    assert_eq!(app.published("route").await.len(), 0);
    ada.post(&ada.in_project("/routes"), &body).await.expect(201);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_hedge_is_kept_as_written_and_reaches_workers(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/routes");
    let hedged = |hedge: Value| {
        json!({ "slug": "quick", "strategy": "ordered", "targets": [{ "model": "m1" }, { "model": "m2" }],
            "retry": { "max_attempts": 2, "attempt_timeout_ms": 5000, "hedge": hedge } })
    };
    let body = hedged(json!({ "after": { "percentile": 95 }, "max_cost": { "amount": "0.002" } }));
    let made = ada.post(&path, &body).await.expect(201);
    assert_eq!(
        made.body["rules"][0]["retry"]["hedge"],
        json!({ "after": { "percentile": 95 }, "max_percent": 5,
            "max_cost": { "amount": "0.002000000", "currency": "USD" } })
    );
    assert_eq!(
        app.published("route").await[0]["retry"]["hedge"],
        json!({ "after": { "percentile": 95 }, "max_percent": 5, "max_cost": 2_000_000 })
    );
    let cases = [
        (
            json!({ "after": { "milliseconds": 5000 } }),
            "/after/milliseconds",
        ),
        (
            json!({ "after": { "milliseconds": 200 }, "max_cost": { "amount": "0" } }),
            "/max_cost/amount",
        ),
    ];
    for (hedge, at) in cases {
        let refused = ada
            .post(&path, &hedged(hedge))
            .await
            .refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], format!("/retry/hedge{at}"));
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn findings_point_to_their_fields_and_names_are_unique(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/routes");
    let body = json!({ "slug": "support", "aliases": ["fast"], "strategy": "ordered", "targets": [{ "model": "m" }] });
    ada.post(&path, &body).await.expect(201);
    ada.post(&path, &body).await.refused(409, "slug_taken");
    let other =
        json!({ "slug": "other", "aliases": ["fast"], "strategy": "ordered", "targets": [{ "model": "m" }] });
    ada.post(&path, &other).await.refused(409, "alias_taken");
    let bad = json!({ "slug": "bad", "strategy": "ordered", "targets": [{ "model": "route/support" }, { "model": "m", "connection": "gone" }] });
    let refused = ada.post(&path, &bad).await.refused(422, "validation_failed");
    let found: Vec<_> = refused.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["pointer"].clone(), e["code"].clone()))
        .collect();
    assert_eq!(
        found,
        [
            (json!("/targets/0/model"), json!("route_loop")),
            (json!("/targets/1/connection"), json!("unknown_connection"))
        ]
    );
    let unknown = json!({ "slug": "bad", "strategy": "slowest", "targets": [] });
    let refused = ada.post(&path, &unknown).await.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/strategy");
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_strategy_is_shown_as_it_was_written(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/routes");
    let usd = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let routed = |slug: String, strategy: &Value| json!({ "slug": slug, "strategy": strategy, "targets": [{ "model": "m" }] });
    let strategies = [
        json!("fastest"),
        json!("cheapest"),
        json!("least_loaded"),
        json!({ "cheapest_within": { "milliseconds": 800 } }),
        json!({ "fastest_under": { "cost": usd("0.002000000") } }),
        json!({ "balanced": { "second": usd("0.000500000") } }),
    ];
    for (index, strategy) in strategies.iter().enumerate() {
        let made = ada
            .post(&path, &routed(format!("r{index}"), strategy))
            .await
            .expect(201);
        assert_eq!(made.body["strategy"], *strategy);
    }
    for (wrong, pointer) in [
        (
            json!({ "cheapest_within": { "milliseconds": 0 } }),
            "/strategy/cheapest_within/milliseconds",
        ),
        (
            json!({ "fastest_under": { "cost": usd("0") } }),
            "/strategy/fastest_under/cost/amount",
        ),
        (
            json!({ "balanced": { "second": usd("much") } }),
            "/strategy/balanced/second/amount",
        ),
    ] {
        let refused = ada.post(&path, &routed("bad".to_owned(), &wrong)).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn rules_are_published_in_their_order_and_changed_as_a_whole(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let rules = json!([
        { "name": "long", "when": "request.input_tokens > 1000", "strategy": "cheapest", "targets": [{ "model": "m1" }] },
        { "name": "rest", "strategy": "ordered", "targets": [{ "model": "m2" }], "retry": { "max_attempts": 2, "attempt_timeout_ms": 5000 } },
    ]);
    let made = ada
        .post(
            &ada.in_project("/routes"),
            &json!({ "slug": "support", "rules": rules }),
        )
        .await
        .expect(201);
    assert_eq!(made.body["rules"][0]["when"], "request.input_tokens > 1000");
    assert_eq!(made.body["rules"][0]["retry"]["max_attempts"], 3);
    assert_eq!(
        (&made.body["strategy"], &made.body["targets"]),
        (
            &made.body["rules"][1]["strategy"],
            &made.body["rules"][1]["targets"]
        )
    );
    let live = app.published("route").await;
    assert_eq!(
        (live[0]["rules"][1]["name"].as_str(), live[0].get("strategy")),
        (Some("rest"), None)
    );

    let path = ada.in_project(&format!("/routes/{}", made.text_of("id")));
    let refused = ada
        .with("if-match", "\"1\"")
        .patch(&path, &json!({ "strategy": "weighted" }))
        .await;
    assert_eq!(
        refused.refused(422, "validation_failed").body["errors"][0]["pointer"],
        "/rules"
    );
    let renamed = ada
        .with("if-match", "\"1\"")
        .patch(&path, &json!({ "slug": "help" }))
        .await
        .expect(200);
    assert_eq!(renamed.body["rules"], made.body["rules"]);
    let plain =
        json!({ "rules": [{ "name": "default", "strategy": "ordered", "targets": [{ "model": "m3" }] }] });
    ada.with("if-match", "\"2\"")
        .patch(&path, &plain)
        .await
        .expect(200);
    let live = app.published("route").await;
    assert_eq!(
        (live[0].get("rules"), live[0]["targets"][0]["model"].as_str()),
        (None, Some("m3")),
        "as before rules"
    );
    let versions = ada.get(&format!("{path}/versions")).await.expect(200).body;
    assert_eq!(versions["data"][2]["rules"], made.body["rules"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_connection_that_a_rule_is_pinned_to_is_in_use(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "slug": "main", "provider": "openai", "credential": "sk-secret" });
    let made = ada.post(&ada.in_project("/connections"), &body).await.expect(201);
    let rules = json!([
        { "name": "streams", "when": "request.stream", "strategy": "ordered", "targets": [{ "model": "m", "connection": "main" }] },
        { "name": "rest", "strategy": "ordered", "targets": [{ "model": "m" }] },
    ]);
    ada.post(
        &ada.in_project("/routes"),
        &json!({ "slug": "support", "rules": rules }),
    )
    .await
    .expect(201);
    let path = ada.in_project(&format!("/connections/{}", made.text_of("id")));
    ada.with("if-match", "\"1\"")
        .delete(&path)
        .await
        .refused(409, "in_use");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_mistake_in_yaml_is_told_with_its_pointer_and_its_place(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await.with("content-type", "application/yaml");
    let path = ada.in_project("/routes");
    let send = |text: &str| ada.send(Method::POST, &path, Some(text.to_owned()));
    let text = "slug: support\nrules:\n  - name: long\n    when: request.tokns > 5 # long prompts\n    strategy: ordered\n    \
                targets: [{model: m}]\n  - name: rest\n    strategy: {cheapest_within: {milliseconds: 800}}\n    targets:\n      \
                - model: m\n";
    let refused = send(text).await.refused(422, "validation_failed");
    let expected = json!([{ "pointer": "/rules/0/when", "code": "cel_unknown_fact", "line": 4, "column": 11,
        "detail": "At column 1: There is no fact request.tokns. Did you mean request.input_tokens?" }]);
    assert_eq!(refused.body["errors"], expected);
    let made = send(&text.replace("tokns", "input_tokens")).await.expect(201);
    assert_eq!(
        made.body["rules"][1]["strategy"],
        json!({ "cheapest_within": { "milliseconds": 800 } })
    );

    let refused = send(&text.replace("model: m\n", "modle: m\n"))
        .await
        .refused(422, "validation_failed");
    let found = &refused.body["errors"][0];
    assert_eq!(
        (&found["pointer"], &found["code"]),
        (&json!("/rules/1/targets/0/modle"), &json!("unknown_field"))
    );
    assert_eq!((&found["line"], &found["column"]), (&json!(10), &json!(16)));
    let refused = send("slug: [").await.refused(400, "invalid_request");
    assert_eq!(refused.body["errors"][0]["line"], 1);
}
