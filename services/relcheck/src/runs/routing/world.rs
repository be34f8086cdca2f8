//! A scenario of endpoint selection as the mock provider can play it: shorter, at another rate, in fewer and slower tokens, and
//! refused where it is about something that the mock provider has not. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use sluicegate_mock_provider::pace::{Latency, RateLimit};
use sluicegate_mock_provider::{Behaviour, Fault, When};
use sluicegate_routing_sim::scenario::{BUILT_IN, ErrorKind, Field, Phase, Scenario, parse};
use sluicegate_routing_sim::world::Params;

/// Small, and everything in it goes wrong at once.
pub(super) const TROUBLE: &str = include_str!("trouble.json");
/// So many tokens become one that takes as long and costs as much: events are not what is measured.
const TOKENS: f64 = 10.0;
/// Weight of money from which a scenario is about prices.
const BY_MONEY: f64 = 0.5;
/// Share of its slots beyond which an endpoint is slowed down by its load.
const AT_EASE: f64 = 0.6;

/// How a scenario is played.
#[derive(Debug, Clone, Copy)]
pub(super) struct Play {
    pub(super) rate: u32,
    pub(super) secs: u64,
    pub(super) workers: u16,
}

/// The scenario of this name, as it is played.
///
/// # Errors
/// When there is none, or the mock provider cannot play it.
pub(super) fn scenario(name: &str, play: Play) -> anyhow::Result<Scenario> {
    let found = BUILT_IN.iter().find(|it| it.0 == name).map(|it| it.1);
    let text = found.or_else(|| (name == "trouble").then_some(TROUBLE));
    let names: Vec<&str> = BUILT_IN.iter().map(|it| it.0).chain(["trouble"]).collect();
    let text = text.with_context(|| format!("no scenario {name}: there are {}", names.join(", ")))?;
    let played = squeezed(parse(text)?, play);
    playable(&played).with_context(|| format!("{name} cannot be played"))?;
    Ok(played)
}

/// The same story within `secs`, at `rate`; what endpoints can take follows the rate.
fn squeezed(mut scenario: Scenario, play: Play) -> Scenario {
    let workload = &mut scenario.workload;
    let rate = f64::from(play.rate);
    let time = play.secs as f64 / (workload.requests as f64 / workload.rps);
    let more = rate / workload.rps;
    workload.rps = rate;
    workload.requests = u64::from(play.rate) * play.secs;
    workload.out_tokens /= TOKENS;
    for surge in &mut workload.phases {
        (surge.from, surge.to) = (surge.from * time, surge.to * time);
    }
    scenario.warmup_s *= time;
    scenario.routers = u64::from(play.workers);
    // A server of one's own has no prices in the catalog.
    if scenario.loss.cost_musd < BY_MONEY {
        scenario.loss.cost_musd = 0.0;
    }
    for endpoint in &mut scenario.endpoints {
        let base = Params::base(endpoint);
        let values = [
            (Field::TpotMs, base.tpot_ms * TOKENS),
            (Field::PriceOut, base.price_out * TOKENS),
            (Field::Slots, base.slots * more),
            (Field::Rpm, base.rpm * more),
            (Field::Tpm, 0.0),
        ];
        endpoint.values.extend(values);
        for Phase { from, to, .. } in &mut endpoint.phases {
            (*from, *to) = (*from * time, *to * time);
        }
    }
    scenario
}

/// Why the mock provider cannot play it, if it cannot.
fn playable(scenario: &Scenario) -> anyhow::Result<()> {
    let workload = &scenario.workload;
    ensure!(workload.sessions == 0, "the mock provider keeps no prompts warm");
    ensure!(
        scenario.loss.cost_musd < BY_MONEY,
        "it is about prices, which a server of one's own has none of in the catalog"
    );
    for spec in &scenario.endpoints {
        let params = Params::base(spec);
        let seconds = (params.ttft_ms + params.tpot_ms * workload.out_tokens) / 1e3;
        let open = workload.rps * seconds;
        if params.bg_load > 0.0 || open > AT_EASE * params.slots {
            bail!(
                "the mock provider takes any load, and {} is slowed down by it",
                spec.name
            );
        }
        ensure!(params.tail_p == 0.0, "the mock provider has no long tails");
        let mut fields = spec
            .phases
            .iter()
            .flat_map(|it| it.set.values.keys().chain(it.mul.keys()));
        let other =
            fields.find(|it| !matches!(it, Field::TtftMs | Field::TpotMs | Field::Sigma | Field::Err));
        ensure!(other.is_none(), "the mock provider cannot change {other:?}");
        ensure!(
            spec.phases.iter().all(|it| !it.ramp),
            "the mock provider changes at once, and {} drifts",
            spec.name
        );
    }
    Ok(())
}

