//! What a change of a route would have changed for requests of the past: both documents decide each of them, and the
//! difference is added up. Pure.

use std::collections::{BTreeMap, HashMap};

use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::money::NanoUsd;

use super::past_request::{EndpointKey, PastRequest, Unknown};
use super::replay::{ArmOf, Choice, Fate, Replay, Replayed};

/// What one of the documents comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// Requests that nothing can serve.
    pub refused: u32,
    /// Hops that something forbids which is demanded: must be none.
    pub violations: u32,
    /// Cost of those requests whose cost is known under both.
    pub cost: NanoUsd,
    /// Sum of the expected times to the first byte of those where they are measured under both, in microseconds.
    pub first_byte_us: u64,
}

/// How many requests go to an endpoint first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// Under the published document.
    pub published: u32,
    /// Under the proposed one.
    pub proposed: u32,
    /// Mean time to the first byte there, of the calls of the window, in microseconds; `None`: there were none.
    pub first_byte_us: Option<u64>,
}

/// How many requests are of an arm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArmShare {
    /// Under the published document.
    pub published: u32,
    /// Under the proposed one.
    pub proposed: u32,
}

/// A request that goes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The request.
    pub request: RequestId,
    /// What becomes of it under the published document.
    pub published: Fate,
    /// And under the proposed one.
    pub proposed: Fate,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Requests that both documents decided.
    pub simulated: u32,
    /// Those that could not be, by reason.
    pub unknown: BTreeMap<Unknown, u32>,
    /// The published document.
    pub published: Side,
    /// The proposed one.
    pub proposed: Side,
    /// Requests whose cost is known under both.
    pub priced: u32,
    /// Requests whose time to the first byte is measured under both.
    pub timed: u32,
    /// By model as the target names it, and endpoint.
    pub mix: BTreeMap<(String, EndpointKey), Share>,
    /// Requests that each rule of the proposed document takes, by name.
    pub rules: HashMap<String, u32>,
    /// Requests that are sent, by the arm that they are of.
    pub arms: BTreeMap<ArmOf, ArmShare>,
    /// Requests that go elsewhere, the newest first.
    pub differences: Vec<Difference>,
}

/// Mean times to the first byte, by endpoint.
type Measured = HashMap<EndpointKey, u64>;

fn measured(requests: &[PastRequest]) -> Measured {
    let mut sums: HashMap<&EndpointKey, (u64, u64)> = HashMap::new();
    for served in requests.iter().filter_map(|it| it.served.as_ref()) {
        if let Some(time) = served.first_byte_us {
            let (sum, count) = sums.entry(&served.way).or_default();
            *sum = sum.saturating_add(time);
            *count += 1;
        }
    }
    let means = sums
        .into_iter()
        .map(|(way, (sum, count))| (way.clone(), sum / count));
    means.collect()
}

/// Replays `requests`, the newest first, in the order in which they came.
#[must_use]
pub fn simulate(requests: &[PastRequest], mut published: Replay<'_>, mut proposed: Replay<'_>) -> Simulation {
    let measured = measured(requests);
    let mut simulation = Simulation::default();
    for request in requests.iter().rev() {
        let decided = published
            .decide(request)
            .and_then(|before| Ok((before, proposed.decide(request)?)));
        match decided {
            Ok((before, after)) => simulation.add(request.id, before, after, &measured),
            Err(unknown) => *simulation.unknown.entry(unknown).or_default() += 1,
        }
    }
    simulation.differences.reverse();
    simulation
}

impl Simulation {
    fn add(&mut self, request: RequestId, before: Replayed, after: Replayed, measured: &Measured) {
        self.simulated += 1;
        self.published.judged(&before);
        self.proposed.judged(&after);
        for (fate, is_proposed) in [(&before.fate, false), (&after.fate, true)] {
            if let Fate::Sent(choice) = fate {
                self.sent(choice, is_proposed, measured);
            }
        }
        if let (Fate::Sent(before), Fate::Sent(after)) = (&before.fate, &after.fate) {
            if let (Some(before), Some(after)) = (before.cost, after.cost) {
                self.priced += 1;
                self.published.cost = [self.published.cost, before].into_iter().sum();
                self.proposed.cost = [self.proposed.cost, after].into_iter().sum();
            }
            if let (Some(before), Some(after)) =
                (measured.get(&before.endpoint), measured.get(&after.endpoint))
            {
                self.timed += 1;
                self.published.first_byte_us = self.published.first_byte_us.saturating_add(*before);
                self.proposed.first_byte_us = self.proposed.first_byte_us.saturating_add(*after);
            }
        }
        if !is_same(&before.fate, &after.fate) {
            self.differences.push(Difference {
                request,
                published: before.fate,
                proposed: after.fate,
            });
        }
    }

    fn sent(&mut self, choice: &Choice, is_proposed: bool, measured: &Measured) {
        let place = (choice.model.clone(), choice.endpoint.clone());
        let share = self.mix.entry(place).or_insert_with(|| Share {
            first_byte_us: measured.get(&choice.endpoint).copied(),
            ..Share::default()
        });
        if is_proposed {
            share.proposed += 1;
            *self.rules.entry(choice.rule.clone()).or_default() += 1;
        } else {
            share.published += 1;
        }
        if let Some(arm) = &choice.arm {
            let share = self.arms.entry(arm.clone()).or_default();
            share.published += u32::from(!is_proposed);
            share.proposed += u32::from(is_proposed);
        }
    }
}

impl Side {
    fn judged(&mut self, replayed: &Replayed) {
        self.violations = self.violations.saturating_add(replayed.violations);
        self.refused += u32::from(matches!(replayed.fate, Fate::Refused(_)));
    }
}

/// Whether a caller would notice nothing. By which rule it went is not seen.
fn is_same(before: &Fate, after: &Fate) -> bool {
    match (before, after) {
        (Fate::Sent(before), Fate::Sent(after)) => {
            (&before.model, &before.endpoint) == (&after.model, &after.endpoint)
        }
        (Fate::Refused(_), Fate::Refused(_)) => true,
        (Fate::Sent(_), Fate::Refused(_)) | (Fate::Refused(_), Fate::Sent(_)) => false,
    }
}

#[cfg(test)]
#[path = "simulation_tests.rs"]
mod tests;
