//! Limits are never passed, nobody is refused while there is room, and what there is can be spent.
//!
//! How far an account is used at a moment is worked out from outside: calls that are over count what they cost, calls
//! under way the most they can cost, calls that nothing was set aside for count nothing.

use std::collections::BTreeMap;

use super::{Rule, charge, dollars};
use crate::evidence::Evidence;
use crate::load::call::{Call, Seen, nanos};
use crate::scene::{Account, Money, Scene};

/// A refusal with more left than this share of the limit, in percent, is none: no call under test needs as much.
const LEFT_AT_REFUSAL: u64 = 2;
/// Nobody is refused before this share is used.
const USED_AT_REFUSAL: u64 = 95;
/// At least so much of a limit under test is spent in the end.
const USED_AT_THE_END: u64 = 99;
/// The code of a refusal by a budget.
pub(crate) const EXCEEDED: &str = "budget_exceeded";

/// What a call does to the accounts over it.
#[derive(Debug, Clone, Copy)]
struct Use {
    began: u64,
    /// From then on its cost is known to everybody; never for a call that broke.
    ended: u64,
    bound: u64,
    cost: u64,
}

/// All rules about budgets.
pub(crate) fn rules(evidence: &Evidence, calls: &[Call], scene: &Scene) -> Vec<Rule> {
    let mut rules = limits(evidence, calls, scene);
    rules.push(used_up(evidence, scene));
    rules
}

/// Those that hold before the limits are used up, too.
pub(crate) fn limits(evidence: &Evidence, calls: &[Call], scene: &Scene) -> Vec<Rule> {
    let uses = uses(evidence, calls, scene);
    vec![
        within_limits(evidence, scene),
        final_refusals(calls, scene),
        false_refusals(calls, scene, &uses),
    ]
}

/// What Postgres has on an account.
pub(crate) fn settled(evidence: &Evidence, account: &Account) -> i128 {
    let of_account = evidence.spent.iter().filter(|spent| {
        spent.budget_id == account.budget.as_uuid()
            && spent.partition == account.partition.as_deref().unwrap_or_default()
    });
    of_account.map(|spent| i128::from(spent.settled_nanos)).sum()
}

/// What the provider billed to each account, by the tags that the callers put into their prompts.
fn billed(evidence: &Evidence, scene: &Scene) -> Vec<u64> {
    let mut billed = vec![0; scene.accounts.len()];
    let by_name: BTreeMap<&str, &[usize]> = scene
        .callers
        .iter()
        .map(|caller| (caller.name.as_str(), caller.accounts.as_slice()))
        .collect();
    for entry in evidence.ledger.values().flatten() {
        let accounts = entry.tag.as_deref().and_then(|tag| by_name.get(tag));
        for position in accounts.into_iter().copied().flatten() {
            if let Some(sum) = billed.get_mut(*position) {
                *sum += entry.cost_nano_usd;
            }
        }
    }
    billed
}

fn within_limits(evidence: &Evidence, scene: &Scene) -> Rule {
    let (mut findings, mut tight) = (Vec::new(), Vec::new());
    for (account, billed) in scene.accounts.iter().zip(billed(evidence, scene)) {
        let settled = settled(evidence, account);
        // A provider bills calls for which nobody is charged.
        let billed = match account.kind {
            Money::Cost => billed,
            Money::Charge => u64::try_from(settled).unwrap_or(u64::MAX),
        };
        if billed > account.limit || settled > i128::from(account.limit) {
            findings.push(format!(
                "{}: {} billed and {} recorded of {}",
                account.name,
                dollars(billed),
                dollars(settled),
                dollars(account.limit)
            ));
        }
        if account.is_tight {
            tight.push(billed);
        }
    }
    let most = tight.iter().max().copied().unwrap_or_default();
    let detail = format!(
        "{} accounts, at most {} billed to a tight one",
        scene.accounts.len(),
        dollars(most)
    );
    Rule::new("no account is billed beyond its limit", detail, findings)
}

