//! Postgres, RabbitMQ and Redis of this run alone, in the durable profile, kept by deploy/scripts/services.sh.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Postgres,
    RabbitMq,
    Redis,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::RabbitMq => "rabbitmq",
            Self::Redis => "redis",
        }
    }
}

/// The running servers. Stopped when dropped.
#[derive(Debug)]
pub(crate) struct Services {
    script: PathBuf,
    keeper: Child,
    folder: String,
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
    pub(crate) amqp_url: String,
}

impl Services {
    /// Starts all three and waits until they serve.
    pub(crate) async fn start(repository: &Path) -> anyhow::Result<Self> {
        let script = repository.join("deploy/scripts/services.sh");
        ensure!(
            script.exists(),
            "{} is missing: run this in the repository",
            script.display()
        );
        // Ends with this process, however that ends; the script then stops the servers.
        let hold = format!(
            "echo $SLUICEGATE_TEST_SERVICES_DIR $DATABASE_URL $REDIS_URL $AMQP_URL; while kill -0 {}; do sleep 0.5; done",
            std::process::id()
        );
        let mut keeper = Command::new(&script)
            .args(["with", "--durable", "sh", "-c", &hold])
            // Given servers are shared with others and cannot be killed.
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .env_remove("AMQP_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Ctrl-C reaches this process, which then stops things in order.
            .process_group(0)
            .spawn()?;
        let output = keeper.stdout.take().context("the output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let line = loop {
            match lines.next_line().await? {
                Some(line) if line.contains("postgres://") => break line,
                Some(_) => {}
                None => bail!("the servers did not start"),
            }
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let [folder, database_url, redis_url, amqp_url] = words[..] else {
            bail!("the servers were announced in another form than expected");
        };
        Ok(Self {
            script,
            folder: folder.to_owned(),
            database_url: database_url.to_owned(),
            redis_url: redis_url.to_owned(),
            amqp_url: amqp_url.to_owned(),
            keeper,
        })
    }

    /// kill -9.
    pub(crate) async fn kill(&self, service: Service) -> anyhow::Result<()> {
        self.run(&["kill", &self.folder, service.name()]).await
    }

    /// Starts it again over the same data and waits until it serves.
    pub(crate) async fn revive(&self, service: Service) -> anyhow::Result<()> {
        self.run(&["revive", &self.folder, service.name()]).await
    }

    /// Stops it for a while, or lets it go on.
    pub(crate) async fn pause(&self, service: Service, is_paused: bool) -> anyhow::Result<()> {
        let verb = if is_paused { "pause" } else { "resume" };
        self.run(&[verb, &self.folder, service.name()]).await
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn halt(&self, service: Service) -> anyhow::Result<()> {
        self.run(&["halt", &self.folder, service.name()]).await
    }

    async fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        // Not piped: a revived server would keep the pipe open.
        let status = Command::new(&self.script)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await?;
        ensure!(status.success(), "services.sh {}: {status}", words.join(" "));
        Ok(())
    }

    /// Stops all of them.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.end();
        self.keeper.wait().await?;
        Ok(())
    }

    fn end(&self) {
        let pid = self.keeper.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // The script stops the servers by itself; nobody waits here.
        self.end();
    }
}