/// Seconds at which some endpoint becomes otherwise, from 0 on, ascending.
pub(super) fn changes(scenario: &Scenario) -> Vec<f64> {
    let end = scenario.workload.requests as f64 / scenario.workload.rps;
    let phases = scenario.endpoints.iter().flat_map(|it| &it.phases);
    let mut moments: Vec<f64> = phases.flat_map(|it| [it.from, it.to]).chain([0.0]).collect();
    moments.retain(|it| *it < end);
    moments.sort_by(f64::total_cmp);
    moments.dedup();
    moments
}

/// How all endpoints are at one moment. Each is a model of its name.
pub(super) fn behaviours(scenario: &Scenario, at: f64) -> BTreeMap<String, Behaviour> {
    let models = scenario.endpoints.iter().map(|spec| {
        let params = Params::base(spec).at(&spec.phases, at);
        (spec.name.clone(), behaviour(scenario, &params))
    });
    models.collect()
}

fn behaviour(scenario: &Scenario, params: &Params) -> Behaviour {
    let fault = match params.err_kind {
        ErrorKind::ServerError => Fault::Status {
            code: 500,
            retry_after_s: None,
        },
        ErrorKind::Hang => Fault::Stall { after_chunks: None },
    };
    let failing = When::PerMille((params.err * 1_000.0).round() as u16);
    let prefill = params.prefill_us * scenario.workload.in_tokens / 1_000.0;
    Behaviour {
        latency: Some(Latency {
            median_ms: (params.ttft_ms + prefill) as u64,
            spread_percent: (params.sigma * 100.0).round() as u32,
        }),
        chunk_interval_ms: params.tpot_ms as u64,
        output_tokens: Some(100_000),
        rate_limit: (params.rpm > 0.0).then(|| RateLimit {
            requests_per_minute: params.rpm as u32,
            burst: params.buckets().0.max(1.0) as u32,
        }),
        ..Behaviour::with_fault(failing, fault)
    }
}

/// Name of an endpoint's connection.
pub(super) fn connection(endpoint: &str) -> String {
    format!("at-{endpoint}")
}

/// The route over all endpoints, each reached through a connection of its own.
pub(super) fn route(scenario: &Scenario, slug: &str) -> Value {
    let endpoints = scenario.endpoints.iter();
    let targets = endpoints.map(|it| json!({ "model": format!("{}/{}", connection(&it.name), it.name) }));
    let timeout = Duration::from_secs_f64(scenario.try_timeout_s).as_millis();
    json!({
        "slug": slug, "strategy": "fastest", "targets": targets.collect::<Vec<_>>(),
        "retry": {
            "max_attempts": scenario.max_tries, "attempt_timeout_ms": timeout,
            "hedge": { "after": { "percentile": 95 }, "max_percent": 5 },
        },
    })
}

#[cfg(test)]
mod tests {
    use sluicegate_mock_provider::Rule;

    use super::*;

    const PLAY: Play = Play {
        rate: 24,
        secs: 75,
        workers: 2,
    };

    #[test]
    fn what_a_mock_can_say_truly_is_played_and_the_rest_is_refused_with_a_reason() {
        for name in [
            "s01_steady",
            "s03_brownout",
            "s04_error_burst",
            "s05_blackhole",
            "s06_rate_limits",
            "trouble",
        ] {
            assert!(
                scenario(name, PLAY).is_ok(),
                "{name}: {:?}",
                scenario(name, PLAY).err()
            );
        }
        for (name, reason) in [
            ("s02_drift", "drifts"),
            ("s07_herd", "load"),
            ("s08_price", "prices"),
            ("s09_correlated", "load"),
            ("s10_cache_affinity", "warm"),
            ("s11_tail", "tails"),
            ("s12_saturation", "load"),
            ("nothing", "there are"),
        ] {
            let refused = format!("{:#}", scenario(name, PLAY).unwrap_err());
            assert!(refused.contains(reason), "{name}: {refused}");
        }
    }

    #[test]
    fn a_story_is_told_in_less_time_and_means_the_same() {
        let played = scenario("s03_brownout", PLAY).unwrap();
        // 750 seconds become 75.
        assert_eq!(changes(&played), [0.0, 18.0, 36.0, 50.0, 56.0]);
        let median = |at| behaviours(&played, at)["a"].latency.map(|it| it.median_ms);
        assert_eq!(
            [median(17.0), median(18.0), median(40.0)],
            [Some(318), Some(3_018), Some(318)]
        );
        assert_eq!(played.workload.requests, 1_800);
        let failing = scenario("s05_blackhole", PLAY).unwrap();
        let stalls = Rule {
            when: When::PerMille(1_000),
            fault: Fault::Stall { after_chunks: None },
        };
        assert_eq!(behaviours(&failing, 16.0)["a"].faults, [stalls]);
    }
}
