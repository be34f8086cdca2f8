//! Conditions that ask how endpoints fare and what is left of budgets: all rules of a request see the same, what is not
//! known has the value that the condition gives, and the record says what was read.

use std::time::Duration;

use sluicegate_contracts::config::{BudgetScope, Partition, RetryPolicy};
use sluicegate_contracts::usage::DecidedReading;
use sluicegate_service_runtime::clock::ManualClock;

use crate::support::{Config, Provider, Script, Worker, chat, eventually};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":100000,"completion_tokens":0}}"#;

fn answers() -> Script {
    Script::json(200, ANSWER)
}

fn fails() -> Script {
    Script::json(503, r#"{"error":{"message":"busy"}}"#)
}

/// A model over one account, and a route that answers itself where `when` holds.
fn config(when: &str, url: &str) -> Config {
    let mut config = Config::new();
    config.connect("main", "openai", url);
    config.model("meta/llama", "openai", "llama", 1_000_000, 1_000_000);
    let retry = RetryPolicy {
        max_attempts: 1,
        ..RetryPolicy::default()
    };
    let first = Config::rule(&["sluicegate/echo"], Some(when), retry.clone());
    let last = Config::rule(&["meta/llama"], None, retry);
    config.ruled("support", vec![first, last]);
    config
}

/// Whether the condition of the route held.
async fn holds(worker: &Worker) -> bool {
    let response = worker.chat(chat("route/support", false)).await;
    let endpoint = response.headers().get("x-sluicegate-endpoint").cloned();
    endpoint.is_some_and(|it| it.to_str().is_ok_and(|it| it.starts_with("sluicegate/")))
}

async fn call(worker: &Worker, times: usize) {
    for _ in 0..times {
        worker.chat(chat("meta/llama", false)).await;
    }
}

async fn started(when: &str, scripts: Vec<Script>) -> (Worker, ManualClock, Provider) {
    let provider = Provider::start(scripts).await;
    let (worker, hand) = Worker::timed(&config(when, &provider.url()));
    (worker, hand, provider)
}

/// What the last record says that conditions were told.
fn told(worker: &Worker) -> Vec<DecidedReading> {
    let records = worker.records();
    let decision = records.last().and_then(|record| record.decision.clone());
    decision.map(|it| it.facts.readings).unwrap_or_default()
}

#[actix_web::test]
async fn what_is_not_known_has_the_value_that_the_condition_gives() {
    for (value, expected) in [("1.0", false), ("0.5", true)] {
        for of in ["meta/llama", "openai", "meta/nothing"] {
            let when = format!("health.success_rate({of:?}, {value}) < 0.9");
            let (worker, _, _provider) = started(&when, vec![answers()]).await;
            assert_eq!(holds(&worker).await, expected, "{when}");
            let told = eventually("a record", || Some(told(&worker)).filter(|it| !it.is_empty())).await;
            assert_eq!((told[0].of.as_str(), told[0].thousandths), (of, None));
        }
    }
}

#[actix_web::test]
async fn a_rule_can_leave_an_endpoint_whose_calls_fail() {
    for of in [r#""meta/llama""#, r#""openai""#, r#""meta/llama", "main""#] {
        let when = format!("health.success_rate({of}, 1.0) < 0.5");
        let (worker, _, _provider) = started(&when, vec![fails(), fails(), fails(), answers()]).await;
        assert!(!holds(&worker).await, "nothing is known");
        call(&worker, 2).await;
        assert!(holds(&worker).await, "{when}");
        let enough = || Some(told(&worker)).filter(|it| it.iter().any(|it| it.thousandths.is_some()));
        let told = eventually("what was read", enough).await;
        assert_eq!(told[0].measure, "health.success_rate");
        assert_eq!(told[0].thousandths, Some(400), "three of five failed: {told:?}");
    }
    let when = r#"health.success_rate("meta/llama", "other", 1.0) < 0.5"#;
    let (worker, _, _provider) = started(when, vec![fails(), fails(), fails(), answers()]).await;
    call(&worker, 3).await;
    assert!(!holds(&worker).await, "another account is not meant");
}

#[actix_web::test]
async fn a_rule_can_leave_an_endpoint_that_takes_no_calls() {
    let refusal = Script::json_with(429, "retry-after: 30\r\n", r#"{"error":{"message":"slow down"}}"#);
    let when = r#"!health.available("meta/llama", true)"#;
    let (worker, hand, _provider) = started(when, vec![refusal, answers()]).await;
    assert!(!holds(&worker).await, "it finds out");
    assert!(holds(&worker).await);
    hand.advance(Duration::from_secs(31));
    assert!(!holds(&worker).await, "it may be asked again");
}

#[actix_web::test]
async fn a_rule_can_spare_a_rate_limit_before_it_is_used_up() {
    let left = "x-ratelimit-limit-requests: 100\r\nx-ratelimit-remaining-requests: 10\r\nx-ratelimit-reset-requests: 90s\r\n";
    let when = r#"health.headroom("meta/llama", 1.0) < 0.2"#;
    let (worker, _, _provider) = started(when, vec![Script::json_with(200, left, ANSWER)]).await;
    assert!(!holds(&worker).await);
    assert!(holds(&worker).await, "a tenth is left");
}

/// Each call costs 0.10 USD.
async fn budgeted(when: &str, scope: BudgetScope) -> (Worker, Provider) {
    let provider = Provider::start([answers()]).await;
    let mut config = config(when, &provider.url());
    config.budget("team", 1_000_000_000, scope);
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    (worker, provider)
}

#[actix_web::test]
async fn a_rule_can_spare_a_budget_before_it_is_used_up() {
    let when = r#"budget.remaining_ratio("team", 1.0) < 0.75"#;
    let (worker, _provider) = budgeted(when, BudgetScope::default()).await;
    for spent in 0..3 {
        assert!(!holds(&worker).await, "{spent} calls cost less than a quarter");
        worker.first_records(spent + 1).await;
    }
    let mut count = 3;
    while !holds(&worker).await {
        // The store's word of what is left comes with the next message, within half a second.
        count += 1;
        assert!(count < 8, "three calls and more leave less than three quarters");
        worker.first_records(count).await;
    }
    let records = worker.first_records(count + 1).await;
    let decision = records[count].decision.as_ref().unwrap();
    let told = &decision.facts.readings[0];
    assert_eq!(
        (&*told.measure, told.of.as_str()),
        ("budget.remaining_ratio", "team")
    );
    assert!(
        told.thousandths.is_some_and(|it| (200..750).contains(&it)),
        "{told:?}"
    );
}

#[actix_web::test]
async fn of_a_budget_for_each_user_the_share_of_the_caller_counts() {
    let when = r#"budget.remaining_ratio("team", 1.0) < 0.95"#;
    let each = BudgetScope {
        end_user: Some(Partition::Each),
        ..BudgetScope::default()
    };
    let (worker, _provider) = budgeted(when, each).await;
    let ask = async |user: &str| {
        let body = format!(
            r#"{{"model":"route/support","user":"{user}","messages":[{{"role":"user","content":"hello"}}]}}"#
        );
        let response = worker.chat(body).await;
        let endpoint = response.headers()["x-sluicegate-endpoint"]
            .to_str()
            .unwrap()
            .to_owned();
        endpoint.starts_with("sluicegate/")
    };
    let mut count = 0;
    while !ask("ann").await {
        count += 1;
        assert!(count < 8, "each call costs a tenth of her share");
        worker.first_records(count).await;
    }
    assert!(!ask("bob").await, "he has spent nothing");
}
