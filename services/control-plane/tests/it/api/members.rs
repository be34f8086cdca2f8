//! Members, roles and invitations.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Client, TestApp};

async fn membership(owner: &Client, who: &Client) -> String {
    let members = owner
        .get(&owner.in_organization("/members"))
        .await
        .expect(200)
        .body;
    let found = members["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|member| member["user"]["id"] == who.user.as_str())
        .cloned();
    owner.in_organization(&format!("/members/{}", found.unwrap()["id"].as_str().unwrap()))
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_last_owner_stays_even_when_two_leave_at_once(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let alone = membership(&ada, &ada).await;
    ada.delete(&alone).await.refused(409, "last_owner");
    ada.patch(&alone, &json!({ "role": "viewer" }))
        .await
        .refused(409, "last_owner");
    for round in 0..5 {
        let bob = app.member(&ada, "owner", &format!("Bob{round}")).await;
        let (of_ada, of_bob) = (membership(&ada, &ada).await, membership(&ada, &bob).await);
        let viewer = json!({ "role": "viewer" });
        let (first, second) = tokio::join!(ada.patch(&of_ada, &viewer), bob.patch(&of_bob, &viewer));
        let mut outcomes = [first.status.as_u16(), second.status.as_u16()];
        outcomes.sort_unstable();
        assert_eq!(outcomes, [200, 409], "{} / {}", first.text, second.text);
        let (owner, other) = if first.status == 200 {
            (&bob, &of_ada)
        } else {
            (&ada, &of_bob)
        };
        owner.patch(other, &json!({ "role": "owner" })).await.expect(200);
        ada.delete(&of_bob).await.expect(204);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn only_owners_touch_owners_and_everybody_may_leave(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (adm, vic) = (
        app.member(&ada, "admin", "Adm").await,
        app.member(&ada, "viewer", "Vic").await,
    );
    let (of_ada, of_adm, of_vic) = (
        membership(&ada, &ada).await,
        membership(&ada, &adm).await,
        membership(&ada, &vic).await,
    );
    adm.delete(&of_ada).await.refused(403, "forbidden");
    adm.patch(&of_vic, &json!({ "role": "owner" }))
        .await
        .refused(403, "forbidden");
    adm.post(
        &ada.in_organization("/invites"),
        &json!({ "email": "x@example.com", "role": "owner" }),
    )
    .await
    .refused(403, "forbidden");
    vic.delete(&of_adm).await.refused(403, "forbidden");
    let promoted = adm
        .patch(&of_vic, &json!({ "role": "developer" }))
        .await
        .expect(200);
    assert_eq!(promoted.body["role"], "developer");
    vic.delete(&of_vic).await.expect(204);
    vic.get(&ada.in_organization("")).await.refused(404, "not_found");
    vic.get(&ada.in_project("/keys")).await.refused(404, "not_found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_invitation_is_for_one_person_once_and_for_a_week(pool: PgPool) {
    let app = TestApp::start_with(&pool, |settings| settings.session.access_seconds = 2_000_000);
    let (ada, bob, eve) = (
        app.sign_up("Ada").await,
        app.sign_up("Bob").await,
        app.sign_up("Eve").await,
    );
    let invites = ada.in_organization("/invites");
    let body = json!({ "email": "BOB@example.com", "role": "developer" });
    let first = ada.post(&invites, &body).await.expect(201);
    assert_eq!(first.body["email"], "bob@example.com");
    let second = ada.post(&invites, &body).await.expect(201);
    let token = |answer: &crate::support::client::Answer| json!({ "token": answer.text_of("accept_token") });
    let accept = "/api/v1/invites/accept";
    bob.post(accept, &token(&first)).await.refused(404, "not_found");
    eve.post(accept, &token(&second)).await.refused(403, "forbidden");
    let listed = ada.get(&invites).await.expect(200).body;
    assert_eq!(
        (
            listed["data"].as_array().unwrap().len(),
            listed["data"][0]["accept_token"].clone()
        ),
        (1, Value::Null)
    );
    app.advance(Duration::from_secs(7 * 86_400));
    bob.post(accept, &token(&second))
        .await
        .refused(410, "invite_expired");
    let third = ada.post(&invites, &body).await.expect(201);
    let (answers, _) = tokio::join!(
        futures_util::future::join_all(
            (0..4).map(|_| async { bob.post(accept, &token(&third)).await.status.as_u16() })
        ),
        async {}
    );
    assert_eq!(
        answers.iter().filter(|status| **status == 201).count(),
        1,
        "{answers:?}"
    );
    bob.get(&ada.in_project("/keys")).await.expect(200);
    ada.post(&invites, &body).await.refused(409, "already_member");
    let open = ada
        .post(&invites, &json!({ "email": "eve@example.com", "role": "viewer" }))
        .await
        .expect(201);
    ada.delete(&format!("{invites}/{}", open.text_of("id")))
        .await
        .expect(204);
    eve.post(accept, &token(&open)).await.refused(404, "not_found");
}
