//! The ledger of prepaid credit, added up again from its first entry on by an arithmetic of our own.

use std::collections::{BTreeMap, BTreeSet};

use sluicegate_contracts::money::NanoUsd;
use uuid::Uuid;

use super::{Rule, dollars};
use crate::evidence::{Entry, Evidence, Ledger, Transfer};

/// Transfers by which use is booked.
const USE: [&str; 3] = ["settle", "charge", "write_off"];

/// What an organization's accounts come to, credits less debits.
type Accounts<'l> = BTreeMap<(Uuid, &'l str), i128>;

/// All rules about the ledger of credit.
pub(crate) fn rules(evidence: &Evidence) -> Vec<Rule> {
    let ledger = &evidence.credit;
    vec![
        balanced(ledger),
        replayed(ledger),
        on_its_side(ledger),
        charged(evidence),
        covered(ledger),
    ]
}

/// Entries in the order in which they were made.
fn in_order(ledger: &Ledger) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = ledger.entries.iter().collect();
    entries.sort_by_key(|entry| (entry.organization_id, entry.number));
    entries
}

/// Adds an entry; the two accounts it changed.
fn add<'l>(accounts: &mut Accounts<'l>, entry: &'l Entry) -> [(&'l str, i128); 2] {
    let amount = i128::from(entry.amount_nanos);
    [(entry.debit.as_str(), -amount), (entry.credit.as_str(), amount)].map(|(account, change)| {
        let balance = accounts.entry((entry.organization_id, account)).or_default();
        *balance += change;
        (account, *balance)
    })
}

fn accounts(ledger: &Ledger) -> Accounts<'_> {
    let mut accounts = Accounts::new();
    for entry in in_order(ledger) {
        add(&mut accounts, entry);
    }
    accounts
}

fn balanced(ledger: &Ledger) -> Rule {
    let mut findings = Vec::new();
    let mut by_transfer = BTreeMap::<(Uuid, Uuid), Vec<&Entry>>::new();
    for entry in in_order(ledger) {
        let transfer = (entry.organization_id, entry.transfer_id);
        by_transfer.entry(transfer).or_default().push(entry);
    }
    for transfer in &ledger.transfers {
        let entries = by_transfer.remove(&(transfer.organization_id, transfer.id));
        let mut moved = Accounts::new();
        for entry in entries.into_iter().flatten() {
            add(&mut moved, entry);
        }
        let of = |account| {
            let moved = moved.get(&(transfer.organization_id, account));
            moved.copied().unwrap_or_default()
        };
        let sum: i128 = moved.values().sum();
        let stated = (
            i128::from(transfer.credit_change_nanos),
            i128::from(transfer.in_flight_change_nanos),
        );
        let found = (of("credit"), of("in_flight"));
        if sum != 0 || found != stated {
            let (id, kind) = (transfer.id, &transfer.kind);
            findings.push(format!(
                "{kind} {id} moves {found:?}, states {stated:?}, sums to {sum}"
            ));
        }
    }
    findings.extend(
        by_transfer
            .keys()
            .map(|(_, id)| format!("entries of {id}, which is not there")),
    );
    let mut sums = BTreeMap::<Uuid, i128>::new();
    for balance in &ledger.balances {
        *sums.entry(balance.organization_id).or_default() += i128::from(balance.balance_nanos);
    }
    let unequal = sums.iter().filter(|(_, sum)| **sum != 0);
    findings.extend(unequal.map(|(book, sum)| format!("the accounts of {book} sum to {sum}")));
    let (entries, transfers) = (ledger.entries.len(), ledger.transfers.len());
    let detail = format!(
        "{entries} entries of {transfers} transfers in {} books",
        sums.len()
    );
    Rule::new(
        "every transfer and every book of credit sums to zero",
        detail,
        findings,
    )
}

