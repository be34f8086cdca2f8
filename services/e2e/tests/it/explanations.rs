//! What the control plane explains of a request that is only described is what a worker decides of the request itself, where
//! nothing is known against any endpoint.

use serde_json::{Value, json};

use crate::harness::http_client;
use crate::harness::mock::{CREDENTIAL, Mock};
use crate::harness::rest::{Key, Tenant};
use crate::harness::standalone::Standalone;

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_and_a_workers_decision_are_the_same() {
    let standalone = Standalone::start().await;
    let mock = Mock::start(standalone.folder(), json!({})).await;
    let tenant = Tenant::sign_up(&standalone.dashboard).await;
    for (slug, provider) in [("main", "openai"), ("spare", "openai"), ("eu", "mistral")] {
        let body =
            json!({ "slug": slug, "provider": provider, "base_url": mock.url, "credential": CREDENTIAL });
        tenant.make("/connections", &body).await;
    }
    let target = |model: &str, weight: u32| json!({ "model": model, "weight": weight });
    let drawn = [
        target("openai/gpt-4o-mini", 2),
        target("mistralai/mistral-small-latest", 1),
        target("openai/gpt-4o", 1),
    ];
    let rules = json!([
        { "name": "tools", "when": "request.tools > 0", "strategy": "ordered", "targets": drawn,
          "constraints": { "operator_home": ["FR"] } },
        { "name": "tagged", "when": "\"vip\" in request.tags", "strategy": "ordered", "targets": drawn },
        { "name": "rest", "strategy": "weighted", "targets": drawn },
    ]);
    tenant
        .make(
            "/routes",
            &json!({ "slug": "support", "aliases": ["help"], "rules": rules }),
        )
        .await;
    let plain = tenant.create_key("plain").await;
    let strict = json!({ "name": "strict", "constraints": { "models": { "ignore": ["openai/gpt-4o"] } } });
    let strict = tenant.make("/keys", &strict).await;
    let strict = Key {
        id: strict["id"].as_str().unwrap().to_owned(),
        secret: strict["secret"].as_str().unwrap().to_owned(),
    };
    let tool = json!([{ "type": "function", "function": { "name": "f" } }]);
    for key in [&plain, &strict] {
        for (model, own, described) in [
            ("route/support", json!({}), json!({ "tools": 0 })),
            ("help", json!({}), json!({ "tools": 0 })),
            ("route/support", json!({ "tools": tool }), json!({ "tools": 1 })),
            (
                "route/support",
                json!({ "sluicegate": { "tags": ["vip"] } }),
                json!({ "tags": ["vip"] }),
            ),
            ("openai/gpt-4o", json!({}), json!({})),
            (
                "openai/gpt-4o:floor",
                json!({ "models": ["mistralai/mistral-small-latest"] }),
                json!({ "models": ["mistralai/mistral-small-latest"] }),
            ),
        ] {
            // Draws differ from request to request.
            for _ in 0..4 {
                let (request, shown) = decided(&standalone.inference, key, model, &own).await;
                let decision = &shown["decision"];
                let mut asked = json!({
                    "model": model, "key": key.id, "request": request, "max_output_tokens": 50,
                    "input_tokens": decision["facts"]["input_tokens"],
                });
                merge(&mut asked, &described);
                let explained = tenant.explain(&asked).await;
                let context = format!("{asked}\n{shown}\n{explained}");
                assert_eq!(
                    explained["config_version"], decision["config"]["version"],
                    "{context}"
                );
                for member in ["rule", "cause"] {
                    assert_eq!(explained[member], decision[member], "{context}");
                }
                assert_eq!(explained["route"]["slug"], shown["route"]["slug"], "{context}");
                assert_eq!(
                    candidates(&explained, "reason"),
                    candidates(decision, "rejected"),
                    "{context}"
                );
            }
        }
    }
    assert!(mock.entries().is_empty(), "nothing was sent");
}

fn merge(body: &mut Value, more: &Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more.clone());
    }
}

/// What a worker would do with a request, and the request's id.
async fn decided(base: &str, key: &Key, model: &str, own: &Value) -> (String, Value) {
    let mut body =
        json!({ "model": model, "max_tokens": 50, "messages": [{ "role": "user", "content": "hello" }] });
    merge(&mut body, own);
    let response = http_client()
        .post(format!("{base}/chat/completions"))
        .bearer_auth(&key.secret)
        .header("x-sluicegate-dry-run", "true")
        .json(&body)
        .send()
        .await
        .unwrap();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert_eq!(status, 200, "{text}");
    (id, serde_json::from_str(&text).unwrap())
}

/// Model, provider, connection, rank, reason and level of each candidate; what is absent is null.
fn candidates(decision: &Value, reason: &str) -> Vec<Value> {
    let all = decision["candidates"].as_array().unwrap().iter();
    let members = ["model", "provider", "connection", "rank", reason, "level"];
    all.map(|it| members.iter().map(|member| it[*member].clone()).collect())
        .collect()
}
