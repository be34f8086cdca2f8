//! Alerts reach a real receiver: signed, at least once, and no further than the tenant they are of.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::address::AddressPolicy;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_control_plane::app::webhook_delivery;
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::exchanges::Exchanges;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sluicegate_control_plane::background::webhook_sender::WebhookSender;
use sluicegate_control_plane::outbound::Outbound;
use sluicegate_service_runtime::shutdown::Tasks;
use sqlx::PgPool;

use crate::support::exchanges::whole_pass;
use crate::support::receiver::{Message, Receiver};
use crate::support::usage::{Writer, entry};
use crate::support::{Client, TestApp};

/// An organization with a receiver.
struct Scene {
    app: TestApp,
    ada: Client,
    receiver: Receiver,
    /// The webhook as it was created, with its secret.
    webhook: Value,
}

fn home() -> AddressPolicy {
    "127.0.0.0/8".parse().unwrap()
}

impl Scene {
    async fn of(pool: &PgPool) -> Self {
        let app = TestApp::start_with(pool, |settings| settings.upstream.allow_private = home());
        let (ada, receiver) = (app.sign_up("Ada").await, Receiver::start().await);
        let body = json!({ "name": "On call", "url": receiver.url() });
        let made = ada.post(&ada.in_organization("/webhooks"), &body).await;
        let webhook = made.expect(201).body;
        Self {
            app,
            ada,
            receiver,
            webhook,
        }
    }

    fn own(&self, rest: &str) -> String {
        let id = self.webhook["id"].as_str().unwrap();
        self.ada.in_organization(&format!("/webhooks/{id}{rest}"))
    }

    /// Spends all of a new budget of one call, which fires one alert.
    async fn alert(&self, seq: u64) {
        let body = json!({
            "name": "Team", "limit": { "amount": "0.000000412" }, "interval": "day", "alert_thresholds": [100],
        });
        let made = self.ada.post(&self.ada.in_organization("/budgets"), &body).await;
        let mut record = Writer::of(&self.ada).record(seq);
        record.attempts[0].accounts = vec![AccountId {
            budget: made.expect(201).text_of("id").parse().unwrap(),
            period: UnixMillis::new(0),
            partition: None,
        }];
        let queue = &self.app.queue;
        queue.append(&[entry(&record)]).await.unwrap();
        let metrics = BackgroundMetrics::default();
        let mut ingester = UsageIngester::new(self.app.state.clone(), queue.clone(), metrics);
        while queue.depth().await.unwrap().entries > 0 {
            ingester.pass().await.unwrap();
        }
    }

    /// What reaches the receiver in one pass of the sender.
    async fn sent(&self) -> Vec<Message> {
        let outbound = Outbound::new(&home()).unwrap();
        whole_pass(|exchanges| WebhookSender::new(self.app.state.clone(), outbound, exchanges)).await;
        self.receiver.messages()
    }

    async fn deliveries(&self) -> Vec<Value> {
        let listed = self.ada.get(&self.own("/deliveries")).await.expect(200).body;
        listed["data"].as_array().unwrap().clone()
    }

    /// Whether the message was signed with the webhook's secret, as its owner checks it.
    fn is_genuine(&self, message: &Message) -> bool {
        message.header("webhook-signature") == signature(&self.webhook, message)
    }

    /// Gives the webhook a new secret; the answer has it.
    async fn rotate(&self, overlap_seconds: u32) -> Value {
        let body = json!({ "overlap_seconds": overlap_seconds });
        let rotated = self.ada.post(&self.own("/rotate"), &body).await;
        rotated.expect(200).body
    }

    /// The signatures of the next alert's message.
    async fn signatures(&self, seq: u64) -> (Message, Vec<String>) {
        self.alert(seq).await;
        let [message] = self.sent().await.try_into().unwrap();
        let signatures = message.header("webhook-signature").split(' ');
        let signatures = signatures.map(str::to_owned).collect();
        (message, signatures)
    }
}

