//! Money for one attempt: finds the budgets over it and sets aside the most it can cost.

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::Budget;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::CreditUse;
use sluicegate_metering::escrow::{Hold, Outcome, Path, Unavailable};
use std::time::Duration;

use super::Gateway;
use super::finish::Trial;
use super::stage::Planned;
use crate::budgets::scope::{Facts, NoPeriod, Standing, Target};
use crate::error::{ErrorKind, GatewayError};

/// What a soft budget must have left for a call to begin.
const SOMETHING: NanoUsd = NanoUsd::from_nanos(1);
/// When to come back if no decision could be made.
const DECISION_RETRY: Duration = Duration::from_secs(1);

/// Money set aside for one attempt, and where its cost counts. Dropped before [`Reserved::sent`], it goes back.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    pub(super) accounts: Vec<AccountId>,
    holds: Vec<Hold>,
    /// What is set aside of the organization's prepaid credit, and where.
    credit: Option<(AccountId, Hold)>,
}

impl Reserved {
    /// The attempt is about to be sent: from here on it may cost something, whatever becomes of this process.
    pub(super) fn sent(&mut self) {
        self.holds.iter_mut().for_each(Hold::sent);
        if let Some((_, hold)) = &mut self.credit {
            hold.sent();
        }
    }

    /// What prepaid credit pays of an attempt with this charge.
    pub(super) fn paid(&self, charge: NanoUsd) -> Option<CreditUse> {
        let (account, _) = self.credit.as_ref()?;
        Some(CreditUse {
            account: account.clone(),
            charge,
        })
    }

    /// The attempt cost this much, of which credit pays `charge`; `seq` is the place of its record in the spool.
    pub(super) fn finish(self, cost: NanoUsd, charge: NanoUsd, seq: Option<u64>) {
        self.holds.into_iter().for_each(|hold| hold.finish(cost, seq));
        if let Some((_, hold)) = self.credit {
            hold.finish(charge, seq.filter(|_| charge > NanoUsd::ZERO));
        }
    }
}

/// Sets money aside for an attempt.
///
/// # Errors
/// 402 when a budget has too little left for it, 503 when that cannot be told now, 403 when its cost has no bound and a
/// budget wants one.
pub(super) async fn reserve(
    gateway: &Gateway,
    planned: &Planned<'_>,
    trial: &Trial<'_>,
) -> Result<Reserved, GatewayError> {
    let caller = &planned.request.caller;
    let budgets = &caller.project.budgets;
    // The built-in echo costs nothing.
    let Some(connection) = trial.candidate.connection else {
        return Ok(Reserved::default());
    };
    let over_own_connection = connection.organization == caller.project.organization;
    if budgets.is_empty() && over_own_connection {
        return Ok(Reserved::default());
    }
    let labels = &caller.received.arrival.labels;
    let facts = Facts {
        key: caller.key,
        end_user: labels.end_user.as_deref(),
        session: labels.session.as_deref(),
        tags: &labels.tags,
        route: planned.route.map(|route| route.id),
        now: UnixMillis::new(gateway.state().clock.now_millis()),
    };
    let target = Target {
        model: trial.model,
        over_own_connection,
    };
    let standing = Standing::over(budgets, &facts, &target).map_err(no_period)?;
    let amount = match (trial.bound, standing.wants_a_price()) {
        (Some(bound), _) => bound,
        (None, Some(budget)) => return Err(no_bound(budget, trial.model)),
        (None, None) => NanoUsd::ZERO,
    };
    let mut reserved = Reserved {
        accounts: standing.accounts(),
        holds: Vec::new(),
        credit: None,
    };
    for (path, amount) in [(standing.hard(), amount), (standing.soft(), SOMETHING)] {
        if let Some(path) = path {
            reserved
                .holds
                .push(hold(gateway, planned, &standing, &path, amount).await?);
        }
    }
    if !over_own_connection {
        reserved.credit = Some(credit(gateway, planned, &standing, trial).await?);
    }
    Ok(reserved)
}

