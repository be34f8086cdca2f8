//! Callers and strikes under way, and what was seen of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};

use crate::load::call::{Call, Seen, unix_millis};
use crate::load::{self, Log, Plan};
use crate::report::say;
use crate::scene::Scene;
use crate::schedule::Strike;
use crate::stack::Stack;
use crate::verdict::budgets::EXCEEDED;
use crate::verdict::service::{self, Outage};

/// Between two lines about how far a run is.
const PROGRESS: Duration = Duration::from_secs(5);

/// Callers and strikes under way.
pub(super) struct Stage {
    stack: Arc<Stack>,
    log: Log,
    load: JoinSet<anyhow::Result<()>>,
    strikes: JoinSet<(anyhow::Result<()>, Outage)>,
    failures: Vec<String>,
    outages: Vec<Outage>,
}

/// What was seen of a run, before anybody judges.
pub(super) struct Over {
    pub(super) calls: Vec<Call>,
    pub(super) outages: Vec<Outage>,
    /// Parts that did not do as they were told.
    pub(super) failures: Vec<String>,
}

impl Stage {
    /// Begins the calls, and strikes as they fall due.
    pub(super) fn begin(stack: Arc<Stack>, scene: Arc<Scene>, plan: Plan, strikes: Vec<Strike>) -> Self {
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
    pub(super) async fn until_repaired(&mut self) {
        let mut tick = tokio::time::interval(PROGRESS);
        loop {
            tokio::select! {
                struck = self.strikes.join_next() => match struck {
                    Some(Ok((struck, outage))) => {
                        self.outages.push(outage);
                        if let Err(error) = struck {
                            say(format!("FAILED {error:#}"));
                            self.failures.push(format!("{error:#}"));
                        }
                    }
                    Some(Err(error)) => self.failures.push(error.to_string()),
                    None => return,
                },
                _ = tick.tick() => self.tell(),
            }
        }
    }

    /// Waits until `enough` says so of the calls, or for at most so long.
    pub(super) async fn until(&self, within: Duration, enough: impl Fn(&[Call]) -> bool) {
        let (begun, mut told) = (Instant::now(), Instant::now());
        while begun.elapsed() < within && !self.log.look(&enough) {
            sleep(Duration::from_millis(100)).await;
            if told.elapsed() >= PROGRESS {
                self.tell();
                told = Instant::now();
            }
        }
    }

    fn tell(&self) {
        let (answered, refused, undecided, failed) = self.log.look(|calls| {
            let of = |code: &str| calls.iter().filter(|call| call.code() == Some(code)).count();
            (
                calls.iter().filter(|call| call.seen == Seen::Answered).count(),
                of(EXCEEDED),
                of("budget_unavailable"),
                calls.iter().filter(|call| service::has_failed(call)).count(),
            )
        });
        say(format!(
            "{} calls begun: {answered} answered, {refused} refused, {undecided} undecided, {failed} failed",
            self.log.begun()
        ));
    }

    /// Waits until the calls have ended by themselves.
    pub(super) async fn until_over(&mut self) {
        while let Some(ended) = self.load.join_next().await {
            let wrong = ended.map_err(anyhow::Error::from).and_then(|ended| ended).err();
            self.failures.extend(wrong.map(|error| format!("{error:#}")));
        }
    }

    /// Ends the calls.
    pub(super) async fn end(mut self) -> Over {
        self.log.stop();
        self.until_over().await;
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
