//! A request that is late goes to the next target as well: the quicker answers, and nothing that holds for a retry holds less
//! for it.

mod money;

use sluicegate_contracts::config::{Choice, Constraints, Hedge, HedgeAfter, RetryPolicy};
use sluicegate_contracts::usage::{AttemptOutcome, DecidedHedge, Evidence, Outcome, UsageRecord};
use tokio::io::AsyncWriteExt;

use crate::support::{Config, Provider, Script, Worker, chat, eventually};

const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}"#;
const FIRST: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"ok\"},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";
const ASKED: &str =
    r#"{"model":"route/quick","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}"#;

/// As many as are late are sent twice, after 20 milliseconds.
const HEDGE: Hedge = Hedge {
    after: HedgeAfter::Milliseconds(20),
    max_percent: 100,
    max_cost: None,
};

const fn hedged(hedge: Hedge) -> RetryPolicy {
    RetryPolicy {
        max_attempts: 3,
        attempt_timeout_ms: 60_000,
        hedge: Some(hedge),
    }
}

/// A provider for each script.
async fn providers<const N: usize>(scripts: [Script; N]) -> Vec<Provider> {
    let mut started = Vec::new();
    for script in scripts {
        started.push(Provider::start([script]).await);
    }
    started
}

/// The route `quick` over compatible servers `a`, `b`, ...
fn over(providers: &[Provider], retry: RetryPolicy) -> Config {
    let mut config = Config::new();
    let slugs = ["a", "b", "c"];
    for (provider, slug) in providers.iter().zip(slugs) {
        config.compatible(slug, &provider.url());
    }
    let models = ["a/m", "b/m", "c/m"];
    config.route("quick", &models[..providers.len()], retry);
    config
}

/// Waits until so many late requests came to `what`.
async fn came_to(worker: &Worker, what: &str, count: usize) {
    let line = format!("sluicegate_inference_hedges_total{{what=\"{what}\"}} {count}\n");
    eventually(&line, || {
        worker.registry.encode().unwrap().contains(&line).then_some(())
    })
    .await;
}

fn outcomes(record: &UsageRecord) -> Vec<(&str, AttemptOutcome)> {
    let attempts = record.attempts.iter();
    attempts
        .map(|it| (it.cause.as_deref().unwrap(), it.outcome))
        .collect()
}

#[actix_web::test]
async fn what_first_brings_something_answers_and_the_other_is_called_off() {
    let streamed = || Script::events().then(FIRST).then(DONE).end();
    let cases = [
        (true, Script::events().then(": wait\n\n").hang(), streamed()),
        (true, Script::default().hang(), streamed()),
        (false, Script::default().hang(), Script::json(200, ANSWER)),
    ];
    for (stream, slow, quick) in cases {
        let providers = providers([slow, quick]).await;
        let worker = Worker::start(&over(&providers, hedged(HEDGE)));
        let response = worker.chat(chat("route/quick", stream)).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-sluicegate-attempts"), "2");
        assert_eq!(header("x-sluicegate-cause"), "hedge");
        assert_eq!(header("x-sluicegate-endpoint"), "openai-compatible/b");
        let text = response.text().await.unwrap();
        let expected = if stream {
            format!("{FIRST}{DONE}")
        } else {
            ANSWER.to_owned()
        };
        assert_eq!(text, expected);
        let record = worker.record().await;
        assert_eq!(record.outcome, Outcome::Served);
        assert_eq!(
            outcomes(&record),
            [
                ("rule", AttemptOutcome::Superseded),
                ("hedge", AttemptOutcome::Served)
            ]
        );
        assert_eq!(record.attempts[0].evidence, Evidence::Uncertain);
        assert_eq!(record.model_served.as_deref(), Some("b/m"));
        assert_eq!(
            record.decision.unwrap().hedge,
            Some(DecidedHedge {
                after_ms: 20,
                rank: Some(2),
                withheld: None
            })
        );
        eventually("the slow one to be hung up on", || {
            (providers[0].hung_up_on() == 1).then_some(())
        })
        .await;
    }
}

#[actix_web::test]
async fn the_first_may_still_answer_first() {
    let gated = Script::default().gate().and(Script::json(200, ANSWER));
    let providers = providers([gated, Script::default().hang()]).await;
    let worker = Worker::start(&over(&providers, hedged(HEDGE)));
    let (response, ()) = tokio::join!(worker.chat(chat("route/quick", false)), async {
        came_to(&worker, "sent", 1).await;
        providers[0].open();
    });
    assert_eq!(response.headers()["x-sluicegate-cause"], "rule");
    assert_eq!(response.headers()["x-sluicegate-attempts"], "2");
    let record = worker.record().await;
    assert_eq!(
        outcomes(&record),
        [
            ("hedge", AttemptOutcome::Superseded),
            ("rule", AttemptOutcome::Served)
        ]
    );
    assert_eq!(record.model_served.as_deref(), Some("a/m"));
}

#[actix_web::test]
async fn whoever_is_not_late_is_not_hedged() {
    let providers = providers([Script::json(200, ANSWER), Script::json(200, ANSWER)]).await;
    let patient = Hedge {
        after: HedgeAfter::Milliseconds(60_000),
        ..HEDGE
    };
    let worker = Worker::start(&over(&providers, hedged(patient)));
    assert_eq!(worker.chat(chat("route/quick", false)).await.status(), 200);
    let record = worker.record().await;
    assert_eq!(outcomes(&record), [("rule", AttemptOutcome::Served)]);
    assert_eq!(record.decision.unwrap().hedge, None);
    assert!(providers[1].received().is_empty());
}

