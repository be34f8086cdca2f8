//! What a model has to be able to do: who is asked that is known to, known not to, or not known.

use proptest::prelude::*;
use sluicegate_contracts::config::{
    About, Endpoint, Facts, Level, Operation, StatedFacts, Status, Strategy as Ordering,
};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::{
    Needs, NoRoute, Plan, RejectionCode, RequestFeatures, RoutingInput, Seed, Selection, Target, Unknown,
};
use std::time::Duration;

use crate::support::{ANY, CHAT, NO_WISHES, STRATEGIES, candidate, connection, endpoint, plan, target};

fn able(tools: Option<bool>, json_schema: Option<bool>, reasoning: Option<bool>) -> Endpoint {
    Endpoint {
        facts: Facts {
            tools,
            json_schema,
            reasoning,
            ..Facts::UNKNOWN
        },
        ..endpoint(1, &[Operation::ChatCompletions])
    }
}

fn needing(needs: Needs, strategy: Ordering, targets: &[Target<'_>]) -> Result<Plan, NoRoute> {
    plan(&RoutingInput {
        selection: Selection::Route {
            strategy,
            by_alias: false,
        },
        targets,
        features: RequestFeatures { needs, ..CHAT },
        demands: ANY,
        ceiling: None,
        preferences: &NO_WISHES,
        now: UnixMillis::new(1_000),
        live: &Unknown,
        held: Duration::ZERO,
        seed: Seed::from_id(1),
    })
}

const TOOLS: Needs = Needs {
    tools: true,
    ..Needs::NONE
};
const CERTAINLY_TOOLS: Needs = Needs {
    for_certain: true,
    ..TOOLS
};

#[test]
fn each_capability_has_its_code_and_nothing_that_is_not_needed_stands_against_a_model() {
    let account = connection(1, Status::Active);
    let lacks_all = able(Some(false), Some(false), Some(false));
    let targets = [target(1, vec![candidate(&account, Some(&lacks_all))])];
    let needs = |tools, json_schema, reasoning| Needs {
        tools,
        json_schema,
        reasoning,
        for_certain: false,
    };
    for (needs, code) in [
        (needs(true, false, false), RejectionCode::ToolsUnsupported),
        (needs(false, true, false), RejectionCode::SchemaUnsupported),
        (needs(false, false, true), RejectionCode::ReasoningUnsupported),
    ] {
        let none = needing(needs, Ordering::Ordered, &targets).unwrap_err();
        assert_eq!((none.rejections[0].code, none.rejections[0].level), (code, None));
        assert!(none.is_by_choice(), "without the parameter it could be served");
    }
    for needs in [
        Needs::NONE,
        Needs {
            for_certain: true,
            ..Needs::NONE
        },
    ] {
        assert!(needing(needs, Ordering::Ordered, &targets).is_ok());
    }
}

#[test]
fn what_is_not_known_is_tried_unless_the_caller_requires_to_be_certain() {
    let account = connection(1, Status::Active);
    let unknown = able(None, None, None);
    for listed in [Some(&unknown), None] {
        let targets = [target(1, vec![candidate(&account, listed)])];
        assert!(needing(TOOLS, Ordering::Ordered, &targets).is_ok());
        let none = needing(CERTAINLY_TOOLS, Ordering::Ordered, &targets).unwrap_err();
        let rejection = none.rejections[0];
        assert_eq!(
            (rejection.code, rejection.level),
            (RejectionCode::ToolsUnsupported, Some(Level::Request))
        );
    }
}

#[test]
fn the_owner_of_an_account_knows_better_than_the_catalog() {
    let account = connection(1, Status::Active);
    let listed = able(Some(false), None, None);
    let stated = [StatedFacts {
        about: About {
            model: Some("openai/*".to_owned()),
            ..About::default()
        },
        facts: Facts {
            tools: Some(true),
            ..Facts::UNKNOWN
        },
    }];
    let mut candidate = candidate(&account, Some(&listed));
    candidate.stated = &stated;
    let targets = [target(1, vec![candidate])];
    assert!(needing(CERTAINLY_TOOLS, Ordering::Ordered, &targets).is_ok());
}

/// By the table: whether a model of which this is known may be asked for what is needed.
fn may_be_asked(needs: Needs, facts: &[Option<bool>; 3]) -> bool {
    let needed = [needs.tools, needs.json_schema, needs.reasoning];
    needed.iter().zip(facts).all(|(needed, can)| match (needed, can) {
        (false, _) | (true, Some(true)) => true,
        (true, Some(false)) => false,
        (true, None) => !needs.for_certain,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_plan_holds_a_model_that_is_known_to_lack_what_the_request_needs(
        facts in prop::collection::vec(any::<[Option<bool>; 3]>(), 0..8), needed: [bool; 4],
        strategy in prop::sample::select(&STRATEGIES),
    ) {
        let [tools, json_schema, reasoning, for_certain] = needed;
        let needs = Needs { tools, json_schema, reasoning, for_certain };
        let endpoints: Vec<Endpoint> =
            facts.iter().map(|&[tools, json_schema, reasoning]| able(tools, json_schema, reasoning)).collect();
        let account = connection(1, Status::Active);
        let targets: Vec<_> = endpoints.iter().map(|it| target(1, vec![candidate(&account, Some(it))])).collect();
        let mut planned: Vec<usize> = needing(needs, strategy, &targets)
            .map_or_else(|_| Vec::new(), |plan| plan.attempts.iter().map(|it| it.target).collect());
        planned.sort_unstable();
        let allowed: Vec<usize> = (0..facts.len()).filter(|index| may_be_asked(needs, &facts[*index])).collect();
        prop_assert_eq!(planned, allowed);
    }
}
