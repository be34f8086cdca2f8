//! The rate limits over a project, filed so that a call looks only at those that can be over it: each lies under the
//! narrowest part of its scope. Built with the snapshot, read by every call; finding none allocates nothing.

use std::collections::HashMap;
use std::sync::Arc;

use sluicegate_contracts::config::{ApiKey, Partition, RateLimit, model_matches};
use sluicegate_contracts::ids::ApiKeyId;
use sluicegate_metering::bucket::Allowance;

/// A limit, with what it lets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) rule: Arc<RateLimit>,
    pub(crate) allowance: Allowance,
}

/// Who calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) key: &'a ApiKey,
    pub(crate) end_user: Option<&'a str>,
}

/// What one attempt is made at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    /// Canonical model.
    pub(crate) model: &'a str,
    pub(crate) provider: &'a str,
}

/// The limits over one project.
#[derive(Debug, Clone, Default)]
pub struct LimitIndex {
    /// They count a request once, whatever becomes of it.
    requests: File,
    /// They name a model or a provider, so they count each attempt at one.
    attempts: File,
}

#[derive(Debug, Clone, Default)]
struct File {
    by_key: HashMap<ApiKeyId, Vec<Arc<Limit>>>,
    by_end_user: HashMap<String, Vec<Arc<Limit>>>,
    /// By the whole name, or its beginning.
    by_model: HashMap<String, Vec<Arc<Limit>>>,
    /// How long the names in `by_model` are, each length once.
    model_lengths: Vec<usize>,
    by_provider: HashMap<String, Vec<Arc<Limit>>>,
    others: Vec<Arc<Limit>>,
}

impl LimitIndex {
    /// Files the limits over a project, in this order.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = Arc<RateLimit>>) -> Self {
        let mut index = Self::default();
        for rule in rules {
            let is_of_attempts = rule.scope.model.is_some() || rule.scope.provider.is_some();
            let allowance = Allowance::of(&rule);
            let limit = Arc::new(Limit { rule, allowance });
            if is_of_attempts {
                index.attempts.file(limit);
            } else {
                index.requests.file(limit);
            }
        }
        index
    }

    /// The limits over every request of a caller.
    pub(crate) fn over_request<'i>(&'i self, caller: Caller<'i>) -> impl Iterator<Item = &'i Arc<Limit>> {
        self.requests.over(caller, None)
    }

    /// The limits over an attempt at a target, besides those over its request.
    pub(crate) fn over_attempt<'i>(
        &'i self,
        caller: Caller<'i>,
        target: Target<'i>,
    ) -> impl Iterator<Item = &'i Arc<Limit>> {
        self.attempts.over(caller, Some(target))
    }
}

impl File {
    fn file(&mut self, limit: Arc<Limit>) {
        let scope = &limit.rule.scope;
        let place = if let Some(key) = scope.api_key {
            self.by_key.entry(key).or_default()
        } else if let Some(Partition::One(name)) = &scope.end_user {
            self.by_end_user.entry(name.clone()).or_default()
        } else if let Some(pattern) = &scope.model {
            let start = pattern.strip_suffix('*').unwrap_or(pattern);
            if !self.model_lengths.contains(&start.len()) {
                self.model_lengths.push(start.len());
            }
            self.by_model.entry(start.to_owned()).or_default()
        } else if let Some(provider) = &scope.provider {
            self.by_provider.entry(provider.clone()).or_default()
        } else {
            &mut self.others
        };
        place.push(limit);
    }

    fn over<'i>(
        &'i self,
        caller: Caller<'i>,
        target: Option<Target<'i>>,
    ) -> impl Iterator<Item = &'i Arc<Limit>> {
        // A call counts on the limits of every key above its own.
        let keys = std::iter::once(&caller.key.id).chain(&caller.key.ancestors);
        let of_keys = keys.filter_map(|key| self.by_key.get(key));
        let of_end_user = caller.end_user.and_then(|name| self.by_end_user.get(name));
        let starts = self
            .model_lengths
            .iter()
            .filter_map(move |length| target?.model.get(..*length));
        let of_model = starts.filter_map(|start| self.by_model.get(start));
        let of_provider = target.and_then(|target| self.by_provider.get(target.provider));
        let places = of_keys.chain(of_end_user).chain(of_provider).chain(of_model);
        let found = places.flatten().chain(&self.others);
        found.filter(move |limit| covers(limit, caller, target))
    }
}

