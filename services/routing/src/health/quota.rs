//! The provider's rate limits as its headers tell them, and a refusal's "come back later": so that a call that would be
//! refused is not sent.

use std::time::Duration;

use super::moment::Moment;

/// Longest time that a provider's word keeps us away: a header is outside input.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Shortest: no endless loop against a provider that says zero.
const SHORTEST: Duration = Duration::from_millis(50);

/// One limit as the provider told it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allotment {
    /// What it holds when full.
    pub most: f64,
    /// What was left.
    pub left: f64,
    /// What comes back each second.
    pub per_second: f64,
}

/// The limits of one answer's headers; what it did not name is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// Requests.
    pub requests: Option<Allotment>,
    /// Tokens of input and output.
    pub tokens: Option<Allotment>,
}

/// What is left by now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quota {
    limits: Limits,
    at: Moment,
    until: Moment,
}

impl Allotment {
    fn at(&self, passed: f64) -> f64 {
        (self.left + self.per_second * passed).min(self.most)
    }

    /// Outside input: no value of it may turn a comparison.
    fn sane(self) -> Option<Self> {
        let fine = |it: f64| it.is_finite() && it >= 0.0;
        (fine(self.most) && fine(self.left) && fine(self.per_second) && self.most > 0.0).then_some(self)
    }
}

impl Quota {
    /// The headers of an answer.
    pub(crate) fn told(&mut self, now: Moment, limits: &Limits) {
        let passed = now.since(self.at);
        let carried = |known: Option<Allotment>| {
            known.map(|it| Allotment {
                left: it.at(passed),
                ..it
            })
        };
        self.limits = Limits {
            requests: limits
                .requests
                .and_then(Allotment::sane)
                .or_else(|| carried(self.limits.requests)),
            tokens: limits
                .tokens
                .and_then(Allotment::sane)
                .or_else(|| carried(self.limits.tokens)),
        };
        self.at = now;
    }

    /// A call of so many tokens left.
    pub(crate) const fn sent(&mut self, tokens: f64) {
        if let Some(requests) = &mut self.limits.requests {
            requests.left -= 1.0;
        }
        if let Some(of_tokens) = &mut self.limits.tokens {
            of_tokens.left -= tokens;
        }
    }

    /// Refused for its rate.
    pub(crate) fn refused(&mut self, now: Moment, retry_after: Option<Duration>) {
        let wait = retry_after
            .unwrap_or(Duration::from_secs(1))
            .clamp(SHORTEST, LONGEST);
        self.until = self.until.max(now.after(wait.as_secs_f64()));
    }

    /// When the provider wants to hear from us again.
    pub(crate) const fn until(&self) -> Moment {
        self.until
    }

    /// Seconds until a call of so many tokens has room; 0: it has.
    pub(crate) fn wait(&self, now: Moment, tokens: f64) -> f64 {
        let passed = now.since(self.at);
        let wait = |limit: Option<Allotment>, wanted: f64| {
            limit.map_or(0.0, |it| {
                // A call larger than the whole bucket goes when it is full: the provider knows best.
                let missing = wanted.min(it.most) - it.at(passed);
                if missing <= 0.0 {
                    0.0
                } else {
                    (missing / it.per_second.max(1e-6)).min(3_600.0)
                }
            })
        };
        wait(self.limits.requests, 1.0).max(wait(self.limits.tokens, tokens))
    }

    /// Share of the tighter limit that is left.
    pub(crate) fn headroom(&self, now: Moment) -> f64 {
        let passed = now.since(self.at);
        let share =
            |limit: Option<Allotment>| limit.map_or(1.0, |it| (it.at(passed) / it.most).clamp(0.0, 1.0));
        share(self.limits.requests).min(share(self.limits.tokens))
    }
}
