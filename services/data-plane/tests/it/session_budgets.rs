//! A cap that a caller gives its session: an agent's run that cannot cost more, however many calls it makes.

use reqwest::Response;

use crate::support::{Config, Provider, Script, Worker, error_of};

/// 10 tokens in and 20 out; at 1,000 and 2,000 nano-USD a token that is 0.00005 USD.
const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}"#;
/// Its bound is its bytes, 64 tokens for a template, and 20 tokens: 0.000187 USD.
const ASKED: &str = r#"{"model":"openai/m","max_tokens":20,"messages":[{"role":"user","content":"Hello"}]}"#;

/// A project without any budget.
async fn fixture() -> (Provider, Worker) {
    let provider = Provider::start([Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/m", "openai", "m", 1_000_000, 2_000_000);
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    (provider, worker)
}

async fn call(worker: &Worker, session: &str, cap: Option<&str>) -> Response {
    let request = worker.post("/v1/chat/completions", ASKED.to_owned());
    let request = request.header("x-sluicegate-session", session);
    let request = match cap {
        Some(cap) => request.header("x-sluicegate-session-budget", cap),
        None => request,
    };
    request.send().await.unwrap()
}

async fn statuses(worker: &Worker, calls: &[(&str, Option<&str>)]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (session, cap) in calls {
        statuses.push(call(worker, session, *cap).await.status().as_u16());
    }
    statuses
}

#[actix_web::test]
async fn a_session_costs_no_more_than_its_cap_and_others_go_on() {
    let (_provider, worker) = fixture().await;
    let cap = Some("0.00028");
    let calls = [("a", cap), ("a", cap), ("a", cap), ("b", cap), ("c", None)];
    assert_eq!(statuses(&worker, &calls).await, [200, 200, 402, 200, 200]);
    let refused = call(&worker, "a", cap).await;
    let document: serde_json::Value = refused.json().await.unwrap();
    let error = &document["error"];
    assert_eq!(
        (&error["code"], &error["metadata"]["level"]),
        (&"budget_exceeded".into(), &"session".into())
    );
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("of this session has 0.000180000 of 0.000280000 USD left"),
        "{message}"
    );
}

#[actix_web::test]
async fn the_smallest_cap_that_was_named_is_in_force() {
    let (_provider, worker) = fixture().await;
    let (large, small) = (Some("0.001"), Some("0.0001"));
    let calls = [("a", large), ("a", small), ("a", large), ("b", large)];
    assert_eq!(statuses(&worker, &calls).await, [200, 402, 402, 200]);
}

#[actix_web::test]
async fn the_body_can_say_it_too() {
    let (provider, worker) = fixture().await;
    let more = r#""sluicegate":{"session":"a","session_budget":0.0001},"max_tokens""#;
    let body = ASKED.replace(r#""max_tokens""#, more);
    assert_eq!(worker.chat(body).await.status(), 402);
    let more = r#""session_id":"a","max_tokens""#;
    let request = worker.post("/v1/chat/completions", ASKED.replace(r#""max_tokens""#, more));
    let answer = request
        .header("x-sluicegate-session-budget", "0.001")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 402, "the session is known by the smaller cap");
    assert!(provider.received().is_empty());
}

#[actix_web::test]
async fn a_cap_is_recorded_with_the_accounts_it_is_kept_by() {
    let (_provider, worker) = fixture().await;
    assert_eq!(call(&worker, "run", Some("0.001")).await.status(), 200);
    let attempt = worker.record().await.attempts.remove(0);
    assert_eq!(attempt.session_budget, Some("0.001".parse().unwrap()));
    assert_eq!(attempt.accounts.len(), 2);
    for account in &attempt.accounts {
        assert!(account.session_end().is_some());
        assert!(account.partition.as_ref().unwrap().ends_with("\u{1f}run"));
    }
}

#[actix_web::test]
async fn a_cap_that_is_no_amount_or_has_no_session_is_refused() {
    let (_provider, worker) = fixture().await;
    let (status, _, _, param, _) = error_of(call(&worker, "a", Some("much")).await).await;
    assert_eq!(
        (status, param.as_deref()),
        (400, Some("x-sluicegate-session-budget"))
    );
    let request = worker.post("/v1/chat/completions", ASKED.to_owned());
    let alone = request
        .header("x-sluicegate-session-budget", "1")
        .send()
        .await
        .unwrap();
    let (status, _, _, param, _) = error_of(alone).await;
    assert_eq!((status, param.as_deref()), (400, Some("x-sluicegate-session")));
}
