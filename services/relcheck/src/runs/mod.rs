//! What a run is: the deployment, the callers, the strikes, and the verdict at the end.

mod hammer;
mod outage;
mod routing;
mod stage;
mod store;
mod storm;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::time::sleep;

use crate::evidence::Evidence;
use crate::load::Plan;
use crate::load::call::Call;
use crate::options::{Also, Cli, Command, Dollars, Hammer, Kills, Outage, Routing, Shape, Storm};
use crate::report::{self, put};
use crate::scene::Scene;
use crate::schedule::{Kind, Size, Target};
use crate::stack::Stack;
use crate::verdict::{Rule, Verdict, books, records, service};
use stage::Over;

/// How long an answer takes at the provider, so that strikes meet calls under way.
const FIRST_TOKEN_MS: u64 = 100;
/// Part of `./justw test`: records and money may take their time on a machine that is busy with other things.
const GENEROUS_SECS: u64 = 120;

/// Runs what was asked; whether everything held.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<bool> {
    let Cli { command, logs, keep } = cli;
    std::fs::create_dir_all(&logs)?;
    let (mut held, mut broken) = (0, 0);
    for run in runs(command) {
        let (ok, wrong) = match in_folder(&logs, keep, &run).await {
            Ok(verdict) => verdict.counts(),
            // The other seeds are of use all the same.
            Err(error) => {
                put(&format!("  BROKEN the run came to no verdict: {error:#}"));
                (0, 1)
            }
        };
        (held, broken) = (held + ok, broken + wrong);
    }
    put(&format!("{held} passed, {broken} failed"));
    Ok(broken == 0)
}

/// One run with its seed.
#[derive(Debug)]
enum Run {
    Hammer(Hammer),
    Storm(Storm),
    Outage(Outage),
    Routing(Routing),
}

impl Run {
    const fn name_and_seed(&self) -> (&'static str, u64) {
        match self {
            Self::Hammer(hammer) => ("hammer", hammer.shape.seed),
            Self::Storm(storm) => ("storm", storm.shape.seed),
            Self::Outage(outage) => ("outage", outage.shape.seed),
            Self::Routing(routing) => ("routing", routing.seed),
        }
    }
}

fn runs(command: Command) -> Vec<Run> {
    let seeds = |shape: &Shape| {
        let shape = shape.clone();
        (0..shape.seeds).map(move |number| Shape {
            seed: shape.seed + number,
            ..shape.clone()
        })
    };
    match command {
        Command::Hammer(hammer) => {
            let shapes = seeds(&hammer.shape);
            shapes
                .map(|shape| {
                    Run::Hammer(Hammer {
                        shape,
                        ..hammer.clone()
                    })
                })
                .collect()
        }
        Command::Storm(storm) => {
            let shapes = seeds(&storm.shape);
            shapes
                .map(|shape| {
                    Run::Storm(Storm {
                        shape,
                        ..storm.clone()
                    })
                })
                .collect()
        }
        Command::Outage(outage) => {
            let shapes = seeds(&outage.shape);
            shapes
                .map(|shape| {
                    Run::Outage(Outage {
                        shape,
                        ..outage.clone()
                    })
                })
                .collect()
        }
        Command::Routing(routing) => vec![Run::Routing(routing)],
        Command::Short => short(),
    }
}

/// Small enough for a machine that is busy with other things, and with every kind of fault.
fn short() -> Vec<Run> {
    let shape = |seed, rate| Shape {
        workers: 2,
        control_planes: 1,
        clients: 16,
        rate,
        seed,
        seeds: 1,
    };
    let kills = |targets: &[Target], secs| Kills {
        targets: targets.to_vec(),
        every: Duration::from_secs(secs),
    };
    let hammer = Hammer {
        shape: shape(7, 80),
        limit: Dollars(500_000_000),
        secs: 24,
        kill: kills(&Target::ALL, 4),
        also: Some(Also {
            kinds: vec![
                Kind::Flush,
                Kind::Restore,
                Kind::Pause,
                Kind::Terminate,
                Kind::Link,
            ],
            every: Duration::from_secs(5),
        }),
        quiet_secs: GENEROUS_SECS,
    };
    let storm = Storm {
        shape: shape(11, 120),
        calls: 2_400,
        kill: kills(&[Target::Worker, Target::ControlPlane, Target::Redis], 4),
        also: None,
        quiet_secs: GENEROUS_SECS,
    };
    let routing = Routing {
        scenario: "trouble".to_owned(),
        rate: 40,
        secs: 10,
        workers: 2,
        seed: 21,
    };
    vec![Run::Hammer(hammer), Run::Storm(storm), Run::Routing(routing)]
}

