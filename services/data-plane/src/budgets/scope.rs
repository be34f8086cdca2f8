//! Which budgets a call counts on. Pure: reads the snapshot's budgets and the facts of one call.

use std::sync::Arc;

use sluicegate_contracts::account::{AccountId, SessionAccount};
use sluicegate_contracts::config::{
    ApiKey, Budget, BudgetCall, BudgetScope, Counts, Enforcement, OnExceed, Partition, Status, UnknownPrice,
};
use sluicegate_contracts::ids::{ApiKeyId, RouteId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Path, Terms, exposure_cap};

use crate::snapshot::BudgetIndex;

/// What budgets look at in a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) key: &'a ApiKey,
    pub(crate) end_user: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
    pub(crate) tags: &'a [String],
    pub(crate) route: Option<RouteId>,
    pub(crate) now: UnixMillis,
}

/// What they look at in one attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// Canonical model.
    pub(crate) model: &'a str,
    /// Whether the tenant pays the provider itself.
    pub(crate) over_own_connection: bool,
}

/// The budgets over one attempt.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    counted: Vec<Counted>,
    /// The organization's prepaid credit, for a call that the host pays the provider for.
    credit: Option<(AccountId, Terms)>,
}

/// An account that the cost of an attempt counts on, and the budget it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) account: AccountId,
    pub(crate) terms: Terms,
    pub(crate) budget: Arc<Budget>,
}

/// A budget is over the call, but knows no period for this time.
#[derive(Debug)]
pub(crate) struct NoPeriod<'s>(pub(crate) &'s Budget);

impl<'a> Facts<'a> {
    /// One attempt, as the scopes of budgets see it.
    fn call(&self, target: &Target<'a>) -> BudgetCall<'a> {
        BudgetCall {
            key: self.key,
            end_user: self.end_user,
            session: self.session,
            tags: self.tags,
            route: self.route,
            model: target.model,
            over_own_connection: target.over_own_connection,
        }
    }

    /// The keys whose budgets the call counts on: its own, and those it derives from.
    fn keys(&self) -> impl Iterator<Item = ApiKeyId> {
        std::iter::once(self.key.id).chain(self.key.ancestors.iter().copied())
    }

    /// The budgets that may be over the call, found without looking at those that cannot.
    fn near<'s>(&self, budgets: &'s BudgetIndex) -> impl Iterator<Item = &'s Arc<Budget>> {
        budgets
            .broad()
            .chain(self.keys().flat_map(|key| budgets.of_key(key)))
            .chain(self.route.into_iter().flat_map(|route| budgets.of_route(route)))
            .chain(
                self.end_user
                    .into_iter()
                    .flat_map(|user| budgets.of_end_user(user)),
            )
            .chain(
                self.session
                    .into_iter()
                    .flat_map(|session| budgets.of_session(session)),
            )
            .chain(self.tags.iter().flat_map(|tag| budgets.of_tag(tag)))
    }
}

