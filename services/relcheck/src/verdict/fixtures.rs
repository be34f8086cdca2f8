//! A small run in which everything holds; tests of rules change one thing about it.

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, OrganizationId, RequestId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::AttemptRecord;
use sluicegate_mock_provider::Entry;
use uuid::Uuid;

use super::Rule;
use super::service::Outage;
use crate::evidence::{Balance, Charge, Entry as Booked, Evidence, Ledger, Progress, Row, Spent, Transfer};
use crate::load::call::{Call, Seen};
use crate::scene::{Account, Caller, Money, Scene};
use crate::schedule::Part;

const BUDGET: Uuid = Uuid::from_u128(5);
const CREDIT: Uuid = Uuid::from_u128(8);
const ORGANIZATION: Uuid = Uuid::from_u128(6);
const WORKER: Uuid = Uuid::from_u128(7);
/// Of the second call, whose worker was killed; the provider billed a fifth of it.
const BOUND: i64 = 505;

/// Two calls of one caller under one budget: one answered, one broken by the end of its worker.
pub(crate) struct Case {
    pub(crate) evidence: Evidence,
    pub(crate) calls: Vec<Call>,
    pub(crate) scene: Scene,
    pub(crate) outages: Vec<Outage>,
}

/// The promises that do not hold.
pub(crate) fn broken(rules: Vec<Rule>) -> Vec<&'static str> {
    let broken = rules.into_iter().filter(|rule| !rule.holds());
    broken.map(|rule| rule.promise).collect()
}

impl Case {
    pub(crate) fn sound() -> Self {
        let account = Account {
            name: "team".to_owned(),
            organization: OrganizationId::from(ORGANIZATION),
            budget: BudgetId::from(BUDGET),
            partition: None,
            limit: 605,
            is_tight: true,
            kind: Money::Cost,
        };
        let caller = Caller {
            name: "ann".to_owned(),
            secret: String::new(),
            end_user: "ann",
            accounts: vec![0],
        };
        let mut evidence = Evidence {
            progress: vec![Progress {
                worker_id: WORKER,
                epoch: 1,
                contiguous: 2,
                islands: 0,
            }],
            spent: [(BUDGET, 100 + BOUND), (CREDIT, 100)]
                .map(|(budget_id, settled_nanos)| Spent {
                    organization_id: ORGANIZATION,
                    budget_id,
                    period_start: 0,
                    partition: String::new(),
                    worker_id: WORKER,
                    epoch: 1,
                    settled_nanos,
                })
                .into(),
            credit: credit(),
            rollups: (2, 100 + BOUND, 20, 8),
            ..Evidence::default()
        };
        for (number, cost) in [(1, 100), (2, BOUND)] {
            evidence.rows.insert(Self::id(number), vec![row(number, cost)]);
            evidence.ledger.insert(Self::id(number), vec![entry(number)]);
        }
        Self {
            evidence,
            calls: vec![
                call(1, Seen::Answered, Some(100), (10, 12)),
                call(2, Seen::Broken("no connection".to_owned()), None, (20, 22)),
            ],
            scene: Scene {
                accounts: vec![account],
                callers: vec![caller],
            },
            outages: vec![Outage {
                part: Part::Worker(0),
                from: 21,
                until: 30,
            }],
        }
    }

    /// The id of a call's request.
    pub(crate) fn id(number: u128) -> String {
        RequestId::from(Uuid::from_u128(number)).to_string()
    }

    pub(crate) fn row(&mut self, number: u128) -> &mut Row {
        &mut self.evidence.rows.get_mut(&Self::id(number)).unwrap()[0]
    }

    pub(crate) fn entry(&mut self, number: u128) -> &mut Entry {
        &mut self.evidence.ledger.get_mut(&Self::id(number)).unwrap()[0]
    }

    /// A further call, refused at the end.
    pub(crate) fn refuse(&mut self, seen: Seen) {
        self.calls.push(call(3, seen, None, (40, 41)));
    }
}

