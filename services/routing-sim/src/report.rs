//! Runs policies over scenarios and seeds, and puts what came of it into tables.

use std::fmt::Write;

use crate::metrics::Metrics;
use crate::policy::{ALL, ENGINE, MakePolicy, ORACLE};
use crate::scenario::Scenario;
use crate::simulation::run;

/// The scenario in which money counts most: policies that look at latency alone cannot win it.
const COST: &str = "s08_price";

/// One scenario under one policy: means over the seeds.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Name of the policy.
    pub policy: &'static str,
    /// Means of all figures.
    pub metrics: Metrics,
    /// Mean loss above the oracle's on the same seeds.
    pub regret: f64,
}

/// One scenario under every policy.
#[derive(Debug, Clone)]
pub struct Row {
    /// Name of the scenario.
    pub scenario: String,
    /// One per policy.
    pub cells: Vec<Cell>,
}

impl Row {
    /// A policy's cell.
    #[must_use]
    pub fn of(&self, policy: &str) -> Option<&Cell> {
        self.cells.iter().find(|it| it.policy == policy)
    }

    /// The peer with the least regret: neither the engine nor the oracle.
    #[must_use]
    pub fn best_peer(&self) -> Option<&Cell> {
        let peers = self
            .cells
            .iter()
            .filter(|it| it.policy != ENGINE && it.policy != ORACLE);
        peers.min_by(|a, b| a.regret.total_cmp(&b.regret))
    }
}

/// Runs a scenario under those of all policies that `wanted` names, and the oracle, over `seeds`.
#[must_use]
pub fn measure(scenario: &Scenario, wanted: &dyn Fn(&str) -> bool, seeds: &[u64], requests: u64) -> Row {
    let means = |make: MakePolicy| {
        mean(
            seeds
                .iter()
                .map(|seed| run(scenario, make, *seed, requests))
                .collect(),
        )
    };
    let measured: Vec<(&'static str, Metrics)> = ALL
        .iter()
        .filter(|it| it.0 == ORACLE || wanted(it.0))
        .filter_map(|(policy, make)| Some((*policy, means(*make)?)))
        .collect();
    let least = measured
        .iter()
        .find(|it| it.0 == ORACLE)
        .map_or(f64::NAN, |it| it.1.loss);
    let cells = measured.into_iter().map(|(policy, metrics)| Cell {
        policy,
        regret: metrics.loss - least,
        metrics,
    });
    Row {
        scenario: scenario.name.clone(),
        cells: cells.collect(),
    }
}

fn mean(runs: Vec<Metrics>) -> Option<Metrics> {
    let count = runs.len() as f64;
    let mean = |of: fn(&Metrics) -> f64| runs.iter().map(of).sum::<f64>() / count;
    let share = |endpoint: usize| runs.iter().filter_map(|it| it.share.get(endpoint)).sum::<f64>() / count;
    Some(Metrics {
        requests: mean(|it| it.requests),
        success: mean(|it| it.success),
        p50: mean(|it| it.p50),
        p95: mean(|it| it.p95),
        p99: mean(|it| it.p99),
        slo: mean(|it| it.slo),
        cost: mean(|it| it.cost),
        attempts: mean(|it| it.attempts),
        refused: mean(|it| it.refused),
        hedges: mean(|it| it.hedges),
        loss: mean(|it| it.loss),
        share: (0..runs.first()?.share.len()).map(share).collect(),
    })
}

/// A policy's mean regret over `rows`; with `cost` also over the scenario of money.
#[must_use]
pub fn mean_regret(rows: &[Row], policy: &str, cost: bool) -> f64 {
    let counted = rows.iter().filter(|row| cost || row.scenario != COST);
    let regrets: Vec<f64> = counted
        .filter_map(|row| row.of(policy))
        .map(|it| it.regret)
        .collect();
    regrets.iter().sum::<f64>() / regrets.len().max(1) as f64
}

/// Regret by scenario and policy.
#[must_use]
pub fn regrets(rows: &[Row]) -> String {
    let mut text = String::new();
    let policies: Vec<&str> = rows.first().map_or(Vec::new(), |row| {
        row.cells
            .iter()
            .map(|it| it.policy)
            .filter(|it| *it != ORACLE)
            .collect()
    });
    let _ = writeln!(text, "| scenario | {} |", policies.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(policies.len()));
    for row in rows {
        let best = row
            .cells
            .iter()
            .filter(|it| it.policy != ORACLE)
            .map(|it| it.regret);
        let best = best.fold(f64::INFINITY, f64::min);
        let _ = write!(text, "| {} |", row.scenario);
        for cell in row.cells.iter().filter(|it| it.policy != ORACLE) {
            let mark = if cell.regret <= best { "**" } else { "" };
            let _ = write!(text, " {mark}{:.3}{mark} |", cell.regret);
        }
        let _ = writeln!(text);
    }
    for (name, cost) in [("mean", true), ("mean without cost", false)] {
        let means = policies
            .iter()
            .map(|it| format!("{:.3}", mean_regret(rows, it, cost)));
        let _ = writeln!(text, "| {name} | {} |", means.collect::<Vec<_>>().join(" | "));
    }
    text
}

/// What the engine's callers would see, beside the oracle's and the best peer's.
#[must_use]
pub fn figures(rows: &[Row]) -> String {
    let mut text = String::from(
        "| scenario | success % | p50 s | p99 s | within target % | m$ a request | sends | refused % | oracle: success | p99 | within | m$ | best peer: p99 | within |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let (Some(engine), Some(oracle), Some(peer)) = (row.of(ENGINE), row.of(ORACLE), row.best_peer())
        else {
            continue;
        };
        let (it, best) = (&engine.metrics, &oracle.metrics);
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.3} | {:.2} | {:.1} | {:.2} | {:.3} | {:.1} | {:.2} | {:.2} | {:.1} | {:.2} | {:.2} | {:.1} ({}) |",
            row.scenario,
            100.0 * it.success,
            it.p50,
            it.p99,
            100.0 * it.slo,
            it.cost,
            it.attempts,
            100.0 * it.refused,
            100.0 * best.success,
            best.p99,
            100.0 * best.slo,
            best.cost,
            peer.metrics.p99,
            100.0 * peer.metrics.slo,
            peer.policy,
        );
    }
    text
}
