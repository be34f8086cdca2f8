//! Prepaid credit: what operators book, what members see.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_control_plane::background::credit_expiry::CreditExpiry;
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::settings::BillingMode;
use sqlx::PgPool;

use crate::support::app::OPERATOR;
use crate::support::{Client, TestApp};

/// The operator, speaking of somebody's organization.
pub fn operator(app: &TestApp, of: &Client) -> Client {
    app.anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"))
        .at_home_with(of)
}

fn path(of: &Client, rest: &str) -> String {
    format!("/api/v1/operator/organizations/{}{rest}", of.organization)
}

async fn add(app: &TestApp, to: &Client, key: &str, body: &Value) -> crate::support::client::Answer {
    let operator = operator(app, to).with("idempotency-key", key);
    operator.post(&path(to, "/credits"), body).await
}

async fn balance(of: &Client) -> [String; 3] {
    let billing = of.get(&of.in_organization("/billing")).await.expect(200).body;
    ["balance", "held", "available"].map(|name| billing[name]["amount"].as_str().unwrap().to_owned())
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_operator_adds_credit_once_per_key(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    assert_eq!(balance(&ada).await, ["0.000000000"; 3].map(str::to_owned));
    let body = json!({ "kind": "payment", "amount": { "amount": "25" }, "reference": "INV-7" });
    let first = add(&app, &ada, "k1", &body).await.expect(201);
    let again = add(&app, &ada, "k1", &body).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = json!({ "kind": "payment", "amount": { "amount": "26" } });
    add(&app, &ada, "k1", &other)
        .await
        .refused(422, "idempotency_mismatch");
    assert_eq!(balance(&ada).await[0], "25.000000000");
    assert_eq!(
        (
            &first.body["type"],
            &first.body["amount"]["amount"],
            &first.body["reference"]
        ),
        (&json!("top_up"), &json!("25.000000000"), &json!("INV-7"))
    );
    let without = operator(&app, &ada).post(&path(&ada, "/credits"), &body).await;
    without.refused(400, "invalid_request");
    let events = ada
        .get(&ada.in_organization("/audit-events"))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&events["data"][0]["action"], &events["data"][0]["actor"]["id"]),
        (&json!("credit.top_up"), &json!("operator"))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_the_operator_moves_money(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "kind": "promo", "amount": { "amount": "5" } });
    let owner = ada.with("idempotency-key", "k");
    owner
        .post(&path(&ada, "/credits"), &body)
        .await
        .refused(401, "unauthenticated");
    let nowhere = "/api/v1/operator/organizations/org_00000000000000000000000001/credits";
    let operator = operator(&app, &ada).with("idempotency-key", "k");
    operator.post(nowhere, &body).await.refused(404, "not_found");
    let closed = TestApp::start_with(&pool, |settings| settings.operator_token = None);
    let knocking = closed
        .anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"));
    knocking
        .post(&path(&ada, "/credits"), &body)
        .await
        .refused(503, "not_configured");
    assert_eq!(balance(&ada).await[0], "0.000000000");
}

