//! The limit of one window is raised and lowered, and what budgets would say to a call.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_backplane::escrow::{Answer, Ask, Claim, Epoch, Reconcile, Request, Response, Terms};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_control_plane::background::budget_keeper::BudgetKeeper;
use sluicegate_control_plane::background::driver::Task;
use sqlx::PgPool;

use crate::support::client::Answer as Reply;
use crate::support::{Client, TestApp};

async fn budget(owner: &Client, extra: &Value) -> Reply {
    let mut body = json!({ "name": "Team", "limit": { "amount": "25.5" }, "interval": "day" });
    let fields = body.as_object_mut().unwrap();
    fields.extend(extra.as_object().unwrap().clone());
    owner
        .post(&owner.in_organization("/budgets"), &body)
        .await
        .expect(201)
}

fn adjustment(amount: &str) -> Value {
    json!({ "amount": { "amount": amount }, "reason": "Launch week" })
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_adjustment_holds_for_the_window_that_is_open_and_for_no_other(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let made = budget(&ada, &json!({})).await;
    let own = ada.in_organization(&format!("/budgets/{}", made.text_of("id")));
    let adjustments = format!("{own}/adjustments");
    let window = async || ada.get(&own).await.expect(200).body["current_window"].clone();
    let amounts = async || {
        let window = window().await;
        ["limit", "adjusted_by", "remaining"].map(|part| window[part]["amount"].as_str().unwrap().to_owned())
    };
    assert_eq!(amounts().await, ["25.500000000", "0.000000000", "25.500000000"]);

    let once = ada.with("idempotency-key", "launch");
    let raised = once.post(&adjustments, &adjustment("10")).await.expect(201);
    assert_eq!(raised.body["limit"]["amount"], "35.500000000");
    assert_eq!(raised.body["window_start"], window().await["starts_at"]);
    let again = once.post(&adjustments, &adjustment("10")).await.expect(201);
    assert_eq!(again.body, raised.body, "at most once");
    ada.post(&adjustments, &adjustment("-30.5")).await.expect(201);
    assert_eq!(amounts().await, ["5.000000000", "-20.500000000", "5.000000000"]);

    let published = &app.published("budget").await[0];
    let start = &published["periods"][0]["start"];
    assert_eq!(published["limit"], 25_500_000_000_i64);
    assert_eq!(
        published["adjusted"],
        json!([{ "start": start, "limit": 5_000_000_000_i64 }])
    );
    assert_eq!(
        (&published["limit_version"], &published["peak"]),
        (&json!(3), &json!(35_500_000_000_i64)),
        "workers may have used what the window shows no longer"
    );

    let refusals = [
        (
            json!({ "amount": { "amount": "-5" }, "reason": "x" }),
            "/amount/amount",
        ),
        (
            json!({ "amount": { "amount": "9007199" }, "reason": "x" }),
            "/amount/amount",
        ),
        (
            json!({ "amount": { "amount": "0" }, "reason": "x" }),
            "/amount/amount",
        ),
        (json!({ "amount": { "amount": "1" }, "reason": " " }), "/reason"),
    ];
    for (body, pointer) in refusals {
        let refused = ada.post(&adjustments, &body).await;
        let refused = refused.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}");
    }
    let viewer = app.member(&ada, "viewer", "Vic").await;
    viewer
        .post(&adjustments, &adjustment("1"))
        .await
        .refused(403, "forbidden");
    let foreign = eve.in_organization(&format!("/budgets/{}/adjustments", made.text_of("id")));
    eve.post(&foreign, &adjustment("1"))
        .await
        .refused(404, "not_found");
    eve.get(&foreign).await.refused(404, "not_found");
    assert_eq!(amounts().await[0], "5.000000000", "what was refused did nothing");

    let listed = viewer.get(&adjustments).await.expect(200).body;
    let listed: Vec<_> = listed["data"].as_array().unwrap().iter().collect();
    let changes: Vec<_> = listed.iter().map(|one| &one["amount"]["amount"]).collect();
    assert_eq!(changes, ["-30.500000000", "10.000000000"]);
    let audit = ada
        .get(&ada.in_organization("/audit-events?limit=10"))
        .await
        .expect(200);
    assert!(
        audit.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|event| event["action"] == "budget.adjust")
    );

    let change = json!({ "limit": { "amount": "40" } });
    ada.with("if-match", "*").patch(&own, &change).await.expect(200);
    assert_eq!(
        amounts().await[0],
        "19.500000000",
        "by so much less than the limit"
    );
    app.advance(Duration::from_secs(86_400));
    // Tokens of people are good for minutes.
    let later = app.sign_in("Ada").await.get(&own).await.expect(200).body;
    let parts = ["limit", "adjusted_by"].map(|part| later["current_window"][part]["amount"].clone());
    assert_eq!(
        parts,
        ["40.000000000", "0.000000000"],
        "the next window has the budget's own limit"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_share_of_a_budget_that_everybody_has_alone_is_adjusted(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let made = budget(&ada, &json!({ "scope": { "end_user": { "kind": "each" } } })).await;
    let own = ada.in_organization(&format!("/budgets/{}", made.text_of("id")));
    let adjustments = format!("{own}/adjustments");
    let adjust = async |amount: &str, partition: Value| {
        let mut body = adjustment(amount);
        body["partition"] = partition;
        ada.post(&adjustments, &body).await
    };
    let raised = adjust("10", json!("ann")).await.expect(201);
    assert_eq!(
        (&raised.body["partition"], &raised.body["limit"]["amount"]),
        (&json!("ann"), &json!("35.500000000"))
    );
    let all = adjust("1", Value::Null).await.expect(201);
    assert_eq!(
        (&all.body["partition"], &all.body["limit"]["amount"]),
        (&Value::Null, &json!("26.500000000"))
    );
    let limit = async |of: &str| {
        let windows = ada.get(&format!("{own}/windows{of}")).await.expect(200).body;
        windows["data"][0]["limit"]["amount"].as_str().unwrap().to_owned()
    };
    assert_eq!(limit("?partition=ann").await, "36.500000000");
    assert_eq!(limit("?partition=bob").await, "26.500000000");

    let published = &app.published("budget").await[0];
    let start = &published["periods"][0]["start"];
    assert_eq!(
        published["adjusted"],
        json!([{ "start": start, "limit": 26_500_000_000_i64 }])
    );
    assert_eq!(
        published["adjusted_shares"],
        json!([{ "start": start, "partition": "ann", "limit": 36_500_000_000_i64 }])
    );
    assert_eq!(published["peak"], 36_500_000_000_i64);

    let refused = adjust("1", json!(" ")).await.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/partition");
    let shared = budget(&ada, &json!({ "name": "Shared" })).await;
    let shared = ada.in_organization(&format!("/budgets/{}/adjustments", shared.text_of("id")));
    let mut body = adjustment("1");
    body["partition"] = json!("ann");
    let refused = ada.post(&shared, &body).await.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["code"], "not_partitioned");
}

