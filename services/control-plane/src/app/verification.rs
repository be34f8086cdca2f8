//! Do the books agree? Usage events, the roll-ups and counters folded from them, and the ledger's postings are compared
//! row by row in one unchanging view of the database. Nothing is written.

use std::collections::BTreeMap;

use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::ledger::{Account, Balances};
use time::Date;
use time::macros::date;
use uuid::Uuid;

use crate::error::Result;
use crate::store::budget_spend::Spent;
use crate::store::database::{Database, Scope};
use crate::store::ledger::uuid;
use crate::store::ledger_state;
use crate::store::verification::{self, Event};
use crate::store::{Connection, ledger_rows, snapshot};

/// Rows read at once.
const PAGE: i64 = 2_000;
/// Before every request.
const LONG_AGO: Date = date!(1970 - 01 - 01);
/// Findings named of each check; more are only counted.
const NAMED: usize = 50;

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it.
    pub check: Check,
    /// The row.
    pub row: String,
    /// What it says, and what it should say.
    pub says: String,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// A request's cost is the sum of its attempts' costs.
    RequestCost,
    /// Roll-ups are the fold of requests.
    Rollups,
    /// Counters of budgets are the fold of attempts.
    BudgetSpend,
    /// Charges are what the attempts say, and the ledger has booked them.
    Charges,
    /// The ledger's entries read again give what it stores, sum to zero, and no account stands on the wrong side.
    Ledger,
}

impl Check {
    /// Every check.
    pub const ALL: [Self; 5] = [
        Self::RequestCost,
        Self::Rollups,
        Self::BudgetSpend,
        Self::Charges,
        Self::Ledger,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestCost => "request cost",
            Self::Rollups => "roll-ups",
            Self::BudgetSpend => "budget spend",
            Self::Charges => "charges",
            Self::Ledger => "ledger",
        }
    }
}

/// What was compared, and what does not agree.
#[derive(Debug, Default)]
pub struct Report {
    /// Requests read.
    pub requests: i64,
    /// Counters of budgets compared.
    pub counters: usize,
    /// Books read.
    pub books: usize,
    /// Entries read.
    pub entries: i64,
    /// What does not agree, the first of each check.
    pub findings: Vec<Finding>,
    /// How many there are in all, by check.
    pub counts: BTreeMap<Check, usize>,
}

impl Report {
    fn find(&mut self, check: Check, row: impl Into<String>, says: impl Into<String>) {
        let count = self.counts.entry(check).or_default();
        *count += 1;
        if *count <= NAMED {
            self.findings.push(Finding {
                check,
                row: row.into(),
                says: says.into(),
            });
        }
    }

    /// Whether everything agrees.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.counts.is_empty()
    }
}

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many requests of all have been read.
    Requests(i64, i64),
    /// Roll-ups and counters are being compared.
    Folds,
    /// So many books of all have been read.
    Books(usize, usize),
}

/// Compares everything.
///
/// # Errors
/// When Postgres does not answer; what does not agree is in the report.
pub async fn verify(database: &Database, mut step: impl FnMut(Step) + Send + 'static) -> Result<Report> {
    let work = database.detached(move |proof| async move {
        let mut transaction = proof.begin(Scope::System).await?;
        snapshot::freeze(&mut transaction).await?;
        verification::without_hurry(&mut transaction).await?;
        let mut report = Report::default();
        let spent = events(&mut transaction, &mut report, &mut step).await?;
        step(Step::Folds);
        folds(&mut transaction, &mut report, &spent).await?;
        let books = verification::books(&mut transaction).await?;
        for (place, organization) in books.iter().enumerate() {
            step(Step::Books(place, books.len()));
            book(&mut transaction, &mut report, *organization).await?;
        }
        report.books = books.len();
        Ok(report)
    });
    work.await
}

