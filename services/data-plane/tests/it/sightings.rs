//! What one worker saw of an endpoint keeps the others away from it, too; what others write about a tenant's accounts is
//! believed within that tenant only; and without the store each worker goes on with what it sees itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use sluicegate_backplane::Sightings;
use sluicegate_backplane::sightings::Posting;
use sluicegate_contracts::config::RetryPolicy;
use sluicegate_contracts::ids::{ConnectionId, OrganizationId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::Epoch;
use sluicegate_service_runtime::clock::{Clock, ManualClock};
use sluicegate_service_runtime::ids;

use crate::support::{Config, Provider, Script, Worker, chat};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;

/// Two workers of one deployment, and a model at two providers, of which `first` is listed first.
struct Fleet {
    one: Worker,
    other: Worker,
    hand: ManualClock,
    sightings: Sightings,
    first: Provider,
    account: ConnectionId,
    tenant: OrganizationId,
    _second: Provider,
}

impl Fleet {
    async fn start(first: Vec<Script>) -> Self {
        let second = Provider::start([Script::json(200, ANSWER)]).await;
        let first = Provider::start(first).await;
        let mut config = Config::new();
        let account = config.connect("main", "openai", &first.url());
        config.connect("fast", "groq", &second.url());
        config.model("meta/llama", "openai", "llama", 2_000_000, 4_000_000);
        config.model("meta/llama", "groq", "llama", 1_000_000, 1_000_000);
        config.route("support", &["meta/llama"], RetryPolicy::default());
        let (clock, hand) = Clock::manual(1_700_000_000_000);
        let of_store = clock.clone();
        let sightings = Sightings::memory_by(Arc::new(move || UnixMillis::new(of_store.now_millis())));
        let start = || Worker::telling(&config, sightings.clone(), clock.clone());
        Self {
            one: start(),
            other: start(),
            hand,
            sightings,
            first,
            account,
            tenant: config.organization.id,
            _second: second,
        }
    }

    /// As much time passes as between two rounds, and both had theirs.
    async fn rounds(&self) {
        self.hand.advance(Duration::from_secs(1));
        self.one.exchange().await;
        self.other.exchange().await;
    }

    /// Somebody who can write into the store says something about an account of a tenant.
    async fn somebody_says(&self, tenant: OrganizationId, body: String) {
        let nobody = Epoch {
            worker: ids::fresh(),
            number: 1,
        };
        let posting = Posting {
            organization: tenant,
            body: Bytes::from(body),
        };
        self.sightings.post(nobody, &[posting]).await.unwrap();
    }

    fn keep_away(&self) -> String {
        let seen = json!({"cooling": 600.0});
        let endpoint = json!({"connection": self.account, "model": "llama", "seen": seen});
        json!({"round": 1, "endpoints": [endpoint]}).to_string()
    }
}

async fn served(worker: &Worker) -> (String, String) {
    let response = worker.chat(chat("meta/llama", false)).await;
    assert_eq!(response.status(), 200);
    let told = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    (told("x-sluicegate-endpoint"), told("x-sluicegate-cause"))
}

fn told(endpoint: &str, cause: &str) -> (String, String) {
    (endpoint.to_owned(), cause.to_owned())
}

fn answers() -> Script {
    Script::json(200, ANSWER)
}

fn metric(worker: &Worker, line: &str) -> bool {
    let text = worker.registry.encode().unwrap();
    text.lines().any(|it| it == format!("sluicegate_{line}"))
}

#[actix_web::test]
async fn a_refusal_that_one_worker_got_is_obeyed_by_the_other() {
    let refusal = Script::json_with(429, "retry-after: 30\r\n", r#"{"error":{"message":"slow down"}}"#);
    let fleet = Fleet::start(vec![refusal, answers()]).await;
    assert_eq!(served(&fleet.one).await, told("groq/fast", "fallback"));
    fleet.rounds().await;
    assert_eq!(served(&fleet.other).await, told("groq/fast", "capacity"));
    assert_eq!(
        fleet.first.received().len(),
        1,
        "the other did not have to find out"
    );
    fleet.hand.advance(Duration::from_secs(27));
    fleet.rounds().await;
    assert_eq!(
        served(&fleet.other).await,
        told("groq/fast", "capacity"),
        "to its end"
    );
    fleet.hand.advance(Duration::from_secs(2));
    assert_eq!(served(&fleet.other).await, told("openai/main", "direct"));
    assert!(metric(
        &fleet.other,
        r#"endpoint_sightings_total{kind="heard"} 1"#
    ));
}

#[actix_web::test]
async fn what_fails_one_worker_often_is_passed_over_by_both() {
    let fails = || Script::json(503, r#"{"error":{"message":"busy"}}"#);
    let fleet = Fleet::start(vec![fails(), fails(), answers()]).await;
    for _ in 0..2 {
        assert_eq!(served(&fleet.one).await, told("groq/fast", "fallback"));
    }
    fleet.rounds().await;
    assert_eq!(served(&fleet.other).await, told("groq/fast", "capacity"));
    assert_eq!(fleet.first.received().len(), 2);
    fleet.hand.advance(Duration::from_millis(1_100));
    assert_eq!(
        served(&fleet.other).await,
        told("openai/main", "direct"),
        "a real call asks whether it still fails"
    );
}

#[actix_web::test]
async fn nothing_new_is_nothing_to_say() {
    let fleet = Fleet::start(vec![answers()]).await;
    fleet.rounds().await;
    assert_eq!(served(&fleet.one).await, told("openai/main", "direct"));
    for _ in 0..3 {
        fleet.rounds().await;
    }
    assert!(metric(&fleet.one, r#"endpoint_sightings_total{kind="said"} 1"#));
    assert!(metric(
        &fleet.other,
        r#"endpoint_sightings_total{kind="heard"} 1"#
    ));
    assert!(metric(&fleet.other, "endpoint_sightings_away 0"));
}

#[actix_web::test]
async fn without_the_store_both_go_on_with_what_they_see() {
    let refusal = Script::json_with(429, "retry-after: 30\r\n", r#"{"error":{"message":"slow down"}}"#);
    let fleet = Fleet::start(vec![refusal, answers()]).await;
    fleet.rounds().await;
    fleet.sightings.close().await;
    assert_eq!(served(&fleet.one).await, told("groq/fast", "fallback"));
    fleet.rounds().await;
    assert_eq!(
        served(&fleet.one).await,
        told("groq/fast", "capacity"),
        "its own eyes"
    );
    assert_eq!(
        served(&fleet.other).await,
        told("openai/main", "direct"),
        "nobody told it"
    );
    assert!(metric(&fleet.other, "endpoint_sightings_away 1"));
}

#[actix_web::test]
async fn what_is_said_under_another_tenants_name_finds_no_endpoint() {
    let fleet = Fleet::start(vec![answers()]).await;
    let stranger: OrganizationId = ids::fresh();
    fleet.somebody_says(stranger, fleet.keep_away()).await;
    fleet.rounds().await;
    assert_eq!(served(&fleet.one).await, told("openai/main", "direct"));
    fleet.somebody_says(fleet.tenant, fleet.keep_away()).await;
    fleet.rounds().await;
    assert_eq!(
        served(&fleet.one).await,
        told("groq/fast", "capacity"),
        "it would count"
    );
}

#[actix_web::test]
async fn what_cannot_be_read_is_counted_and_left_out() {
    let fleet = Fleet::start(vec![answers()]).await;
    let worse = fleet.keep_away().replace("600.0", "1e30");
    let deep = "[".repeat(60_000);
    for body in ["{".to_owned(), "null".to_owned(), deep, worse] {
        fleet.somebody_says(fleet.tenant, body).await;
    }
    fleet.rounds().await;
    assert_eq!(served(&fleet.one).await, told("openai/main", "direct"));
    assert!(metric(
        &fleet.one,
        r#"endpoint_sightings_total{kind="malformed"} 4"#
    ));
}
