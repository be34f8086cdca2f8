//! What a route wants of its endpoints, as weights of the terms of a score.

use std::time::Duration;

/// What a route wants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Objective {
    /// The soonest first token.
    Fastest,
    /// The least money.
    Cheapest,
    /// The least money at which 95 of 100 first tokens come within the target, if any mix of endpoints can.
    CheapestMeeting(Duration),
    /// The soonest first token among what costs at most so many thousandths of a dollar; what costs more comes after.
    FastestUnder(f64),
    /// Seconds, money and quality, weighed against each other.
    Balanced(Weights),
    /// The fewest open calls for what it can take.
    LeastLoaded,
}

/// What a unit of each term counts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Weights {
    /// Of a second to the first token.
    pub seconds: f64,
    /// Of a thousandth of a dollar.
    pub milli_usd: f64,
    /// Of a unit of quality.
    pub quality: f64,
    /// Of the share of its limit that an endpoint has in use.
    pub load: f64,
}

impl Objective {
    /// The target for the time to the first token, when there is one.
    #[must_use]
    pub const fn target(&self) -> Option<Duration> {
        match self {
            Self::CheapestMeeting(target) => Some(*target),
            Self::Fastest
            | Self::Cheapest
            | Self::FastestUnder(_)
            | Self::Balanced(_)
            | Self::LeastLoaded => None,
        }
    }

    /// Its weights. A little of latency stays where it is not the aim: of two that cost the same, the quicker.
    #[must_use]
    pub const fn weights(&self) -> Weights {
        let only = Weights {
            seconds: 0.0,
            milli_usd: 0.0,
            quality: 0.0,
            load: 0.0,
        };
        match self {
            Self::Fastest | Self::FastestUnder(_) => Weights { seconds: 1.0, ..only },
            Self::Cheapest | Self::CheapestMeeting(_) => Weights {
                seconds: 0.01,
                milli_usd: 1.0,
                ..only
            },
            Self::Balanced(weights) => *weights,
            Self::LeastLoaded => Weights {
                seconds: 0.01,
                load: 1.0,
                ..only
            },
        }
    }
}
