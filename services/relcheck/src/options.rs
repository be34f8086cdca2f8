//! The command line: what to run, and how hard.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};

use crate::schedule::{Kind, Target};

/// Breaks a deployment on a schedule and judges from outside whether its promises held.
#[derive(Debug, Parser)]
#[command(name = "relcheck", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Where the folders of failed runs are kept.
    #[arg(long, global = true, default_value = ".sluicegate/relcheck")]
    pub(crate) logs: PathBuf,
    /// Keeps the folders of runs that passed, too.
    #[arg(long, global = true)]
    pub(crate) keep: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Spends budgets of four levels to the end while parts are killed: never too much, never refused falsely.
    Hammer(Hammer),
    /// Makes many calls while parts are killed: every billed call is recorded once, to the nano-dollar.
    Storm(Storm),
    /// Takes parts away for long: calls of known keys go on.
    Outage(Outage),
    /// Plays a scenario of endpoint selection against real workers, beside what the engine makes of it in virtual time.
    Routing(Routing),
    /// A small hammer, a small storm and a small scenario with fixed seeds, of about a minute and a half: what `./justw test` runs.
    Short,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Shape {
    /// Workers.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub(crate) workers: u16,
    /// Control planes; workers are shared out among them.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4))]
    pub(crate) control_planes: u16,
    /// Connections of callers; each call takes one in turn.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) clients: u16,
    /// Calls a second, begun whether or not earlier ones have ended.
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: u32,
    /// Decides about every strike and every call.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// So many runs, with seeds counted on from the first.
    #[arg(long, default_value_t = 1)]
    pub(crate) seeds: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Hammer {
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// The limit that is spent at each level.
    #[arg(long, default_value = "1USD")]
    pub(crate) limit: Dollars,
    /// How long faults strike. Calls go on until each budget has been refused afterwards.
    #[arg(long, default_value_t = 60)]
    pub(crate) secs: u64,
    /// Who is killed with -9, and how often.
    #[arg(long, default_value = "any:5s")]
    pub(crate) kill: Kills,
    /// What else happens, and how often: `flush`, `restore`, `pause`, `stop`, `terminate`, `link`, `ambush`, or
    /// `all`.
    #[arg(long)]
    pub(crate) also: Option<Also>,
    /// From the end of the calls until nothing is held any more.
    #[arg(long, default_value_t = 10)]
    pub(crate) quiet_secs: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Storm {
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// Calls to make.
    #[arg(long, default_value_t = 50_000)]
    pub(crate) calls: u64,
    /// Who is killed with -9, and how often.
    #[arg(long, default_value = "worker,ingester,redis:5s")]
    pub(crate) kill: Kills,
    /// What else happens, and how often.
    #[arg(long)]
    pub(crate) also: Option<Also>,
    /// From the end of the calls until every record has to be there.
    #[arg(long, default_value_t = 60)]
    pub(crate) quiet_secs: u64,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Outage {
    #[command(flatten)]
    pub(crate) shape: Shape,
    /// What is away: `redis`, `postgres`, `rabbitmq`, `api`, or several.
    #[arg(long, default_value = "redis", value_delimiter = ',')]
    pub(crate) kill: Vec<Target>,
    /// For how long.
    #[arg(long = "for", default_value = "120s", value_parser = duration)]
    pub(crate) lasting: Duration,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Routing {
    /// The scenario, as in services/routing-sim/scenarios; or `trouble`.
    #[arg(default_value = "s03_brownout")]
    pub(crate) scenario: String,
    /// Requests a second, begun whether or not earlier ones have ended.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rate: u32,
    /// How long it lasts; times of the scenario are shortened to it.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    pub(crate) secs: u64,
    /// Workers.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub(crate) workers: u16,
    /// Decides about arrivals and the luck of every call.
    #[arg(long, default_value_t = 21)]
    pub(crate) seed: u64,
}

/// An amount of money, in nano-dollars: `1USD`, `0.25USD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dollars(pub(crate) u64);

/// `any:5s`, `worker,redis:2s`: each time one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kills {
    pub(crate) targets: Vec<Target>,
    pub(crate) every: Duration,
}

/// `all:7s`, `flush,pause:3s`: each time one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Also {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) every: Duration,
}

fn duration(text: &str) -> anyhow::Result<Duration> {
    let (digits, unit) = text.split_at(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len());
    let amount: u64 = digits
        .parse()
        .context("a duration is a number and a unit: 500ms, 5s")?;
    let length = match unit {
        "ms" => Duration::from_millis(amount),
        "s" => Duration::from_secs(amount),
        _ => bail!("a duration ends in ms or s"),
    };
    if length.is_zero() {
        bail!("a duration is longer than nothing");
    }
    Ok(length)
}

/// Names and a duration, apart.
fn every<T: FromStr<Err = anyhow::Error>>(text: &str) -> anyhow::Result<(Vec<T>, Duration)> {
    let (names, every) = text.split_once(':').context("wanted: NAME,NAME:DURATION")?;
    let names = names.split(',').map(str::parse).collect::<anyhow::Result<_>>()?;
    Ok((names, duration(every)?))
}

impl FromStr for Dollars {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let amount = text.strip_suffix("USD").context("an amount ends in USD")?;
        let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
        if decimals.len() > 9 {
            bail!("an amount has at most nine decimals");
        }
        let nanos: u64 = format!("{whole}{decimals:0<9}").parse()?;
        if !(100_000_000..=1_000_000_000_000).contains(&nanos) {
            bail!("between 0.1USD and 1000USD, so that one call is a small part of it");
        }
        Ok(Self(nanos))
    }
}

impl FromStr for Kills {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (names, every) = text.split_once(':').context("wanted: NAME,NAME:DURATION")?;
        let targets = if names == "any" {
            Target::ALL.to_vec()
        } else {
            names.split(',').map(str::parse).collect::<anyhow::Result<_>>()?
        };
        let every = duration(every)?;
        Ok(Self { targets, every })
    }
}

