//! Which endpoint a call goes to, of those that may serve it: live, by what is known of each at this moment.
//!
//! Pure: health, moment and seed are arguments, so the same inputs give the same order, and its terms say why. Called
//! with what passed every constraint; nothing here can let in what a constraint keeps out.
//!
//! | module | answers |
//! |---|---|
//! | [`objective`] | what does the route want |
//! | [`score`] | how good is an endpoint for it, term by term |
//! | [`mod@rank`] | in which order are they tried, or is the call held |
//! | [`hedge`] | is it sent a second time, when, and where to |
//! | [`pool`] | what the calls of a route share |

pub mod hedge;
pub mod objective;
pub mod pool;
pub mod rank;
pub mod score;

pub use hedge::{Hedging, has_room_to_spare, hedge_after, hedge_target, late_after};
pub use objective::{Objective, Weights};
pub use pool::Pool;
pub use rank::{Ranked, Ranking, Reason, is_well, rank};
pub use score::Terms;

use std::time::Duration;

use crate::health::{Assessment, Moment};
use crate::seed::Seed;

/// Output may be longer than expected: room for so many times the expectation is asked of a rate limit.
const OUTPUT_SLACK: f64 = 1.3;

/// Tokens that a rate limit should have room for.
#[must_use]
pub fn room(input_tokens: u32, output_tokens: u32) -> f64 {
    f64::from(input_tokens) + OUTPUT_SLACK * f64::from(output_tokens)
}

/// USD per million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Price {
    /// Of input.
    pub input: f64,
    /// Of input that comes from a prompt cache; the same as input where there is none.
    pub warm_input: f64,
    /// Of output.
    pub output: f64,
}

impl Price {
    /// Thousandths of a dollar for so many tokens; `warm` of the input come from a cache.
    #[must_use]
    pub fn of(&self, input: f64, warm: f64, output: f64) -> f64 {
        ((input - warm) * self.input + warm * self.warm_input + output * self.output) / 1e3
    }
}

/// An endpoint that may serve the call.
#[derive(Debug, Clone, Copy)]
pub struct Contender {
    /// What is known of it, for this call.
    pub known: Assessment,
    /// What it costs.
    pub price: Price,
    /// Input tokens of this call that it has warm ([`crate::health::Sessions::warm`]).
    pub warm_tokens: u32,
    /// How good its answers are, in the unit of [`Weights::quality`].
    pub quality: f64,
    /// Calls at once that it is known to allow.
    pub capacity: Option<u32>,
    /// Whether this call was sent there already.
    pub tried: bool,
}

/// A call that wants an endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// The moment.
    pub now: Moment,
    /// Source of every random choice. Another for each time the same call asks.
    pub seed: Seed,
    /// Input tokens.
    pub input_tokens: u32,
    /// Output tokens to expect.
    pub output_tokens: u32,
    /// Whether another call with the same beginning may follow.
    pub conversation: bool,
    /// How long it has been held so far.
    pub held: Duration,
    /// Sends it has left, this one included.
    pub tries_left: u32,
}
