//! Each rule can fail: what is found after one thing in sound books was made wrong.

mod sound;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence};
use sluicegate_mock_provider::Outcome;

use super::super::faults::Victim;
use super::super::load::{LATE, LONG};
use super::LONG_WORDS;
use crate::harness::inference::{Break, Seen};
use crate::harness::mock::CHAT;
use sound::{
    ANSWERED, BROKEN_WHOLE, CUT, Evidences, FAILED, HANG_UP, KILLED, LEFT, LEFT_WHOLE, REFUSED, RETRIED,
    STALLED, STALLED_WHOLE, name, price, sound,
};

/// What is found after something was made wrong.
fn after(change: impl FnOnce(&mut Evidences)) -> String {
    let mut all = sound();
    change(&mut all);
    all.books.findings(&all.calls, &all.outages).join("\n")
}

#[track_caller]
fn finds(what: &str, change: impl FnOnce(&mut Evidences)) {
    let found = after(change);
    assert!(found.contains(what), "{what:?} is not found: {found:?}");
}

#[test]
fn sound_books_pass() {
    assert_eq!(after(|_| {}), "");
}

#[test]
fn a_lost_and_a_doubled_record_are_found() {
    let lost = |all: &mut Evidences| drop(all.books.rows.remove(&name(ANSWERED)));
    finds("has no row and was billed", lost);
    finds("it has an id and no row", lost);
    finds("without a gap", lost);
    finds("has 2 rows", |all| {
        let twin = all.row(ANSWERED).clone();
        all.books.rows.get_mut(&name(ANSWERED)).unwrap().push(twin);
    });
    finds("1 calls have a second row", |all| {
        all.row(CUT).trace_id = all.row(ANSWERED).trace_id.clone();
    });
    finds("was called by nobody", |all| all.row(CUT).trace_id = None);
}

#[test]
fn a_reported_cost_next_to_the_bill_is_found() {
    let bill = i64::try_from(price(CHAT, 11, 3)).unwrap();
    for cost in [Some(bill - 1), Some(bill + 1), None] {
        finds("attempt 1: it", |all| all.recost(ANSWERED, cost));
        finds("attempt 3: it", |all| all.recost(RETRIED, cost));
    }
    finds("it was billed", |all| {
        all.row(ANSWERED).cost_nanos = Some(bill + 1);
    });
    finds("attempt 1: it was billed", |all| {
        all.last(ANSWERED).tokens.output = 4;
    });
    finds("attempt 3: it was billed 0", |all| all.recost(REFUSED, Some(1)));
}

#[test]
fn an_estimate_that_streaming_does_not_explain_is_found() {
    // The caller of the cut stream has all that there was: 13 bytes.
    for output in [3, 5] {
        finds("an estimate is 4 and 4 to 4 tokens", |all| {
            all.last(CUT).tokens.output = output;
            all.recost(CUT, i64::try_from(price(CHAT, 4, output)).ok());
        });
    }
    // Of the abandoned one, up to two words more may have come by.
    for output in [3, 9] {
        finds("an estimate is 4 and 4 to 8 tokens", |all| {
            all.last(LEFT).tokens.output = output;
            all.recost(LEFT, i64::try_from(price(LONG, 4, output)).ok());
        });
    }
    for number in [CUT, STALLED, LEFT, FAILED] {
        finds("the price of those it states", |all| all.recost(number, Some(1)));
        finds("an estimate is 4 and", |all| all.last(number).tokens.input = 5);
        finds("its cost is not known", |all| all.recost(number, None));
        finds("words, its caller has 3", |all| {
            all.entries(number)[0].output_tokens = 2;
        });
    }
    // Words that the provider sent and the gateway kept to itself.
    finds("the provider sent 4 words", |all| {
        all.entries(CUT)[0].output_tokens = 4;
    });
    finds("the provider sent 4 words", |all| {
        all.entries(STALLED)[0].output_tokens = 4;
    });
}

