//! An endpoint as one decision sees it: all that is weighed, worked out once, so that nothing is forgotten, decayed or
//! copied anew for each question about it.

use super::{Delivery, Estimate, Health, Moment, Standing, Stretch};

/// What is known of an endpoint at one moment, for a call of one kind and size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assessment {
    /// Whether it takes the call.
    pub standing: Standing,
    /// The time until the call brings something.
    pub estimate: Estimate,
    /// Share of calls that fail lately.
    pub failing: f64,
    /// Whether calls fail often lately: a third of them, and more than one.
    pub fails_often: bool,
    /// Seconds until a failure is known.
    pub time_to_fail: f64,
    /// Whether its breaker is closed.
    pub is_trusted: bool,
    /// Share of the provider's tighter rate limit that is left.
    pub headroom: f64,
    /// Open calls.
    pub in_flight: u32,
    /// Open calls of other workers, as far as they told.
    pub in_flight_elsewhere: f64,
    /// Open calls it can take; infinite while nothing speaks against more.
    pub limit: f64,
    /// Open calls it is known to take without effort; 0: not known.
    pub calm: f64,
    /// How slowly it writes; `None`: not known.
    pub stretch: Option<Stretch>,
    /// Seconds since a call was last sent to it, by whichever worker that told; infinite when none was.
    pub idle: f64,
}

impl Health {
    /// How it stands at `now` for a call of so many tokens whose answer comes like this.
    #[must_use]
    pub fn assess(&self, now: Moment, delivery: Delivery, tokens: f64) -> Assessment {
        let (pace, told) = (self.paces.of(delivery), self.elsewhere.times(now, delivery));
        let failures = self.failures(now);
        Assessment {
            standing: self.standing(now, tokens),
            estimate: pace.estimate(now, &told),
            failing: failures.share,
            fails_often: failures.are_often(),
            time_to_fail: self.time_to_fail(),
            is_trusted: self.is_trusted(),
            headroom: self.headroom(now),
            in_flight: self.load.in_flight(),
            in_flight_elsewhere: self.elsewhere.in_flight(now),
            limit: self.limit(),
            calm: self.load.calm(),
            stretch: self.load.stretch(),
            idle: self.idle(now),
        }
    }
}
