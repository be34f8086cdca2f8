//! OpenAI's APIs behind `/api/v1` answer in OpenRouter's words, which its clients check; elsewhere nothing changes.

use serde_json::{Value, json};

use crate::support::{Config, Provider, Script, Worker, chat};

const ANSWER: &str = r#"{"id":"c","object":"chat.completion","model":"m","created":1.50,"choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

async fn worker(script: Script) -> (Worker, Provider) {
    let provider = Provider::start([script]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 150_000, 600_000);
    (Worker::start(&config), provider)
}

async fn asked(worker: &Worker, path: &str, model: &str) -> (u16, Value) {
    let response = worker.post(path, chat(model, false)).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[actix_web::test]
async fn an_answer_has_every_member_that_is_looked_for() {
    let (worker, _provider) = worker(Script::json(200, ANSWER)).await;
    let (_, told) = asked(&worker, "/api/v1/chat/completions", "openai/gpt-4o-mini").await;
    assert_eq!(told.get("system_fingerprint"), Some(&Value::Null));
    assert_eq!(told["choices"][0]["message"]["content"], "ok");
    let (_, plain) = asked(&worker, "/v1/chat/completions", "openai/gpt-4o-mini").await;
    assert_eq!(
        plain.get("system_fingerprint"),
        None,
        "elsewhere an answer passes as it is"
    );
}

#[actix_web::test]
async fn an_error_has_its_status_for_a_code_whoever_tells_it() {
    let theirs = r#"{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}"#;
    let (worker, _provider) = worker(Script::json(429, theirs)).await;
    let (status, ours) = asked(&worker, "/api/v1/chat/completions", "nobody/knows").await;
    assert_eq!((status, &ours["error"]["code"]), (404, &json!(404)));
    assert_eq!(ours["error"]["metadata"]["code"], "model_not_found");
    let (status, told) = asked(&worker, "/api/v1/chat/completions", "openai/gpt-4o-mini").await;
    assert_eq!((status, &told["error"]["code"]), (429, &json!(429)));
    let (_, plain) = asked(&worker, "/v1/chat/completions", "openai/gpt-4o-mini").await;
    assert_eq!(plain["error"]["code"], "rate_limit_exceeded");
}

#[actix_web::test]
async fn models_are_listed_with_their_prices() {
    let (worker, _provider) = worker(Script::json(200, ANSWER)).await;
    let list: Value = worker
        .get("/api/v1/models")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let listed = list["data"].as_array().unwrap().iter();
    let model = listed
        .clone()
        .find(|it| it["id"] == "openai/gpt-4o-mini")
        .unwrap();
    assert_eq!(
        model["pricing"],
        json!({ "prompt": "0.00000015", "completion": "0.0000006" })
    );
    assert_eq!(model["top_provider"]["context_length"], 128_000);
    assert_eq!(list["total_count"], listed.count());
    let refused = worker.anonymous("GET", "/api/v1/models").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], 401);
}

#[actix_web::test]
async fn models_come_page_by_page_to_an_end() {
    let (worker, _provider) = worker(Script::json(200, ANSWER)).await;
    let page = async |query: &str| -> (u16, Value) {
        let response = worker
            .get(&format!("/api/v1/models{query}"))
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    };
    let ids = |page: &Value| -> Vec<Value> {
        let models = page["data"].as_array().unwrap().iter();
        models.map(|it| it["id"].clone()).collect()
    };
    let (_, whole) = page("").await;
    let total = ids(&whole).len();
    assert!(total > 1 && whole["links"]["next"].is_null() && whole["has_more"] == false);
    assert_eq!(whole.get("system_fingerprint"), None, "it is no completion");
    let mut paged = Vec::new();
    let mut next = json!("/api/v1/models?limit=1");
    while let Some(query) = next.as_str().and_then(|url| url.strip_prefix("/api/v1/models")) {
        let (_, one) = page(query).await;
        assert_eq!(one["total_count"], total);
        paged.extend(ids(&one));
        next = one["links"]["next"].clone();
        assert!(paged.len() <= total, "the same again and again");
    }
    assert_eq!(paged, ids(&whole));
    assert_eq!(ids(&page(&format!("?offset={total}")).await.1), [] as [Value; 0]);
    for query in ["?offset=-1", "?limit=0", "?limit=many"] {
        let (status, told) = page(query).await;
        assert_eq!((status, &told["error"]["code"]), (400, &json!(400)), "{query}");
    }
}
