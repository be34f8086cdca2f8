//! Signals whose values are fetched, from a real server.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_contracts::address::AddressPolicy;
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::exchanges::Exchanges;
use sluicegate_control_plane::background::signal_fetcher::SignalFetcher;
use sluicegate_control_plane::outbound::Outbound;
use sluicegate_service_runtime::shutdown::Tasks;
use sqlx::PgPool;

use crate::support::exchanges::whole_pass;
use crate::support::receiver::Receiver;
use crate::support::{Client, TestApp};

/// A project, and a server that knows a load.
struct Scene {
    app: TestApp,
    ada: Client,
    server: Receiver,
}

fn home() -> AddressPolicy {
    "127.0.0.0/8".parse().unwrap()
}

impl Scene {
    async fn of(pool: &PgPool) -> Self {
        let app = TestApp::start_with(pool, |settings| settings.upstream.allow_private = home());
        Self {
            ada: app.sign_up("Ada").await,
            server: Receiver::start().await,
            app,
        }
    }

    fn path(&self) -> String {
        self.ada.in_project("/signals/load/source")
    }

    /// Sets the source of the signal `load`, with these members besides its address.
    async fn set(&self, more: Value) -> Value {
        let mut body = json!({ "url": format!("{}?unit=x", self.server.url()), "every_seconds": 60 });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let set = self
            .ada
            .send(Method::PUT, &self.path(), Some(body.to_string()))
            .await;
        set.expect(200).body
    }

    /// One pass of the fetcher, under the operator's policy.
    async fn fetched_under(&self, policy: &AddressPolicy) -> Value {
        let outbound = Outbound::new(policy).unwrap();
        whole_pass(|exchanges| SignalFetcher::new(self.app.state.clone(), outbound, exchanges)).await;
        self.ada.get(&self.path()).await.expect(200).body
    }

    async fn fetched(&self) -> Value {
        self.fetched_under(&home()).await
    }

