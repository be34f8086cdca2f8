//! `sluicegate-routing-sim`: runs scenarios of endpoint selection in virtual time and prints how each policy fared.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;

use sluicegate_routing_sim::report::{Row, figures, measure, regrets};
use sluicegate_routing_sim::scenario::{BUILT_IN, Scenario, parse};

/// Runs scenarios of endpoint selection in virtual time.
#[derive(Debug, Parser)]
struct Cli {
    /// Scenario files of format 1; none: those that come with the program.
    files: Vec<PathBuf>,
    /// Only scenarios whose name contains one of these.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only these policies, and the oracle.
    #[arg(long, value_delimiter = ',')]
    policies: Vec<String>,
    /// Seeds to take the mean over. The engine's constants were chosen on 1 to 8.
    #[arg(long, value_delimiter = ',', default_value = "11,12")]
    seeds: Vec<u64>,
    /// Requests of each run; as many as the scenario says, if not given.
    #[arg(long)]
    requests: Option<u64>,
    /// Lists the endpoints of each scenario in another order, which changes their luck too.
    #[arg(long)]
    permuted: bool,
    /// Writes the tables to this file too.
    #[arg(long)]
    markdown: Option<PathBuf>,
}

fn scenarios(cli: &Cli) -> anyhow::Result<Vec<Scenario>> {
    let texts: Vec<(String, String)> = if cli.files.is_empty() {
        BUILT_IN
            .iter()
            .map(|it| (it.0.to_owned(), it.1.to_owned()))
            .collect()
    } else {
        let read = |path: &PathBuf| {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((path.display().to_string(), text))
        };
        cli.files.iter().map(read).collect::<anyhow::Result<_>>()?
    };
    let mut found = Vec::new();
    for (source, text) in texts {
        let mut scenario = parse(&text).with_context(|| format!("{source} is no scenario of format 1"))?;
        if cli.permuted {
            scenario.endpoints.reverse();
        }
        if cli.only.is_empty() || cli.only.iter().any(|part| scenario.name.contains(part)) {
            found.push(scenario);
        }
    }
    anyhow::ensure!(!found.is_empty(), "no scenario has such a name");
    Ok(found)
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let wanted = |policy: &str| cli.policies.is_empty() || cli.policies.iter().any(|it| it == policy);
    let mut rows: Vec<Row> = Vec::new();
    for scenario in scenarios(&cli)? {
        let began = Instant::now();
        let requests = cli.requests.unwrap_or(scenario.workload.requests);
        rows.push(measure(&scenario, &wanted, &cli.seeds, requests));
        writeln!(
            std::io::stderr(),
            "{}: {:.1} s",
            scenario.name,
            began.elapsed().as_secs_f64()
        )?;
    }
    let text = format!("{}\n{}", regrets(&rows), figures(&rows));
    write!(std::io::stdout(), "{text}")?;
    if let Some(path) = cli.markdown {
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
