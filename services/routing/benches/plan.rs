//! What a whole decision costs, in nanoseconds: `cargo bench -p sluicegate-routing --bench plan`. The rule of a route is
//! looked for (20 conditions, of which none holds), every candidate is held against the demands of two levels, and those
//! left are ordered by what is measured of them, here and by four other workers. The best of several rounds is the figure to compare.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sluicegate_contracts::config::{
    Connection, Constraints, Endpoint, Facts, Level, Operation, Place, PriceCard, ProviderSettings, Rates,
    Status, Strategy,
};
use sluicegate_contracts::ids::{ConnectionId, EndpointId, OrganizationId};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::health::{Assessment, Delivery, Health, Moment, Peers, Speed, Word};
use sluicegate_routing::rules::{Condition, Modalities, Observed, Readings, Signals};
use sluicegate_routing::select::Pool;
use sluicegate_routing::{
    Candidate, Credential, Demand, Live, Needs, Preferences, RequestFeatures, RoutingInput, Seed, Selection,
    Site, Target, Turn, plan,
};
use uuid::Uuid;

const ROUNDS: usize = 9;
const CALLS: u32 = 5_000;
const NOW: UnixMillis = UnixMillis::new(1_795_793_400_000);
const CONDITION: &str = "request.input_tokens > 100000 || request.metadata[\"tier\"] == \"free\"";

