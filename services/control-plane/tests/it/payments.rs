//! Credit comes with the payment: signed events, each taken once, in whatever order.

use secrecy::SecretString;
use serde_json::{Value, json};
use sluicegate_credentials::SigningSecret;
use sqlx::PgPool;

use crate::support::app::{OPERATOR, START_MILLIS, STRIPE};
use crate::support::client::Answer;
use crate::support::{Client, TestApp};

const WEBHOOK: &str = "/api/v1/webhooks/stripe";

fn event(id: &str, kind: &str, object: &Value) -> String {
    json!({ "id": id, "object": "event", "type": kind, "data": { "object": object } }).to_string()
}

fn completed(id: &str, top_up: &str, payment: &str, cents: i64) -> String {
    let session = json!({
        "id": "cs_1", "amount_total": cents, "currency": "usd", "client_reference_id": top_up,
        "payment_intent": payment, "payment_status": "paid", "metadata": {},
    });
    event(id, "checkout.session.completed", &session)
}

fn succeeded(id: &str, top_up: &str, payment: &str, cents: i64) -> String {
    let intent = json!({
        "id": payment, "amount_received": cents, "currency": "usd",
        "metadata": { "sluicegate_top_up": top_up },
    });
    event(id, "payment_intent.succeeded", &intent)
}

fn refunded(id: &str, payment: &str, cents: i64) -> String {
    let charge =
        json!({ "id": "ch_1", "amount_refunded": cents, "currency": "usd", "payment_intent": payment });
    event(id, "charge.refunded", &charge)
}

async fn signed(app: &TestApp, secret: &str, seconds: i64, body: &str) -> Answer {
    let secret = SigningSecret::new(&SecretString::from(secret.to_owned())).unwrap();
    let header = secret.sign(body.as_bytes(), START_MILLIS / 1_000 + seconds);
    let sender = app.anonymous().with("stripe-signature", &header);
    sender
        .send(reqwest::Method::POST, WEBHOOK, Some(body.to_owned()))
        .await
}

async fn outcome(app: &TestApp, body: &str) -> String {
    signed(app, STRIPE, 0, body).await.expect(200).text_of("outcome")
}

async fn ask(client: &Client, amount: &str) -> String {
    let body = json!({ "amount": { "amount": amount } });
    let made = client.post(&client.in_organization("/top-ups"), &body).await;
    made.expect(201).text_of("id")
}