/// A worker that asks a store for all it can get of an account.
async fn taken(app: &TestApp, owner: &Client, account: &AccountId, terms: Terms, op: u64) -> NanoUsd {
    let organization = owner.organization.parse().unwrap();
    let claim = Claim {
        account: account.clone(),
        terms,
        claim: NanoUsd::ZERO,
        open: NanoUsd::ZERO,
    };
    let ask = Ask {
        path: vec![0],
        want: NanoUsd::MAX,
        min: NanoUsd::from_nanos(1),
    };
    let message = Request::Reconcile(Reconcile {
        generation: 1,
        epoch: Epoch {
            worker: WorkerId::from(uuid::Uuid::from_u128(1)),
            number: 1,
        },
        op,
        claims: vec![claim],
        asks: vec![ask],
    });
    match app.escrow.send(organization, &message).await.unwrap() {
        Response::Reconciled(reply) => match reply.answers[0] {
            Answer::Grant(amount) => amount,
            Answer::Deny(_) | Answer::Wait => NanoUsd::ZERO,
        },
        Response::Registered => unreachable!("nobody registers"),
        Response::Refused(_) => {
            BudgetKeeper::new(app.state.clone(), app.escrow.clone())
                .pass()
                .await
                .unwrap();
            NanoUsd::ZERO
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_worker_that_has_not_heard_of_a_lower_limit_gets_no_more_than_it(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    // The store goes by the clock of its machine, and grants nothing long after a window.
    let lifetime = json!({ "limit": { "amount": "10" }, "interval": "lifetime" });
    let made = budget(&ada, &lifetime).await;
    let own = ada.in_organization(&format!("/budgets/{}", made.text_of("id")));
    let published = async || app.published("budget").await.remove(0);
    let before = published().await;
    let account = AccountId {
        budget: made.text_of("id").parse().unwrap(),
        period: UnixMillis::new(before["periods"][0]["start"].as_i64().unwrap()),
        partition: None,
    };
    let terms = |body: &Value, limit: &Value| Terms {
        limit: NanoUsd::from_nanos(limit.as_i64().unwrap()),
        version: body["limit_version"].as_u64().unwrap(),
        exposure: NanoUsd::from_nanos(body["peak"].as_i64().unwrap()),
        end: UnixMillis::new(body["periods"][0]["end"].as_i64().unwrap()),
    };
    let stale = terms(&before, &before["limit"]);
    taken(&app, &ada, &account, stale, 1).await;
    assert_eq!(taken(&app, &ada, &account, stale, 2).await, "10".parse().unwrap());

    ada.post(&format!("{own}/adjustments"), &adjustment("-4"))
        .await
        .expect(201);
    let after = published().await;
    let fresh = terms(&after, &after["adjusted"][0]["limit"]);
    assert_eq!(taken(&app, &ada, &account, fresh, 3).await, "6".parse().unwrap());
    assert_eq!(
        taken(&app, &ada, &account, stale, 4).await,
        "6".parse().unwrap(),
        "the lower limit is the later one"
    );
    let window = ada.get(&own).await.expect(200).body["current_window"].clone();
    assert_eq!(window["held"]["amount"], "6.000000000");
}

#[sqlx::test(migrations = "../../migrations")]
async fn budgets_say_beforehand_what_they_would_say(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let key = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let key = key.text_of("id");
    let path = ada.in_organization("/budget-evaluations");
    let ask = async |cost: &str, extra: Value| {
        let mut body = json!({ "key": key, "model": "openai/gpt-4o", "cost": { "amount": cost } });
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        ada.post(&path, &body).await.expect(200).body
    };
    let free = ask("1000", json!({})).await;
    assert_eq!(
        (&free["verdict"], &free["binding"]),
        (&json!("admitted"), &Value::Null)
    );

    let wide = budget(&ada, &json!({ "limit": { "amount": "8" } })).await;
    let own = budget(&ada, &json!({ "name": "Ann", "limit": { "amount": "2" }, "scope": { "key": key, "end_user": { "kind": "each" } } })).await;
    budget(
        &ada,
        &json!({ "name": "off", "limit": { "amount": "0.1" }, "scope": { "tag": "batch" } }),
    )
    .await;
    let notified = json!({ "name": "told", "limit": { "amount": "0.1" }, "enforcement": "notify", "scope": { "key": key } });
    budget(&ada, &notified).await;
    let told = ask("3", json!({})).await;
    assert_eq!(
        (&told["verdict"], &told["binding"]),
        (&json!("admitted"), &wide.body["id"]),
        "without an end user the other is not over it, and one that notifies binds nobody"
    );
    assert_eq!(told["budgets"].as_array().unwrap().len(), 2);
    let told = ask("3", json!({ "end_user": "ann" })).await;
    assert_eq!(
        (&told["verdict"], &told["binding"]),
        (&json!("refused"), &own.body["id"])
    );
    let first = &told["budgets"][0];
    assert_eq!(first["partition"], "ann");
    assert_eq!(first["window"]["remaining"]["amount"], "2.000000000");
    assert_eq!(
        first["window"]["resets_at"],
        own.body["current_window"]["resets_at"]
    );
    let told = ask("3", json!({ "tags": ["batch"] })).await;
    assert_eq!(told["verdict"], "refused");

    let refused = json!({ "key": key, "model": "m", "cost": { "amount": "-1" }, "tags": [""] });
    let refused = ada.post(&path, &refused).await;
    let refused = refused.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 2);
    let foreign = json!({ "key": key, "model": "m", "cost": { "amount": "1" } });
    let foreign = eve
        .post(&eve.in_organization("/budget-evaluations"), &foreign)
        .await;
    foreign.refused(422, "validation_failed");
}