impl Standing {
    /// Finds the budgets over an attempt.
    ///
    /// # Errors
    /// When one of them cannot be kept, because the periods it came with are all over.
    pub(crate) fn over<'s>(
        budgets: &'s BudgetIndex,
        facts: &Facts<'_>,
        target: &Target<'_>,
    ) -> Result<Self, NoPeriod<'s>> {
        let mut standing = Self::default();
        let call = facts.call(target);
        for budget in facts.near(budgets).filter(|budget| budget.covers(&call)) {
            let counted = Counted::new(budget, &call, facts.now)?;
            match budget.counts {
                Counts::Cost => standing.counted.push(counted),
                Counts::Charge => standing.credit = standing.credit.or(Some(counted.entry())),
            }
        }
        Ok(standing)
    }

    /// Adds the cap that a caller set for its session.
    pub(crate) fn add_session(&mut self, key: &ApiKey, session: &str, cap: NanoUsd, now: UnixMillis) {
        let budget = Arc::new(Budget {
            id: AccountId::sessions(),
            organization: key.organization,
            name: "session".to_owned(),
            scope: BudgetScope {
                session: Some(Partition::One(session.to_owned())),
                ..BudgetScope::default()
            },
            limit: cap,
            limit_version: SessionAccount::version(cap),
            adjusted: Vec::new(),
            adjusted_shares: Vec::new(),
            peak: None,
            periods: Vec::new(),
            counts: Counts::Cost,
            enforcement: Enforcement::Hard,
            on_exceed: OnExceed::Refuse,
            counts_own_connections: true,
            unknown_price: UnknownPrice::Refuse,
            status: Status::Active,
        });
        let accounts = SessionAccount::at(key.project, session, now);
        self.counted.extend(accounts.map(|one| Counted {
            account: one.account,
            terms: Terms {
                limit: cap,
                version: budget.limit_version,
                exposure: exposure_cap(cap),
                end: one.end,
            },
            budget: Arc::clone(&budget),
        }));
    }

    /// What its cost counts on.
    pub(crate) fn counted(&self) -> &[Counted] {
        &self.counted
    }

    /// Where the cost is to be counted.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        self.counted
            .iter()
            .map(|counted| counted.account.clone())
            .collect()
    }

    /// The accounts of hard budgets: they want the bound of the cost before the attempt.
    pub(crate) fn hard(&self) -> Option<Path> {
        Path::new(self.kept(Enforcement::Hard).collect())
    }

    /// The accounts of soft budgets: they want something to be left.
    pub(crate) fn soft(&self) -> Vec<(AccountId, Terms)> {
        self.kept(Enforcement::Soft).collect()
    }

    /// The account of the organization's prepaid credit.
    pub(crate) fn credit(&self) -> Option<(AccountId, Path)> {
        let (account, terms) = self.credit.as_ref()?;
        let path = Path::new(vec![(account.clone(), *terms)])?;
        Some((account.clone(), path))
    }

    fn kept(&self, enforcement: Enforcement) -> impl Iterator<Item = (AccountId, Terms)> {
        let kept = self
            .counted
            .iter()
            .filter(move |counted| counted.budget.enforcement == enforcement);
        kept.map(Counted::entry)
    }

    /// The rule behind an account.
    pub(crate) fn by_account(&self, account: &AccountId) -> Option<&Counted> {
        self.counted.iter().find(|counted| counted.account == *account)
    }

    /// The first budget that refuses calls whose cost cannot be bounded.
    pub(crate) fn wants_a_price(&self) -> Option<&Budget> {
        let budgets = self.counted.iter().map(|counted| &*counted.budget);
        budgets
            .filter(|budget| budget.enforcement == Enforcement::Hard)
            .find(|budget| budget.unknown_price == UnknownPrice::Refuse)
    }
}

/// The account of a budget that a call would count on, whichever model serves it, and its limit; `None` when the budget
/// knows no period for this time.
pub(crate) fn account_of(budget: &Arc<Budget>, facts: &Facts<'_>) -> Option<(AccountId, NanoUsd)> {
    let target = Target {
        model: "",
        over_own_connection: true,
    };
    let counted = Counted::new(budget, &facts.call(&target), facts.now).ok()?;
    Some((counted.account, counted.terms.limit))
}

impl Counted {
    fn new<'s>(
        budget: &'s Arc<Budget>,
        call: &BudgetCall<'_>,
        now: UnixMillis,
    ) -> Result<Self, NoPeriod<'s>> {
        let period = budget.period_at(now).ok_or(NoPeriod(budget))?;
        let account = AccountId {
            budget: budget.id,
            period: period.start,
            partition: budget.scope.share_of(call),
        };
        let limit = budget.limit_in(period.start, account.partition.as_deref());
        let terms = Terms {
            limit,
            version: budget.limit_version,
            exposure: exposure_cap(budget.peak.map_or(limit, |peak| peak.max(limit))),
            end: period.end,
        };
        Ok(Self {
            account,
            terms,
            budget: Arc::clone(budget),
        })
    }

    /// As a path has it.
    pub(crate) fn entry(&self) -> (AccountId, Terms) {
        (self.account.clone(), self.terms)
    }

    /// When its window began; `None` for one without end.
    pub(crate) fn starts_at(&self) -> Option<UnixMillis> {
        self.resets_at().map(|_| self.account.period)
    }

    /// When its window ends and the next begins, if ever.
    pub(crate) fn resets_at(&self) -> Option<UnixMillis> {
        // A session's cap is for the whole session: its windows are nobody's business.
        let is_shown = self.terms.end.get() != i64::MAX && self.account.session_end().is_none();
        is_shown.then_some(self.terms.end)
    }
}

#[cfg(test)]
#[path = "scope_tests.rs"]
mod tests;
