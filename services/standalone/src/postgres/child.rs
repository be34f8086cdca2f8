//! The running server: started as a child, watched until it accepts connections, stopped in steps. A server that a
//! crashed run left behind is found by its own pid file: a parent-death signal would need unsafe code.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

use super::account;
use super::cluster::Cluster;
use super::locate::Installation;
use super::{PostgresError, failed};

/// How often a state that Postgres does not announce is looked at.
const POLL: Duration = Duration::from_millis(20);

/// SIGINT is Postgres's fast shutdown (end sessions, write everything out), SIGQUIT its immediate one.
const STEPS: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(15)),
    (Signal::QUIT, Duration::from_secs(5)),
    (Signal::KILL, Duration::from_secs(5)),
];

/// A server that accepts connections.
#[derive(Debug)]
pub struct Server {
    child: Child,
    process_id: i32,
}

impl Server {
    /// Starts the server on the cluster's port and waits until it accepts connections.
    ///
    /// # Errors
    /// [`PostgresError::NotReady`] with the end of the log when it ends early or takes longer than `within`.
    pub(super) async fn start(
        installation: &Installation,
        cluster: &Cluster,
        within: Duration,
    ) -> Result<Self, PostgresError> {
        let mut server = spawn(installation, cluster)?;
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = server
                .child
                .try_wait()
                .map_err(failed("watch", &cluster.directory))?
            {
                return Err(not_ready(cluster, ended_with(status)));
            }
            if PidFile::read(&cluster.directory)
                .is_some_and(|file| file.ready && file.process_id == server.process_id)
            {
                return Ok(server);
            }
            if Instant::now() >= deadline {
                server.stop().await?;
                return Err(not_ready(
                    cluster,
                    format!("nothing after {} s", within.as_secs()),
                ));
            }
            sleep(POLL).await;
        }
    }

    pub(super) const fn process_id(&self) -> i32 {
        self.process_id
    }

    /// Resolves when the server has ended.
    pub(super) async fn ended(&mut self) {
        match self.child.wait().await {
            Ok(status) => tracing::warn!(status = %ended_with(status), "Postgres ended"),
            Err(error) => tracing::warn!(%error, "Postgres cannot be watched"),
        }
    }

    /// Stops the server, less and less politely.
    pub(super) async fn stop(mut self) -> Result<(), PostgresError> {
        for (signal, patience) in STEPS {
            send(self.process_id, signal);
            if timeout(patience, self.child.wait()).await.is_ok() {
                return Ok(());
            }
        }
        Err(PostgresError::Stale(self.process_id))
    }
}

fn spawn(installation: &Installation, cluster: &Cluster) -> Result<Server, PostgresError> {
    let program = installation.bin.join("postgres");
    let log = open_log(&cluster.log).map_err(failed("write", &cluster.log))?;
    let mut command = account::command(program.clone(), cluster.account.as_ref());
    command
        .arg("-D")
        .arg(&cluster.directory)
        .arg("-p")
        .arg(cluster.port.to_string());
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=100",
        "shared_buffers=64MB",
        "logging_collector=off",
        "log_destination=stderr",
        // The long form quotes row values, which may be personal data.
        "log_error_verbosity=terse",
    ] {
        command.arg("-c").arg(setting);
    }
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed("write", &cluster.log))?)
        .stderr(log);
    // Only for callers that panic: the regular way is `stop`.
    command.kill_on_drop(true);
    let child = command.spawn().map_err(failed("run", &program))?;
    let process_id = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .unwrap_or_default();
    Ok(Server { child, process_id })
}

/// A fresh log per start; the one before is kept.
fn open_log(path: &Path) -> std::io::Result<File> {
    if path.exists() {
        std::fs::rename(path, path.with_extension("log.previous"))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

fn not_ready(cluster: &Cluster, reason: String) -> PostgresError {
    let text = std::fs::read(&cluster.log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    PostgresError::NotReady {
        reason,
        log: lines[lines.len().saturating_sub(15)..].join("\n"),
    }
}

fn ended_with(status: ExitStatus) -> String {
    format!("it ended with {status}")
}

/// Stops a server that still runs on the folder although we have not started it. The caller holds the lock
/// of the data directory, so such a server belongs to a run that crashed.
pub(super) async fn stop_stale(directory: &Path) -> Result<(), PostgresError> {
    let Some(file) = PidFile::read(directory) else {
        return Ok(());
    };
    if !is_alive(file.process_id) {
        return Ok(());
    }
    if !serves(file.process_id, directory) {
        // The number belongs to someone else by now, and Postgres would refuse to start because of it.
        let path = PidFile::path(directory);
        return std::fs::remove_file(&path).map_err(failed("remove", &path));
    }
    tracing::info!(
        process.id = file.process_id,
        "stopping the Postgres of a run that crashed"
    );
    for (signal, patience) in STEPS {
        send(file.process_id, signal);
        let deadline = Instant::now() + patience;
        while is_alive(file.process_id) {
            if Instant::now() >= deadline {
                break;
            }
            sleep(POLL).await;
        }
        if !is_alive(file.process_id) {
            return Ok(());
        }
    }
    Err(PostgresError::Stale(file.process_id))
}

/// What Postgres writes about itself into `postmaster.pid`.
struct PidFile {
    process_id: i32,
    ready: bool,
}

impl PidFile {
    fn path(directory: &Path) -> std::path::PathBuf {
        directory.join("postmaster.pid")
    }

    fn read(directory: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(Self::path(directory)).ok()?)
    }

    /// Line 1 is the process, line 8 the state.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let process_id = lines.next()?.trim().parse().ok().filter(|id| *id > 1)?;
        let ready = lines.nth(6).is_some_and(|state| state.trim() == "ready");
        Some(Self { process_id, ready })
    }
}

/// Does this process serve that folder? A server's working directory is its folder; where the system does not show
/// that, the arguments tell.
fn serves(process_id: i32, directory: &Path) -> bool {
    if let Ok(working) = std::fs::read_link(format!("/proc/{process_id}/cwd")) {
        return working == directory;
    }
    let shown = std::process::Command::new("ps")
        .args(["-o", "args=", "-p", &process_id.to_string()])
        .output();
    shown.is_ok_and(|output| {
        let text = String::from_utf8_lossy(&output.stdout);
        text.contains("postgres") && text.contains(&*directory.to_string_lossy())
    })
}

fn is_alive(process_id: i32) -> bool {
    Pid::from_raw(process_id).is_some_and(|pid| test_kill_process(pid).is_ok())
}

/// A process that is gone needs no signal: waiting tells.
fn send(process_id: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(process_id)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(%error, process.id = process_id, "Postgres was not signalled");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_tells_process_and_state() {
        let text = "4711\n/data/postgres\n1700000000\n5432\n\n127.0.0.1\n  1 2\nready   \n";
        let file = PidFile::parse(text).unwrap();
        assert_eq!((file.process_id, file.ready), (4711, true));
        assert!(!PidFile::parse(&text.replace("ready", "starting")).unwrap().ready);
        assert!(!PidFile::parse("4711\n/data\n").unwrap().ready);
    }

    #[test]
    fn a_pid_file_that_would_signal_everyone_is_not_believed() {
        for text in ["", "-1\n", "0\n", "1\n", "postgres\n"] {
            assert!(PidFile::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_stranger_with_the_same_number_is_not_a_server_of_ours() {
        let process_id = i32::try_from(std::process::id()).unwrap();
        assert!(is_alive(process_id));
        assert!(!serves(process_id, Path::new("/nowhere/postgres")));
    }
}
