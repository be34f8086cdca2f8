//! Budgets over REST, what workers are told of them, and how their windows move.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_control_plane::background::budget_periods::BudgetPeriods;
use sluicegate_control_plane::background::driver::Task;
use sqlx::PgPool;

use crate::support::{Client, TestApp};

fn body(extra: &Value) -> Value {
    let mut body = json!({ "name": "Team", "limit": { "amount": "25.5" }, "interval": "month" });
    body.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    body
}

async fn found(who: &Client, extra: Value) -> Vec<(String, String)> {
    let path = who.in_organization("/budgets");
    let refused = who.post(&path, &body(&extra)).await;
    let refused = refused.refused(422, "validation_failed");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = refused.body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| (text(&error["pointer"]), text(&error["code"])))
        .collect()
}

fn only(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_budget_lives_from_creation_to_deletion(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_organization("/budgets");
    let made = ada.post(&path, &body(&json!({}))).await.expect(201);
    assert_eq!(
        made.body["limit"],
        json!({ "amount": "25.500000000", "currency": "USD" })
    );
    assert_eq!(made.body["current_window"]["remaining"], made.body["limit"]);
    assert_eq!(made.body["alert_thresholds"], json!([80, 100]));
    assert_eq!(made.body["anchor"], json!({ "hour": 0, "weekday": 1, "day": 1 }));
    let own = format!("{path}/{}", made.text_of("id"));
    assert_eq!(made.header("location"), format!("{path}/{}", made.text_of("id")));
    assert_eq!(ada.get(&own).await.expect(200).body, made.body);
    let listed = ada.get(&path).await.expect(200).body;
    assert_eq!(listed["data"], json!([made.body]));

    let published = &app.published("budget").await[0];
    assert_eq!(
        (
            &published["limit"],
            &published["limit_version"],
            &published["enforcement"]
        ),
        (&json!(25_500_000_000_i64), &json!(1), &json!("hard"))
    );
    assert_eq!(published["periods"].as_array().unwrap().len(), 35);

    let change = json!({ "limit": { "amount": "30" }, "status": "disabled" });
    ada.patch(&own, &change).await.refused(428, "if_match_required");
    let changing = ada.with("if-match", "\"1\"");
    let changed = changing.patch(&own, &change).await.expect(200);
    changing
        .patch(&own, &change)
        .await
        .refused(412, "version_conflict");
    assert_eq!(changed.header("etag"), "\"2\"");
    let window = |answer: &Value| answer["current_window"]["starts_at"].clone();
    assert_eq!(
        window(&changed.body),
        window(&made.body),
        "a new limit keeps the window"
    );
    let published = &app.published("budget").await[0];
    assert_eq!(
        (&published["limit_version"], &published["status"]),
        (&json!(2), &json!("disabled"))
    );

    ada.delete(&own).await.refused(428, "if_match_required");
    ada.with("if-match", "\"2\"").delete(&own).await.expect(204);
    ada.get(&own).await.refused(404, "not_found");
    assert_eq!(app.published("budget").await.len(), 0);
    let audit = ada
        .get(&ada.in_organization("/audit-events?limit=3"))
        .await
        .expect(200);
    let actions: Vec<_> = audit.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["action"])
        .collect();
    assert_eq!(actions, ["budget.delete", "budget.update", "budget.create"]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_new_interval_opens_a_new_window_with_an_account_of_its_own(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_organization("/budgets");
    let made = ada
        .post(&path, &body(&json!({ "interval": "day" })))
        .await
        .expect(201);
    let own = format!("{path}/{}", made.text_of("id"));
    let starts = async || {
        let published = app.published("budget").await;
        let periods = published[0]["periods"].as_array().unwrap().iter();
        periods
            .map(|period| period["start"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    let before = starts().await;
    // Within the same instant, and back again: never the same account.
    for (etag, interval) in [("\"1\"", "month"), ("\"2\"", "lifetime"), ("\"3\"", "day")] {
        let change = json!({ "interval": interval });
        let changed = ada.with("if-match", etag).patch(&own, &change).await.expect(200);
        let forever = changed.body["current_window"]["resets_at"].is_null();
        assert_eq!(forever, interval == "lifetime");
    }
    let after = starts().await;
    assert_eq!(after[0], before[0] + 3);
    assert_eq!(after[1..], before[1..], "the next day begins when it begins");
    let windows = ada.get(&format!("{own}/windows")).await.expect(200).body;
    assert_eq!(windows["data"].as_array().unwrap().len(), 1);
}

#[sqlx::test(migrations = "../../migrations")]
async fn periods_are_sent_ahead_before_they_run_out(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_organization("/budgets");
    for interval in ["hour", "lifetime"] {
        ada.post(&path, &body(&json!({ "interval": interval, "name": interval })))
            .await
            .expect(201);
    }
    let mut task = BudgetPeriods::new(app.state.clone());
    let end = async || {
        let published = app.published("budget").await;
        let hourly = published.iter().find(|budget| budget["name"] == "hour").unwrap();
        hourly["periods"][34]["end"].as_i64().unwrap()
    };
    let (head, first) = (app.head().await.0, end().await);
    task.pass().await.unwrap();
    assert_eq!(app.head().await.0, head, "plenty are left");
    app.advance(Duration::from_secs(12 * 3_600));
    task.pass().await.unwrap();
    task.pass().await.unwrap();
    assert_eq!(app.head().await.0, head + 1, "renewed once");
    assert_eq!(end().await, first + 12 * 3_600_000);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_scope_names_what_the_organization_has(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let key = ada
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let made = ada
        .post(
            &ada.in_organization("/budgets"),
            &body(&json!({ "scope": { "key": key.text_of("id"), "end_user": { "kind": "each" }, "model": "openai/*" } })),
        )
        .await
        .expect(201);
    assert_eq!(made.body["scope"]["project"], ada.project.as_str());
    assert_eq!(made.body["scope"]["end_user"], json!({ "kind": "each" }));
    assert!(
        made.body["current_window"]["remaining"].is_null(),
        "each has the limit alone"
    );
    let of_project = ada.in_organization(&format!("/budgets?project={}", ada.project));
    assert_eq!(
        ada.get(&of_project).await.expect(200).body["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // Another tenant's objects do not exist.
    let foreign = json!({ "scope": { "key": key.text_of("id") } });
    assert_eq!(found(&eve, foreign).await, only("/scope/key", "unknown_key"));
    let foreign = json!({ "scope": { "project": ada.project } });
    assert_eq!(
        found(&eve, foreign).await,
        only("/scope/project", "unknown_project")
    );
    let currency = json!({ "limit": { "amount": "1", "currency": "EUR" } });
    assert_eq!(found(&eve, currency).await, only("/limit/currency", "invalid"));
    ada.with("if-match", "*")
        .delete(&format!("/api/v1/projects/{}", ada.project))
        .await
        .expect(204);
    assert_eq!(
        app.published("budget").await.len(),
        0,
        "a project takes its budgets along"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_fallback_route_stays_while_a_budget_relies_on_it(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let route = json!({ "slug": "cheap", "strategy": "ordered", "targets": [{ "model": "m" }] });
    let route = ada.post(&ada.in_project("/routes"), &route).await.expect(201);
    let id = route.text_of("id");
    let switch = json!({ "action": "route", "route": id });
    let looped = json!({ "scope": { "route": id }, "on_exceed": switch });
    assert_eq!(found(&ada, looped).await, only("/on_exceed/route", "route_loop"));
    let throttled = json!({ "on_exceed": { "action": "throttle", "requests_per_minute": 5 } });
    assert_eq!(found(&ada, throttled).await, only("/on_exceed", "hard_throttle"));
    let good = json!({ "scope": { "project": ada.project }, "on_exceed": switch });
    let made = ada
        .post(&ada.in_organization("/budgets"), &body(&good))
        .await
        .expect(201);
    assert_eq!(made.body["on_exceed"], switch);
    let route = ada.in_project(&format!("/routes/{id}"));
    let deleting = ada.with("if-match", "*");
    deleting.delete(&route).await.refused(409, "in_use");
    let own = ada.in_organization(&format!("/budgets/{}", made.text_of("id")));
    let back = json!({ "on_exceed": { "action": "refuse" } });
    deleting.patch(&own, &back).await.expect(200);
    deleting.delete(&route).await.expect(204);
}

#[sqlx::test(migrations = "../../migrations")]
async fn over_the_same_calls_a_longer_period_allows_no_less(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_organization("/budgets");
    let made = ada.post(&path, &body(&json!({}))).await.expect(201);
    let daily = json!({ "interval": "day", "limit": { "amount": "26" } });
    assert_eq!(
        found(&ada, daily.clone()).await,
        only("/limit/amount", "interval_order")
    );
    // Other calls are another matter.
    let mut other = daily;
    other["scope"] = json!({ "tag": "batch" });
    ada.post(&path, &body(&other)).await.expect(201);
    let own = format!("{path}/{}", made.text_of("id"));
    let lower = json!({ "limit": { "amount": "1" } });
    ada.with("if-match", "*").patch(&own, &lower).await.expect(200);
}
