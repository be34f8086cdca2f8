//! The engine on every scenario, on seeds that none of its constants were chosen on.

use std::sync::LazyLock;

use sluicegate_routing_sim::policy::{ALL, ENGINE, ORACLE};
use sluicegate_routing_sim::report::{Row, mean_regret, measure, regrets};
use sluicegate_routing_sim::scenario::{BUILT_IN, parse};
use sluicegate_routing_sim::simulation::run;

/// What another seed of the policy's own dice does to a regret: 0.02 where nothing goes wrong, more where much does.
const NOISE: f64 = 0.03;

/// Seeds 11 and 12 as listed, and 11 with the endpoints in another order, which changes their luck.
static ROWS: LazyLock<[Vec<Row>; 2]> = LazyLock::new(|| {
    [(false, &[11, 12][..]), (true, &[11])].map(|(permuted, seeds)| {
        let rows = BUILT_IN.iter().map(|(_, text)| {
            let mut scenario = parse(text).unwrap();
            if permuted {
                scenario.endpoints.reverse();
            }
            measure(&scenario, &|_| true, seeds, scenario.workload.requests)
        });
        rows.collect()
    })
});

fn figure(name: &str, of: fn(&sluicegate_routing_sim::metrics::Metrics) -> f64) -> f64 {
    let row = ROWS[0].iter().find(|row| row.scenario == name).unwrap();
    of(&row.of(ENGINE).unwrap().metrics)
}

#[test]
fn it_is_as_good_as_the_best_peer_on_every_scenario() {
    for row in ROWS.iter().flatten() {
        let (engine, peer) = (row.of(ENGINE).unwrap(), row.best_peer().unwrap());
        // Half of the requests of the correlated failure meet an overload, where one choice changes all that follow.
        let noise = if row.scenario == "s09_correlated" {
            0.15
        } else {
            NOISE
        };
        assert!(
            engine.regret <= peer.regret + noise,
            "{}: {:.3}, {} has {:.3}",
            row.scenario,
            engine.regret,
            peer.policy,
            peer.regret
        );
    }
}

#[test]
fn over_all_scenarios_it_is_far_better_than_any_peer() {
    for rows in ROWS.iter() {
        for (policy, _) in ALL.iter().filter(|it| it.0 != ENGINE && it.0 != ORACLE) {
            for cost in [true, false] {
                let (engine, peer) = (mean_regret(rows, ENGINE, cost), mean_regret(rows, policy, cost));
                // The reference is the one to beat by a tenth; every model of a peer by three tenths.
                let share = if *policy == "sluicegate_ref" { 0.9 } else { 0.7 };
                assert!(
                    engine <= share * peer,
                    "{policy}: {peer:.3}, the engine {engine:.3}\n{}",
                    regrets(rows)
                );
            }
        }
    }
}

#[test]
fn it_meets_the_targets_of_what_callers_see() {
    assert!(
        figure("s05_blackhole", |it| it.p99) <= 1.6,
        "a hang is felt in the 99th percentile"
    );
    assert!(figure("s03_brownout", |it| it.slo) >= 0.955);
    assert!(
        figure("s06_rate_limits", |it| it.refused) <= 0.01
            && figure("s06_rate_limits", |it| it.success) >= 0.9999
    );
    assert!(figure("s07_herd", |it| it.p99) <= 1.6 && figure("s12_saturation", |it| it.p99) <= 1.45);
    assert!(
        figure("s10_cache_affinity", |it| it.cost) <= 9.0
            && figure("s10_cache_affinity", |it| it.slo) >= 0.99
    );
    assert!(figure("s11_tail", |it| it.p99) <= 1.25 && figure("s11_tail", |it| it.attempts) <= 1.05);
    assert!(figure("s09_correlated", |it| it.success) >= 0.97);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let scenario = parse(BUILT_IN[6].1).unwrap();
    let twice = [(); 2].map(|()| run(&scenario, ALL[0].1, 3, 2_000));
    assert_eq!(twice[0], twice[1]);
    assert_ne!(twice[0], run(&scenario, ALL[0].1, 4, 2_000));
}
