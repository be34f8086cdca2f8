//! Versions of routes that take over in stages: driven by hand and by what they do, halted when they do worse.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::{Outcome, RouteRef, UsageRecord};
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::rollouts::Rollouts;
use sqlx::{PgPool, Row};

use crate::support::usage::{Writer, drain, entries, id_at};
use crate::support::{Client, TestApp};

/// Somebody with a route at version 1.
struct World {
    app: TestApp,
    ada: Client,
    writer: Writer,
    route: String,
    seq: u64,
}

fn routed(slug: &str, model: &str) -> Value {
    json!({ "slug": slug, "strategy": "ordered", "targets": [{ "model": model }] })
}

/// Two stages of a minute.
fn plan() -> Value {
    json!({ "stages": [10, 50], "hold_minutes": 1, "halt_when": { "min_requests": 20 } })
}

impl World {
    async fn new(pool: &PgPool) -> Self {
        let app = TestApp::start(pool);
        let ada = app.sign_up("Ada").await;
        let body = routed("support", "sluicegate/echo");
        let made = ada.post(&ada.in_project("/routes"), &body).await.expect(201);
        Self {
            writer: Writer::of(&ada),
            route: made.text_of("id"),
            app,
            ada,
            seq: 0,
        }
    }

    fn path(&self, rest: &str) -> String {
        self.ada.in_project(&format!("/routes/{}{rest}", self.route))
    }

    async fn draft(&self, document: &Value) {
        let any = self.ada.with("if-match", "*");
        let path = self.path("/draft");
        any.send(Method::PUT, &path, Some(document.to_string()))
            .await
            .expect(200);
    }

    async fn publish(&self, body: &Value) -> crate::support::client::Answer {
        let any = self.ada.with("if-match", "*");
        any.post(&self.path("/draft/publish"), body).await
    }

    /// Rolls out version 2.
    async fn rolling(&self) -> Value {
        self.draft(&routed("support", "sluicegate/echo")).await;
        let body = json!({ "message": "Try it.", "rollout": plan() });
        self.publish(&body).await.expect(200).body
    }

    async fn rollout(&self) -> Value {
        self.ada.get(&self.path("/rollout")).await.expect(200).body
    }

    /// Does what has a verb, and shows the rollout after it.
    async fn act(&self, verb: &str) -> Value {
        self.ada
            .post_nothing(&self.path(&format!("/rollout/{verb}")))
            .await
            .expect(200)
            .body
    }

    /// Requests of a version, of which so many fail.
    async fn serve(&mut self, version: u32, count: u64, errors: u64) {
        let records: Vec<UsageRecord> = (0..count)
            .map(|n| {
                self.seq += 1;
                let mut record = self.writer.record(self.seq);
                // A millisecond after another, from the present on.
                let at =
                    self.app.state.now().unwrap().unix_timestamp() * 1_000 + i64::try_from(self.seq).unwrap();
                record.started_at = UnixMillis::new(at);
                record.request = RequestId::from(id_at(at, self.seq));
                record.route = Some(RouteRef {
                    id: self.route.parse().unwrap(),
                    slug: "support".to_owned(),
                    version,
                });
                if n < errors {
                    record.outcome = Outcome::Failed;
                }
                record
            })
            .collect();
        self.app.queue.append(&entries(&records)).await.unwrap();
        drain(&self.app).await;
        self.app.advance(Duration::from_secs(1));
    }

    async fn look(&self) {
        Rollouts::new(self.app.state.clone()).pass().await.unwrap();
    }

    /// Each version with what became of it, newest first, and the number of the next one as route and draft tell it.
    async fn versions(&self) -> (Value, Value) {
        let list = self.ada.get(&self.path("/versions")).await.expect(200).body;
        let told = list["data"].as_array().unwrap().iter();
        let told = told.map(|it| json!([it["version"], it["state"]])).collect();
        let route = self.ada.get(&self.path("")).await.expect(200).body;
        self.draft(&routed("support", "sluicegate/echo")).await;
        let draft = self.ada.get(&self.path("/draft")).await.expect(200).body;
        assert_eq!(route["next_version"], draft["next_version"]);
        (told, draft["next_version"].clone())
    }

