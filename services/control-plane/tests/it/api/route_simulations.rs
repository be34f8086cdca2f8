//! What a change of a route would have changed for requests of the past.

use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{RouteRef, UsageRecord};
use sluicegate_control_plane::app::catalog;
use sqlx::PgPool;

use crate::support::usage::{Writer, drain, entries};
use crate::support::{Client, TestApp};

/// A project with two models over one account, a route to the dear one, and a key.
struct World {
    app: TestApp,
    ada: Client,
    writer: Writer,
    route: String,
    connection: String,
}

fn rule(name: &str, when: Option<&str>, model: &str) -> Value {
    json!({ "name": name, "when": when, "strategy": "ordered", "targets": [{ "model": model }] })
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
        let models = json!({ "cheap": model(1), "dear": model(3) });
        let list = json!({ "providers": { "openai": { "models": models } } });
        catalog::import(&app.state, &list.to_string()).await.unwrap();
        let body = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
        let made = ada.post(&ada.in_project("/connections"), &body).await.expect(201);
        let connection = made.text_of("id");
        let key = json!({ "name": "k" });
        let key = ada.post(&ada.in_project("/keys"), &key).await.expect(201);
        let mut writer = Writer::of(&ada);
        writer.key = key.text_of("id").parse().unwrap();
        let body =
            json!({ "slug": "support", "strategy": "ordered", "targets": [{ "model": "openai/dear" }] });
        let made = ada.post(&ada.in_project("/routes"), &body).await.expect(201);
        Self {
            route: made.text_of("id"),
            app,
            ada,
            writer,
            connection,
        }
    }

    /// A request that the route sent to the dear model: a thousand tokens in, and twenty milliseconds to the first byte.
    fn record(&self, seq: u64, facts: Option<Value>) -> UsageRecord {
        let mut record = self.writer.record(seq);
        record.route = Some(RouteRef {
            id: self.route.parse::<RouteId>().unwrap(),
            slug: "support".to_owned(),
            version: 1,
        });
        record.model_requested = "route/support".to_owned();
        let config = json!({ "version": 7, "state_hash": 255 });
        record.decision =
            facts.map(|facts| serde_json::from_value(json!({ "config": config, "facts": facts })).unwrap());
        let attempt = &mut record.attempts[0];
        attempt.connection = Some(self.connection.parse().unwrap());
        attempt.upstream_model = "dear".to_owned();
        attempt.tokens = TokenUsage {
            input: 1_000,
            ..TokenUsage::default()
        };
        record
    }

    async fn take(&self, records: &[UsageRecord]) {
        self.app.queue.append(&entries(records)).await.unwrap();
        drain(&self.app).await;
    }

    fn path(&self, rest: &str) -> String {
        self.ada.in_project(&format!("/routes/{}{rest}", self.route))
    }

    /// Simulates over all requests there are.
    async fn simulate(&self, mut body: Value) -> Value {
        body["from"] = json!("2025-12-31T00:00:00Z");
        body["to"] = json!("2026-01-01T01:00:00Z");
        let answer = self.ada.post(&self.path("/simulations"), &body).await;
        answer.expect(200).body
    }
}

fn asked(input_tokens: u32, shape: &Value) -> Option<Value> {
    Some(json!({ "input_tokens": input_tokens, "stream": true, "shape": shape }))
}

/// Requests with tools are kept in the EU, which nothing is known to be; short ones go to the cheap model.
fn proposed() -> Value {
    let mut tools = rule("tools", Some("request.tools > 0"), "openai/dear");
    tools["constraints"] = json!({ "processing": ["EU"] });
    json!({ "slug": "support", "rules": [
        tools,
        rule("short", Some("request.input_tokens < 1000"), "openai/cheap"),
        rule("rest", None, "openai/dear"),
    ] })
}

