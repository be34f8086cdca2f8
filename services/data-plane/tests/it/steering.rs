//! What a request asks of routing in OpenRouter's words: fallback models, the order of providers, and demands of them.

use serde_json::{Value, json};
use sluicegate_contracts::config::{BudgetScope, OnExceed, RetryPolicy};
use sluicegate_contracts::usage::Outcome;

use crate::support::{Config, Provider, Script, Worker, error_of};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;

fn answers() -> Script {
    Script::json(200, ANSWER)
}

/// A request for `model` with further members.
fn asking(model: &str, extra: Value) -> String {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hello"}]});
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    body.to_string()
}

/// One model at two providers, of which `groq` is listed after `openai` and costs less, and an unpriced one at a server.
struct Two {
    worker: Worker,
    openai: Provider,
    groq: Provider,
}

async fn two() -> Two {
    let many = || std::iter::repeat_with(answers).take(8);
    let (openai, groq) = (Provider::start(many()).await, Provider::start(many()).await);
    let mut config = Config::new();
    config.connect("main", "openai", &openai.url());
    config.connect("fast", "groq", &groq.url());
    config.compatible("own", &openai.url());
    config.model("meta/llama", "openai", "llama", 2_000_000, 4_000_000);
    config.model("meta/llama", "groq", "llama", 1_000_000, 1_000_000);
    config.route("support", &["meta/llama"], RetryPolicy::default());
    Two {
        worker: Worker::start(&config),
        openai,
        groq,
    }
}

impl Two {
    /// Which provider serves a request with this `provider` object.
    async fn served_by(&self, provider: Value) -> String {
        let body = asking("meta/llama", json!({"provider": provider}));
        let response = self.worker.chat(body).await;
        assert_eq!(response.status(), 200, "{provider}");
        response.headers()["x-sluicegate-endpoint"]
            .to_str()
            .unwrap()
            .to_owned()
    }

    async fn refused(&self, body: String) -> (u16, String) {
        let response = self.worker.chat(body).await;
        let status = response.status().as_u16();
        let document: Value = response.json().await.unwrap();
        (status, document["error"]["message"].as_str().unwrap().to_owned())
    }
}

#[actix_web::test]
async fn wishes_choose_the_provider_and_no_provider_sees_them() {
    let two = two().await;
    for (wishes, provider) in [
        (json!({}), "openai"),
        (json!({"order": ["groq"]}), "groq"),
        (json!({"sort": "price"}), "groq"),
        (json!({"sort": {"by": "price", "partition": "model"}}), "groq"),
        (json!({"only": ["groq"]}), "groq"),
        (json!({"ignore": ["openai"]}), "groq"),
        (json!({"max_price": {"prompt": 1, "completion": "1"}}), "groq"),
        (json!({"max_price": {"completion": 4}}), "openai"),
    ] {
        let served = two.served_by(wishes.clone()).await;
        assert!(served.starts_with(provider), "{wishes}: {served}");
    }
    for received in two.openai.received().iter().chain(&two.groq.received()) {
        assert!(!received.body.contains("provider"), "{}", received.body);
    }
}

#[actix_web::test]
async fn floor_means_the_cheapest_way_to_a_model() {
    let two = two().await;
    for (model, provider) in [("meta/llama", "openai"), ("meta/llama:floor", "groq")] {
        let response = two.worker.chat(asking(model, json!({}))).await;
        assert_eq!(response.status(), 200, "{model}");
        let served = response.headers()["x-sluicegate-endpoint"].to_str().unwrap();
        assert!(served.starts_with(provider), "{model}: {served}");
    }
    let records = two.worker.first_records(2).await;
    assert_eq!(records[1].model_requested, "meta/llama:floor");
    assert_eq!(records[1].model_served.as_deref(), Some("meta/llama"));
    for unknown in ["meta/llama:ceiling", ":floor", "nobody/knows:floor"] {
        let (status, _) = two.refused(asking(unknown, json!({}))).await;
        assert_eq!(status, 404, "{unknown}");
    }
}

#[actix_web::test]
async fn a_demand_that_nobody_is_known_to_satisfy_reaches_nobody() {
    let two = two().await;
    for (demand, code) in [
        (json!({"only": ["azure"]}), "provider_excluded"),
        (json!({"zdr": true}), "retention_required"),
        (json!({"data_collection": "deny"}), "retention_required"),
        (json!({"quantizations": ["fp8"]}), "variant_excluded"),
        (json!({"enforce_distillable_text": true}), "provenance_excluded"),
        (json!({"max_price": {"prompt": "0.5"}}), "price_above_cap"),
        (
            json!({"order": ["azure"], "allow_fallbacks": false}),
            "fallback_excluded",
        ),
    ] {
        for model in ["meta/llama", "route/support"] {
            let (status, message) = two.refused(asking(model, json!({"provider": demand}))).await;
            assert_eq!(status, 404, "{model} {demand}");
            assert!(message.contains(code), "{model} {demand}: {message}");
        }
    }
    let unpriced = asking("own/m", json!({"provider": {"max_price": {"prompt": 100}}}));
    let (_, message) = two.refused(unpriced).await;
    assert!(message.contains("price_unknown"), "{message}");
    assert!(two.openai.received().is_empty() && two.groq.received().is_empty());
}

