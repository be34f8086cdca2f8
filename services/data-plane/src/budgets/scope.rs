//! Which budgets a call counts on. Pure: reads the snapshot's budgets and the facts of one call.

use std::sync::Arc;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::{ApiKey, Budget, Enforcement, Partition, UnknownPrice, model_matches};
use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Path, Terms, exposure_cap};

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
pub(crate) struct Standing<'s> {
    counted: Vec<(AccountId, &'s Arc<Budget>)>,
    hard: Vec<(AccountId, Terms)>,
    soft: Vec<(AccountId, Terms)>,
}

/// A budget is over the call, but knows no period for this time.
#[derive(Debug)]
pub(crate) struct NoPeriod<'s>(pub(crate) &'s Budget);

impl<'s> Standing<'s> {
    /// Finds the budgets over an attempt.
    ///
    /// # Errors
    /// When one of them cannot be kept, because the periods it came with are all over.
    pub(crate) fn over(
        budgets: &'s [Arc<Budget>],
        facts: &Facts<'_>,
        target: &Target<'_>,
    ) -> Result<Self, NoPeriod<'s>> {
        let mut standing = Self::default();
        for budget in budgets.iter().filter(|budget| covers(budget, facts, target)) {
            let period = budget.period_at(facts.now).ok_or(NoPeriod(budget))?;
            let account = AccountId {
                budget: budget.id,
                period: period.start,
                partition: partition(budget, facts),
            };
            let terms = Terms {
                limit: budget.limit,
                version: budget.limit_version,
                exposure: exposure_cap(budget.limit),
                end: period.end,
            };
            match budget.enforcement {
                Enforcement::Hard => standing.hard.push((account.clone(), terms)),
                Enforcement::Soft => standing.soft.push((account.clone(), terms)),
                Enforcement::Notify => {}
            }
            standing.counted.push((account, budget));
        }
        Ok(standing)
    }

    /// Where the cost is to be counted.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        self.counted.iter().map(|(account, _)| account.clone()).collect()
    }

    /// The accounts of hard budgets: they want the bound of the cost before the attempt.
    pub(crate) fn hard(&self) -> Option<Path> {
        Path::new(self.hard.clone())
    }

    /// The accounts of soft budgets: they want something to be left.
    pub(crate) fn soft(&self) -> Option<Path> {
        Path::new(self.soft.clone())
    }

    /// The budget of an account.
    pub(crate) fn budget(&self, account: &AccountId) -> Option<&'s Budget> {
        let found = self.counted.iter().find(|(counted, _)| counted == account);
        found.map(|(_, budget)| -> &'s Budget { budget })
    }

    /// The first budget that refuses calls whose cost cannot be bounded.
    pub(crate) fn wants_a_price(&self) -> Option<&'s Budget> {
        let budgets = self.counted.iter().map(|(_, budget)| -> &'s Budget { budget });
        budgets
            .filter(|budget| budget.enforcement == Enforcement::Hard)
            .find(|budget| budget.unknown_price == UnknownPrice::Refuse)
    }
}

fn covers(budget: &Budget, facts: &Facts<'_>, target: &Target<'_>) -> bool {
    let scope = &budget.scope;
    // The snapshot lists the budgets over a project; its project and organization are met.
    (budget.counts_own_connections || !target.over_own_connection)
        && scope.api_key.is_none_or(|key| facts.key.descends_from(key))
        && holds(scope.end_user.as_ref(), facts.end_user)
        && holds(scope.session.as_ref(), facts.session)
        && scope.tag.as_ref().is_none_or(|tag| facts.tags.contains(tag))
        && scope.route.is_none_or(|route| facts.route == Some(route))
        && scope
            .model
            .as_ref()
            .is_none_or(|pattern| model_matches(pattern, target.model))
}

fn holds(wanted: Option<&Partition>, value: Option<&str>) -> bool {
    match wanted {
        None => true,
        Some(Partition::Each) => value.is_some(),
        Some(Partition::One(one)) => value == Some(one),
    }
}

