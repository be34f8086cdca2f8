//! What hedges cost: both attempts are held and settled by their own endings, and what there is no room for is not sent.

use sluicegate_contracts::config::{BudgetScope, Hedge, RateMetric, RateScope, RetryPolicy};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence};

use super::{ANSWER, ASKED, DONE, FIRST, HEDGE, came_to, hedged, over, providers, withheld};
use crate::support::{Config, Provider, Script, Worker};

/// The route `quick` over two priced models; 100 tokens of either cost 200,000 nano-USD and the prompt about a half of it.
fn priced(providers: &[Provider], retry: RetryPolicy) -> Config {
    let mut config = Config::new();
    config.connect("a", "openai", &providers[0].url());
    config.connect("b", "groq", &providers[1].url());
    config.model("one/m", "openai", "m", 1_000_000, 2_000_000);
    config.model("two/m", "groq", "m", 1_000_000, 2_000_000);
    config.route("quick", &["one/m", "two/m"], retry);
    config
}

#[actix_web::test]
async fn both_are_held_and_each_is_settled_by_its_own_ending() {
    let providers = providers([Script::default().hang(), Script::json(200, ANSWER)]).await;
    let mut config = priced(&providers, hedged(HEDGE));
    let account = config.budget("team", 1_000_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let response = worker.chat(ASKED).await;
    assert_eq!(response.headers()["x-sluicegate-cause"], "hedge");
    let record = worker.record().await;
    let [slower, quicker] = &record.attempts[..] else {
        panic!("two attempts")
    };
    // What was called off may have been billed: it costs what was held for it.
    let bound = slower.cost.unwrap();
    assert!((250_000..400_000).contains(&bound.nanos()), "{bound}");
    assert_eq!(
        (slower.outcome, slower.evidence),
        (AttemptOutcome::Superseded, Evidence::Uncertain)
    );
    let told = NanoUsd::from_nanos(10 * 1_000 + 20 * 2_000);
    assert_eq!((quicker.cost, quicker.evidence), (Some(told), Evidence::Reported));
    assert_eq!(record.cost, Some([bound, told].into_iter().sum()));
    for attempt in &record.attempts {
        assert_eq!(attempt.accounts, std::slice::from_ref(&account));
    }
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(Some(settled), record.cost);
}

#[actix_web::test]
async fn over_the_hosts_accounts_credit_pays_what_was_called_off() {
    let providers = providers([Script::default().hang(), Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.resold("a", "openai", &providers[0].url(), 0);
    config.resold("b", "groq", &providers[1].url(), 0);
    config.model("one/m", "openai", "m", 1_000_000, 2_000_000);
    config.model("two/m", "groq", "m", 1_000_000, 2_000_000);
    config.route("quick", &["one/m", "two/m"], hedged(HEDGE));
    let credit = config.credit(1_000_000_000);
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    assert_eq!(worker.chat(ASKED).await.status(), 200);
    let record = worker.record().await;
    for attempt in &record.attempts {
        let paid = attempt.credit.as_ref().unwrap();
        assert_eq!((&paid.account, Some(paid.charge)), (&credit, attempt.cost));
    }
    assert_eq!(record.attempts[0].outcome, AttemptOutcome::Superseded);
    let settled = worker.settled(config.organization.id, &credit).await;
    assert_eq!(Some(settled), record.cost);
}

#[actix_web::test]
async fn without_money_for_both_nothing_is_sent_twice_and_nothing_fails() {
    let gated = Script::default().gate().and(Script::json(200, ANSWER));
    let providers = providers([gated, Script::default().hang()]).await;
    let mut config = priced(&providers, hedged(HEDGE));
    let account = config.budget("tight", 450_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let record = withheld(&worker, &providers[0], "refused").await;
    assert!(providers[1].received().is_empty());
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(Some(settled), record.cost);
}

#[actix_web::test]
async fn a_hedge_costs_no_more_than_the_route_allows() {
    let gated = Script::default().gate().and(Script::json(200, ANSWER));
    let providers = providers([gated, Script::default().hang()]).await;
    let cheap = Hedge {
        max_cost: Some(NanoUsd::from_nanos(200_000)),
        ..HEDGE
    };
    let mut config = priced(&providers, hedged(cheap));
    let account = config.budget("team", 1_000_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    withheld(&worker, &providers[0], "max_cost").await;
    assert!(providers[1].received().is_empty());
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(settled, NanoUsd::from_nanos(50_000));
}

#[actix_web::test]
async fn a_limit_over_calls_at_once_counts_the_hedge() {
    let gated = Script::default().gate().and(Script::json(200, ANSWER));
    let providers = providers([gated, Script::default().hang()]).await;
    let mut config = over(&providers, hedged(HEDGE));
    let scope = RateScope {
        provider: Some("openai-compatible".to_owned()),
        ..RateScope::default()
    };
    config.rate_limit(RateMetric::Concurrency, 1, scope);
    let worker = Worker::start(&config);
    withheld(&worker, &providers[0], "refused").await;
    assert!(providers[1].received().is_empty());
}

#[actix_web::test]
async fn a_hedge_that_is_paid_as_it_comes_is_settled_to_the_nano() {
    let text = "x".repeat(9_000);
    let event = format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5000}}\n\n";
    let quick = Script::events()
        .then(&event)
        .then(FIRST)
        .then(usage)
        .then(DONE)
        .end();
    let providers = providers([Script::default().hang(), quick]).await;
    let mut config = Config::new();
    config.connect("a", "groq", &providers[0].url());
    config.connect("b", "openai", &providers[1].url());
    config.model("one/m", "groq", "llama", 1_000_000, 2_000_000);
    config.model("two/m", "openai", "gpt-4o", 1_000_000, 2_000_000);
    config.route("quick", &["one/m", "two/m"], hedged(HEDGE));
    let account = config.budget("team", 400_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let body = r#"{"model":"route/quick","max_tokens":60000,"stream":true,"messages":[{"role":"user","content":"Hello"}]}"#;
    let response = worker.chat(body).await;
    assert_eq!(response.headers()["x-sluicegate-cause"], "hedge");
    assert!(response.text().await.unwrap().ends_with(DONE));
    let record = worker.record().await;
    let told = NanoUsd::from_nanos(10 * 1_000 + 5_000 * 2_000);
    assert_eq!(record.attempts[1].cost, Some(told));
    assert!(
        record.attempts[0].cost.unwrap().nanos() > 120_000_000,
        "the longest answer was held"
    );
    let settled = worker.settled(config.organization.id, &account).await;
    assert_eq!(Some(settled), record.cost);
}

#[actix_web::test]
async fn what_the_first_can_still_cost_is_not_left_for_the_hedge() {
    // One attempt is bounded by about 0.00025 USD; two are by twice that.
    for (most, is_hedged) in [("0.0004", false), ("0.001", true)] {
        let gated = Script::default().gate().and(Script::json(200, ANSWER));
        let providers = providers([gated, Script::json(200, ANSWER)]).await;
        let worker = Worker::start(&priced(&providers, hedged(HEDGE)));
        let asked = worker
            .post("/v1/chat/completions", ASKED)
            .header("x-sluicegate-max-cost", most);
        let (response, ()) = tokio::join!(asked.send(), async {
            if !is_hedged {
                came_to(&worker, "max_cost", 1).await;
                providers[0].open();
            }
        });
        assert_eq!(response.unwrap().status(), 200);
        assert_eq!(providers[1].received().len(), usize::from(is_hedged), "{most}");
    }
}