#[actix_web::test]
async fn a_demand_that_cannot_be_read_is_refused() {
    let two = two().await;
    for (extra, at) in [
        (json!({"provider": {"onyl": ["groq"]}}), "provider.onyl"),
        (json!({"provider": {"sort": "bogus"}}), "provider.sort"),
        (
            json!({"provider": {"max_price": {"prompt": "free"}}}),
            "provider.max_price.prompt",
        ),
        (json!({"models": "meta/llama"}), "models"),
        (json!({"models": ["nobody/knows"]}), "models"),
        (json!({"models": ["route/support"]}), "models"),
    ] {
        let response = two.worker.chat(asking("meta/llama", extra.clone())).await;
        let (status, _, _, param, _) = error_of(response).await;
        assert!((400..500).contains(&status), "{extra}: {status}");
        assert_eq!(param.as_deref(), Some(at), "{extra}");
    }
    let (status, message) = two
        .refused(asking("route/support", json!({"models": ["own/m"]})))
        .await;
    assert_eq!(status, 400);
    assert!(message.contains("fallbacks of its own"), "{message}");
    assert!(two.openai.received().is_empty());
}

#[actix_web::test]
async fn models_are_tried_one_after_the_other() {
    let first = Provider::start([Script::json(500, "{}")]).await;
    let second = Provider::start([Script::json(429, "{}")]).await;
    let third = Provider::start([answers()]).await;
    let mut config = Config::new();
    config.compatible("a", &first.url());
    config.compatible("b", &second.url());
    config.compatible("c", &third.url());
    let worker = Worker::start(&config);
    let response = worker
        .chat(asking("a/m", json!({"models": ["a/m", "b/m", "c/m"]})))
        .await;
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("x-sluicegate-attempts"), "3");
    assert_eq!(header("x-sluicegate-cause"), "fallback");
    let record = worker.record().await;
    assert_eq!(record.outcome, Outcome::Served);
    assert_eq!(record.model_requested, "a/m");
    assert_eq!(record.model_served.as_deref(), Some("c/m"));
}

#[actix_web::test]
async fn a_demand_holds_where_a_budget_leads_the_call() {
    let provider = Provider::start(std::iter::repeat_with(answers).take(2)).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.connect("other", "groq", &provider.url());
    config.model("openai/dear", "openai", "dear", 1_000_000, 2_000_000);
    config.model("meta/cheap", "groq", "cheap", 1_000, 2_000);
    let frugal = config.route("frugal", &["meta/cheap"], RetryPolicy::default());
    config.budget("small", 150_000, BudgetScope::default());
    config.on_exceed(OnExceed::Route(frugal));
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let asked = |only: &str| {
        asking(
            "openai/dear",
            json!({"max_tokens": 100, "provider": {"only": [only]}}),
        )
    };
    let refused = worker.chat(asked("openai")).await;
    assert_eq!(
        refused.status(),
        402,
        "groq may not serve it, whatever the budget says"
    );
    assert!(provider.received().is_empty());
    let both = json!({"max_tokens": 100, "provider": {"only": ["openai", "groq"]}});
    let led = worker.chat(asking("openai/dear", both)).await;
    assert_eq!(led.status(), 200);
    assert_eq!(led.headers()["x-sluicegate-cause"], "budget_switch");
}

#[actix_web::test]
async fn a_demand_holds_for_fallbacks() {
    let failing = Provider::start([Script::json(500, "{}")]).await;
    let forbidden = Provider::start([answers()]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &failing.url());
    config.connect("other", "groq", &forbidden.url());
    config.model("openai/a", "openai", "a", 1, 1);
    config.model("meta/b", "groq", "b", 1, 1);
    let worker = Worker::start(&config);
    let asked = asking(
        "openai/a",
        json!({"models": ["meta/b"], "provider": {"ignore": ["groq"]}}),
    );
    let response = worker.chat(asked).await;
    assert!(response.status().is_server_error(), "{}", response.status());
    assert!(!failing.received().is_empty() && forbidden.received().is_empty());
}

#[actix_web::test]
async fn a_key_falls_back_to_no_model_that_it_may_not_use() {
    let provider = Provider::start([answers()]).await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    config.api_key.allowed_models = vec!["a/good".to_owned()];
    let worker = Worker::start(&config);
    let response = worker.chat(asking("a/good", json!({"models": ["a/bad"]}))).await;
    let (status, _, _, param, _) = error_of(response).await;
    assert_eq!((status, param.as_deref()), (403, Some("models")));
    assert!(provider.received().is_empty());
}

#[actix_web::test]
async fn a_provider_that_is_a_gateway_is_sent_the_wishes() {
    let provider = Provider::start([answers(), answers()]).await;
    let mut config = Config::new();
    config.connect("router", "openrouter", &provider.url());
    config.model("meta/llama", "openrouter", "meta/llama", 1, 1);
    let worker = Worker::start(&config);
    let wishes = json!({"only": ["deepinfra"], "zdr": true});
    let chat = asking(
        "meta/llama",
        json!({"provider": wishes, "models": ["meta/llama"]}),
    );
    assert_eq!(worker.chat(chat).await.status(), 200);
    let message = asking("meta/llama", json!({"provider": wishes, "max_tokens": 5}));
    let response = worker.post("/v1/messages", message).send().await.unwrap();
    assert_eq!(response.status(), 200);
    for received in provider.received() {
        let sent: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(sent["provider"], wishes);
        assert_eq!(sent.get("models"), None);
    }
}
