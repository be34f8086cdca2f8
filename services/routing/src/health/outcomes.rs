//! How often calls fail lately, and how long a caller waits for a failure.

use super::moment::Moment;

/// Seconds after which two thirds are forgotten.
const MEMORY: f64 = 20.0;
/// What an endpoint starts with, and returns to: nothing stands against it.
const TRUST: (f64, f64) = (2.0, 0.02);

/// Decayed counts of good and bad ends.
#[derive(Debug, Clone)]
pub(crate) struct Outcomes {
    good: f64,
    bad: f64,
    at: Moment,
    time_to_fail: f64,
}

impl Default for Outcomes {
    fn default() -> Self {
        Self {
            good: TRUST.0,
            bad: TRUST.1,
            at: Moment::default(),
            time_to_fail: 0.5,
        }
    }
}

impl Outcomes {
    pub(crate) fn counts(&self, now: Moment) -> (f64, f64) {
        let kept = (-now.since(self.at) / MEMORY).exp();
        (
            TRUST.0 + (self.good - TRUST.0) * kept,
            TRUST.1 + (self.bad - TRUST.1) * kept,
        )
    }

    fn decay(&mut self, now: Moment) {
        (self.good, self.bad) = self.counts(now);
        self.at = self.at.max(now);
    }

    pub(crate) fn good(&mut self, now: Moment) {
        self.decay(now);
        self.good += 1.0;
    }

    pub(crate) fn bad(&mut self, now: Moment, elapsed: f64) {
        self.decay(now);
        self.bad += 1.0;
        self.time_to_fail += 0.3 * (elapsed - self.time_to_fail);
    }

    /// Share of calls that fail.
    pub(crate) fn failure_share(&self, now: Moment) -> f64 {
        let (good, bad) = self.counts(now);
        bad / (good + bad)
    }

    /// Decayed good and bad ends, without the trust that there was before any.
    pub(crate) fn seen(&self, now: Moment) -> (f64, f64) {
        let (good, bad) = self.counts(now);
        ((good - TRUST.0).max(0.0), (bad - TRUST.1).max(0.0))
    }

    /// Seconds until a failure is known.
    pub(crate) const fn time_to_fail(&self) -> f64 {
        self.time_to_fail
    }
}
