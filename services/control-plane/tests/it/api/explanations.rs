//! Where a request would go that nobody has made, and why.

use serde_json::{Value, json};
use sluicegate_control_plane::app::catalog;
use sqlx::PgPool;

use crate::support::{Client, TestApp};

/// A project with two models over two accounts, and a route over both.
struct World {
    app: TestApp,
    ada: Client,
    route: String,
}

fn rule(name: &str, when: Option<&str>, models: &[&str]) -> Value {
    let targets: Vec<Value> = models.iter().map(|model| json!({ "model": model })).collect();
    json!({ "name": name, "when": when, "strategy": "ordered", "targets": targets })
}

impl World {
    async fn new(pool: &PgPool) -> Self {
        let app = TestApp::start(pool);
        let ada = app.sign_up("Ada").await;
        let model = |input: u32| {
            json!({
                "name": "M", "limit": { "context": 1000, "output": 100 },
                "modalities": { "input": ["text"], "output": ["text"] }, "cost": { "input": input, "output": 2 },
            })
        };
        let mut dear = model(3);
        dear["tool_call"] = json!(false);
        let list = json!({ "providers": {
            "openai": { "models": { "dear": dear } }, "mistral": { "models": { "cheap": model(1) } },
        } });
        catalog::import(&app.state, &list.to_string()).await.unwrap();
        for provider in ["openai", "mistral"] {
            let body = json!({ "slug": provider, "provider": provider, "credential": "sk-test-credential" });
            ada.post(&ada.in_project("/connections"), &body).await.expect(201);
        }
        let rules = [
            rule(
                "vip",
                Some(r#"request.metadata["tier"] == "pro""#),
                &["openai/dear"],
            ),
            rule("busy", Some(r#"signal("load", 0.0) > 0.5"#), &["mistralai/cheap"]),
            rule("rest", None, &["openai/dear", "mistralai/cheap"]),
        ];
        let body = json!({ "slug": "support", "aliases": ["help"], "rules": rules });
        let made = ada.post(&ada.in_project("/routes"), &body).await.expect(201);
        Self {
            route: made.text_of("id"),
            app,
            ada,
        }
    }

    async fn explain(&self, body: Value) -> Value {
        let path = self.ada.in_project("/explanations");
        self.ada.post(&path, &body).await.expect(200).body
    }

    async fn refused(&self, body: Value) -> (String, String) {
        let path = self.ada.in_project("/explanations");
        let answer = self.ada.post(&path, &body).await;
        let finding = &answer.refused(422, "validation_failed").body["errors"][0];
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        (text("pointer"), text("code"))
    }
}

/// Provider, rank and reason of each candidate.
fn candidates(explained: &Value) -> Value {
    let all = explained["candidates"].as_array().unwrap();
    let shown = |it: &Value| json!([it["provider"], it["rank"], it["reason"]]);
    all.iter().map(shown).collect()
}

fn codes(explained: &Value) -> Vec<&str> {
    let caveats = explained["caveats"].as_array().unwrap().iter();
    caveats.map(|it| it["code"].as_str().unwrap()).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_model_is_known_to_lack_stands_against_it(pool: PgPool) {
    let world = World::new(&pool).await;
    let told = world
        .explain(json!({ "model": "route/support", "tools": 2 }))
        .await;
    assert_eq!(
        candidates(&told),
        json!([["mistral", 1, null], ["openai", null, "tools_unsupported"]])
    );
    let certain = json!({ "model": "route/support", "tools": 2, "require_parameters": true });
    let told = world.explain(certain).await;
    assert_eq!(told["refusal"], "constraint_filtered");
    let reasons = told["candidates"].as_array().unwrap().iter();
    let reasons: Vec<_> = reasons.map(|it| (&it["reason"], &it["level"])).collect();
    let code = json!("tools_unsupported");
    assert_eq!(reasons, [(&code, &Value::Null), (&code, &json!("request"))]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_rule_the_order_and_the_price_of_each_candidate_are_told(pool: PgPool) {
    let world = World::new(&pool).await;
    let asked = json!({ "model": "route/support", "input_tokens": 500, "max_output_tokens": 100 });
    let told = world.explain(asked.clone()).await;
    assert_eq!(
        (&told["refusal"], &told["rule"], &told["cause"]),
        (&Value::Null, &json!("rest"), &json!("rule"))
    );
    assert_eq!(
        told["route"],
        json!({ "id": world.route, "slug": "support", "version": 1 })
    );
    assert_eq!(
        candidates(&told),
        json!([["openai", 1, null], ["mistral", 2, null]])
    );
    let bounds: Vec<&str> = told["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["bound"]["amount"].as_str().unwrap())
        .collect();
    assert_eq!(bounds, ["0.001700000", "0.000700000"]);
    assert_eq!(
        told["facts"],
        json!({ "input_tokens": 500, "language": null, "max_output_tokens": 100, "stream": false, "readings": [] })
    );
    assert!(
        told["config_version"].as_u64().unwrap() > 0 && told["config_hash"].as_str().unwrap().len() == 16
    );
    assert_eq!(codes(&told), ["health_unknown", "budgets_and_limits_not_asked"]);

    let mut vip = asked.clone();
    vip["metadata"] = json!({ "tier": "pro" });
    vip["model"] = json!("help");
    let told = world.explain(vip).await;
    assert_eq!((&told["rule"], &told["cause"]), (&json!("vip"), &json!("alias")));
    let push = json!({ "value": 0.9, "ttl_seconds": 60 });
    let pushed = world.ada.in_project("/signals/load");
    world
        .ada
        .send(reqwest::Method::PUT, &pushed, Some(push.to_string()))
        .await
        .expect(200);
    assert_eq!(world.explain(asked.clone()).await["rule"], "busy");
    let mut later = asked;
    later["at"] = json!("2026-01-01T00:02:00Z");
    assert_eq!(
        world.explain(later).await["rule"],
        "rest",
        "the signal is stale by then"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_level_that_forbids_is_named_and_so_is_what_the_caller_would_get(pool: PgPool) {
    let world = World::new(&pool).await;
    let key = json!({ "name": "eu", "allowed_models": ["route/support", "openai/*"],
        "constraints": { "operator_home": ["EU"] } });
    let key = world
        .ada
        .post(&world.ada.in_project("/keys"), &key)
        .await
        .expect(201)
        .text_of("id");
    let asked = |model: &str| json!({ "model": model, "key": key, "input_tokens": 5 });
    let told = world.explain(asked("route/support")).await;
    assert_eq!(
        candidates(&told),
        json!([["mistral", 1, null], ["openai", null, "region_blocked"]])
    );
    assert_eq!(told["candidates"][1]["level"], "key");
    let told = world.explain(asked("openai/dear")).await;
    assert_eq!(told["refusal"], "constraint_filtered");
    let told = world.explain(asked("mistralai/cheap")).await;
    assert_eq!(
        (&told["refusal"], &told["candidates"]),
        (&json!("not_allowed"), &json!([]))
    );
    let told = world.explain(json!({ "model": "nobody/knows" })).await;
    assert_eq!(told["refusal"], "model_not_found");
    let told = world
        .explain(json!({ "model": "openai/dear", "max_output_tokens": 1001 }))
        .await;
    assert_eq!(told["refusal"], "context_length_exceeded");
    let told = world
        .explain(json!({ "model": "openai/dear", "operation": "embeddings" }))
        .await;
    assert_eq!(told["refusal"], "no_route");

    let own = json!({ "model": "openai/dear", "models": ["mistralai/cheap"], "input_tokens": 500,
        "max_output_tokens": 100, "max_cost": { "amount": "0.001" } });
    let told = world.explain(own).await;
    assert_eq!(
        candidates(&told),
        json!([["mistral", 1, null], ["openai", null, "cost_above_cap"]])
    );
    assert_eq!(told["candidates"][1]["level"], "request");
    let sorted = json!({ "model": "openai/dear:floor", "models": ["mistralai/cheap"], "allow_fallbacks": false,
        "constraints": { "providers": { "ignore": ["mistral"] } } });
    let told = world.explain(sorted).await;
    assert_eq!(
        candidates(&told),
        json!([["openai", 1, null], ["mistral", null, "provider_excluded"]])
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_draft_or_a_document_decides_in_the_place_of_what_is_published(pool: PgPool) {
    let world = World::new(&pool).await;
    let mut measured = rule("new", None, &["openai/dear", "mistralai/cheap"]);
    measured["strategy"] = json!("fastest");
    let document = json!({ "slug": "support", "rules": [measured] });
    let asked = json!({ "model": "route/support", "document": document });
    let told = world.explain(asked).await;
    assert_eq!((&told["rule"], &told["cause"]), (&json!("new"), &json!("score")));
    assert_eq!(
        told["route"],
        json!({ "id": null, "slug": "support", "version": null })
    );
    assert!(codes(&told).contains(&"measures_unknown"));

    let of_draft = json!({ "model": "route/support", "draft_of": world.route });
    assert_eq!(
        world.refused(of_draft.clone()).await,
        ("/draft_of".to_owned(), "unknown_draft".to_owned())
    );
    let path = world.ada.in_project(&format!("/routes/{}/draft", world.route));
    world
        .ada
        .send(reqwest::Method::PUT, &path, Some(document.to_string()))
        .await
        .expect(200);
    assert_eq!(world.explain(of_draft).await["rule"], "new");
    assert_eq!(
        world.explain(json!({ "model": "route/support" })).await["rule"],
        "rest",
        "nothing was published"
    );

    let broken = json!({ "model": "route/support",
        "document": { "slug": "support", "rules": [rule("odd", Some("request.tokns > 1"), &["openai/dear"])] } });
    assert_eq!(world.refused(broken).await.0, "/document/rules/0/when");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_id_gives_the_same_draw_and_nothing_is_left_behind(pool: PgPool) {
    let world = World::new(&pool).await;
    let targets =
        json!([{ "model": "openai/dear", "weight": 1 }, { "model": "mistralai/cheap", "weight": 1 }]);
    let document = json!({ "slug": "drawn", "strategy": "weighted", "targets": targets });
    world
        .ada
        .post(&world.ada.in_project("/routes"), &document)
        .await
        .expect(201);
    let audited = async || {
        let events = world
            .ada
            .get(&world.ada.in_organization("/audit-events"))
            .await
            .expect(200);
        events.body["data"].as_array().unwrap().len()
    };
    let before = audited().await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let told = world.explain(json!({ "model": "route/drawn" })).await;
        let again = json!({ "model": "route/drawn", "request": told["request"] });
        assert_eq!(world.explain(again).await["candidates"], told["candidates"]);
        seen.insert(told["candidates"][0]["provider"].to_string());
    }
    assert_eq!(seen.len(), 2, "either is drawn");
    assert_eq!(audited().await, before);
    let stranger = world.app.sign_up("Eve").await;
    let path = world.ada.in_project("/explanations");
    stranger
        .post(&path, &json!({ "model": "openai/dear" }))
        .await
        .refused(404, "not_found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_cannot_be_read_is_refused_with_its_place(pool: PgPool) {
    let world = World::new(&pool).await;
    for (member, value, pointer) in [
        ("model", json!(""), "/model"),
        ("models", json!(["a\u{0}"]), "/models"),
        ("tags", json!([""]), "/tags"),
        ("session", json!("\u{1}"), "/session"),
        ("max_cost", json!({ "amount": "0" }), "/max_cost/amount"),
        (
            "constraints",
            json!({ "processing": ["Mars"] }),
            "/constraints/processing/0",
        ),
        ("key", json!("key_01jd0000000000000000000000"), "/key"),
    ] {
        let mut body = json!({ "model": "route/support" });
        body[member] = value;
        assert_eq!(world.refused(body).await.0, pointer);
    }
    let both = json!({ "model": "route/support", "models": ["openai/dear"] });
    assert_eq!(world.refused(both).await.0, "/models");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_arm_and_the_language_of_a_request_are_told(pool: PgPool) {
    let world = World::new(&pool).await;
    let arms =
        json!({ "name": "trial", "unit": "user", "arms": [{ "name": "a", "weight": 0 }, { "name": "b" }] });
    let targets = json!([{ "model": "openai/dear", "arm": "a" }, { "model": "mistralai/cheap", "arm": "b" }]);
    let asking = json!({ "name": "german", "when": "request.language == \"de\"", "strategy": "ordered",
        "targets": [{ "model": "openai/dear" }] });
    let rest = json!({ "name": "rest", "strategy": "ordered", "experiment": arms, "targets": targets });
    let document = json!({ "slug": "support", "rules": [asking, rest] });
    let ask = |language: &str| json!({ "model": "route/support", "document": document, "language": language, "end_user": "ann" });
    let german = world.explain(ask("de")).await;
    assert_eq!(
        (
            &german["rule"],
            &german["experiment"],
            &german["facts"]["language"]
        ),
        (&json!("german"), &Value::Null, &json!("de"))
    );
    let other = world.explain(ask("en")).await;
    assert_eq!(
        other["experiment"],
        json!({ "name": "trial", "arm": "b", "unit": "user" })
    );
    assert_eq!(other["cause"], "experiment");
    let candidates = &other["candidates"];
    assert_eq!(
        (&candidates[0]["arm"], &candidates[1]["reason"]),
        (&json!("b"), &json!("weight_zero"))
    );
    assert_eq!(
        world.refused(ask("german")).await,
        ("/language".to_owned(), "invalid".to_owned())
    );
}
