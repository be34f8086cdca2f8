//! `sluicegate up`: both planes and a private Postgres in one process.

use std::process::Command;

use tempfile::TempDir;

use super::process::{Process, binary, free_ports};

/// A running deployment in one process.
#[derive(Debug)]
pub(crate) struct Standalone {
    process: Process,
    /// Where the REST API is (scheme, host, port).
    pub(crate) dashboard: String,
    /// Base URL of the inference API.
    pub(crate) inference: String,
    // Dropped after the process.
    folder: TempDir,
    _turn: super::Turn,
}

impl Standalone {
    /// Starts one over an empty folder and waits until it serves.
    pub(crate) async fn start() -> Self {
        let turn = super::turn().await;
        let folder = super::open_folder();
        let [dashboard, inference, admin] = free_ports();
        let mut command = Command::new(binary("sluicegate"));
        command
            .arg("up")
            .arg("--data-dir")
            .arg(folder.path().join("data"));
        for (option, port) in [
            ("--listen", dashboard),
            ("--inference-listen", inference),
            ("--admin-listen", admin),
        ] {
            command.args([option, &format!("127.0.0.1:{port}")]);
        }
        // The setting of the planes, under the same name and in the same form as in the stack.
        command.env("SLUICEGATE_UPSTREAM__ALLOW_PRIVATE", r#"["127.0.0.0/8"]"#);
        let mut process = Process::start("sluicegate", folder.path(), &mut command);
        process
            .until_ready(&format!("http://127.0.0.1:{admin}/readyz"))
            .await;
        Self {
            process,
            dashboard: format!("http://127.0.0.1:{dashboard}"),
            inference: format!("http://127.0.0.1:{inference}/v1"),
            folder,
            _turn: turn,
        }
    }

    /// Folder for what belongs to this run.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        // Killed, it would leave its Postgres behind.
        if !std::thread::panicking() || self.process.is_alive() {
            self.process.stop();
        }
    }
}