/// Reads every request; what attempts spent on budgets.
async fn events(
    connection: &mut Connection,
    report: &mut Report,
    step: &mut (impl FnMut(Step) + Send),
) -> Result<Spent> {
    let total = verification::count_requests(connection).await?;
    let mut spent = Spent::default();
    let mut after = (LONG_AGO, Uuid::nil());
    loop {
        let page = verification::events(connection, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = (last.day, last.id);
        for event in &page {
            report.requests += 1;
            one_event(report, event, &mut spent);
        }
        step(Step::Requests(report.requests, total));
    }
    for (organization, request, charge) in
        verification::orphaned_charges(connection, i64::try_from(NAMED).unwrap_or(i64::MAX)).await?
    {
        let row = format!("credit_charges organization {organization}, request {request}");
        report.find(
            Check::Charges,
            row,
            format!("{charge} are charged, and there is no such request"),
        );
    }
    Ok(spent)
}

fn one_event(report: &mut Report, event: &Event, spent: &mut Spent) {
    let row = || format!("requests day {}, id {}", event.day, event.id);
    let Some(attempts) = &event.attempts else {
        report.find(Check::RequestCost, row(), "its attempts cannot be read");
        return;
    };
    let costs = attempts.iter().filter_map(|attempt| attempt.cost);
    let cost: i128 = costs.map(|cost| i128::from(cost.nanos())).sum();
    let stated = event.cost.unwrap_or(0);
    if i128::from(stated) != cost {
        report.find(
            Check::RequestCost,
            row(),
            format!("cost {stated}, its attempts add up to {cost}"),
        );
    }
    for attempt in attempts {
        for account in &attempt.accounts {
            let cost = attempt.cost.unwrap_or_default();
            spent.add(event.organization, event.worker, event.epoch, account, cost);
        }
        if let Some(credit) = &attempt.credit {
            spent.add(
                event.organization,
                event.worker,
                event.epoch,
                &credit.account,
                credit.charge,
            );
        }
    }
    let charges = attempts.iter().filter_map(|attempt| attempt.credit.as_ref());
    let charge: i128 = charges.map(|credit| i128::from(credit.charge.nanos())).sum();
    let charged = event.charged.unwrap_or(0);
    if i128::from(charged) != charge {
        report.find(
            Check::Charges,
            row(),
            format!("{charged} are charged, its attempts say {charge}"),
        );
    }
}

async fn folds(connection: &mut Connection, report: &mut Report, spent: &Spent) -> Result<()> {
    let limit = i64::try_from(NAMED).unwrap_or(i64::MAX);
    for difference in verification::rollup_differences(connection, limit).await? {
        let says = format!(
            "requests, errors, tokens, cost: stored {}, of the requests {}",
            shown(difference.stored),
            shown(difference.folded)
        );
        report.find(Check::Rollups, format!("usage_hourly {}", difference.row), says);
    }
    let mut expected = spent.sums().clone();
    for (counter, settled) in verification::counters(connection).await? {
        report.counters += 1;
        let folded = expected.remove(&counter).unwrap_or(0);
        if folded != i128::from(settled) {
            let says = format!("settled {settled}, its attempts add up to {folded}");
            report.find(Check::BudgetSpend, format!("budget_spend {counter}"), says);
        }
    }
    for (counter, folded) in expected {
        if folded != 0 {
            let says = format!("there is no such row, and its attempts add up to {folded}");
            report.find(Check::BudgetSpend, format!("budget_spend {counter}"), says);
        }
    }
    Ok(())
}

fn shown(sums: Option<Vec<i64>>) -> String {
    sums.map_or_else(|| "nothing".to_owned(), |sums| format!("{sums:?}"))
}

/// Reads a book from its first entry on, and compares it with what is stored of it.
async fn book(connection: &mut Connection, report: &mut Report, organization: OrganizationId) -> Result<()> {
    let named = |rest: &str| format!("organization {}: {rest}", organization.as_uuid());
    let head = verification::head(connection, organization).await?;
    if head.transfers != head.transfer_rows {
        let says = format!(
            "counts {} transfers, there are {}",
            head.transfers, head.transfer_rows
        );
        report.find(Check::Ledger, named("ledger_books"), says);
    }
    if head.booked != head.charged {
        let says = format!(
            "transfers book {} of usage, requests are charged {}",
            head.booked, head.charged
        );
        report.find(Check::Charges, named("credit_charges"), says);
    }
    let mut balances = Balances::default();
    let mut number = 0;
    let mut after: BTreeMap<Uuid, (i128, i128)> = BTreeMap::new();
    loop {
        let page = ledger_rows::entries_after(connection, organization.as_uuid(), number, PAGE).await?;
        let Some(last) = page.last().map(|(_, entry)| uuid(entry.transfer)) else {
            break;
        };
        for (place, entry) in page {
            if place != number + 1 {
                let says = format!("follows {number}");
                report.find(
                    Check::Ledger,
                    named(&format!("ledger_entries number {place}")),
                    says,
                );
            }
            number = place;
            report.entries += 1;
            if let Err(refused) = balances.post(&entry) {
                let row = named(&format!("ledger_entries number {place}"));
                report.find(Check::Ledger, row, refused.to_string());
            }
            let standing = (balances.of(Account::Credit), balances.of(Account::InFlight));
            after.insert(uuid(entry.transfer), standing);
        }
        // The page may cut the last transfer.
        let cut = after.remove_entry(&last);
        told(connection, report, organization, &std::mem::take(&mut after)).await?;
        after.extend(cut);
    }
    told(connection, report, organization, &after).await?;
    if number != head.entries {
        let says = format!("the last entry is {number}, the book counts {}", head.entries);
        report.find(Check::Ledger, named("ledger_books"), says);
    }
    stored(connection, report, organization, &balances).await
}

/// Compares what is stored of a book with what its entries add up to.
async fn stored(
    connection: &mut Connection,
    report: &mut Report,
    organization: OrganizationId,
    balances: &Balances,
) -> Result<()> {
    let named = |rest: &str| format!("organization {}: {rest}", organization.as_uuid());
    let stored = ledger_state::balances(connection, organization.as_uuid()).await?;
    for account in Account::ALL {
        let (stored, replayed) = (stored.of(account), balances.of(account));
        if stored != replayed {
            let row = named(&format!("ledger_accounts {}", account.as_str()));
            report.find(
                Check::Ledger,
                row,
                format!("{stored}, its entries add up to {replayed}"),
            );
        }
    }
    if stored.sum() != 0 {
        report.find(
            Check::Ledger,
            named("ledger_accounts"),
            format!("sum to {}", stored.sum()),
        );
    }
    if !stored.lots().eq(balances.lots()) {
        let says = "what is left of its lots is not what the entries leave";
        report.find(Check::Ledger, named("credit_lots"), says);
    }
    if !stored.open().eq(balances.open()) {
        let says = "what is pending is not what the entries leave open";
        report.find(Check::Ledger, named("ledger_pendings"), says);
    }
    Ok(())
}

/// Compares what transfers say the balances were after them.
async fn told(
    connection: &mut Connection,
    report: &mut Report,
    organization: OrganizationId,
    after: &BTreeMap<Uuid, (i128, i128)>,
) -> Result<()> {
    let ids: Vec<Uuid> = after.keys().copied().collect();
    for (id, credit, in_flight) in verification::balances_told(connection, organization, &ids).await? {
        let told = (i128::from(credit), i128::from(in_flight));
        if after.get(&id).is_some_and(|standing| *standing != told) {
            let row = format!("organization {}: ledger_transfers {id}", organization.as_uuid());
            let says = "the balances it states are not those after its entries";
            report.find(Check::Ledger, row, says);
        }
    }
    Ok(())
}
