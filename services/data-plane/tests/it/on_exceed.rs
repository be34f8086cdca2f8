//! What a budget without room does besides refusing: leads the call elsewhere, or lets some through.

use sluicegate_backplane::Rates;
use sluicegate_contracts::config::{BudgetScope, Enforcement, OnExceed, RetryPolicy};

use crate::support::{Config, Provider, Script, Worker, error_of};

/// 10 tokens in and 20 out.
const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}"#;
/// Of a call to the dear model.
const COST: i64 = 50_000;
const ASKED: &str =
    r#"{"model":"openai/dear","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}"#;

/// A dear model, and one that costs a thousandth of it.
async fn priced() -> (Provider, Config) {
    let provider = Provider::start([Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/dear", "openai", "dear", 1_000_000, 2_000_000);
    config.model("openai/cheap", "openai", "cheap", 1_000, 2_000);
    (provider, config)
}

#[actix_web::test]
async fn a_call_without_room_goes_where_the_budget_leads_it() {
    let (provider, mut config) = priced().await;
    let route = config.route("frugal", &["openai/cheap"], RetryPolicy::default());
    config.budget("small", 150_000, BudgetScope::default());
    config.on_exceed(OnExceed::Route(route));
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let answer = worker.chat(ASKED).await;
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("x-sluicegate-cause"), header("x-sluicegate-route")),
        ("budget_switch".to_owned(), "frugal@3".to_owned())
    );
    assert!(provider.received()[0].body.contains(r#""model":"cheap""#));
    let record = worker.record().await;
    assert_eq!(record.model_served.as_deref(), Some("openai/cheap"));
    assert_eq!(record.route.map(|route| route.id), Some(route));
}

#[actix_web::test]
async fn a_call_that_fits_nowhere_is_refused_and_not_led_in_circles() {
    let (provider, mut config) = priced().await;
    let there = config.route("there", &["openai/dear"], RetryPolicy::default());
    let back = config.route("back", &["openai/dear"], RetryPolicy::default());
    for (name, to, from) in [("one", there, back), ("two", back, there)] {
        let scope = BudgetScope {
            route: Some(from),
            ..BudgetScope::default()
        };
        config.budget(name, 150_000, scope);
        config.on_exceed(OnExceed::Route(to));
    }
    config.budget("all", 150_000, BudgetScope::default());
    config.on_exceed(OnExceed::Route(there));
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let (status, _, code, ..) = error_of(worker.chat(ASKED).await).await;
    assert_eq!((status, code.as_str()), (402, "budget_exceeded"));
    assert!(provider.received().is_empty());
}

#[actix_web::test]
async fn a_key_is_not_led_to_a_route_that_it_may_not_use() {
    let (_provider, mut config) = priced().await;
    let route = config.route("frugal", &["openai/cheap"], RetryPolicy::default());
    config.budget("small", 150_000, BudgetScope::default());
    config.on_exceed(OnExceed::Route(route));
    config.api_key.allowed_models = vec!["openai/dear".to_owned()];
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    assert_eq!(worker.chat(ASKED).await.status(), 402);
}

#[actix_web::test]
async fn a_soft_budget_that_is_used_up_lets_so_many_calls_through_and_counts_them() {
    let (_provider, mut config) = priced().await;
    let account = config.budget_kept("soft", COST, BudgetScope::default(), Enforcement::Soft);
    config.on_exceed(OnExceed::Throttle {
        requests_per_minute: 2,
    });
    let worker = Worker::start(&config);
    worker.open_budgets(config.organization.id).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(worker.chat(ASKED).await.status().as_u16());
        worker.settled(config.organization.id, &account).await;
    }
    assert_eq!(statuses, [200, 200, 200]);
    worker
        .settles_at(config.organization.id, &account, 3 * COST)
        .await;
    let throttled = worker.chat(ASKED).await;
    let wait: u64 = throttled.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(throttled.headers()["x-should-retry"], "true");
    let (status, kind, code, ..) = error_of(throttled).await;
    assert_eq!(
        (status, kind.as_str(), code.as_str()),
        (429, "rate_limit_error", "budget_throttled")
    );
}

#[actix_web::test]
async fn all_workers_together_let_so_many_calls_through() {
    let (_provider, mut config) = priced().await;
    let account = config.budget_kept("soft", COST, BudgetScope::default(), Enforcement::Soft);
    config.on_exceed(OnExceed::Throttle {
        requests_per_minute: 2,
    });
    let rates = Rates::memory();
    let workers = [(); 2].map(|()| Worker::sharing(&config, rates.clone()));
    let organization = config.organization.id;
    for worker in &workers {
        worker.open_budgets(organization).await;
        assert_eq!(worker.chat(ASKED).await.status(), 200);
        worker.settles_at(organization, &account, COST).await;
    }
    // The budget is used up at both of them.
    let mut statuses = Vec::new();
    for turn in 0..4 {
        let worker = &workers[turn % 2];
        statuses.push(worker.chat(ASKED).await.status().as_u16());
        worker.settled(organization, &account).await;
    }
    assert_eq!(statuses, [200, 200, 429, 429]);
}
