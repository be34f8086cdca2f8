//! Everything at once: one endpoint fails half of its calls, one stalls, one is short of its rate limit, one is sound.

use sluicegate_routing_sim::policy::{ALL, ENGINE};
use sluicegate_routing_sim::scenario::{Scenario, parse};
use sluicegate_routing_sim::simulation::run;

fn trouble(from: f64) -> Scenario {
    let text = format!(
        r#"{{"name": "trouble", "about": "three of four are in trouble", "format": 1, "warmup_s": 20, "slo_ttft_s": 2,
        "workload": {{"rps": 12, "requests": 6000}},
        "endpoints": [
            {{"name": "failing", "ttft_ms": 250, "phases": [{{"from": {from}, "set": {{"err": 0.5}}}}]}},
            {{"name": "stalling", "ttft_ms": 300, "phases": [{{"from": {from}, "set": {{"tail_p": 0.5, "tail_x": 15}}}}]}},
            {{"name": "limited", "ttft_ms": 300, "rpm": 120, "tpm": 200000}},
            {{"name": "sound", "ttft_ms": 600, "slots": 300}}
        ]}}"#
    );
    parse(&text).unwrap()
}

#[test]
fn what_is_refused_for_its_rate_is_not_sent_more_often_than_a_request_may_be_tried() {
    let endpoints: Vec<String> = (0..8)
        .map(|number| format!(r#"{{"name": "e{number}", "ttft_ms": 300, "rpm": 1, "tpm": 1000}}"#))
        .collect();
    let text = format!(
        r#"{{"name": "refused", "about": "nobody has room", "format": 1, "warmup_s": 20, "slo_ttft_s": 2, "max_tries": 3,
        "workload": {{"rps": 12, "requests": 2000}}, "endpoints": [{}]}}"#,
        endpoints.join(",")
    );
    let turns = ALL.iter().find(|it| it.0 == "round_robin").unwrap().1;
    let mut scenario = parse(&text).unwrap();
    let as_in_a_worker = run(&scenario, turns, 11, 2_000);
    assert!(as_in_a_worker.refused > 2.0, "{as_in_a_worker:?}");
    assert!(as_in_a_worker.attempts <= 3.0, "{as_in_a_worker:?}");
    scenario.refusals_are_tries = false;
    let as_published = run(&scenario, turns, 11, 2_000);
    assert!(as_published.attempts > 4.0, "{as_published:?}");
}

#[test]
fn callers_hardly_notice_and_nobody_storms() {
    for seed in [11, 12, 13] {
        let engine = ALL.iter().find(|it| it.0 == ENGINE).unwrap().1;
        let run = run(&trouble(100.0), engine, seed, 6_000);
        assert!(run.success >= 0.999, "{run:?}");
        assert!(run.attempts <= 1.2, "{run:?}");
        assert!(run.refused <= 0.01, "{run:?}");
        assert!(run.p99 <= 3.0, "{run:?}");
        assert!(
            run.share[0] < 0.3,
            "it goes on sending to the failing one: {run:?}"
        );
    }
}
