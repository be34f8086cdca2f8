//! Where the real services come from: the addresses in `REDIS_URL` and `AMQP_URL`, else private servers started
//! here when their programs are installed, else a failure that says what to do. A missing service never skips a test.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

const ADVICE: &str =
    "run the tests under `deploy/scripts/services.sh with`, which installs and starts what they need";

/// A service for one test: a shared one by address, or a private one that ends with this value.
pub(crate) enum Service<P> {
    Given(String),
    Private(P),
}

pub(crate) async fn redis() -> Service<PrivateRedis> {
    match std::env::var("REDIS_URL") {
        Ok(url) => Service::Given(url),
        Err(_) => Service::Private(PrivateRedis::start().await),
    }
}

pub(crate) async fn rabbitmq() -> Service<PrivateRabbit> {
    match std::env::var("AMQP_URL") {
        Ok(url) => Service::Given(url),
        Err(_) => Service::Private(PrivateRabbit::start().await),
    }
}

impl Service<PrivateRedis> {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Given(url) => url.clone(),
            Self::Private(server) => server.url(),
        }
    }
}

impl Service<PrivateRabbit> {
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Given(url) => url.clone(),
            Self::Private(server) => server.url(),
        }
    }
}

/// A port nobody listens on now. Asked for again when the server then fails to get it.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("its address").port()
}

fn program(name: &str, places: &[&str]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut candidates = places
        .iter()
        .map(PathBuf::from)
        .chain(std::env::split_paths(&path).map(|directory| directory.join(name)));
    candidates
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: {ADVICE}"))
}

/// Sends `signal` to a process group: some servers are a shell script around the real process.
fn signal_group(leader: u32, signal: &str) {
    let _ = Command::new("kill")
        .args([signal, "--", &format!("-{leader}")])
        .stderr(Stdio::null())
        .status();
}

struct Process(Child);

impl Process {
    fn start(command: &mut Command, log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("a log file");
        let error_log = log.try_clone().expect("a second handle");
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(error_log)
            .spawn();
        Self(child.expect("the server starts"))
    }