#[actix_web::test]
async fn when_the_hedge_fails_too_the_walk_goes_on_behind_it() {
    let gated = Script::default().gate().and(Script::json(500, "{}"));
    let providers = providers([gated, Script::json(503, "{}"), Script::json(200, ANSWER)]).await;
    let worker = Worker::start(&over(&providers, hedged(HEDGE)));
    let (response, ()) = tokio::join!(worker.chat(chat("route/quick", false)), async {
        eventually("the hedge to fail", || {
            let text = worker.registry.encode().unwrap();
            text.contains("attempts_total{outcome=\"server_error\"} 1\n")
                .then_some(())
        })
        .await;
        providers[0].open();
    });
    assert_eq!(response.status(), 200);
    assert_eq!(
        outcomes(&worker.record().await),
        [
            ("hedge", AttemptOutcome::ServerError),
            ("rule", AttemptOutcome::ServerError),
            ("fallback", AttemptOutcome::Served)
        ]
    );
    assert!(providers.iter().all(|it| it.received().len() == 1));
}

#[actix_web::test]
async fn a_hedge_is_an_attempt_like_any_other() {
    let gated = Script::default().gate().and(Script::json(200, ANSWER));
    let providers = providers([gated, Script::default().hang()]).await;
    let once = RetryPolicy {
        max_attempts: 1,
        ..hedged(HEDGE)
    };
    let worker = Worker::start(&over(&providers, once));
    withheld(&worker, &providers[0], "attempts").await;
    assert!(providers[1].received().is_empty());
}

/// Asks, opens the gate of the first provider once the hedge was withheld for this reason, and gives the record.
async fn withheld(worker: &Worker, first: &Provider, why: &str) -> UsageRecord {
    let (response, ()) = tokio::join!(worker.chat(ASKED), async {
        came_to(worker, why, 1).await;
        first.open();
    });
    assert_eq!(response.status(), 200);
    let record = worker.record().await;
    assert_eq!(outcomes(&record), [("rule", AttemptOutcome::Served)]);
    let noted = record.decision.as_ref().and_then(|it| it.hedge.as_ref()).unwrap();
    assert_eq!((noted.rank, noted.withheld.as_deref()), (None, Some(why)));
    record
}

#[actix_web::test]
async fn nothing_is_hedged_to_where_a_constraint_forbids() {
    let providers = providers([
        Script::default().hang(),
        Script::json(200, ANSWER),
        Script::json(200, ANSWER),
    ])
    .await;
    let mut config = Config::new();
    config.connect("a", "openai", &providers[0].url());
    config.connect("b", "groq", &providers[1].url());
    config.connect("c", "mistral", &providers[2].url());
    for (model, provider) in [("one/m", "openai"), ("two/m", "groq"), ("three/m", "mistral")] {
        config.model(model, provider, "m", 1, 1);
    }
    config.project.constraints = Constraints {
        providers: Choice {
            only: None,
            ignore: vec!["groq".to_owned()],
        },
        ..Constraints::NONE
    };
    config.route("quick", &["one/m", "two/m", "three/m"], hedged(HEDGE));
    let worker = Worker::start(&config);
    let response = worker.chat(chat("route/quick", false)).await;
    assert_eq!(response.headers()["x-sluicegate-endpoint"], "mistral/c");
    assert_eq!(response.headers()["x-sluicegate-cause"], "hedge");
    assert!(providers[1].received().is_empty());
}

#[actix_web::test]
async fn no_more_are_sent_twice_than_the_share_says() {
    let providers = providers([Script::default().hang(), Script::json(200, ANSWER)]).await;
    // What two hundred requests earn is there at the start: two.
    let rare = RetryPolicy {
        attempt_timeout_ms: 150,
        ..hedged(Hedge {
            max_percent: 1,
            ..HEDGE
        })
    };
    let worker = Worker::start(&over(&providers, rare));
    for _ in 0..6 {
        assert_eq!(worker.chat(chat("route/quick", false)).await.status(), 200);
    }
    let records = worker.first_records(6).await;
    let attempts = records.iter().flat_map(|record| &record.attempts);
    let hedges = attempts.filter(|it| it.cause.as_deref() == Some("hedge"));
    assert_eq!(hedges.count(), 2);
    let text = worker.registry.encode().unwrap();
    assert!(text.contains("hedges_total{what=\"share\"}"), "{text}");
}

#[actix_web::test]
async fn a_caller_that_hangs_up_ends_both() {
    let providers = providers([Script::default().hang(), Script::default().hang()]).await;
    let worker = Worker::start(&over(&providers, hedged(HEDGE)));
    let mut socket = tokio::net::TcpStream::connect(worker.address).await.unwrap();
    let body = chat("route/quick", false);
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        worker.key(),
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    eventually("both to be asked", || {
        providers.iter().all(|it| it.received().len() == 1).then_some(())
    })
    .await;
    drop(socket);
    let record = worker.record().await;
    assert_eq!((record.outcome, record.status), (Outcome::ClientGone, 499));
    assert_eq!(
        outcomes(&record),
        [
            ("rule", AttemptOutcome::ClientGone),
            ("hedge", AttemptOutcome::ClientGone)
        ]
    );
    eventually("both to be hung up on", || {
        providers.iter().all(|it| it.hung_up_on() == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn that_it_was_late_is_known_of_the_endpoint_and_no_failure() {
    let providers = providers([Script::default().hang(), Script::json(200, ANSWER)]).await;
    let worker = Worker::start(&over(&providers, hedged(HEDGE)));
    // As failures these would open its breaker, and the fifth call would not go there first.
    for _ in 0..6 {
        let response = worker.chat(chat("route/quick", false)).await;
        assert_eq!(response.headers()["x-sluicegate-cause"], "hedge");
    }
    assert_eq!(providers[0].received().len(), 6);
    worker.first_records(6).await;
}
