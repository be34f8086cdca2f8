//! The budgets over a project, found by what a call says of itself: a call costs as much as the budgets that may be over
//! it, not as all that the organization has.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use sluicegate_contracts::config::{Budget, Partition};
use sluicegate_contracts::ids::{ApiKeyId, RouteId};

/// Each budget stands once, under the part of its scope that fewest calls meet.
#[derive(Debug, Clone, Default)]
pub struct BudgetIndex {
    by_key: HashMap<ApiKeyId, Vec<Arc<Budget>>>,
    by_session: HashMap<String, Vec<Arc<Budget>>>,
    by_end_user: HashMap<String, Vec<Arc<Budget>>>,
    by_tag: HashMap<String, Vec<Arc<Budget>>>,
    by_route: HashMap<RouteId, Vec<Arc<Budget>>>,
    /// Without any of these: every call looks at them.
    broad: Vec<Arc<Budget>>,
}

impl BudgetIndex {
    /// The index of these.
    #[must_use]
    pub fn of(budgets: impl IntoIterator<Item = Arc<Budget>>) -> Self {
        let mut index = Self::default();
        for budget in budgets {
            index.place(&budget).push(budget);
        }
        index
    }

    fn place(&mut self, budget: &Budget) -> &mut Vec<Arc<Budget>> {
        let scope = &budget.scope;
        if let Some(key) = scope.api_key {
            return self.by_key.entry(key).or_default();
        }
        if let Some(Partition::One(session)) = &scope.session {
            return self.by_session.entry(session.clone()).or_default();
        }
        if let Some(Partition::One(user)) = &scope.end_user {
            return self.by_end_user.entry(user.clone()).or_default();
        }
        if let Some(tag) = &scope.tag {
            return self.by_tag.entry(tag.clone()).or_default();
        }
        match scope.route {
            Some(route) => self.by_route.entry(route).or_default(),
            None => &mut self.broad,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// All of them, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Budget>> {
        let named = [&self.by_session, &self.by_end_user, &self.by_tag];
        self.broad
            .iter()
            .chain(self.by_key.values().flatten())
            .chain(self.by_route.values().flatten())
            .chain(named.into_iter().flat_map(|map| map.values().flatten()))
    }

    pub(crate) fn broad(&self) -> impl Iterator<Item = &Arc<Budget>> {
        self.broad.iter()
    }

    pub(crate) fn of_key(&self, key: ApiKeyId) -> impl Iterator<Item = &Arc<Budget>> {
        of(&self.by_key, &key)
    }

    pub(crate) fn of_route(&self, route: RouteId) -> impl Iterator<Item = &Arc<Budget>> {
        of(&self.by_route, &route)
    }

    pub(crate) fn of_session(&self, session: &str) -> impl Iterator<Item = &Arc<Budget>> {
        of(&self.by_session, session)
    }

    pub(crate) fn of_end_user(&self, user: &str) -> impl Iterator<Item = &Arc<Budget>> {
        of(&self.by_end_user, user)
    }

    pub(crate) fn of_tag(&self, tag: &str) -> impl Iterator<Item = &Arc<Budget>> {
        of(&self.by_tag, tag)
    }
}

fn of<'i, K: Eq + Hash + std::borrow::Borrow<Q>, Q: Eq + Hash + ?Sized>(
    map: &'i HashMap<K, Vec<Arc<Budget>>>,
    key: &Q,
) -> impl Iterator<Item = &'i Arc<Budget>> + use<'i, K, Q> {
    map.get(key).into_iter().flatten()
}
