//! What is known of a candidate: who knows better, what holds for an account that is elsewhere, and what a region tells.

use sluicegate_contracts::config::{
    About, Connection, Endpoint, Facts, Operation, Place, StatedFacts, Status,
};
use sluicegate_routing::facts::Known;

use crate::support::{candidate, connection, endpoint};

fn place(code: &str) -> Place {
    code.parse().unwrap()
}

/// An account at a provider's own address.
fn account(provider: &str, base_url: &str, region: Option<&str>) -> Connection {
    let mut account = connection(1, Status::Active);
    provider.clone_into(&mut account.provider);
    account.base_url = base_url.parse().unwrap();
    account.settings.region = region.map(str::to_owned);
    account
}

fn listed(facts: Facts) -> Endpoint {
    Endpoint {
        facts,
        ..endpoint(1, &[Operation::ChatCompletions])
    }
}

fn processing(account: &Connection, model: &str) -> Option<Place> {
    let mut candidate = candidate(account, None);
    candidate.upstream_model = model;
    Known::of(&candidate).processing()
}

#[test]
fn the_owner_of_an_account_knows_better_than_the_catalog_and_only_where_it_says_something() {
    let account = account("openai", "https://api.openai.com/v1", None);
    let endpoint = listed(Facts {
        operator_home: Some(place("US")),
        retention_days: Some(30),
        certifications: vec!["soc2".to_owned()],
        open_weights: Some(false),
        ..Facts::UNKNOWN
    });
    let stated = [
        StatedFacts {
            about: About {
                connection: Some(account.id),
                ..About::default()
            },
            facts: Facts {
                retention_days: Some(0),
                certifications: vec!["hipaa".to_owned()],
                ..Facts::UNKNOWN
            },
        },
        StatedFacts {
            about: About {
                provider: Some("openai".to_owned()),
                ..About::default()
            },
            facts: Facts {
                retention_days: Some(90),
                trains: Some(false),
                ..Facts::UNKNOWN
            },
        },
        StatedFacts {
            about: About {
                provider: Some("groq".to_owned()),
                ..About::default()
            },
            facts: Facts {
                operator_home: Some(place("DE")),
                ..Facts::UNKNOWN
            },
        },
    ];
    let mut candidate = candidate(&account, Some(&endpoint));
    candidate.stated = &stated;
    let known = Known::of(&candidate);
    assert_eq!(known.retention_days(), Some(0), "the most particular statement");
    assert_eq!(
        known.trains(),
        Some(false),
        "the next one, where that one is silent"
    );
    assert_eq!(
        known.operator_home(),
        Some(place("US")),
        "the catalog, where nobody says anything"
    );
    assert!(known.holds("SOC2") && known.holds("hipaa") && !known.holds("iso27001"));
    assert_eq!(known.distillable(), None);
}

#[test]
fn what_is_known_of_a_provider_says_nothing_of_a_server_elsewhere() {
    let endpoint = listed(Facts {
        processing: Some(place("US")),
        operator_home: Some(place("US")),
        retention_days: Some(0),
        trains: Some(false),
        certifications: vec!["soc2".to_owned()],
        author_home: Some(place("US")),
        open_weights: Some(true),
        ..Facts::UNKNOWN
    });
    let proxy = account("openai", "https://proxy.example.com/v1", None);
    let candidate = candidate(&proxy, Some(&endpoint));
    let known = Known::of(&candidate);
    assert_eq!((known.processing(), known.operator_home()), (None, None));
    assert_eq!((known.retention_days(), known.trains()), (None, None));
    assert!(!known.holds("soc2"));
    assert_eq!(
        known.author_home(),
        Some(place("US")),
        "the model is the same everywhere"
    );
    assert_eq!(known.open_weights(), Some(true));
}

#[test]
fn a_region_tells_where_calls_are_processed_and_a_spread_of_regions_does_not() {
    let bedrock = |region| {
        let base = format!("https://bedrock-runtime.{region}.amazonaws.com");
        account("amazon-bedrock", &base, Some(region))
    };
    let frankfurt = bedrock("eu-central-1");
    assert_eq!(
        processing(&frankfurt, "anthropic.claude-sonnet-4-6"),
        Some(place("DE"))
    );
    for spread in [
        "eu.anthropic.claude-sonnet-4-6",
        "global.anthropic.claude-sonnet-4-6",
        "arn:aws:bedrock:eu-central-1:1:application-inference-profile/x.y",
        "claude",
    ] {
        assert_eq!(processing(&frankfurt, spread), None, "{spread}");
    }
    let mut mapped = frankfurt;
    let profile = ("anthropic.a".to_owned(), "global.anthropic.a".to_owned());
    mapped.settings.deployments.extend([profile]);
    assert_eq!(
        processing(&mapped, "anthropic.a"),
        None,
        "the profile is what is called"
    );
    assert_eq!(processing(&bedrock("xx-new-1"), "anthropic.a"), None);
    let vertex = |region| account("google-vertex", "https://aiplatform.googleapis.com", Some(region));
    assert_eq!(processing(&vertex("europe-west4"), "gemini"), Some(place("NL")));
    assert_eq!(processing(&vertex("global"), "gemini"), None);
    let elsewhere = account(
        "amazon-bedrock",
        "https://bedrock.example.com",
        Some("eu-central-1"),
    );
    assert_eq!(processing(&elsewhere, "anthropic.a"), None);
    let groq = account("groq", "https://api.groq.com/openai/v1", Some("eu-central-1"));
    assert_eq!(processing(&groq, "llama"), None);
}
