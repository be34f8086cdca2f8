//! Walks the OpenAPI document: every operation refuses callers without a token, strangers, and members with too small
//! a role, and lets the named role pass.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sluicegate_control_plane::openapi;
use sqlx::PgPool;

use crate::support::usage::{Writer, entry};
use crate::support::{Client, TestApp};

/// Operations that act on nobody's tenant: signed in is enough.
const PERSONAL: [&str; 9] = [
    "accept_invite",
    "create_organization",
    "get_deployment",
    "get_model",
    "list_models",
    "list_organizations",
    "list_projects",
    "list_providers",
    "me",
];
/// Operations anybody may ask for.
const PUBLIC: [&str; 6] = [
    "refresh",
    "sign_in",
    "sign_out",
    "sign_up",
    "take_stripe_event",
    "version",
];
/// What operations of the operator name as their role: no member has it.
const OPERATOR_ROLE: &str = "operator";
const ROLES: [&str; 4] = ["viewer", "developer", "admin", "owner"];

/// An application whose webhooks may lead nowhere near by, so that nothing is sent out.
fn started(pool: &PgPool) -> TestApp {
    TestApp::start_with(pool, |settings| {
        settings.upstream.allow_private = "127.0.0.0/8".parse().unwrap();
    })
}

struct Operation {
    id: String,
    method: Method,
    path: String,
    role: Option<String>,
    public: bool,
    has_body: bool,
}

impl Operation {
    /// Whether some member of an organization may call it.
    fn is_a_members(&self) -> bool {
        self.role.as_ref().is_some_and(|role| role != OPERATOR_ROLE)
    }
}

fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let all = paths.into_iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().clone();
        methods.into_iter().map(move |(method, operation)| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase().parse().unwrap(),
            path: path.clone(),
            role: operation["x-sluicegate-role"].as_str().map(str::to_owned),
            public: operation["security"].is_array() && operation["x-sluicegate-role"] != OPERATOR_ROLE,
            has_body: operation["requestBody"].is_object(),
        })
    });
    all.collect()
}

/// Objects of one tenant, and a body for every operation that takes one.
struct World {
    ids: BTreeMap<&'static str, String>,
    organization: String,
}

fn fact_statement() -> Value {
    json!({
        "about": { "provider": "openai" }, "facts": { "retention_days": 0 },
        "evidence": "contract 4711 of 2025", "as_of": "2025-12-01",
    })
}

/// The id of something new of the organization.
async fn made(owner: &Client, path: &str, body: &Value) -> String {
    let made = owner.post(&owner.in_organization(path), body).await;
    made.expect(201).text_of("id")
}

async fn push_signal(owner: &Client) {
    let signal = json!({ "value": 1, "ttl_seconds": 60 }).to_string();
    let path = owner.in_project("/signals/load");
    owner.send(Method::PUT, &path, Some(signal)).await.expect(200);
    let (path, source) = (format!("{path}/source"), signal_source().to_string());
    owner.send(Method::PUT, &path, Some(source)).await.expect(200);
}

impl World {
    async fn of(app: &TestApp, owner: &Client, guest: &str) -> Self {
        let key = owner
            .post(&owner.in_project("/keys"), &json!({ "name": "k" }))
            .await
            .expect(201);
        let connection = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
        let connection = owner
            .post(&owner.in_project("/connections"), &connection)
            .await
            .expect(201);
        let route = json!({ "slug": "r1", "strategy": "ordered", "targets": [{ "model": "m" }] });
        let route = owner.post(&owner.in_project("/routes"), &route).await.expect(201);
        let invite = json!({ "email": "x@example.com", "role": "viewer" });
        let invite = made(owner, "/invites", &invite).await;
        let budget = json!({ "name": "b", "limit": { "amount": "1" }, "interval": "day" });
        let budget = made(owner, "/budgets", &budget).await;
        let top_up = json!({ "amount": { "amount": "5" } });
        let top_up = made(owner, "/top-ups", &top_up).await;
        let invoice = made(owner, "/provider-invoices", &provider_invoice()).await;
        let management = json!({ "name": "ci", "role": "viewer" });
        let management = made(owner, "/management-keys", &management).await;
        let statement = made(owner, "/facts", &fact_statement()).await;
        let webhook = made(owner, "/webhooks", &webhook()).await;
        let limit = json!({ "metric": "requests", "amount": 60 });
        let limit = made(owner, "/limits", &limit).await;
        let draft = json!({ "slug": "r1", "strategy": "ordered", "targets": [{ "model": "m" }] }).to_string();
        let path = owner.in_project(&format!("/routes/{}/draft", route.text_of("id")));
        let write = || owner.send(Method::PUT, &path, Some(draft.clone()));
        write().await.expect(200);
        let staged = json!({ "message": "m", "rollout": {} });
        let publish = format!("{path}/publish");
        owner
            .with("if-match", "*")
            .post(&publish, &staged)
            .await
            .expect(200);
        write().await.expect(200);
        push_signal(owner).await;
        app.member(owner, "viewer", guest).await;
        let members = owner
            .get(&owner.in_organization("/members?limit=1"))
            .await
            .expect(200);
        let ids = BTreeMap::from([
            ("org", owner.organization.clone()),
            ("project", owner.project.clone()),
            ("key", key.text_of("id")),
            ("connection", connection.text_of("id")),
            ("route", route.text_of("id")),
            ("version", "1".to_owned()),
            ("budget", budget),
            ("limit", limit),
            ("webhook", webhook),
            ("signal", "load".to_owned()),
            ("statement", statement),
            ("management_key", management),
            ("invite", invite),
            ("top_up", top_up),
            ("invoice", invoice),
            (
                "member",
                members.body["data"][0]["id"].as_str().unwrap().to_owned(),
            ),
            ("request", logged_request(app, owner).await),
            ("experiment", "trial".to_owned()),
            ("vendor", "openai".to_owned()),
            ("name", "gpt-4o".to_owned()),
        ]);
        Self {
            ids,
            organization: owner.organization.clone(),
        }
    }

