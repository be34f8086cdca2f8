//! How use is paid: from what is in flight for it, beyond that from other credit, and what no credit covers by the host.

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;

use super::{Balances, Movement, Rest, TransferId};

/// The movements that pay for use of this amount. What pendings have left after it stays in flight.
#[must_use]
pub fn movements(balances: &Balances, amount: NanoUsd, now: UnixMillis) -> Vec<Movement> {
    let mut left = amount.nanos().max(0);
    let mut movements = Vec::new();
    let open: Vec<(TransferId, NanoUsd)> = balances
        .open()
        .map(|(id, parts)| (id, parts.iter().map(|(_, part)| *part).sum()))
        .collect();
    for (pending, whole) in open {
        let used = left.min(whole.nanos());
        if used > 0 {
            left -= used;
            movements.push(Movement::Settle {
                pending,
                used: NanoUsd::from_nanos(used),
                rest: Rest::Carry,
            });
        }
    }
    let covered = left.min(balances.available(now).nanos()).max(0);
    if covered > 0 {
        let amount = NanoUsd::from_nanos(covered);
        movements.push(Movement::Charge { amount });
    }
    if left > covered {
        let amount = NanoUsd::from_nanos(left - covered);
        movements.push(Movement::WriteOff { amount });
    }
    movements
}

#[cfg(test)]
mod tests {
    use super::super::{Account, Book};
    use super::*;
    use proptest::prelude::*;

    fn nano(nanos: i64) -> NanoUsd {
        NanoUsd::from_nanos(nanos)
    }

    proptest! {
        #[test]
        fn use_is_paid_to_the_nano_and_credit_before_the_host(
            tops in prop::collection::vec(1..100_i64, 0..4),
            holds in prop::collection::vec(1..100_i64, 0..4),
            used in -5..400_i64,
        ) {
            let (mut book, mut next) = (Book::default(), 0_u128);
            let now = UnixMillis::new(0);
            let mut make = |book: &mut Book, movement| {
                next += 1;
                book.apply(TransferId(next), movement, now).is_ok()
            };
            for amount in tops {
                make(&mut book, Movement::TopUp { amount: nano(amount), expires_at: None });
            }
            for amount in holds {
                // Those that find too little are not made.
                make(&mut book, Movement::Reserve { amount: nano(amount) });
            }
            let before = book.balances().clone();
            let of = |balances: &Balances, account| i64::try_from(balances.of(account)).unwrap();
            let owned = of(&before, Account::Credit) + of(&before, Account::InFlight);
            for movement in movements(&before, nano(used), now) {
                prop_assert!(make(&mut book, movement), "{movement:?}");
            }
            let after = book.balances();
            let paid = used.max(0);
            prop_assert_eq!(of(after, Account::Revenue), paid);
            let borne = (paid - owned).max(0);
            prop_assert_eq!(of(after, Account::Adjustments), -borne);
            let in_flight = (of(&before, Account::InFlight) - paid).max(0);
            prop_assert_eq!(of(after, Account::InFlight), in_flight, "what is in flight is used first");
        }
    }
}
