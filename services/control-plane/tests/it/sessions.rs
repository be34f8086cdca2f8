//! Sign-in, rotation of refresh tokens, reuse, sign-out, throttling.

use std::time::Duration;

use serde_json::json;
use sqlx::{PgPool, Row};

use crate::support::app::PASSWORD;
use crate::support::client::Answer;
use crate::support::{Client, TestApp};

const SIGN_IN: &str = "/api/v1/auth/sign-in";
const REFRESH: &str = "/api/v1/auth/refresh";
const SIGN_OUT: &str = "/api/v1/auth/sign-out";

/// The refresh cookie an answer sets, as a request would send it.
fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

fn page(app: &TestApp, cookie: &str) -> Client {
    app.anonymous()
        .with("x-sluicegate-csrf", "1")
        .with("cookie", cookie)
}

async fn signed_in(app: &TestApp) -> String {
    app.sign_up("Ada").await;
    let body = json!({ "email": " ADA@example.com", "password": PASSWORD });
    cookie_of(&app.anonymous().post(SIGN_IN, &body).await.expect(200))
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_unknown_address_is_answered_like_a_wrong_password(pool: PgPool) {
    let app = TestApp::start(&pool);
    app.sign_up("Ada").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@example.com", "wrong password"),
        ("eve@example.com", PASSWORD),
        ("ada@example.com", "x"),
    ] {
        let body = json!({ "email": email, "password": password });
        let mut answer = app
            .anonymous()
            .post(SIGN_IN, &body)
            .await
            .refused(401, "invalid_credentials");
        answer.body["request_id"].take();
        answers.push(answer.body);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_cookie_is_for_our_own_origin_only(pool: PgPool) {
    let plain = TestApp::start(&pool);
    plain.sign_up("Ada").await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let set = plain
        .anonymous()
        .post(SIGN_IN, &body)
        .await
        .expect(200)
        .header("set-cookie")
        .to_owned();
    assert!(
        set.starts_with("sluicegate_refresh=") && !set.contains("Secure"),
        "{set}"
    );
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"),
        "{set}"
    );
    let tls = TestApp::start_with(&pool, |settings| {
        settings.http.public_url = "https://gate.example.com".parse().unwrap();
    });
    let set = tls
        .anonymous()
        .post(SIGN_IN, &body)
        .await
        .expect(200)
        .header("set-cookie")
        .to_owned();
    assert!(
        set.starts_with("__Host-sluicegate_refresh=") && set.contains("Secure"),
        "{set}"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn refresh_needs_proof_of_our_own_page(pool: PgPool) {
    let app = TestApp::start(&pool);
    let cookie = signed_in(&app).await;
    let bare = app.anonymous().with("cookie", &cookie);
    bare.post_nothing(REFRESH).await.refused(403, "csrf_refused");
    let foreign = page(&app, &cookie).with("origin", "https://evil.example.com");
    foreign.post_nothing(REFRESH).await.refused(403, "csrf_refused");
    foreign.post_nothing(SIGN_OUT).await.refused(403, "csrf_refused");
    app.anonymous()
        .with("x-sluicegate-csrf", "1")
        .post_nothing(REFRESH)
        .await
        .refused(401, "unauthenticated");
    let own = page(&app, &cookie).with("origin", "http://127.0.0.1:8080");
    own.post_nothing(REFRESH).await.expect(200);
}

/// The public URL is `http://127.0.0.1:8080`; somebody types `localhost`, directly or through a proxy that rewrites the
/// host. Where the public URL is no loopback address, its loopback names are foreign.
#[sqlx::test(migrations = "../../migrations")]
async fn a_loopback_deployment_goes_by_every_name_of_its_machine(pool: PgPool) {
    let app = TestApp::start(&pool);
    let cookie = signed_in(&app).await;
    for (origin, host) in [
        ("http://localhost:8080", "localhost:8080"),
        ("http://localhost:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", "127.0.0.1:8080"),
    ] {
        let page = page(&app, &cookie).with("origin", origin).with("host", host);
        page.post_nothing(REFRESH).await.expect(200);
    }
    let neighbor = page(&app, &cookie).with("origin", "http://localhost:5173");
    neighbor.post_nothing(REFRESH).await.refused(403, "csrf_refused");

    let public = TestApp::start_with(&pool, |settings| {
        settings.http.public_url = "http://gate.example.com:8080".parse().unwrap();
    });
    let local = page(&public, &cookie).with("origin", "http://localhost:8080");
    local.post_nothing(REFRESH).await.refused(403, "csrf_refused");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_replaced_token_answers_with_the_same_successor_for_twenty_seconds(pool: PgPool) {
    let app = TestApp::start(&pool);
    let first = signed_in(&app).await;
    let second = cookie_of(&page(&app, &first).post_nothing(REFRESH).await.expect(200));
    assert_ne!(first, second);
    app.advance(Duration::from_secs(20));
    assert_eq!(
        cookie_of(&page(&app, &first).post_nothing(REFRESH).await.expect(200)),
        second
    );
    let third = page(&app, &second).post_nothing(REFRESH).await.expect(200);
    let token = third.text_of("access_token");
    app.anonymous()
        .with("authorization", &format!("Bearer {token}"))
        .get("/api/v1/me")
        .await
        .expect(200);
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_pages_that_refresh_at_once_both_stay_signed_in(pool: PgPool) {
    let app = TestApp::start(&pool);
    let cookie = signed_in(&app).await;
    let pages: Vec<_> = (0..8).map(|_| page(&app, &cookie)).collect();
    let answers = futures_util::future::join_all(pages.iter().map(|page| page.post_nothing(REFRESH))).await;
    let cookies: Vec<_> = answers
        .into_iter()
        .map(|answer| cookie_of(&answer.expect(200)))
        .collect();
    assert!(cookies.windows(2).all(|pair| pair[0] == pair[1]));
    page(&app, &cookies[0]).post_nothing(REFRESH).await.expect(200);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_reused_token_ends_its_own_session_and_no_other(pool: PgPool) {
    let app = TestApp::start(&pool);
    let first = signed_in(&app).await;
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let other = cookie_of(&app.anonymous().post(SIGN_IN, &body).await.expect(200));
    let second = cookie_of(&page(&app, &first).post_nothing(REFRESH).await.expect(200));
    app.advance(Duration::from_secs(21));
    page(&app, &first)
        .post_nothing(REFRESH)
        .await
        .refused(401, "unauthenticated");
    page(&app, &second)
        .post_nothing(REFRESH)
        .await
        .refused(401, "unauthenticated");
    page(&app, &other).post_nothing(REFRESH).await.expect(200);
    let ended = sqlx::query("select ended_because from sessions where ended_at is not null");
    assert_eq!(
        ended.fetch_one(&app.judge).await.unwrap().get::<String, _>(0),
        "reused"
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_forged_token_ends_nothing(pool: PgPool) {
    let app = TestApp::start(&pool);
    let cookie = signed_in(&app).await;
    let (name, token) = cookie.split_once('=').unwrap();
    let session = token.split('.').next().unwrap();
    for forged in [
        format!("{session}.-1.AAAA"),
        format!("{session}.7.AAAA"),
        "junk".to_owned(),
    ] {
        page(&app, &format!("{name}={forged}"))
            .post_nothing(REFRESH)
            .await
            .refused(401, "unauthenticated");
    }
    page(&app, &cookie).post_nothing(REFRESH).await.expect(200);
}

#[sqlx::test(migrations = "../../migrations")]
async fn sign_out_ends_the_session_and_repeats_are_harmless(pool: PgPool) {
    let app = TestApp::start(&pool);
    let cookie = signed_in(&app).await;
    for _ in 0..2 {
        let answer = page(&app, &cookie).post_nothing(SIGN_OUT).await.expect(204);
        assert!(answer.header("set-cookie").contains("Max-Age=0"));
    }
    page(&app, &cookie)
        .post_nothing(REFRESH)
        .await
        .refused(401, "unauthenticated");
    app.anonymous()
        .with("x-sluicegate-csrf", "1")
        .post_nothing(SIGN_OUT)
        .await
        .expect(204);
}

#[sqlx::test(migrations = "../../migrations")]
async fn tokens_and_idle_sessions_run_out(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    app.advance(Duration::from_secs(599));
    ada.get("/api/v1/me").await.expect(200);
    app.advance(Duration::from_secs(1));
    ada.get("/api/v1/me").await.refused(401, "unauthenticated");
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    let cookie = cookie_of(&app.anonymous().post(SIGN_IN, &body).await.expect(200));
    app.advance(Duration::from_secs(30 * 86_400));
    page(&app, &cookie)
        .post_nothing(REFRESH)
        .await
        .refused(401, "unauthenticated");
}

#[sqlx::test(migrations = "../../migrations")]
async fn attempts_are_limited_by_account_and_by_address(pool: PgPool) {
    let app = TestApp::start_with(&pool, |settings| {
        settings.throttle.per_account = 2;
        settings.throttle.per_address = 6;
    });
    app.sign_up("Ada").await;
    let wrong = json!({ "email": "ada@example.com", "password": "wrong password" });
    for _ in 0..2 {
        app.anonymous()
            .post(SIGN_IN, &wrong)
            .await
            .refused(401, "invalid_credentials");
    }
    let right = json!({ "email": "ada@example.com", "password": PASSWORD });
    let refused = app
        .anonymous()
        .post(SIGN_IN, &right)
        .await
        .refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "600");
    for _ in 0..2 {
        app.anonymous()
            .post(
                SIGN_IN,
                &json!({ "email": "eve@example.com", "password": PASSWORD }),
            )
            .await
            .expect(401);
    }
    let anybody = json!({ "email": "bob@example.com", "password": PASSWORD });
    app.anonymous()
        .post(SIGN_IN, &anybody)
        .await
        .refused(429, "rate_limited");
    app.advance(Duration::from_secs(600));
    app.anonymous().post(SIGN_IN, &right).await.expect(200);
}
