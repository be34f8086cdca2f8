//! Row-level security as the second wall: it holds when a query forgets its tenant and when a handler is dropped.

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::json;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_control_plane::store::database::{Database, Scope};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Row};
use tokio::sync::oneshot;

use crate::support::app::OPERATOR;
use crate::support::{Client, TestApp};

/// Tables that belong to tenants.
async fn tenant_tables(app: &TestApp) -> Vec<String> {
    let rows = sqlx::query(
        "select distinct table_name::text from information_schema.columns join information_schema.tables
            using (table_schema, table_name)
         where table_schema = 'public' and column_name = 'organization_id' and table_type = 'BASE TABLE' order by 1",
    );
    rows.fetch_all(&app.judge)
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

async fn seeded(app: &TestApp, name: &str) -> Client {
    let person = app.sign_up(name).await;
    person
        .with("idempotency-key", "k")
        .post(&person.in_project("/keys"), &json!({ "name": "k" }))
        .await
        .expect(201);
    let connection = json!({ "slug": "main", "provider": "openai", "credential": "sk-test-credential" });
    person
        .post(&person.in_project("/connections"), &connection)
        .await
        .expect(201);
    let route =
        json!({ "slug": "r1", "aliases": ["a1"], "strategy": "ordered", "targets": [{ "model": "m" }] });
    person
        .post(&person.in_project("/routes"), &route)
        .await
        .expect(201);
    let budget = json!({ "name": "b", "limit": { "amount": "1" }, "interval": "day" });
    person
        .post(&person.in_organization("/budgets"), &budget)
        .await
        .expect(201);
    let limit = json!({ "metric": "requests", "amount": 60 });
    person
        .post(&person.in_organization("/limits"), &limit)
        .await
        .expect(201);
    let management = json!({ "name": "m", "role": "viewer" });
    person
        .post(&person.in_organization("/management-keys"), &management)
        .await
        .expect(201);
    let invite = json!({ "email": "x@example.com", "role": "viewer" });
    person
        .post(&person.in_organization("/invites"), &invite)
        .await
        .expect(201);
    let facts = json!({
        "about": { "provider": "openai" }, "facts": { "retention_days": 0 },
        "evidence": "contract 4711 of 2025", "as_of": "2025-12-01",
    });
    person
        .post(&person.in_organization("/facts"), &facts)
        .await
        .expect(201);
    let top_up = json!({ "amount": { "amount": "5" } });
    person
        .post(&person.in_organization("/top-ups"), &top_up)
        .await
        .expect(201);
    let credit = json!({ "kind": "promo", "amount": { "amount": "5" } });
    let path = format!("/api/v1/operator/organizations/{}/credits", person.organization);
    app.anonymous()
        .with("authorization", &format!("Bearer {OPERATOR}"))
        .with("idempotency-key", "k")
        .post(&path, &credit)
        .await
        .expect(201);
    person
}

fn app_pool(pool: &PgPool) -> PgPool {
    let options = (*pool.connect_options())
        .clone()
        .options([("role", "sluicegate_app")]);
    PgPoolOptions::new().max_connections(1).connect_lazy_with(options)
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_tenant_table_is_walled_for_its_owner_too(pool: PgPool) {
    let app = TestApp::start(&pool);
    let rows = sqlx::query(
        "select relname::text, relrowsecurity, relforcerowsecurity from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    );
    let rows = rows.fetch_all(&app.judge).await.unwrap();
    let mut tables = tenant_tables(&app).await;
    tables.extend(["users", "sessions", "organizations"].map(str::to_owned));
    for table in tables {
        let row = rows.iter().find(|row| row.get::<String, _>(0) == table).unwrap();
        assert!(
            row.get::<bool, _>(1) && row.get::<bool, _>(2),
            "{table} has no forced row-level security"
        );
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_query_without_a_tenant_sees_nothing(pool: PgPool) {
    let app = TestApp::start(&pool);
    seeded(&app, "Ada").await;
    let (bare, mut seen) = (app_pool(&pool), Vec::new());
    for table in tenant_tables(&app).await {
        let count = |pool: PgPool| {
            let sql = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
            async move {
                sqlx::query(sql)
                    .fetch_one(&pool)
                    .await
                    .map(|row| row.get::<i64, _>(0))
            }
        };
        // Tables the role may not read at all are as good as empty.
        let unseen = count(bare.clone()).await.unwrap_or(0);
        assert_eq!(unseen, 0, "{table} shows rows to a query without a tenant");
        if count(app.judge.clone()).await.unwrap() > 0 {
            seen.push(table);
        }
    }
    for table in [
        "api_keys",
        "audit_events",
        "budget_schedules",
        "budgets",
        "config_entities",
        "connections",
        "credit_lots",
        "fact_statements",
        "idempotency_keys",
        "invites",
        "ledger_accounts",
        "ledger_books",
        "ledger_entries",
        "ledger_transfers",
        "management_keys",
        "memberships",
        "projects",
        "rate_limits",
        "route_aliases",
        "route_versions",
        "routes",
        "top_ups",
    ] {
        assert!(
            seen.iter().any(|seen| seen == table),
            "{table} was empty, so nothing was shown about it"
        );
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_tenant_can_neither_read_nor_write_another(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (seeded(&app, "Ada").await, seeded(&app, "Bob").await);
    let [ours, theirs] = [&ada, &bob].map(|who| who.organization.parse::<OrganizationId>().unwrap());
    let scope = Scope::Tenant {
        organization: ours,
        user: None,
    };
    for table in tenant_tables(&app).await {
        let sql = format!("select count(*) from {table} where organization_id = $1");
        let foreign = app.state.within(scope, move |c| {
            async move {
                let found = sqlx::query(sqlx::AssertSqlSafe(sql))
                    .bind(theirs.as_uuid())
                    .fetch_one(c)
                    .await?;
                Ok(found.get::<i64, _>(0))
            }
            .boxed()
        });
        assert_eq!(foreign.await.unwrap_or(0), 0, "{table}");
    }
    for sql in [
        "update projects set name = 'x' where organization_id = $1",
        "delete from memberships where organization_id = $1",
        "update budgets set limit_nanos = 1 where organization_id = $1",
        "insert into audit_heads (organization_id, seq, hash) values ($1, 9, decode(repeat('00', 32), 'hex')) on conflict (organization_id) do update set seq = 9",
        "insert into config_entities (kind, id, organization_id, version, blocked, body, hash) values ('project', $1, $1, 1, false, '{}', 0)",
        "update audit_events set action = 'x' where $1::uuid is not null",
        "delete from audit_events where $1::uuid is not null",
    ] {
        let written = app.state.within(scope, move |c| {
            async move {
                Ok(sqlx::query(sql)
                    .bind(theirs.as_uuid())
                    .execute(c)
                    .await?
                    .rows_affected())
            }
            .boxed()
        });
        assert_eq!(written.await.unwrap_or(0), 0, "{sql}");
    }
}

/// The first wall: whoever asked may be gone, the transaction still runs to its end.
#[sqlx::test(migrations = "../../migrations")]
async fn a_transaction_outlives_the_handler_that_asked_for_it(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let scope = Scope::Tenant {
        organization: ada.organization.parse().unwrap(),
        user: None,
    };
    let (reach, reached) = oneshot::channel();
    let (open, gate) = oneshot::channel::<()>();
    let work = app.state.within(scope, move |c| {
        async move {
            sqlx::query("update projects set name = 'half'")
                .execute(&mut *c)
                .await?;
            reach.send(()).unwrap();
            gate.await.unwrap();
            sqlx::query("update projects set name = 'whole'")
                .execute(c)
                .await?;
            Ok(())
        }
        .boxed()
    });
    tokio::select! {
        _ = work => panic!("the transaction ended before the gate was opened"),
        told = reached => told.unwrap(),
    }
    open.send(())
        .expect("the transaction was dropped with its caller");
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let name = || async {
        let row = sqlx::query("select name from projects")
            .fetch_one(&app.judge)
            .await;
        row.unwrap().get::<String, _>(0)
    };
    while name().await != "whole" {
        assert!(tokio::time::Instant::now() < deadline, "never committed");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The second wall: a connection that comes back in the middle of a transaction, as no code of ours returns it, carries
/// neither its writes nor its tenant to the next borrower.
#[sqlx::test(migrations = "../../migrations")]
async fn a_transaction_left_open_on_a_connection_is_undone_before_its_next_use(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let database = Database::over((*pool.connect_options()).clone(), 1, 1);
    let poison = format!(
        "begin; update projects set name = 'poison'; select set_config('app.organization', '{}', true)",
        ada.organization.parse::<OrganizationId>().unwrap().as_uuid()
    );
    let mut held = database.system_pool().acquire().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(poison))
        .execute(&mut *held)
        .await
        .unwrap();
    drop(held);
    let carried = database.detached(|proof| async move {
        let mut transaction = proof.begin(Scope::System).await?;
        let row = sqlx::query("select coalesce(current_setting('app.organization', true), '')")
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(row.get::<String, _>(0))
    });
    assert_eq!(carried.await.unwrap(), "", "the tenant of another transaction");
    let row = sqlx::query("select name from projects")
        .fetch_one(&app.judge)
        .await
        .unwrap();
    assert_ne!(row.get::<String, _>(0), "poison");
}

/// Clients that hang up at every possible moment, while the pool is small enough to be poisoned quickly.
#[sqlx::test(migrations = "../../migrations")]
async fn dropped_handlers_leak_nothing_and_cut_nothing_in_half(pool: PgPool) {
    let app = TestApp::start(&pool);
    let (ada, bob) = (app.sign_up("Ada").await, app.sign_up("Bob").await);
    let [ours, _] = [&ada, &bob].map(|who| who.organization.parse::<OrganizationId>().unwrap());
    let path = ada.in_project("/keys");
    let mut cut = 0;
    for round in 0..400_u64 {
        let patience = Duration::from_micros(round * 37 % 9_000);
        let body = json!({ "name": format!("k{round}") });
        cut += u32::from(
            tokio::time::timeout(patience, ada.post(&path, &body))
                .await
                .is_err(),
        );
        let read = app.state.within(
            Scope::Tenant {
                organization: ours,
                user: None,
            },
            |c| async move { Ok(sqlx::query("select id from projects").fetch_all(c).await?.len()) }.boxed(),
        );
        let _ = tokio::time::timeout(Duration::from_micros(round * 13 % 800), read).await;
    }
    assert!(cut > 20, "the attack cut only {cut} requests");
    for _ in 0..40 {
        let of_bob = bob.get("/api/v1/projects").await.expect(200);
        assert_eq!(of_bob.body["data"].as_array().unwrap().len(), 1);
        assert_eq!(
            bob.get(&bob.in_project("/keys")).await.expect(200).body["data"],
            json!([])
        );
    }
    let half = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while sqlx::query(half)
        .fetch_one(&app.judge)
        .await
        .unwrap()
        .get::<i64, _>(0)
        > 0
    {
        assert!(tokio::time::Instant::now() < deadline, "a transaction stays open");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Whatever was created was created whole: row, audit entry and event.
    let counts = sqlx::query(
        "select (select count(*) from api_keys), (select count(*) from audit_events where action = 'key.create'),
            (select count(*) from config_outbox where kind = 'api_key'), (select count(*) from config_outbox)",
    );
    let counts = counts.fetch_one(&app.judge).await.unwrap();
    let [keys, entries, events, log] = [0, 1, 2, 3].map(|column| counts.get::<i64, _>(column));
    assert_eq!((keys, keys), (entries, events));
    assert_eq!(app.head().await.0, log);
}