/// A payment of 1000, 400 of them reserved, 100 of those charged for the first call.
fn credit() -> Ledger {
    let transfer = |number: i64, kind: &str, amount, change: (i64, i64), after: (i64, i64)| Transfer {
        organization_id: ORGANIZATION,
        id: Uuid::from_u128(number.unsigned_abs().into()),
        number,
        kind: kind.to_owned(),
        amount_nanos: Some(amount),
        credit_change_nanos: change.0,
        in_flight_change_nanos: change.1,
        credit_nanos: after.0,
        in_flight_nanos: after.1,
    };
    let booked = |number: i64, debit: &str, credit: &str, amount| Booked {
        organization_id: ORGANIZATION,
        number,
        transfer_id: Uuid::from_u128(number.unsigned_abs().into()),
        debit: debit.to_owned(),
        credit: credit.to_owned(),
        amount_nanos: amount,
    };
    let balances = [
        ("payments", -1_000),
        ("credit", 600),
        ("in_flight", 300),
        ("revenue", 100),
    ];
    Ledger {
        transfers: vec![
            transfer(1, "top_up", 1_000, (1_000, 0), (1_000, 0)),
            transfer(2, "reserve", 400, (-400, 400), (600, 400)),
            transfer(3, "settle", 100, (0, -100), (600, 300)),
        ],
        entries: vec![
            booked(1, "payments", "credit", 1_000),
            booked(2, "credit", "in_flight", 400),
            booked(3, "in_flight", "revenue", 100),
        ],
        balances: balances
            .map(|(account, balance)| Balance {
                organization_id: ORGANIZATION,
                account: account.to_owned(),
                balance_nanos: balance,
            })
            .into(),
        charges: vec![Charge {
            organization_id: ORGANIZATION,
            request_id: Uuid::from_u128(1),
            charge_nanos: 100,
        }],
        left_in_lots: 600,
        pending: 300,
    }
}

fn call(number: u128, seen: Seen, told_cost: Option<u64>, (began, ended): (u64, u64)) -> Call {
    Call {
        caller: 0,
        worker: 0,
        trace: format!("{number:032x}"),
        id: Some(Case::id(number)),
        began,
        ended,
        seen,
        told_cost,
        bound: 505,
    }
}

fn row(number: u128, cost: i64) -> Row {
    let is_known = number == 1;
    let account = AccountId {
        budget: BudgetId::from(BUDGET),
        period: UnixMillis::new(0),
        partition: None,
    };
    let credit = AccountId {
        budget: BudgetId::from(CREDIT),
        ..account.clone()
    };
    let attempt = serde_json::json!({
        "connection": null, "endpoint": null, "provider": "openai", "upstream_model": "m", "status": 200,
        "outcome": if is_known { "served" } else { "interrupted" },
        "evidence": if is_known { "reported" } else { "uncertain" },
        "tokens": {}, "cost": cost, "price_version": 1, "started_us": 1, "first_byte_us": 2, "duration_us": 3,
        "accounts": [account],
        "credit": is_known.then(|| serde_json::json!({ "account": credit, "charge": cost })),
    });
    let attempt: AttemptRecord = serde_json::from_value(attempt).unwrap();
    Row {
        id: Uuid::from_u128(number),
        organization_id: ORGANIZATION,
        trace_id: Some(format!("{number:032x}")),
        worker_id: WORKER,
        epoch: 1,
        seq: i64::try_from(number).unwrap(),
        outcome: if is_known { "served" } else { "interrupted" }.to_owned(),
        cost_evidence: if is_known { "reported" } else { "uncertain" }.to_owned(),
        cost_nanos: Some(cost),
        input_tokens: 10,
        output_tokens: 4,
        attempts: vec![attempt],
    }
}

fn entry(number: u128) -> Entry {
    let entry = serde_json::json!({
        "call_id": format!("call-{number}"), "at_unix_ms": number * 10, "endpoint": "chat.completions",
        "model": "gpt-4o", "stream": false, "request_id": Case::id(number), "idempotency_key": null, "tag": "ann",
        "outcome": "completed", "input_tokens": 10, "cached_input_tokens": 0, "output_tokens": 4,
        "reasoning_tokens": 0, "cost_nano_usd": 100,
    });
    serde_json::from_value(entry).unwrap()
}
