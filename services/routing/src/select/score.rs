//! The score of an endpoint for a request: a sum of named terms, so that a decision can be explained. Lower is better.

use super::objective::{Objective, Weights};
use super::{Ask, Contender};

/// A first token later than this is no worse than one at this time: both are hopeless.
const LATEST: f64 = 10.0;
/// Share of the time to the first token that a warm prompt saves.
const WARM_SAVES: f64 = 0.25;
/// Share of a warm prompt's worth to the next call that this call counts.
const NEXT_TURN: f64 = 0.5;
/// Under this share of a rate limit an endpoint is spared, the more the less it has.
const SPARE: f64 = 0.35;
/// How much, in seconds or thousandths of a dollar of the objective, an endpoint without headroom is spared.
const SPARED: f64 = 1.2;
/// What a failure costs besides its time: somebody has to try again.
const NUISANCE: f64 = 0.05;
/// Recent calls it takes to trust what an endpoint carried at ease. A worker that sees a small part of its calls does not.
const KNOWN: f64 = 8.0;

/// What a score is made of. Units are the objective's.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Terms {
    /// Expected time to the first token.
    pub latency: f32,
    /// Expected cost.
    pub cost: f32,
    /// What a prompt that stays warm is worth to the next call; negative.
    pub cache: f32,
    /// Expected cost of a failure.
    pub failure: f32,
    /// How little its rate limits have left.
    pub headroom: f32,
    /// Its quality; negative.
    pub quality: f32,
    /// Expected cost of missing the target, or of passing the price.
    pub target: f32,
    /// How full it is.
    pub load: f32,
}

impl Terms {
    /// The score.
    #[must_use]
    pub fn total(&self) -> f32 {
        self.latency
            + self.cost
            + self.cache
            + self.failure
            + self.headroom
            + self.quality
            + self.target
            + self.load
    }
}

/// Probability that a standard normal is above `deviations`. Good to 1 in 10,000, by Abramowitz and Stegun 26.2.16.
fn above(deviations: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.332_67 * deviations.abs());
    let density = (-deviations * deviations / 2.0).exp() * 0.398_942_28;
    let tail = density * t * (0.436_183_6 + t * (-0.120_167_6 + t * 0.937_298));
    if deviations >= 0.0 { tail } else { 1.0 - tail }
}

/// How many times as long a first token takes because of calls sent since the time was measured. What the endpoint was
/// seen to carry at ease costs nothing.
fn crowding(contender: &Contender) -> f64 {
    let estimate = &contender.known.estimate;
    let open = f64::from(contender.known.in_flight);
    let usual = if estimate.weight > KNOWN {
        estimate.busy.max(contender.known.calm)
    } else {
        estimate.busy
    };
    ((1.0 + open) / (1.0 + usual)).max(1.0)
}

/// Share of what it can have open that is. The limit is this worker's; calls of others take of what it has for everybody.
fn fullness(contender: &Contender) -> f64 {
    let (known, capacity) = (&contender.known, contender.capacity.map_or(1e3, f64::from));
    let here = f64::from(known.in_flight + 1) / known.limit.min(capacity);
    here + known.in_flight_elsewhere / capacity
}

pub(super) fn score(contender: &Contender, ask: &Ask, objective: &Objective, miss_price: f64) -> Terms {
    let Weights {
        seconds,
        milli_usd,
        quality,
        load,
    } = objective.weights();
    let (known, price) = (&contender.known, &contender.price);
    let input = f64::from(ask.input_tokens);
    let warm = f64::from(contender.warm_tokens).min(input);
    let estimate = known.estimate;
    let saved = if input > 0.0 {
        WARM_SAVES * warm / input
    } else {
        0.0
    };
    let slower = crowding(contender) * (1.0 - saved);
    let time = (estimate.mean() * slower).min(LATEST);
    let cost = price.of(input, warm, f64::from(ask.output_tokens));
    let next_turn = if ask.conversation {
        NEXT_TURN * input * (price.input - price.warm_input).max(0.0) / 1e3
    } else {
        0.0
    };
    let failing = known.failing;
    let headroom = known.headroom;
    let spared = if headroom < SPARE {
        (SPARE - headroom) / SPARE
    } else {
        0.0
    };
    let target = match objective {
        Objective::CheapestMeeting(target) => {
            let deviations =
                (target.as_secs_f64().max(1e-6).ln() - estimate.mu - slower.ln()) / estimate.variance.sqrt();
            miss_price * above(deviations)
        }
        Objective::FastestUnder(most) if cost > *most => LATEST + cost / most.max(1e-9),
        Objective::Fastest
        | Objective::Cheapest
        | Objective::FastestUnder(_)
        | Objective::Balanced(_)
        | Objective::LeastLoaded => 0.0,
    };
    let full = if load > 0.0 { fullness(contender) } else { 0.0 };
    Terms {
        latency: (seconds * time) as f32,
        cost: (milli_usd * cost) as f32,
        cache: (-milli_usd * next_turn) as f32,
        failure: (failing * (seconds * (known.time_to_fail + 0.4 * time) + milli_usd * cost + NUISANCE))
            as f32,
        headroom: (spared * SPARED * (seconds + milli_usd).min(1.0)) as f32,
        quality: (-quality * contender.quality) as f32,
        target: target as f32,
        load: (load * full) as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_the_normal_is_right() {
        for (deviations, known) in [
            (0.0, 0.5),
            (1.0, 0.158_655),
            (1.645, 0.05),
            (-2.0, 0.977_25),
            (3.0, 0.001_35),
        ] {
            assert!((above(deviations) - known).abs() < 1e-4, "{deviations}");
        }
    }
}
