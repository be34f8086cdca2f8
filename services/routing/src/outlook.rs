//! What is known at the moment of a decision of those that may serve: looked up once, and only where there is a choice.
//! Called by [`crate::plan()`] only.

use crate::eligibility::Candidates;
use crate::health::{Assessment, Estimate, Health, Moment, Speed, Standing};
use crate::input::RoutingInput;
use crate::select::{Pool, room};

/// Seconds after which an endpoint that fails often gets another call before the others.
const ASKED_EVERY: f64 = 2.0;

/// Positions of a target and of a candidate in it.
pub(crate) type Place = (usize, usize);

/// See the module.
#[derive(Debug)]
pub(crate) struct Outlook {
    pub(crate) now: Moment,
    /// Tokens to expect of the answer.
    pub(crate) output_tokens: u32,
    /// By their places, ascending. None where there is no choice.
    seen: Vec<Seen>,
}

/// One of those that may serve.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) at: Place,
    pub(crate) known: Assessment,
    pub(crate) warm_tokens: u32,
}

impl Outlook {
    /// Looks at all of `eligible`, which ascend.
    pub(crate) fn of(input: &RoutingInput<'_>, eligible: &Candidates, pool: &Pool) -> Self {
        let now = input.live.moment();
        let output_tokens = pool.expected_output(input.features.max_output_tokens);
        let delivery = input.features.delivery();
        let tokens = room(input.features.input_tokens, output_tokens);
        let look = |at: &Place| {
            let candidate = input.candidate(*at);
            let known = input.live.assess(candidate, delivery, tokens);
            Seen {
                at: *at,
                known: known.unwrap_or_else(|| Health::default().assess(now, delivery, tokens)),
                warm_tokens: input.live.warm_tokens(candidate),
            }
        };
        let chosen_from = if eligible.len() > 1 {
            eligible.as_slice()
        } else {
            &[]
        };
        Self {
            now,
            output_tokens,
            seen: chosen_from.iter().map(look).collect(),
        }
    }

    /// Those that were looked at, in the order in which they were eligible.
    pub(crate) fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Where among those that were looked at one is.
    pub(crate) fn position(&self, at: Place) -> Option<usize> {
        self.seen.binary_search_by_key(&at, |it| it.at).ok()
    }

    fn known(&self, at: Place) -> Option<&Assessment> {
        Some(&self.seen[self.position(at)?].known)
    }

    /// The time until the call brings something.
    pub(crate) fn estimate(&self, at: Place) -> Option<Estimate> {
        Some(self.known(at)?.estimate)
    }

    /// How fast the answer is written; `None`: not known.
    pub(crate) fn speed(&self, at: Place) -> Option<Speed> {
        self.known(at)?.speed
    }

    /// Moves to the back what is known not to take the call, or to fail often. Being full is our own guess, and moves
    /// nothing.
    pub(crate) fn push_back_unwell(&self, order: &mut Candidates) {
        if self.seen.iter().any(|it| is_unwell(&it.known)) {
            order.sort_by_cached_key(|at| self.known(*at).is_some_and(is_unwell));
        }
    }
}

fn is_unwell(known: &Assessment) -> bool {
    match known.standing {
        Standing::Drained(_) | Standing::Broken(_) | Standing::OnTrial => true,
        // Now and then it is asked whether it still does.
        Standing::Ready | Standing::Full => known.fails_often && known.idle < ASKED_EVERY,
    }
}
