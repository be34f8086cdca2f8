//! A limit of the answer that a budget can pay: set by the gateway where the caller sets none.

use serde_json::{Value, json};
use sluicegate_contracts::config::BudgetScope;
use sluicegate_contracts::money::NanoUsd;

use crate::support::{Config, Provider, Script, Worker};

/// 10 tokens in and 20 out, as every provider here answers.
const CHAT: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}"#;
const MESSAGE: &str = r#"{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":20}}"#;

/// A model of at most 64,000 tokens an answer, at 1,000 and 2,000 nano-USD a token in and out.
async fn fixture(provider: &str, answer: &str, limit: i64) -> (Provider, Worker) {
    let server = Provider::start([Script::json(200, answer)]).await;
    let mut config = Config::new();
    config.connect("main", provider, &server.url());
    config.model(&format!("{provider}/m"), provider, "m", 1_000_000, 2_000_000);
    config.limits_answers_to(64_000);
    config.budget("team", limit, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    (server, worker)
}

fn asked(provider: &str, more: &Value) -> String {
    let mut body = json!({
        "model": format!("{provider}/m"),
        "messages": [{"role": "user", "content": "Hello"}],
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body.to_string()
}

fn sent(server: &Provider) -> Value {
    serde_json::from_str(&server.received()[0].body).unwrap()
}

fn cap(answer: &reqwest::Response) -> Option<u64> {
    let value = answer.headers().get("x-sluicegate-output-cap")?;
    value.to_str().unwrap().parse().ok()
}

#[actix_web::test]
async fn what_is_left_limits_an_answer_that_the_caller_does_not() {
    // 0.02 USD pay for a share of a quarter, which is less than a modest answer, which is 4,096 tokens.
    let (server, worker) = fixture("openai", CHAT, 20_000_000).await;
    let answer = worker.chat(asked("openai", &json!({}))).await;
    assert_eq!((answer.status().as_u16(), cap(&answer)), (200, Some(4_096)));
    assert_eq!(sent(&server)["max_completion_tokens"], 4_096);
    let record = worker.record().await;
    assert_eq!(record.attempts[0].output_cap, Some(4_096));
    assert_eq!(record.cost, Some(NanoUsd::from_nanos(50_000)));
}

#[actix_web::test]
async fn the_models_own_limit_is_written_where_all_of_it_can_be_paid() {
    let (server, worker) = fixture("openai", CHAT, 1_000_000_000).await;
    let answer = worker.chat(asked("openai", &json!({}))).await;
    assert_eq!(cap(&answer), Some(64_000));
    assert_eq!(sent(&server)["max_completion_tokens"], 64_000);
}

#[actix_web::test]
async fn a_translated_call_is_limited_in_the_providers_words() {
    let (server, worker) = fixture("anthropic", MESSAGE, 20_000_000).await;
    let answer = worker.chat(asked("anthropic", &json!({}))).await;
    assert_eq!((answer.status().as_u16(), cap(&answer)), (200, Some(4_096)));
    assert_eq!(sent(&server)["max_tokens"], 4_096);
}

#[actix_web::test]
async fn a_callers_own_limit_stays_and_the_refusal_says_what_would_fit() {
    let (server, worker) = fixture("openai", CHAT, 20_000_000).await;
    let refused = worker.chat(asked("openai", &json!({"max_tokens": 50_000}))).await;
    assert_eq!(refused.status(), 402);
    let document: Value = refused.json().await.unwrap();
    let fits = document["error"]["metadata"]["affordable_output_tokens"]
        .as_str()
        .unwrap();
    let fits: u64 = fits.parse().unwrap();
    assert!((9_000..10_000).contains(&fits), "{fits}");
    assert!(server.received().is_empty());
    // And it does.
    let answer = worker.chat(asked("openai", &json!({"max_tokens": fits}))).await;
    assert_eq!((answer.status().as_u16(), cap(&answer)), (200, None));
}

#[actix_web::test]
async fn a_callers_own_limit_is_lowered_when_the_caller_says_so() {
    let lower = json!({"max_tokens": 50_000, "sluicegate": {"lower_output_limit": true}});
    let (server, worker) = fixture("openai", CHAT, 20_000_000).await;
    let answer = worker.chat(asked("openai", &lower)).await;
    assert_eq!((answer.status().as_u16(), cap(&answer)), (200, Some(4_096)));
    assert_eq!(sent(&server)["max_tokens"], 4_096);
    let request = worker.post(
        "/v1/chat/completions",
        asked("openai", &json!({"max_tokens": 50_000})),
    );
    let answer = request
        .header("x-sluicegate-lower-output-limit", "true")
        .send()
        .await
        .unwrap();
    assert_eq!(cap(&answer), Some(4_096));
}

#[actix_web::test]
async fn without_a_hard_budget_nothing_is_written() {
    let server = Provider::start([Script::json(200, CHAT)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &server.url());
    config.model("openai/m", "openai", "m", 1_000_000, 2_000_000);
    config.limits_answers_to(64_000);
    let worker = Worker::start(&config);
    let answer = worker.chat(asked("openai", &json!({}))).await;
    assert_eq!(
        (cap(&answer), sent(&server).get("max_completion_tokens")),
        (None, None)
    );
}
