//! Arms of an experiment: each session stays in its own, the caller and the record are told which, and no arm passes a constraint.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluicegate_contracts::config::{Arm, Experiment, RetryPolicy, Rule, Unit};

use crate::support::{Config, Worker, chat};

const SESSIONS: usize = 40;
const ARMS: [(&str, &str); 2] = [("control", "sluicegate/echo"), ("trial", "sluicegate/echo:slow")];

/// A rule that compares two models, by these weights.
fn rule(weights: [u32; 2], unit: Unit) -> Rule {
    let mut rule = Config::rule(&ARMS.map(|(_, model)| model), None, RetryPolicy::default());
    for (target, (arm, _)) in rule.targets.iter_mut().zip(ARMS) {
        target.arm = Some(arm.to_owned());
    }
    let arms = ARMS.iter().zip(weights).map(|((name, _), weight)| Arm {
        name: (*name).to_owned(),
        weight,
    });
    rule.experiment = Some(Experiment {
        name: "slow-trial".to_owned(),
        unit,
        arms: arms.collect(),
    });
    rule
}

fn worker(rule: Rule) -> Worker {
    let mut config = Config::new();
    config.ruled("support", vec![rule]);
    Worker::start(&config)
}

/// The decision about a request of this session.
async fn decided(worker: &Worker, session: &str, body: String) -> Value {
    let dry = worker
        .post("/v1/chat/completions", body)
        .header("x-sluicegate-dry-run", "true")
        .header("x-sluicegate-session", session);
    dry.send().await.unwrap().json::<Value>().await.unwrap()["decision"].take()
}

async fn arms(weights: [u32; 2]) -> BTreeMap<usize, String> {
    let worker = worker(rule(weights, Unit::Session));
    let mut arms = BTreeMap::new();
    for session in (0..SESSIONS).chain(0..SESSIONS) {
        let decision = decided(
            &worker,
            &format!("session-{session}"),
            chat("route/support", false),
        )
        .await;
        let arm = decision["experiment"]["arm"].as_str().unwrap().to_owned();
        let first = &decision["candidates"][0];
        assert_eq!(
            (&first["arm"], &decision["cause"]),
            (&json!(arm), &json!("experiment"))
        );
        let before = arms.entry(session).or_insert_with(|| arm.clone());
        assert_eq!(*before, arm, "one session, one arm");
    }
    arms
}

#[actix_web::test]
async fn a_session_stays_in_its_arm_and_an_arm_that_grows_only_takes() {
    let few = arms([3, 1]).await;
    let trial = |arms: &BTreeMap<usize, String>| arms.values().filter(|it| *it == "trial").count();
    assert!((3..20).contains(&trial(&few)), "{few:?}");
    let more = arms([1, 1]).await;
    assert!(trial(&more) > trial(&few));
    for (session, arm) in few {
        assert!(
            arm == "control" || more[&session] == "trial",
            "{session} was moved back"
        );
    }
}

#[actix_web::test]
async fn the_caller_and_the_record_are_told_the_arm() {
    let worker = worker(rule([1, 0], Unit::Session));
    let request = worker.post("/v1/chat/completions", chat("route/support", false));
    let response = request.header("x-sluicegate-session", "s").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let told = &response.headers()["x-sluicegate-experiment"];
    assert_eq!(told, "slow-trial/control");
    assert_eq!(response.headers()["x-sluicegate-cause"], "experiment");
    let decision = worker.first_records(1).await.remove(0).decision.unwrap();
    let of = decision.experiment.unwrap();
    assert_eq!(
        (of.name.as_str(), of.arm.as_str(), &*of.unit),
        ("slow-trial", "control", "session")
    );
    let left_out = decision.candidates.iter().find(|it| it.rank.is_none()).unwrap();
    assert_eq!(
        (left_out.arm.as_deref(), left_out.rejected.as_deref()),
        (Some("trial"), Some("weight_zero"))
    );
}

#[actix_web::test]
async fn an_arm_that_is_forbidden_falls_to_the_other_and_says_so() {
    let mut rule = rule([1, 1], Unit::Metadata("team".to_owned()));
    rule.constraints.models.ignore = vec!["sluicegate/echo:slow".to_owned()];
    let worker = worker(rule);
    let mut causes = BTreeMap::new();
    for team in 0..SESSIONS {
        let said = json!([{ "role": "user", "content": "Hello" }]);
        let metadata = json!({ "team": format!("team-{team}") });
        let body = json!({ "model": "route/support", "messages": said, "metadata": metadata });
        let decision = decided(&worker, "s", body.to_string()).await;
        assert_eq!(decision["experiment"]["unit"], "metadata");
        assert_eq!(decision["candidates"][0]["arm"], "control");
        let arm = decision["experiment"]["arm"].as_str().unwrap().to_owned();
        let cause = decision["cause"].as_str().unwrap().to_owned();
        *causes.entry((arm, cause)).or_insert(0) += 1;
    }
    let found: Vec<_> = causes
        .keys()
        .map(|(arm, cause)| (arm.as_str(), cause.as_str()))
        .collect();
    assert_eq!(found, [("control", "experiment"), ("trial", "other_arm")]);
}

#[actix_web::test]
async fn without_the_unit_each_request_is_drawn_for() {
    let worker = worker(rule([1, 1], Unit::User));
    let mut arms = BTreeMap::new();
    for _ in 0..SESSIONS {
        let decision = decided(&worker, "s", chat("route/support", false)).await;
        assert_eq!(decision["experiment"]["unit"], "request");
        let arm = decision["experiment"]["arm"].as_str().unwrap().to_owned();
        *arms.entry(arm).or_insert(0) += 1;
    }
    assert_eq!(arms.len(), 2, "{arms:?}");
}