#[sqlx::test(migrations = "../../migrations")]
async fn requests_of_the_past_are_decided_again_and_the_difference_is_told(pool: PgPool) {
    let world = World::new(&pool).await;
    let mut steered = world.record(5, asked(5, &json!({ "steered": true })));
    steered.attempts[0].upstream_model = "cheap".to_owned();
    steered.attempts[0].first_byte_us = Some(10_000);
    let mut gone = world.record(6, asked(5, &json!({})));
    gone.api_key = uuid::Uuid::now_v7().into();
    let mut of_another = world.record(8, asked(5, &json!({})));
    of_another.route = None;
    let records = [
        world.record(1, asked(500, &json!({}))),
        world.record(2, asked(5_000, &json!({}))),
        world.record(3, asked(500, &json!({ "tools": 2 }))),
        world.record(4, Some(json!({ "input_tokens": 5, "stream": true }))),
        steered,
        gone,
        world.record(7, None),
        of_another,
    ];
    world.take(&records).await;

    let told = world.simulate(json!({ "document": proposed() })).await;
    assert_eq!(
        (
            &told["published_version"],
            &told["requests"],
            &told["simulated"],
            &told["is_cut"]
        ),
        (&json!(1), &json!(7), &json!(3), &json!(false))
    );
    let why = json!([
        { "reason": "facts_not_stored", "fact": null, "requests": 2 },
        { "reason": "request_steered", "fact": null, "requests": 1 },
        { "reason": "key_gone", "fact": null, "requests": 1 },
    ]);
    assert_eq!(told["not_simulated"], why);
    let usd = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let cost = json!({
        "requests": 2, "published": usd("0.006000000"), "proposed": usd("0.004000000"), "change": usd("-0.002000000"),
    });
    assert_eq!(told["cost"], cost);
    let times = json!({ "requests": 2, "published_ms": 20.0, "proposed_ms": 15.0 });
    assert_eq!(told["ttft"], times);
    assert_eq!(told["refused"], json!({ "published": 0, "proposed": 1 }));
    assert_eq!(told["violations"], json!({ "published": 0, "proposed": 0 }));
    let share = |model: &str, published: u32, proposed: u32, time: f64| {
        json!({ "model": format!("openai/{model}"), "provider": "openai", "upstream_model": model,
            "connection": world.connection, "published": published, "proposed": proposed, "ttft_ms": time })
    };
    assert_eq!(
        told["mix"],
        json!([share("cheap", 0, 1, 10.0), share("dear", 3, 1, 20.0)])
    );
    let rules = json!([
        { "rule": "tools", "requests": 0 }, { "rule": "short", "requests": 1 }, { "rule": "rest", "requests": 1 },
    ]);
    assert_eq!(told["rules"], rules);
    assert_eq!((&told["changed"], &told["next_after"]), (&json!(2), &Value::Null));
    let refused = json!({ "refused": { "reason": "region_blocked" } });
    let difference = &told["differences"][0];
    assert_eq!(
        (&difference["request"], &difference["proposed"]),
        (&json!(records[2].request.to_string()), &refused)
    );
    let sent = json!({ "sent": { "rule": "short", "model": "openai/cheap", "provider": "openai",
        "connection": world.connection, "cost": usd("0.001000000"), "experiment": null } });
    assert_eq!(told["differences"][1]["proposed"], sent);

    let first = world
        .simulate(json!({ "document": proposed(), "differences": 1 }))
        .await;
    assert_eq!(first["differences"], json!([difference]));
    let after = &first["next_after"];
    let second = json!({ "document": proposed(), "differences": 1, "after": after });
    let second = world.simulate(second).await;
    assert_eq!(
        (&second["differences"][0], &second["next_after"]),
        (&told["differences"][1], &Value::Null)
    );
    let newest = world
        .simulate(json!({ "document": proposed(), "count": 2 }))
        .await;
    assert_eq!(
        (&newest["requests"], &newest["simulated"], &newest["is_cut"]),
        (&json!(2), &json!(0), &json!(true))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_draft_is_simulated_and_what_is_not_known_is_said(pool: PgPool) {
    let world = World::new(&pool).await;
    world.take(&[world.record(1, asked(500, &json!({})))]).await;
    let simulations = world.path("/simulations");
    world
        .ada
        .post(&simulations, &json!({}))
        .await
        .refused(404, "not_found");

    let same = json!({ "slug": "support", "strategy": "fastest", "targets": [{ "model": "openai/dear" }] });
    let draft = world.path("/draft");
    let text = Some(same.to_string());
    world.ada.send(Method::PUT, &draft, text).await.expect(200);
    let told = world.simulate(json!({})).await;
    assert_eq!((&told["simulated"], &told["changed"]), (&json!(1), &json!(0)));
    let codes: Vec<_> = told["caveats"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["code"])
        .collect();
    assert_eq!(codes, ["first_choice_only", "as_of_today", "health_unknown"]);

    let by_header = json!({ "slug": "support", "rules": [
        rule("beta", Some("request.headers[\"x-route-beta\"] == \"1\""), "openai/cheap"),
        rule("rest", None, "openai/dear"),
    ] });
    let told = world.simulate(json!({ "document": by_header })).await;
    assert_eq!(
        told["not_simulated"],
        json!([{ "reason": "fact_not_kept", "fact": "request.headers", "requests": 1 }])
    );

    let wrong = json!({ "slug": "support", "strategy": "ordered", "targets": [{ "model": "route/other" }] });
    let refused = world.ada.post(&simulations, &json!({ "document": wrong })).await;
    let refused = refused.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/document/targets/0/model");
    for (bad, pointer) in [
        (json!({ "count": 1001 }), "/count"),
        (json!({ "differences": 0 }), "/differences"),
        (json!({ "from": "2020-01-01T00:00:00Z" }), "/from"),
    ] {
        let refused = world
            .ada
            .post(&simulations, &bad)
            .await
            .refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}