    /// What workers know of the rollout.
    async fn told(&self) -> (Value, Value) {
        let route = &self.app.published("route").await[0];
        (route["version"].clone(), route["rollout"]["percent"].clone())
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_version_that_does_well_takes_over_stage_by_stage(pool: PgPool) {
    let mut world = World::new(&pool).await;
    world
        .ada
        .get(&world.path("/rollout"))
        .await
        .refused(404, "not_found");
    let published = world.rolling().await;
    let shown = json!({ "version": 2, "state": "progressing", "percent": 10 });
    assert_eq!(
        (&published["version"], &published["rollout"]),
        (&json!(1), &shown)
    );
    assert_eq!(world.told().await, (json!(1), json!(10)));
    let rollout = world.rollout().await;
    assert_eq!(
        (&rollout["stage"], &rollout["waiting_for"]),
        (&json!(1), &json!("requests"))
    );
    assert_eq!(
        rollout["halt_when"]["error_rate_points"], 2.0,
        "what is not said is usual"
    );

    world.serve(1, 40, 0).await;
    world.serve(2, 25, 0).await;
    world.look().await;
    let rollout = world.rollout().await;
    assert_eq!(
        (&rollout["percent"], &rollout["waiting_for"]),
        (&json!(10), &json!("time"))
    );
    let newer = json!({ "requests": 25, "errors": 0, "error_percent": 0.0, "ttft_p95_ms": 20.3,
        "mean_cost": { "amount": "0.000000412", "currency": "USD" } });
    assert_eq!(
        (
            &rollout["figures"]["newer"],
            &rollout["figures"]["published"]["requests"]
        ),
        (&newer, &json!(40))
    );

    world.app.advance(Duration::from_secs(60));
    tokio::join!(world.look(), world.look());
    let rollout = world.rollout().await;
    assert_eq!(
        (&rollout["percent"], &rollout["stage"]),
        (&json!(50), &json!(2)),
        "two control planes do it once"
    );
    assert_eq!(
        rollout["figures"]["newer"]["requests"], 0,
        "each stage has figures of its own"
    );
    assert_eq!(world.told().await, (json!(1), json!(50)));

    world.serve(1, 30, 1).await;
    world.serve(2, 30, 1).await;
    world.app.advance(Duration::from_secs(60));
    world.look().await;
    assert_eq!(world.told().await, (json!(2), Value::Null));
    let route = world.ada.get(&world.path("")).await.expect(200).body;
    assert_eq!((&route["version"], &route["rollout"]), (&json!(2), &Value::Null));
    let rollout = world.rollout().await;
    assert_eq!(
        (&rollout["state"], &rollout["percent"]),
        (&json!("completed"), &json!(100))
    );
    for verb in ["advance", "halt", "resume", "complete", "abort"] {
        let path = world.path(&format!("/rollout/{verb}"));
        world.ada.post_nothing(&path).await.refused(409, "conflict");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn figures_that_leave_older_requests_out_say_so(pool: PgPool) {
    let mut world = World::new(&pool).await;
    world.rolling().await;
    world.serve(1, 1, 0).await;
    assert_eq!(world.rollout().await["figures"]["is_cut"], false);
    // The same request again and again, under ids that follow its own.
    let copies = sqlx::query(
        "insert into requests select copy.* from requests request cross join generate_series(2, 50001) n
            cross join lateral (select overlay(request.id::text placing lpad(to_hex(n), 12, '0') from 25) id) next
            cross join lateral jsonb_populate_record(request, jsonb_build_object('id', next.id)) copy",
    );
    copies.execute(&world.app.judge).await.unwrap();
    let figures = &world.rollout().await["figures"];
    assert_eq!(
        (&figures["published"]["requests"], &figures["is_cut"]),
        (&json!(50_000), &json!(true))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_version_that_fails_is_halted_and_everybody_is_told(pool: PgPool) {
    let mut world = World::new(&pool).await;
    let hook = json!({ "name": "w", "url": "https://example.com/" });
    world
        .ada
        .post(&world.ada.in_organization("/webhooks"), &hook)
        .await
        .expect(201);
    world.rolling().await;
    world.serve(1, 180, 2).await;
    world.serve(2, 20, 1).await;
    world.look().await;
    assert_eq!(
        world.rollout().await["state"],
        "progressing",
        "one error is chance"
    );
    world.serve(2, 10, 10).await;
    world.look().await;

    let halted = world.rollout().await;
    assert_eq!(
        (&halted["state"], &halted["percent"]),
        (&json!("halted"), &json!(0))
    );
    assert_eq!(halted["reason"]["code"], "error_rate");
    let detail = halted["reason"]["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("36.7 % of its requests failed, and 1.1 %"),
        "{detail}"
    );
    assert_eq!(
        world.told().await,
        (json!(1), Value::Null),
        "nobody is sent there any more"
    );
    let sent = sqlx::query("select event_type, body from webhook_deliveries");
    let sent = sent.fetch_one(&world.app.judge).await.unwrap();
    assert_eq!(sent.get::<String, _>(0), "route.rollout.halted");
    let event: Value = serde_json::from_str(sent.get(1)).unwrap();
    assert_eq!(
        (&event["data"]["version"], &event["data"]["reason"]),
        (&json!(2), &halted["reason"])
    );
    let audit = world
        .ada
        .get(&world.ada.in_organization("/audit-events"))
        .await
        .expect(200)
        .body;
    assert_eq!(audit["data"][0]["action"], "route_rollout.halt");

    world
        .ada
        .post_nothing(&world.path("/rollout/advance"))
        .await
        .refused(409, "conflict");
    let resumed = world.act("resume").await;
    assert_eq!(
        (&resumed["state"], &resumed["percent"]),
        (&json!("progressing"), &json!(10))
    );
    world.look().await;
    assert_eq!(
        world.rollout().await["state"],
        "progressing",
        "what was before does not count again"
    );
    let aborted = world.act("abort").await;
    assert_eq!(
        (&aborted["state"], &aborted["percent"]),
        (&json!("aborted"), &json!(0))
    );
    assert_eq!(world.told().await, (json!(1), Value::Null));

    world.draft(&routed("support", "sluicegate/echo")).await;
    let next = world
        .publish(&json!({ "message": "Anew." }))
        .await
        .expect(200)
        .body;
    assert_eq!(next["version"], 3, "the number of a version never comes back");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_rollout_is_driven_by_hand_by_those_who_know_how_it_stands(pool: PgPool) {
    let world = World::new(&pool).await;
    world.rolling().await;
    let known = world.ada.get(&world.path("/rollout")).await.expect(200);
    let knowing = world.ada.with("if-match", known.header("etag"));
    let advance = world.path("/rollout/advance");
    let advanced = knowing.post_nothing(&advance).await.expect(200);
    assert_eq!(advanced.body["percent"], 50);
    knowing
        .post_nothing(&advance)
        .await
        .refused(412, "version_conflict");
    let halted = world.act("halt").await;
    assert_eq!(halted["reason"]["code"], "by_hand");
    let completed = world.act("complete").await;
    assert_eq!(completed["state"], "completed");
    assert_eq!(world.told().await, (json!(2), Value::Null));
    let versions = world.ada.get(&world.path("/versions/2")).await.expect(200).body;
    assert_eq!(versions["message"], "Try it.");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_version_says_what_became_of_it_and_its_number_never_comes_back(pool: PgPool) {
    let world = World::new(&pool).await;
    assert_eq!(world.versions().await, (json!([[1, "published"]]), json!(2)));
    world.rolling().await;
    let rolling = json!([[2, "rolling_out"], [1, "published"]]);
    assert_eq!(world.versions().await, (rolling.clone(), json!(3)));
    world.act("halt").await;
    assert_eq!(world.versions().await, (rolling, json!(3)));
    world.act("abort").await;
    let given_up = json!([[2, "given_up"], [1, "published"]]);
    assert_eq!(world.versions().await, (given_up, json!(3)));
    assert_eq!(world.rolling().await["next_version"], 4);
    world.act("complete").await;
    let completed = json!([[3, "published"], [2, "given_up"], [1, "superseded"]]);
    assert_eq!(world.versions().await, (completed, json!(4)));
    let first = world.ada.get(&world.path("/versions/1")).await.expect(200).body;
    assert_eq!(first["state"], "superseded");
    let at_once = world.publish(&json!({ "message": "At once." })).await.expect(200);
    assert_eq!(
        (&at_once.body["version"], &at_once.body["next_version"]),
        (&json!(4), &json!(5))
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_rollback_ends_a_rollout(pool: PgPool) {
    let world = World::new(&pool).await;
    world.rolling().await;
    let back = world.path("/rollback");
    let same = world
        .ada
        .post(&back, &json!({ "to_version": 1 }))
        .await
        .expect(200)
        .body;
    assert_eq!((&same["version"], &same["rollout"]), (&json!(1), &Value::Null));
    assert_eq!(world.told().await, (json!(1), Value::Null));
    assert_eq!(world.rollout().await["state"], "aborted");
    let refused = world.ada.post(&back, &json!({ "to_version": 1 })).await;
    assert_eq!(
        refused.refused(422, "validation_failed").body["errors"][0]["code"],
        "is_published"
    );

    let change = json!({ "targets": [{ "model": "sluicegate/echo" }, { "model": "sluicegate/echo:500" }] });
    world
        .ada
        .with("if-match", "\"1\"")
        .patch(&world.path(""), &change)
        .await
        .expect(200);
    world.rolling().await;
    let older = world
        .ada
        .post(&back, &json!({ "to_version": 1 }))
        .await
        .expect(200)
        .body;
    assert_eq!((&older["version"], &older["rollout"]), (&json!(5), &Value::Null));
    assert_eq!(world.told().await, (json!(5), Value::Null));
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_cannot_be_rolled_out_is_refused_with_a_way_out(pool: PgPool) {
    let world = World::new(&pool).await;
    let staged = json!({ "message": "m", "rollout": plan() });
    let mut renamed = routed("support", "sluicegate/echo");
    renamed["aliases"] = json!(["fast"]);
    for (document, at) in [
        (routed("help", "sluicegate/echo"), "/slug"),
        (renamed, "/aliases"),
    ] {
        world.draft(&document).await;
        let refused = world.publish(&staged).await.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], at);
    }
    world.draft(&routed("support", "route/support")).await;
    let refused = world.publish(&staged).await.refused(422, "validation_failed");
    assert_eq!(
        refused.body["errors"][0]["code"], "route_loop",
        "it is judged as every publication"
    );
    let descending = json!({ "message": "m", "rollout": { "stages": [50, 5] } });
    let refused = world.publish(&descending).await.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/rollout/stages");

    let begun = world
        .ada
        .post(
            &world.ada.in_project("/route-drafts"),
            &routed("new", "sluicegate/echo"),
        )
        .await;
    let path = world.ada.in_project(&format!(
        "/routes/{}/draft/publish",
        begun.expect(201).text_of("route")
    ));
    let refused = world.ada.with("if-match", "*").post(&path, &staged).await;
    assert_eq!(
        refused.refused(422, "validation_failed").body["errors"][0]["code"],
        "nothing_published"
    );

    let account = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    let account = world
        .ada
        .post(&world.ada.in_project("/connections"), &account)
        .await
        .expect(201);
    let mut pinned = routed("support", "openai/gpt-4o");
    pinned["targets"][0]["connection"] = json!(account.text_of("id"));
    world.draft(&pinned).await;
    world.publish(&staged).await.expect(200);
    let account = world
        .ada
        .in_project(&format!("/connections/{}", account.text_of("id")));
    let any = world.ada.with("if-match", "*");
    any.delete(&account).await.refused(409, "in_use");
    let change = json!({ "aliases": ["fast"] });
    any.patch(&world.path(""), &change)
        .await
        .refused(409, "rollout_under_way");
    world.draft(&routed("support", "sluicegate/echo")).await;
    for body in [&staged, &json!({ "message": "m" })] {
        world.publish(body).await.refused(409, "rollout_under_way");
    }
    any.delete(&world.path("")).await.expect(204);
    world.look().await;
    assert_eq!(world.app.published("route").await.len(), 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_explanation_asks_the_published_version_unless_another_is_named(pool: PgPool) {
    let world = World::new(&pool).await;
    world.rolling().await;
    let explained = async |version: Value| {
        let body = json!({ "model": "route/support", "version": version });
        world
            .ada
            .post(&world.ada.in_project("/explanations"), &body)
            .await
    };
    for (version, shown) in [(Value::Null, 1), (json!(2), 2)] {
        let told = explained(version).await.expect(200).body;
        assert_eq!(told["route"]["version"], shown);
        let caveats = told["caveats"].as_array().unwrap();
        assert!(
            caveats.iter().any(|it| it["code"] == "rollout_under_way"),
            "{told}"
        );
    }
    let refused = explained(json!(3)).await.refused(422, "validation_failed");
    assert_eq!(refused.body["errors"][0]["pointer"], "/version");
    world.act("abort").await;
    let told = explained(Value::Null).await.expect(200).body;
    let caveats = told["caveats"].as_array().unwrap();
    assert!(
        !caveats.iter().any(|it| it["code"] == "rollout_under_way"),
        "{told}"
    );
}
