//! What callers may see of the trouble of endpoints. Pure.

use sluicegate_mock_provider::Entry;
use sluicegate_routing_sim::metrics::Metrics;
use sluicegate_routing_sim::world::Request;

use super::number;
use crate::verdict::Rule;

/// Requests that must be answered, of those that are in virtual time.
const ANSWERED: f64 = 0.999;
/// Sends of a request, on average.
const SENDS: f64 = 1.2;

/// Requests are answered all the same.
pub(super) fn answered(virtually: &Metrics, live: &Metrics, entries: &[Entry], requests: &[Request]) -> Rule {
    let fewest = virtually.success * ANSWERED;
    let findings = if live.success < fewest {
        let lost = requests.iter().filter(|it| it.failed);
        lost.map(|it| story(it, entries)).collect()
    } else {
        Vec::new()
    };
    let detail = format!(
        "{:.2} % answered, at least {:.2} %",
        live.success * 1e2,
        fewest * 1e2
    );
    Rule::new("trouble of endpoints is not the callers'", detail, findings)
}

/// Nobody answers trouble with a storm of retries.
pub(super) fn sends(live: &Metrics) -> Rule {
    let detail = format!("{:.3} sends a request, at most {SENDS}", live.attempts);
    let findings = if live.attempts > SENDS {
        vec![format!("{:.3} sends a request", live.attempts)]
    } else {
        Vec::new()
    };
    Rule::new("few requests are sent twice", detail, findings)
}

/// Where a lost request was sent.
fn story(request: &Request, entries: &[Entry]) -> String {
    let sends = entries.iter().filter(|it| number(it) == Some(request.number));
    let sends: Vec<String> = sends.map(|it| format!("{} {:?}", it.model, it.outcome)).collect();
    format!(
        "request {} at {:.2} s through worker {}: {}",
        request.number,
        request.at,
        request.router,
        sends.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use sluicegate_routing_sim::metrics::measure;
    use sluicegate_routing_sim::scenario::parse;
    use sluicegate_routing_sim::simulation::Counts;

    use super::*;

    /// Of so many requests, so many of them lost, after so many sends.
    fn run(all: u64, lost: u64, sent: u64) -> (Metrics, Vec<Request>) {
        let scenario = parse(super::super::world::TROUBLE).unwrap();
        let requests: Vec<Request> = (0..all)
            .map(|number| Request {
                number,
                failed: number < lost,
                ..Request::default()
            })
            .collect();
        let counts = Counts {
            sent: vec![sent],
            ..Counts::default()
        };
        (measure(&scenario, &requests, &counts), requests)
    }

    #[test]
    fn one_lost_request_in_a_hundred_breaks_the_first_rule_and_is_named() {
        let (virtually, _) = run(100, 0, 100);
        let (live, requests) = run(100, 0, 100);
        assert!(answered(&virtually, &live, &[], &requests).holds());
        let (live, requests) = run(100, 1, 100);
        let broken = answered(&virtually, &live, &[], &requests);
        assert_eq!(broken.findings, ["request 0 at 0.00 s through worker 0: "]);
    }

    #[test]
    fn many_sends_break_the_second() {
        assert!(sends(&run(100, 0, 119).0).holds());
        assert!(!sends(&run(100, 0, 121).0).holds());
    }
}