    fn kill(&mut self) {
        signal_group(self.0.id(), "-KILL");
        let _ = self.0.wait();
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Redis that answers once a command is on disk. (`everysec` may answer while a write waits behind a sync, and a kill
/// then takes what was answered: the spool makes up for that, and the whole-system tests show it.)
pub(crate) struct PrivateRedis {
    process: Process,
    directory: TempDir,
    port: u16,
    persistence: Persistence,
}

/// What a private Redis keeps over a restart.
#[derive(Clone, Copy)]
enum Persistence {
    /// Every command.
    Log,
    /// What it was last told to save.
    Snapshot,
}

impl PrivateRedis {
    pub(crate) async fn start() -> Self {
        Self::start_keeping(Persistence::Log).await
    }

    /// Comes back with its last snapshot.
    pub(crate) async fn start_with_snapshots() -> Self {
        Self::start_keeping(Persistence::Snapshot).await
    }

    async fn start_keeping(persistence: Persistence) -> Self {
        let directory = TempDir::new().expect("a directory");
        for _ in 0..5 {
            let port = free_port();
            let mut process = Self::launch(directory.path(), port, persistence);
            if Self::wait(&mut process, port).await {
                return Self {
                    process,
                    directory,
                    port,
                    persistence,
                };
            }
        }
        panic!(
            "redis-server does not come up; see {}",
            directory.keep().display()
        );
    }

    fn launch(directory: &Path, port: u16, persistence: Persistence) -> Process {
        let mut command = Command::new(program("redis-server", &[]));
        command.args([
            "--bind",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--daemonize",
            "no",
            "--save",
            "",
        ]);
        match persistence {
            Persistence::Log => command.args(["--appendonly", "yes", "--appendfsync", "always"]),
            Persistence::Snapshot => command.args(["--appendonly", "no"]),
        };
        command.arg("--dir").arg(directory);
        Process::start(&mut command, &directory.join("log"))
    }

    async fn wait(process: &mut Process, port: u16) -> bool {
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline && !process.has_ended() {
            if answers(port, b"PING\r\n", b"+PONG").await {
                return true;
            }
            sleep(Duration::from_millis(20)).await;
        }
        false
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    pub(crate) async fn restart(&mut self) {
        self.process = Self::launch(self.directory.path(), self.port, self.persistence);
        assert!(
            Self::wait(&mut self.process, self.port).await,
            "redis-server does not come back"
        );
    }

    /// Stops it where it is, until [`PrivateRedis::resume`].
    pub(crate) fn pause(&self) {
        signal_group(self.process.0.id(), "-STOP");
    }

    pub(crate) fn resume(&self) {
        signal_group(self.process.0.id(), "-CONT");
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }
}

/// RabbitMQ with a port mapper of its own, so that nothing outlives the test.
pub(crate) struct PrivateRabbit {
    process: Process,
    _port_mapper: Process,
    directory: TempDir,
    ports: RabbitPorts,
}

#[derive(Clone, Copy)]
struct RabbitPorts {
    amqp: u16,
    distribution: u16,
    mapper: u16,
}

impl PrivateRabbit {
    pub(crate) async fn start() -> Self {
        let directory = TempDir::new().expect("a directory");
        for _ in 0..3 {
            let ports = RabbitPorts {
                amqp: free_port(),
                distribution: free_port(),
                mapper: free_port(),
            };
            let mut mapper = Command::new(program("epmd", &[]));
            mapper.args(["-address", "127.0.0.1", "-port", &ports.mapper.to_string()]);
            let port_mapper = Process::start(&mut mapper, &directory.path().join("epmd.log"));
            let mut process = Self::launch(directory.path(), ports);
            if Self::wait(&mut process, ports.amqp).await {
                return Self {
                    process,
                    _port_mapper: port_mapper,
                    directory,
                    ports,
                };
            }
        }
        panic!(
            "rabbitmq-server does not come up; see {}",
            directory.keep().display()
        );
    }

    fn launch(directory: &Path, ports: RabbitPorts) -> Process {
        let config = directory.join("rabbitmq.conf");
        let settings = format!(
            "listeners.tcp.1 = 127.0.0.1:{}\ndisk_free_limit.absolute = 50MB\nlog.console = false\n",
            ports.amqp
        );
        std::fs::write(&config, settings).expect("a config file");
        std::fs::write(directory.join("plugins"), "[].").expect("a plugins file");
        // The program in the search path is a wrapper that insists on its own user and directories.
        let places = [
            "/usr/lib/rabbitmq/bin/rabbitmq-server",
            "/opt/rabbitmq/sbin/rabbitmq-server",
        ];
        let mut command = Command::new(program("rabbitmq-server", &places));
        command
            .current_dir(directory)
            .env("HOME", directory)
            .env("LANG", "C.UTF-8")
            .env("ERL_EPMD_PORT", ports.mapper.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("test{}@localhost", ports.amqp))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", ports.amqp.to_string())
            .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
            .env("RABBITMQ_MNESIA_BASE", directory.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", directory.join("logs"))
            .env("RABBITMQ_PID_FILE", directory.join("pid"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_CONFIG_FILE", &config)
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", directory.join("plugins"))
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
            );
        Process::start(&mut command, &directory.join("log"))
    }

    /// Generous: a busy machine needs most of a minute.
    async fn wait(process: &mut Process, port: u16) -> bool {
        let deadline = Instant::now() + Duration::from_secs(180);
        while Instant::now() < deadline && !process.has_ended() {
            // A server that serves answers the protocol header with a method frame, whose first byte is 1.
            if answers(port, b"AMQP\x00\x00\x09\x01", &[1]).await {
                return true;
            }
            sleep(Duration::from_millis(100)).await;
        }
        false
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    pub(crate) async fn restart(&mut self) {
        self.process = Self::launch(self.directory.path(), self.ports);
        assert!(
            Self::wait(&mut self.process, self.ports.amqp).await,
            "rabbitmq-server does not come back"
        );
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.ports.amqp)
    }
}

async fn answers(port: u16, question: &[u8], answer: &[u8]) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(question).await.ok()?;
        let mut start = vec![0; answer.len()];
        stream.read_exact(&mut start).await.ok()?;
        (start == answer).then_some(())
    };
    let answered = tokio::time::timeout(Duration::from_secs(2), exchange).await;
    matches!(answered, Ok(Some(())))
}
