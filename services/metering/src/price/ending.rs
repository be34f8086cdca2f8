//! What is owed for an attempt, by how it ended: the one place where that is decided. `docs/billing.md` has the table in
//! words; a test compares the two row by row.
//!
//! Two questions are kept apart. The *cost* is what the provider bills, as well as it is known; budgets count it, for they
//! limit what is spent. The *charge* is what a customer with prepaid credit pays; nobody pays for an answer that failed or
//! was empty, though the provider may bill it.

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::Evidence;

use super::Terms;

/// How an attempt ended, as far as money is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Nothing reached the provider: no connection, or no valid access to it.
    NotSent,
    /// The provider refused (4xx).
    Refused,
    /// The provider failed before any output (5xx, or an error in place of the answer under a success status).
    Failed,
    /// Answered whole, or streamed to the proper end.
    Answered,
    /// As [`Ending::Answered`], with nothing in the answer.
    Empty,
    /// The provider broke off, or told an error, after some output.
    Cut,
    /// The connection broke after the request was sent and before any output.
    CutBeforeOutput,
    /// An answer under a success status that is not what the protocol promises.
    Unreadable,
    /// No next byte in time, or the stream reached its longest time, after some output.
    TimedOut,
    /// No answer in time.
    TimedOutBeforeOutput,
    /// The caller hung up after some output.
    ClientGone,
    /// The caller hung up before any output.
    ClientGoneBeforeOutput,
    /// Called off before any output, because another attempt of the request was quicker.
    Superseded,
    /// The gateway ended the stream because the money held for it was used up.
    Stopped,
    /// The worker died meanwhile.
    Interrupted,
}

impl Ending {
    /// Every ending, in the order of the table.
    pub const ALL: [Self; 15] = [
        Self::NotSent,
        Self::Refused,
        Self::Failed,
        Self::Answered,
        Self::Empty,
        Self::Cut,
        Self::CutBeforeOutput,
        Self::Unreadable,
        Self::TimedOut,
        Self::TimedOutBeforeOutput,
        Self::ClientGone,
        Self::ClientGoneBeforeOutput,
        Self::Superseded,
        Self::Stopped,
        Self::Interrupted,
    ];

    /// What the cost rests on, given whether the provider told its token counts.
    #[must_use]
    pub const fn evidence(self, is_told: bool) -> Evidence {
        match self {
            Self::NotSent | Self::Refused | Self::Failed => Evidence::NotBilled,
            Self::Answered | Self::Empty | Self::Cut | Self::TimedOut | Self::ClientGone | Self::Stopped => {
                if is_told {
                    Evidence::Reported
                } else {
                    Evidence::Estimated
                }
            }
            Self::CutBeforeOutput
            | Self::Unreadable
            | Self::TimedOutBeforeOutput
            | Self::ClientGoneBeforeOutput
            | Self::Superseded
            | Self::Interrupted => Evidence::Uncertain,
        }
    }

    /// Whether a customer with prepaid credit pays the cost: for output that was delivered, for hanging up, and for sending twice
    /// what their route wants sent twice.
    #[must_use]
    pub const fn is_charged(self) -> bool {
        match self {
            Self::Answered
            | Self::Cut
            | Self::TimedOut
            | Self::ClientGone
            | Self::ClientGoneBeforeOutput
            | Self::Superseded
            | Self::Stopped => true,
            Self::NotSent
            | Self::Refused
            | Self::Failed
            | Self::Empty
            | Self::CutBeforeOutput
            | Self::Unreadable
            | Self::TimedOutBeforeOutput
            | Self::Interrupted => false,
        }
    }
}

/// What was known of an attempt's price when it began.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// What it is priced by; `None` when it costs nothing because the gateway itself answers.
    pub terms: Option<Terms<'a>>,
    /// The most it can cost, when that could be said.
    pub hold: Option<NanoUsd>,
    /// The version of the price the hold was computed from.
    pub version: Option<u32>,
}

/// What an attempt cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What the cost rests on.
    pub evidence: Evidence,
    /// `None` when neither a price nor a hold is known.
    pub cost: Option<NanoUsd>,
    /// The version of the price it was computed from; `None` when none was in force.
    pub version: Option<u32>,
    /// What a customer with prepaid credit pays of it.
    pub charge: Option<NanoUsd>,
}