fn at(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

/// One state for each account, by its number, behind a lock as in a worker.
#[derive(Debug)]
struct Known(Vec<Mutex<Health>>);

impl Live for Known {
    fn moment(&self) -> Moment {
        at(21.0)
    }

    fn assess(&self, candidate: &Candidate<'_>, delivery: Delivery, tokens: f64) -> Option<Assessment> {
        let number = candidate.connection?.priority;
        let health = self.0.get(usize::try_from(number).ok()?)?.lock().ok()?;
        Some(health.assess(self.moment(), delivery, tokens))
    }

    fn speed(&self, _: &Candidate<'_>, _: Delivery) -> Option<Speed> {
        None
    }

    fn warm_tokens(&self, _: &Candidate<'_>) -> u32 {
        0
    }
}

fn lived(number: usize) -> Health {
    let mut health = Health::default();
    for it in 0..60_u32 {
        let sent = f64::from(it) * 0.3;
        let first = 0.2 + 0.05 * ((it as usize + number) % 7) as f64;
        let mut call = health.sent(at(sent), Delivery::Streamed, 500.0);
        health.first_token(at(sent + first), &mut call);
        health.finished(at(sent + 3.0), call, 200);
    }
    let (mut peers, heard) = (Peers::default(), at(20.0));
    for worker in 0..4 {
        let word = Word {
            round: 1,
            at: heard,
            summary: health.summary(heard),
        };
        peers.hear(worker, word);
    }
    health.heard(heard, &peers.told(heard));
    health
}

fn account(number: usize) -> Result<Connection, Box<dyn Error>> {
    Ok(Connection {
        id: ConnectionId::from(Uuid::from_u128(number as u128)),
        organization: OrganizationId::from(Uuid::from_u128(1)),
        project: None,
        slug: format!("account-{number}"),
        provider: "openai".to_owned(),
        base_url: "https://api.openai.com/v1".parse()?,
        settings: ProviderSettings::default(),
        credential: None,
        status: Status::Active,
        priority: i32::try_from(number)?,
        resale: None,
    })
}

fn offer(number: usize) -> Result<Endpoint, Box<dyn Error>> {
    let price = PicoUsd::from_picos(1_000_000 + 10_000 * i64::try_from(number)?);
    Ok(Endpoint {
        id: EndpointId::from(Uuid::from_u128(number as u128)),
        model: "openai/gpt-4o-mini".to_owned(),
        provider: "openai".to_owned(),
        upstream_model: "gpt-4o-mini".to_owned(),
        region: None,
        operations: vec![Operation::ChatCompletions],
        price: Some(PriceCard {
            rates: Rates {
                input: price,
                output: price,
                ..Rates::default()
            },
            ..PriceCard::default()
        }),
        price_versions: Vec::new(),
        context_window: Some(128_000),
        max_output_tokens: None,
        facts: Facts {
            processing: Some(Place::EU),
            retention_days: Some(0),
            ..Facts::UNKNOWN
        },
        status: Status::Active,
    })
}

/// A request that none of the conditions holds for.
fn observed<'a>(signals: &'a Signals, metadata: &'a [(String, String)]) -> Observed<'a> {
    Observed {
        input_tokens: 2_000,
        max_output_tokens: Some(1_000),
        stream: true,
        operation: Operation::ChatCompletions,
        language: "",
        dialect: "openai_chat",
        model: "route/support",
        modalities: Modalities::default(),
        tools: Some(2),
        json_schema: Some(true),
        reasoning: None,
        headers: &[],
        metadata,
        user: Some("ann"),
        session: None,
        tags: &[],
        key: "key_1",
        now: NOW,
        signals,
        readings: Readings::NONE,
    }
}

const FEATURES: RequestFeatures = RequestFeatures {
    operation: Operation::ChatCompletions,
    stream: true,
    max_output_tokens: Some(1_000),
    input_tokens: 2_000,
    conversation: false,
    needs: Needs {
        tools: true,
        json_schema: true,
        ..Needs::NONE
    },
};

/// The work is worth a tenth of a cent a second.
const SELECTION: Selection = Selection::Route {
    strategy: Strategy::Balanced {
        second: NanoUsd::from_nanos(1_000_000),
    },
    by_alias: false,
};

fn decide(endpoints: usize) -> Result<f64, Box<dyn Error>> {
    let accounts: Vec<Connection> = (0..endpoints).map(account).collect::<Result<_, _>>()?;
    let offers: Vec<Endpoint> = (0..endpoints).map(offer).collect::<Result<_, _>>()?;
    let conditions: Vec<Condition> = (0..20)
        .map(|_| Condition::read(CONDITION))
        .collect::<Result<_, _>>()?;
    let in_the_union = Constraints {
        processing: Some(vec![Place::EU]),
        ..Constraints::default()
    };
    let nothing_kept = Constraints {
        max_retention_days: Some(0),
        ..Constraints::default()
    };
    let demands = [
        (Level::Organization, &in_the_union),
        (Level::Request, &nothing_kept),
    ];
    let demands = demands.map(|(level, constraints)| Demand { level, constraints });
    let live = Known((0..endpoints).map(lived).map(Mutex::new).collect());
    let (signals, metadata) = (Signals::default(), [("tier".to_owned(), "pro".to_owned())]);
    let observed = observed(&signals, &metadata);
    let candidates = accounts
        .iter()
        .zip(&offers)
        .map(|(connection, endpoint)| Candidate {
            provider: "openai",
            upstream_model: "gpt-4o-mini",
            connection: Some(connection),
            credential: Credential::Ready,
            endpoint: Some(endpoint),
            stated: &[],
            site: Site::of(connection),
        });
    let targets = [Target {
        model: "openai/gpt-4o-mini",
        weight: 1,
        arm: None,
        turn: Turn::Shared,
        candidates: candidates.collect(),
    }];
    let (mut pool, mut planned) = (Pool::default(), 0);
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for call in 0..CALLS {
            black_box(conditions.iter().position(|it| it.holds(black_box(&observed))));
            let input = RoutingInput {
                selection: SELECTION,
                targets: &targets,
                features: FEATURES,
                demands: &demands,
                ceiling: None,
                preferences: &Preferences::NONE,
                now: NOW,
                live: &live,
                held: Duration::ZERO,
                seed: Seed::from_id(u128::from(call)),
            };
            planned = black_box(plan(black_box(&input), &mut pool)).map_or(0, |plan| plan.attempts.len());
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    });
    let best = rounds.fold(f64::INFINITY, f64::min);
    if planned == endpoints {
        Ok(best)
    } else {
        Err(format!("{planned} of {endpoints} endpoints were planned").into())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    for endpoints in [1, 3, 12, 50] {
        let time = decide(endpoints)?;
        writeln!(out, "20 rules, {endpoints:>2} endpoints {time:>8.0} ns")?;
    }
    Ok(())
}
