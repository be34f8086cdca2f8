//! The dashboard's files and the headers browsers get.

use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrations = "../../migrations")]
async fn the_dashboard_is_served_with_its_own_routing(pool: PgPool) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    std::fs::write(folder.path().join("index.html"), "<title>start</title>").unwrap();
    std::fs::write(folder.path().join("assets/app-1a2b.js"), "run()").unwrap();
    let app = TestApp::start_with(&pool, |settings| {
        settings.web_dir = Some(folder.path().to_owned());
    });
    let anybody = app.anonymous();
    for path in ["/", "/projects/default/keys", "/sign-in?next=%2F"] {
        let page = anybody.get(path).await.expect(200);
        assert!(page.text.contains("start"), "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self';") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
    let script = anybody.get("/assets/app-1a2b.js").await.expect(200);
    assert_eq!(
        script.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    for gone in [
        "/assets/old.js",
        "/favicon.ico",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
    ] {
        assert_ne!(anybody.get(gone).await.status, 200, "{gone}");
    }
    assert_eq!(
        anybody
            .get("/assets/old.js")
            .await
            .expect(404)
            .header("cache-control"),
        "no-store"
    );
    anybody.get("/api/v1/nothing").await.refused(404, "not_found");
    let document = anybody.get("/api/openapi.json").await.expect(200);
    assert_eq!(document.body["openapi"], "3.1.0");
}
