//! Routes with rules: which of them decides, and what it decides by.

use serde_json::{Value, json};
use sluicegate_contracts::config::{RetryPolicy, SignalValue};
use sluicegate_contracts::time::UnixMillis;

use crate::support::{Config, Worker, chat};

const FAR: UnixMillis = UnixMillis::new(i64::MAX);

/// A route that answers what `when` holds for with 400, and everything else with 200.
fn config(when: &str) -> Config {
    let mut config = Config::new();
    let first = Config::rule(&["sluicegate/echo:400"], Some(when), RetryPolicy::default());
    let last = Config::rule(&["sluicegate/echo"], None, RetryPolicy::default());
    config.ruled("support", vec![first, last]);
    config
}

/// A request to the route with further members.
fn with(members: &Value) -> String {
    let mut body = json!({ "model": "route/support", "messages": [{ "role": "user", "content": "hello" }] });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string()
}

#[actix_web::test]
async fn the_first_rule_whose_condition_holds_decides() {
    let image = json!({ "messages": [{ "role": "user", "content": [
        { "type": "image_url", "image_url": { "url": "https://example.com/a.png" } }] }] });
    let long = json!({ "messages": [{ "role": "user", "content": "a".repeat(8_000) }] });
    let tool = json!({ "tools": [{ "type": "function", "function": { "name": "f" } }] });
    let schema =
        json!({ "response_format": { "type": "json_schema", "json_schema": { "name": "s", "schema": {} } } });
    let plain = json!({});
    for (when, members, holds) in [
        ("request.input_tokens > 1000", &long, true),
        ("request.input_tokens > 1000", &plain, false),
        ("\"image\" in request.modalities", &image, true),
        ("\"image\" in request.modalities", &plain, false),
        ("request.tools == 1", &tool, true),
        ("request.tools == 1", &plain, false),
        ("request.json_schema", &schema, true),
        ("request.json_schema", &plain, false),
        ("request.reasoning", &json!({ "reasoning_effort": "high" }), true),
        ("request.reasoning", &json!({ "reasoning_effort": "none" }), false),
        (
            "request.metadata.tier == \"pro\"",
            &json!({ "metadata": { "tier": "pro", "n": 1 } }),
            true,
        ),
        (
            "request.metadata.tier == \"pro\"",
            &json!({ "metadata": { "tier": "free" } }),
            false,
        ),
        ("request.metadata.tier != \"pro\"", &plain, false),
        ("request.user == \"ann\"", &json!({ "user": "ann" }), true),
        (
            "request.max_output_tokens <= 5",
            &json!({ "max_tokens": 5 }),
            true,
        ),
        ("request.max_output_tokens <= 5", &plain, false),
        (
            "request.dialect == \"openai_chat\" && request.operation == \"chat_completions\"",
            &plain,
            true,
        ),
        (
            "request.model == \"route/support\" && key.id.startsWith(\"key_\")",
            &plain,
            true,
        ),
    ] {
        let worker = Worker::start(&config(when));
        let status = worker.chat(with(members)).await.status();
        assert_eq!(status == 400, holds, "{when} {members}");
        assert!(status == 400 || status == 200, "{status}");
    }
}

#[actix_web::test]
async fn headers_on_the_list_and_labels_decide_too() {
    let when = "request.headers[\"X-Route-Lane\"] == \"fast\" || \"batch\" in request.tags || request.session == \"s\"";
    let worker = Worker::start(&config(when));
    for (header, value, holds) in [
        ("x-route-lane", "fast", true),
        ("x-route-lane", "slow", false),
        ("x-sluicegate-tags", "eu,batch", true),
        ("x-sluicegate-session", "s", true),
        ("x-lane", "fast", false),
    ] {
        let request = worker.post("/v1/chat/completions", chat("route/support", false));
        let response = request.header(header, value).send().await.unwrap();
        assert_eq!(response.status() == 400, holds, "{header}: {value}");
    }
}

#[actix_web::test]
async fn a_signal_decides_until_it_is_stale() {
    let when = "signal(\"load\", 0.0) > 0.8 && signal(\"mode\", \"\") == \"save\"";
    let high = || SignalValue::Number(0.9);
    for (value, good_until, status) in [
        (high(), FAR, 400),
        (high(), UnixMillis::new(1), 200),
        // Of another type it says nothing either.
        (SignalValue::Text("high".to_owned()), FAR, 200),
    ] {
        let mut config = config(when);
        config.signal("load", value, good_until);
        config.signal("mode", SignalValue::Text("save".to_owned()), FAR);
        let worker = Worker::start(&config);
        assert_eq!(worker.chat(chat("route/support", false)).await.status(), status);
    }
}

#[actix_web::test]
async fn an_alias_is_asked_for_by_its_own_name() {
    let worker = Worker::start(&config("request.model == \"support-alias\""));
    assert_eq!(worker.chat(chat("route/support", false)).await.status(), 200);
    assert_eq!(worker.chat(chat("support-alias", false)).await.status(), 400);
}

#[actix_web::test]
async fn the_constraints_of_a_rule_hold_where_it_decides_and_nowhere_else() {
    let mut config = Config::new();
    let mut first = Config::rule(
        &["sluicegate/echo"],
        Some("request.stream"),
        RetryPolicy::default(),
    );
    first.constraints.providers.ignore = vec!["sluicegate".to_owned()];
    let last = Config::rule(&["sluicegate/echo"], None, RetryPolicy::default());
    config.ruled("support", vec![first, last]);
    let worker = Worker::start(&config);
    assert_eq!(worker.chat(chat("route/support", false)).await.status(), 200);
    let refused = worker.chat(chat("route/support", true)).await;
    assert_eq!(
        refused.headers()["x-sluicegate-error-code"],
        "constraint_filtered"
    );
    let text = refused.text().await.unwrap();
    assert!(
        text.contains("provider_excluded") && text.contains("a constraint of the route"),
        "{text}"
    );
}
