//! What a plan allocates: a handful of lists, however many endpoints there are, and none for each.

use std::time::Duration;

use sluicegate_contracts::config::{Connection, Operation, Status, Strategy};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::health::{Assessment, Delivery, Health, Moment, Speed};
use sluicegate_routing::select::Pool;
use sluicegate_routing::{Candidate, Live, RoutingInput, Seed, Selection};

use crate::support::{ANY, CHAT, NO_WISHES, candidate, connection, endpoint, target};

/// Most lists that are made for a choice by measures.
const LISTS: u64 = 7;

/// One state for all.
#[derive(Debug)]
struct Alike(Health);

impl Live for Alike {
    fn moment(&self) -> Moment {
        Moment::default().after(1.0)
    }

    fn assess(&self, _: &Candidate<'_>, delivery: Delivery, tokens: f64) -> Option<Assessment> {
        Some(self.0.assess(self.moment(), delivery, tokens))
    }

    fn speed(&self, _: &Candidate<'_>, _: Delivery) -> Option<Speed> {
        None
    }

    fn warm_tokens(&self, _: &Candidate<'_>) -> u32 {
        0
    }
}

fn allocations(endpoints: u128, strategy: Strategy) -> u64 {
    let accounts: Vec<Connection> = (0..endpoints).map(|it| connection(it, Status::Active)).collect();
    let offer = endpoint(1, &[Operation::ChatCompletions]);
    let candidates = accounts.iter().map(|it| candidate(it, Some(&offer))).collect();
    let input = RoutingInput {
        selection: Selection::Route {
            strategy,
            by_alias: false,
        },
        targets: &[target(1, candidates)],
        features: CHAT,
        demands: ANY,
        ceiling: None,
        preferences: &NO_WISHES,
        now: UnixMillis::new(0),
        live: &Alike(Health::default()),
        held: Duration::ZERO,
        seed: Seed::from_id(1),
    };
    let mut pool = Pool::default();
    let counted = allocation_counter::measure(|| {
        let plan = sluicegate_routing::plan(&input, &mut pool);
        assert_eq!(plan.map_or(0, |plan| plan.attempts.len() as u128), endpoints);
    });
    counted.count_total
}

#[test]
fn a_plan_allocates_a_list_for_each_step_and_nothing_for_an_endpoint() {
    assert_eq!(allocations(1, Strategy::Fastest), 0, "without a choice");
    for strategy in [Strategy::Ordered, Strategy::Fastest] {
        let (few, many) = (allocations(50, strategy), allocations(400, strategy));
        assert!(few <= LISTS, "{few} under {strategy:?}");
        assert_eq!(few, many, "under {strategy:?}");
    }
}
