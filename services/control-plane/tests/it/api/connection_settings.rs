//! What providers need besides a key: settings, and credentials of several parts.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIEcanarycanarycanary\n-----END PRIVATE KEY-----\n";

fn aws_keys() -> String {
    json!({
        "access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "secret_access_key": "wJalrXUtnFEMI/canary/EXAMPLEKEY",
        "note": "left out",
    })
    .to_string()
}

fn service_account(token_uri: &str) -> String {
    json!({
        "type": "service_account",
        "client_email": "svc@acme.iam.gserviceaccount.com",
        "private_key": PRIVATE_KEY,
        "token_uri": token_uri,
    })
    .to_string()
}

fn bedrock(slug: &str) -> Value {
    json!({
        "slug": slug,
        "provider": "amazon-bedrock",
        "settings": { "region": "eu-west-1" },
        "credential": aws_keys(),
    })
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_form_learns_what_a_provider_asks_for(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let providers = ada.get("/api/v1/providers").await.expect(200).body;
    let of = |id: &str| {
        let all = providers.as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap().clone()
    };
    let kinds = |provider: &Value| -> Vec<String> {
        let forms = provider["credentials"].as_array().unwrap();
        forms
            .iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    let bedrock = of("amazon-bedrock");
    assert_eq!(kinds(&bedrock), ["aws_keys", "api_key"]);
    assert_eq!(bedrock["credentials"][0]["fields"][0]["name"], "access_key_id");
    assert_eq!(
        (
            &bedrock["settings"][0]["name"],
            &bedrock["settings"][0]["required"]
        ),
        (&json!("region"), &json!(true))
    );
    assert_eq!(kinds(&of("google-vertex")), ["service_account"]);
    assert_eq!(
        (kinds(&of("groq")).len(), &of("groq")["settings"]),
        (1, &json!([]))
    );
    assert_eq!(
        (&of("azure")["base_url"], &of("ollama")["needs_credential"]),
        (&Value::Null, &json!(false))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn settings_are_kept_published_and_fill_the_address(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let made = ada
        .post(&ada.in_project("/connections"), &bedrock("b1"))
        .await
        .expect(201);
    assert_eq!(made.body["settings"], json!({ "region": "eu-west-1" }));
    assert_eq!(
        made.body["base_url"],
        "https://bedrock-runtime.eu-west-1.amazonaws.com"
    );
    assert_eq!(made.body["credential_hint"], "…MPLE");
    let published = app.published("connection").await.remove(0);
    assert_eq!(published["settings"], json!({ "region": "eu-west-1" }));

    let path = ada.in_project(&format!("/connections/{}", made.text_of("id")));
    let moved = ada
        .patch(&path, &json!({ "settings": { "region": "us-west-2" } }))
        .await
        .expect(200);
    assert_eq!(
        moved.body["base_url"],
        "https://bedrock-runtime.us-west-2.amazonaws.com"
    );
    assert_eq!(
        moved.body["credential_hint"], "…MPLE",
        "still an address of the provider's own"
    );
    let refused = ada
        .patch(&path, &json!({ "settings": {} }))
        .await
        .refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/settings/region");

    let other = json!({ "base_url": "https://vpce-1.example.com" });
    let other = ada.patch(&path, &other).await.expect(200);
    assert_eq!(
        other.body["credential_hint"],
        Value::Null,
        "another address was not meant"
    );
    let region = json!({ "settings": { "region": "us-east-1" } });
    let stays = ada.patch(&path, &region).await.expect(200);
    assert_eq!(
        stays.body["base_url"], "https://vpce-1.example.com",
        "a written address stays"
    );

    let plain = json!({ "slug": "plain", "provider": "groq", "credential": "gsk_canary_0123456789" });
    let plain = ada
        .post(&ada.in_project("/connections"), &plain)
        .await
        .expect(201);
    assert_eq!(plain.body["settings"], json!({}));
    let bodies = app.published("connection").await;
    let plain = bodies.iter().find(|it| it["slug"] == "plain").unwrap();
    assert!(
        plain.get("settings").is_none(),
        "a body without settings is what it was before there were any"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_provider_does_not_take_is_named(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_project("/connections");
    let with = |change: Value| {
        let mut body = bedrock("b1");
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        body
    };
    let cases = [
        (with(json!({ "settings": {} })), "/settings/region"),
        (
            with(json!({ "settings": { "region": "evil.example.com" } })),
            "/settings/region",
        ),
        (
            with(json!({ "settings": { "region": "eu-west-1", "api_version": "2024-10-21" } })),
            "/settings/api_version",
        ),
        (
            with(json!({ "credential": service_account("https://oauth2.googleapis.com/token") })),
            "/credential",
        ),
        (
            with(json!({ "credential": "{\"access_key_id\":\"canary\"}" })),
            "/credential",
        ),
        (
            json!({ "slug": "v1", "provider": "google-vertex", "credential": "canary-key",
                "settings": { "region": "global", "project": "acme" } }),
            "/credential",
        ),
        (
            json!({ "slug": "v1", "provider": "google-vertex", "credential": service_account("http://10.0.0.1/token"),
                "settings": { "region": "global", "project": "acme" } }),
            "/credential",
        ),
        (
            json!({ "slug": "v1", "provider": "google-vertex",
                "credential": service_account("https://metadata.google.internal/token"),
                "settings": { "region": "global", "project": "acme" } }),
            "/credential",
        ),
        (
            json!({ "slug": "g1", "provider": "groq", "credential": aws_keys() }),
            "/credential",
        ),
    ];
    for (body, pointer) in cases {
        let refused = ada.post(&path, &body).await.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.text);
        assert!(!refused.text.contains("canary"), "{}", refused.text);
    }
    let unknown = with(json!({ "settings": { "moon": "full" } }));
    assert_eq!(ada.post(&path, &unknown).await.status, 422);
    assert!(app.published("connection").await.is_empty());
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_document_is_sealed_and_shown_nowhere(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body = json!({
        "slug": "v1",
        "provider": "google-vertex",
        "settings": { "region": "global", "project": "acme" },
        "credential": service_account("https://oauth2.googleapis.com/token"),
    });
    let made = ada.post(&ada.in_project("/connections"), &body).await.expect(201);
    assert_eq!(made.body["base_url"], "https://aiplatform.googleapis.com");
    assert_eq!(made.body["credential_hint"], "svc@acme.iam.gserviceaccount.com");
    ada.post(&ada.in_project("/connections"), &bedrock("b1"))
        .await
        .expect(201);
    let audit = ada.get(&ada.in_organization("/audit-events")).await.expect(200);
    let published = json!(app.published("connection").await).to_string();
    for text in [&made.text, &audit.text, &published] {
        assert!(!text.contains("canary"), "{text}");
    }
}