/// Whose share of the budget it is: the values of all parts that are kept apart.
fn partition(budget: &Budget, facts: &Facts<'_>) -> Option<String> {
    let scope = &budget.scope;
    let parts = [(&scope.end_user, facts.end_user), (&scope.session, facts.session)];
    let values: Vec<&str> = parts
        .into_iter()
        .filter(|(wanted, _)| matches!(wanted, Some(Partition::Each)))
        .filter_map(|(_, value)| value)
        .collect();
    // A caller's value holds no control character, so the separator cannot be forged.
    (!values.is_empty()).then(|| values.join("\u{1f}"))
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::BudgetScope;
    use sluicegate_contracts::ids::ApiKeyId;

    use super::*;
    use crate::snapshot::fixtures::{budget, key, uuid};

    const TARGET: Target<'static> = Target {
        model: "openai/gpt-4o",
        over_own_connection: true,
    };

    /// Ann calls with key 3 through route 5 in session `s`, tagged `a` and `b`.
    fn standing(change: impl FnOnce(&mut Budget)) -> Option<Option<String>> {
        let (key, tags) = (key(3, 1, 2), ["a".to_owned(), "b".to_owned()]);
        let facts = Facts {
            key: &key,
            end_user: Some("ann"),
            session: Some("s"),
            tags: &tags,
            route: Some(uuid(5).into()),
            now: UnixMillis::new(1),
        };
        let mut budget = budget(7, 1, None);
        change(&mut budget);
        let budgets = [Arc::new(budget)];
        let accounts = Standing::over(&budgets, &facts, &TARGET).unwrap().accounts();
        accounts.into_iter().next().map(|account| account.partition)
    }

    fn scoped(scope: BudgetScope) -> Option<Option<String>> {
        standing(|budget| budget.scope = scope)
    }

    #[test]
    fn every_part_that_is_set_has_to_be_met() {
        let all = BudgetScope::default;
        let key = |n| ApiKeyId::from(uuid(n));
        let one = |name: &str| Some(Partition::One(name.to_owned()));
        let text = |text: &str| Some(text.to_owned());
        let pairs = [
            (
                BudgetScope {
                    api_key: Some(key(3)),
                    ..all()
                },
                BudgetScope {
                    api_key: Some(key(4)),
                    ..all()
                },
            ),
            (
                BudgetScope {
                    end_user: one("ann"),
                    ..all()
                },
                BudgetScope {
                    end_user: one("bob"),
                    ..all()
                },
            ),
            (
                BudgetScope {
                    session: one("s"),
                    ..all()
                },
                BudgetScope {
                    session: one("t"),
                    ..all()
                },
            ),
            (
                BudgetScope {
                    tag: text("b"),
                    ..all()
                },
                BudgetScope {
                    tag: text("c"),
                    ..all()
                },
            ),
            (
                BudgetScope {
                    route: Some(uuid(5).into()),
                    ..all()
                },
                BudgetScope {
                    route: Some(uuid(6).into()),
                    ..all()
                },
            ),
            (
                BudgetScope {
                    model: text("openai/*"),
                    ..all()
                },
                BudgetScope {
                    model: text("openai/gpt-4"),
                    ..all()
                },
            ),
        ];
        assert_eq!(scoped(all()), Some(None));
        for (met, missed) in pairs {
            assert_eq!(scoped(met.clone()), Some(None), "{met:?}");
            assert_eq!(scoped(missed.clone()), None, "{missed:?}");
            let both = BudgetScope {
                tag: text("c"),
                ..met
            };
            assert_eq!(scoped(both), None, "one part that is missed is enough");
        }
        assert_eq!(standing(|budget| budget.counts_own_connections = false), None);
    }

    #[test]
    fn a_call_counts_on_the_budgets_of_every_key_above_its_own() {
        let mut key = key(3, 1, 2);
        key.ancestors = vec![uuid(30).into(), uuid(31).into()];
        let facts = Facts {
            key: &key,
            end_user: None,
            session: None,
            tags: &[],
            route: None,
            now: UnixMillis::new(1),
        };
        let budgets = [3, 30, 31, 32].map(|n| {
            let mut budget = budget(n, 1, None);
            budget.scope.api_key = Some(uuid(n).into());
            Arc::new(budget)
        });
        let accounts = Standing::over(&budgets, &facts, &TARGET).unwrap().accounts();
        let counted: Vec<_> = accounts.iter().map(|account| account.budget).collect();
        assert_eq!(counted, [3, 30, 31].map(|n| uuid(n).into()));
    }

    #[test]
    fn who_is_kept_apart_has_an_account_of_its_own() {
        let each = BudgetScope {
            end_user: Some(Partition::Each),
            ..BudgetScope::default()
        };
        assert_eq!(scoped(each.clone()), Some(Some("ann".to_owned())));
        let both = BudgetScope {
            session: Some(Partition::Each),
            ..each
        };
        assert_eq!(scoped(both), Some(Some("ann\u{1f}s".to_owned())));
    }
}