    fn path(&self, operation: &Operation) -> String {
        self.ids.iter().fold(operation.path.clone(), |path, (name, id)| {
            path.replace(&format!("{{{name}}}"), id)
        })
    }

    fn body(&self, operation: &Operation, salt: usize) -> Option<String> {
        let body = match operation.id.as_str() {
            "create_key" | "derive_key" => json!({ "name": "k" }),
            "create_connection" => {
                json!({ "slug": format!("c{salt}"), "provider": "openai-compatible", "base_url": "https://example.com" })
            }
            "set_signal_source" => signal_source(),
            "push_signal" => json!({ "value": 1, "ttl_seconds": 60 }),
            "create_route" | "check_route" | "begin_route_draft" | "write_route_draft" => {
                json!({ "slug": format!("r-{salt}"), "strategy": "ordered", "targets": [{ "model": "m" }] })
            }
            "roll_back_route" => json!({ "to_version": 1 }),
            "publish_route_draft" => json!({ "message": "m" }),
            "create_budget" => json!({ "name": "b", "limit": { "amount": "1" }, "interval": "day" }),
            "create_budget_adjustment" => json!({ "amount": { "amount": "1" }, "reason": "x" }),
            "evaluate_budgets" => {
                json!({ "key": self.ids["key"], "model": "m", "cost": { "amount": "1" } })
            }
            "create_provider_invoice" => provider_invoice(),
            "create_top_up" => json!({ "amount": { "amount": "1" } }),
            "create_webhook" => webhook(),
            "create_fact_statement" => fact_statement(),
            "prove_constraints" => json!({ "claim": {} }),
            "explain_request" => json!({ "model": "m" }),
            "create_limit" => json!({ "metric": "concurrency", "amount": 4 }),
            "create_management_key" => json!({ "name": "m", "role": "viewer" }),
            "create_invite" => json!({ "email": format!("i{salt}@example.com"), "role": "viewer" }),
            "create_project" => {
                json!({ "organization": self.organization, "name": "P", "slug": format!("p-{salt}") })
            }
            "update_member" => json!({ "role": "viewer" }),
            "rotate_key" | "rotate_webhook" => json!({ "overlap_seconds": 0 }),
            "accept_invite" => json!({ "token": "x" }),
            _ => json!({}),
        };
        operation.has_body.then(|| body.to_string())
    }
}

fn signal_source() -> Value {
    json!({ "url": "https://example.com/", "every_seconds": 60 })
}

fn webhook() -> Value {
    json!({ "name": "w", "url": "http://127.0.0.1:9/" })
}

fn provider_invoice() -> Value {
    json!({
        "provider": "openai", "name": "November",
        "lines": [{ "date": "2026-11-03", "model": "gpt-4o", "amount": "1" }],
    })
}

/// A request in the owner's log.
async fn logged_request(app: &TestApp, owner: &Client) -> String {
    let mut record = Writer::of(owner).record(1);
    let decision = json!({ "config": { "version": 7, "state_hash": 255 }, "facts": { "input_tokens": 1, "stream": false } });
    record.decision = Some(serde_json::from_value(decision).unwrap());
    app.queue.append(&[entry(&record)]).await.unwrap();
    let mut ingester = UsageIngester::new(app.state.clone(), app.queue.clone(), BackgroundMetrics::default());
    while app.queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
    record.request.to_string()
}

async fn send(
    who: &Client,
    world: &World,
    operation: &Operation,
    salt: usize,
) -> crate::support::client::Answer {
    who.send(
        operation.method.clone(),
        &world.path(operation),
        world.body(operation, salt),
    )
    .await
}

