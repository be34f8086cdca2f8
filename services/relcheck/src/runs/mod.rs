//! What a run is: the deployment, the callers, the strikes, and the verdict at the end.

mod hammer;
mod outage;
mod store;
mod storm;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::evidence::Evidence;
use crate::load::call::{Call, Seen, unix_millis};
use crate::load::{self, Log, Plan};
use crate::options::{Also, Cli, Command, Dollars, Hammer, Kills, Shape, Storm};
use crate::report::{self, put, say};
use crate::scene::Scene;
use crate::schedule::{Size, Strike};
use crate::stack::Stack;
use crate::verdict::service::{self, Outage};
use crate::verdict::{Rule, Verdict, books, records};

/// Between two lines about how far a run is.
const PROGRESS: Duration = Duration::from_secs(5);
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
    Outage(crate::options::Outage),
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
                    Run::Outage(crate::options::Outage {
                        shape,
                        ..outage.clone()
                    })
                })
                .collect()
        }
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
    let kills = |targets: &[crate::schedule::Target], secs| Kills {
        targets: targets.to_vec(),
        every: Duration::from_secs(secs),
    };
    use crate::schedule::{Kind, Target};
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
    vec![Run::Hammer(hammer), Run::Storm(storm)]
}

async fn in_folder(logs: &Path, keep: bool, run: &Run) -> anyhow::Result<Verdict> {
    let (name, shape) = match run {
        Run::Hammer(hammer) => ("hammer", &hammer.shape),
        Run::Storm(storm) => ("storm", &storm.shape),
        Run::Outage(outage) => ("outage", &outage.shape),
    };
    let folder = tempfile::Builder::new()
        .prefix(&format!("{name}-seed-{}.", shape.seed))
        .permissions(PermissionsExt::from_mode(0o711))
        .tempdir_in(logs)?;
    // Kept until the verdict is known, also when the run itself fails.
    let folder = folder.keep();
    report::keep_in(&folder)?;
    put(&format!("==== {name}, seed {}", shape.seed));
    let begun = Instant::now();
    let verdict = match run {
        Run::Hammer(hammer) => Box::pin(hammer::run(hammer, &folder)).await,
        Run::Storm(storm) => Box::pin(storm::run(storm, &folder)).await,
        Run::Outage(outage) => Box::pin(outage::run(outage, &folder)).await,
    };
    let verdict = verdict.with_context(|| format!("seed {}: see {}", shape.seed, folder.display()))?;
    let (held, broken) = verdict.counts();
    put(&format!(
        "---- verdict on {name}, seed {}, after {:.0?}",
        shape.seed,
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

/// Callers and strikes under way.
struct Stage {
    stack: Arc<Stack>,
    log: Log,
    load: JoinSet<anyhow::Result<()>>,
    strikes: JoinSet<(anyhow::Result<()>, Outage)>,
    failures: Vec<String>,
    outages: Vec<Outage>,
}

/// What was seen of a run, before anybody judges.
struct Over {
    calls: Vec<Call>,
    outages: Vec<Outage>,
    /// Parts that did not do as they were told.
    failures: Vec<String>,
}

impl Stage {
    /// Begins the calls, and strikes as they fall due.
    fn begin(stack: Arc<Stack>, scene: Arc<Scene>, plan: Plan, strikes: Vec<Strike>) -> Self {
        let (log, begun) = (Log::default(), tokio::time::Instant::now());
        let mut load = JoinSet::new();
        load.spawn(load::run(plan, scene, stack.inference.clone(), log.clone()));
        let mut stage = Self {
            stack,
            log,
            load,
            strikes: JoinSet::new(),
            failures: Vec::new(),
            outages: Vec::new(),
        };
        for strike in strikes {
            let stack = Arc::clone(&stage.stack);
            stage.strikes.spawn(async move {
                sleep_until(begun + strike.at).await;
                let from = unix_millis();
                let struck = stack.strike(&strike).await;
                let until = unix_millis();
                (
                    struck,
                    Outage {
                        part: strike.part,
                        from,
                        until,
                    },
                )
            });
        }
        stage
    }

    /// Waits for the last repair, telling how far things are.
    async fn until_repaired(&mut self) {
        let mut tick = tokio::time::interval(PROGRESS);
        loop {
            tokio::select! {
                struck = self.strikes.join_next() => match struck {
                    Some(Ok((struck, outage))) => {
                        self.outages.push(outage);
                        self.failures.extend(struck.err().map(|error| format!("{error:#}")));
                    }
                    Some(Err(error)) => self.failures.push(error.to_string()),
                    None => return,
                },
                _ = tick.tick() => self.tell(),
            }
        }
    }

    /// Waits until `enough` says so of the calls, or for at most so long.
    async fn until(&self, within: Duration, enough: impl Fn(&[Call]) -> bool) {
        let (begun, mut told) = (Instant::now(), Instant::now());
        while begun.elapsed() < within && !self.log.look(&enough) && !self.is_over() {
            sleep(Duration::from_millis(100)).await;
            if told.elapsed() >= PROGRESS {
                self.tell();
                told = Instant::now();
            }
        }
    }

    fn is_over(&self) -> bool {
        self.load.is_empty()
    }

    fn tell(&self) {
        let (answered, refused, undecided, failed) = self.log.look(|calls| {
            let of = |code: &str| calls.iter().filter(|call| call.code() == Some(code)).count();
            (
                calls.iter().filter(|call| call.seen == Seen::Answered).count(),
                of("budget_exceeded"),
                of("budget_unavailable"),
                calls.iter().filter(|call| service::has_failed(call)).count(),
            )
        });
        say(format!(
            "{} calls begun: {answered} answered, {refused} refused, {undecided} undecided, {failed} failed",
            self.log.begun()
        ));
    }

    /// Ends the calls.
    async fn end(mut self) -> Over {
        self.log.stop();
        while let Some(ended) = self.load.join_next().await {
            let wrong = ended.map_err(anyhow::Error::from).and_then(|ended| ended).err();
            self.failures.extend(wrong.map(|error| format!("{error:#}")));
        }
        self.tell();
        let left_out = self.log.left_out();
        if left_out > 0 {
            say(format!(
                "{left_out} calls were left out: this machine is too slow for this rate"
            ));
        }
        let missing = self.stack.missing().await;
        self.failures
            .extend(missing.iter().map(|part| format!("{part} has ended by itself")));
        Over {
            calls: self.log.take(),
            outages: self.outages,
            failures: self.failures,
        }
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
