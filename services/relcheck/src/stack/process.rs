//! A child process with its log in a file. Killed when dropped.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Between two looks whether something is ready.
const LOOK: Duration = Duration::from_millis(25);
/// How long a part may take to become ready on a machine that is busy with other things.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running binary.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// A binary beside this one.
pub(crate) fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    ensure!(
        path.exists(),
        "{} is missing: build it first (deploy/scripts/relcheck.sh does)",
        path.display()
    );
    Ok(path)
}

/// Addresses nobody listens on, below the range from which outgoing connections take their ports.
pub(crate) fn free_addresses<const N: usize>() -> anyhow::Result<[SocketAddr; N]> {
    // Held together, so that no two are the same.
    let mut held = Vec::new();
    while held.len() < N {
        held.extend(TcpListener::bind(("127.0.0.1", rand::random_range(20_000..32_000))).ok());
    }
    let addresses: Vec<SocketAddr> = held
        .iter()
        .map(TcpListener::local_addr)
        .collect::<Result<_, _>>()?;
    addresses.try_into().ok().context("as many addresses as wanted")
}

impl Process {
    /// Starts `command` with its output appended to `folder/name.log`.
    pub(crate) fn start(name: &str, folder: &Path, mut command: Command) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let name = name.to_owned();
        Ok(Self { name, child, log })
    }

    /// Runs `command` to its end and insists on success.
    pub(crate) async fn finish(name: &str, folder: &Path, command: Command) -> anyhow::Result<()> {
        let mut process = Self::start(name, folder, command)?;
        let status = process.child.wait().await?;
        ensure!(status.success(), "{name}: {status}\n{}", process.log_tail());
        Ok(())
    }

    /// Waits until a URL answers with success; the exit status when the process ends before.
    pub(crate) async fn until_ready(
        &mut self,
        http: &reqwest::Client,
        url: &str,
    ) -> anyhow::Result<Option<ExitStatus>> {
        let begun = Instant::now();
        loop {
            let answer = http.get(url).timeout(Duration::from_secs(2)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(None);
            }
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if begun.elapsed() > READY_WITHIN {
                bail!("{} is not ready\n{}", self.name, self.log_tail());
            }
            sleep(LOOK).await;
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = self.child.id().context("the process has ended")?;
        let pid = Pid::from_raw(i32::try_from(id)?).context("a process has a number")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Waits for the end; `None` when it does not come in time.
    pub(crate) async fn ended(&mut self, within: Duration) -> anyhow::Result<Option<ExitStatus>> {
        match timeout(within, self.child.wait()).await {
            Ok(status) => Ok(Some(status?)),
            Err(_) => Ok(None),
        }
    }

    /// kill -9.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The end of what it has said.
    pub(crate) fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n")
    }
}
