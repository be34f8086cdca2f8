//! The provider's rate limits as its headers tell them, and a refusal's "come back later": so that a call that would be
//! refused is not sent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::moment::Moment;

/// Longest time that a provider's word keeps us away: a header is outside input.
const LONGEST: Duration = Duration::from_secs(3_600);
/// Shortest: no endless loop against a provider that says zero.
const SHORTEST: Duration = Duration::from_millis(50);

/// Seconds that headers must be later than the last that were told to count as news.
const NEWS: f64 = 0.5;

/// One limit as the provider told it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Allotment {
    /// What it holds when full.
    pub most: f64,
    /// What was left.
    pub left: f64,
    /// What comes back each second.
    pub per_second: f64,
}

/// The limits of one answer's headers; what it did not name is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Requests.
    pub requests: Option<Allotment>,
    /// Tokens of input and output.
    pub tokens: Option<Allotment>,
}

/// What is left by now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quota {
    /// By the headers of calls of this worker.
    seen: Known,
    /// By those of others.
    told: Known,
    until: Moment,
    told_until: Moment,
}

/// Limits, and when they were so.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    limits: Limits,
    at: Moment,
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

impl Known {
    fn left_at(&self, now: Moment) -> Limits {
        let passed = now.since(self.at);
        let carried = |known: Option<Allotment>| {
            known.map(|it| Allotment {
                left: it.at(passed),
                ..it
            })
        };
        Limits {
            requests: carried(self.limits.requests),
            tokens: carried(self.limits.tokens),
        }
    }

    const fn sent(&mut self, tokens: f64) {
        if let Some(requests) = &mut self.limits.requests {
            requests.left -= 1.0;
        }
        if let Some(of_tokens) = &mut self.limits.tokens {
            of_tokens.left -= tokens;
        }
    }
}

impl Quota {
    /// The headers of an answer.
    pub(crate) fn told(&mut self, now: Moment, limits: &Limits) {
        let before = self.seen.left_at(now);
        let sane = |said: Option<Allotment>| said.and_then(Allotment::sane);
        self.seen = Known {
            limits: Limits {
                requests: sane(limits.requests).or(before.requests),
                tokens: sane(limits.tokens).or(before.tokens),
            },
            at: now,
        };
    }

    /// What others know: until when the provider wants to be left alone, and their latest headers. Headers that are hardly
    /// later than the last say nothing new, and would undo what was counted down since.
    pub(crate) fn heard(&mut self, until: Moment, limits: Option<(Moment, Limits)>) {
        self.told_until = until;
        let Some((at, limits)) = limits else {
            return;
        };
        if at.since(self.told.at) > NEWS {
            self.told = Known {
                limits: Limits {
                    requests: limits.requests.and_then(Allotment::sane),
                    tokens: limits.tokens.and_then(Allotment::sane),
                },
                at,
            };
        }
    }

    /// The latest that is known.
    const fn latest(&self) -> &Known {
        if self.told.at.micros() > self.seen.at.micros() {
            &self.told
        } else {
            &self.seen
        }
    }

    /// Whether some answer told of limits.
    pub(crate) const fn is_known(&self) -> bool {
        let limits = &self.latest().limits;
        limits.requests.is_some() || limits.tokens.is_some()
    }

    /// What this worker's own calls were told, and how many seconds ago.
    pub(crate) fn seen(&self, now: Moment) -> Option<(f64, Limits)> {
        let known = self.seen.limits.requests.is_some() || self.seen.limits.tokens.is_some();
        known.then(|| (now.since(self.seen.at), self.seen.limits))
    }

    /// A call of so many tokens left.
    pub(crate) const fn sent(&mut self, tokens: f64) {
        self.seen.sent(tokens);
        self.told.sent(tokens);
    }

    /// Refused for its rate.
    pub(crate) fn refused(&mut self, now: Moment, retry_after: Option<Duration>) {
        let wait = retry_after
            .unwrap_or(Duration::from_secs(1))
            .clamp(SHORTEST, LONGEST);
        self.until = self.until.max(now.after(wait.as_secs_f64()));
    }

    /// When the provider wants to hear from us again, whichever worker it told so.
    pub(crate) fn until(&self) -> Moment {
        self.until.max(self.told_until)
    }

    /// Seconds for which it told this worker to stay away.
    pub(crate) fn cooling(&self, now: Moment) -> f64 {
        self.until.since(now)
    }

    /// Seconds until a call of so many tokens has room; 0: it has.
    pub(crate) fn wait(&self, now: Moment, tokens: f64) -> f64 {
        let Known { limits, at } = self.latest();
        let passed = now.since(*at);
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
        wait(limits.requests, 1.0).max(wait(limits.tokens, tokens))
    }

    /// Share of the tighter limit that is left.
    pub(crate) fn headroom(&self, now: Moment) -> f64 {
        let Known { limits, at } = self.latest();
        let passed = now.since(*at);
        let share =
            |limit: Option<Allotment>| limit.map_or(1.0, |it| (it.at(passed) / it.most).clamp(0.0, 1.0));
        share(limits.requests).min(share(limits.tokens))
    }
}
