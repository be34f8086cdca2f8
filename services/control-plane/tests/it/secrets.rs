//! No secret is stored in the clear, whatever table it might have ended in.

use futures_util::FutureExt;
use secrecy::ExposeSecret;
use serde_json::json;
use sluicegate_contracts::config::{Connection, Organization};
use sluicegate_credentials::{MasterKey, Sealing};
use sqlx::{PgPool, Row};

use crate::support::TestApp;
use crate::support::app::PASSWORD;

async fn everything(app: &TestApp) -> String {
    let tables = sqlx::query("select tablename::text from pg_tables where schemaname = 'public'");
    let mut dump = String::new();
    for table in tables.fetch_all(&app.judge).await.unwrap() {
        let rows = format!(
            "select row_to_json(t)::text from \"{}\" t",
            table.get::<String, _>(0)
        );
        for row in sqlx::query(sqlx::AssertSqlSafe(rows))
            .fetch_all(&app.judge)
            .await
            .unwrap()
        {
            dump.push_str(row.get(0));
        }
    }
    dump
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_secret_is_stored_in_the_clear(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let key = ada
        .with("idempotency-key", "k")
        .post(&ada.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let derived = ada
        .post(
            &ada.in_project(&format!("/keys/{}/derive", key.text_of("id"))),
            &json!({ "name": "d" }),
        )
        .await
        .expect(201);
    let management = ada
        .with("idempotency-key", "m")
        .post(
            &ada.in_organization("/management-keys"),
            &json!({ "name": "m", "role": "owner" }),
        )
        .await
        .expect(201);
    let connection =
        json!({ "slug": "main", "provider": "openai", "credential": "sk-canary-credential-0123456789" });
    ada.post(&ada.in_project("/connections"), &connection)
        .await
        .expect(201);
    let keys = r#"{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"canary-secret-of-aws"}"#;
    let bedrock = json!({ "slug": "aws", "provider": "amazon-bedrock", "settings": { "region": "us-east-1" },
        "credential": keys });
    ada.post(&ada.in_project("/connections"), &bedrock)
        .await
        .expect(201);
    let invite = ada
        .post(
            &ada.in_organization("/invites"),
            &json!({ "email": "b@example.com", "role": "viewer" }),
        )
        .await;
    let token = invite.expect(201).text_of("accept_token");
    let dump = everything(&app).await;
    assert!(dump.contains("ada@example.com"), "the dump is no dump");
    for secret in [
        &key.text_of("secret"),
        &derived.text_of("secret"),
        &management.text_of("secret"),
        "canary-credential",
        "canary-secret-of-aws",
        PASSWORD,
        &token,
        &"11".repeat(32),
    ] {
        assert!(!dump.contains(secret), "a secret is in the clear");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_worker_opens_the_credential_and_no_other_row_or_tenant_does(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let body =
        json!({ "slug": "main", "provider": "openai", "credential": " sk-canary-credential-0123456789 " });
    let answer = ada.post(&ada.in_project("/connections"), &body).await.expect(201);
    assert_eq!(answer.body["credential_hint"], "…6789");
    let organization: Organization =
        serde_json::from_value(app.published("organization").await.remove(0)).unwrap();
    let connection: Connection = serde_json::from_value(app.published("connection").await.remove(0)).unwrap();
    let keyring = MasterKey::parse(&"11".repeat(32)).unwrap().keyring();
    let data_key = keyring
        .open_data_key(organization.id, &organization.data_key)
        .unwrap();
    let sealed = connection.credential.unwrap();
    let place = Sealing {
        organization: organization.id,
        row: connection.id.as_uuid(),
        purpose: "connection-credential",
    };
    assert_eq!(
        data_key.open(&place, &sealed).unwrap().expose_secret(),
        "sk-canary-credential-0123456789"
    );
    assert!(
        data_key
            .open(
                &Sealing {
                    row: organization.id.as_uuid(),
                    ..place
                },
                &sealed
            )
            .is_err()
    );
    let other = app.sign_up("Bob").await.organization.parse().unwrap();
    assert!(keyring.open_data_key(other, &organization.data_key).is_err());
    app.state.database.ping().boxed().await.unwrap();
}
