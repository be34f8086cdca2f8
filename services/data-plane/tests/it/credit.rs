//! Calls over the host's accounts are paid from prepaid credit: set aside before the call, charged by how it ended.

use sluicegate_contracts::config::BudgetScope;
use sluicegate_contracts::config::{BudgetRefusals, RetryPolicy};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{CreditUse, Outcome};

use crate::support::{Config, Provider, Script, Worker, eventually};

/// 10 tokens in and 20 out; at 1,000 and 2,000 nano-USD a token that is 50,000 nano-USD, and 60,000 with a margin of 20%.
const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}"#;
/// As above, with nothing in the answer.
const EMPTY: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":0,"total_tokens":10}}"#;
const BODY: &str = r#"{"model":"openai/m","max_tokens":20,"messages":[{"role":"user","content":"Hello"}]}"#;
/// Through a route that names a model of the host's account, then one of the caller's own.
const BY_ROUTE: &str =
    r#"{"model":"route/pair","max_tokens":20,"messages":[{"role":"user","content":"Hello"}]}"#;
const FIFTH: u32 = 200_000;

fn nano(nanos: i64) -> NanoUsd {
    NanoUsd::from_nanos(nanos)
}

/// The host's account at a provider that answers so.
async fn resold(scripts: Vec<Script>) -> (Provider, Config) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    config.resold("house", "openai", &provider.url(), FIFTH);
    config.model("openai/m", "openai", "m", 1_000_000, 2_000_000);
    (provider, config)
}

