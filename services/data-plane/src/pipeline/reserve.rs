//! Money for one attempt: finds the budgets over it and sets aside the most it can cost, or, where that is too much, the
//! cost of as long an answer as there is money for.

use std::time::Duration;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::{Budget, OnExceed};
use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::CreditUse;
use sluicegate_metering::bound::{Slicing, StreamHold};
use sluicegate_metering::escrow::{Hold, Outcome, Path, Terms, Unavailable};

use super::Gateway;
use super::allowance::{LEAST, MODEST};
use super::credit::hold_credit;
use super::finish::Trial;
use super::meter::SLICING;
use super::stage::Planned;
use crate::budgets::refusal::{Left, Shortage, exceeded, throttled};
use crate::budgets::scope::{Counted, Facts, NoPeriod, Standing, Target};
use crate::budgets::throttle;
use crate::error::{ErrorKind, GatewayError};
use crate::limits::{Standings, Taken, Used, Want};

/// What a soft budget must have left for a call to begin.
const SOMETHING: NanoUsd = NanoUsd::from_nanos(1);
/// When to come back if no decision could be made.
const DECISION_RETRY: Duration = Duration::from_secs(1);
/// When to come back to a throttle that cannot say.
const THROTTLE_RETRY: Duration = Duration::from_secs(60);
/// How often less is asked for, because others take what is left meanwhile.
const TRIES: u8 = 4;

/// Money set aside for one attempt, and where its cost counts. Dropped before [`Reserved::sent`], it goes back.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    pub(super) accounts: Vec<AccountId>,
    /// The most the attempt can cost; `None` when that is not known.
    pub(super) bound: Option<NanoUsd>,
    /// What every answer is to be limited to, in tokens.
    pub(super) output_cap: Option<u64>,
    /// What the caller limits its session to.
    pub(super) session_budget: Option<NanoUsd>,
    /// On the accounts of hard budgets.
    firm: Option<Hold>,
    /// On those of the others.
    loose: Vec<Hold>,
    /// Of the rates of those that are used up and let some calls through.
    throttles: Vec<Taken>,
    /// How the firm hold grows, where a stream is paid as it comes.
    slices: Option<(StreamHold, Vec<Counted>)>,
    /// What is set aside of the organization's prepaid credit, and where.
    credit: Option<(AccountId, Hold)>,
}

impl Reserved {
    /// For a call that no budget is over.
    const fn freely(bound: Option<NanoUsd>) -> Self {
        Self {
            accounts: Vec::new(),
            bound,
            output_cap: None,
            session_budget: None,
            firm: None,
            loose: Vec::new(),
            throttles: Vec::new(),
            slices: None,
            credit: None,
        }
    }

    /// Whether more may come to be held.
    pub(super) const fn is_metered(&self) -> bool {
        self.slices.is_some()
    }

    /// How more is to be held, and on which accounts, where a stream is paid as it comes.
    pub(super) fn take_slices(&mut self) -> Option<(StreamHold, Path, Vec<Counted>)> {
        let path = self.firm.as_ref()?.path().clone();
        self.slices
            .take()
            .map(|(slices, counted)| (slices, path, counted))
    }

    /// Holds more from what is idle here; false when there is too little.
    pub(super) fn hold_more(&mut self, more: NanoUsd, now: UnixMillis) -> bool {
        let is_held = self.firm.as_mut().is_some_and(|firm| firm.extend(more, now));
        self.bound = self.firm.as_ref().map(Hold::amount).or(self.bound);
        is_held
    }

    /// Adds a hold on the accounts of hard budgets.
    pub(super) fn absorb(&mut self, hold: Hold) {
        if let Some(firm) = &mut self.firm {
            firm.absorb(hold);
            self.bound = Some(firm.amount());
        }
    }

    /// The attempt is about to be sent: from here on it may cost something, whatever becomes of this process.
    pub(super) fn sent(&mut self) {
        let credit = self.credit.iter_mut().map(|(_, hold)| hold);
        let holds = self.firm.iter_mut().chain(&mut self.loose).chain(credit);
        holds.for_each(Hold::sent);
        // One call is one call, however it ends.
        let used = Used::AtLeast { input: 0, output: 0 };
        self.throttles.drain(..).for_each(|taken| taken.used(used));
    }

    /// The account of the prepaid credit that pays the attempt, where the host pays the provider.
    pub(super) fn payer(&self) -> Option<&AccountId> {
        self.credit.as_ref().map(|(account, _)| account)
    }

    /// What prepaid credit pays of an attempt with this charge.
    pub(super) fn paid(&self, charge: NanoUsd) -> Option<CreditUse> {
        self.payer().map(|account| CreditUse {
            account: account.clone(),
            charge,
        })
    }

    /// The attempt cost this much, of which credit pays `charge`; `seq` is the place of its record in the spool.
    pub(super) fn finish(self, cost: NanoUsd, charge: NanoUsd, seq: Option<u64>) {
        let holds = self.firm.into_iter().chain(self.loose);
        holds.for_each(|hold| hold.finish(cost, seq));
        if let Some((_, hold)) = self.credit {
            hold.finish(charge, seq.filter(|_| charge > NanoUsd::ZERO));
        }
    }
}

