//! How an endpoint comes back that has failed everything: one probe, then twice as many calls with each that succeeds. Judged by what
//! the callers and the provider saw. Pure.

use std::collections::HashMap;

use sluicegate_mock_provider::{Entry, Outcome};
use sluicegate_routing_sim::scenario::{ErrorKind, Scenario};
use sluicegate_routing_sim::world::{Params, Request};

use super::number;
use crate::verdict::Rule;

/// Failures from which a worker must have left the endpoint alone.
const IN_A_ROW: usize = 4;
/// Successes after which everything may come.
const RAMP: u32 = 5;
/// Seconds between what a worker knows and what its caller can see of it.
const UNSEEN: f64 = 0.1;

/// When an endpoint fails everything, and until when.
#[derive(Debug)]
struct Outage<'a> {
    endpoint: &'a str,
    from: f64,
    to: f64,
}

/// A call that the endpoint answered.
#[derive(Debug, Clone, Copy)]
struct Served {
    at: f64,
    first_token: f64,
    /// It was sent nowhere else, so it was sent when it came.
    alone: bool,
}

/// No worker sends more at once than the ramp lets through.
pub(super) fn rule(scenario: &Scenario, entries: &[Entry], requests: &[Request]) -> Rule {
    let (mut findings, mut returns, mut calls) = (Vec::new(), 0, 0);
    for outage in outages(scenario) {
        for router in 0..scenario.routers as usize {
            let Some(served) = served_after(&outage, router, entries, requests) else {
                continue;
            };
            (returns, calls) = (returns + 1, calls + served.len());
            findings.extend(rushes(&served).map(|at| {
                let Outage { endpoint, to, .. } = &outage;
                format!("worker {router} rushes to {endpoint} at {at:.2} s, which failed until {to:.1} s")
            }));
        }
    }
    let detail = format!("{returns} returns of an endpoint to a worker, {calls} calls after them");
    Rule::new("recovery is ramped", detail, findings)
}

/// Those that end while the scenario is played.
fn outages(scenario: &Scenario) -> Vec<Outage<'_>> {
    let end = scenario.workload.requests as f64 / scenario.workload.rps;
    let specs = scenario.endpoints.iter();
    let phases = specs.flat_map(|spec| spec.phases.iter().map(move |phase| (spec, phase)));
    let found = phases.filter(|(spec, phase)| {
        let params = Params::base(spec).at(&spec.phases, phase.from);
        params.err >= 1.0 && params.err_kind == ErrorKind::ServerError && phase.to < end
    });
    found
        .map(|(spec, phase)| Outage {
            endpoint: &spec.name,
            from: phase.from,
            to: phase.to,
        })
        .collect()
}

/// What the endpoint answered of the worker's calls since it is well again, where the worker had reason to leave it alone.
fn served_after(
    outage: &Outage<'_>,
    router: usize,
    entries: &[Entry],
    requests: &[Request],
) -> Option<Vec<Served>> {
    let mut sends: HashMap<u64, Vec<&Entry>> = HashMap::new();
    for entry in entries {
        if let Some(number) = number(entry) {
            sends.entry(number).or_default().push(entry);
        }
    }
    let (mut failures, mut served) = (0, Vec::new());
    for request in requests.iter().filter(|it| it.router == router) {
        let Some(sends) = sends.get(&request.number) else {
            continue;
        };
        let mut here = sends.iter().filter(|it| it.model == outage.endpoint);
        let is_during = (outage.from..outage.to).contains(&request.at);
        if is_during {
            failures += here.clone().filter(|it| it.fault.is_some()).count();
        }
        let is_served = !request.failed && here.any(|it| it.outcome == Outcome::Completed);
        if is_served && request.at >= outage.to {
            served.push(Served {
                at: request.at,
                first_token: request.at + request.ttft,
                alone: sends.len() == 1,
            });
        }
    }
    (failures >= IN_A_ROW).then_some(served)
}

/// When a call was sent beside more than were let through.
fn rushes(served: &[Served]) -> impl Iterator<Item = f64> {
    let is_rush = |call: &&Served| {
        let known = call.at + UNSEEN;
        let successes = served.iter().filter(|it| it.first_token <= known).count() as u32;
        let waiting = served
            .iter()
            .filter(|it| it.alone && it.at < call.at && it.first_token > known);
        successes < RAMP && waiting.count() >= 2_usize.pow(successes)
    };
    served
        .iter()
        .filter(|it| it.alone)
        .filter(is_rush)
        .map(|it| it.at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sluicegate_routing_sim::scenario::parse;

    use super::*;

    fn at(moments: &[(f64, f64)]) -> Vec<f64> {
        let served: Vec<Served> = moments
            .iter()
            .map(|(at, first_token)| Served {
                at: *at,
                first_token: *first_token,
                alone: true,
            })
            .collect();
        rushes(&served).collect()
    }

    #[test]
    fn one_probe_then_twice_as_many_with_each_that_succeeds() {
        let ramp = [(0.0, 1.0), (1.0, 2.0), (1.1, 2.1), (2.0, 3.0), (2.1, 3.1)];
        assert!(at(&ramp).is_empty());
        assert_eq!(at(&[(0.0, 1.0), (0.5, 1.5)]), [0.5], "a second probe");
        assert_eq!(
            at(&[(0.0, 1.0), (1.0, 2.0), (1.1, 2.1), (1.2, 2.2)]),
            [1.2],
            "three at once after one success"
        );
    }

    /// The one send of a request to `d`.
    fn entry(number: u64, is_served: bool) -> Entry {
        let outcome = if is_served { "completed" } else { "refused" };
        let fault = (!is_served).then(|| json!({ "status": { "code": 500 } }));
        let entry = json!({
            "call_id": "", "at_unix_ms": 0, "endpoint": "", "model": "d", "stream": true, "request_id": null,
            "idempotency_key": null, "tag": number.to_string(), "outcome": outcome, "fault": fault, "input_tokens": 0,
            "cached_input_tokens": 0, "output_tokens": 0, "reasoning_tokens": 0, "cost_nano_usd": 0,
        });
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn a_worker_is_judged_that_has_seen_the_endpoint_fail_often_enough_to_leave_it_alone() {
        // In it `d` fails everything from second 3 to second 6.
        let scenario = parse(super::super::world::TROUBLE).unwrap();
        let judge = |failures: u64| {
            let calls = (0..failures).map(|number| (number, 4.0));
            let calls: Vec<(u64, f64)> = calls.chain([(10, 7.0), (11, 7.1)]).collect();
            let entries: Vec<Entry> = calls.iter().map(|(it, at)| entry(*it, *at > 6.0)).collect();
            let requests = calls.iter().map(|(number, at)| Request {
                number: *number,
                at: *at,
                ttft: 1.0,
                ..Request::default()
            });
            rule(&scenario, &entries, &requests.collect::<Vec<_>>()).findings
        };
        assert_eq!(judge(3), [""; 0]);
        assert_eq!(
            judge(4),
            ["worker 0 rushes to d at 7.10 s, which failed until 6.0 s"]
        );
    }
}
