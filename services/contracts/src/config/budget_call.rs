//! Which budgets a call counts on, and whose share: one rule for the workers that keep budgets, and for whoever asks what
//! they would say.

use super::{ApiKey, Budget, BudgetScope, Partition, model_matches};
use crate::account::SHARE_SEPARATOR;
use crate::ids::RouteId;

/// What budgets look at in one attempt of a call.
#[derive(Debug, Clone, Copy)]
pub struct BudgetCall<'a> {
    /// The key it is made with.
    pub key: &'a ApiKey,
    /// Whom it is for.
    pub end_user: Option<&'a str>,
    /// The session it is part of.
    pub session: Option<&'a str>,
    /// The tags it carries.
    pub tags: &'a [String],
    /// The route that decided it.
    pub route: Option<RouteId>,
    /// The canonical model that serves it.
    pub model: &'a str,
    /// Whether the tenant pays the provider itself.
    pub over_own_connection: bool,
}

impl BudgetScope {
    /// Whether a call meets every part that is set.
    #[must_use]
    pub fn covers(&self, call: &BudgetCall<'_>) -> bool {
        self.project.is_none_or(|project| call.key.project == project)
            && self.api_key.is_none_or(|key| call.key.descends_from(key))
            && holds(self.end_user.as_ref(), call.end_user)
            && holds(self.session.as_ref(), call.session)
            && self.tag.as_ref().is_none_or(|tag| call.tags.contains(tag))
            && self.route.is_none_or(|route| call.route == Some(route))
            && self
                .model
                .as_ref()
                .is_none_or(|pattern| model_matches(pattern, call.model))
    }

    /// Whose share of the budget a call counts on: the values of all parts that are kept apart.
    #[must_use]
    pub fn share_of(&self, call: &BudgetCall<'_>) -> Option<String> {
        let parts = [(&self.end_user, call.end_user), (&self.session, call.session)];
        let values: Vec<&str> = parts
            .into_iter()
            .filter(|(wanted, _)| matches!(wanted, Some(Partition::Each)))
            .filter_map(|(_, value)| value)
            .collect();
        (!values.is_empty()).then(|| values.join(SHARE_SEPARATOR.encode_utf8(&mut [0; 4])))
    }
}

impl Budget {
    /// Whether the cost of an attempt counts on it.
    #[must_use]
    pub fn covers(&self, call: &BudgetCall<'_>) -> bool {
        (self.counts_own_connections || !call.over_own_connection) && self.scope.covers(call)
    }
}

fn holds(wanted: Option<&Partition>, value: Option<&str>) -> bool {
    match wanted {
        None => true,
        Some(Partition::Each) => value.is_some(),
        Some(Partition::One(one)) => value == Some(one),
    }
}