/// Settles an attempt that ended at `at`. `usage` is what the provider told, or else an estimate. Use whose price is not
/// known costs what was held for it, and is uncertain.
#[must_use]
pub fn settle(
    opening: &Opening<'_>,
    ending: Ending,
    usage: &TokenUsage,
    is_told: bool,
    at: UnixMillis,
) -> Settled {
    let evidence = ending.evidence(is_told);
    let (evidence, cost, version) = match evidence {
        Evidence::NotBilled => (evidence, Some(NanoUsd::ZERO), opening.version),
        Evidence::Uncertain => (evidence, opening.hold, opening.version),
        Evidence::Reported | Evidence::Estimated => match opening.terms {
            None => (evidence, Some(NanoUsd::ZERO), None),
            Some(terms) => match (terms.cost(usage, at), opening.hold) {
                (Some(priced), _) => (evidence, Some(priced.cost), Some(priced.version)),
                (None, Some(hold)) => (Evidence::Uncertain, Some(hold), None),
                (None, None) => (evidence, None, None),
            },
        },
    };
    let charge = if ending.is_charged() {
        cost
    } else {
        Some(NanoUsd::ZERO)
    };
    Settled {
        evidence,
        cost,
        version,
        charge,
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::{PriceCard, Rates};
    use sluicegate_contracts::money::PicoUsd;

    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_000);
    const HOLD: NanoUsd = NanoUsd::from_nanos(900);
    const USED: NanoUsd = NanoUsd::from_nanos(25);

    fn usage() -> TokenUsage {
        TokenUsage {
            input: 5,
            output: 10,
            ..TokenUsage::default()
        }
    }

    fn card() -> PriceCard {
        PriceCard {
            version: 7,
            rates: Rates {
                input: PicoUsd::from_picos(1_000),
                output: PicoUsd::from_picos(2_000),
                ..Rates::default()
            },
            ..PriceCard::default()
        }
    }

    /// What the documentation says of an ending: cost when the provider told its counts, cost when it did not, charge.
    fn documented(name: &str) -> [String; 3] {
        let document = include_str!("../../../../docs/billing.md");
        let row = document
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")))
            .unwrap_or_else(|| panic!("docs/billing.md has no row for {name}"));
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        [2, 3, 4].map(|column| cells[column].to_owned())
    }

    #[test]
    fn each_ending_costs_what_the_documentation_says() {
        let versions = [card()];
        let opening = Opening {
            terms: Some(Terms::at_cost(&versions)),
            hold: Some(HOLD),
            version: Some(7),
        };
        let in_words = |evidence, cost| match (evidence, cost) {
            (Evidence::NotBilled, Some(NanoUsd::ZERO)) => "nothing",
            (Evidence::Reported, Some(USED)) => "what it told",
            (Evidence::Estimated, Some(USED)) => "an estimate",
            (Evidence::Uncertain, Some(HOLD)) => "its bound",
            other => panic!("{other:?} is not a row of the table"),
        };
        for ending in Ending::ALL {
            let settled = [true, false].map(|told| settle(&opening, ending, &usage(), told, NOW));
            let [told, untold] = settled.map(|it| in_words(it.evidence, it.cost));
            let charge = match settled.map(|it| (it.charge == it.cost, it.charge == Some(NanoUsd::ZERO))) {
                [(_, true), (_, true)] => "nothing",
                [(true, false), (true, false)] => "the cost",
                other => panic!("{ending:?}: {other:?} is not a row of the table"),
            };
            let name = format!("{ending:?}");
            assert_eq!(
                [told, untold, charge].map(str::to_owned),
                documented(&name),
                "{name}"
            );
            assert!(settled.iter().all(|it| it.version == Some(7)), "{name}");
        }
    }

    #[test]
    fn the_version_in_force_at_the_end_is_noted() {
        let next = PriceCard {
            version: 8,
            valid_from: Some(NOW),
            ..card()
        };
        let versions = [card(), next];
        let opening = Opening {
            terms: Some(Terms::at_cost(&versions)),
            hold: Some(HOLD),
            version: Some(7),
        };
        let at = |at| settle(&opening, Ending::Answered, &usage(), true, at).version;
        assert_eq!((at(UnixMillis::new(999)), at(NOW)), (Some(7), Some(8)));
    }

    #[test]
    fn use_without_a_price_costs_what_was_held_and_says_so() {
        let unknown = |hold| Opening {
            terms: Some(Terms::at_cost(&[])),
            hold,
            version: None,
        };
        let settled = settle(&unknown(Some(HOLD)), Ending::Answered, &usage(), true, NOW);
        assert_eq!(
            (settled.evidence, settled.cost, settled.version),
            (Evidence::Uncertain, Some(HOLD), None)
        );
        let settled = settle(&unknown(None), Ending::Answered, &usage(), true, NOW);
        assert_eq!(
            (settled.evidence, settled.cost, settled.version),
            (Evidence::Reported, None, None)
        );
        assert_eq!(
            settle(&unknown(None), Ending::Refused, &usage(), true, NOW).cost,
            Some(NanoUsd::ZERO)
        );
    }

    #[test]
    fn what_the_gateway_answers_itself_costs_nothing() {
        let opening = Opening {
            terms: None,
            hold: Some(NanoUsd::ZERO),
            version: None,
        };
        for ending in Ending::ALL {
            let settled = settle(&opening, ending, &usage(), true, NOW);
            assert_eq!(
                (settled.cost, settled.version),
                (Some(NanoUsd::ZERO), None),
                "{ending:?}"
            );
        }
    }
}