fn replayed(ledger: &Ledger) -> Rule {
    let mut findings = Vec::new();
    let mut replayed = accounts(ledger);
    let (credit, in_flight) = (of_all(&replayed, "credit"), of_all(&replayed, "in_flight"));
    for balance in &ledger.balances {
        let account = (balance.organization_id, balance.account.as_str());
        let expected = replayed.remove(&account).unwrap_or_default();
        if expected != i128::from(balance.balance_nanos) {
            findings.push(format!(
                "{account:?} stands at {}, its entries at {expected}",
                balance.balance_nanos
            ));
        }
    }
    let lost = replayed.iter().filter(|(_, balance)| **balance != 0);
    findings.extend(lost.map(|(account, balance)| format!("{account:?} lacks {balance}")));
    for (what, rows, entries) in [
        ("lots have left", ledger.left_in_lots, credit),
        ("pendings hold", ledger.pending, in_flight),
    ] {
        if i128::from(rows) != entries {
            findings.push(format!("{what} {rows}, the entries say {entries}"));
        }
    }
    findings.extend(untrue(ledger));
    let detail = format!("{} to spend, {} in flight", dollars(credit), dollars(in_flight));
    Rule::new(
        "the ledger read again gives every stated balance",
        detail,
        findings,
    )
}

fn of_all(accounts: &Accounts<'_>, wanted: &str) -> i128 {
    let of = accounts.iter().filter(|((_, account), _)| *account == wanted);
    of.map(|(_, balance)| balance).sum()
}

/// Transfers that state another balance after them than theirs and all before them come to.
fn untrue(ledger: &Ledger) -> Vec<String> {
    let mut transfers: Vec<&Transfer> = ledger.transfers.iter().collect();
    transfers.sort_by_key(|transfer| (transfer.organization_id, transfer.number));
    let mut stands = BTreeMap::<Uuid, (i64, i64, i64)>::new();
    let mut findings = Vec::new();
    for transfer in transfers {
        let (number, credit, in_flight) = stands.entry(transfer.organization_id).or_default();
        *number += 1;
        *credit += transfer.credit_change_nanos;
        *in_flight += transfer.in_flight_change_nanos;
        let expected = (*number, *credit, *in_flight);
        let stated = (transfer.number, transfer.credit_nanos, transfer.in_flight_nanos);
        if stated != expected {
            let id = transfer.id;
            findings.push(format!("after {id} it states {stated:?}, it is {expected:?}"));
        }
    }
    findings
}

fn on_its_side(ledger: &Ledger) -> Rule {
    let (mut accounts, mut findings) = (Accounts::new(), Vec::new());
    for entry in in_order(ledger) {
        for (account, balance) in add(&mut accounts, entry) {
            let is_right = match account {
                "payments" | "promo" => balance <= 0,
                "adjustments" => true,
                _ => balance >= 0,
            };
            if !is_right {
                findings.push(format!(
                    "{account} stands at {balance} after entry {}",
                    entry.number
                ));
            }
        }
    }
    let detail = format!("{} accounts, after every entry", accounts.len());
    Rule::new("no account of the ledger is ever negative", detail, findings)
}

/// Usage is booked once: the charges of the attempts, the rows beside the ledger, and what the ledger calls revenue.
fn charged(evidence: &Evidence) -> Rule {
    let ledger = &evidence.credit;
    let mut expected = BTreeMap::<(Uuid, Uuid), i64>::new();
    for row in evidence.rows.values().flatten() {
        let charge: i64 = row.attempts.iter().map(super::charge).map(NanoUsd::nanos).sum();
        if charge != 0 {
            *expected.entry((row.organization_id, row.id)).or_default() += charge;
        }
    }
    let (mut findings, mut of_books) = (Vec::new(), BTreeMap::<Uuid, i128>::new());
    for charge in &ledger.charges {
        *of_books.entry(charge.organization_id).or_default() += i128::from(charge.charge_nanos);
        let attempts = expected.remove(&(charge.organization_id, charge.request_id));
        if attempts != Some(charge.charge_nanos) {
            let (id, is) = (charge.request_id, charge.charge_nanos);
            findings.push(format!("{id} was charged {is}, its attempts say {attempts:?}"));
        }
    }
    findings.extend(
        expected
            .iter()
            .map(|((_, id), cost)| format!("{id} was not charged {cost}")),
    );
    let accounts = accounts(ledger);
    let books: BTreeSet<Uuid> = ledger
        .transfers
        .iter()
        .map(|transfer| transfer.organization_id)
        .collect();
    for book in books {
        let charges = of_books.remove(&book).unwrap_or_default();
        let uses = ledger
            .transfers
            .iter()
            .filter(|transfer| transfer.organization_id == book && USE.contains(&transfer.kind.as_str()));
        let booked: i128 = uses
            .filter_map(|transfer| transfer.amount_nanos)
            .map(i128::from)
            .sum();
        let revenue = accounts.get(&(book, "revenue")).copied().unwrap_or_default();
        if (booked, revenue) != (charges, charges) {
            findings.push(format!(
                "{book}: charges {charges}, transfers {booked}, revenue {revenue}"
            ));
        }
    }
    findings.extend(
        of_books
            .keys()
            .map(|book| format!("{book} was charged and has no book")),
    );
    let total: i128 = ledger
        .charges
        .iter()
        .map(|charge| i128::from(charge.charge_nanos))
        .sum();
    let detail = format!("{} charges, {}", ledger.charges.len(), dollars(total));
    Rule::new(
        "records, charges and the ledger's revenue are equal",
        detail,
        findings,
    )
}

