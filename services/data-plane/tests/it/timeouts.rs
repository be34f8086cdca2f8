//! Waits end: for the head of an answer, for its first event, for the whole request.

use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence};
use sluicegate_data_plane::pipeline::Limits;

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

const QUICK: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    attempt_timeout_ms: 80,
    hedge: None,
};

#[actix_web::test]
async fn a_provider_that_does_not_begin_in_time_is_504_and_may_have_billed() {
    for (script, stream) in [(Script::default().hang(), false), (Script::events().hang(), true)] {
        let provider = Provider::start([script]).await;
        let mut config = Config::new();
        config.compatible("a", &provider.url());
        config.route("quick", &["a/m"], QUICK);
        let worker = Worker::start(&config);
        let error = error_of(worker.chat(chat("route/quick", stream)).await).await;
        assert_eq!(
            error,
            (
                504,
                "timeout".into(),
                "deadline_exceeded".into(),
                None,
                "true".into()
            )
        );
        let record = worker.record().await;
        let [attempt] = &record.attempts[..] else {
            panic!("not asked twice")
        };
        assert_eq!(
            (attempt.outcome, attempt.evidence),
            (AttemptOutcome::TimedOut, Evidence::Uncertain)
        );
        assert_eq!(
            (attempt.cost, record.cost),
            (None, None),
            "unknown is not nothing"
        );
    }
}

#[actix_web::test]
async fn a_late_provider_is_replaced_by_the_next_target() {
    let provider = Provider::start([Script::default().hang()]).await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    config.route("quick", &["a/m", "sluicegate/echo"], QUICK);
    let worker = Worker::start(&config);
    let response = worker.chat(chat("route/quick", false)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-sluicegate-endpoint"], "sluicegate/echo");
    crate::support::eventually("the late call is cancelled", || {
        (provider.hung_up_on() == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn the_deadline_holds_over_all_attempts() {
    let limits = Limits {
        deadline_ms: 150,
        ..Limits::default()
    };
    let config = Config::new();
    let worker = Worker::with(&config, limits, vec![]);
    let error = error_of(worker.chat(chat("sluicegate/echo:timeout", false)).await).await;
    assert_eq!((error.0, error.2.as_str()), (504, "deadline_exceeded"));
}

#[actix_web::test]
async fn what_may_have_been_billed_costs_its_upper_bound() {
    let provider = Provider::start([Script::default().hang()]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 1_000, 4_000);
    config.route("quick", &["openai/gpt-4o-mini"], QUICK);
    let worker = Worker::start(&config);
    let body =
        r#"{"model":"route/quick","messages":[{"role":"user","content":"hello"}],"max_tokens":500,"n":2}"#;
    assert_eq!(worker.chat(body).await.status(), 504);
    let record = worker.record().await;
    // A token for each byte of the body and 64 for the template, and two answers of 500.
    let bound = body.len() as i64 + 64 + 1_000 * 4;
    assert_eq!(record.attempts[0].evidence, Evidence::Uncertain);
    assert_eq!(record.cost.map(|cost| cost.nanos()), Some(bound));
}