    /// The values that workers know.
    async fn published(&self) -> Vec<Value> {
        let signals = self.app.published("signal").await;
        signals.iter().map(|signal| signal["value"].clone()).collect()
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_value_is_fetched_as_often_as_its_source_says(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    scene.server.say(r#"{"data":[{"load":0.25}]}"#);
    let terms = json!({ "pointer": "/data/0/load", "authorization": "Bearer fetch-me" });
    let set = scene.set(terms).await;
    assert_eq!(
        (
            &set["has_authorization"],
            &set["ttl_seconds"],
            &set["last_fetch_at"]
        ),
        (&json!(true), &json!(180), &Value::Null)
    );
    assert!(!set.to_string().contains("fetch-me"));

    let after = scene.fetched().await;
    assert_eq!(
        (&after["last_error"], scene.published().await),
        (&Value::Null, vec![json!(0.25)])
    );
    let [asked] = scene.server.messages().try_into().unwrap();
    assert!(asked.head.starts_with("GET /hook?unit=x HTTP/1.1"));
    assert_eq!(asked.header("authorization"), "Bearer fetch-me");
    let signal = scene
        .ada
        .get(&scene.ada.in_project("/signals/load"))
        .await
        .expect(200)
        .body;
    assert_eq!(signal["good_until"], "2026-01-01T00:03:00Z");

    scene.server.say(r#"{"data":[{"load":0.75}]}"#);
    scene.fetched().await;
    assert_eq!(scene.published().await, [json!(0.25)], "its turn has not come");
    scene.app.advance(Duration::from_secs(60));
    scene.fetched().await;
    assert_eq!(scene.published().await, [json!(0.75)]);

    scene.ada.delete(&scene.path()).await.expect(204);
    scene.app.advance(Duration::from_secs(60));
    scene.ada.get(&scene.path()).await.refused(404, "not_found");
    assert_eq!(
        scene.published().await,
        [json!(0.75)],
        "what is known counts until it is stale"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_source_that_says_nothing_leaves_the_value_and_says_why(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    scene.server.say("0.5");
    scene.set(json!({})).await;
    scene.fetched().await;
    for (status, document, why) in [
        (503, "", "the answer had status 503"),
        (302, "", "the answer had status 302"),
        (200, "secret", "the answer is not JSON"),
        (
            200,
            "[1]",
            "what is at the pointer is no number, text, true or false",
        ),
        (200, &" ".repeat(300_000), "the answer was longer than 256 KiB"),
    ] {
        scene.server.answer(&[status]);
        scene.server.say(document);
        scene.app.advance(Duration::from_secs(60));
        let after = scene.fetched().await;
        assert_eq!(
            (&after["last_error"], scene.published().await),
            (&json!(why), vec![json!(0.5)])
        );
    }
    // The operator may have closed what was open when the source was set.
    scene.app.advance(Duration::from_secs(60));
    scene.server.messages();
    let after = scene.fetched_under(&AddressPolicy::default()).await;
    let why = "the address is not allowed by the operator of this deployment";
    assert_eq!(
        (&after["last_error"], scene.server.messages().len()),
        (&json!(why), 0)
    );
    scene.server.say("true");
    scene.app.advance(Duration::from_secs(60));
    assert_eq!(scene.fetched().await["last_error"], Value::Null);
    assert_eq!(scene.published().await, [json!(true)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_source_goes_with_its_signal_and_is_one_tenants_own(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let eve = scene.app.sign_up("Eve").await;
    scene.server.say("1");
    scene.set(json!({})).await;
    scene.set(json!({ "every_seconds": 10, "ttl_seconds": 20 })).await;
    scene.fetched().await;
    assert_eq!(
        scene.server.messages().len(),
        1,
        "the second source took the place of the first"
    );
    let elsewhere = eve.in_project("/signals/load/source");
    eve.get(&elsewhere).await.refused(404, "not_found");
    eve.get(&scene.path()).await.refused(404, "not_found");
    scene
        .ada
        .delete(&scene.ada.in_project("/signals/load"))
        .await
        .expect(204);
    scene.ada.get(&scene.path()).await.refused(404, "not_found");
    let events = scene
        .ada
        .get(&scene.ada.in_organization("/audit-events"))
        .await
        .expect(200)
        .body;
    let events = events.to_string();
    assert!(events.contains("signal_source.set") && !events.contains("unit=x"));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_cannot_be_fetched_is_refused_with_its_field(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/signals/load/source");
    for (url, more, pointer) in [
        ("https://127.0.0.1/", json!({}), "/url"),
        ("http://example.com/", json!({}), "/url"),
        (
            "https://example.com/",
            json!({ "every_seconds": 1 }),
            "/every_seconds",
        ),
        (
            "https://example.com/",
            json!({ "ttl_seconds": 30 }),
            "/ttl_seconds",
        ),
        ("https://example.com/", json!({ "pointer": "load" }), "/pointer"),
        (
            "https://example.com/",
            json!({ "authorization": "" }),
            "/authorization",
        ),
    ] {
        let mut body = json!({ "url": url, "every_seconds": 60 });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let refused = ada.send(Method::PUT, &path, Some(body.to_string())).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{more}");
    }
    for n in 0..20 {
        let path = ada.in_project(&format!("/signals/s{n}/source"));
        let body = json!({ "url": "https://example.com/", "every_seconds": 60 }).to_string();
        ada.send(Method::PUT, &path, Some(body)).await.expect(200);
    }
    let body = json!({ "url": "https://example.com/", "every_seconds": 60 }).to_string();
    let refused = ada.send(Method::PUT, &path, Some(body)).await;
    refused.refused(422, "validation_failed");
}

#[sqlx::test(migrations = "../../migrations")]
async fn who_answers_late_keeps_nobody_else_waiting(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let (bob, prompt) = (scene.app.sign_up("Bob").await, Receiver::start().await);
    scene.server.answer(&[Receiver::NEVER; 20]);
    prompt.say("0.5");
    let source = |server: &Receiver| json!({ "url": server.url(), "every_seconds": 60 }).to_string();
    for number in 0..20 {
        let path = scene.ada.in_project(&format!("/signals/load{number}/source"));
        let set = scene
            .ada
            .send(Method::PUT, &path, Some(source(&scene.server)))
            .await;
        set.expect(200);
    }
    scene.app.advance(Duration::from_secs(1));
    let path = bob.in_project("/signals/load/source");
    bob.send(Method::PUT, &path, Some(source(&prompt)))
        .await
        .expect(200);

    let exchanges = Exchanges::new(Tasks::new(), SignalFetcher::NAME);
    let outbound = Outbound::new(&home()).unwrap();
    let mut fetcher = SignalFetcher::new(scene.app.state.clone(), outbound, exchanges.clone());
    fetcher.pass().await.unwrap();
    exchanges.ended().await;
    assert_eq!(scene.published().await, [json!(0.5)]);
    let under_way = exchanges.room().organizations;
    assert_eq!(under_way.len(), 8, "a part of those that are due before his");
    fetcher.pass().await.unwrap();
    assert_eq!(
        exchanges.room().organizations,
        under_way,
        "no more of hers beside them"
    );
}
