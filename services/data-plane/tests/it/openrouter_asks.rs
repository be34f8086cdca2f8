//! OpenRouter's ways to ask that no other test is about; docs/openrouter.md says which row is held where.

use serde_json::{Value, json};

use crate::support::{Config, Provider, Script, Worker, error_of};

const CHAT: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;

fn answers() -> Script {
    Script::json(200, CHAT)
}

/// One model at two providers, of which the second takes less, and another model at the second alone.
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
    config.model("meta/llama", "openai", "llama", 2_000_000, 4_000_000);
    config.model("meta/llama", "groq", "llama", 1_000_000, 1_000_000);
    config.model("meta/tiny", "groq", "tiny", 1_000, 1_000);
    Two {
        worker: Worker::start(&config),
        openai,
        groq,
    }
}

impl Two {
    /// Who serves a request at `path`, and what was dropped of it.
    async fn served(&self, path: &str, body: &Value) -> (String, Option<String>) {
        let response = self.worker.post(path, body.to_string()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path} {body}");
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        (
            header("x-sluicegate-endpoint").unwrap(),
            header("x-sluicegate-dropped"),
        )
    }

    /// The bodies that providers were sent.
    fn sent(&self) -> Vec<Value> {
        let received = self.openai.received().into_iter().chain(self.groq.received());
        received
            .map(|it| serde_json::from_str(&it.body).unwrap())
            .collect()
    }
}

fn chat(extra: Value) -> Value {
    let mut body = json!({ "messages": [{ "role": "user", "content": "hello" }] });
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    body
}

#[actix_web::test]
async fn the_first_of_the_models_is_asked_where_none_is_named() {
    let two = two().await;
    for path in ["/api/v1/chat/completions", "/v1/chat/completions"] {
        let (endpoint, _) = two
            .served(path, &chat(json!({"models": ["meta/tiny", "meta/llama"]})))
            .await;
        assert_eq!(endpoint, "groq/fast", "{path}");
    }
    for record in two.worker.first_records(2).await {
        assert_eq!(record.model_requested, "meta/tiny");
        assert_eq!(record.model_served.as_deref(), Some("meta/tiny"));
    }
    for sent in two.sent() {
        assert_eq!((&sent["model"], sent.get("models")), (&json!("tiny"), None));
    }
    for nothing in [json!({}), json!({"models": []})] {
        let response = two.worker.chat(chat(nothing.clone()).to_string()).await;
        let (status, _, _, param, _) = error_of(response).await;
        assert_eq!((status, param.as_deref()), (400, Some("model")), "{nothing}");
    }
}

#[actix_web::test]
async fn exacto_changes_nothing_and_says_so() {
    let two = two().await;
    for body in [
        json!({"model": "meta/llama:exacto"}),
        json!({"model": "meta/llama", "provider": {"sort": "exacto"}}),
    ] {
        let (endpoint, dropped) = two.served("/v1/chat/completions", &chat(body)).await;
        assert_eq!(endpoint, "openai/main");
        assert!(dropped.unwrap().contains("provider.sort"));
    }
    assert!(two.sent().iter().all(|sent| sent["model"] == "llama"));
}

#[actix_web::test]
async fn the_older_word_for_one_list_of_all_models_is_heeded() {
    let two = two().await;
    let asked = |route: Value| {
        chat(
            json!({"model": "meta/llama", "models": ["meta/tiny"], "route": route, "provider": {"sort": "price"}}),
        )
    };
    two.served("/v1/chat/completions", &asked(json!("fallback")))
        .await;
    two.served("/v1/chat/completions", &asked(json!("sort"))).await;
    let records = two.worker.first_records(2).await;
    let served: Vec<_> = records.iter().map(|it| it.model_served.as_deref()).collect();
    assert_eq!(served, [Some("meta/llama"), Some("meta/tiny")]);
    assert!(two.sent().iter().all(|sent| sent.get("route").is_none()));
}

#[actix_web::test]
async fn a_ceiling_for_audio_is_one() {
    let two = two().await;
    let asked =
        |most: Value| chat(json!({"model": "meta/llama", "provider": {"max_price": {"audio": most}}}));
    let (endpoint, _) = two.served("/v1/chat/completions", &asked(json!("1"))).await;
    assert_eq!(endpoint, "groq/fast");
    let refused = two.worker.chat(asked(json!(0.5)).to_string()).await;
    assert_eq!(refused.status(), 404);
    assert!(refused.text().await.unwrap().contains("price_above_cap"));
}

#[actix_web::test]
async fn the_other_skins_take_the_same_wishes() {
    let two = two().await;
    let wishes = json!({"only": ["groq"], "sort": "price"});
    let responses =
        json!({"model": "meta/llama", "input": "hello", "provider": wishes, "models": ["meta/tiny"]});
    let messages = json!({"model": "meta/llama", "max_tokens": 5, "provider": wishes, "models": ["meta/tiny"],
        "messages": [{"role": "user", "content": "hello"}]});
    for (path, body) in [("/api/v1/responses", responses), ("/api/v1/messages", messages)] {
        let (endpoint, _) = two.served(path, &body).await;
        assert_eq!(endpoint, "groq/fast", "{path}");
        let mut bad = body;
        bad["provider"] = json!({"onyl": ["groq"]});
        let refused = two.worker.post(path, bad.to_string()).send().await.unwrap();
        assert_eq!(refused.status(), 400, "{path}");
        assert!(refused.text().await.unwrap().contains("onyl"), "{path}");
    }
    for sent in two.sent() {
        assert!(
            sent.get("provider").is_none() && sent.get("models").is_none(),
            "{sent}"
        );
    }
}