#[test]
fn an_uncertain_cost_outside_of_what_is_possible_is_found() {
    let most = |model| i64::try_from(price(model, 164, if model == CHAT { 16_384 } else { 32_768 })).unwrap();
    for (number, model) in [(LEFT_WHOLE, LATE), (STALLED_WHOLE, CHAT), (KILLED, CHAT)] {
        let bill = sound().books.billed(&name(number));
        for cost in [Some(bill - 1), Some(most(model) + 1), None] {
            let found = after(|all| all.recost(number, cost));
            let possible = found.contains("at most") || found.contains("cost is not known");
            assert!(possible, "{number} {cost:?}: {found}");
        }
        for cost in [bill, most(model)] {
            assert_eq!(after(|all| all.recost(number, Some(cost))), "");
        }
    }
    finds("it was billed", |all| {
        all.row(BROKEN_WHOLE).attempts[0].cost = Some(NanoUsd::from_nanos(1));
    });
}

#[test]
fn attempts_that_the_provider_does_not_know_are_found() {
    finds("the provider was called 2 times", |all| {
        let entry = all.entries(ANSWERED)[0].clone();
        all.entries(ANSWERED).push(entry);
    });
    finds("has not heard of it", |all| drop(all.entries(RETRIED).pop()));
    finds("the provider was called 0 times", |all| {
        all.entries(RETRIED).clear();
    });
    finds("the provider was called 2 times", |all| {
        let entry = all.entries(KILLED)[0].clone();
        all.entries(KILLED).push(entry);
    });
    finds("it went on after attempt 1", |all| {
        let (attempt, entry) = (all.last(ANSWERED).clone(), all.entries(ANSWERED)[0].clone());
        all.row(ANSWERED).attempts.push(attempt);
        all.entries(ANSWERED).push(entry);
    });
    // A caller that is gone before its call leaves is no contradiction.
    assert_eq!(
        after(|all| all.entries(LEFT_WHOLE).clear()),
        "nothing is proven about a hang-up before a whole answer: none met a call in flight"
    );
}

#[test]
fn two_stories_of_one_end_are_found() {
    for (number, outcome, other) in [
        (ANSWERED, AttemptOutcome::Served, Outcome::ClientLeft),
        (CUT, AttemptOutcome::Cut, Outcome::Completed),
        (STALLED, AttemptOutcome::TimedOut, Outcome::Completed),
        (FAILED, AttemptOutcome::ServerError, Outcome::Cut),
        (REFUSED, AttemptOutcome::ServerError, Outcome::Completed),
    ] {
        finds(&format!("the provider calls it {other:?}"), |all| {
            assert_eq!(all.last(number).outcome, outcome);
            all.entries(number).last_mut().unwrap().outcome = other;
        });
    }
    finds("the provider calls it Refused", |all| {
        all.last(REFUSED).status = Some(503);
    });
    // Only a provider that was told to fall silent may be given up as silent.
    finds("the provider calls it ClientLeft", |all| {
        all.entries(STALLED)[0].fault = None;
    });
    finds("its attempts come to", |all| {
        "reported".clone_into(&mut all.row(CUT).cost_evidence);
    });
    finds("its attempts come to", |all| all.row(CUT).output_tokens += 1);
}

#[test]
fn a_row_that_contradicts_its_caller_is_found() {
    finds("it was answered otherwise", |all| {
        all.logged(ANSWERED).call.told = Some((11, 4));
    });
    finds("it was answered otherwise", |all| {
        all.logged(ANSWERED).call.told_cost = Some(1);
    });
    for number in [ANSWERED, RETRIED] {
        finds("it was answered otherwise", |all| {
            "cut".clone_into(&mut all.row(number).outcome);
        });
    }
    finds("it was refused otherwise", |all| all.row(REFUSED).status = 502);
    finds("it was cut", |all| "served".clone_into(&mut all.row(CUT).outcome));
    finds("its caller did not hang up", |all| {
        "client_gone".clone_into(&mut all.row(ANSWERED).outcome);
    });
    finds("it was answered otherwise", |all| {
        all.logged(ANSWERED).call.told_cost = None;
    });
    finds("its caller has text", |all| {
        all.last(LEFT).evidence = Evidence::Uncertain;
    });
    finds("its caller hung up", |all| {
        "served".clone_into(&mut all.row(LEFT).outcome);
    });
    finds("its worker was not killed meanwhile", |all| all.outages.clear());
    finds("looks proper and is not whole", |all| {
        all.logged(KILLED).call.seen = Seen::Broken(Break::Truncated);
    });
}

