//! Drafts of routes: nobody but their authors sees them, and they are published as they were looked at.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::client::Answer;
use crate::support::{Client, TestApp};

fn routed(slug: &str, model: &str) -> Value {
    json!({ "slug": slug, "strategy": "ordered", "targets": [{ "model": model }] })
}

async fn put(who: &Client, path: &str, document: &Value) -> Answer {
    who.send(Method::PUT, path, Some(document.to_string())).await
}

/// Path of a published route.
async fn published(ada: &Client) -> String {
    let made = ada
        .post(&ada.in_project("/routes"), &routed("support", "m1"))
        .await
        .expect(201);
    ada.in_project(&format!("/routes/{}", made.text_of("id")))
}

fn codes(check: &Value) -> Vec<&str> {
    let findings = check["findings"].as_array().unwrap().iter();
    findings.map(|it| it["code"].as_str().unwrap()).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_draft_is_judged_and_published_with_a_message(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = published(&ada).await;
    let (draft, publish) = (format!("{path}/draft"), format!("{path}/draft/publish"));
    ada.get(&draft).await.refused(404, "not_found");

    let wrong = json!({ "slug": "support", "rules": [
        { "name": "never", "when": "request.input_tokens < 0", "strategy": "ordered", "targets": [{ "model": "sluicegate/echo" }] },
        { "name": "rest", "strategy": "ordered", "targets": [{ "model": "sluicegate/echo" }] },
    ] });
    let written = put(&ada, &draft, &wrong).await.expect(200);
    assert_eq!(
        (
            &written.body["base_version"],
            &written.body["is_stale"],
            written.header("etag")
        ),
        (&json!(1), &json!(false), "\"1\"")
    );
    assert_eq!(written.body["document"], wrong, "as it was written");
    assert_eq!(
        (&written.body["check"]["valid"], codes(&written.body["check"])),
        (&json!(false), vec!["never_holds"])
    );
    let message = json!({ "message": "Echo everything." });
    ada.post(&publish, &message)
        .await
        .refused(428, "if_match_required");
    let first = ada.with("if-match", "\"1\"");
    let refused = first.post(&publish, &message).await;
    assert_eq!(
        refused.refused(422, "validation_failed").body["errors"][0]["pointer"],
        "/rules/0/when"
    );

    let right = routed("support", "sluicegate/echo");
    put(&ada, &draft, &right).await.refused(428, "if_match_required");
    let written = put(&first, &draft, &right).await.expect(200);
    assert_eq!(written.body["check"]["valid"], true);
    put(&first, &draft, &right).await.refused(412, "version_conflict");
    let live = app.published("route").await;
    assert_eq!(
        (&live[0]["version"], &live[0]["targets"][0]["model"]),
        (&json!(1), &json!("m1")),
        "workers see nothing of it"
    );

    first
        .post(&publish, &message)
        .await
        .refused(412, "version_conflict");
    let second = ada.with("if-match", "\"2\"");
    let refused = second.post(&publish, &json!({ "message": " " })).await;
    assert_eq!(
        refused.refused(422, "validation_failed").body["errors"][0]["pointer"],
        "/message"
    );
    let done = second.post(&publish, &message).await.expect(200);
    assert_eq!((&done.body["version"], done.header("etag")), (&json!(2), "\"2\""));
    let live = app.published("route").await;
    assert_eq!(live[0]["targets"][0]["model"], "sluicegate/echo");
    let version = ada.get(&format!("{path}/versions/2")).await.expect(200).body;
    assert_eq!(version["message"], "Echo everything.");
    ada.get(&draft).await.refused(404, "not_found");
    let again = put(&ada, &draft, &right).await.expect(200);
    assert_eq!(
        again.header("etag"),
        "\"3\"",
        "the tag of a draft never comes back"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_draft_is_not_published_over_what_came_after_it(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = published(&ada).await;
    let draft = format!("{path}/draft");
    put(&ada, &draft, &routed("support", "m2")).await.expect(200);
    let change = json!({ "aliases": ["fast"] });
    ada.with("if-match", "\"1\"")
        .patch(&path, &change)
        .await
        .expect(200);

    let shown = ada.get(&draft).await.expect(200).body;
    assert_eq!(
        (
            &shown["base_version"],
            &shown["published_version"],
            &shown["is_stale"]
        ),
        (&json!(1), &json!(2), &json!(true))
    );
    let listed = ada.get(&ada.in_project("/route-drafts")).await.expect(200).body;
    assert_eq!(
        (&listed["data"][0]["slug"], &listed["data"][0]["is_stale"]),
        (&json!("support"), &json!(true))
    );
    let publish = format!("{draft}/publish");
    let message = json!({ "message": "Try m2." });
    let first = ada.with("if-match", "\"1\"");
    first.post(&publish, &message).await.refused(409, "draft_stale");
    let mut merged = routed("support", "m2");
    merged["aliases"] = json!(["fast"]);
    let rewritten = put(&first, &draft, &merged).await.expect(200);
    assert_eq!(
        rewritten.body["is_stale"], true,
        "writing alone takes nothing into account"
    );
    let second = ada.with("if-match", "\"2\"");
    put(&second, &format!("{draft}?base_version=1"), &merged)
        .await
        .refused(409, "draft_stale");
    put(&second, &format!("{draft}?base_version=2"), &merged)
        .await
        .expect(200);
    let third = ada.with("if-match", "\"3\"");
    let done = third.post(&publish, &message).await.expect(200);
    assert_eq!(
        (&done.body["version"], &done.body["aliases"]),
        (&json!(3), &json!(["fast"]))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_route_can_be_drafted_before_it_is_published(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let begin = ada.in_project("/route-drafts");
    let document = "slug: support\nstrategy: ordered\ntargets:\n  - model: route/other\n";
    let yaml = ada.with("content-type", "application/yaml");
    let begun = yaml
        .send(Method::POST, &begin, Some(document.to_owned()))
        .await
        .expect(201);
    assert_eq!(
        (&begun.body["base_version"], &begun.body["published_version"]),
        (&Value::Null, &Value::Null)
    );
    let finding = &begun.body["check"]["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["line"]),
        (&json!("route_loop"), &json!(4))
    );
    let path = ada.in_project(&format!("/routes/{}", begun.text_of("route")));
    let draft = format!("{path}/draft");
    assert_eq!(begun.header("location"), draft);
    for part in ["", "/versions", "/versions/1"] {
        let refused = ada.get(&format!("{path}{part}")).await;
        refused.refused(404, "not_published");
    }
    let any = ada.with("if-match", "*");
    any.delete(&path).await.refused(404, "not_published");
    let routes = ada.get(&ada.in_project("/routes")).await.expect(200).body;
    assert_eq!(routes["data"], json!([]));
    assert_eq!(app.published("route").await.len(), 0);
    let taken = ada
        .post(&ada.in_project("/routes"), &routed("support", "m"))
        .await;
    taken.refused(409, "slug_taken");
    let early = json!({ "slug": "early", "strategy": "ordered", "targets": [], "message": "x" });
    let refused = ada.post(&begin, &early).await.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/message");

    let first = ada.with("if-match", "\"1\"");
    put(&first, &draft, &routed("help", "m")).await.expect(200);
    let second = ada.with("if-match", "\"2\"");
    let done = second
        .post(&format!("{draft}/publish"), &json!({ "message": "Begin." }))
        .await;
    let done = done.expect(200);
    assert_eq!(
        (&done.body["version"], &done.body["slug"]),
        (&json!(1), &json!("help"))
    );
    assert_eq!(app.published("route").await[0]["slug"], "help");
    ada.get(&path).await.expect(200);

    let other = ada.post(&begin, &routed("support", "m")).await.expect(201);
    let other = ada.in_project(&format!("/routes/{}/draft", other.text_of("route")));
    ada.delete(&other).await.refused(428, "if_match_required");
    first.delete(&other).await.expect(204);
    ada.get(&other).await.refused(404, "not_found");
    ada.post(&begin, &routed("support", "m")).await.expect(201);
}
