//! The audit trail: what is in it, and that its chain holds.

use futures_util::FutureExt;
use serde_json::json;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_control_plane::store::audit::{self, ChainedRow};
use sluicegate_control_plane::store::database::Scope;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::TestApp;

async fn chain(app: &TestApp, organization: Uuid) -> Vec<ChainedRow> {
    let read = app.state.within(Scope::System, move |c| {
        audit::list(c, organization, None, 1_000).boxed()
    });
    let mut rows = read.await.unwrap();
    rows.reverse();
    rows
}

fn holds(organization: Uuid, chain: &[ChainedRow]) -> bool {
    let mut previous = vec![0; 32];
    chain.iter().zip(1..).all(|(entry, seq)| {
        let fits = entry.seq == seq
            && entry.prev_hash == previous
            && entry.hash == entry.row.chain_hash(organization, &previous, seq);
        previous.clone_from(&entry.hash);
        fits
    })
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_write_leaves_an_entry_in_an_unbroken_chain(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let (path, http) = (ada.in_project("/keys"), ada.with("x-request-id", "trace-me"));
    futures_util::future::join_all((0..10).map(|n| {
        let (http, path) = (http.clone(), path.clone());
        async move {
            http.post(&path, &json!({ "name": format!("k{n}") }))
                .await
                .expect(201)
        }
    }))
    .await;
    let organization = ada.organization.parse::<OrganizationId>().unwrap().as_uuid();
    let mut rows = chain(&app, organization).await;
    assert!(holds(organization, &rows));
    let actions: Vec<_> = rows.iter().map(|entry| entry.row.action.as_str()).collect();
    assert_eq!(
        actions[..4],
        [
            "user.create",
            "organization.create",
            "project.create",
            "session.create"
        ]
    );
    assert_eq!(actions[4..], ["key.create"; 10]);
    let last = &rows[13].row;
    assert_eq!(
        (last.actor.as_str(), last.request_id.as_deref()),
        (ada.user.as_str(), Some("trace-me"))
    );
    assert_eq!(last.address.as_deref(), Some("127.0.0.1"));
    rows[7].row.detail = "{}".to_owned();
    assert!(!holds(organization, &rows), "a changed entry must show");
}

#[sqlx::test(migrations = "../../migrations")]
async fn admins_read_it_page_by_page(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let mut path = ada.in_organization("/audit-events?limit=3");
    let mut seen = Vec::new();
    loop {
        let page = ada.get(&path).await.expect(200).body;
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["seq"].as_i64().unwrap()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = ada.in_organization(&format!("/audit-events?limit=3&cursor={cursor}"));
    }
    assert_eq!(seen, [4, 3, 2, 1]);
    let viewer = app.member(&ada, "viewer", "Vic").await;
    viewer
        .get(&ada.in_organization("/audit-events"))
        .await
        .refused(403, "forbidden");
}