#[test]
fn every_operation_says_who_may_call_it() {
    for operation in operations() {
        let listed = (
            PUBLIC.contains(&operation.id.as_str()),
            PERSONAL.contains(&operation.id.as_str()),
        );
        let expected = match (operation.public, &operation.role) {
            (true, None) => (true, false),
            (false, None) => (false, true),
            (_, Some(role)) => {
                let is_known = role == OPERATOR_ROLE || ROLES.contains(&role.as_str());
                assert!(is_known, "{}", operation.id);
                (false, false)
            }
        };
        assert_eq!(
            listed, expected,
            "{} must name its role or be listed here",
            operation.id
        );
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn without_a_token_everything_is_401(pool: PgPool) {
    let app = started(&pool);
    let owner = app.sign_up("Ada").await;
    let world = World::of(&app, &owner, "Target").await;
    let forged = app
        .anonymous()
        .with("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.");
    for operation in operations().iter().filter(|operation| !operation.public) {
        for who in [&app.anonymous(), &forged] {
            let answer = send(who, &world, operation, 0).await;
            assert_eq!(answer.status, 401, "{}: {}", operation.id, answer.text);
            let garbage = operation.has_body.then(|| "{".to_owned());
            let answer = who
                .send(operation.method.clone(), &world.path(operation), garbage)
                .await;
            assert_eq!(
                answer.status, 401,
                "{} judges the body of strangers",
                operation.id
            );
        }
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_stranger_finds_nothing(pool: PgPool) {
    let app = started(&pool);
    let (owner, stranger) = (app.sign_up("Ada").await, app.sign_up("Eve").await);
    let world = World::of(&app, &owner, "Target").await;
    let own = World::of(&app, &stranger, "Other").await;
    for operation in operations().iter().filter(|operation| operation.is_a_members()) {
        send(&stranger.with("if-match", "*"), &world, operation, 1)
            .await
            .refused(404, "not_found");
        // Her own project, somebody else's object inside it.
        let inner = [
            "budget",
            "limit",
            "webhook",
            "management_key",
            "statement",
            "key",
            "connection",
            "route",
            "invite",
            "member",
            "request",
            "top_up",
            "invoice",
        ]
        .into_iter()
        .find(|name| operation.path.contains(&format!("{{{name}}}")));
        let Some(inner) = inner else { continue };
        let mut ids = own.ids.clone();
        ids.insert(inner, world.ids[inner].clone());
        let mixed = World {
            ids,
            organization: own.organization.clone(),
        };
        send(&stranger.with("if-match", "*"), &mixed, operation, 2)
            .await
            .refused(404, "not_found");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_member_is_the_operator(pool: PgPool) {
    let app = started(&pool);
    let owner = app.sign_up("Ada").await;
    let world = World::of(&app, &owner, "Target").await;
    let operators: Vec<Operation> = operations()
        .into_iter()
        .filter(|operation| operation.role.as_deref() == Some(OPERATOR_ROLE))
        .collect();
    assert!(operators.len() >= 5);
    for operation in &operators {
        send(&owner, &world, operation, 0)
            .await
            .refused(401, "unauthenticated");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_role_below_the_named_one_is_403_and_the_named_one_passes(pool: PgPool) {
    let app = started(&pool);
    let owner = app.sign_up("Ada").await;
    let mut members = BTreeMap::from([("owner", owner.clone())]);
    for (role, name) in [("viewer", "Vic"), ("developer", "Dev"), ("admin", "Adm")] {
        members.insert(role, app.member(&owner, role, name).await);
    }
    let world = World::of(&app, &owner, "Target").await;
    let mut operations = operations();
    // What is deleted for good is deleted last, and what is part of something before that.
    operations.sort_by_key(|operation| {
        let is_delete = operation.method == Method::DELETE;
        (is_delete, Reverse(operation.path.split('/').count()))
    });
    for (salt, operation) in operations.iter().enumerate() {
        let Some(needed) = operation.role.as_ref().filter(|_| operation.is_a_members()) else {
            continue;
        };
        let place = ROLES.iter().position(|role| role == needed).unwrap();
        for below in &ROLES[..place] {
            send(&members[below].with("if-match", "*"), &world, operation, salt)
                .await
                .refused(403, "forbidden");
        }
        // An If-Match that cannot hold shows that the caller passed without changing what later operations need.
        let answer = send(
            &members[needed.as_str()].with("if-match", "\"999\""),
            &world,
            operation,
            salt,
        )
        .await;
        // No worker runs here, so a connection test gets as far as looking for one.
        let no_worker = operation.id == "test_connection" && answer.status == 503;
        let passed = answer.status.is_success() || answer.status == 412 || no_worker;
        assert!(passed, "{} refuses {needed}: {}", operation.id, answer.text);
    }
    let me: Value = owner.get("/api/v1/me").await.expect(200).body;
    assert_eq!(me["memberships"][0]["role"], "owner");
}