#[actix_web::test]
async fn an_answer_is_charged_with_the_margin() {
    let (_provider, mut config) = resold(vec![Script::json(200, ANSWER)]).await;
    let account = config.credit(1_000_000_000);
    let team = config.budget("team", 1_000_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    assert_eq!(worker.chat(BODY).await.status(), 200);
    let record = worker.record().await;
    let attempt = &record.attempts[0];
    assert_eq!(attempt.cost, Some(nano(60_000)));
    let paid = CreditUse {
        account: account.clone(),
        charge: nano(60_000),
    };
    assert_eq!(attempt.credit, Some(paid));
    assert_eq!(
        attempt.accounts,
        std::slice::from_ref(&team),
        "credit is no budget"
    );
    for account in [&account, &team] {
        let settled = worker.settled(config.organization.id, account).await;
        assert_eq!(settled, nano(60_000));
    }
}

#[actix_web::test]
async fn nobody_pays_for_an_empty_answer_but_budgets_count_it() {
    let (_provider, mut config) = resold(vec![Script::json(200, EMPTY)]).await;
    let account = config.credit(1_000_000_000);
    let team = config.budget("team", 1_000_000_000, BudgetScope::default());
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    assert_eq!(worker.chat(BODY).await.status(), 200);
    let attempt = worker.record().await.attempts.remove(0);
    assert_eq!(attempt.cost, Some(nano(12_000)));
    assert_eq!(attempt.credit.map(|credit| credit.charge), Some(NanoUsd::ZERO));
    let organization = config.organization.id;
    assert_eq!(worker.settled(organization, &account).await, NanoUsd::ZERO);
    assert_eq!(worker.settled(organization, &team).await, nano(12_000));
}

#[actix_web::test]
async fn a_call_of_a_killed_worker_is_one_that_credit_was_to_pay() {
    let (provider, mut config) = resold(vec![Script::default().hang()]).await;
    let account = config.credit(1_000_000_000);
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let killed = async {
        eventually("the provider is asked", || provider.received().pop()).await;
        worker.killed().await
    };
    let killed = tokio::select! {
        killed = killed => killed,
        answer = worker.chat(BODY) => panic!("nobody answers, but {answer:?}"),
    };
    let record = &killed[0];
    assert_eq!(record.outcome, Outcome::Interrupted);
    // The table in docs/billing.md: nobody pays, and it is not the tenant's own cost either.
    let paid = CreditUse {
        account,
        charge: NanoUsd::ZERO,
    };
    assert_eq!(record.attempts[0].credit, Some(paid));
    assert!(record.cost > Some(NanoUsd::ZERO));
}

#[actix_web::test]
async fn without_credit_the_provider_is_not_called() {
    for credit in [None, Some(50_000)] {
        let (provider, mut config) = resold(vec![Script::json(200, ANSWER)]).await;
        if let Some(limit) = credit {
            config.credit(limit);
        }
        let worker = Worker::start(&config);
        worker.open_budgets(config.organization.id).await;
        let refused = worker.chat(BODY).await;
        assert_eq!(refused.headers()["x-should-retry"], "false");
        assert_eq!(refused.status(), 402);
        let text = refused.text().await.unwrap();
        assert!(
            text.contains("prepaid credit") && text.contains("budget_exceeded"),
            "{text}"
        );
        assert!(provider.received().is_empty());
    }
}

#[actix_web::test]
async fn an_account_of_ones_own_comes_first_and_needs_no_credit() {
    let (host, mut config) = resold(vec![Script::json(200, ANSWER)]).await;
    let own = Provider::start(vec![Script::json(200, ANSWER)]).await;
    let connection = config.connect("main", "openai", &own.url());
    let worker = Worker::start(&config);
    assert_eq!(worker.chat(BODY).await.status(), 200);
    let attempt = worker.record().await.attempts.remove(0);
    assert_eq!((attempt.connection, attempt.credit), (Some(connection), None));
    assert_eq!(attempt.cost, Some(nano(50_000)), "without a margin");
    assert!(host.received().is_empty());
}

/// The host's account for one model, then the caller's own for another.
async fn host_before_own() -> (Provider, Provider, Config) {
    let (host, mut config) = resold(vec![Script::json(200, ANSWER)]).await;
    let own = Provider::start(vec![Script::json(200, ANSWER)]).await;
    config.connect("main", "groq", &own.url());
    config.model("own/m", "groq", "m", 1_000_000, 2_000_000);
    config.route("pair", &["openai/m", "own/m"], RetryPolicy::default());
    (host, own, config)
}

#[actix_web::test]
async fn of_missing_credit_a_caller_is_told_when_nothing_else_stands_against_the_call() {
    let (host, own, mut config) = host_before_own().await;
    let scope = BudgetScope {
        model: Some("own/m".to_owned()),
        ..BudgetScope::default()
    };
    config.budget("team", 10, scope);
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let refused = worker.chat(BY_ROUTE).await;
    assert_eq!(refused.status(), 402);
    let text = refused.text().await.unwrap();
    assert!(text.contains("team") && !text.contains("prepaid"), "{text}");
    assert!(host.received().is_empty() && own.received().is_empty());
}

#[actix_web::test]
async fn an_account_of_ones_own_serves_while_nobody_knows_of_the_credit() {
    let (host, own, mut config) = host_before_own().await;
    config.credit(1_000_000_000);
    // Nobody told the store its past, so it grants nothing.
    let worker = Worker::start(&config);
    assert_eq!(worker.chat(BY_ROUTE).await.status(), 200);
    assert!(host.received().is_empty());
    assert_eq!(own.received().len(), 1);
}

#[actix_web::test]
async fn a_project_may_have_money_that_is_used_up_told_as_openai_tells_it() {
    let (host, mut config) = resold(vec![Script::json(200, ANSWER)]).await;
    config.project.budget_refusals = BudgetRefusals::InsufficientQuota;
    let worker = Worker::start(&config);
    let refused = worker.chat(BODY).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["x-should-retry"], "false");
    let text = refused.text().await.unwrap();
    assert!(
        text.contains(r#""type":"insufficient_quota""#) && text.contains(r#""code":"insufficient_quota""#),
        "{text}"
    );
    let record = worker.record().await;
    assert_eq!(
        (record.status, record.error_code.as_deref()),
        (429, Some("insufficient_quota"))
    );
    assert!(host.received().is_empty());
}
