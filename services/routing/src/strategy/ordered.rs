//! As listed: the first target that can serve, then the next. Called by [`super::order`].

use super::Targets;

/// Positions ascend already, and that is the listed order.
pub(super) fn order(usable: Targets) -> Targets {
    usable
}