impl FromStr for Also {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text.split_once(':') {
            Some(("all", rest)) => Ok(Self {
                kinds: Kind::ALL.to_vec(),
                every: duration(rest)?,
            }),
            Some(_) | None => every(text).map(|(kinds, every)| Self { kinds, every }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_durations_and_lists_are_read() {
        assert_eq!("1USD".parse::<Dollars>().unwrap(), Dollars(1_000_000_000));
        assert_eq!("0.25USD".parse::<Dollars>().unwrap(), Dollars(250_000_000));
        assert!("1".parse::<Dollars>().is_err() && "0.01USD".parse::<Dollars>().is_err());
        let kills: Kills = "worker,ingester,redis:500ms".parse().unwrap();
        assert_eq!(kills.every, Duration::from_millis(500));
        assert_eq!(
            kills.targets,
            [Target::Worker, Target::ControlPlane, Target::Redis]
        );
        assert_eq!("any:5s".parse::<Kills>().unwrap().targets, Target::ALL);
        assert_eq!("all:7s".parse::<Also>().unwrap().kinds, Kind::ALL);
        assert_eq!(
            "flush,link:7s".parse::<Also>().unwrap().kinds,
            [Kind::Flush, Kind::Link]
        );
        for wrong in ["any", "any:5", "any:0s", "nobody:5s"] {
            assert!(wrong.parse::<Kills>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_commands_of_the_documentation_parse() {
        for line in [
            "relcheck hammer --workers 4 --clients 64 --limit 1USD --secs 60 --kill any:5s --also all:7s --seeds 20",
            "relcheck storm --calls 50000 --kill worker,ingester,redis:5s",
            "relcheck outage --kill redis --for 120s",
            "relcheck outage --kill api,postgres,rabbitmq --for 300s --rate 100",
            "relcheck routing s03_brownout --rate 50 --secs 60 --workers 2",
            "relcheck short",
        ] {
            let words = line.split(' ');
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
