//! What the calls of one route share: allowances for hedges and retries, and what a missed target costs at present.

use crate::health::Moment;

/// Hedges and retries earned by each request, and how many can be saved up. A hedge counts as one where one of twenty
/// requests may be hedged, as five where one of a hundred may.
const HEDGE: (f64, f64) = (0.05, 25.0);
const RETRY: (f64, f64) = (0.2, 100.0);
/// Seconds after a call was held for want of room during which nothing is hedged.
const SCARCE: f64 = 5.0;
/// Both at the start.
const START: f64 = 10.0;
/// Share of requests that may miss the target.
const MISSES: f64 = 0.05;
/// How fast the price of a miss follows: a miss raises it by 20 times this share, a hit lowers it.
const STEP: f64 = 0.01;
/// Output tokens to expect of the first call, and how far the expectation follows each answer.
const OUTPUT: (f64, f64) = (300.0, 0.05);
/// Least and most thousandths of a dollar that a miss may cost.
const MISS_PRICE: (f64, f64) = (1e-4, 1e4);

/// State of one route.
#[derive(Debug, Clone)]
pub struct Pool {
    hedges: f64,
    retries: f64,
    miss_price: f64,
    output: f64,
    /// When somebody was held last because nothing had room.
    pub(crate) scarce: Option<Moment>,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            hedges: START,
            retries: START,
            miss_price: 1.0,
            output: OUTPUT.0,
            scarce: None,
        }
    }
}

fn spend(allowance: &mut f64) -> bool {
    let enough = *allowance >= 1.0;
    if enough {
        *allowance -= 1.0;
    }
    enough
}

impl Pool {
    /// A request came: it earns its share of hedges and retries.
    pub const fn arrived(&mut self) {
        self.hedges = (self.hedges + HEDGE.0).min(HEDGE.1);
        self.retries = (self.retries + RETRY.0).min(RETRY.1);
    }

    /// Takes a hedge from the allowance, if one is left.
    #[must_use]
    pub fn spend_hedge(&mut self, now: Moment, share: f64) -> bool {
        let may = self.may_hedge(now, share);
        if may {
            self.hedges -= HEDGE.0 / share;
        }
        may
    }

    /// Whether a hedge may be taken, where so large a share of the requests may be sent twice.
    #[must_use]
    pub fn may_hedge(&self, now: Moment, share: f64) -> bool {
        let is_scarce = self.scarce.is_some_and(|at| now.since(at) < SCARCE);
        !is_scarce && share > 0.0 && self.hedges >= HEDGE.0 / share
    }

    /// Takes a retry from the allowance, if one is left.
    #[must_use]
    pub fn spend_retry(&mut self) -> bool {
        spend(&mut self.retries)
    }

    /// A first token came within the target, or did not. The price rises until misses are as rare as they should be and
    /// falls while they are rarer: what it settles at makes the cheapest mix that meets the target.
    pub fn judged(&mut self, missed: bool) {
        let step = if missed { 1.0 - MISSES } else { -MISSES };
        self.miss_price = (self.miss_price * (STEP / MISSES * step).exp()).clamp(MISS_PRICE.0, MISS_PRICE.1);
    }

    /// An answer had so many tokens.
    pub fn answered(&mut self, output_tokens: u32) {
        self.output += OUTPUT.1 * (f64::from(output_tokens) - self.output);
    }

    /// Output tokens to expect of a call that may have at most so many.
    #[must_use]
    pub fn expected_output(&self, most: Option<u64>) -> u32 {
        let usual = self.output as u32;
        most.map_or(usual, |most| usual.min(u32::try_from(most).unwrap_or(u32::MAX)))
    }

    /// What a missed target costs, in thousandths of a dollar.
    #[must_use]
    pub const fn miss_price(&self) -> f64 {
        self.miss_price
    }
}
