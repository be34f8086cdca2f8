//! The proof of constraints: what is in force keeps every call away from what it forbids, or a call is shown that is not kept.

use serde_json::{Value, json};
use sluicegate_control_plane::app::catalog::import_seed_if_empty;
use sqlx::PgPool;

use crate::support::{Client, TestApp};

async fn connect(client: &Client, slug: &str, provider: &str) -> String {
    let body = json!({ "slug": slug, "provider": provider, "credential": "sk-test-credential" });
    client
        .post(&client.in_project("/connections"), &body)
        .await
        .expect(201)
        .text_of("id")
}

async fn proof(client: &Client, body: &Value) -> Value {
    client
        .post(&client.in_project("/constraints/proof"), body)
        .await
        .expect(200)
        .body
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_claim_is_refuted_by_a_call_until_constraints_keep_it_away(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    import_seed_if_empty(&app.state).await.unwrap();
    let american = connect(&ada, "main", "openai").await;
    connect(&ada, "eu", "mistral").await;
    let claim = json!({ "operator_home": ["EU"], "models": { "ignore": ["openai/*"] } });
    let open = proof(&ada, &json!({ "claim": claim })).await;
    assert_eq!(open["holds"], false);
    assert!(open["candidates"].as_u64().unwrap() > 40, "{open}");
    assert_eq!(open["candidates"], open["reachable"]);
    let home = &open["constraints"][0];
    assert_eq!(
        (&home["constraint"], &home["holds"]),
        (&json!("operator_home"), &json!(false))
    );
    let reached = &home["counterexample"];
    assert_eq!(
        (&reached["provider"], &reached["connection"]),
        (&json!("openai"), &json!(american))
    );
    assert_eq!(
        (&reached["code"], &reached["at"]),
        (&json!("region_blocked"), &json!("2026-01-01T00:00:00Z"))
    );
    assert_eq!(open["constraints"][1]["counterexample"]["code"], "model_excluded");

    let instead = json!({ "operator_home": ["FR"] });
    let would = proof(&ada, &json!({ "claim": claim, "constraints": instead })).await;
    assert_eq!(would["holds"], true, "{would}");
    assert_eq!(
        proof(&ada, &json!({ "claim": claim })).await["holds"],
        false,
        "nothing was put in force"
    );
    ada.patch(&ada.in_project(""), &json!({ "constraints": instead }))
        .await
        .expect(200);
    let kept = proof(&ada, &json!({ "claim": claim })).await;
    assert_eq!(
        (&kept["holds"], &kept["constraints"][0]["counterexample"]),
        (&json!(true), &Value::Null)
    );
    assert!(kept["reachable"].as_u64() < open["reachable"].as_u64());
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_stated_and_what_a_key_demands_count(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    import_seed_if_empty(&app.state).await.unwrap();
    connect(&ada, "main", "openai").await;
    let server = json!({ "slug": "own", "provider": "vllm", "base_url": "https://vllm.example.com/v1" });
    let server = ada
        .post(&ada.in_project("/connections"), &server)
        .await
        .expect(201)
        .text_of("id");
    let private = json!({ "claim": { "no_training": true } });
    assert_eq!(proof(&ada, &private).await["holds"], false);
    for about in [
        json!({ "provider": "openai" }),
        json!({ "connection": server, "model": "acme/*" }),
    ] {
        let statement = json!({
            "about": about, "facts": { "trains": false }, "evidence": "contract 4711 of 2025", "as_of": "2025-12-01",
        });
        ada.post(&ada.in_organization("/facts"), &statement)
            .await
            .expect(201);
    }
    let other = proof(&ada, &private).await;
    let reached = &other["constraints"][0]["counterexample"];
    assert_eq!(
        (&reached["provider"], &reached["connection"]),
        (&json!("vllm"), &json!(server))
    );
    assert!(
        !reached["model"].as_str().unwrap().starts_with("acme/"),
        "a name of another class: {reached}"
    );
    let key = json!({ "name": "k", "constraints": { "models": { "only": ["acme/*"] } } });
    let key = ada
        .post(&ada.in_project("/keys"), &key)
        .await
        .expect(201)
        .text_of("id");
    let of_key = proof(&ada, &json!({ "claim": { "no_training": true }, "key": key })).await;
    assert_eq!(of_key["holds"], true, "{of_key}");
    let path = ada.in_project("/constraints/proof");
    let unknown = json!({ "claim": {}, "key": "key_00000000000000000000000001" });
    ada.post(&path, &unknown).await.refused(422, "validation_failed");
    let bad = ada
        .post(&path, &json!({ "claim": { "processing": ["UK"] } }))
        .await;
    let bad = bad.refused(422, "validation_failed");
    assert_eq!(bad.body["errors"][0]["pointer"], "/claim/processing/0");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_reaches_what_the_names_on_its_list_lead_to(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    import_seed_if_empty(&app.state).await.unwrap();
    connect(&ada, "main", "openai").await;
    connect(&ada, "eu", "mistral").await;
    let server = json!({ "slug": "own", "provider": "vllm", "base_url": "https://vllm.example.com/v1" });
    ada.post(&ada.in_project("/connections"), &server)
        .await
        .expect(201);
    let route = json!({ "slug": "mixed", "aliases": ["gpt"], "strategy": "ordered",
        "targets": [{ "model": "openai/gpt-4o-mini" }, { "model": "own/secret" }] });
    ada.post(&ada.in_project("/routes"), &route).await.expect(201);
    for (models, claim, holds) in [
        (json!([]), json!({ "operator_home": ["FR"] }), false),
        (json!(["mistralai/*"]), json!({ "operator_home": ["FR"] }), true),
        (
            json!(["mistralai/*", "openai/gpt-4o-mini:floor"]),
            json!({ "operator_home": ["FR"] }),
            false,
        ),
        (
            json!(["mistralai/*", "route/mixed"]),
            json!({ "operator_home": ["FR"] }),
            false,
        ),
        (
            json!(["gpt"]),
            json!({ "models": { "ignore": ["secret"] } }),
            false,
        ),
        (
            json!(["gpt"]),
            json!({ "models": { "only": ["openai/gpt-4o-mini", "secret"] } }),
            true,
        ),
        (
            json!(["own/acme-*"]),
            json!({ "models": { "only": ["acme-*"] } }),
            true,
        ),
        (
            json!(["own/*"]),
            json!({ "models": { "only": ["acme-*"] } }),
            false,
        ),
    ] {
        let key = json!({ "name": "k", "allowed_models": models });
        let key = ada
            .post(&ada.in_project("/keys"), &key)
            .await
            .expect(201)
            .text_of("id");
        let of_key = proof(&ada, &json!({ "claim": claim, "key": key })).await;
        assert_eq!(of_key["holds"], holds, "{models} {claim}: {of_key}");
        assert!(of_key["candidates"].as_u64().unwrap() > 0, "{of_key}");
    }
}
