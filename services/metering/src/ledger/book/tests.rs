//! Each movement in an example; the laws over random histories are in `tests/it/ledger.rs`.

use super::*;

const NOW: UnixMillis = UnixMillis::new(1_000);

fn nano(nanos: i64) -> NanoUsd {
    NanoUsd::from_nanos(nanos)
}

const fn id(id: u128) -> TransferId {
    TransferId(id)
}

fn top_up(amount: i64, expires_at: Option<i64>) -> Movement {
    Movement::TopUp {
        amount: nano(amount),
        expires_at: expires_at.map(UnixMillis::new),
    }
}

fn reserve(amount: i64) -> Movement {
    Movement::Reserve { amount: nano(amount) }
}

fn settle(pending: u128, used: i64, rest: Rest) -> Movement {
    Movement::Settle {
        pending: id(pending),
        used: nano(used),
        rest,
    }
}

/// A book with lots 1 (100, never expires), 2 (50, at 3,000) and 3 (30, at 2,000).
fn book() -> Book {
    let mut book = Book::default();
    for (number, lot) in [
        top_up(100, None),
        top_up(50, Some(3_000)),
        top_up(30, Some(2_000)),
    ]
    .into_iter()
    .enumerate()
    {
        book.apply(id(number as u128 + 1), lot, NOW).unwrap();
    }
    book
}

fn lots(book: &Book) -> [i64; 3] {
    [1, 2, 3].map(|lot| book.balances().left_of(id(lot)).unwrap().nanos())
}

fn balances(book: &Book) -> [i128; 8] {
    Account::ALL.map(|account| book.balances().of(account))
}

#[test]
fn what_expires_first_is_drawn_first() {
    let mut book = book();
    book.apply(id(9), Movement::Charge { amount: nano(60) }, NOW)
        .unwrap();
    assert_eq!(lots(&book), [100, 20, 0]);
    book.apply(id(10), Movement::Charge { amount: nano(40) }, NOW)
        .unwrap();
    assert_eq!(lots(&book), [80, 0, 0]);
    assert_eq!(balances(&book), [-180, 0, 80, 0, 100, 0, 0, 0]);
}

#[test]
fn what_has_expired_is_not_drawn() {
    let mut book = book();
    let late = UnixMillis::new(2_000);
    assert_eq!(book.balances().available(late), nano(150));
    let refused = book.apply(id(9), reserve(151), late);
    assert_eq!(refused, Err(Refused::Insufficient { available: nano(150) }));
    book.apply(id(9), reserve(150), late).unwrap();
    assert_eq!(lots(&book), [0, 0, 30]);
    let receipt = book.apply(id(10), Movement::Expire, late).unwrap();
    assert_eq!(receipt.entries.len(), 1);
    assert_eq!(balances(&book), [-180, 0, 0, 150, 0, 30, 0, 0]);
    assert_eq!(book.apply(id(11), Movement::Expire, late).unwrap().entries, []);
}

#[test]
fn a_part_is_posted_and_the_rest_goes_back_to_its_lots() {
    let mut book = book();
    book.apply(id(9), reserve(100), NOW).unwrap();
    assert_eq!(lots(&book), [80, 0, 0]);
    assert_eq!(book.balances().pending(id(9)), Some(nano(100)));
    // 30 of lot 3 and 10 of lot 2 were used.
    book.apply(id(10), settle(9, 40, Rest::Return), NOW).unwrap();
    assert_eq!(lots(&book), [100, 40, 0]);
    assert_eq!(balances(&book), [-180, 0, 140, 0, 40, 0, 0, 0]);
    assert_eq!(book.balances().pending(id(9)), None);
}

#[test]
fn a_pending_resolves_once() {
    let mut book = book();
    book.apply(id(9), reserve(100), NOW).unwrap();
    let too_much = book.apply(id(10), settle(9, 101, Rest::Return), NOW);
    assert_eq!(too_much, Err(Refused::ExceedsPending { pending: nano(100) }));
    book.apply(id(10), settle(9, 0, Rest::Return), NOW).unwrap();
    assert_eq!(lots(&book), [100, 50, 30], "nothing was used: a void");
    let again = book.apply(id(11), settle(9, 1, Rest::Return), NOW);
    assert_eq!(again, Err(Refused::NotPending));
    assert_eq!(
        book.apply(id(12), settle(77, 1, Rest::Return), NOW),
        Err(Refused::NotPending)
    );
}

#[test]
fn usage_is_posted_in_parts_while_the_rest_stays_in_flight() {
    let mut book = book();
    book.apply(id(9), reserve(100), NOW).unwrap();
    book.apply(id(10), settle(9, 35, Rest::Carry), NOW).unwrap();
    assert_eq!(book.balances().pending(id(10)), Some(nano(65)));
    assert_eq!(balances(&book), [-180, 0, 80, 65, 35, 0, 0, 0]);
    book.apply(id(11), settle(10, 65, Rest::Carry), NOW).unwrap();
    assert_eq!(book.balances().pending(id(11)), None, "nothing is left to carry");
    assert_eq!(balances(&book), [-180, 0, 80, 0, 100, 0, 0, 0]);
}

#[test]
fn the_same_event_counts_once() {
    let mut book = book();
    let first = book.apply(id(9), reserve(100), NOW).unwrap();
    let second = book.apply(id(9), reserve(100), UnixMillis::new(9_999)).unwrap();
    assert_eq!((first.is_repeat, second.is_repeat), (false, true));
    assert_eq!(first.entries, second.entries);
    assert_eq!(book.balances().pending_in_all(), nano(100));
    assert_eq!(book.apply(id(9), reserve(99), NOW), Err(Refused::IdReused));
}

