//! Facts that an organization states: with evidence, published with the organization, shown beside those of the catalog.

use serde_json::{Value, json};
use sluicegate_contracts::config::Organization;
use sluicegate_control_plane::app::catalog::import_seed_if_empty;
use sqlx::PgPool;

use crate::support::{Client, TestApp};

const EVIDENCE: &str = "Zero data retention amendment of 2025-11-30, contract 4711";

fn zero_retention(about: &Value) -> Value {
    json!({
        "about": about, "facts": { "retention_days": 0, "trains": false },
        "evidence": EVIDENCE, "as_of": "2025-11-30",
    })
}

async fn organization(app: &TestApp) -> Organization {
    serde_json::from_value(app.published("organization").await.remove(0)).unwrap()
}

async fn facts(client: &Client, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/models/openai/gpt-4o-mini{query}");
    let model = client.get(&path).await.expect(200).body;
    let endpoints = model["endpoints"].as_array().unwrap();
    let openai = endpoints.iter().find(|it| it["provider"] == "openai").unwrap();
    openai["facts"].as_array().unwrap().clone()
}

fn named<'v>(facts: &'v [Value], name: &str) -> Option<&'v Value> {
    facts.iter().find(|fact| fact["name"] == name)
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_stated_is_published_shown_and_taken_back(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    import_seed_if_empty(&app.state).await.unwrap();
    let path = ada.in_organization("/facts");
    let made = ada
        .post(&path, &zero_retention(&json!({ "provider": "openai" })))
        .await
        .expect(201);
    assert_eq!(made.body["facts"]["retention_days"], 0);
    assert_eq!(
        (made.text_of("evidence").as_str(), made.text_of("as_of").as_str()),
        (EVIDENCE, "2025-11-30")
    );
    let published = organization(&app).await.facts;
    assert_eq!((published.len(), published[0].facts.trains), (1, Some(false)));
    assert_eq!(published[0].about.provider.as_deref(), Some("openai"));
    let own = facts(&ada, &format!("?organization={}", ada.organization)).await;
    let retention = named(&own, "retention_days").unwrap();
    assert_eq!(
        (&retention["value"], &retention["source"]),
        (&json!(0), &json!(EVIDENCE))
    );
    assert_eq!(retention["statement"], made.body["id"]);
    let listed = named(&own, "operator_home").unwrap();
    assert_eq!(
        (&listed["value"], &listed["statement"]),
        (&json!("US"), &Value::Null)
    );
    assert!(
        listed["source"]
            .as_str()
            .unwrap()
            .starts_with("https://openai.com")
    );
    assert!(
        named(&facts(&ada, "").await, "retention_days").is_none(),
        "the catalog knows nothing of it"
    );
    // Constraints and statements do not overwrite one another.
    ada.patch(
        &ada.in_organization(""),
        &json!({ "constraints": { "no_training": true } }),
    )
    .await
    .expect(200);
    let both = organization(&app).await;
    assert!(both.constraints.no_training && both.facts.len() == 1);
    let one = format!("{path}/{}", made.text_of("id"));
    assert_eq!(ada.get(&one).await.expect(200).body, made.body);
    assert_eq!(ada.get(&path).await.expect(200).body["data"], json!([made.body]));
    ada.with("if-match", made.header("etag"))
        .delete(&one)
        .await
        .expect(204);
    ada.get(&one).await.refused(404, "not_found");
    assert!(organization(&app).await.facts.is_empty());
    let events = ada
        .get(&ada.in_organization("/audit-events"))
        .await
        .expect(200)
        .body;
    for action in ["facts.state", "facts.withdraw"] {
        let mut of_action = events["data"].as_array().unwrap().iter();
        let event = of_action.find(|event| event["action"] == action).unwrap();
        assert_eq!(event["detail"]["facts"]["retention_days"], 0, "{action}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_statement_without_evidence_or_about_anothers_account_is_refused(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let connection = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    let foreign = bob
        .post(&bob.in_project("/connections"), &connection)
        .await
        .expect(201)
        .text_of("id");
    let own = ada
        .post(&ada.in_project("/connections"), &connection)
        .await
        .expect(201)
        .text_of("id");
    let path = ada.in_organization("/facts");
    let openai = json!({ "provider": "openai" });
    let with = |name: &str, value: Value| {
        let mut body = zero_retention(&openai);
        body[name] = value;
        body
    };
    for (body, pointer) in [
        (with("evidence", json!("because")), "/evidence"),
        (with("as_of", json!("yesterday")), "/as_of"),
        (with("as_of", json!("2030-01-01")), "/as_of"),
        (with("about", json!({ "provider": "opnai" })), "/about/provider"),
        (with("about", json!({})), "/about"),
        (
            with("about", json!({ "connection": foreign })),
            "/about/connection",
        ),
        (with("facts", json!({ "processing": "UK" })), "/facts/processing"),
        (with("facts", json!({ "license": "MIT" })), "/facts/license"),
        (with("facts", json!({})), "/facts"),
    ] {
        let refused = ada.post(&path, &body).await.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.text);
    }
    assert!(organization(&app).await.facts.is_empty());
    ada.post(&path, &zero_retention(&json!({ "connection": own })))
        .await
        .expect(201);
    let theirs = bob.get(&bob.in_organization("/facts")).await.expect(200).body;
    assert_eq!(theirs["data"], json!([]), "nobody sees what others state");
    bob.get(&path).await.refused(404, "not_found");
    let admin = json!({ "name": "m", "role": "admin" });
    let key = ada
        .post(&ada.in_organization("/management-keys"), &admin)
        .await
        .expect(201)
        .text_of("secret");
    let admin = app.anonymous().with("authorization", &format!("Bearer {key}"));
    admin
        .post(&path, &zero_retention(&openai))
        .await
        .refused(403, "forbidden");
    bob.get(&format!("/api/v1/models?organization={}", ada.organization))
        .await
        .refused(404, "not_found");
}
