//! Which fault strikes whom, when and for how long: a pure function of the seed and of how large the deployment is, so
//! that a run can be repeated. A part is not struck again before it has had time to come back.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::bail;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::options::{Also, Kills};

/// Whom a kill may hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Worker,
    /// The ingester and the keeper of budgets are in it.
    ControlPlane,
    Redis,
    Postgres,
    RabbitMq,
    Provider,
}

/// What may happen beside kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Redis forgets everything and goes on.
    Flush,
    /// Redis starts again with what it knew some seconds ago.
    Restore,
    /// A part stands still for a while.
    Pause,
    /// A worker stands still for longer than any of its leases lasts.
    Stop,
    /// A part is asked to stop, and started again.
    Terminate,
    /// The way between two parts is slow, silent or cut.
    Link,
    /// What a worker spends stays off the books; then it falls silent, and Redis forgets.
    Ambush,
}

/// One part of the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Worker(usize),
    ControlPlane(usize),
    Redis,
    Postgres,
    RabbitMq,
    Provider,
}

/// What becomes of the bytes between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Each piece comes so much later.
    Delay(Duration),
    /// Nothing passes, and nobody is told.
    Stall,
    /// Connections break, and none can be made.
    Cut,
}

/// What strikes a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill,
    Terminate,
    Pause,
    Flush,
    Restore,
    /// See [`Kind::Ambush`].
    Ambush,
    /// On its way to this one; on everybody's way to it when it is the part itself.
    Link(Part, Trouble),
}

/// A fault with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) at: Duration,
    pub(crate) part: Part,
    pub(crate) fault: Fault,
    /// Until it is repaired.
    pub(crate) lasting: Duration,
}

/// How many of each part there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) workers: usize,
    pub(crate) control_planes: usize,
}

/// From the start of the load to the first strike.
const FIRST: Duration = Duration::from_secs(2);
/// What a part gets for coming back.
const RECOVERY: Duration = Duration::from_secs(3);
/// Money that a worker has idle is let go of after ten seconds without a call.
const LONG_STOP: Duration = Duration::from_secs(13);

impl Target {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Worker,
        Self::ControlPlane,
        Self::Redis,
        Self::Postgres,
        Self::RabbitMq,
        Self::Provider,
    ];

    /// The parts of this name.
    pub(crate) fn parts(self, size: Size) -> Vec<Part> {
        match self {
            Self::Worker => (0..size.workers).map(Part::Worker).collect(),
            Self::ControlPlane => (0..size.control_planes).map(Part::ControlPlane).collect(),
            Self::Redis => vec![Part::Redis],
            Self::Postgres => vec![Part::Postgres],
            Self::RabbitMq => vec![Part::RabbitMq],
            Self::Provider => vec![Part::Provider],
        }
    }
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Flush,
        Self::Restore,
        Self::Pause,
        Self::Stop,
        Self::Terminate,
        Self::Link,
        Self::Ambush,
    ];
}

/// The strikes of a run, in order.
pub(crate) fn strikes(
    seed: u64,
    size: Size,
    kills: Option<&Kills>,
    also: Option<&Also>,
    within: Duration,
) -> Vec<Strike> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut due: Vec<(Duration, Option<Kind>)> = Vec::new();
    // Each kind in turn, from a random one on, so that a short run has many of them.
    if let Some(kills) = kills {
        due.extend(times(kills.every, within).map(|at| (at, None)));
    }
    if let Some(also) = also {
        let first = random.random_range(0..also.kinds.len().max(1));
        let kinds = also.kinds.iter().cycle().skip(first);
        due.extend(
            times(also.every, within)
                .zip(kinds)
                .map(|(at, kind)| (at, Some(*kind))),
        );
    }
    due.sort_by_key(|(at, _)| *at);
    let targets = kills.map_or(&[][..], |kills| &kills.targets);
    let mut busy: BTreeMap<Part, Duration> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, kind) in due {
        let mut drawn = || match kind {
            None => kill(&mut random, size, targets),
            Some(kind) => Some(other(&mut random, size, kind)),
        };
        // Another draw when the part is still coming back; a strike that finds nobody ready is left out.
        let ready = |part: &Part| busy.get(part).is_none_or(|until| *until <= at);
        let chosen = (0..8).filter_map(|_| drawn()).find(|(part, ..)| ready(part));
        if let Some((part, fault, lasting)) = chosen {
            busy.insert(part, at + lasting + RECOVERY);
            found.push(Strike {
                at,
                part,
                fault,
                lasting,
            });
        }
    }
    found
}

