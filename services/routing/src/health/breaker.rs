//! When an endpoint is left alone, and how it comes back: one probe, then twice as many calls with each that succeeds.

use super::moment::Moment;
use crate::seed::Generator;

/// Failures in a row that open it.
const IN_A_ROW: u32 = 4;
/// Share of failures that opens it, given that many of them.
const MOSTLY: (f64, f64) = (0.6, 4.0);
/// First and longest time it stays open, in seconds; each time it doubles.
const OPEN: (f64, f64) = (1.0, 10.0);
/// Calls that may wait for a first token after a probe succeeded.
const RAMP_START: u32 = 2;
/// Where the ramp ends.
const RAMP_END: u32 = 32;
/// Successes, decayed, after which an opening is the first again.
const FORGIVEN: f64 = 8.0;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Closed,
    Open {
        until: Moment,
        why: Why,
    },
    Ramp {
        allowed: u32,
    },
}

/// From whose calls it is known that the endpoint is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Seen,
    Told,
}

/// The breaker of one endpoint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breaker {
    state: State,
    in_a_row: u32,
    openings: i32,
}

/// What a breaker lets through.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Gate {
    /// Everything it has room for.
    Pass,
    /// Nothing until then.
    Shut(Moment),
    /// Nothing until what is on its way has come back.
    Crowded,
}

impl Breaker {
    /// Whether a call may pass while `waiting` others wait for their first token.
    pub(crate) fn gate(&self, now: Moment, waiting: u32) -> Gate {
        match self.state {
            State::Closed => Gate::Pass,
            State::Open { until, .. } if now < until => Gate::Shut(until),
            State::Open { .. } if waiting > 0 => Gate::Crowded,
            State::Open { .. } => Gate::Pass,
            State::Ramp { allowed } if waiting >= allowed => Gate::Crowded,
            State::Ramp { .. } => Gate::Pass,
        }
    }

    /// Whether it lets everything through.
    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    pub(crate) fn good(&mut self, successes: f64) {
        self.in_a_row = 0;
        if successes > FORGIVEN {
            self.openings = 0;
        }
        self.state = match self.state {
            State::Closed => State::Closed,
            State::Open { .. } => State::Ramp { allowed: RAMP_START },
            State::Ramp { allowed } if allowed >= RAMP_END => State::Closed,
            State::Ramp { allowed } => State::Ramp { allowed: allowed * 2 },
        };
    }

    /// A call failed; `bad` and `share` are the decayed failures and their share.
    pub(crate) fn bad(&mut self, now: Moment, bad: f64, share: f64, dice: &mut Generator) {
        self.in_a_row += 1;
        let on_trial = match self.state {
            State::Closed => false,
            // What left before it opened says nothing new.
            State::Open { until, .. } if now < until => return,
            State::Open { .. } | State::Ramp { .. } => true,
        };
        if on_trial || self.in_a_row >= IN_A_ROW || (bad > MOSTLY.1 && share > MOSTLY.0) {
            self.open(now, dice);
        }
    }

    /// Opens at once.
    pub(crate) fn open(&mut self, now: Moment, dice: &mut Generator) {
        self.openings = (self.openings + 1).min(8);
        let longest = (OPEN.0 * 2.0_f64.powi(self.openings - 1)).min(OPEN.1);
        self.state = State::Open {
            until: now.after(longest * (0.8 + 0.4 * dice.unit())),
            why: Why::Seen,
        };
        self.in_a_row = 0;
    }

    /// Opens because others found it broken: so it comes back by a probe and a ramp here, too.
    pub(crate) fn follow(&mut self, until: Moment) {
        match self.state {
            State::Closed | State::Open { why: Why::Told, .. } => {
                self.state = State::Open {
                    until,
                    why: Why::Told,
                };
            }
            State::Open { why: Why::Seen, .. } | State::Ramp { .. } => {}
        }
    }

    /// Seconds for which it stays open by what was seen here; what was told is not told on.
    pub(crate) fn open_for(&self, now: Moment) -> f64 {
        match self.state {
            State::Open {
                until,
                why: Why::Seen,
            } => until.since(now),
            State::Open { why: Why::Told, .. } | State::Closed | State::Ramp { .. } => 0.0,
        }
    }

    /// A burst that the endpoint could not take is no sickness.
    pub(crate) const fn excuse(&mut self) {
        self.in_a_row = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    const fn second(at: u64) -> Moment {
        Moment::from_micros(at * 1_000_000)
    }

    fn opened(openings: u32) -> (Breaker, Generator) {
        let mut dice = Seed::from_id(1).generator();
        let mut breaker = Breaker::default();
        for opening in 0..openings {
            for _ in 0..IN_A_ROW {
                breaker.bad(second(u64::from(opening) * 100), 1.0, 0.1, &mut dice);
            }
        }
        (breaker, dice)
    }

    #[test]
    fn few_failures_pass_and_four_in_a_row_open_it() {
        let mut dice = Seed::from_id(1).generator();
        let mut breaker = Breaker::default();
        for _ in 0..20 {
            (0..3).for_each(|_| breaker.bad(second(0), 3.0, 0.3, &mut dice));
            breaker.good(1.0);
        }
        assert!(breaker.is_closed());
        (0..4).for_each(|_| breaker.bad(second(0), 3.0, 0.3, &mut dice));
        assert!(matches!(breaker.gate(second(0), 0), Gate::Shut(_)));
    }

    #[test]
    fn one_probe_then_a_ramp() {
        let (mut breaker, _) = opened(1);
        let later = second(2);
        assert_eq!(breaker.gate(later, 0), Gate::Pass);
        assert_eq!(breaker.gate(later, 1), Gate::Crowded, "a second probe");
        let mut allowed = Vec::new();
        while !breaker.is_closed() {
            breaker.good(0.0);
            allowed.push(
                (0..100)
                    .take_while(|it| breaker.gate(later, *it) == Gate::Pass)
                    .count(),
            );
        }
        assert_eq!(allowed, [2, 4, 8, 16, 32, 100]);
    }

    #[test]
    fn a_failed_probe_opens_it_for_longer_up_to_a_bound() {
        let waits: Vec<f64> = (1..=8)
            .map(|openings| match opened(openings).0.state {
                State::Open { until, .. } => until.since(second(u64::from(openings - 1) * 100)),
                State::Closed | State::Ramp { .. } => 0.0,
            })
            .collect();
        for (wait, expected) in waits.iter().zip([1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0]) {
            assert!((0.8 * expected..=1.2 * expected).contains(wait), "{waits:?}");
        }
    }

    #[test]
    fn what_left_before_it_opened_does_not_prolong_it() {
        let (mut breaker, mut dice) = opened(1);
        let before = breaker.state;
        (0..50).for_each(|_| breaker.bad(second(0), 50.0, 0.9, &mut dice));
        assert_eq!(breaker.state, before);
    }
}
