//! What a provider billed, beside what was recorded.

use serde_json::{Value, json};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::Evidence;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::usage::{Writer, charged, drain, entries};

#[sqlx::test(migrations = "../../migrations")]
async fn an_invoice_is_compared_by_day_and_model(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let writer = Writer::of(&ada);
    let mut records: Vec<_> = (1..=4).map(|seq| writer.record(seq)).collect();
    records[3].attempts[0].evidence = Evidence::Estimated;
    // Another provider, and a call that the host pays, are no business of this invoice.
    let mut other = writer.record(5);
    other.attempts[0].provider = "anthropic".to_owned();
    let account = AccountId {
        budget: Uuid::from_u128(7).into(),
        period: UnixMillis::new(0),
        partition: None,
    };
    records.extend([other, charged(writer.record(6), &account, 412)]);
    app.queue.append(&entries(&records)).await.unwrap();
    drain(&app).await;
    let path = ada.in_organization("/provider-invoices");
    let csv = "model,date,amount\ngpt-4o-mini-2024-07-18,2026-01-01,0.000002\ngpt-4o,2026-01-02,$1.5\n";
    let body = json!({ "provider": "openai", "name": "January", "csv": csv });
    let made = ada.post(&path, &body).await.expect(201);
    assert_eq!(
        (
            &made.body["first_day"],
            &made.body["last_day"],
            &made.body["total"]["amount"]
        ),
        (&json!("2026-01-01"), &json!("2026-01-02"), &json!("1.500002000"))
    );
    let own = format!("{path}/{}", made.text_of("id"));
    let report = ada.get(&own).await.expect(200).body;
    let lines: Vec<_> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            ["day", "model"]
                .map(|name| line[name].clone())
                .into_iter()
                .chain(
                    ["invoiced", "recorded", "unsure", "difference"].map(|name| line[name]["amount"].clone()),
                )
                .collect::<Vec<Value>>()
        })
        .collect();
    let row = |cells: [&str; 6]| cells.map(|cell| json!(cell)).to_vec();
    assert_eq!(
        lines,
        [
            row([
                "2026-01-01",
                "gpt-4o-mini",
                "0.000002000",
                "0.000001648",
                "0.000000412",
                "0.000000352"
            ]),
            row([
                "2026-01-02",
                "gpt-4o",
                "1.500000000",
                "0.000000000",
                "0.000000000",
                "1.500000000"
            ]),
        ]
    );
    assert_eq!(report["difference"]["amount"], "1.500000352");
    let listed = ada.get(&path).await.expect(200).body;
    assert_eq!(listed["data"][0], report["invoice"]);
    ada.delete(&own).await.expect(204);
    ada.get(&own).await.refused(404, "not_found");
    ada.delete(&own).await.refused(404, "not_found");
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_cannot_be_read_is_named(pool: PgPool) {
    let app = TestApp::start(&pool);
    let ada = app.sign_up("Ada").await;
    let path = ada.in_organization("/provider-invoices");
    let line =
        |date: &str, model: &str, amount: &str| json!({ "date": date, "model": model, "amount": amount });
    let good = line("2026-01-01", "m", "1");
    for (body, pointer) in [
        (json!({ "provider": "openai", "name": "x" }), "/lines/0/"),
        (
            json!({ "provider": "moon", "name": "x", "lines": [good] }),
            "/provider",
        ),
        (
            json!({ "provider": "openai", "name": "", "lines": [good] }),
            "/name",
        ),
        (
            json!({ "provider": "openai", "name": "x", "lines": [good, line("x", "m", "1")] }),
            "/lines/1/date",
        ),
        (
            json!({ "provider": "openai", "name": "x", "csv": "date,model,amount\n2026-01-01,m,one" }),
            "/csv/2/amount",
        ),
        (
            json!({ "provider": "openai", "name": "x", "csv": "date,model" }),
            "/csv",
        ),
        (
            json!({ "provider": "openai", "name": "x", "csv": "date,model,amount\n", "lines": [good] }),
            "/csv",
        ),
        (
            json!({
                "provider": "openai", "name": "x", "lines": [good],
                "connection": "con_00000000000000000000000001",
            }),
            "/connection",
        ),
    ] {
        let refused = ada.post(&path, &body).await.refused(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}");
    }
}
