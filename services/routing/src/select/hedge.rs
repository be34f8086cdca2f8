//! Sending a call a second time when its first token is late, and cancelling whichever is slower.
//!
//! [`late_after`], [`has_room_to_spare`] and the [`Pool`] decide for a route that states when to hedge; [`hedge_after`] and
//! [`hedge_target`] weigh time against money besides.
//!
//! Must stay true: never for a call that must not happen twice, never beyond the allowance, never into an endpoint that
//! has no room to spare: when everything is slow, hedges make it slower.

use std::time::Duration;

use sluicegate_contracts::config::HedgeAfter;

use super::objective::Objective;
use super::pool::Pool;
use super::score::score;
use super::{Ask, Contender};
use crate::health::{Assessment, Delivery, Estimate, Health, Moment, Standing};

/// Deviations above the middle at which a first token is late.
const LATE: f64 = 1.9;
/// Nothing is late before this.
const SOONEST: f64 = 0.2;
/// Share of a target's limit that may be in use.
const ROOM: f64 = 0.7;
/// Times the unloaded time per token above which an endpoint has no room to spare.
const EASY: f64 = 1.3;

/// What a route allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hedging {
    /// Whether the call may happen twice.
    pub idempotent: bool,
    /// Share of requests that may be sent twice.
    pub share: f64,
    /// Most that the second prompt may cost, in thousandths of a dollar.
    pub most: Option<f64>,
}

/// How long a call may go on without a first token before it is late; `None`: that is not known yet. Counted from when it
/// left, as things stood then.
#[must_use]
pub fn late_after(health: &Health, now: Moment, delivery: Delivery, after: HedgeAfter) -> Option<Duration> {
    match after {
        HedgeAfter::Milliseconds(milliseconds) => Some(Duration::from_millis(u64::from(milliseconds))),
        HedgeAfter::Percentile(percent) => health
            .is_measured(now, delivery)
            .then(|| late(&health.estimate(now, delivery), deviations(percent))),
    }
}

fn late(estimate: &Estimate, deviations: f64) -> Duration {
    let seconds = estimate.quantile(deviations);
    Duration::from_secs_f64(seconds.max(SOONEST))
}

/// Deviations of a normal spread above the middle under which so many of a hundred lie; half of them at least. By Abramowitz
/// and Stegun, 26.2.23, which is off by less than 0.001.
fn deviations(percent: u8) -> f64 {
    let above = 1.0 - f64::from(percent.clamp(50, 99)) / 100.0;
    let t = (-2.0 * above.ln()).sqrt();
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    t - numerator / denominator
}

/// Whether an endpoint takes a hedge: a call that it would not get otherwise.
#[must_use]
pub fn has_room_to_spare(known: &Assessment) -> bool {
    known.is_trusted
        && known.standing == Standing::Ready
        && f64::from(known.in_flight) < ROOM * known.limit
        && known.stretch.is_none_or(|stretch| stretch.times() < EASY)
}

fn worth(contender: &Contender, ask: &Ask, objective: &Objective, hedging: &Hedging, saved: f64) -> bool {
    let weights = objective.weights();
    let prompt = contender.price.of(f64::from(ask.input_tokens), 0.0, 0.0);
    hedging.most.is_none_or(|most| prompt <= most) && weights.seconds * saved > weights.milli_usd * prompt
}

/// How long to wait for the first token of a call that has just been sent to `contender`; `None`: it is not hedged.
#[must_use]
pub fn hedge_after(
    contender: &Contender,
    ask: &Ask,
    objective: &Objective,
    hedging: &Hedging,
) -> Option<Duration> {
    let delay = late(&contender.known.estimate, LATE);
    let saved = delay.as_secs_f64();
    (hedging.idempotent && worth(contender, ask, objective, hedging, saved)).then_some(delay)
}

/// Where the call is sent a second time, by position; `None`: nowhere.
#[must_use]
pub fn hedge_target(
    contenders: &[Contender],
    ask: &Ask,
    objective: &Objective,
    hedging: &Hedging,
    pool: &mut Pool,
) -> Option<usize> {
    if !hedging.idempotent || !pool.may_hedge(ask.now, hedging.share) {
        return None;
    }
    let open = |it: &Contender| {
        let wait = || it.known.estimate.mean();
        !it.tried && has_room_to_spare(&it.known) && worth(it, ask, objective, hedging, wait())
    };
    let total = |it: &Contender| score(it, ask, objective, pool.miss_price()).total();
    let targets = contenders.iter().enumerate().filter(|it| open(it.1));
    let scored = targets.map(|(position, it)| (total(it), position));
    let (_, target) = scored.min_by(|a, b| a.0.total_cmp(&b.0))?;
    pool.spend_hedge(ask.now, hedging.share).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_where_tables_have_them() {
        for (percent, expected) in [
            (50, 0.0),
            (75, 0.674_49),
            (90, 1.281_55),
            (95, 1.644_85),
            (99, 2.326_35),
        ] {
            assert!((deviations(percent) - expected).abs() < 1e-3, "{percent}");
        }
        assert_eq!((deviations(0), deviations(200)), (deviations(50), deviations(99)));
    }

    #[test]
    fn what_is_late_is_known_from_calls_or_stated() {
        let (start, mut health) = (Moment::default(), Health::default());
        let at = |seconds| start.after(seconds);
        let late = |health: &Health, now, after| late_after(health, now, Delivery::Streamed, after);
        let (stated, measured) = (HedgeAfter::Milliseconds(70), HedgeAfter::Percentile(95));
        assert_eq!(late(&health, start, stated), Some(Duration::from_millis(70)));
        assert_eq!(late(&health, start, measured), None, "nothing is known");
        for call in 0..20 {
            let sent = at(f64::from(call));
            let mut call = health.sent(sent, Delivery::Streamed, 100.0);
            health.first_token(sent.after(1.0), &mut call);
            health.finished(sent.after(1.5), call, 50);
        }
        let after = late(&health, at(22.0), measured).unwrap().as_secs_f64();
        assert!((1.2..2.0).contains(&after), "{after}");
        assert_eq!(
            late(&health, at(4_000.0), measured),
            None,
            "an hour ago says nothing"
        );
        let whole = late_after(&health, at(22.0), Delivery::Whole, measured);
        assert_eq!(whole, None, "streams say nothing of whole answers");
    }

    #[test]
    fn of_two_hundred_requests_no_more_are_hedged_than_the_share_says() {
        for (percent, expected) in [(5, 20), (1, 4), (100, 400)] {
            let (mut pool, share) = (Pool::default(), f64::from(percent) / 100.0);
            let hedged = (0..200).map(|_| {
                pool.arrived();
                // One that asks twice is hedged twice at most.
                usize::from(pool.spend_hedge(Moment::default(), share))
                    + usize::from(pool.spend_hedge(Moment::default(), share))
            });
            assert!(
                (expected - 1..=expected).contains(&hedged.sum::<usize>()),
                "{percent}"
            );
        }
    }
}
