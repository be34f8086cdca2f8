//! Calls that still wait for their first token, by when they left: what a brownout or a hang is known by before the
//! first time-out.
//!
//! A ring of slots of 64 ms, of which only the occupied are looked at, and one count for everything older than the
//! ring. So it needs no list of calls, and a thousand of them cost what one costs.

use super::moment::Moment;

/// Microseconds of a slot, as a power of two: 65.5 ms.
const SLOT_BITS: u32 = 16;
/// Slots of the ring, one bit each of the occupancy: 8.4 s.
const SLOTS: u64 = 128;

/// Counts of waiting calls.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    counts: [u16; SLOTS as usize],
    occupied: u128,
    /// The newest slot, as a number since the start of the clock.
    head: u64,
    /// Calls that left before the ring begins.
    older: u32,
    total: u32,
}

impl Default for Waiting {
    fn default() -> Self {
        Self {
            counts: [0; SLOTS as usize],
            occupied: 0,
            head: 0,
            older: 0,
            total: 0,
        }
    }
}

const fn slot(moment: Moment) -> u64 {
    moment.micros() >> SLOT_BITS
}

const fn seconds(slots: f64) -> f64 {
    slots * (1_u64 << SLOT_BITS) as f64 / 1e6
}

impl Waiting {
    /// How many calls wait.
    pub(crate) const fn total(&self) -> u32 {
        self.total
    }

    /// A call left.
    pub(crate) fn add(&mut self, sent: Moment) {
        let slot = slot(sent);
        self.advance(slot);
        self.total = self.total.saturating_add(1);
        match self.counts.get_mut((slot % SLOTS) as usize) {
            Some(count) if self.head - slot < SLOTS && *count < u16::MAX => {
                *count += 1;
                self.occupied |= 1 << (slot % SLOTS);
            }
            Some(_) | None => self.older += 1,
        }
    }

    /// A call that left at `sent` waits no more.
    pub(crate) fn remove(&mut self, sent: Moment) {
        let slot = slot(sent);
        let within = self.head.saturating_sub(slot) < SLOTS && slot <= self.head;
        self.total = self.total.saturating_sub(1);
        match self.counts.get_mut((slot % SLOTS) as usize) {
            Some(count) if within && *count > 0 => {
                *count -= 1;
                if *count == 0 {
                    self.occupied &= !(1 << (slot % SLOTS));
                }
            }
            Some(_) | None => self.older = self.older.saturating_sub(1),
        }
    }

    /// Moves the ring on; what falls out of it is older than the ring.
    fn advance(&mut self, to: u64) {
        let steps = to.saturating_sub(self.head).min(SLOTS);
        if self.occupied != 0 {
            for step in 1..=steps {
                let place = (self.head + step) % SLOTS;
                if let Some(count) = self.counts.get_mut(place as usize) {
                    self.older += u32::from(std::mem::take(count));
                }
                self.occupied &= !(1 << place);
            }
        }
        self.head = self.head.max(to);
    }

    /// Calls that have waited longer than `limit` seconds, and the sum of the logarithms of how long.
    pub(crate) fn overdue(&self, now: Moment, limit: f64) -> (f64, f64) {
        let mut count = f64::from(self.older);
        let mut logs = if self.older > 0 {
            count * seconds(SLOTS as f64).max(limit).ln()
        } else {
            0.0
        };
        let mut left = self.occupied;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            // A slot of the ring is at most as many slots before the head as the ring is long.
            let back = self.head.wrapping_sub(u64::from(place)) % SLOTS;
            let begin = Moment::from_micros(self.head.saturating_sub(back) << SLOT_BITS);
            let age = now.since(begin) - seconds(0.5);
            if age > limit {
                let here = self.counts.get(place as usize).copied().unwrap_or(0);
                count += f64::from(here);
                logs += f64::from(here) * age.ln();
            }
        }
        (count, logs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a plain list of calls, in any order of leaving and ending.
        #[test]
        fn it_counts_as_a_list_would(steps in prop::collection::vec((0_u64..900_000, any::<bool>(), any::<prop::sample::Index>()), 1..200), limit in 0.1_f64..6.0) {
            let mut waiting = Waiting::default();
            let mut list: Vec<Moment> = Vec::new();
            let mut now = 0;
            for (passed, leaves, which) in steps {
                now += passed;
                if leaves || list.is_empty() {
                    waiting.add(Moment::from_micros(now));
                    list.push(Moment::from_micros(now));
                } else {
                    waiting.remove(list.swap_remove(which.index(list.len())));
                }
            }
            let now = Moment::from_micros(now);
            prop_assert_eq!(waiting.total() as usize, list.len());
            let (count, logs) = waiting.overdue(now, limit);
            let (slack, reach) = (seconds(1.0), seconds(SLOTS as f64));
            let surely = list.iter().filter(|it| now.since(**it) > limit + slack).count() as f64;
            let perhaps = list.iter().filter(|it| now.since(**it) > limit - slack).count() as f64;
            prop_assert!(surely <= count && count <= perhaps, "{} {} {}", surely, count, perhaps);
            if count > 0.0 {
                let mean = (logs / count).exp();
                let oldest = list.iter().map(|it| now.since(*it)).fold(0.0, f64::max);
                prop_assert!(mean > limit - slack && mean < oldest.max(reach) + slack);
            }
        }

        #[test]
        fn ends_without_beginnings_and_clocks_that_go_back_do_no_harm(moments in prop::collection::vec(any::<u64>(), 1..50)) {
            let mut waiting = Waiting::default();
            for (number, moment) in moments.iter().enumerate() {
                let moment = Moment::from_micros(*moment);
                if number % 3 == 0 { waiting.remove(moment) } else { waiting.add(moment) }
                let (count, logs) = waiting.overdue(moment, 0.5);
                prop_assert!(count >= 0.0 && logs.is_finite());
            }
        }
    }
}