fn refusals(calls: &[Call]) -> impl Iterator<Item = &Call> {
    calls.iter().filter(|call| call.code() == Some(EXCEEDED))
}

/// A refusal for want of credit names no limit, for there is none.
fn is_for_credit(call: &Call) -> bool {
    let Seen::Refused(_, _, error) = &call.seen else {
        return false;
    };
    let message = error["message"].as_str().unwrap_or_default();
    error["metadata"].is_null() && message.contains("prepaid credit")
}

fn final_refusals(calls: &[Call], scene: &Scene) -> Rule {
    let (mut findings, mut most, mut count) = (Vec::new(), 0, 0);
    // Whoever has no credit must be told of the budget that is used up.
    let on_credit = |call: &&Call| is_for_credit(call) && scene.is_on_credit(call.caller);
    for call in refusals(calls).filter(|call| !on_credit(call)) {
        count += 1;
        match stated(&call.seen) {
            Some((left, limit)) => {
                let share = left * 100 / limit.max(1);
                most = most.max(share);
                if share > LEFT_AT_REFUSAL {
                    findings.push(format!(
                        "{:?}: {} left of {}",
                        call.id,
                        dollars(left),
                        dollars(limit)
                    ));
                }
            }
            None => findings.push(format!(
                "{:?} does not say what is left: {:?}",
                call.id, call.seen
            )),
        }
    }
    Rule::new(
        "at a refusal at least 98% of the limit is held or settled",
        format!("{count} refusals, at most {most}% left"),
        findings,
    )
}

/// What a refusal says: what is left, and the limit.
fn stated(seen: &Seen) -> Option<(u64, u64)> {
    let Seen::Refused(_, _, error) = seen else {
        return None;
    };
    let fact = |name: &str| error["metadata"][name].as_str().and_then(nanos);
    Some((fact("remaining_usd")?, fact("limit_usd")?))
}

fn uses(evidence: &Evidence, calls: &[Call], scene: &Scene) -> Vec<Vec<Use>> {
    let by_trace = evidence.by_trace();
    let mut uses = vec![Vec::new(); scene.accounts.len()];
    for call in calls {
        let row = by_trace
            .get(call.trace.as_str())
            .filter(|row| !row.attempts.is_empty());
        let (Some(row), Some(caller)) = (row, scene.callers.get(call.caller)) else {
            continue;
        };
        let cost = match scene.is_on_credit(call.caller) {
            true => Some(row.attempts.iter().map(|attempt| charge(attempt).nanos()).sum()),
            false => row.cost_nanos,
        };
        let Some(cost) = cost.and_then(|cost| u64::try_from(cost).ok()) else {
            continue;
        };
        let ended = if call.seen == Seen::Answered {
            call.ended
        } else {
            u64::MAX
        };
        let one = Use {
            began: call.began,
            ended,
            bound: call.bound.max(cost),
            cost,
        };
        for position in &caller.accounts {
            if let Some(of_account) = uses.get_mut(*position) {
                of_account.push(one);
            }
        }
    }
    uses
}

fn used(uses: &[Use], at: u64) -> u64 {
    let begun = uses.iter().filter(|one| one.began <= at);
    begun
        .map(|one| if one.ended <= at { one.cost } else { one.bound })
        .sum()
}

fn false_refusals(calls: &[Call], scene: &Scene, uses: &[Vec<Use>]) -> Rule {
    let (mut findings, mut least) = (Vec::new(), 100);
    for call in refusals(calls) {
        let Some(caller) = scene.callers.get(call.caller) else {
            continue;
        };
        let shares = caller.accounts.iter().filter_map(|position| {
            let (account, uses) = (scene.accounts.get(*position)?, uses.get(*position)?);
            let most = [call.began, call.ended]
                .map(|at| used(uses, at))
                .into_iter()
                .max()?;
            Some(most * 100 / account.limit.max(1))
        });
        let share = shares.max().unwrap_or(0);
        least = least.min(share);
        if share < USED_AT_REFUSAL {
            findings.push(format!(
                "{:?} of {} at {share}%: {:?}",
                call.id, caller.name, call.seen
            ));
        }
    }
    let detail = format!("{} refusals, the earliest at {least}%", refusals(calls).count());
    Rule::new("nobody is refused below 95% of a limit", detail, findings)
}

