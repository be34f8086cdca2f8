//! The distributed deployment: one control plane, two workers and the mock provider, each a process of its own, over
//! durable services.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::mock::Mock;
use super::process::{Process, binary, free_ports};
use super::services::Services;

const MASTER_KEY: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// How long workers bear the silence of a provider. Short, so that a test sees it end; long, so that a provider that
/// only waits for a busy machine is not taken for a silent one.
const IDLE_TIMEOUT_MS: &str = "5000";

/// How many workers a stack has.
pub(crate) const WORKERS: usize = 2;

/// A plane's process that can be killed and started again with the same settings.
#[derive(Debug)]
pub(crate) struct Plane {
    name: String,
    binary: &'static str,
    settings: Vec<(&'static str, String)>,
    folder: PathBuf,
    admin: String,
    /// Where it serves (scheme, host, port).
    pub(crate) url: String,
    process: Option<Process>,
}

/// A running stack.
#[derive(Debug)]
pub(crate) struct Stack {
    // In the order of dropping: who uses something goes before it.
    pub(crate) workers: [Plane; WORKERS],
    pub(crate) control_plane: Plane,
    pub(crate) mock: Mock,
    pub(crate) services: Services,
    _folder: TempDir,
    _turn: super::Turn,
}

impl Plane {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(&mut self) {
        self.launch();
        let url = format!("{}/readyz", self.admin);
        self.process.as_mut().unwrap().until_ready(&url).await;
    }

    /// Starts it without waiting.
    pub(crate) fn launch(&mut self) {
        assert!(self.process.is_none(), "{} runs already", self.name);
        let mut command = self.command("serve");
        self.process = Some(Process::start(&self.name, &self.folder, &mut command));
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Whether it runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_alive)
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(binary(self.binary));
        command.arg(verb).envs(self.settings.iter().cloned());
        command
    }

    fn new(name: String, binary: &'static str, folder: &Path, services: &Services, ports: [u16; 2]) -> Self {
        let [port, admin] = ports.map(|port| format!("127.0.0.1:{port}"));
        let settings = vec![
            ("SLUICEGATE_MASTER_KEY", MASTER_KEY.to_owned()),
            ("SLUICEGATE_AMQP__URL", services.amqp_url.clone()),
            ("SLUICEGATE_REDIS__URL", services.redis_url.clone()),
            (
                "SLUICEGATE_UPSTREAM__ALLOW_PRIVATE",
                r#"["127.0.0.0/8"]"#.to_owned(),
            ),
            ("SLUICEGATE_HTTP__LISTEN", port.clone()),
            ("SLUICEGATE_ADMIN__LISTEN", admin.clone()),
        ];
        Self {
            name,
            binary,
            settings,
            folder: folder.to_owned(),
            admin: format!("http://{admin}"),
            url: format!("http://{port}"),
            process: None,
        }
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }
}

impl Stack {
    /// Starts everything with an empty database; `mock` is added to the mock provider's configuration.
    pub(crate) async fn start(mock: Value) -> Self {
        let turn = super::turn().await;
        let folder = super::open_folder();
        let services = Services::start();
        let mock = Mock::start(folder.path(), mock).await;
        let ports: [u16; 6] = free_ports();
        let plane = |name: &str, binary, at: usize| {
            let ports = [ports[at], ports[at + 1]];
            Plane::new(name.to_owned(), binary, folder.path(), &services, ports)
        };
        let mut control_plane = plane("control-plane", "sluicegate-control-plane", 0)
            .set("SLUICEGATE_DATABASE__URL", &services.database_url);
        for verb in ["migrate", "import"] {
            Process::finish(verb, folder.path(), &mut control_plane.command(verb));
        }
        control_plane.start().await;
        let worker = |name: &str, at| {
            plane(name, "sluicegate-data-plane", at)
                .set("SLUICEGATE_CONTROL_PLANE_URL", &control_plane.url)
                .set("SLUICEGATE_DATA_DIR", folder.path().join(name).to_str().unwrap())
                .set("SLUICEGATE_LIMITS__IDLE_TIMEOUT_MS", IDLE_TIMEOUT_MS)
        };
        let mut workers = [worker("worker-1", 2), worker("worker-2", 4)];
        for worker in &mut workers {
            worker.start().await;
        }
        Self {
            workers,
            control_plane,
            mock,
            services,
            _folder: folder,
            _turn: turn,
        }
    }

    /// Base URLs of the inference API.
    pub(crate) fn inference(&self) -> [String; WORKERS] {
        [0, 1].map(|index: usize| format!("{}/v1", self.workers[index].url))
    }
}
