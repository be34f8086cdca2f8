//! The rotation rule of refresh tokens, as a pure function of what is stored and what is presented.

use time::{Duration, OffsetDateTime};

/// For so long after a rotation the token before it still answers, with the same successor: two tabs that refresh at
/// once must not sign each other out.
pub const GRACE: Duration = Duration::seconds(20);

/// What is stored of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// The token that is good now.
    pub generation: i32,
    /// When it became good.
    pub rotated_at: Option<OffsetDateTime>,
    /// When the session ends by itself.
    pub expires_at: OffsetDateTime,
    /// Whether it was ended.
    pub ended: bool,
}

/// What to do with a presented token that is known to be genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The current token: rotate.
    Current,
    /// The one before, within the grace period: answer with the current token again.
    JustReplaced,
    /// An old one: somebody copied it. End the session.
    Reused,
    /// The session is over.
    Over,
}

/// Judges a genuine token of `generation` at `now`.
#[must_use]
pub fn judge(stored: Stored, generation: i32, now: OffsetDateTime) -> Presented {
    if stored.ended || stored.expires_at <= now {
        return Presented::Over;
    }
    if generation == stored.generation {
        return Presented::Current;
    }
    let in_grace = stored
        .rotated_at
        .is_some_and(|rotated_at| now - rotated_at <= GRACE);
    if generation + 1 == stored.generation && in_grace {
        Presented::JustReplaced
    } else {
        Presented::Reused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let at = |seconds| start + Duration::seconds(seconds);
        let stored = Stored {
            generation: 5,
            rotated_at: Some(at(100)),
            expires_at: at(1_000),
            ended: false,
        };
        assert_eq!(judge(stored, 5, at(500)), Presented::Current);
        assert_eq!(judge(stored, 4, at(120)), Presented::JustReplaced);
        assert_eq!(judge(stored, 4, at(121)), Presented::Reused);
        assert_eq!(judge(stored, 3, at(101)), Presented::Reused);
        assert_eq!(judge(stored, 5, at(1_000)), Presented::Over);
        assert_eq!(
            judge(
                Stored {
                    ended: true,
                    ..stored
                },
                5,
                at(101)
            ),
            Presented::Over
        );
    }
}