/// How a message is signed with a webhook's secret.
fn signature(webhook: &Value, message: &Message) -> String {
    let secret = webhook["secret"].as_str().unwrap();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signed = format!(
        "{}.{}.{}",
        message.header("webhook-id"),
        message.header("webhook-timestamp"),
        message.body
    );
    let mut digest = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    digest.update(signed.as_bytes());
    format!("v1,{}", STANDARD.encode(digest.finalize().into_bytes()))
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_alert_reaches_its_receiver_signed_and_once(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let eve = scene.app.sign_up("Eve").await;
    let elsewhere = Receiver::start().await;
    let body = json!({ "name": "Eve's", "url": elsewhere.url() });
    eve.post(&eve.in_organization("/webhooks"), &body)
        .await
        .expect(201);

    scene.alert(1).await;
    let [message] = scene.sent().await.try_into().unwrap();
    assert!(scene.is_genuine(&message), "{}", message.head);
    assert!(
        message.head.starts_with("POST /hook HTTP/1.1"),
        "{}",
        message.head
    );
    let body: Value = serde_json::from_str(&message.body).unwrap();
    let alerts = scene
        .ada
        .get(&scene.ada.in_organization("/alerts"))
        .await
        .expect(200)
        .body;
    let alert = &alerts["data"][0];
    assert_eq!(
        (&body["id"], &body["type"], &body["organization"]),
        (
            &alert["id"],
            &json!("budget.threshold"),
            &json!(scene.ada.organization)
        )
    );
    assert_eq!(message.header("webhook-id"), alert["id"].as_str().unwrap());
    for part in [
        "budget",
        "budget_name",
        "threshold",
        "window_start",
        "partition",
        "limit",
        "settled",
    ] {
        assert_eq!(body["data"][part], alert[part], "{part}");
    }
    assert_eq!(scene.sent().await.len(), 0, "once");
    assert_eq!(elsewhere.messages().len(), 0, "another tenant is told nothing");
    let [delivery] = scene.deliveries().await.try_into().unwrap();
    assert_eq!(
        (
            &delivery["state"],
            &delivery["attempts"],
            &delivery["last_status"]
        ),
        (&json!("delivered"), &json!(1), &json!(200))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn while_a_secret_is_rotated_messages_are_signed_with_both(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let first = scene.webhook.clone();
    let second = scene.rotate(60).await;
    let until = second["previous_secret_valid_until"].as_str().unwrap();
    let shown = scene.ada.get(&scene.own("")).await.expect(200).body;
    assert_eq!(shown["previous_secret_valid_until"], until);
    assert!(shown.get("secret").is_none(), "it is shown once");
    let (message, signatures) = scene.signatures(1).await;
    let both = [&second, &first].map(|webhook| signature(webhook, &message));
    assert_eq!(signatures, both);

    // What is overlapping from before stops at the next rotation.
    let third = scene.rotate(60).await;
    let (message, signatures) = scene.signatures(2).await;
    let both = [&third, &second].map(|webhook| signature(webhook, &message));
    assert_eq!(signatures, both);

    scene.app.advance(Duration::from_secs(60));
    let (message, signatures) = scene.signatures(3).await;
    assert_eq!(signatures, [signature(&third, &message)]);
    let shown = scene.ada.get(&scene.own("")).await.expect(200).body;
    assert_eq!(shown["previous_secret_valid_until"], Value::Null);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_secret_can_be_replaced_at_once_but_not_kept_for_longer_than_a_week(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let body = json!({ "overlap_seconds": 604_801 });
    let refused = scene.ada.post(&scene.own("/rotate"), &body).await.expect(422);
    assert_eq!(refused.body["errors"][0]["pointer"], "/overlap_seconds");
    let second = scene.rotate(0).await;
    assert_eq!(second["previous_secret_valid_until"], Value::Null);
    let (message, signatures) = scene.signatures(1).await;
    assert_eq!(signatures, [signature(&second, &message)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_not_taken_is_sent_again_and_so_is_what_a_dead_sender_took(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    scene.alert(1).await;
    scene.receiver.answer(&[500, 302]);
    let [first] = scene.sent().await.try_into().unwrap();
    assert_eq!(scene.sent().await.len(), 0, "not before its time");
    scene.app.advance(Duration::from_secs(5));
    let [second] = scene.sent().await.try_into().unwrap();
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(second.body, first.body);
    assert_ne!(
        second.header("webhook-signature"),
        first.header("webhook-signature")
    );
    assert!(scene.is_genuine(&second));
    let [delivery] = scene.deliveries().await.try_into().unwrap();
    assert_eq!(
        (&delivery["state"], &delivery["last_status"]),
        (&json!("pending"), &json!(302)),
        "a redirect is followed nowhere"
    );
    scene.app.advance(Duration::from_secs(300));
    // A sender takes it and dies.
    let room = Exchanges::new(Tasks::new(), WebhookSender::NAME).room();
    let taken = webhook_delivery::take(&scene.app.state, room).await;
    assert_eq!(taken.unwrap().len(), 1);
    assert_eq!(scene.sent().await.len(), 0);
    scene.app.advance(Duration::from_secs(60));
    assert_eq!(scene.sent().await.len(), 1);
    let [delivery] = scene.deliveries().await.try_into().unwrap();
    assert_eq!(
        (&delivery["state"], &delivery["attempts"]),
        (&json!("delivered"), &json!(4))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_webhook_is_switched_off_when_its_receiver_is_gone_or_fails_for_too_long(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let webhook = async || scene.ada.get(&scene.own("")).await.expect(200).body;
    scene.alert(1).await;
    scene.receiver.answer(&[410]);
    scene.sent().await;
    let gone = webhook().await;
    assert_eq!(
        (&gone["status"], &gone["disabled_reason"]),
        (&json!("disabled"), &json!("gone"))
    );
    scene.alert(2).await;
    assert_eq!(scene.sent().await.len(), 0, "it is off");

    let on = json!({ "status": "active" });
    scene
        .ada
        .with("if-match", "*")
        .patch(&scene.own(""), &on)
        .await
        .expect(200);
    assert_eq!(
        scene.sent().await.len(),
        0,
        "what happened while it was off is not told"
    );
    scene.alert(3).await;
    scene.receiver.answer(&[503; 8]);
    for attempt in 1..=8 {
        assert_eq!(scene.sent().await.len(), 1, "attempt {attempt}");
        scene.app.advance(Duration::from_secs(10 * 3_600));
    }
    assert_eq!(scene.sent().await.len(), 0, "enough");
    // Tokens of people are good for minutes.
    let ada = scene.app.sign_in("Ada").await;
    let off = ada.get(&scene.own("")).await.expect(200).body;
    assert_eq!(off["disabled_reason"], "gave_up");
    let audit = ada.get(&ada.in_organization("/audit-events?limit=20")).await;
    let audit = audit.expect(200).body;
    let events = audit["data"].as_array().unwrap().iter();
    let switched_off = events.filter(|event| event["action"] == "webhook.disable");
    assert_eq!(switched_off.count(), 2);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_webhook_is_tried_and_changed_by_admins_and_its_secret_is_shown_once(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let (app, ada) = (&scene.app, &scene.ada);
    let secret = scene.webhook["secret"].as_str().unwrap();
    let read = ada.get(&scene.own("")).await.expect(200);
    assert!(read.body["secret"].is_null());
    let stored: String = sqlx::query_scalar("select secret from webhooks")
        .fetch_one(&app.judge)
        .await
        .unwrap();
    assert!(stored.starts_with("v1.") && !stored.contains(secret));

    let tested = ada.post(&scene.own("/test"), &json!({})).await.expect(200).body;
    assert_eq!(
        (&tested["state"], &tested["event_type"]),
        (&json!("delivered"), &json!("webhook.test"))
    );
    let [message] = scene.receiver.messages().try_into().unwrap();
    assert!(scene.is_genuine(&message));
    // Nobody listens there.
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let changing = ada.with("if-match", "\"1\"");
    changing
        .patch(&scene.own(""), &json!({ "url": closed }))
        .await
        .expect(200);
    changing
        .patch(&scene.own(""), &json!({ "name": "x" }))
        .await
        .refused(412, "version_conflict");
    let tested = ada.post(&scene.own("/test"), &json!({})).await.expect(200).body;
    assert_eq!(
        (&tested["state"], &tested["last_error"]),
        (&json!("failed"), &json!("no connection could be opened"))
    );
    assert_eq!(scene.sent().await.len(), 0, "a test is not repeated");

    let path = ada.in_organization("/webhooks");
    for url in [
        "https://10.0.0.1/",
        "http://8.8.8.8/",
        "https://u:p@example.com/",
        "ftp://127.0.0.1/",
    ] {
        let refused = ada.post(&path, &json!({ "name": "x", "url": url })).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], "/url", "{url}");
    }
    let (viewer, eve) = (app.member(ada, "viewer", "Vic").await, app.sign_up("Eve").await);
    viewer.get(&path).await.refused(403, "forbidden");
    let id = scene.webhook["id"].as_str().unwrap();
    for rest in ["", "/deliveries"] {
        let foreign = eve.in_organization(&format!("/webhooks/{id}{rest}"));
        eve.get(&foreign).await.refused(404, "not_found");
    }
    let foreign = eve.in_organization(&format!("/webhooks/{id}/test"));
    eve.post(&foreign, &json!({})).await.refused(404, "not_found");
    ada.with("if-match", "*").delete(&scene.own("")).await.expect(204);
    ada.get(&scene.own("")).await.refused(404, "not_found");
    scene.alert(1).await;
    assert_eq!(scene.sent().await.len(), 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_operator_who_opened_nothing_has_no_webhook_at_home(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    for url in [
        "https://127.0.0.1/",
        "http://example.com/",
        "https://metadata.google.internal/",
    ] {
        let body = json!({ "name": "x", "url": url });
        let refused = ada.post(&ada.in_organization("/webhooks"), &body).await;
        refused.refused(422, "validation_failed");
    }
}
