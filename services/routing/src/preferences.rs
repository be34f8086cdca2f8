//! How a caller would have the candidates tried: OpenRouter's `provider.order`, `allow_fallbacks` and `sort`. Applied to
//! what passed every constraint, so that a preference can put an endpoint first or leave it out, and never let one in.

use std::cmp::Ordering;

use sluicegate_contracts::config::{Level, PriceCard};
use sluicegate_contracts::money::PicoUsd;
use smallvec::SmallVec;

use crate::constraints::is_named;
use crate::health::Speed;
use crate::input::{Candidate, RoutingInput};
use crate::outlook::{Outlook, Place};
use crate::plan::{Attempts, Rejection, RejectionCode};

/// Wishes of one request; the default has none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preferences {
    /// Providers to try first, in this order: `openai`, or `google-vertex/us-east5` for one region.
    pub order: Vec<String>,
    /// Try nothing but the first candidate of each target, or but those that `order` names.
    pub no_fallbacks: bool,
    /// What to order the candidates of each target by, where `order` does not say.
    pub sort: Option<Sort>,
    /// Order the candidates of all targets together, rather than one target after the other.
    pub across_targets: bool,
    /// Tokens a second that an answer should have at least; what is known to be slower is tried after the others.
    pub min_throughput: Percentiles,
    /// Seconds that the first token, or a whole answer, should take at most; what is known to take longer is tried after
    /// the others.
    pub max_latency: Percentiles,
}

impl Preferences {
    /// No wishes.
    pub const NONE: Self = Self {
        order: Vec::new(),
        no_fallbacks: false,
        sort: None,
        across_targets: false,
        min_throughput: Percentiles::NONE,
        max_latency: Percentiles::NONE,
    };

    /// Whether they ask for what is measured of endpoints.
    #[must_use]
    pub fn goes_by_measures(&self) -> bool {
        let sorts = match self.sort {
            Some(Sort::Throughput | Sort::Latency) => true,
            Some(Sort::Price) | None => false,
        };
        sorts || self.min_throughput != Percentiles::NONE || self.max_latency != Percentiles::NONE
    }
}

/// What candidates are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// The cheapest first: three prompt tokens are weighed against one generated, a mix that is common in comparisons of
    /// prices. One without a known price comes last.
    Price,
    /// The most tokens a second first. One that nothing is known of comes before all, so that it becomes known.
    Throughput,
    /// The soonest first token, or whole answer, first.
    Latency,
}

/// What the name of a model may end in: one of OpenRouter's wishes for the order of its candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suffix {
    /// `:floor`: the cheapest first.
    Floor,
    /// `:nitro`: the most tokens a second first.
    Nitro,
    /// `:exacto`: the best caller of tools first, which is not measured.
    Exacto,
}

impl Suffix {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Floor, Self::Nitro, Self::Exacto];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Floor => ":floor",
            Self::Nitro => ":nitro",
            Self::Exacto => ":exacto",
        }
    }

    /// What the candidates are ordered by; `None`: nothing here can be.
    #[must_use]
    pub const fn sort(self) -> Option<Sort> {
        match self {
            Self::Floor => Some(Sort::Price),
            Self::Nitro => Some(Sort::Throughput),
            Self::Exacto => None,
        }
    }
}

/// The model that a name with a suffix means.
#[must_use]
pub fn without_suffix(name: &str) -> Option<(&str, Suffix)> {
    let mut all = Suffix::ALL.into_iter();
    let (model, suffix) = all.find_map(|it| Some((name.strip_suffix(it.as_str())?, it)))?;
    (!model.is_empty()).then_some((model, suffix))
}

/// What calls should reach, by the share of them that should.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Percentiles {
    /// Half of them.
    pub p50: Option<f64>,
    /// Three of four.
    pub p75: Option<f64>,
    /// Nine of ten.
    pub p90: Option<f64>,
    /// Ninety-nine of a hundred.
    pub p99: Option<f64>,
}

impl Percentiles {
    /// Nothing.
    pub const NONE: Self = Self {
        p50: None,
        p75: None,
        p90: None,
        p99: None,
    };

    /// Each that is given, with how many standard deviations of a normal spread leave out what may miss it.
    fn given(&self) -> impl Iterator<Item = (f64, f64)> {
        let all = [
            (self.p50, 0.0),
            (self.p75, 0.674_49),
            (self.p90, 1.281_55),
            (self.p99, 2.326_35),
        ];
        all.into_iter()
            .filter_map(|(value, deviations)| Some((value?, deviations)))
    }
}

