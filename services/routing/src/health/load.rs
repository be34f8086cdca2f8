//! Open calls, and how many an endpoint can take: a soft limit that follows what its speed says.
//!
//! Speed is seconds per output token: it varies far less than the time to the first token. The unloaded speed is the
//! best that was seen lately, not the mean, because under lasting overload the mean becomes the overload.

use super::moment::Moment;

/// Seconds after which two thirds of the measured speed are forgotten.
const FAST: f64 = 8.0;
/// Seconds after which the unloaded speed has moved two thirds of the way to the present one.
const FLOOR: f64 = 120.0;
/// Recent answers it takes to speak of a speed: the best of fewer is luck, and would make the usual look like overload.
const KNOWN: f64 = 12.0;
/// Times the unloaded time per token: hardly any load, no load that matters, what the limit aims at, too much.
const EASY: f64 = 1.05;
const AT_EASE: f64 = 1.12;
const BALANCED: f64 = 1.2;
const OVERLOADED: f64 = 1.25;
/// No limit goes below this many open calls.
const LEAST: f64 = 6.0;
/// Share of the limit in use from which an answer speaks about the limit.
const NEAR: f64 = 0.7;
/// Bounds of what one answer may want of the limit, and how far the limit follows it.
const DEEPEST: f64 = 0.7;
const FASTEST: f64 = 1.5;
const STEP: f64 = 0.1;
/// What a refusal leaves of the limit, and seconds until the next one counts.
const REFUSED: f64 = 0.85;
const PAUSE: f64 = 1.0;

/// How slowly an endpoint writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Logarithm of how many times as long a token takes as when unloaded.
    log: f64,
}

impl Stretch {
    /// How many times as slow it is as when unloaded.
    #[must_use]
    pub fn times(self) -> f64 {
        self.log.exp()
    }
}

/// Open calls and their limit.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    in_flight: u32,
    limit: f64,
    cut: Moment,
    weight: f64,
    sum: f64,
    /// Open calls when the measured ones left, weighted alike: a speed belongs to the load it was measured under.
    busy: f64,
    at: Moment,
    /// Logarithm of the unloaded seconds per token.
    floor: Option<f64>,
    /// Open calls at which it was seen to be at ease.
    calm: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            in_flight: 0,
            limit: f64::INFINITY,
            cut: Moment::default(),
            weight: 0.0,
            sum: 0.0,
            busy: 0.0,
            at: Moment::default(),
            floor: None,
            calm: 0.0,
        }
    }
}

impl Load {
    pub(crate) const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    pub(crate) const fn limit(&self) -> f64 {
        self.limit
    }

    pub(crate) const fn sent(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
    }

    pub(crate) const fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Open calls it is known to take without effort.
    pub(crate) const fn calm(&self) -> f64 {
        self.calm
    }

    /// Whether one more call is within the limit.
    pub(crate) fn has_room(&self) -> bool {
        f64::from(self.in_flight) < self.limit
    }

    /// How slowly it writes; `None`: not known.
    pub(crate) fn stretch(&self) -> Option<Stretch> {
        let floor = self.floor?;
        (self.weight > KNOWN).then(|| Stretch {
            log: self.sum / self.weight - floor,
        })
    }

    /// An answer ended that took `seconds` per token; `then` calls were open when it left.
    pub(crate) fn answered(&mut self, now: Moment, seconds: f64, then: u32) {
        let passed = now.since(self.at);
        let kept = (-passed / FAST).exp();
        self.at = self.at.max(now);
        self.weight = self.weight * kept + 1.0;
        self.sum = self.sum * kept + seconds.max(1e-6).ln();
        self.busy = self.busy * kept + f64::from(then) + 1.0;
        if self.weight < KNOWN {
            return;
        }
        let (speed, busy) = (self.sum / self.weight, self.busy / self.weight);
        let floor = match self.floor {
            Some(floor) if speed > floor => {
                // Slow with few calls open: it is not our load, this is how it is now.
                let ours = busy > (self.calm / 2.0).max(LEAST);
                let drift = if ours { 1.0 - (-passed / FLOOR).exp() } else { 0.1 };
                floor + (speed - floor) * drift
            }
            Some(_) | None => speed,
        };
        self.floor = Some(floor);
        let stretch = (speed - floor).exp();
        if stretch < AT_EASE {
            self.calm += 0.2 * (busy - self.calm).max(0.0);
        }
        if stretch > OVERLOADED || busy > NEAR * self.limit {
            let wanted = busy
                * if stretch < EASY {
                    FASTEST
                } else {
                    (BALANCED / stretch).max(DEEPEST)
                };
            let from = self.limit.min(wanted.max(f64::from(self.in_flight) + 1.0));
            self.limit = (from + STEP * (wanted - from)).max(LEAST).max(self.calm / 2.0);
        }
    }

    /// It is broken: its refusals did not mean that it was full.
    pub(crate) const fn forgive(&mut self) {
        self.limit = f64::INFINITY;
    }

    /// It refused a call at once while many were open: it is full.
    pub(crate) fn refused(&mut self, now: Moment) {
        if now.since(self.cut) >= PAUSE {
            let open = f64::from(self.in_flight) + 1.0;
            self.limit = (self.limit.min(open) * REFUSED).max(LEAST);
            self.calm = self.calm.min(self.limit);
            self.cut = now;
        }
    }
}