fn times(every: Duration, within: Duration) -> impl Iterator<Item = Duration> {
    (0..)
        .map(move |number| FIRST + every * number)
        .take_while(move |at| *at < within)
}

fn kill(random: &mut StdRng, size: Size, targets: &[Target]) -> Option<(Part, Fault, Duration)> {
    let part = *targets.choose(random)?.parts(size).choose(random)?;
    Some((
        part,
        Fault::Kill,
        Duration::from_millis(random.random_range(200..2_000)),
    ))
}

fn other(random: &mut StdRng, size: Size, kind: Kind) -> (Part, Fault, Duration) {
    let worker = Part::Worker(random.random_range(0..size.workers.max(1)));
    let control_plane = Part::ControlPlane(random.random_range(0..size.control_planes.max(1)));
    let moment = Duration::from_millis(random.random_range(500..3_000));
    match kind {
        Kind::Flush => (Part::Redis, Fault::Flush, Duration::ZERO),
        Kind::Restore => (Part::Redis, Fault::Restore, moment),
        Kind::Stop => (worker, Fault::Pause, LONG_STOP),
        Kind::Ambush => (worker, Fault::Ambush, LONG_STOP),
        Kind::Pause => {
            let all = [
                Part::Redis,
                Part::Redis,
                Part::Postgres,
                Part::RabbitMq,
                Part::Provider,
                worker,
                control_plane,
            ];
            (*all.choose(random).unwrap_or(&worker), Fault::Pause, moment)
        }
        Kind::Terminate => {
            let all = [
                worker,
                worker,
                control_plane,
                Part::Redis,
                Part::Postgres,
                Part::Provider,
            ];
            (*all.choose(random).unwrap_or(&worker), Fault::Terminate, moment)
        }
        Kind::Link => {
            // The way to the provider is only slowed down: what a provider bills beyond a cut, nobody can know.
            let links = [
                (worker, Part::Redis),
                (worker, Part::Redis),
                (worker, Part::RabbitMq),
                (worker, control_plane),
                (control_plane, Part::Redis),
                (control_plane, Part::Postgres),
                (control_plane, Part::RabbitMq),
                (Part::Provider, Part::Provider),
            ];
            let (from, to) = *links.choose(random).unwrap_or(&(worker, Part::Redis));
            let delay = Trouble::Delay(Duration::from_millis(random.random_range(20..400)));
            let trouble = match random.random_range(0..3) {
                0 if to != Part::Provider => Trouble::Stall,
                1 if to != Part::Provider => Trouble::Cut,
                _ => delay,
            };
            (from, Fault::Link(to, trouble), moment)
        }
    }
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "worker" => Self::Worker,
            "control-plane" | "ingester" | "api" => Self::ControlPlane,
            "redis" => Self::Redis,
            "postgres" => Self::Postgres,
            "rabbitmq" => Self::RabbitMq,
            "provider" => Self::Provider,
            _ => bail!(
                "there are: worker, ingester (also control-plane, api), redis, postgres, rabbitmq, provider"
            ),
        })
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Ok(match text {
            "flush" => Self::Flush,
            "restore" => Self::Restore,
            "pause" => Self::Pause,
            "stop" => Self::Stop,
            "terminate" => Self::Terminate,
            "link" => Self::Link,
            "ambush" => Self::Ambush,
            _ => bail!("there are: flush, restore, pause, stop, terminate, link, ambush"),
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worker(index) => write!(f, "worker-{}", index + 1),
            Self::ControlPlane(index) => write!(f, "control-plane-{}", index + 1),
            Self::Redis => f.write_str("redis"),
            Self::Postgres => f.write_str("postgres"),
            Self::RabbitMq => f.write_str("rabbitmq"),
            Self::Provider => f.write_str("provider"),
        }
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, lasting) = (self.part, self.lasting.as_secs_f64());
        let from = |to: Part| {
            if part == to {
                "everybody".to_owned()
            } else {
                part.to_string()
            }
        };
        match self.fault {
            Fault::Kill => write!(f, "kill -9 {part}, away for {lasting:.1} s"),
            Fault::Terminate => write!(f, "SIGTERM to {part}, away for {lasting:.1} s"),
            Fault::Pause => write!(f, "SIGSTOP to {part} for {lasting:.1} s"),
            Fault::Flush => write!(f, "{part} forgets everything"),
            Fault::Ambush => {
                write!(
                    f,
                    "{part} spends off the books, is silent for {lasting:.1} s, and redis forgets"
                )
            }
            Fault::Restore => write!(f, "{part} starts again from an old file, away for {lasting:.1} s"),
            Fault::Link(to, Trouble::Delay(by)) => {
                let by = by.as_millis();
                write!(f, "{} → {to} is {by} ms late for {lasting:.1} s", from(to))
            }
            Fault::Link(to, Trouble::Stall) => write!(f, "{} → {to} is silent for {lasting:.1} s", from(to)),
            Fault::Link(to, Trouble::Cut) => write!(f, "{} → {to} is cut for {lasting:.1} s", from(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        workers: 4,
        control_planes: 2,
    };
    const MINUTE: Duration = Duration::from_secs(60);

    fn drawn(seed: u64) -> Vec<Strike> {
        let (kills, also) = ("any:2s".parse().unwrap(), "all:3s".parse().unwrap());
        strikes(seed, SIZE, Some(&kills), Some(&also), MINUTE)
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn strikes_are_in_order_and_a_part_may_come_back_before_the_next() {
        for seed in 0..200 {
            let strikes = drawn(seed);
            assert!(strikes.len() > 30, "seed {seed}: only {}", strikes.len());
            let mut busy: BTreeMap<Part, Duration> = BTreeMap::new();
            for strike in &strikes {
                let until = busy.insert(strike.part, strike.at + strike.lasting + RECOVERY);
                assert!(
                    until.is_none_or(|until| until <= strike.at),
                    "seed {seed}: {strike}"
                );
            }
            assert!(strikes.is_sorted_by_key(|strike| strike.at));
        }
    }

    #[test]
    fn every_fault_is_drawn_and_the_provider_s_answers_always_arrive() {
        let all: Vec<Strike> = (0..50).flat_map(drawn).collect();
        let has = |wanted: &dyn Fn(&Strike) -> bool| all.iter().any(wanted);
        for part in Target::ALL.iter().flat_map(|target| target.parts(SIZE)) {
            assert!(
                has(&|strike| strike.part == part && strike.fault == Fault::Kill),
                "{part}"
            );
        }
        assert!(has(&|strike| strike.fault == Fault::Flush));
        assert!(has(&|strike| strike.fault == Fault::Restore));
        assert!(has(&|strike| strike.fault == Fault::Terminate));
        assert!(has(&|strike| strike.fault == Fault::Ambush));
        assert!(has(
            &|strike| matches!(strike.part, Part::Worker(_)) && strike.lasting == LONG_STOP
        ));
        for trouble in [Trouble::Stall, Trouble::Cut] {
            assert!(has(&|strike| strike.fault == Fault::Link(Part::Redis, trouble)));
            assert!(!has(
                &|strike| strike.fault == Fault::Link(Part::Provider, trouble)
            ));
        }
    }

    #[test]
    fn without_kinds_nothing_else_happens() {
        let kills = "redis:5s".parse().unwrap();
        let strikes = strikes(1, SIZE, Some(&kills), None, MINUTE);
        assert_eq!(strikes.len(), 12);
        assert!(
            strikes
                .iter()
                .all(|strike| (strike.part, strike.fault) == (Part::Redis, Fault::Kill))
        );
    }
}
