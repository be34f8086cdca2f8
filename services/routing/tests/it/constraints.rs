//! Constraints: each demand has its code, unknown facts satisfy none, and no plan holds an endpoint that one forbids.

use proptest::prelude::*;
use sluicegate_contracts::config::{
    Choice, Constraints, Endpoint, Facts, Level, Operation, Place, PriceCard, PriceCeiling, PriceTier,
    PriceWindow, Quantization, Rates, Status,
};
use sluicegate_contracts::money::PicoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::constraints::check;
use sluicegate_routing::{Preferences, RejectionCode, RoutingInput, Seed, Selection, Unknown};
use std::time::Duration;

use crate::support::{CHAT, STRATEGIES, candidate, connection, demand, endpoint, plan, target};

const NOW: UnixMillis = UnixMillis::new(1_000);

fn place(code: &str) -> Place {
    code.parse().unwrap()
}

fn known(facts: Facts) -> Endpoint {
    Endpoint {
        facts,
        ..endpoint(1, &[Operation::ChatCompletions])
    }
}

fn verdict(endpoint: &Endpoint, demands: &Constraints) -> Result<(), RejectionCode> {
    let account = connection(1, Status::Active);
    check(
        &candidate(&account, Some(endpoint)),
        demand(Level::Request, demands),
        NOW,
    )
}

fn rates(input: i64, output: i64) -> Rates {
    Rates {
        input: PicoUsd::from_picos(input),
        output: PicoUsd::from_picos(output),
        ..Rates::default()
    }
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&it| it.to_owned()).collect()
}

#[test]
fn a_fact_satisfies_its_demand_and_an_unknown_one_does_not() {
    let everything = Facts {
        processing: Some(place("DE")),
        operator_home: Some(place("US")),
        retention_days: Some(30),
        trains: Some(false),
        quantization: Some(Quantization::Nvfp4),
        certifications: names(&["soc2", "ISO27001"]),
        author_home: Some(place("FR")),
        open_weights: Some(true),
        license: Some("Apache-2.0".to_owned()),
        distillable: Some(true),
        ..Facts::UNKNOWN
    };
    let of = |change: fn(&mut Constraints)| {
        let mut demands = Constraints::default();
        change(&mut demands);
        demands
    };
    let cases = [
        (
            of(|it| it.processing = Some(vec![Place::EU])),
            RejectionCode::RegionBlocked,
        ),
        (
            of(|it| it.operator_home = Some(vec![place("US")])),
            RejectionCode::RegionBlocked,
        ),
        (
            of(|it| it.max_retention_days = Some(30)),
            RejectionCode::RetentionRequired,
        ),
        (of(|it| it.no_training = true), RejectionCode::TrainingExcluded),
        (
            of(|it| it.author_home = Some(vec![place("CH"), Place::EU])),
            RejectionCode::ProvenanceExcluded,
        ),
        (of(|it| it.open_weights = true), RejectionCode::ProvenanceExcluded),
        (of(|it| it.distillable = true), RejectionCode::ProvenanceExcluded),
        (
            of(|it| it.licenses = Some(names(&["MIT", "apache-2.0"]))),
            RejectionCode::ProvenanceExcluded,
        ),
        (
            of(|it| it.quantizations = Some(vec![Quantization::Fp4])),
            RejectionCode::VariantExcluded,
        ),
        (
            of(|it| it.certifications = names(&["SOC2", "iso27001"])),
            RejectionCode::CertificationMissing,
        ),
    ];
    for (demands, code) in cases {
        assert_eq!(
            verdict(&known(everything.clone()), &demands),
            Ok(()),
            "{demands:?}"
        );
        assert_eq!(
            verdict(&known(Facts::UNKNOWN), &demands),
            Err(code),
            "{demands:?}"
        );
    }
}

#[test]
fn a_fact_that_is_otherwise_is_refused() {
    let facts = Facts {
        processing: Some(Place::EU),
        retention_days: Some(1),
        trains: Some(true),
        ..Facts::default()
    };
    let german = Constraints {
        processing: Some(vec![place("DE")]),
        ..Constraints::default()
    };
    assert_eq!(
        verdict(&known(facts.clone()), &german),
        Err(RejectionCode::RegionBlocked)
    );
    let zero = Constraints {
        max_retention_days: Some(0),
        ..Constraints::default()
    };
    assert_eq!(
        verdict(&known(facts.clone()), &zero),
        Err(RejectionCode::RetentionRequired)
    );
    let private = Constraints {
        no_training: true,
        ..Constraints::default()
    };
    assert_eq!(
        verdict(&known(facts), &private),
        Err(RejectionCode::TrainingExcluded)
    );
}