/// No money could be set aside.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: GatewayError,
    /// The route that the budget names for this case.
    pub(super) instead: Option<RouteId>,
    /// Whether it is prepaid credit that stands against it, which calls over the caller's own connections do not need.
    pub(super) is_of_credit: bool,
}

impl Refusal {
    fn of_credit(error: GatewayError) -> Self {
        Self {
            is_of_credit: true,
            ..Self::from(error)
        }
    }
}

impl From<GatewayError> for Refusal {
    fn from(error: GatewayError) -> Self {
        Self {
            error,
            instead: None,
            is_of_credit: false,
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
) -> Result<Reserved, Refusal> {
    let caller = &planned.request.caller;
    let budgets = &caller.project.budgets;
    let (labels, wishes) = (&planned.request.labels, planned.request.wishes);
    let is_limited = !budgets.is_empty() || wishes.session_budget.is_some();
    // The built-in echo costs nothing.
    let Some(connection) = trial.candidate.connection else {
        return Ok(Reserved::freely(trial.bound));
    };
    let over_own_connection = connection.organization == caller.project.organization;
    if !is_limited && over_own_connection {
        return Ok(Reserved::freely(trial.bound));
    }
    let facts = Facts {
        key: caller.key,
        end_user: labels.end_user.as_deref(),
        session: labels.session.as_deref(),
        tags: &labels.tags,
        route: planned.resolution.route.map(|route| route.id),
        now: UnixMillis::new(gateway.state().clock.now_millis()),
    };
    let target = Target {
        model: trial.model,
        over_own_connection,
    };
    let mut standing = Standing::over(budgets, &facts, &target).map_err(no_period)?;
    if let (Some(session), Some(cap)) = (&labels.session, wishes.session_budget) {
        standing.add_session(caller.key, session, cap, facts.now);
    }
    let purse = Purse {
        gateway,
        planned,
        standing: &standing,
        over_own_connection,
        now: facts.now,
    };
    let mut reserved = Reserved::freely(trial.bound);
    if let Some(path) = standing.hard() {
        purse.hold_bound(&path, trial, &mut reserved).await?;
    }
    purse.hold_something(standing.soft(), &mut reserved).await?;
    if !over_own_connection {
        let credit = hold_credit(gateway, planned, &standing, trial.model, reserved.bound).await;
        reserved.credit = Some(credit.map_err(Refusal::of_credit)?);
    }
    reserved.accounts = standing.accounts();
    reserved.session_budget = wishes.session_budget;
    Ok(reserved)
}

/// The budgets over an attempt and who asks them.
struct Purse<'a, 's> {
    gateway: &'a Gateway,
    planned: &'a Planned<'s>,
    standing: &'a Standing,
    over_own_connection: bool,
    now: UnixMillis,
}

impl Purse<'_, '_> {
    /// Holds the most the attempt can cost on the accounts of hard budgets.
    async fn hold_bound(
        &self,
        path: &Path,
        trial: &Trial<'_>,
        reserved: &mut Reserved,
    ) -> Result<(), Refusal> {
        let allowance = trial.allowance.as_ref();
        let Some((mut amount, mut cap)) = allowance.and_then(|allowance| allowance.whole()) else {
            return match (trial.bound, self.standing.wants_a_price()) {
                (None, Some(budget)) => Err(no_bound(budget, trial.model).into()),
                (bound, _) => self.hold_amount(path, bound.unwrap_or_default(), reserved).await,
            };
        };
        if let Some(slices) = self.first_slice(path, trial, amount) {
            // Without money for the first slice a short answer may still fit.
            if let Ok(hold) = self.ask(path, slices.held()).await? {
                reserved.firm = Some(hold);
                reserved.bound = Some(slices.held());
                reserved.output_cap = cap.or_else(|| allowance?.plain());
                reserved.slices = Some((slices, self.standing.counted().to_vec()));
                return Ok(());
            }
        }
        let mut tries = TRIES;
        loop {
            let (account, left) = match self.ask(path, amount).await? {
                Ok(hold) => {
                    reserved.firm = Some(hold);
                    reserved.bound = Some(amount);
                    reserved.output_cap = cap.or_else(|| allowance?.plain());
                    return Ok(());
                }
                Err(short) => short,
            };
            let (Left::OfLimit(money) | Left::ForOneCall(money)) = left;
            tries -= 1;
            // Where the budget names another route, an answer that would have to be short is better made there.
            let least = if self.route_instead(&account).is_some() {
                MODEST
            } else {
                LEAST
            };
            let lower = allowance.and_then(|it| Some((it, it.cap(money, least)?)));
            match lower.filter(|(it, lower)| tries > 0 && it.cost(*lower) < amount) {
                Some((it, lower)) => (amount, cap) = (it.cost(lower), Some(lower)),
                None => {
                    let affordable = allowance
                        .and_then(|it| it.affordable(money))
                        .filter(|it| *it >= LEAST);
                    return Err(self.refusal(&account, left, Some(amount), affordable));
                }
            }
        }
    }

    /// What a stream is begun with, where it is paid as it comes. One that may outlast the period its money is of is not:
    /// it could get no more then.
    fn first_slice(&self, path: &Path, trial: &Trial<'_>, whole: NanoUsd) -> Option<StreamHold> {
        // Credit is held whole.
        let is_metered = trial.is_metered && self.over_own_connection;
        let allowance = trial.allowance.as_ref().filter(|_| is_metered)?;
        let longest = self.gateway.state().limits.longest_call_ms();
        let slicing = Slicing {
            slack: SLICING.slack.saturating_mul(allowance.answers.get()),
            ..SLICING
        };
        let first = StreamHold::open(allowance.quote.clone(), slicing);
        (path.end() > self.now.offset(longest) && first.held() < whole).then_some(first)
    }

    /// Holds an amount that cannot be lowered.
    async fn hold_amount(
        &self,
        path: &Path,
        amount: NanoUsd,
        reserved: &mut Reserved,
    ) -> Result<(), Refusal> {
        match self.ask(path, amount).await? {
            Ok(hold) => reserved.firm = Some(hold),
            Err((account, left)) => return Err(self.refusal(&account, left, Some(amount), None)),
        }
        Ok(())
    }

    /// Wants something to be left on the accounts of soft budgets, but of those that let calls through even so.
    async fn hold_something(
        &self,
        mut kept: Vec<(AccountId, Terms)>,
        reserved: &mut Reserved,
    ) -> Result<(), Refusal> {
        let mut used_up = Vec::new();
        while let Some(path) = Path::new(kept.clone()) {
            let (account, left) = match self.ask(&path, SOMETHING).await? {
                Ok(hold) => {
                    reserved.loose.push(hold);
                    break;
                }
                Err(short) => short,
            };
            reserved.throttles.push(self.let_through(&account, left).await?);
            used_up.extend(kept.extract_if(.., |(id, _)| *id == account));
        }
        // What the call costs is claimed on these, too.
        if let Some(path) = Path::new(used_up)
            && let Ok(hold) = self.ask(&path, NanoUsd::ZERO).await?
        {
            reserved.loose.push(hold);
        }
        Ok(())
    }

    /// Lets a call go on over an account that is used up, if its budget does so and not too many have gone before.
    async fn let_through(&self, account: &AccountId, left: Left) -> Result<Taken, Refusal> {
        let counted = self.standing.by_account(account);
        let throttle = counted.and_then(|counted| match counted.budget.on_exceed {
            OnExceed::Throttle { requests_per_minute } => Some((counted, requests_per_minute)),
            OnExceed::Refuse | OnExceed::Route(_) => None,
        });
        let Some((counted, per_minute)) = throttle else {
            return Err(self.refusal(account, left, None, None));
        };
        let want = Want {
            limit: &throttle::limit(&counted.budget, per_minute),
            partition: account.partition.as_deref(),
            units: 1,
        };
        // Answers tell of limits, not of what budgets do.
        let untold = &mut Standings::default();
        let (limits, organization) = (&self.gateway.state().rate_limits, counted.budget.organization);
        let taken = limits.take(organization, vec![want], untold).await;
        taken.map_err(|refused| {
            let wait = refused.after.unwrap_or(THROTTLE_RETRY);
            throttled(counted, per_minute, wait).into()
        })
    }

    /// A hold, or the account that has too little for it.
    async fn ask(
        &self,
        path: &Path,
        amount: NanoUsd,
    ) -> Result<Result<Hold, (AccountId, Left)>, GatewayError> {
        let organization = self.planned.request.caller.project.organization;
        let budgets = self.gateway.budgets();
        Ok(match budgets.hold(organization, path, amount).await {
            Outcome::Held(hold) => Ok(hold),
            Outcome::Unavailable(why) => return Err(undecided(why)),
            Outcome::Refused { account, available } => Err((account, Left::OfLimit(available))),
            Outcome::TooLarge { account, most } => Err((account, Left::ForOneCall(most))),
        })
    }

    fn refusal(
        &self,
        account: &AccountId,
        left: Left,
        wanted: Option<NanoUsd>,
        affordable: Option<u64>,
    ) -> Refusal {
        let Some(counted) = self.standing.by_account(account) else {
            let message = "A budget over this call is used up.";
            return GatewayError::new(ErrorKind::BudgetExceeded, message).into();
        };
        let shortage = Shortage {
            counted,
            left,
            wanted,
            affordable,
        };
        Refusal {
            error: exceeded(&shortage, self.now),
            instead: self.route_instead(account),
            is_of_credit: false,
        }
    }

    /// The route that the budget of an account names for calls it has no room for.
    fn route_instead(&self, account: &AccountId) -> Option<RouteId> {
        match self.standing.by_account(account)?.budget.on_exceed {
            OnExceed::Route(route) => Some(route),
            OnExceed::Refuse | OnExceed::Throttle { .. } => None,
        }
    }
}

pub(super) fn undecided(why: Unavailable) -> GatewayError {
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
