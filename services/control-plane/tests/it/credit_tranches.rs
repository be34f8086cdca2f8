//! Credit that is added can be spent by workers, and the account they claim from never has more than is reserved.

use serde_json::json;
use sluicegate_backplane::escrow::{Epoch, Reconcile, Request};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_control_plane::background::budget_keeper::BudgetKeeper;
use sluicegate_control_plane::background::credit_tranches::CreditTranches;
use sluicegate_control_plane::background::driver::Task;
use sqlx::PgPool;

use crate::credit_charges::give;
use crate::support::app::OPERATOR;
use crate::support::usage::{Writer, charged, drain, entry};
use crate::support::{Client, TestApp};

async fn pass(app: &TestApp) {
    CreditTranches::new(app.state.clone()).pass().await.unwrap();
}

async fn standing(of: &Client) -> [String; 2] {
    let billing = of.get(&of.in_organization("/billing")).await.expect(200).body;
    ["held", "available"].map(|name| billing[name]["amount"].as_str().unwrap().to_owned())
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_tranche_is_reserved_published_and_filled_up(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    pass(&app).await;
    assert!(app.published("budget").await.is_empty());
    give(&app, &ada, "k1", "8").await;
    pass(&app).await;
    assert_eq!(
        standing(&ada).await,
        ["8.000000000", "0.000000000"].map(str::to_owned)
    );
    let published = app.published("budget").await.remove(0);
    assert_eq!(
        (
            &published["limit"],
            &published["counts"],
            &published["enforcement"],
            &published["counts_own_connections"],
            &published["limit_version"]
        ),
        (
            &json!(8_000_000_000_i64),
            &json!("charge"),
            &json!("hard"),
            &json!(false),
            &json!(1)
        )
    );
    let head = app.head().await;
    pass(&app).await;
    assert_eq!(app.head().await, head, "nothing changed, nothing is published");
    give(&app, &ada, "k2", "92").await;
    pass(&app).await;
    assert_eq!(
        standing(&ada).await,
        ["50.000000000", "50.000000000"].map(str::to_owned)
    );
    // Twenty-four are used: the next pass reserves anew, and the limit is all that was ever reserved.
    let account = AccountId {
        budget: published["id"].as_str().unwrap().parse().unwrap(),
        period: UnixMillis::new(published["periods"][0]["start"].as_i64().unwrap()),
        partition: None,
    };
    let record = charged(Writer::of(&ada).record(1), &account, 24_000_000_000);
    app.queue.append(&[entry(&record)]).await.unwrap();
    drain(&app).await;
    pass(&app).await;
    assert_eq!(
        standing(&ada).await,
        ["38.000000000", "38.000000000"].map(str::to_owned)
    );
    let limit = || async { app.published("budget").await[0]["limit"].as_i64().unwrap() };
    assert_eq!(limit().await, 62_000_000_000);
    // What was used beyond the tranche is paid from the rest, and counts on the limit as it does on the account.
    let record = charged(Writer::of(&ada).record(2), &account, 85_000_000_000);
    app.queue.append(&[entry(&record)]).await.unwrap();
    drain(&app).await;
    pass(&app).await;
    assert_eq!(
        standing(&ada).await,
        ["0.000000000", "0.000000000"].map(str::to_owned)
    );
    assert_eq!(limit().await, 109_000_000_000);
    let spent = app
        .number("select sum(settled_nanos)::bigint from budget_spend")
        .await;
    assert_eq!(spent, limit().await, "nothing is left to claim");
    // No member takes it for a budget.
    let budgets = ada.get(&ada.in_organization("/budgets")).await.expect(200).body;
    assert_eq!(budgets["data"], json!([]));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_reserved_cannot_be_refunded(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    give(&app, &ada, "k1", "100").await;
    pass(&app).await;
    let credits = ada.get(&ada.in_organization("/credits")).await.expect(200).body;
    let lot = &credits["data"][0];
    assert_eq!(
        (&lot["left"]["amount"], &lot["held"]["amount"]),
        (&json!("50.000000000"), &json!("50.000000000"))
    );
    let refund = async |key: &str, amount: &str| {
        let body = json!({ "credit": lot["id"], "amount": { "amount": amount } });
        let path = format!("/api/v1/operator/organizations/{}/refunds", ada.organization);
        app.anonymous()
            .with("authorization", &format!("Bearer {OPERATOR}"))
            .with("idempotency-key", key)
            .post(&path, &body)
            .await
    };
    refund("r1", "50.000000001")
        .await
        .refused(409, "insufficient_credit");
    refund("r2", "50").await.expect(201);
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_keeper_tells_a_store_that_forgot_of_credit(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    give(&app, &ada, "k1", "8").await;
    pass(&app).await;
    let published = app.published("budget").await.remove(0);
    let account = AccountId {
        budget: published["id"].as_str().unwrap().parse().unwrap(),
        period: UnixMillis::new(published["periods"][0]["start"].as_i64().unwrap()),
        partition: None,
    };
    let record = charged(Writer::of(&ada).record(1), &account, 3_000_000_000);
    app.queue.append(&[entry(&record)]).await.unwrap();
    drain(&app).await;
    let organization = ada.organization.parse().unwrap();
    // Whoever asks a store that knows nothing of the organization makes it want to be told.
    let message = Request::Reconcile(Reconcile {
        generation: 1,
        epoch: Epoch {
            worker: Writer::of(&ada).worker,
            number: 1,
        },
        op: 1,
        claims: Vec::new(),
        asks: Vec::new(),
    });
    app.escrow.send(organization, &message).await.unwrap();
    BudgetKeeper::new(app.state.clone(), app.escrow.clone())
        .pass()
        .await
        .unwrap();
    let told = app.escrow.read(organization, &[account]).await.unwrap()[0].unwrap();
    assert_eq!(
        (told.limit.nanos(), told.claimed.nanos()),
        (8_000_000_000, 3_000_000_000)
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_operator_offers_an_account_of_the_host(pool: PgPool) {
    let app = TestApp::start(&pool);
    let host = app.sign_up("Host").await;
    let body = json!({ "slug": "house", "provider": "openai", "credential": "sk-test-credential" });
    let made = host
        .post(&host.in_project("/connections"), &body)
        .await
        .expect(201);
    let id = made.text_of("id");
    let operator = app
        .anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"));
    let path = format!("/api/v1/operator/resold-connections/{id}");
    let put = async |body: serde_json::Value| {
        operator
            .send(reqwest::Method::PUT, &path, Some(body.to_string()))
            .await
    };
    put(json!({ "margin_ppm": 10_000_001 }))
        .await
        .refused(422, "validation_failed");
    assert!(app.published("connection").await[0]["resale"].is_null());
    let offered = put(json!({ "margin_ppm": 50_000 })).await.expect(200).body;
    assert_eq!(
        (&offered["slug"], &offered["margin_ppm"]),
        (&json!("house"), &json!(50_000))
    );
    assert_eq!(
        app.published("connection").await[0]["resale"],
        json!({ "margin": 50_000 })
    );
    // A change by its owner keeps the offer.
    let own = host.in_project(&format!("/connections/{id}"));
    host.with("if-match", "*")
        .patch(&own, &json!({ "priority": 3 }))
        .await
        .expect(200);
    assert_eq!(
        app.published("connection").await[0]["resale"],
        json!({ "margin": 50_000 })
    );
    let listed = operator
        .get("/api/v1/operator/resold-connections")
        .await
        .expect(200)
        .body;
    assert_eq!(listed["data"][0]["id"], id);
    operator.delete(&path).await.expect(200);
    assert!(app.published("connection").await[0]["resale"].is_null());
    let unknown = "/api/v1/operator/resold-connections/con_00000000000000000000000001";
    operator.delete(unknown).await.refused(404, "not_found");
}