#[test]
fn providers_are_named_with_or_without_their_region() {
    let mut vertex = endpoint(1, &[Operation::ChatCompletions]);
    vertex.region = Some("europe-west4".to_owned());
    let mut account = connection(1, Status::Active);
    account.provider = "google-vertex".to_owned();
    let admitted = |only: Option<&[&str]>, ignore: &[&str]| {
        let demands = Constraints {
            providers: Choice {
                only: only.map(names),
                ignore: names(ignore),
            },
            ..Constraints::default()
        };
        check(
            &candidate(&account, Some(&vertex)),
            demand(Level::Project, &demands),
            NOW,
        )
    };
    assert_eq!(admitted(Some(&["openai", "Google-Vertex"]), &[]), Ok(()));
    assert_eq!(
        admitted(Some(&["google-vertex/europe-west4"]), &["google-vertex/us-east5"]),
        Ok(())
    );
    for (only, ignore) in [
        (Some(&["google"][..]), &[][..]),
        (Some(&[]), &[]),
        (None, &["google-vertex"]),
        (Some(&["google-vertex/us-east5"]), &[]),
        (None, &["google-vertex/europe-west4"]),
    ] {
        assert_eq!(
            admitted(only, ignore),
            Err(RejectionCode::ProviderExcluded),
            "{only:?} {ignore:?}"
        );
    }
}

#[test]
fn a_region_is_that_of_the_account_where_the_catalog_names_none() {
    let offered = endpoint(1, &[Operation::ChatCompletions]);
    let mut account = connection(1, Status::Active);
    account.provider = "amazon-bedrock".to_owned();
    account.settings.region = Some("eu-central-1".to_owned());
    let only = |name: &str| Constraints {
        providers: Choice {
            only: Some(names(&[name])),
            ignore: Vec::new(),
        },
        ..Constraints::default()
    };
    let verdict = |name: &str| {
        let demands = only(name);
        check(
            &candidate(&account, Some(&offered)),
            demand(Level::Key, &demands),
            NOW,
        )
    };
    assert_eq!(verdict("amazon-bedrock/eu-central-1"), Ok(()));
    let elsewhere = verdict("amazon-bedrock/us-east-1");
    assert_eq!(elsewhere, Err(RejectionCode::ProviderExcluded));
}

#[test]
fn a_gateway_answers_for_what_it_is_sent_and_for_nothing_else() {
    let mut account = connection(1, Status::Active);
    account.provider = "openrouter".to_owned();
    let priced = Endpoint {
        price: Some(PriceCard::default()),
        ..endpoint(1, &[Operation::ChatCompletions])
    };
    let mut gateway = candidate(&account, Some(&priced));
    gateway.site.is_gateway = true;
    let providers = |only: Option<&[&str]>, ignore: &[&str]| Constraints {
        providers: Choice {
            only: only.map(names),
            ignore: names(ignore),
        },
        ..Constraints::default()
    };
    let capped = Constraints {
        max_price: PriceCeiling {
            input: Some(PicoUsd::from_picos(10)),
            ..PriceCeiling::default()
        },
        ..Constraints::default()
    };
    let private = Constraints {
        no_training: true,
        ..Constraints::default()
    };
    let excluded = Err(RejectionCode::ProviderExcluded);
    for (demands, expected) in [
        (providers(None, &["deepseek"]), excluded),
        (providers(Some(&["openai"]), &[]), excluded),
        (providers(Some(&["openai", "openrouter"]), &["deepseek"]), Ok(())),
        (capped, Err(RejectionCode::PriceUnknown)),
        (private, Err(RejectionCode::TrainingExcluded)),
    ] {
        assert_eq!(check(&gateway, demand(Level::Request, &demands), NOW), Ok(()));
        for level in [Level::Organization, Level::Project, Level::Route, Level::Key] {
            assert_eq!(
                check(&gateway, demand(level, &demands), NOW),
                expected,
                "{demands:?}"
            );
        }
    }
}

#[test]
fn a_ceiling_holds_at_every_hour_and_length_and_needs_a_price() {
    let ceiling = Constraints {
        max_price: PriceCeiling {
            input: Some(PicoUsd::from_picos(10)),
            ..PriceCeiling::default()
        },
        ..Constraints::default()
    };
    let priced = |card: PriceCard| Endpoint {
        price: Some(card),
        ..endpoint(1, &[Operation::ChatCompletions])
    };
    let card = PriceCard {
        rates: rates(10, 1_000),
        ..PriceCard::default()
    };
    assert_eq!(verdict(&priced(card.clone()), &ceiling), Ok(()));
    let tier = PriceTier {
        above_input_tokens: 200_000,
        rates: rates(11, 0),
    };
    let long = PriceCard {
        tiers: vec![tier.clone()],
        ..card.clone()
    };
    let at_noon = PriceCard {
        windows: vec![PriceWindow {
            from_minute: 720,
            until_minute: 721,
            rates: rates(1, 1),
            tiers: vec![tier],
        }],
        ..card.clone()
    };
    for dear in [long, at_noon] {
        assert_eq!(
            verdict(&priced(dear), &ceiling),
            Err(RejectionCode::PriceAboveCap)
        );
    }
    let unpriced = endpoint(1, &[Operation::ChatCompletions]);
    let later = PriceCard {
        valid_from: Some(NOW.offset(1)),
        ..card
    };
    for unknown in [unpriced, priced(later)] {
        assert_eq!(verdict(&unknown, &ceiling), Err(RejectionCode::PriceUnknown));
    }
}