async fn balance(of: &Client) -> String {
    let billing = of.get(&of.in_organization("/billing")).await.expect(200).body;
    billing["balance"]["amount"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_credits_once_however_often_it_is_told(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let top_up = ask(&ada, "25.00").await;
    let own = ada.in_organization(&format!("/top-ups/{top_up}"));
    let waiting = ada.get(&own).await.expect(200).body;
    assert_eq!(waiting["status"], "awaiting_payment");
    assert_eq!(
        waiting["payment_url"],
        format!("https://pay.example.com/credit?client_reference_id={top_up}")
    );
    let event = completed("evt_1", &top_up, "pi_1", 2_500);
    let many = futures_util::future::join_all((0..6).map(|_| signed(&app, STRIPE, 0, &event))).await;
    let mut outcomes: Vec<String> = many
        .into_iter()
        .map(|answer| answer.expect(200).text_of("outcome"))
        .collect();
    outcomes.sort();
    assert_eq!(outcomes[0], "credited");
    assert!(
        outcomes[1..].iter().all(|outcome| outcome == "repeated"),
        "{outcomes:?}"
    );
    assert_eq!(outcome(&app, &event).await, "repeated");
    // The same payment told by another event.
    let other = succeeded("evt_2", &top_up, "pi_1", 2_500);
    assert_eq!(outcome(&app, &other).await, "already_credited");
    assert_eq!(balance(&ada).await, "25.000000000");
    let paid = ada.get(&own).await.expect(200).body;
    assert_eq!(
        (&paid["status"], &paid["payment"], &paid["payment_url"]),
        (&json!("paid"), &json!("pi_1"), &Value::Null)
    );
    let ledger = ada.get(&ada.in_organization("/ledger")).await.expect(200).body;
    assert_eq!(ledger["data"][0]["id"], paid["credit"]);
    assert_eq!(ledger["data"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn nothing_is_believed_without_the_secret(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let event = completed("evt_1", &ask(&ada, "25").await, "pi_1", 2_500);
    signed(&app, "whsec_another_secret", 0, &event)
        .await
        .refused(400, "signature_refused");
    for seconds in [-301, 301] {
        signed(&app, STRIPE, seconds, &event)
            .await
            .refused(400, "signature_refused");
    }
    let bare = app.anonymous();
    bare.send(reqwest::Method::POST, WEBHOOK, Some(event.clone()))
        .await
        .refused(400, "signature_refused");
    signed(&app, STRIPE, 0, "{").await.refused(400, "invalid_request");
    let huge = "x".repeat(300_000);
    signed(&app, STRIPE, 0, &huge)
        .await
        .refused(413, "payload_too_large");
    let closed = TestApp::start_with(&pool, |settings| settings.billing.stripe_webhook_secret = None);
    signed(&closed, STRIPE, 0, &event)
        .await
        .refused(503, "not_configured");
    let owner = closed.sign_in("Ada").await;
    let body = json!({ "amount": { "amount": "1" } });
    owner
        .post(&owner.in_organization("/top-ups"), &body)
        .await
        .refused(503, "not_configured");
    assert_eq!(balance(&ada).await, "0.000000000");
}

#[sqlx::test(migrations = "../../migrations")]
async fn payments_that_do_not_fit_wait_for_the_operator(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let top_up = ask(&ada, "25").await;
    let too_little = completed("evt_1", &top_up, "pi_1", 2_499);
    assert_eq!(outcome(&app, &too_little).await, "amount_mismatch");
    let in_euro = completed("evt_2", &top_up, "pi_1", 2_500).replace("\"usd\"", "\"eur\"");
    assert_eq!(outcome(&app, &in_euro).await, "amount_mismatch");
    let unknown = completed("evt_3", "top_00000000000000000000000001", "pi_2", 2_500);
    assert_eq!(outcome(&app, &unknown).await, "unmatched");
    assert_eq!(outcome(&app, &unknown).await, "repeated");
    let foreign = completed("evt_4", "order-7", "pi_3", 2_500);
    assert_eq!(outcome(&app, &foreign).await, "unmatched");
    assert_eq!(outcome(&app, &refunded("evt_5", "pi_9", 100)).await, "unmatched");
    assert_eq!(
        outcome(&app, &completed("evt_6", &top_up, "pi_1", 2_500)).await,
        "credited"
    );
    assert_eq!(
        outcome(&app, &completed("evt_7", &top_up, "pi_4", 2_500)).await,
        "paid_twice"
    );
    let other = event("evt_8", "customer.created", &json!({}));
    assert_eq!(outcome(&app, &other).await, "ignored");
    assert_eq!(balance(&ada).await, "25.000000000");
    let operator = app
        .anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"));
    let events = operator
        .get("/api/v1/operator/payment-events")
        .await
        .expect(200)
        .body;
    let mut outcomes: Vec<_> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["outcome"].as_str().unwrap().to_owned())
        .collect();
    outcomes.sort();
    assert_eq!(
        outcomes,
        [
            "amount_mismatch",
            "amount_mismatch",
            "credited",
            "ignored",
            "paid_twice",
            "unmatched",
            "unmatched",
            "unmatched"
        ]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_takes_what_is_left_and_says_what_is_short(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let top_up = ask(&ada, "25").await;
    assert_eq!(
        outcome(&app, &completed("evt_1", &top_up, "pi_1", 2_500)).await,
        "credited"
    );
    assert_eq!(outcome(&app, &refunded("evt_2", "pi_1", 1_000)).await, "refunded");
    // The amount is the sum of all refunds; an older event may come later.
    assert_eq!(
        outcome(&app, &refunded("evt_3", "pi_1", 600)).await,
        "already_refunded"
    );
    assert_eq!(balance(&ada).await, "15.000000000");
    // Eleven dollars of it are used meanwhile.
    let operator = app
        .anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"))
        .with("idempotency-key", "k");
    let body = json!({ "amount": { "amount": "-11" }, "reference": "used elsewhere" });
    let path = format!("/api/v1/operator/organizations/{}/adjustments", ada.organization);
    operator.post(&path, &body).await.expect(201);
    assert_eq!(
        outcome(&app, &refunded("evt_4", "pi_1", 2_500)).await,
        "refunded_short"
    );
    assert_eq!(balance(&ada).await, "0.000000000");
    let short = app
        .number("select short_nanos from payment_events where event_id = 'evt_4'")
        .await;
    assert_eq!(short, 11_000_000_000);
    assert_eq!(
        app.number("select sum(balance_nanos)::bigint from ledger_accounts")
            .await,
        0
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_refund_beyond_its_own_lot_takes_other_credit(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (first, second) = (ask(&ada, "10").await, ask(&ada, "10").await);
    assert_eq!(
        outcome(&app, &completed("evt_1", &first, "pi_1", 1_000)).await,
        "credited"
    );
    assert_eq!(
        outcome(&app, &completed("evt_2", &second, "pi_2", 1_000)).await,
        "credited"
    );
    let operator = app
        .anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"))
        .with("idempotency-key", "k");
    let body = json!({ "amount": { "amount": "-4" }, "reference": "used elsewhere" });
    let path = format!("/api/v1/operator/organizations/{}/adjustments", ada.organization);
    operator.post(&path, &body).await.expect(201);
    assert_eq!(outcome(&app, &refunded("evt_3", "pi_1", 1_000)).await, "refunded");
    assert_eq!(balance(&ada).await, "6.000000000");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_that_failed_can_be_made_again(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let top_up = ask(&ada, "5").await;
    let session = json!({ "client_reference_id": top_up, "payment_status": "unpaid" });
    let failed = event("evt_1", "checkout.session.async_payment_failed", &session);
    assert_eq!(outcome(&app, &failed).await, "failed");
    let own = ada.in_organization(&format!("/top-ups/{top_up}"));
    assert_eq!(ada.get(&own).await.expect(200).body["status"], "failed");
    assert_eq!(
        outcome(&app, &succeeded("evt_2", &top_up, "pi_1", 500)).await,
        "credited"
    );
    for bad in ["0", "-1", "0.001", "1000000", "x"] {
        let body = json!({ "amount": { "amount": bad } });
        ada.post(&ada.in_organization("/top-ups"), &body)
            .await
            .refused(422, "validation_failed");
    }
    assert_eq!(balance(&ada).await, "5.000000000");
}
