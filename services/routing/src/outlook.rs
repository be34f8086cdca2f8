//! What is known at the moment of a decision of those that may serve: looked up once, and only where there is a choice.
//! Called by [`crate::plan()`] only.

use crate::eligibility::Candidates;
use crate::health::{Delivery, Estimate, Health, Moment, Speed, Standing};
use crate::input::RoutingInput;
use crate::select::Pool;

/// Output may be longer than expected: room for so many times the expectation is asked of a rate limit.
const OUTPUT_SLACK: f64 = 1.3;

/// Seconds after which an endpoint that fails often gets another call before the others.
const ASKED_EVERY: f64 = 2.0;

/// Positions of a target and of a candidate in it.
pub(crate) type Place = (usize, usize);

/// See the module.
#[derive(Debug)]
pub(crate) struct Outlook {
    pub(crate) now: Moment,
    pub(crate) delivery: Delivery,
    /// Tokens to expect of the answer.
    pub(crate) output_tokens: u32,
    /// Tokens that a rate limit should have room for.
    room: f64,
    /// None where there is no choice.
    seen: Vec<Seen>,
}

/// One of those that may serve.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) at: Place,
    pub(crate) health: Health,
    pub(crate) warm_tokens: u32,
}

impl Outlook {
    /// Looks at all of `eligible`.
    pub(crate) fn of(input: &RoutingInput<'_>, eligible: &Candidates, pool: &Pool) -> Self {
        let output_tokens = pool.expected_output(input.features.max_output_tokens);
        let look = |at: &Place| {
            let candidate = input.candidate(*at);
            Seen {
                at: *at,
                health: input.live.health(candidate).unwrap_or_default(),
                warm_tokens: input.live.warm_tokens(candidate),
            }
        };
        let chosen_from = if eligible.len() > 1 {
            eligible.as_slice()
        } else {
            &[]
        };
        Self {
            now: input.live.moment(),
            delivery: input.features.delivery(),
            output_tokens,
            room: f64::from(input.features.input_tokens) + OUTPUT_SLACK * f64::from(output_tokens),
            seen: chosen_from.iter().map(look).collect(),
        }
    }

    /// Those that were looked at, in the order in which they were eligible.
    pub(crate) fn seen(&self) -> &[Seen] {
        &self.seen
    }

    fn health(&self, at: Place) -> Option<&Health> {
        Some(&self.seen.iter().find(|it| it.at == at)?.health)
    }

    /// Whether the endpoint takes the call now; ready, where nothing speaks against it.
    pub(crate) fn standing(&self, at: Place) -> Standing {
        self.health(at)
            .map_or(Standing::Ready, |it| it.standing(self.now, self.room))
    }

    /// The time until the call brings something.
    pub(crate) fn estimate(&self, at: Place) -> Option<Estimate> {
        Some(self.health(at)?.estimate(self.now, self.delivery))
    }

    /// How fast the answer is written; `None`: not known.
    pub(crate) fn speed(&self, at: Place) -> Option<Speed> {
        self.health(at)?.speed(self.now, self.delivery)
    }

    /// Moves to the back what is known not to take the call, or to fail often. Being full is our own guess, and moves
    /// nothing.
    pub(crate) fn push_back_unwell(&self, order: &mut Candidates) {
        if !self.seen.is_empty() {
            order.sort_by_cached_key(|at| self.health(*at).is_some_and(|health| self.is_unwell(health)));
        }
    }

    fn is_unwell(&self, health: &Health) -> bool {
        match health.standing(self.now, self.room) {
            Standing::Drained(_) | Standing::Broken(_) | Standing::OnTrial => true,
            // Now and then it is asked whether it still does.
            Standing::Ready | Standing::Full => {
                health.fails_often(self.now) && health.idle(self.now) < ASKED_EVERY
            }
        }
    }
}
