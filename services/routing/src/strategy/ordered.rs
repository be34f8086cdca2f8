//! As listed: the first target that can serve, then the next. Called by [`super::order`].

use super::Targets;
use crate::input::RoutingInput;

/// Positions ascend already, and that is the listed order.
pub(super) const fn order(_: &RoutingInput<'_>, usable: Targets) -> Targets {
    usable
}