/// One demand and one fact of each class, by numbers, so that a plain table can tell what is allowed.
#[derive(Debug, Clone)]
struct Drawn {
    place: Option<usize>,
    retention: Option<u32>,
    trains: Option<bool>,
    price: Option<i64>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    (
        prop::option::of(0..4_usize),
        prop::option::of(0..3_u32),
        any::<Option<bool>>(),
        prop::option::of(0..3_i64),
    )
        .prop_map(|(place, retention, trains, price)| Drawn {
            place,
            retention,
            trains,
            price,
        })
}

const PLACES: [&str; 4] = ["EU", "DE", "US", "FR"];

/// Whether place `j` lies in place `i` of [`PLACES`].
const LIES_IN: [[bool; 4]; 4] = [
    [true, true, false, true],
    [false, true, false, false],
    [false, false, true, false],
    [false, false, false, true],
];

const LEVELS: [Level; 4] = [Level::Organization, Level::Project, Level::Key, Level::Request];

fn stated(it: &Drawn) -> Constraints {
    Constraints {
        processing: it.place.map(|index| vec![place(PLACES[index])]),
        max_retention_days: it.retention,
        no_training: it.trains == Some(true),
        max_price: PriceCeiling {
            output: it.price.map(PicoUsd::from_picos),
            ..PriceCeiling::default()
        },
        ..Constraints::default()
    }
}

/// By the table: whether a demand lets an endpoint with these facts serve.
fn lets(demand: &Drawn, it: &Drawn) -> bool {
    let lies_in = |wide: usize| it.place.is_some_and(|narrow| LIES_IN[wide][narrow]);
    demand.place.is_none_or(lies_in)
        && demand
            .retention
            .is_none_or(|most| it.retention.is_some_and(|days| days <= most))
        && (demand.trains != Some(true) || it.trains == Some(false))
        && demand
            .price
            .is_none_or(|most| it.price.is_some_and(|price| price <= most))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_plan_holds_an_endpoint_that_a_constraint_of_any_level_forbids(
        levels in prop::collection::vec(drawn(), 0..=4), facts in prop::collection::vec(drawn(), 0..8),
        strategy in prop::sample::select(&STRATEGIES), no_fallbacks: bool, id: u128,
    ) {
        let endpoints: Vec<Endpoint> = facts.iter().map(|it| Endpoint {
            price: it.price.map(|picos| PriceCard { rates: rates(picos, picos), ..PriceCard::default() }),
            ..known(Facts {
                processing: it.place.map(|index| place(PLACES[index])),
                retention_days: it.retention,
                trains: it.trains,
                ..Facts::default()
            })
        }).collect();
        let account = connection(1, Status::Active);
        let targets: Vec<_> = endpoints.iter().map(|it| target(1, vec![candidate(&account, Some(it))])).collect();
        let constraints: Vec<_> = levels.iter().map(stated).collect();
        let demands: Vec<_> = LEVELS.into_iter().zip(&constraints).map(|(level, it)| demand(level, it)).collect();
        let forbidding = |it: &Drawn| levels.iter().position(|demand| !lets(demand, it)).map(|level| LEVELS[level]);
        let preferences = Preferences { no_fallbacks, ..Preferences::NONE };
        let result = plan(&RoutingInput {
            selection: Selection::Route { strategy, by_alias: false },
            targets: &targets,
            features: CHAT,
            demands: &demands,
            ceiling: None,
            preferences: &preferences,
            now: NOW,
            live: &Unknown,
            held: Duration::ZERO,
            seed: Seed::from_id(id),
        });
        let (attempts, rejections) = match result {
            Ok(plan) => (plan.attempts, plan.rejections),
            Err(none) => (Default::default(), none.rejections),
        };
        let mut planned: Vec<usize> = attempts.iter().map(|it| it.target).collect();
        planned.sort_unstable();
        let allowed: Vec<usize> = (0..facts.len()).filter(|index| forbidding(&facts[*index]).is_none()).collect();
        prop_assert_eq!(planned, allowed);
        for rejection in rejections {
            prop_assert_eq!(rejection.level, forbidding(&facts[rejection.target]), "the first level that forbids is named");
        }
    }
}
