//! What became of a version of a route. Pure.

use super::rollout::State;

/// What a version of a route is to those who are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionState {
    /// It is to take the place of the published one: its rollout is under way, or halted.
    RollingOut,
    /// It is the published one.
    Published,
    /// It was the published one before another.
    Superseded,
    /// Its rollout was aborted: it never was the published one.
    GivenUp,
}

impl VersionState {
    /// Of the version with this number, where `published` is the published one, and `rollout` how its own rollout stands.
    #[must_use]
    pub const fn of(version: u32, published: u32, rollout: Option<State>) -> Self {
        match rollout {
            Some(State::Progressing | State::Halted) => Self::RollingOut,
            Some(State::Aborted) => Self::GivenUp,
            Some(State::Completed) | None if version == published => Self::Published,
            Some(State::Completed) | None => Self::Superseded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_what_its_rollout_says_and_else_published_or_was() {
        for (version, rollout, state) in [
            (3, None, VersionState::Published),
            (3, Some(State::Completed), VersionState::Published),
            (2, Some(State::Completed), VersionState::Superseded),
            (1, None, VersionState::Superseded),
            (4, Some(State::Progressing), VersionState::RollingOut),
            (4, Some(State::Halted), VersionState::RollingOut),
            (4, Some(State::Aborted), VersionState::GivenUp),
            (2, Some(State::Aborted), VersionState::GivenUp),
        ] {
            assert_eq!(
                VersionState::of(version, 3, rollout),
                state,
                "{version} {rollout:?}"
            );
        }
    }
}
