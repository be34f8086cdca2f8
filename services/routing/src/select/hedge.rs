//! Sending a call a second time when its first token is late, and cancelling whichever is slower.
//!
//! Must stay true: never for a call that must not happen twice, never beyond the allowance, never into an endpoint that
//! has no room to spare: when everything is slow, hedges make it slower.

use std::time::Duration;

use super::objective::Objective;
use super::pool::Pool;
use super::score::score;
use super::{Ask, Contender};
use crate::health::Standing;

/// Deviations above the middle at which a first token is late.
const LATE: f64 = 1.9;
/// Nothing is late before this.
const SOONEST: f64 = 0.2;
/// Share of a target's limit that may be in use.
const ROOM: f64 = 0.7;
/// Times the unloaded time per token above which an endpoint has no room to spare.
const EASY: f64 = 1.3;
/// Seconds after a call was held for want of room during which nothing is hedged.
const SCARCE: f64 = 5.0;

/// What a route allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hedging {
    /// Whether the call may happen twice.
    pub idempotent: bool,
    /// Most that the second prompt may cost, in thousandths of a dollar.
    pub most: Option<f64>,
}

fn worth(contender: &Contender<'_>, ask: &Ask, objective: &Objective, hedging: &Hedging, saved: f64) -> bool {
    let weights = objective.weights();
    let prompt = contender.price.of(f64::from(ask.input_tokens), 0.0, 0.0);
    hedging.most.is_none_or(|most| prompt <= most) && weights.seconds * saved > weights.milli_usd * prompt
}

/// How long to wait for the first token of a call that has just been sent to `contender`; `None`: it is not hedged.
#[must_use]
pub fn hedge_after(
    contender: &Contender<'_>,
    ask: &Ask,
    objective: &Objective,
    hedging: &Hedging,
) -> Option<Duration> {
    let delay = contender
        .health
        .estimate(ask.now, ask.delivery)
        .quantile(LATE)
        .max(SOONEST);
    (hedging.idempotent && worth(contender, ask, objective, hedging, delay))
        .then(|| Duration::from_secs_f64(delay))
}

/// Where the call is sent a second time, by position; `None`: nowhere.
#[must_use]
pub fn hedge_target(
    contenders: &[Contender<'_>],
    ask: &Ask,
    objective: &Objective,
    hedging: &Hedging,
    pool: &mut Pool,
) -> Option<usize> {
    let scarce = pool.scarce.is_some_and(|at| ask.now.since(at) < SCARCE);
    if !hedging.idempotent || scarce {
        return None;
    }
    let tokens = f64::from(ask.input_tokens) + f64::from(ask.output_tokens);
    let open = |it: &Contender<'_>| {
        let health = it.health;
        !it.tried
            && health.is_trusted()
            && health.standing(ask.now, tokens) == Standing::Ready
            && f64::from(health.in_flight()) < ROOM * health.limit()
            && health.stretch().is_none_or(|stretch| stretch < EASY)
            && worth(
                it,
                ask,
                objective,
                hedging,
                health.estimate(ask.now, ask.delivery).mean(),
            )
    };
    let total = |it: &Contender<'_>| score(it, ask, objective, pool.miss_price()).total();
    let targets = contenders.iter().enumerate().filter(|it| open(it.1));
    let scored = targets.map(|(position, it)| (total(it), position));
    let (_, target) = scored.min_by(|a, b| a.0.total_cmp(&b.0))?;
    pool.spend_hedge().then_some(target)
}