#[test]
fn what_was_done_is_undone_once_by_opposite_entries() {
    let mut book = book();
    let before = balances(&book);
    book.apply(id(9), Movement::Charge { amount: nano(60) }, NOW)
        .unwrap();
    let reverse = Movement::Reverse { transfer: id(9) };
    let receipt = book.apply(id(10), reverse, NOW).unwrap();
    assert_eq!(receipt.entries.len(), 2);
    assert_eq!((balances(&book), lots(&book)), (before, [100, 50, 30]));
    assert_eq!(book.apply(id(11), reverse, NOW), Err(Refused::AlreadyReversed));
    for other in [10, 77] {
        let refused = book.apply(id(12), Movement::Reverse { transfer: id(other) }, NOW);
        assert_eq!(refused, Err(Refused::NotReversible), "{other}");
    }
    book.apply(id(13), reserve(1), NOW).unwrap();
    let refused = book.apply(id(14), Movement::Reverse { transfer: id(13) }, NOW);
    assert_eq!(refused, Err(Refused::NotReversible));
}

#[test]
fn a_payment_whose_credit_is_spent_cannot_be_taken_back() {
    let mut book = book();
    book.apply(id(9), Movement::Charge { amount: nano(31) }, NOW)
        .unwrap();
    let of = |book: &mut Book, lot| book.apply(id(20 + lot), Movement::Reverse { transfer: id(lot) }, NOW);
    assert_eq!(
        of(&mut book, 3),
        Err(Refused::Insufficient { available: nano(0) })
    );
    assert_eq!(
        of(&mut book, 2),
        Err(Refused::Insufficient { available: nano(49) })
    );
    assert!(of(&mut book, 1).is_ok());
    assert_eq!(balances(&book), [-80, 0, 49, 0, 31, 0, 0, 0]);
}

#[test]
fn gifts_refunds_corrections_and_losses_have_accounts_of_their_own() {
    let mut book = book();
    let moves = [
        Movement::Grant {
            amount: nano(7),
            expires_at: None,
        },
        Movement::Refund {
            lot: id(2),
            amount: nano(20),
        },
        Movement::AdjustUp { amount: nano(5) },
        Movement::AdjustDown { amount: nano(2) },
        Movement::WriteOff { amount: nano(11) },
    ];
    for (number, movement) in moves.into_iter().enumerate() {
        book.apply(id(number as u128 + 10), movement, NOW).unwrap();
    }
    assert_eq!(balances(&book), [-180, -7, 170, 0, 11, 0, 20, -14]);
    assert_eq!(book.balances().sum(), 0);
    let refund = |lot, amount| Movement::Refund {
        lot: id(lot),
        amount: nano(amount),
    };
    let refused = book.apply(id(30), refund(2, 31), NOW);
    assert_eq!(refused, Err(Refused::Insufficient { available: nano(30) }));
    assert_eq!(book.apply(id(31), refund(77, 1), NOW), Err(Refused::UnknownLot));
}

#[test]
fn an_amount_of_nothing_or_less_is_not_moved() {
    let mut book = book();
    for amount in [0, -1, i64::MIN, NanoUsd::MAX.nanos() + 1, i64::MAX] {
        let amount = nano(amount);
        let moves = [
            Movement::TopUp {
                amount,
                expires_at: None,
            },
            Movement::Refund { lot: id(1), amount },
            Movement::WriteOff { amount },
        ];
        for movement in moves {
            assert_eq!(
                book.apply(id(40), movement, NOW),
                Err(Refused::Amount),
                "{movement:?}"
            );
        }
        let refused = book.apply(id(40), Movement::Reserve { amount }, NOW);
        assert!(refused.is_err(), "{amount}");
    }
    book.apply(id(9), reserve(1), NOW).unwrap();
    assert_eq!(
        book.apply(id(10), settle(9, -1, Rest::Return), NOW),
        Err(Refused::Amount)
    );
}

#[test]
fn a_ledger_that_was_tampered_with_does_not_replay() {
    let mut book = Book::default();
    let mut entries = book.apply(id(1), top_up(100, Some(5_000)), NOW).unwrap().entries;
    entries.extend(book.apply(id(2), reserve(40), NOW).unwrap().entries);
    entries.extend(
        book.apply(id(3), settle(2, 10, Rest::Return), NOW)
            .unwrap()
            .entries,
    );
    assert_eq!(Balances::replay(&entries).as_ref(), Ok(book.balances()));
    let tampered = |change: fn(&mut Vec<Entry>)| {
        let mut entries = entries.clone();
        change(&mut entries);
        Balances::replay(&entries).map(|balances| balances == *book.balances())
    };
    assert_eq!(tampered(|it| it[0].amount = nano(99)), Ok(false));
    assert_eq!(
        tampered(|it| it[1].amount = nano(101)),
        Err((1, Refused::Insufficient { available: nano(100) }))
    );
    assert_eq!(
        tampered(|it| it[2].amount = nano(50)),
        Err((2, Refused::Insufficient { available: nano(40) }))
    );
    assert_eq!(
        tampered(|it| it.retain(|entry| entry.transfer != id(2))),
        Err((1, Refused::Insufficient { available: nano(0) }))
    );
    assert_eq!(tampered(|it| it[1].lot = None), Err((1, Refused::Malformed)));
    assert_eq!(
        tampered(|it| it[0].credit = Account::Payments),
        Err((0, Refused::Malformed))
    );
    assert_eq!(
        tampered(|it| it[2].debit = Account::Credit),
        Err((2, Refused::Malformed))
    );
    let by_two = tampered(|it| it[3].transfer = id(4));
    assert_eq!(by_two, Err((3, Refused::NotPending)));
    let twice = tampered(|it| it.push(it[2]));
    assert_eq!(twice, Err((4, Refused::Insufficient { available: nano(0) })));
}