/// Credit is never overspent, so the host bears nothing.
fn covered(ledger: &Ledger) -> Rule {
    let over = ledger
        .transfers
        .iter()
        .filter(|transfer| transfer.kind == "write_off");
    let findings = over
        .map(|transfer| format!("{} of {:?} nanos", transfer.id, transfer.amount_nanos))
        .collect();
    let given = -of_all(&accounts(ledger), "payments");
    Rule::new(
        "no use goes beyond the credit",
        format!("{} given", dollars(given)),
        findings,
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{Case, broken};
    use super::*;

    const BALANCED: &str = "every transfer and every book of credit sums to zero";
    const REPLAYED: &str = "the ledger read again gives every stated balance";
    const SIDES: &str = "no account of the ledger is ever negative";
    const CHARGED: &str = "records, charges and the ledger's revenue are equal";
    const COVERED: &str = "no use goes beyond the credit";

    fn judged(change: impl FnOnce(&mut Case)) -> Vec<&'static str> {
        let mut case = Case::sound();
        change(&mut case);
        broken(rules(&case.evidence))
    }

    #[test]
    fn a_sound_ledger_holds() {
        assert!(judged(|_| {}).is_empty());
    }

    #[test]
    fn a_nano_dollar_in_any_row_is_found() {
        let ledger = |change: fn(&mut Ledger)| judged(|case| change(&mut case.evidence.credit));
        assert_eq!(
            ledger(|it| it.balances[0].balance_nanos += 1),
            [BALANCED, REPLAYED]
        );
        assert_eq!(ledger(|it| it.left_in_lots -= 1), [REPLAYED]);
        assert_eq!(ledger(|it| it.pending += 1), [REPLAYED]);
        assert_eq!(ledger(|it| it.transfers[1].credit_nanos += 1), [REPLAYED]);
        assert_eq!(ledger(|it| it.transfers[2].amount_nanos = Some(99)), [CHARGED]);
        assert_eq!(ledger(|it| it.charges[0].charge_nanos += 1), [CHARGED]);
        assert_eq!(ledger(|it| it.entries[0].amount_nanos += 1), [BALANCED, REPLAYED]);
    }

    #[test]
    fn a_lost_row_is_found() {
        let ledger = |change: fn(&mut Ledger)| judged(|case| change(&mut case.evidence.credit));
        assert_eq!(ledger(|it| it.charges.clear()), [CHARGED]);
        assert_eq!(
            ledger(|it| drop(it.entries.remove(2))),
            [BALANCED, REPLAYED, CHARGED]
        );
        assert_eq!(
            ledger(|it| drop(it.transfers.remove(2))),
            [BALANCED, CHARGED],
            "its entries are there"
        );
        let unread = judged(|case| case.row(1).attempts[0].credit = None);
        assert_eq!(unread, [CHARGED]);
    }

    #[test]
    fn credit_that_was_spent_before_it_was_there_is_found() {
        let early = judged(|case| case.evidence.credit.entries[0].number = 9);
        assert_eq!(early, [SIDES]);
    }

    #[test]
    fn what_the_host_bears_is_found() {
        let borne = judged(|case| case.evidence.credit.transfers[2].kind = "write_off".to_owned());
        assert_eq!(borne, [COVERED]);
    }
}
