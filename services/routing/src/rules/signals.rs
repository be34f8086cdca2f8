//! Signals of a project as conditions find them.

use std::collections::HashMap;

use sluicegate_contracts::config::{Signal, SignalValue};
use sluicegate_contracts::time::UnixMillis;

/// By name, each with the moment at which it becomes stale.
#[derive(Debug, Clone, Default)]
pub struct Signals(HashMap<Box<str>, (SignalValue, UnixMillis)>);

impl Signals {
    /// The value of a signal that is not stale.
    pub(super) fn fresh(&self, name: &str, now: UnixMillis) -> Option<&SignalValue> {
        let (value, good_until) = self.0.get(name)?;
        (now < *good_until).then_some(value)
    }
}

impl<'s> FromIterator<&'s Signal> for Signals {
    fn from_iter<I: IntoIterator<Item = &'s Signal>>(signals: I) -> Self {
        let by_name = signals
            .into_iter()
            .map(|it| (it.name.as_str().into(), (it.value.clone(), it.good_until)));
        Self(by_name.collect())
    }
}
