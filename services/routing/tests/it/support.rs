//! Builders of connections, endpoints and targets for decisions.

use sluicegate_contracts::config::{
    Connection, Constraints, Endpoint, Facts, Level, Operation, ProviderSettings, Status, Strategy,
};
use sluicegate_contracts::ids::{ConnectionId, EndpointId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_routing::select::Pool;
use sluicegate_routing::{
    Candidate, Credential, Demand, Needs, NoRoute, Plan, Preferences, RequestFeatures, RoutingInput, Site,
    Target, Turn,
};
use uuid::Uuid;

pub(crate) const CHAT: RequestFeatures = RequestFeatures {
    operation: Operation::ChatCompletions,
    stream: false,
    max_output_tokens: Some(1_000),
    input_tokens: 1_000,
    conversation: false,
    needs: Needs::NONE,
};

/// Every way to order targets.
pub(crate) const STRATEGIES: [Strategy; 8] = [
    Strategy::Ordered,
    Strategy::Weighted,
    Strategy::Fastest,
    Strategy::Cheapest,
    Strategy::LeastLoaded,
    Strategy::CheapestWithin { milliseconds: 800 },
    Strategy::FastestUnder {
        cost: NanoUsd::from_nanos(1_000_000),
    },
    Strategy::Balanced {
        second: NanoUsd::from_nanos(1_000_000),
    },
];

/// Nothing is demanded.
pub(crate) const ANY: &[Demand<'_>] = &[];

/// What one level demands.
pub(crate) fn demand(level: Level, constraints: &Constraints) -> Demand<'_> {
    Demand { level, constraints }
}

/// Nothing is wished for.
pub(crate) static NO_WISHES: Preferences = Preferences::NONE;

/// Plans the first request of a route.
pub(crate) fn plan(input: &RoutingInput<'_>) -> Result<Plan, NoRoute> {
    sluicegate_routing::plan(input, &mut Pool::default())
}

pub(crate) fn connection(id: u128, status: Status) -> Connection {
    Connection {
        id: ConnectionId::from(Uuid::from_u128(id)),
        organization: OrganizationId::from(Uuid::from_u128(1)),
        project: None,
        slug: format!("account-{id}"),
        provider: "openai".to_owned(),
        base_url: "https://api.openai.com/v1".parse().unwrap(),
        settings: ProviderSettings::default(),
        credential: None,
        status,
        priority: 0,
        resale: None,
    }
}

pub(crate) fn endpoint(id: u128, operations: &[Operation]) -> Endpoint {
    Endpoint {
        id: EndpointId::from(Uuid::from_u128(id)),
        model: "openai/gpt-4o-mini".to_owned(),
        provider: "openai".to_owned(),
        upstream_model: "gpt-4o-mini".to_owned(),
        region: None,
        operations: operations.to_vec(),
        price: None,
        price_versions: Vec::new(),
        context_window: Some(128_000),
        max_output_tokens: None,
        facts: Facts::default(),
        status: Status::Active,
    }
}

pub(crate) fn candidate<'a>(connection: &'a Connection, endpoint: Option<&'a Endpoint>) -> Candidate<'a> {
    Candidate {
        provider: &connection.provider,
        upstream_model: "gpt-4o-mini",
        connection: Some(connection),
        credential: Credential::Ready,
        endpoint,
        stated: &[],
        site: Site::of(connection),
    }
}

pub(crate) fn target(weight: u32, candidates: Vec<Candidate<'_>>) -> Target<'_> {
    Target {
        model: "openai/gpt-4o-mini",
        weight,
        arm: None,
        turn: Turn::Shared,
        candidates,
    }
}