fn used_up(evidence: &Evidence, scene: &Scene) -> Rule {
    let mut findings = Vec::new();
    let tight = || scene.accounts.iter().filter(|account| account.is_tight);
    let mut least = i128::MAX;
    for account in tight() {
        let share = settled(evidence, account) * 10_000 / i128::from(account.limit.max(1));
        least = least.min(share);
        if share < i128::from(USED_AT_THE_END * 100) {
            let settled = settled(evidence, account);
            findings.push(format!(
                "{}: {} of {}",
                account.name,
                dollars(settled),
                dollars(account.limit)
            ));
        }
    }
    let detail = format!(
        "{} limits, the least used at {}.{:02}%",
        tight().count(),
        least / 100,
        least % 100
    );
    Rule::new(
        "at least 99% of each limit under test can be spent",
        detail,
        findings,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixtures::{Case, broken};
    use super::*;

    const LIMITS: &str = "no account is billed beyond its limit";
    const FINAL: &str = "at a refusal at least 98% of the limit is held or settled";
    const FALSE: &str = "nobody is refused below 95% of a limit";
    const USED: &str = "at least 99% of each limit under test can be spent";

    fn judged(change: impl FnOnce(&mut Case)) -> Vec<&'static str> {
        let mut case = Case::sound();
        change(&mut case);
        broken(rules(&case.evidence, &case.calls, &case.scene))
    }

    fn refused(left: &str) -> Seen {
        let error = json!({"metadata": {"remaining_usd": left, "limit_usd": "0.000000605"}});
        Seen::Refused(402, EXCEEDED.to_owned(), error)
    }

    #[test]
    fn a_sound_run_holds() {
        assert!(judged(|_| {}).is_empty());
    }

    #[test]
    fn a_nano_dollar_beyond_a_limit_is_found() {
        assert_eq!(judged(|case| case.scene.accounts[0].limit = 599), [LIMITS]);
        // The provider's word counts, whatever the gateway recorded.
        let billed = judged(|case| case.entry(2).cost_nano_usd = 506);
        assert_eq!(billed, [LIMITS]);
    }

    #[test]
    fn a_refusal_with_money_left_is_found() {
        assert_eq!(stated(&refused("0.000000012")), Some((12, 605)));
        assert!(judged(|case| case.refuse(refused("0.000000012"))).is_empty());
        assert_eq!(judged(|case| case.refuse(refused("0.000000100"))), [FINAL]);
        let silent = Seen::Refused(402, EXCEEDED.to_owned(), Value::Null);
        assert_eq!(judged(|case| case.refuse(silent)), [FINAL]);
        let message = "The organization's prepaid credit has 0.000000000 USD left";
        let for_credit = Seen::Refused(402, EXCEEDED.to_owned(), json!({ "message": message }));
        let told = judged(|case| case.refuse(for_credit.clone()));
        assert_eq!(told, [FINAL], "it has no credit");
        let on_credit = judged(|case| {
            case.scene.accounts[0].kind = Money::Charge;
            case.refuse(for_credit);
        });
        assert!(!on_credit.contains(&FINAL), "{on_credit:?}");
    }

    #[test]
    fn a_refusal_before_the_limit_is_used_is_found() {
        // Before the second call began, only the first had been paid for.
        let early = judged(|case| {
            case.refuse(refused("0.000000001"));
            let refusal = case.calls.last_mut().unwrap();
            (refusal.began, refusal.ended) = (15, 15);
        });
        assert_eq!(early, [FALSE]);
    }

    #[test]
    fn money_that_cannot_be_spent_is_found() {
        assert_eq!(judged(|case| case.scene.accounts[0].limit = 700), [USED]);
        assert!(
            judged(|case| {
                case.scene.accounts[0].limit = 700;
                case.scene.accounts[0].is_tight = false;
            })
            .is_empty()
        );
    }
}
