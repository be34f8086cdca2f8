//! A scenario of endpoint selection against real workers: the same story that the engine meets in virtual time, told by the mock
//! provider, and the same figures beside each other (docs/reliability.md).

mod calls;
mod comeback;
mod rules;
mod world;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use sluicegate_mock_provider::{Behaviour, Entry};
use sluicegate_routing_sim::metrics::{Metrics, measure};
use sluicegate_routing_sim::policy::engine::Engine;
use sluicegate_routing_sim::scenario::Scenario;
use sluicegate_routing_sim::simulation::{Counts, run as run_in_virtual_time};
use sluicegate_routing_sim::world::{Params, Request};
use tokio::time::{Instant, sleep_until};

use crate::options::Routing;
use crate::report::{put, say};
use crate::schedule::Size;
use crate::stack::Stack;
use crate::tenant::{Tenant, http_client};
use crate::verdict::Verdict;
use calls::Callers;
use world::Play;

/// Name of the route.
const ROUTE: &str = "scenario";

/// Plays a scenario once, in both times.
pub(super) async fn run(options: &Routing, folder: &Path) -> anyhow::Result<Verdict> {
    let play = Play {
        rate: options.rate,
        secs: options.secs,
        workers: options.workers,
    };
    let scenario = world::scenario(&options.scenario, play)?;
    let count = scenario.workload.requests;
    let virtually = run_in_virtual_time(&scenario, Engine::make, options.seed, count);
    let size = Size {
        workers: usize::from(options.workers),
        control_planes: 1,
    };
    let stack = Stack::start(folder, size, options.seed, 0).await?;
    let callers = callers(&stack, &scenario).await?;
    say(format!(
        "{count} requests in {} s: {}",
        options.secs, scenario.about
    ));
    let begun = Instant::now();
    let (told, made) = tokio::join!(
        tell(&stack, &scenario, begun),
        calls::make(&scenario, options.seed, callers, begun)
    );
    told?;
    let mut made = made?;
    let entries = entries(&stack.ledger)?;
    let counts = book(&scenario, &entries, &mut made);
    let live = measure(&scenario, &made, &counts);
    stack.stop().await?;
    show(&scenario, &virtually, &live);
    let mut verdict = Verdict::default();
    verdict.add([
        rules::answered(&virtually, &live, &entries, &made),
        rules::sends(&live),
        comeback::rule(&scenario, &entries, &made),
    ]);
    Ok(verdict)
}

/// Connects each endpoint, and puts a route over all.
async fn callers(stack: &Stack, scenario: &Scenario) -> anyhow::Result<Callers> {
    for (model, behaviour) in world::behaviours(scenario, 0.0) {
        set_behaviour(stack, &model, &behaviour).await?;
    }
    let tenant = Tenant::sign_up(&stack.dashboard, "scenario").await?;
    for endpoint in &scenario.endpoints {
        let slug = world::connection(&endpoint.name);
        tenant
            .connect_own_server(&tenant.project, &slug, &stack.provider_url)
            .await?;
    }
    let route = world::route(scenario, ROUTE);
    tenant.publish(&tenant.project, &route).await?;
    let key = tenant.create_key(&tenant.project, "caller").await?;
    Ok(Callers {
        bases: stack.inference.clone(),
        secret: key.secret,
        model: format!("route/{ROUTE}"),
        patience: Duration::from_secs_f64(scenario.deadline_s + scenario.try_timeout_s),
    })
}

/// Makes the provider otherwise when the story says so.
async fn tell(stack: &Stack, scenario: &Scenario, begun: Instant) -> anyhow::Result<()> {
    let mut present = world::behaviours(scenario, 0.0);
    for at in world::changes(scenario).into_iter().filter(|it| *it > 0.0) {
        sleep_until(begun + Duration::from_secs_f64(at)).await;
        let next = world::behaviours(scenario, at);
        for (model, behaviour) in next.iter().filter(|it| present.get(it.0) != Some(it.1)) {
            set_behaviour(stack, model, behaviour).await?;
            say(format!("{model} is otherwise from second {at:.1}"));
        }
        present = next;
    }
    Ok(())
}

async fn set_behaviour(stack: &Stack, model: &str, behaviour: &Behaviour) -> anyhow::Result<()> {
    let url = format!("{}/__mock/behaviour", stack.provider_origin);
    let change = json!({ "model": model, "behaviour": behaviour });
    let answer = http_client()?.put(url).json(&change).send().await?;
    answer
        .error_for_status()
        .context("the provider takes its script")?;
    Ok(())
}

fn entries(ledger: &Path) -> anyhow::Result<Vec<Entry>> {
    let text = std::fs::read_to_string(ledger)?;
    let entries = text.lines().map(serde_json::from_str);
    Ok(entries.collect::<Result<_, _>>()?)
}

/// Of the request that a send was for.
fn number(entry: &Entry) -> Option<u64> {
    entry.tag.as_deref()?.parse().ok()
}

/// Writes what the provider counted into the requests: what they cost, and where they were sent.
fn book(scenario: &Scenario, entries: &[Entry], requests: &mut [Request]) -> Counts {
    let position: HashMap<u64, usize> = requests
        .iter()
        .enumerate()
        .map(|(at, it)| (it.number, at))
        .collect();
    let mut counts = Counts {
        sent: vec![0; scenario.endpoints.len()],
        ..Counts::default()
    };
    for entry in entries {
        let Some(endpoint) = scenario.endpoints.iter().position(|it| it.name == entry.model) else {
            continue;
        };
        counts.sent[endpoint] += 1;
        let (input, output) = (entry.input_tokens as f64, entry.output_tokens as f64);
        let cost = Params::base(&scenario.endpoints[endpoint]).price(input, output, 0.0);
        if let Some(at) = number(entry).and_then(|number| position.get(&number)) {
            requests[*at].cost += cost;
        }
    }
    counts
}

fn show(scenario: &Scenario, virtually: &Metrics, live: &Metrics) {
    let target = scenario.slo_ttft_s;
    put(&format!(
        "  | {} | success % | p50 s | p99 s | within {target} s % | m$ a request | sends | by endpoint % |",
        scenario.name
    ));
    put("  |---|---|---|---|---|---|---|---|");
    for (name, it) in [("virtual time", virtually), ("real workers", live)] {
        let share: Vec<String> = it
            .share
            .iter()
            .map(|share| format!("{:.0}", share * 1e2))
            .collect();
        put(&format!(
            "  | {name} | {:.2} | {:.3} | {:.2} | {:.1} | {:.2} | {:.3} | {} |",
            it.success * 1e2,
            it.p50,
            it.p99,
            it.slo * 1e2,
            it.cost,
            it.attempts,
            share.join(", ")
        ));
    }
}