/// Puts the candidates in the caller's order.
pub(crate) fn sort(input: &RoutingInput<'_>, outlook: &Outlook, order: &mut Attempts) {
    let wishes = input.preferences;
    let cuts = wishes.min_throughput != Percentiles::NONE || wishes.max_latency != Percentiles::NONE;
    if wishes.order.is_empty() && wishes.sort.is_none() && !cuts {
        return;
    }
    let groups = Groups::of(wishes, order);
    order.sort_by_cached_key(|it| {
        let at = it.place();
        let place = place(wishes, input.candidate(at)).unwrap_or(wishes.order.len());
        let measure = wishes.sort.map(|sort| measure(sort, at, input, outlook));
        (
            groups.number(it.target),
            place,
            cuts && misses(at, input, outlook),
            measure,
        )
    });
}

/// Leaves out what the caller does not want to fall back to.
pub(crate) fn leave_out(
    input: &RoutingInput<'_>,
    order: &mut Attempts,
    rejections: &mut SmallVec<[Rejection; 2]>,
) {
    let wishes = input.preferences;
    if !wishes.no_fallbacks {
        return;
    }
    let groups = Groups::of(wishes, order);
    let mut served: SmallVec<[usize; 8]> = SmallVec::new();
    order.retain(|it| {
        let is_wanted = if wishes.order.is_empty() {
            !served.contains(&groups.number(it.target))
        } else {
            // A gateway is sent the order, and keeps to it itself.
            let candidate = input.candidate(it.place());
            place(wishes, candidate).is_some() || candidate.site.is_gateway
        };
        if is_wanted {
            served.push(groups.number(it.target));
        } else {
            rejections.push(Rejection {
                target: it.target,
                candidate: Some(it.candidate),
                code: RejectionCode::FallbackExcluded,
                level: Some(Level::Request),
            });
        }
        is_wanted
    });
}

/// What is ordered together: the candidates of a target, or all. Targets stay in the order that their strategy gave.
struct Groups {
    targets: Option<SmallVec<[usize; 8]>>,
}

impl Groups {
    fn of(wishes: &Preferences, order: &Attempts) -> Self {
        let targets = || order.iter().map(|it| it.target).collect();
        Self {
            targets: (!wishes.across_targets).then(targets),
        }
    }

    fn number(&self, target: usize) -> usize {
        self.targets.as_ref().map_or(0, |targets| {
            targets
                .iter()
                .position(|it| *it == target)
                .unwrap_or(targets.len())
        })
    }
}

/// Where in the caller's order a candidate is named.
fn place(wishes: &Preferences, candidate: &Candidate<'_>) -> Option<usize> {
    wishes.order.iter().position(|name| is_named(candidate, name))
}

/// Whether a candidate is known to miss what calls should reach.
fn misses(at: Place, input: &RoutingInput<'_>, outlook: &Outlook) -> bool {
    let wishes = input.preferences;
    let slow = speed(at, input).is_some_and(|speed| {
        let mut given = wishes.min_throughput.given();
        given.any(|(least, deviations)| speed.reached(deviations) < least)
    });
    let late = outlook.estimate(at).is_some_and(|estimate| {
        let mut given = wishes.max_latency.given();
        estimate.weight > 0.0 && given.any(|(most, deviations)| estimate.quantile(deviations) > most)
    });
    slow || late
}

/// How fast a candidate writes its answer; `None`: not known.
fn speed(at: Place, input: &RoutingInput<'_>) -> Option<Speed> {
    input.live.speed(input.candidate(at), input.features.delivery())
}

/// What a candidate is sorted by, the best lowest.
fn measure(sort: Sort, at: Place, input: &RoutingInput<'_>, outlook: &Outlook) -> Measure {
    let value = match sort {
        Sort::Price => price(input.candidate(at), input).map_or(f64::INFINITY, |it| it.picos() as f64),
        Sort::Throughput => speed(at, input).map_or(f64::NEG_INFINITY, |it| -it.reached(0.0)),
        Sort::Latency => outlook.estimate(at).map_or(0.0, |it| it.mean()),
    };
    Measure(value)
}

/// A number that can be sorted by.
struct Measure(f64);

impl Ord for Measure {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Measure {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Measure {}

/// What three prompt tokens and one generated cost now; nothing at the gateway itself.
fn price(candidate: &Candidate<'_>, input: &RoutingInput<'_>) -> Option<PicoUsd> {
    if candidate.connection.is_none() {
        return Some(PicoUsd::from_picos(0));
    }
    let mut cards = candidate.endpoint?.prices().iter();
    let card: &PriceCard = cards.find(|card| card.is_valid_at(input.now))?;
    let (prompt, answer) = (card.rates.input.picos(), card.rates.output.picos());
    Some(PicoUsd::from_picos(
        prompt.saturating_mul(3).saturating_add(answer),
    ))
}
