//! What is found of a route before it is published, and what publishing then refuses and tells.

use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_control_plane::app::catalog;
use sqlx::PgPool;

use crate::support::TestApp;

/// Severity, pointer and code of each finding.
fn found(body: &Value) -> Vec<(&str, &str, &str)> {
    let findings = body["findings"].as_array().unwrap().iter();
    findings
        .map(|it| {
            (
                it["severity"].as_str().unwrap(),
                it["pointer"].as_str().unwrap(),
                it["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_rule_that_no_request_reaches_is_an_error(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let rule = |name: &str, when: Option<&str>| json!({ "name": name, "when": when, "strategy": "ordered", "targets": [{ "model": "sluicegate/echo" }] });
    let body = json!({ "slug": "support", "rules": [
        rule("never", Some("request.input_tokens < 0")),
        rule("stream", Some("request.stream")),
        rule("again", Some("(request.stream)")),
        rule("always", Some("1 < 2")),
        rule("rest", None),
    ] });
    let checked = ada
        .post(&ada.in_project("/route-checks"), &body)
        .await
        .expect(200)
        .body;
    let expected = [
        ("error", "/rules/0/when", "never_holds"),
        ("error", "/rules/2/when", "unreachable"),
        ("error", "/rules/3/when", "always_holds"),
    ];
    assert_eq!(
        (found(&checked), checked["valid"].as_bool()),
        (expected.to_vec(), Some(false))
    );
    let refused = ada
        .post(&ada.in_project("/routes"), &body)
        .await
        .refused(422, "validation_failed")
        .body;
    assert_eq!(refused["errors"].as_array().unwrap().len(), 3);
    assert_eq!(app.published("route").await.len(), 0);

    let mistaken =
        json!({ "slug": "support", "rules": [rule("first", Some("request.tokns > 1")), rule("rest", None)] });
    let checked = ada
        .post(&ada.in_project("/route-checks"), &mistaken)
        .await
        .expect(200)
        .body;
    assert_eq!(found(&checked), [("error", "/rules/0/when", "cel_unknown_fact")]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_nothing_serves_yet_is_a_warning_with_what_is_left(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    catalog::import_seed_if_empty(&app.state).await.unwrap();
    let body = json!({ "slug": "own", "provider": "openai-compatible", "base_url": "https://models.example.com/v1" });
    ada.post(&ada.in_project("/connections"), &body).await.expect(201);
    let yaml = "slug: support\nrules:\n  - name: dear\n    when: request.tools > 0\n    strategy: ordered\n    targets:\n      \
                - model: openai/gpt-4o\n  - name: rest\n    strategy: ordered\n    targets: [{model: nobody/knows}, {model: own/m}, \
                {model: sluicegate/echo}]\n";
    let send = |path: &str| {
        let path = ada.in_project(path);
        let ada = ada.with("content-type", "application/yaml");
        async move { ada.send(Method::POST, &path, Some(yaml.to_owned())).await }
    };
    let checked = send("/route-checks").await.expect(200).body;
    let expected = [
        ("warning", "/rules/0/targets/0/model", "no_connection"),
        ("warning", "/rules/0/targets", "matches_nothing"),
        ("warning", "/rules/1/targets/0/model", "unknown_model"),
        ("warning", "/rules/1/targets/1/model", "price_unknown"),
    ];
    assert_eq!(
        (found(&checked), checked["valid"].as_bool()),
        (expected.to_vec(), Some(true))
    );
    assert_eq!(
        (&checked["findings"][0]["line"], &checked["findings"][0]["column"]),
        (&json!(7), &json!(16))
    );
    let left = json!([
        { "rule": "dear", "endpoints": [] },
        { "rule": "rest", "endpoints": [
            { "model": "own/m", "provider": "openai-compatible", "connection": "own" },
            { "model": "sluicegate/echo", "provider": "sluicegate", "connection": null }] },
    ]);
    assert_eq!(checked["rules"], left);
    let made = send("/routes").await.expect(201).body;
    assert_eq!(made["warnings"], checked["findings"]);

    let account = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    ada.post(&ada.in_project("/connections"), &account)
        .await
        .expect(201);
    let checked = send("/route-checks").await.expect(200).body;
    assert_eq!(checked["rules"][0]["endpoints"][0]["connection"], "main");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_condition_about_what_is_not_there_is_a_warning(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    catalog::import_seed_if_empty(&app.state).await.unwrap();
    let account = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    ada.post(&ada.in_project("/connections"), &account)
        .await
        .expect(201);
    let budget = json!({ "name": "team", "limit": { "amount": "10" }, "interval": "month" });
    ada.post(&ada.in_organization("/budgets"), &budget)
        .await
        .expect(201);
    let check = async |when: &str| {
        let body = json!({ "slug": "support", "rules": [
            { "name": "first", "when": when, "strategy": "ordered", "targets": [{ "model": "sluicegate/echo" }] },
            { "name": "rest", "strategy": "ordered", "targets": [{ "model": "sluicegate/echo" }] },
        ] });
        let checked = ada
            .post(&ada.in_project("/route-checks"), &body)
            .await
            .expect(200)
            .body;
        let finding = &checked["findings"][0];
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        (text("severity"), text("code"), text("detail"))
    };
    for when in [
        r#"health.success_rate("openai/gpt-4o", 1.0) < 0.9"#,
        r#"health.success_rate("openai/gpt-4o", "main", 1.0) < 0.9"#,
        r#"!health.available("openai", true)"#,
        r#"budget.remaining_ratio("team", 1.0) < 0.2"#,
    ] {
        assert_eq!(check(when).await.1, "", "{when}");
    }
    for (when, severity, code, detail) in [
        (
            r#"health.success_rate("openai/gpt-4o") < 0.9"#,
            "error",
            "cel_type_error",
            "with the value that counts while it is not known",
        ),
        (
            r#"health.sucess_rate("openai/gpt-4o", 1.0) < 0.9"#,
            "error",
            "cel_unknown_function",
            "Did you mean health.success_rate?",
        ),
        (
            r#"health.headroom("openai/gpt-4oo", 1.0) < 0.9"#,
            "warning",
            "unknown_model",
            "openai/gpt-4oo",
        ),
        (
            r#"health.available("mistral", true) == false"#,
            "warning",
            "no_connection",
            "mistral",
        ),
        (
            r#"health.headroom("openai/gpt-4o", "mian", 1.0) < 0.9"#,
            "warning",
            "unknown_connection",
            "Did you mean \"main\"?",
        ),
        (
            r#"budget.remaining_ratio("taem", 1.0) < 0.2"#,
            "warning",
            "unknown_budget",
            "Did you mean \"team\"?",
        ),
        (
            r#"health.available("sluicegate/echo", true)"#,
            "warning",
            "not_measured",
            "answers itself",
        ),
    ] {
        let found = check(when).await;
        assert_eq!(
            (found.0.as_str(), found.1.as_str()),
            (severity, code),
            "{when} {found:?}"
        );
        assert!(found.2.contains(detail), "{found:?}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_wrong_with_an_experiment_is_told_where_it_is(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let checked = async |arms: Value, unit: Value, targets: Value| {
        let experiment = json!({ "name": "trial", "unit": unit, "arms": arms });
        let body =
            json!({ "slug": "support", "strategy": "ordered", "experiment": experiment, "targets": targets });
        let checked = ada.post(&ada.in_project("/route-checks"), &body).await;
        checked.expect(200).body
    };
    let (session, arms) = (json!("session"), json!([{ "name": "a" }, { "name": "b" }]));
    let targets =
        json!([{ "model": "sluicegate/echo", "arm": "a" }, { "model": "nobody/nothing", "arm": "b" }]);
    let doubtful = checked(arms.clone(), session.clone(), targets.clone()).await;
    assert_eq!(doubtful["valid"], true);
    let warned = found(&doubtful);
    assert!(
        warned.contains(&("warning", "/experiment/arms/1", "matches_nothing")),
        "{warned:?}"
    );
    let twice = checked(
        json!([{ "name": "a" }, { "name": "a" }, { "name": "b" }]),
        session.clone(),
        targets.clone(),
    )
    .await;
    assert_eq!(found(&twice), [("error", "/experiment/arms/1/name", "duplicate")]);
    let header = checked(
        arms.clone(),
        json!({ "header": "authorization" }),
        targets.clone(),
    )
    .await;
    assert_eq!(
        found(&header),
        [("error", "/experiment/unit/header", "unknown_unit")]
    );
    let elsewhere = checked(
        arms,
        session,
        json!([{ "model": "m", "arm": "a" }, { "model": "m", "arm": "bb" }]),
    )
    .await;
    assert_eq!(
        found(&elsewhere),
        [
            ("error", "/experiment/arms/1", "no_target"),
            ("error", "/targets/1/arm", "unknown_arm")
        ]
    );
    let body = json!({ "slug": "support", "strategy": "ordered", "targets": targets,
        "experiment": { "name": "trial", "unit": "sesion", "arms": [{ "name": "a" }, { "name": "b" }] } });
    let refused = ada.post(&ada.in_project("/routes"), &body).await;
    assert!(
        refused.body.to_string().contains("expected one of `session`"),
        "{}",
        refused.body
    );
}
