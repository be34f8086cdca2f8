//! What a budget would say to a call of a certain cost, by the rules that workers keep: a hard one wants the whole cost, a
//! soft one wants something to be left.

use sluicegate_contracts::config::{Enforcement, OnExceed};
use sluicegate_contracts::money::NanoUsd;

/// What would become of the call, the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing stands against it.
    Admitted,
    /// It depends on whether workers need what they hold: that may come back or be spent.
    Contested,
    /// The budget is used up, and lets so many calls a minute through.
    Throttled,
    /// Another route would serve it.
    Rerouted,
    /// It would be refused.
    Refused,
}

/// How an account stands.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// What was not spent of its limit.
    pub unspent: NanoUsd,
    /// The part of that which no worker holds.
    pub available: NanoUsd,
    /// Most that one call may hold.
    pub most_per_call: NanoUsd,
}

/// What a budget would say to a call that can cost up to `cost`.
#[must_use]
pub fn verdict(enforcement: Enforcement, on_exceed: &OnExceed, account: &Account, cost: NanoUsd) -> Verdict {
    let wanted = match enforcement {
        Enforcement::Notify => return Verdict::Admitted,
        Enforcement::Soft => NanoUsd::from_nanos(1),
        Enforcement::Hard => cost,
    };
    if wanted <= account.available && wanted <= account.most_per_call {
        return Verdict::Admitted;
    }
    if wanted <= account.unspent && wanted <= account.most_per_call {
        return Verdict::Contested;
    }
    match on_exceed {
        OnExceed::Refuse => Verdict::Refused,
        OnExceed::Route(_) => Verdict::Rerouted,
        OnExceed::Throttle { .. } => Verdict::Throttled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn usd(dollars: i64) -> NanoUsd {
        NanoUsd::from_nanos(dollars * 1_000_000_000)
    }

    /// 100 of a limit are not spent, workers hold 40 of these, and one call may hold 80.
    const ACCOUNT: Account = Account {
        unspent: usd(100),
        available: usd(60),
        most_per_call: usd(80),
    };

    fn said(enforcement: Enforcement, cost: i64) -> Verdict {
        verdict(enforcement, &OnExceed::Refuse, &ACCOUNT, usd(cost))
    }

    #[test]
    fn a_hard_budget_wants_the_whole_cost() {
        let costs = [60, 61, 80, 81, 101];
        let said = costs.map(|cost| said(Enforcement::Hard, cost));
        let expected = [
            Verdict::Admitted,
            Verdict::Contested,
            Verdict::Contested,
            Verdict::Refused,
            Verdict::Refused,
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_soft_budget_wants_something_and_one_that_notifies_nothing() {
        assert_eq!(said(Enforcement::Soft, 500), Verdict::Admitted);
        let used_up = Account {
            unspent: usd(0),
            available: usd(0),
            ..ACCOUNT
        };
        let throttle = OnExceed::Throttle {
            requests_per_minute: 3,
        };
        let soft = verdict(Enforcement::Soft, &throttle, &used_up, usd(0));
        assert_eq!(soft, Verdict::Throttled);
        let told = verdict(Enforcement::Notify, &OnExceed::Refuse, &used_up, usd(5));
        assert_eq!(told, Verdict::Admitted);
    }
}
