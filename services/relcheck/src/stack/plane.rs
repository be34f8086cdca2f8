//! A control plane or a worker as a process: started, struck, and started again with the same settings.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::Signal;
use tokio::process::Command;
use tokio::time::sleep;

use super::process::{Process, binary, free_addresses};

/// What keeps processes running starts one that ended by itself again after this.
const START_AGAIN: Duration = Duration::from_millis(300);
/// Starts before the run is given up.
const STARTS: u32 = 100;
/// Longer than the drain of either plane.
const STOPS_WITHIN: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub(crate) struct Plane {
    name: String,
    binary: PathBuf,
    settings: Vec<(&'static str, String)>,
    folder: PathBuf,
    http: reqwest::Client,
    admin: SocketAddr,
    /// Where it serves.
    pub(crate) address: SocketAddr,
    process: Option<Process>,
}

impl Plane {
    /// Not started yet.
    pub(crate) fn new(
        name: String,
        program: &str,
        folder: &Path,
        http: reqwest::Client,
        settings: Vec<(&'static str, String)>,
    ) -> anyhow::Result<Self> {
        let [address, admin] = free_addresses()?;
        let mut settings = settings;
        settings.push(("SLUICEGATE_HTTP__LISTEN", address.to_string()));
        settings.push(("SLUICEGATE_ADMIN__LISTEN", admin.to_string()));
        Ok(Self {
            name,
            binary: binary(program)?,
            settings,
            folder: folder.to_owned(),
            http,
            admin,
            address,
            process: None,
        })
    }

    /// Starts it, again when it ends before it is ready, and waits until it is.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let url = format!("http://{}/readyz", self.admin);
        for _ in 0..STARTS {
            let mut process = Process::start(&self.name, &self.folder, self.command("serve"))?;
            let ended = process.until_ready(&self.http, &url).await?;
            if ended.is_none() {
                self.process = Some(process);
                return Ok(());
            }
            sleep(START_AGAIN).await;
        }
        bail!("{} does not start: see its log", self.name);
    }

    /// Runs another verb of the binary to its end.
    pub(crate) async fn finish(&self, verb: &str) -> anyhow::Result<()> {
        Process::finish(verb, &self.folder, self.command(verb)).await
    }

    /// kill -9.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().context("it runs")?.kill().await
    }

    /// Asks it to stop and insists that it does so well and in time.
    pub(crate) async fn terminate(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().context("it runs")?;
        process.signal(Signal::TERM)?;
        match process.ended(STOPS_WITHIN).await? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("{} stopped with {status}\n{}", self.name, process.log_tail()),
            None => bail!(
                "{} did not stop in {STOPS_WITHIN:?}\n{}",
                self.name,
                process.log_tail()
            ),
        }
    }

    /// Stops it for a while, or lets it go on.
    pub(crate) fn pause(&self, is_paused: bool) -> anyhow::Result<()> {
        let signal = if is_paused { Signal::STOP } else { Signal::CONT };
        self.process.as_ref().context("it runs")?.signal(signal)
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_alive)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg(verb).envs(self.settings.iter().cloned());
        command
    }
}
