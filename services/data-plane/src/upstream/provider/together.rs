//! Together AI. Its list of models is a bare array, which the reader of lists knows.

use sluicegate_contracts::config::ProviderId;

use super::Provider;
use super::compatible::COMPATIBLE;

pub(in crate::upstream) const TOGETHER: Provider = Provider {
    id: ProviderId::Together,
    ..COMPATIBLE
};
