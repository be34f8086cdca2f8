//! The `sluicegate` binary through Ctrl-C and kill -9: what it leaves behind, and how the next run deals with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::folder::{is_alive, open_folder};

struct Up {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Up {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluicegate"))
            .args(["up", "--data-dir"])
            .arg(folder.join("data"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--inference-listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads until a line contains `text`; the binary ends its output when it fails, so this never hangs on that.
    fn read_until(&mut self, text: &str) -> String {
        self.lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains(text))
            .unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(
            Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(),
            signal,
        )
        .unwrap();
    }
}

fn server(folder: &Path) -> i32 {
    let text = std::fs::read_to_string(folder.join("data/postgres/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

#[test]
fn an_interrupt_stops_everything_and_exits_well() {
    let folder = open_folder();
    let mut up = Up::start(folder.path());
    up.read_until("is ready");
    let server = server(folder.path());
    assert!(is_alive(server));
    up.signal(Signal::INT);
    up.read_until("stopped");
    assert!(up.child.wait().unwrap().success());
    assert!(!is_alive(server));
}

/// A request that never ends holds the drain for as long as it may take; whoever asks again wants out.
#[test]
fn a_second_interrupt_waits_for_nothing() {
    let folder = open_folder();
    let mut up = Up::start(folder.path());
    let mut address = |line: &str| up.read_until(line).split("http://").nth(1).unwrap().to_owned();
    let (dashboard, endpoint) = (address("dashboard  "), address("endpoint  "));
    let inference = endpoint.trim_end_matches("/v1");
    up.read_until("Ctrl-C");
    let server = server(folder.path());
    let mut held = TcpStream::connect(&dashboard).unwrap();
    held.write_all(
        b"POST /api/v1/auth/sign-up HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
          content-length: 9\r\nexpect: 100-continue\r\n\r\n",
    )
    .unwrap();
    let mut reading = [0; 12];
    held.read_exact(&mut reading).unwrap();
    assert_eq!(&reading, b"HTTP/1.1 100");

    up.signal(Signal::INT);
    until("it drains", || TcpStream::connect(inference).is_err());
    assert!(
        up.child.try_wait().unwrap().is_none(),
        "the request holds the drain"
    );
    up.signal(Signal::INT);
    let mut ended = None;
    until("it ends", || {
        ended = up.child.try_wait().unwrap();
        ended.is_some()
    });
    assert!(!ended.unwrap().success(), "cutting requests is no good end");
    until("the database server ends", || !is_alive(server));
}

/// Waits for less than a drain may take.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_server_of_a_killed_run_is_stopped_by_the_next() {
    let folder = open_folder();
    let mut up = Up::start(folder.path());
    up.read_until("is ready");
    let orphan = server(folder.path());
    up.signal(Signal::KILL);
    up.child.wait().unwrap();
    assert!(is_alive(orphan), "a killed run cannot stop its server");

    let mut next = Up::start(folder.path());
    next.read_until("is ready");
    assert!(!is_alive(orphan));
    assert_ne!(server(folder.path()), orphan);
    next.signal(Signal::TERM);
    next.read_until("stopped");
    assert!(next.child.wait().unwrap().success());
}

#[test]
fn reset_needs_a_data_directory_and_a_yes() {
    let folder = open_folder();
    let reset = |path: &Path, yes: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluicegate"));
        command
            .args(["reset", "--data-dir"])
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if yes {
            command.arg("--yes");
        }
        command.status().unwrap().success()
    };
    assert!(
        !reset(folder.path(), true),
        "a folder that is not ours is left alone"
    );
    let mut up = Up::start(folder.path());
    up.read_until("is ready");
    assert!(
        !reset(&folder.path().join("data"), true),
        "a folder in use is left alone"
    );
    up.signal(Signal::INT);
    up.read_until("stopped");
    assert!(
        !reset(&folder.path().join("data"), false),
        "no answer is not a yes"
    );
    assert!(folder.path().join("data/master.key").exists());
    assert!(reset(&folder.path().join("data"), true));
    assert!(!folder.path().join("data").exists());
}
