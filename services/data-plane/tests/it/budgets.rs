//! Budgets on the request path: money is set aside before a provider is called, and nobody passes a limit.

use std::time::Duration;

use futures_util::future::join_all;
use sluicegate_contracts::config::{BudgetScope, Enforcement, Partition};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::Outcome;

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

/// 10 tokens in and 20 out; at 1,000 and 2,000 nano-USD a token that is 50,000 nano-USD.
const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}"#;
const COST: i64 = 50_000;

fn body(max_tokens: u32) -> String {
    format!(
        r#"{{"model":"openai/m","max_tokens":{max_tokens},"messages":[{{"role":"user","content":"Hello"}}]}}"#
    )
}

/// A provider that answers so many calls, and a project that can call its model.
async fn priced(scripts: Vec<Script>) -> (Provider, Config) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/m", "openai", "m", 1_000_000, 2_000_000);
    (provider, config)
}

fn answers(count: usize) -> Vec<Script> {
    (0..count).map(|_| Script::json(200, ANSWER)).collect()
}

#[actix_web::test]
async fn what_a_call_did_not_cost_goes_back() {
    let (_provider, mut config) = priced(answers(1)).await;
    let account = config.budget("team", 1_000_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let answer = worker.chat(body(100)).await;
    assert_eq!(answer.status(), 200);
    let record = worker.record().await;
    assert_eq!(record.cost, Some(NanoUsd::from_nanos(COST)));
    assert_eq!(record.attempts[0].accounts, std::slice::from_ref(&account));
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(settled, NanoUsd::from_nanos(COST));
}

#[actix_web::test]
async fn a_call_that_may_cost_more_than_is_left_is_refused_before_it_is_sent() {
    let (provider, mut config) = priced(answers(1)).await;
    config.budget("tiny", 150_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let refused = worker.chat(body(100)).await;
    assert_eq!(refused.headers()["x-should-retry"], "false");
    let (status, document) = (refused.status(), refused.text().await.unwrap());
    assert_eq!(status, 402, "{document}");
    let error = &serde_json::from_str::<serde_json::Value>(&document).unwrap()["error"];
    assert_eq!(error["code"], "budget_exceeded");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with(
            "The budget \"tiny\" of this organization has 0.000150000 USD in all and this call can cost up to"
        ),
        "{message}"
    );
    assert_eq!(
        (&error["metadata"]["budget"], &error["metadata"]["level"]),
        (&"tiny".into(), &"organization".into())
    );
    let record = worker.record().await;
    assert_eq!((record.outcome, record.attempts.len()), (Outcome::Refused, 0));
    assert!(provider.received().is_empty());
}

#[actix_web::test]
async fn callers_at_once_never_pass_the_limit_and_leave_little_of_it() {
    let (provider, mut config) = priced(answers(60)).await;
    // The bound of one call is its bytes and 20 tokens: about 0.22 thousandths of a dollar.
    let account = config.budget("shared", 1_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let calls = (0..60).map(|_| async { worker.chat(body(20)).await.status().as_u16() });
    let statuses = join_all(calls).await;
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert!(
        statuses.iter().all(|status| matches!(status, 200 | 402)),
        "{statuses:?}"
    );
    assert_eq!(provider.received().len(), served);
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(settled.nanos(), i64::try_from(served).unwrap() * COST);
    assert!((700_000..=1_000_000).contains(&settled.nanos()), "{settled}");
}

#[actix_web::test]
async fn a_call_that_failed_costs_nothing() {
    let failures = vec![Script::json(400, r#"{"error":{"message":"no"}}"#)];
    let (_provider, mut config) = priced(failures).await;
    let account = config.budget("team", 1_000_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    assert_eq!(worker.chat(body(100)).await.status(), 400);
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(settled, NanoUsd::ZERO);
}

#[actix_web::test]
async fn a_budget_takes_no_call_without_a_price() {
    let provider = Provider::start(answers(1)).await;
    let mut config = Config::new();
    config.compatible("lab", &provider.url());
    config.budget("team", 1_000_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    let (status, _, code, param, _) = error_of(worker.chat(chat("lab/m", false)).await).await;
    assert_eq!(
        (status, code.as_str(), param.as_deref()),
        (403, "price_unknown", Some("model"))
    );
    assert!(provider.received().is_empty());
}

#[actix_web::test]
async fn without_the_store_a_budgeted_call_waits_for_better_times_and_others_go_on() {
    let (provider, mut config) = priced(answers(1)).await;
    let scope = BudgetScope {
        end_user: Some(Partition::Each),
        ..BudgetScope::default()
    };
    config.budget("per user", 1_000_000_000, scope);
    let worker = Worker::start(&config);
    let request = worker.post("/v1/chat/completions", body(100));
    let refused = request.header("x-sluicegate-user", "ann").send().await.unwrap();
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.headers()["x-should-retry"], "true");
    let (status, _, code, ..) = error_of(refused).await;
    assert_eq!((status, code.as_str()), (503, "budget_unavailable"));
    assert_eq!(worker.chat(body(100)).await.status(), 200);
    assert_eq!(provider.received().len(), 1);
}

#[actix_web::test]
async fn each_end_user_has_the_whole_limit_and_no_more() {
    let (_provider, mut config) = priced(answers(2)).await;
    let scope = BudgetScope {
        end_user: Some(Partition::Each),
        ..BudgetScope::default()
    };
    config.budget("per user", 200_000, scope);
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let mut statuses = Vec::new();
    for user in ["ann", "ann", "bob", "bob"] {
        let request = worker.post("/v1/chat/completions", body(20));
        let request = request
            .header("x-sluicegate-user", user)
            .timeout(Duration::from_secs(10));
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 402, 200, 402]);
}

#[actix_web::test]
async fn a_soft_budget_lets_the_last_call_pass_its_limit_and_refuses_the_next() {
    let (_provider, mut config) = priced(answers(2)).await;
    let account = config.budget_kept("soft", COST + 1, BudgetScope::default(), Enforcement::Soft);
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(worker.chat(body(100)).await.status().as_u16());
        worker.settled(config.organization.id, &account).await;
    }
    assert_eq!(statuses, [200, 200, 402]);
}
