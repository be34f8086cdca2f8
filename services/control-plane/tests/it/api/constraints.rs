//! Constraints of organizations, projects and keys: what is written is shown, published and audited, and what means nothing
//! is refused with its place.

use serde_json::{Value, json};
use sluicegate_contracts::config::{ApiKey, Constraints, Organization, Project};
use sqlx::PgPool;

use crate::support::client::Answer;
use crate::support::{Client, TestApp};

async fn published<T: serde::de::DeserializeOwned>(app: &TestApp, kind: &str) -> T {
    serde_json::from_value(app.published(kind).await.remove(0)).unwrap()
}

/// A key of their project.
async fn key(client: &Client, body: &Value) -> Answer {
    client.post(&client.in_project("/keys"), body).await
}

fn findings(answer: &Answer) -> Vec<(&str, &str)> {
    let errors = answer.body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn each_level_shows_publishes_and_audits_what_it_demands(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let none = ada.get(&ada.in_project("")).await.expect(200).body["constraints"].take();
    assert_eq!(none["processing"], Value::Null);
    assert_eq!(none["providers"], json!({ "only": null, "ignore": [] }));
    let demands = json!({
        "processing": ["eu", "CH"],
        "max_retention_days": 0,
        "no_training": true,
        "quantizations": ["bf16", "unknown"],
        "providers": { "only": ["openai", "google-vertex/europe-west4"] },
        "max_price": { "input_per_mtok": { "amount": "2.5" }, "per_request": { "amount": "0.01" } },
    });
    let expected: Constraints = serde_json::from_value(json!({
        "processing": ["EU", "CH"], "max_retention_days": 0, "no_training": true,
        "quantizations": ["bf16"], "unknown_quantization": true,
        "providers": { "only": ["openai", "google-vertex/europe-west4"] },
        "max_price": { "input": 2_500_000, "request": 10_000_000_000_i64 },
    }))
    .unwrap();
    let made = key(&ada, &json!({ "name": "k", "constraints": demands }))
        .await
        .expect(201);
    let key_path = ada.in_project(&format!("/keys/{}", made.text_of("id")));
    for path in [ada.in_organization(""), ada.in_project(""), key_path] {
        let before = ada.get(&path).await.expect(200);
        let changed = ada
            .with("if-match", before.header("etag"))
            .patch(&path, &json!({ "constraints": demands }))
            .await
            .expect(200);
        let shown = &changed.body["constraints"];
        assert_eq!(shown["processing"], json!(["EU", "CH"]), "{path}");
        assert_eq!(shown["quantizations"], json!(["bf16", "unknown"]));
        assert_eq!(shown["max_price"]["input_per_mtok"]["amount"], "2.500000000");
        assert_eq!(shown["max_price"]["per_request"]["amount"], "0.010000000");
        assert_eq!(shown["max_price"]["per_image"], Value::Null);
        assert!(
            !changed.header("x-sluicegate-config-version").is_empty(),
            "{path}"
        );
        ada.with("if-match", before.header("etag"))
            .patch(&path, &json!({ "constraints": {} }))
            .await
            .refused(412, "version_conflict");
        // What is shown can be written back.
        ada.patch(&path, &json!({ "constraints": shown }))
            .await
            .expect(200);
        // What is not named stays.
        let renamed = ada.patch(&path, &json!({ "name": "new" })).await.expect(200);
        assert_eq!(&renamed.body["constraints"], shown, "{path}");
    }
    assert_eq!(
        published::<Organization>(&app, "organization").await.constraints,
        expected
    );
    assert_eq!(published::<Project>(&app, "project").await.constraints, expected);
    assert_eq!(published::<ApiKey>(&app, "api_key").await.constraints, expected);
    let events = ada
        .get(&ada.in_organization("/audit-events"))
        .await
        .expect(200)
        .body;
    for action in [
        "organization.update",
        "project.update",
        "key.create",
        "key.update",
    ] {
        let mut of_action = events["data"].as_array().unwrap().iter();
        let event = of_action.find(|event| event["action"] == action).unwrap();
        assert_eq!(
            event["detail"]["constraints"]["max_retention_days"], 0,
            "{action}"
        );
    }
    let cleared = ada
        .patch(&ada.in_project(""), &json!({ "constraints": {} }))
        .await
        .expect(200);
    assert_eq!(cleared.body["constraints"], none);
    assert!(published::<Project>(&app, "project").await.constraints.are_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_means_nothing_or_leaves_nothing_is_refused_with_its_place(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let at = |path: &str| format!("/constraints{path}");
    for (bad, pointer, code) in [
        (json!({ "processing": ["UK"] }), "/processing/0", "unknown_place"),
        (json!({ "processing": [] }), "/processing", "nothing_left"),
        (
            json!({ "quantizations": ["fp7"] }),
            "/quantizations/0",
            "unknown_quantization",
        ),
        (
            json!({ "providers": { "only": ["openai", "opnai"] } }),
            "/providers/only/1",
            "unknown_provider",
        ),
        (
            json!({ "providers": { "only": ["openai"], "ignore": ["openai"] } }),
            "/providers/ignore",
            "contradiction",
        ),
        (
            json!({ "max_price": { "input_per_mtok": { "amount": "-1" } } }),
            "/max_price/input_per_mtok/amount",
            "invalid_amount",
        ),
    ] {
        for path in [ada.in_organization(""), ada.in_project("")] {
            let refused = ada.patch(&path, &json!({ "constraints": bad })).await;
            let refused = refused.refused(422, "validation_failed");
            assert_eq!(findings(&refused), [(at(pointer).as_str(), code)], "{bad}");
        }
        let refused = key(&ada, &json!({ "name": "k", "constraints": bad })).await;
        assert_eq!(
            findings(&refused.refused(422, "validation_failed")),
            [(at(pointer).as_str(), code)]
        );
    }
    let misspelt = json!({ "constraints": { "no_trainin": true } });
    let refused = ada.patch(&ada.in_project(""), &misspelt).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert!(published::<Project>(&app, "project").await.constraints.are_none());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_levels_leave_nothing_of_together_is_refused(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let only = |name: &str| json!({ "constraints": { "providers": { "only": [name] } } });
    let in_europe = json!({ "constraints": { "processing": ["EU"] } });
    ada.patch(&ada.in_organization(""), &in_europe).await.expect(200);
    let elsewhere = json!({ "constraints": { "processing": ["US"] } });
    let refused = ada
        .patch(&ada.in_project(""), &elsewhere)
        .await
        .refused(422, "validation_failed");
    assert_eq!(findings(&refused), [("/constraints/processing", "contradiction")]);
    assert!(
        refused.body["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("organization")
    );
    ada.patch(&ada.in_project(""), &only("google-vertex"))
        .await
        .expect(200);
    let tighter =
        json!({ "name": "k", "constraints": { "providers": { "only": ["google-vertex/us-east5"] } } });
    let parent = key(&ada, &tighter).await.expect(201).text_of("id");
    for (body, pointer) in [
        (
            json!({ "providers": { "only": ["openai"] } }),
            "/constraints/providers/only",
        ),
        (json!({ "processing": ["JP"] }), "/constraints/processing"),
    ] {
        let refused = key(&ada, &json!({ "name": "k", "constraints": body })).await;
        assert_eq!(
            findings(&refused.refused(422, "validation_failed")),
            [(pointer, "contradiction")]
        );
    }
    let derive = ada.in_project(&format!("/keys/{parent}/derive"));
    let other =
        json!({ "name": "d", "constraints": { "providers": { "only": ["google-vertex/europe-west4"] } } });
    let refused = ada.post(&derive, &other).await.refused(422, "validation_failed");
    assert_eq!(
        findings(&refused),
        [("/constraints/providers/only", "contradiction")]
    );
    let derived = ada.post(&derive, &json!({ "name": "d" })).await.expect(201);
    assert_eq!(
        derived.body["constraints"]["providers"],
        json!({ "only": null, "ignore": [] }),
        "those above bind it where it is used"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_who_may_change_a_level_changes_its_constraints(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, eve) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let body = json!({ "constraints": { "no_training": true } });
    for path in [ada.in_organization(""), ada.in_project("")] {
        eve.patch(&path, &body).await.refused(404, "not_found");
    }
    let management = json!({ "name": "m", "role": "developer" });
    let made = ada
        .post(&ada.in_organization("/management-keys"), &management)
        .await
        .expect(201);
    let developer = app
        .anonymous()
        .with("authorization", &format!("Bearer {}", made.text_of("secret")));
    for path in [ada.in_organization(""), ada.in_project("")] {
        developer.patch(&path, &body).await.refused(403, "forbidden");
    }
}
