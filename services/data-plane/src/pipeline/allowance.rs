//! How long an answer may become for the money there is. Where a hard budget stands over a call, the hold rests on a limit
//! of the answer: the caller's, the model's, or one of the gateway's that the money pays. Pure.

use std::num::NonZeroU64;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::{OutputCap, Quote};

/// An answer shorter than this, in tokens, is not worth its prompt; OpenAI's Responses take no smaller limit.
pub(super) const LEAST: u64 = 16;
/// A cap leaves room for the calls beside it: it takes one part in so many of what is left, or up to [`MODEST`] tokens.
const SHARES: i64 = 4;
pub(super) const MODEST: u64 = 4_096;
/// The cap of an answer that neither the caller nor the catalog limits.
const UNLIMITED: u64 = 32_768;

/// Who limits the answer of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limited {
    /// Not the caller: the gateway may.
    ByNobody,
    /// The caller, who lets the gateway lower it.
    Lowerably,
    /// The caller.
    Firmly,
}

/// How long the answers of one attempt may become. All counts but those of the quote are per answer.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    pub(super) quote: Quote,
    /// Answers asked for.
    pub(super) answers: NonZeroU64,
    pub(super) limited: Limited,
    /// Most tokens the model can make, as far as the catalog knows.
    pub(super) model_limit: Option<u64>,
    /// What the model's context holds beside the prompt.
    pub(super) context_room: Option<u64>,
}

impl Allowance {
    /// What the whole call can cost, and the cap without which it could cost more.
    pub(super) fn whole(&self) -> Option<(NanoUsd, Option<u64>)> {
        match (self.quote.bound(), self.limited) {
            (Ok(bound), _) => Some((bound, None)),
            (Err(_), Limited::ByNobody) => Some((self.cost(UNLIMITED), Some(UNLIMITED))),
            (Err(_), Limited::Lowerably | Limited::Firmly) => None,
        }
    }

    /// What it can cost under a cap.
    pub(super) fn cost(&self, cap: u64) -> NanoUsd {
        self.quote.with_output(cap.saturating_mul(self.answers.get()))
    }

    /// The cap to try where only so much is left; `None` where the gateway may set none, or it would be below `least`.
    pub(super) fn cap(&self, left: NanoUsd, least: u64) -> Option<u64> {
        match self.limited {
            Limited::ByNobody | Limited::Lowerably => {}
            Limited::Firmly => return None,
        }
        let share = NanoUsd::from_nanos(left.nanos() / SHARES);
        let modest = self.affordable(share).unwrap_or(0).max(MODEST);
        self.affordable(left)
            .map(|all| all.min(modest))
            .filter(|cap| *cap >= least)
    }

    /// How long an answer so much pays in all; `None` where not even the prompt and a token of each answer.
    pub(super) fn affordable(&self, money: NanoUsd) -> Option<u64> {
        let tokens = match self.quote.affordable(money) {
            OutputCap::Nothing { .. } => return None,
            OutputCap::UpTo(tokens) => tokens.get() / self.answers,
            OutputCap::Whole => self.model_limit.unwrap_or(UNLIMITED),
        };
        Some(tokens).filter(|tokens| *tokens > 0)
    }

    /// The limit to write although all of the call fits: what the hold rests on, where the caller sets none and the
    /// provider surely takes it. One that the context has no room for would be refused by some, and binds nobody.
    pub(super) fn plain(&self) -> Option<u64> {
        let limit = self.model_limit.filter(|_| self.limited == Limited::ByNobody)?;
        self.context_room.filter(|room| limit <= *room).map(|_| limit)
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::{PriceCard, Rates};
    use sluicegate_contracts::money::PicoUsd;
    use sluicegate_contracts::time::UnixMillis;
    use sluicegate_metering::{CallSize, Prompt, Span, Terms};

    use super::*;

    /// A prompt of 100 tokens; every token costs a nano-dollar.
    fn allowance(limit: Option<u64>, answers: u64, limited: Limited) -> Allowance {
        let rates = Rates {
            input: PicoUsd::from_picos(1_000),
            output: PicoUsd::from_picos(1_000),
            ..Rates::default()
        };
        let cards = [PriceCard {
            rates,
            ..PriceCard::default()
        }];
        let now = UnixMillis::new(0);
        let size = CallSize::of_text(Prompt::Tokens(100), limit.map(|limit| limit * answers));
        let quote = Terms::at_cost(&cards).quote(
            &size,
            Span {
                from: now,
                until: now,
            },
        );
        Allowance {
            quote: quote.unwrap(),
            answers: NonZeroU64::new(answers).unwrap(),
            limited,
            model_limit: limit,
            context_room: Some(50_000),
        }
    }

    fn nanos(amount: i64) -> NanoUsd {
        NanoUsd::from_nanos(amount)
    }

    #[test]
    fn a_cap_takes_a_share_of_what_is_left_and_costs_no_more_than_that() {
        let open = allowance(Some(100_000), 1, Limited::ByNobody);
        assert_eq!(open.whole(), Some((nanos(100_100), None)));
        assert_eq!(open.cap(nanos(100_099), LEAST), Some(24_924));
        assert_eq!(open.cap(nanos(10_100), LEAST), Some(4_096));
        assert_eq!(open.cap(nanos(4_000), LEAST), Some(3_900));
        assert_eq!(
            open.cap(nanos(115), LEAST),
            None,
            "an answer of 15 tokens is of no use"
        );
        assert_eq!(open.cost(3_900), nanos(4_000));
    }

    #[test]
    fn several_answers_share_the_money() {
        let open = allowance(Some(1_000), 4, Limited::ByNobody);
        assert_eq!(open.cap(nanos(503), LEAST), Some(100));
        assert_eq!(open.cost(100), nanos(500));
        assert_eq!(open.affordable(nanos(103)), None, "three tokens for four answers");
    }

    #[test]
    fn a_callers_limit_is_lowered_only_where_it_may_be() {
        let cap = |limited| allowance(Some(1_000), 1, limited).cap(nanos(500), LEAST);
        assert_eq!(cap(Limited::Lowerably), Some(400));
        assert_eq!(cap(Limited::Firmly), None);
        assert_eq!(
            allowance(Some(1_000), 1, Limited::Firmly).affordable(nanos(500)),
            Some(400)
        );
    }

    #[test]
    fn what_nothing_limits_gets_a_limit() {
        let open = allowance(None, 1, Limited::ByNobody);
        assert_eq!(open.whole(), Some((nanos(32_868), Some(32_768))));
        assert_eq!(allowance(None, 1, Limited::Firmly).whole(), None);
    }

    #[test]
    fn the_models_limit_is_written_where_it_fits_the_context() {
        let plain = |limit, limited| allowance(limit, 1, limited).plain();
        assert_eq!(plain(Some(50_000), Limited::ByNobody), Some(50_000));
        assert_eq!(plain(Some(50_001), Limited::ByNobody), None);
        assert_eq!(plain(Some(50_000), Limited::Lowerably), None);
        assert_eq!(plain(None, Limited::ByNobody), None);
    }
}