#[sqlx::test(migrations = "../../migrations")]
async fn refunds_corrections_and_reversals_stay_within_the_credit(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({ "kind": "payment", "amount": { "amount": "10" } });
    let credit = add(&app, &ada, "k1", &body).await.expect(201).text_of("id");
    let does = async |key: &str, rest: &str, body: Value| {
        let operator = operator(&app, &ada).with("idempotency-key", key);
        operator.post(&path(&ada, rest), &body).await
    };
    let refund = |amount: &str| json!({ "credit": credit, "amount": { "amount": amount } });
    does("r1", "/refunds", refund("4")).await.expect(201);
    does("r2", "/refunds", refund("6.000000001"))
        .await
        .refused(409, "insufficient_credit");
    let unknown = json!({ "credit": "led_00000000000000000000000001", "amount": { "amount": "1" } });
    does("r3", "/refunds", unknown)
        .await
        .refused(422, "validation_failed");
    for bad in ["0", "-1", "x", "9007199.254740993"] {
        does("r4", "/refunds", refund(bad))
            .await
            .refused(422, "validation_failed");
    }
    let adjust = |amount: &str| json!({ "amount": { "amount": amount }, "reference": "goodwill" });
    let gift = does("a1", "/adjustments", adjust("1.5")).await.expect(201);
    does("a2", "/adjustments", adjust("-7.5")).await.expect(201);
    does("a3", "/adjustments", adjust("-0.000000001"))
        .await
        .refused(409, "insufficient_credit");
    does("a4", "/adjustments", adjust("0"))
        .await
        .refused(422, "validation_failed");
    let undo = |id: &str| json!({ "transfer": id, "reference": "typo" });
    // What it gave is gone.
    does("v1", "/reversals", undo(&gift.text_of("id")))
        .await
        .refused(409, "insufficient_credit");
    let ledger = ada.get(&ada.in_organization("/ledger")).await.expect(200).body;
    let taken = ledger["data"][0]["id"].as_str().unwrap().to_owned();
    does("v2", "/reversals", undo(&taken)).await.expect(201);
    does("v3", "/reversals", undo(&taken))
        .await
        .refused(409, "conflict");
    assert_eq!(balance(&ada).await[0], "7.500000000");
    let ledger = ada
        .get(&ada.in_organization("/ledger?limit=4"))
        .await
        .expect(200)
        .body;
    let shown: Vec<_> = ledger["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                text(&row["type"]),
                text(&row["amount"]["amount"]),
                text(&row["balance_after"]["amount"]),
            )
        })
        .collect();
    let row = |kind: &str, amount: &str, after: &str| (kind.to_owned(), amount.to_owned(), after.to_owned());
    assert_eq!(
        shown,
        [
            row("reversal", "7.500000000", "7.500000000"),
            row("adjustment", "-7.500000000", "0.000000000"),
            row("adjustment", "1.500000000", "7.500000000"),
            row("refund", "-4.000000000", "6.000000000"),
        ]
    );
    let cursor = ledger["next_cursor"].as_str().unwrap();
    let rest = ada
        .get(&ada.in_organization(&format!("/ledger?cursor={cursor}")))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&rest["data"][0]["number"], rest["has_more"].as_bool()),
        (&json!(1), Some(false))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn credit_that_expires_is_gone_at_once_and_booked_by_the_pass(pool: PgPool) {
    let app = TestApp::start_with(&pool, |settings| settings.session.access_seconds = 200_000);
    let ada = app.sign_up("Ada").await;
    let promo = json!({ "kind": "promo", "amount": { "amount": "3" }, "expires_at": "2026-01-02T00:00:00Z" });
    add(&app, &ada, "k1", &promo).await.expect(201);
    let past = json!({ "kind": "promo", "amount": { "amount": "3" }, "expires_at": "2026-01-01T00:00:00Z" });
    add(&app, &ada, "k2", &past)
        .await
        .refused(422, "validation_failed");
    let paid = json!({ "kind": "payment", "amount": { "amount": "2" } });
    add(&app, &ada, "k3", &paid).await.expect(201);
    assert_eq!(balance(&ada).await[0], "5.000000000");
    let mut expiry = CreditExpiry::new(app.state.clone());
    expiry.pass().await.unwrap();
    assert_eq!(app.number("select count(*) from ledger_transfers").await, 2);
    app.advance(Duration::from_secs(86_400));
    assert_eq!(balance(&ada).await[0], "2.000000000");
    expiry.pass().await.unwrap();
    expiry.pass().await.unwrap();
    assert_eq!(app.number("select count(*) from ledger_transfers").await, 3);
    let credits = ada.get(&ada.in_organization("/credits")).await.expect(200).body;
    let left: Vec<_> = credits["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lot| (lot["kind"].clone(), lot["left"]["amount"].clone()))
        .collect();
    assert_eq!(
        left,
        [
            (json!("top_up"), json!("2.000000000")),
            (json!("grant"), json!("0.000000000"))
        ]
    );
    let statement = ada
        .get(&ada.in_organization("/statements?period=2026-01"))
        .await
        .expect(200)
        .body;
    let lines: Vec<_> = statement["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["type"].clone(), line["amount"]["amount"].clone()))
        .collect();
    assert_eq!(
        lines,
        [
            (json!("expiry"), json!("-3.000000000")),
            (json!("grant"), json!("3.000000000")),
            (json!("top_up"), json!("2.000000000"))
        ]
    );
    assert_eq!(
        (&statement["opening"]["amount"], &statement["closing"]["amount"]),
        (&json!("0.000000000"), &json!("2.000000000"))
    );
    let next = ada
        .get(&ada.in_organization("/statements?period=2026-02&format=csv"))
        .await
        .expect(200);
    assert_eq!(next.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        next.text,
        "period,line,project,model,count,amount,currency\r\n\
         2026-02,opening,,,,2.000000000,USD\r\n2026-02,closing,,,,2.000000000,USD\r\n"
    );
    for bad in ["period=2026-13", "period=x", "format=pdf"] {
        ada.get(&ada.in_organization(&format!("/statements?{bad}")))
            .await
            .refused(422, "validation_failed");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn where_nobody_is_billed_billing_says_so(pool: PgPool) {
    let app = TestApp::start_with(&pool, |settings| settings.billing.mode = BillingMode::SelfHosted);
    let ada = app.sign_up("Ada").await;
    for rest in ["/billing", "/credits", "/ledger", "/top-ups", "/statements"] {
        ada.get(&ada.in_organization(rest))
            .await
            .refused(409, "self_hosted_mode");
    }
    let body = json!({ "kind": "payment", "amount": { "amount": "1" } });
    add(&app, &ada, "k", &body).await.refused(409, "self_hosted_mode");
}