/// Sets prepaid credit aside for an attempt that the host pays the provider for.
async fn credit(
    gateway: &Gateway,
    planned: &Planned<'_>,
    standing: &Standing<'_>,
    trial: &Trial<'_>,
) -> Result<(AccountId, Hold), GatewayError> {
    let Some((account, path)) = standing.credit() else {
        return Err(no_credit(NanoUsd::ZERO, trial.bound));
    };
    let Some(amount) = trial.bound else {
        let message = format!(
            "What {:?} costs is not known, and credit pays for no such call.",
            trial.model
        );
        return Err(GatewayError::new(ErrorKind::PriceUnknown, message).at("model"));
    };
    let organization = planned.request.caller.project.organization;
    match gateway.state().budgets.hold(organization, &path, amount).await {
        Outcome::Held(hold) => Ok((account, hold)),
        Outcome::Unavailable(why) => Err(undecided(why)),
        Outcome::Refused { available: left, .. } | Outcome::TooLarge { most: left, .. } => {
            Err(no_credit(left, Some(amount)))
        }
    }
}

fn no_credit(left: NanoUsd, wanted: Option<NanoUsd>) -> GatewayError {
    let left = left.max(NanoUsd::ZERO);
    let costs = wanted.map_or_else(String::new, |wanted| {
        format!(" and this call can cost up to {wanted} USD")
    });
    let message = format!(
        "The organization's prepaid credit has {left} USD left{costs}. Add credit, lower the output limit, or use a \
         connection of your own."
    );
    GatewayError::new(ErrorKind::BudgetExceeded, message)
}

async fn hold(
    gateway: &Gateway,
    planned: &Planned<'_>,
    standing: &Standing<'_>,
    path: &Path,
    amount: NanoUsd,
) -> Result<Hold, GatewayError> {
    let organization = planned.request.caller.project.organization;
    let outcome = gateway.state().budgets.hold(organization, path, amount).await;
    let (account, left) = match outcome {
        Outcome::Held(hold) => return Ok(hold),
        Outcome::Unavailable(why) => return Err(undecided(why)),
        Outcome::Refused { account, available } => (account, available),
        Outcome::TooLarge { account, most } => (account, most),
    };
    Err(exceeded(standing.budget(&account), left, amount))
}

fn exceeded(budget: Option<&Budget>, left: NanoUsd, wanted: NanoUsd) -> GatewayError {
    let Some(budget) = budget else {
        return GatewayError::new(ErrorKind::BudgetExceeded, "A budget over this call is used up.");
    };
    let message = format!(
        "The budget {:?} has {} of {} USD left and this call can cost up to {} USD. Lower the output limit, or raise \
         the budget.",
        budget.name,
        left.max(NanoUsd::ZERO),
        budget.limit,
        wanted,
    );
    GatewayError::new(ErrorKind::BudgetExceeded, message)
}

fn undecided(why: Unavailable) -> GatewayError {
    let message = match why {
        Unavailable::Unannounced => "This worker has just started and cannot spend from budgets yet.",
        Unavailable::Store => "The store of budgets did not answer in time.",
        Unavailable::Presumed => "The store of budgets is being rebuilt.",
        Unavailable::Exposed => "Too much of what this worker spent is not on the books yet.",
        Unavailable::Closed => {
            "This worker's books are closed. Send the request again; another worker takes it."
        }
        Unavailable::Ended => "The budget's period ended while the call waited. Send it again.",
    };
    GatewayError::new(ErrorKind::BudgetUnavailable, message).after(DECISION_RETRY)
}

fn no_period(NoPeriod(budget): NoPeriod<'_>) -> GatewayError {
    let message = format!(
        "The periods of the budget {:?} that this worker knows are over, and the control plane has sent no new ones.",
        budget.name
    );
    GatewayError::new(ErrorKind::BudgetUnavailable, message).after(DECISION_RETRY)
}

fn no_bound(budget: &Budget, model: &str) -> GatewayError {
    let message = format!(
        "What {model:?} costs is not known, and the budget {:?} takes no calls without a price.",
        budget.name
    );
    GatewayError::new(ErrorKind::PriceUnknown, message).at("model")
}
