//! Do the books agree? The comparison of `sluicegate ledger verify` for operators who have no shell there.

use actix_web::post;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Operator;
use super::reply::Reply;
use crate::app::verification::{Check, Finding, Report, verify};
use crate::error::Result;

/// Something that does not agree.
#[derive(Serialize, ToSchema)]
struct BookFinding {
    /// Which check found it.
    #[schema(example = "roll-ups")]
    check: &'static str,
    /// The row.
    row: String,
    /// What it says, and what it should say.
    says: String,
}

/// How many rows of a check do not agree.
#[derive(Serialize, ToSchema)]
struct BookCheck {
    /// The check.
    #[schema(example = "ledger")]
    check: &'static str,
    /// How many rows do not agree.
    findings: usize,
}

/// What was compared, and what does not agree.
#[derive(Serialize, ToSchema)]
struct BookReport {
    /// Whether everything does.
    agrees: bool,
    /// Requests read.
    requests: i64,
    /// Counters of budgets compared.
    budget_counters: usize,
    /// Books read.
    books: usize,
    /// Entries read.
    entries: i64,
    /// Every check.
    checks: Vec<BookCheck>,
    /// What does not agree, the first of each check.
    findings: Vec<BookFinding>,
}

impl From<Finding> for BookFinding {
    fn from(finding: Finding) -> Self {
        Self {
            check: finding.check.as_str(),
            row: finding.row,
            says: finding.says,
        }
    }
}

impl From<Report> for BookReport {
    fn from(report: Report) -> Self {
        let found = |check| report.counts.get(&check).copied().unwrap_or(0);
        let checks = Check::ALL.map(|check| BookCheck {
            check: check.as_str(),
            findings: found(check),
        });
        Self {
            agrees: report.agrees(),
            requests: report.requests,
            budget_counters: report.counters,
            books: report.books,
            entries: report.entries,
            checks: checks.into(),
            findings: report.findings.into_iter().map(BookFinding::from).collect(),
        }
    }
}

/// Verify the books
///
/// Compares usage events, roll-ups, counters of budgets and the ledger row by row, in one unchanging view. Takes as long
/// as reading every request does.
#[utoipa::path(
    operation_id = "verify_books", tag = "operator",
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 200, description = "The report", body = BookReport))
)]
#[post("/operator/ledger/verify")]
pub(super) async fn verify_books(operator: Operator) -> Result<Reply> {
    let report = verify(&operator.state.database, |_| {}).await?;
    Reply::ok(&BookReport::from(report))
}
