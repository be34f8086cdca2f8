//! Streams that are paid as they come: less is held than the longest answer costs, and an answer ends when there is no
//! money for more of it.

use std::fmt::Write;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::BudgetScope;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence, Outcome};

use crate::support::{Config, Provider, Script, Worker};

const DONE: &str = "data: [DONE]\n\n";
const LAST: &str =
    "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5000}}\n\n";

/// So many events with a thousand bytes of text each.
fn thousands(count: usize) -> String {
    let text = "x".repeat(1_000);
    (0..count).fold(String::new(), |mut out, _| {
        let event =
            format!("{{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}");
        write!(out, "data: {event}\n\n").unwrap();
        out
    })
}

/// A model of 64,000 tokens an answer at 1,000 and 2,000 nano-USD a token in and out: the longest costs 0.128 USD.
async fn fixture(
    provider: &str,
    model: &str,
    script: Script,
    limit: i64,
) -> (Provider, Worker, Config, AccountId) {
    let server = Provider::start([script]).await;
    let mut config = Config::new();
    config.connect("main", provider, &server.url());
    config.model("vendor/m", provider, model, 1_000_000, 2_000_000);
    config.limits_answers_to(64_000);
    let account = config.budget("team", limit, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    (server, worker, config, account)
}

const ASKED: &str =
    r#"{"model":"vendor/m","max_tokens":60000,"stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;

#[actix_web::test]
async fn a_long_stream_needs_no_more_money_than_it_uses() {
    let script = Script::events()
        .then(thousands(20))
        .then(LAST)
        .then(USAGE)
        .then(DONE)
        .end();
    // A tenth less than half of what the longest answer costs.
    let (_server, worker, config, account) = fixture("openai", "gpt-4o", script, 50_000_000).await;
    let answer = worker.chat(ASKED).await;
    assert_eq!(answer.status(), 200);
    let seen = answer.text().await.unwrap();
    assert_eq!(seen, [thousands(20).as_str(), LAST, DONE].concat());
    let record = worker.record().await;
    assert_eq!(
        (record.outcome, record.attempts[0].evidence),
        (Outcome::Served, Evidence::Reported)
    );
    let cost = NanoUsd::from_nanos(10 * 1_000 + 5_000 * 2_000);
    assert_eq!(record.cost, Some(cost));
    assert_eq!(worker.settled(config.organization.id, &account).await, cost);
}

#[actix_web::test]
async fn a_stream_ends_with_an_error_when_there_is_no_money_for_more() {
    let script = Script::events().then(thousands(30)).hang();
    let (server, worker, config, account) = fixture("openai", "gpt-4o", script, 20_000_000).await;
    let answer = worker.chat(ASKED).await;
    assert_eq!(answer.status(), 200);
    let seen = answer.text().await.unwrap();
    let (shown, error) = seen.rsplit_once("data: ").unwrap();
    assert!(thousands(30).starts_with(shown) && !seen.contains("[DONE]") && !seen.contains("finish_reason"));
    let error: serde_json::Value = serde_json::from_str(error).unwrap();
    assert_eq!(error["error"]["code"], "budget_exceeded");
    assert_eq!(error["error"]["metadata"]["budget"], "team");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("The answer ended early") && message.contains("\"team\""),
        "{message}"
    );
    let record = worker.record().await;
    let attempt = &record.attempts[0];
    assert_eq!(
        (
            record.outcome,
            record.error_code.as_deref(),
            attempt.outcome,
            attempt.evidence
        ),
        (
            Outcome::Cut,
            Some("budget_exceeded"),
            AttemptOutcome::Stopped,
            Evidence::Estimated
        )
    );
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(Some(settled), record.cost);
    assert!(settled.nanos() < 20_000_000, "{settled}");
    crate::support::eventually("the provider to be hung up on", || {
        (server.hung_up_on() == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_provider_that_bills_on_is_held_for_the_whole_answer() {
    let script = Script::events().then(thousands(1)).then(LAST).then(DONE).end();
    let (server, worker, ..) = fixture("groq", "llama", script, 50_000_000).await;
    assert_eq!(worker.chat(ASKED).await.status(), 402);
    assert!(server.received().is_empty());
}

#[actix_web::test]
async fn an_answer_whose_reasoning_is_hidden_is_held_for_whole() {
    let script = Script::events().then(thousands(1)).then(LAST).then(DONE).end();
    let (server, worker, ..) = fixture("openai", "gpt-5", script, 50_000_000).await;
    assert_eq!(worker.chat(ASKED).await.status(), 402);
    assert!(server.received().is_empty());
}
