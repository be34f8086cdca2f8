//! Postgres, RabbitMQ and Redis of this test alone, in the durable profile: what the verdict of a fault test rests on.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

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

/// The running services.
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
    pub(crate) fn start() -> Self {
        let script = super::repository().join("deploy/scripts/services.sh");
        // Ends with this process, however that ends; the script then stops the servers.
        let hold = format!(
            "echo $SLUICEGATE_TEST_SERVICES_DIR $DATABASE_URL $REDIS_URL $AMQP_URL; while kill -0 {}; do sleep 0.5; done",
            std::process::id()
        );
        let mut keeper = Command::new(&script)
            .args(["with", "--durable", "sh", "-c", &hold])
            // Given servers are shared with other tests and cannot be killed.
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .env_remove("AMQP_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let line = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains("postgres://"));
        let Some(line) = line else {
            panic!("the services did not start: {:?}", keeper.wait());
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let [folder, database_url, redis_url, amqp_url] = words[..] else {
            panic!("the services were announced in another form than expected");
        };
        Self {
            script,
            folder: folder.to_owned(),
            database_url: database_url.to_owned(),
            redis_url: redis_url.to_owned(),
            amqp_url: amqp_url.to_owned(),
            keeper,
        }
    }

    /// kill -9.
    pub(crate) async fn kill(&self, service: Service) {
        self.run("kill", service).await;
    }

    /// Starts it again over the same data and waits until it serves.
    pub(crate) async fn revive(&self, service: Service) {
        self.run("revive", service).await;
    }

    async fn run(&self, verb: &str, service: Service) {
        // Not piped: a revived server would keep the pipe open.
        let status = tokio::process::Command::new(&self.script)
            .args([verb, &self.folder, service.name()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .await
            .unwrap();
        assert!(status.success(), "{verb} {}: {status}", service.name());
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.keeper.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.keeper.wait();
    }
}