async fn in_folder(logs: &Path, keep: bool, run: &Run) -> anyhow::Result<Verdict> {
    let (name, seed) = run.name_and_seed();
    let folder = tempfile::Builder::new()
        .prefix(&format!("{name}-seed-{seed}."))
        .permissions(PermissionsExt::from_mode(0o711))
        .tempdir_in(logs)?;
    // Kept until the verdict is known, also when the run itself fails.
    let folder = folder.keep();
    report::begin(&folder)?;
    put(&format!("==== {name}, seed {seed}"));
    let begun = Instant::now();
    let verdict = match run {
        Run::Hammer(hammer) => Box::pin(hammer::run(hammer, &folder)).await,
        Run::Storm(storm) => Box::pin(storm::run(storm, &folder)).await,
        Run::Outage(outage) => Box::pin(outage::run(outage, &folder)).await,
        Run::Routing(routing) => Box::pin(routing::run(routing, &folder)).await,
    };
    let verdict = verdict.with_context(|| format!("seed {seed}: see {}", folder.display()))?;
    let (held, broken) = verdict.counts();
    put(&format!(
        "---- verdict on {name}, seed {seed}, after {:.0?}",
        begun.elapsed()
    ));
    verdict.show();
    if broken == 0 && !keep {
        std::fs::remove_dir_all(&folder)?;
        put(&format!("  all {held} promises held"));
    } else {
        put(&format!(
            "  {held} promises held, {broken} did not; logs in {}",
            folder.display()
        ));
    }
    Ok(verdict)
}

fn size(shape: &Shape) -> Size {
    Size {
        workers: usize::from(shape.workers),
        control_planes: usize::from(shape.control_planes),
    }
}

fn plan(shape: &Shape, max_tokens: u64, most: Option<u64>) -> Plan {
    Plan {
        seed: shape.seed,
        rate: shape.rate,
        clients: usize::from(shape.clients),
        max_tokens,
        most,
    }
}

/// Reads the evidence until nothing is wrong with the records any more, or for at most so long.
async fn when_recorded(
    stack: &Stack,
    calls: &[Call],
    within: Duration,
) -> anyhow::Result<(Evidence, Duration)> {
    let begun = Instant::now();
    loop {
        let evidence = Evidence::read(stack.database_url(), &stack.ledger).await?;
        let rules = records::rules(&evidence, calls)
            .into_iter()
            .chain(books::rules(&evidence));
        let is_sound = rules.into_iter().all(|rule| rule.holds());
        if is_sound || begun.elapsed() > within {
            return Ok((evidence, begun.elapsed()));
        }
        sleep(Duration::from_millis(250)).await;
    }
}

/// The rules that hold in every run.
fn judge(evidence: &Evidence, over: &Over, scene: &Scene) -> Verdict {
    let mut verdict = Verdict::default();
    verdict.add(records::rules(evidence, &over.calls));
    verdict.add(books::rules(evidence));
    verdict.add(service::rules(scene, &over.calls, &over.outages));
    let strikes = format!("{} strikes", over.outages.len());
    verdict.add([Rule::new("every part comes back", strikes, over.failures.clone())]);
    verdict
}

/// Writes the callers' log beside the logs of the parts.
fn keep_log(folder: &Path, calls: &[Call]) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for call in calls {
        serde_json::to_writer(&mut lines, call)?;
        lines.push(b'\n');
    }
    Ok(std::fs::write(folder.join("calls.jsonl"), lines)?)
}