/// The snapshot lists the limits over a project, so its project and organization are met.
fn covers(limit: &Limit, caller: Caller<'_>, target: Option<Target<'_>>) -> bool {
    let scope = &limit.rule.scope;
    let model = |pattern| target.is_some_and(|target| model_matches(pattern, target.model));
    let provider = |name: &String| target.is_some_and(|target| name == target.provider);
    scope.api_key.is_none_or(|key| caller.key.descends_from(key))
        && match &scope.end_user {
            None => true,
            Some(Partition::Each) => caller.end_user.is_some(),
            Some(Partition::One(name)) => caller.end_user == Some(name),
        }
        && scope.model.as_ref().is_none_or(|pattern| model(pattern))
        && scope.provider.as_ref().is_none_or(provider)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sluicegate_contracts::config::{RateMetric, RateScope, Status};

    use super::*;
    use crate::snapshot::fixtures::{key, uuid};

    const MODELS: [&str; 5] = ["a/x", "a/xy", "a/", "b/x", "é/x"];
    const PATTERNS: [&str; 6] = ["a/x", "a/x*", "a/*", "*", "b/x*", "é*"];
    const NAMES: [&str; 2] = ["ann", "bob"];
    const PROVIDERS: [&str; 2] = ["openai", "anthropic"];

    fn limit(number: u64, scope: RateScope) -> Arc<RateLimit> {
        Arc::new(RateLimit {
            id: uuid(number).into(),
            organization: uuid(1).into(),
            scope,
            metric: RateMetric::Requests,
            amount: 1,
            burst: 1,
            status: Status::Active,
        })
    }

    fn scope() -> impl Strategy<Value = RateScope> {
        let one = prop::sample::select(&NAMES[..]).prop_map(|name| Partition::One(name.to_owned()));
        let end_user = prop_oneof![Just(Partition::Each), one];
        let text = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(str::to_owned);
        (
            prop::option::of(1..4_u64),
            prop::option::of(end_user),
            prop::option::of(text(&PATTERNS)),
            prop::option::of(text(&PROVIDERS)),
        )
            .prop_map(|(key, end_user, model, provider)| RateScope {
                project: None,
                api_key: key.map(|key| uuid(key).into()),
                end_user,
                model,
                provider,
            })
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_look_at_all_of_them_finds(
            scopes in prop::collection::vec(scope(), 0..40),
            number in 1..5_u64,
            above in prop::option::of(1..5_u64),
            end_user in prop::option::of(prop::sample::select(&["ann", "bob", "eve"][..])),
            model in prop::sample::select(&MODELS[..]),
            provider in prop::sample::select(&["openai", "anthropic", "gemini"][..]),
        ) {
            let limits: Vec<_> = (100..).zip(scopes).map(|(number, scope)| limit(number, scope)).collect();
            let index = LimitIndex::new(limits.clone());
            let mut key = key(number, 1, 2);
            key.ancestors = above.filter(|above| *above != number).map(|above| uuid(above).into()).into_iter().collect();
            let caller = Caller { key: &key, end_user };
            let target = Target { model, provider };
            let ids = |found: &mut dyn Iterator<Item = &Arc<RateLimit>>| {
                let mut ids: Vec<_> = found.map(|limit| limit.id).collect();
                ids.sort_unstable();
                ids
            };
            let all = |of_attempts: bool, target: Option<Target<'_>>| {
                let over = limits.iter().filter(|limit| {
                    let names_target = limit.scope.model.is_some() || limit.scope.provider.is_some();
                    let filed = Limit { rule: Arc::clone(limit), allowance: Allowance::of(limit) };
                    names_target == of_attempts && covers(&filed, caller, target)
                });
                ids(&mut over.into_iter())
            };
            let found = ids(&mut index.over_request(caller).map(|limit| &limit.rule));
            prop_assert_eq!(found, all(false, None));
            let found = ids(&mut index.over_attempt(caller, target).map(|limit| &limit.rule));
            prop_assert_eq!(found, all(true, Some(target)));
        }
    }

    #[test]
    fn every_part_that_is_set_has_to_be_met() {
        let scope = RateScope {
            api_key: Some(uuid(3).into()),
            end_user: Some(Partition::Each),
            model: Some("openai/*".to_owned()),
            provider: Some("openai".to_owned()),
            ..RateScope::default()
        };
        let index = LimitIndex::new([limit(9, scope)]);
        let found = |number: u64, end_user, model, provider| {
            let key = key(number, 1, 2);
            let caller = Caller { key: &key, end_user };
            index.over_attempt(caller, Target { model, provider }).count()
        };
        assert_eq!(found(3, Some("ann"), "openai/gpt", "openai"), 1);
        assert_eq!(found(4, Some("ann"), "openai/gpt", "openai"), 0);
        assert_eq!(found(3, None, "openai/gpt", "openai"), 0);
        assert_eq!(found(3, Some("ann"), "anthropic/x", "openai"), 0);
        assert_eq!(found(3, Some("ann"), "openai/gpt", "azure"), 0);
    }
}
