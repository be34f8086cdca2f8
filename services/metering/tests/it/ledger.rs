//! Whatever happens to a book, in whatever order: it balances, nothing stands on the wrong side, and its entries read
//! again give what it says.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::ledger::{Account, Balances, Book, Entry, EntryKind, Movement, Refused, TransferId};

use crate::history::{self, Step};

const IDS: u128 = 60;

fn history() -> impl Strategy<Value = Vec<Step>> {
    history::history(0..IDS, 1..120)
}

/// Plays a history, and gives the entries that were made in order.
fn play(history: &[Step], mut each: impl FnMut(&Book, UnixMillis)) -> (Book, Vec<Entry>) {
    let (mut book, mut entries, mut now) = (Book::default(), Vec::new(), UnixMillis::new(0));
    for step in history {
        now = now.offset(step.wait);
        if let Ok(receipt) = book.apply(TransferId(step.id), step.movement, now)
            && !receipt.is_repeat
        {
            entries.extend(receipt.entries);
        }
        each(&book, now);
    }
    (book, entries)
}

/// The sums of a ledger by account, reckoned apart from the code under test.
fn sums(entries: &[Entry]) -> BTreeMap<Account, i128> {
    let mut sums = BTreeMap::new();
    for entry in entries {
        *sums.entry(entry.debit).or_default() -= i128::from(entry.amount.nanos());
        *sums.entry(entry.credit).or_default() += i128::from(entry.amount.nanos());
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_history_balances_at_every_step(history in history()) {
        let mut faults = Vec::new();
        play(&history, |book, now| {
            let balances = book.balances();
            let of = |account| balances.of(account);
            let lots: i128 = (0..IDS).filter_map(|id| balances.left_of(TransferId(id))).map(|left| i128::from(left.nanos())).sum();
            let holds = [
                balances.sum() == 0,
                of(Account::Payments) <= 0 && of(Account::Promo) <= 0,
                [Account::Credit, Account::InFlight, Account::Revenue, Account::Expired, Account::Refunds].map(of).iter().all(|it| *it >= 0),
                of(Account::Credit) == lots,
                of(Account::InFlight) == i128::from(balances.pending_in_all().nanos()),
                i128::from(balances.available(now).nanos()) <= of(Account::Credit),
                balances.available(now) >= NanoUsd::ZERO,
            ];
            if holds.contains(&false) {
                faults.push(holds);
            }
        });
        prop_assert_eq!(faults, Vec::<[bool; 7]>::new());
    }

    #[test]
    fn the_entries_read_again_give_the_stored_balances(history in history()) {
        let (book, entries) = play(&history, |_, _| {});
        let replayed = Balances::replay(&entries);
        prop_assert_eq!(replayed.as_ref(), Ok(book.balances()));
        let sums = sums(&entries);
        for account in Account::ALL {
            prop_assert_eq!(sums.get(&account).copied().unwrap_or(0), book.balances().of(account), "{:?}", account);
        }
    }

    #[test]
    fn a_pending_is_resolved_by_one_transfer_and_to_the_last_nano(history in history()) {
        let (book, entries) = play(&history, |_, _| {});
        let mut opened: BTreeMap<TransferId, i64> = BTreeMap::new();
        let mut resolved: BTreeMap<TransferId, (TransferId, i64)> = BTreeMap::new();
        for entry in &entries {
            match entry.kind {
                EntryKind::Single => {}
                EntryKind::Pending => *opened.entry(entry.transfer).or_default() += entry.amount.nanos(),
                EntryKind::Post { pending } | EntryKind::Void { pending } => {
                    let (by, sum) = resolved.entry(pending).or_insert((entry.transfer, 0));
                    prop_assert_eq!(*by, entry.transfer);
                    *sum += entry.amount.nanos();
                }
            }
        }
        for (id, amount) in opened {
            match resolved.get(&id) {
                Some((_, sum)) => prop_assert_eq!(*sum, amount),
                None => prop_assert_eq!(book.balances().pending(id), Some(NanoUsd::from_nanos(amount))),
            }
        }
    }

    #[test]
    fn a_history_told_twice_counts_once(history in history()) {
        let (mut book, entries) = play(&history, |_, _| {});
        let before = book.balances().clone();
        let made: Vec<TransferId> = entries.iter().map(|entry| entry.transfer).collect();
        for step in &history {
            let again = book.apply(TransferId(step.id), step.movement, UnixMillis::new(0));
            if made.contains(&TransferId(step.id)) {
                let known = again.map(|receipt| receipt.is_repeat);
                prop_assert!(matches!(known, Ok(true) | Err(Refused::IdReused)), "{known:?}");
                prop_assert_eq!(book.balances(), &before);
            } else {
                // Refused then, and perhaps not any more: no business of this law.
                return Ok(());
            }
        }
    }

    #[test]
    fn what_expires_first_is_drawn_first(lots in prop::collection::vec((1..50_i64, prop::option::of(1..9_i64)), 1..8), wanted in 1..200_i64) {
        let mut book = Book::default();
        let now = UnixMillis::new(0);
        for (number, (amount, expires_at)) in lots.iter().enumerate() {
            let movement = Movement::TopUp {
                amount: NanoUsd::from_nanos(*amount),
                expires_at: expires_at.map(UnixMillis::new),
            };
            book.apply(TransferId(number as u128), movement, now).unwrap();
        }
        let whole: i64 = lots.iter().map(|(amount, _)| amount).sum();
        let reserved = book.apply(TransferId(99), Movement::Reserve { amount: NanoUsd::from_nanos(wanted) }, now);
        prop_assert_eq!(reserved.is_ok(), wanted <= whole);
        let Ok(receipt) = reserved else { return Ok(()) };
        let drawn: Vec<_> = receipt.entries.iter().map(|entry| entry.lot.unwrap()).collect();
        let rank = |expires_at: Option<UnixMillis>| expires_at.map_or(i64::MAX, UnixMillis::get);
        prop_assert!(drawn.is_sorted_by_key(|lot| rank(lot.expires_at)));
        // What was left alone does not expire before anything that was drawn.
        let last = rank(drawn.last().unwrap().expires_at);
        for (number, (amount, expires_at)) in lots.iter().enumerate() {
            let untouched = book.balances().left_of(TransferId(number as u128)) == Some(NanoUsd::from_nanos(*amount));
            prop_assert!(!untouched || expires_at.unwrap_or(i64::MAX) >= last);
        }
    }
}