#[test]
fn a_provider_that_works_on_for_nobody_is_found() {
    finds("the provider went on", |all| {
        let entry = &mut all.entries(LEFT)[0];
        entry.at_unix_ms = HANG_UP + 5_001;
    });
    finds("the provider went on", |all| {
        all.entries(LEFT)[0].outcome = Outcome::Completed;
    });
    finds("the provider went on", |all| {
        all.entries(LEFT)[0].output_tokens = LONG_WORDS;
    });
    finds("the provider went on", |all| {
        all.entries(LEFT_WHOLE)[0].outcome = Outcome::Completed;
    });
    // A call that is over soon anyway may be over before its caller is known to be gone, but not run on.
    assert_eq!(
        after(|all| all.logged(ANSWERED).call.seen = Seen::HungUp(HANG_UP)),
        ""
    );
    finds("the provider went on", |all| {
        all.logged(ANSWERED).call.seen = Seen::HungUp(HANG_UP);
        all.entries(ANSWERED)[0].at_unix_ms = HANG_UP + 5_001;
    });
}

#[test]
fn a_call_may_fail_only_by_its_worker_s_death_or_the_provider_s_fault() {
    let away = |all: &mut Evidences, victim| {
        all.outages[0].victim = victim;
    };
    for victim in [Victim::Worker(0), Victim::ControlPlane] {
        finds("it broke though its worker was there", |all| away(all, victim));
    }
    // Without a row the call never came in; that too is excused only by a death.
    let unheard = |all: &mut Evidences| {
        let mut logged = all.calls.remove(usize::try_from(KILLED).unwrap() - 1);
        logged.call.id = None;
        logged.call.trace = "0".repeat(32);
        logged.call.seen = Seen::Broken(Break::Unreachable);
        all.calls.push(logged);
        all.books.ledger.remove(&name(KILLED));
        all.books.rows.remove(&name(KILLED));
    };
    assert!(!after(unheard).contains("it broke"));
    finds("it broke though its worker was there", |all| {
        unheard(all);
        away(all, Victim::Worker(0));
    });
    // Nor does a worker that is there say that it is not ready.
    let not_ready = |all: &mut Evidences| {
        unheard(all);
        let refused = all.calls.last_mut().unwrap();
        refused.call.id = Some(name(99));
        refused.call.seen = Seen::Refused(503, "not_ready".to_owned());
    };
    assert!(!after(not_ready).contains("no row"));
    finds("it has an id and no row", |all| {
        not_ready(all);
        away(all, Victim::Worker(0));
    });
    // Fewer attempts than were due.
    finds("nothing kept it from being answered", |all| {
        all.row(REFUSED).attempts.truncate(2);
        all.entries(REFUSED).truncate(2);
    });
    finds("nothing kept it from being answered", |all| {
        all.row(REFUSED).attempts.clear();
        all.entries(REFUSED).clear();
    });
    finds("nothing kept it from being answered", |all| {
        all.row(CUT).attempts[0].outcome = AttemptOutcome::Served;
    });
}

#[test]
fn a_wrong_sum_and_a_late_watermark_are_found() {
    finds("rollups", |all| all.books.rollup_sums.0 = 3);
    finds("watermarks", |all| all.books.progress[0].contiguous = 1);
    finds("watermarks", |all| all.books.progress[0].islands = 1);
    finds("dead letters", |all| all.books.dead_letters = 1);
}

#[test]
fn what_did_not_happen_proves_nothing() {
    for number in [
        RETRIED,
        CUT,
        STALLED,
        LEFT,
        KILLED,
        BROKEN_WHOLE,
        STALLED_WHOLE,
        FAILED,
    ] {
        finds("nothing is proven about", |all| {
            let row = all.row(number);
            row.attempts.clear();
            "refused".clone_into(&mut row.outcome);
            for number in [RETRIED, BROKEN_WHOLE] {
                all.row(number).attempts.truncate(1);
            }
        });
    }
}
