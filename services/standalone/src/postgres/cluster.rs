//! The database folder ("cluster" in Postgres's words): created once with a random password, opened again afterwards
//! by the same major version. What is known about it is kept in `postgres.json` beside it.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

use super::account::{self, Account};
use super::locate::Installation;
use super::{PostgresError, failed};

/// Name of the database and of its owner.
const NAME: &str = "sluicegate";

/// `postgres.json`. Holds the password, so the file is for its owner only and the type has no `Debug`.
#[derive(Serialize, Deserialize)]
struct Record {
    directory: PathBuf,
    major: u32,
    password: String,
    /// False while the folder is being created: a run that was interrupted there starts over.
    complete: bool,
    /// Last port, kept when free so that tools that were pointed at it keep working.
    port: u16,
}

impl Record {
    fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("postgres.json")
    }

    fn read(data_dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(Self::path(data_dir)).ok()?).ok()
    }

    fn write(&self, data_dir: &Path) -> Result<(), PostgresError> {
        let path = Self::path(data_dir);
        let draft = path.with_extension("draft");
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::from);
        let text = text.map_err(failed("describe", &path))?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&draft);
        let mut file = file.map_err(failed("write", &draft))?;
        file.write_all(&text)
            .and_then(|()| file.sync_all())
            .map_err(failed("write", &draft))?;
        std::fs::rename(&draft, &path).map_err(failed("write", &path))
    }
}

/// A database folder that is ready to be served.
#[derive(Debug)]
pub struct Cluster {
    pub(super) directory: PathBuf,
    pub(super) account: Option<Account>,
    pub(super) port: u16,
    pub(super) log: PathBuf,
    major: u32,
    password: SecretString,
}

/// The installation that can serve the database in `data_dir`: of the same major version when there is one already,
/// else the first.
pub(super) fn suitable(
    installations: Vec<Installation>,
    data_dir: &Path,
) -> Result<Installation, PostgresError> {
    let record = Record::read(data_dir).filter(|record| record.complete);
    let found = installations
        .iter()
        .map(|one| one.version.clone())
        .collect::<Vec<_>>()
        .join(", ");
    let written = record.as_ref().map(|record| record.major);
    let suits = |one: &Installation| written.is_none_or(|major| major == one.major);
    installations
        .into_iter()
        .find(suits)
        .ok_or_else(|| PostgresError::MajorVersion {
            directory: record.map(|record| record.directory).unwrap_or_default(),
            written: written.unwrap_or_default(),
            found,
        })
}

/// Where the database of `data_dir` is, when one was ever begun.
pub(super) fn recorded_directory(data_dir: &Path) -> Option<PathBuf> {
    Record::read(data_dir).map(|record| record.directory)
}

/// Where the database of `data_dir` listens, with the password, once it is complete.
pub(super) fn recorded_url(data_dir: &Path) -> Option<SecretString> {
    let record = Record::read(data_dir).filter(|record| record.complete && record.port != 0)?;
    Some(url(&record.password, record.port))
}

fn url(password: &str, port: u16) -> SecretString {
    format!("postgres://{NAME}:{password}@127.0.0.1:{port}/{NAME}").into()
}

pub(super) fn remove_folder(path: &Path) -> Result<(), PostgresError> {
    if path.exists() {
        std::fs::remove_dir_all(path).map_err(failed("remove", path))
    } else {
        Ok(())
    }
}

impl Cluster {
    /// Opens the database of `data_dir`, creating it on the first run. When `account` cannot reach `data_dir`, the
    /// database is created below `fallback`.
    ///
    /// # Errors
    /// [`PostgresError`] when the folder cannot be made or `initdb` fails.
    pub async fn open(
        data_dir: &Path,
        fallback: &Path,
        installation: &Installation,
        account: Option<Account>,
    ) -> Result<Self, PostgresError> {
        let logs = data_dir.join("logs");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&logs)
            .map_err(failed("create", &logs))?;
        let log = logs.join("postgres.log");
        match Record::read(data_dir) {
            Some(record) if record.complete => Ok(Self::from_record(record, account, log)),
            interrupted => {
                if let Some(record) = interrupted {
                    remove_folder(&record.directory)?;
                }
                create(data_dir, fallback, installation, account, log).await
            }
        }
    }

    fn from_record(record: Record, account: Option<Account>, log: PathBuf) -> Self {
        Self {
            directory: record.directory,
            account,
            port: record.port,
            log,
            major: record.major,
            password: record.password.into(),
        }
    }

    /// URL with the password in it.
    #[must_use]
    pub fn url(&self) -> SecretString {
        url(self.password.expose_secret(), self.port)
    }

    /// Settles on a free loopback port: the last one when it is free, else a new one, which is remembered.
    ///
    /// # Errors
    /// [`PostgresError::File`] when there is no free port or the choice cannot be written down.
    pub(super) fn choose_port(&mut self, data_dir: &Path) -> Result<(), PostgresError> {
        let bind =
            |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr());
        if self.port != 0 && bind(self.port).is_ok() {
            return Ok(());
        }
        self.port = bind(0)
            .map_err(failed("find a free port on", Path::new("127.0.0.1")))?
            .port();
        let record = Record {
            directory: self.directory.clone(),
            major: self.major,
            password: self.password.expose_secret().to_owned(),
            complete: true,
            port: self.port,
        };
        record.write(data_dir)
    }
}

async fn create(
    data_dir: &Path,
    fallback: &Path,
    installation: &Installation,
    account: Option<Account>,
    log: PathBuf,
) -> Result<Cluster, PostgresError> {
    let directory = place(data_dir, fallback, account.as_ref())?;
    remove_folder(&directory)?;
    let mut record = Record {
        directory,
        major: installation.major,
        password: random_text(),
        complete: false,
        port: 0,
    };
    record.write(data_dir)?;
    let made = std::fs::DirBuilder::new().mode(0o700).create(&record.directory);
    made.map_err(failed("create", &record.directory))?;
    account::give(account.as_ref(), &record.directory)?;
    initialize(&record, installation, account.as_ref()).await?;
    create_database(&record, installation, account.as_ref()).await?;
    record.complete = true;
    record.write(data_dir)?;
    Ok(Cluster::from_record(record, account, log))
}

/// Inside the data directory, unless the server's user cannot get there (a checkout below `/root`).
fn place(data_dir: &Path, fallback: &Path, account: Option<&Account>) -> Result<PathBuf, PostgresError> {
    if account.is_none_or(|account| account.reaches(data_dir)) {
        return Ok(data_dir.join("postgres"));
    }
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(fallback);
    made.map_err(failed("create", fallback))?;
    let fallback = fallback.canonicalize().map_err(failed("find", fallback))?;
    tracing::info!(fallback.dir = %fallback.display(), "the data directory is closed to Postgres's user; the database goes elsewhere");
    Ok(fallback.join(format!("postgres-{}", &random_text()[..16])))
}

fn random_text() -> String {
    rand::random::<[u8; 24]>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

async fn initialize(
    record: &Record,
    installation: &Installation,
    account: Option<&Account>,
) -> Result<(), PostgresError> {
    // In a file for its owner only: arguments and environment are for others to read.
    let secret = record.directory.with_extension("password");
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&secret);
    let written = file.and_then(|mut file| writeln!(file, "{}", record.password));
    written.map_err(failed("write", &secret))?;
    account::give(account, &secret)?;
    let program = installation.bin.join("initdb");
    let mut command = account::command(program.clone(), account);
    // The same order of texts on every machine: no locale of the host gets into the data.
    command.args([
        "--username",
        NAME,
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
        "--locale",
        "C",
    ]);
    command
        .arg("--no-instructions")
        .arg("--pwfile")
        .arg(&secret)
        .arg("--pgdata")
        .arg(&record.directory);
    let output = command.stdin(Stdio::null()).output().await;
    let removed = std::fs::remove_file(&secret).map_err(failed("remove", &secret));
    let output = output.map_err(failed("run", &program))?;
    removed?;
    if output.status.success() {
        Ok(())
    } else {
        Err(PostgresError::Program {
            program: "initdb",
            output: tail(&output),
        })
    }
}

/// Through the single-user mode, which needs no running server and no client program.
async fn create_database(
    record: &Record,
    installation: &Installation,
    account: Option<&Account>,
) -> Result<(), PostgresError> {
    let program = installation.bin.join("postgres");
    let mut command = account::command(program.clone(), account);
    command
        .arg("--single")
        .arg("-D")
        .arg(&record.directory)
        .arg("postgres");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed("run", &program))?;
    if let Some(mut input) = child.stdin.take() {
        let statement = format!("CREATE DATABASE {NAME}\n");
        input
            .write_all(statement.as_bytes())
            .await
            .map_err(failed("write to", &program))?;
    }
    let output = child.wait_with_output().await.map_err(failed("run", &program))?;
    // This mode ends well even when a statement failed.
    if output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("ERROR:") {
        Ok(())
    } else {
        Err(PostgresError::Program {
            program: "postgres --single",
            output: tail(&output),
        })
    }
}

fn tail(output: &Output) -> String {
    let text = [
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    ]
    .concat();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installation(major: u32) -> Installation {
        Installation {
            bin: PathBuf::from("/nowhere"),
            major,
            version: format!("{major}.1"),
        }
    }

    fn record(complete: bool) -> Record {
        let directory = PathBuf::from("/data/postgres");
        Record {
            directory,
            major: 15,
            password: "x".to_owned(),
            complete,
            port: 0,
        }
    }

    #[test]
    fn existing_data_chooses_its_own_major_version() {
        let data = tempfile::tempdir().unwrap();
        let newest = suitable(vec![installation(17), installation(15)], data.path()).unwrap();
        assert_eq!(newest.major, 17);
        record(true).write(data.path()).unwrap();
        let same = suitable(vec![installation(17), installation(15)], data.path()).unwrap();
        assert_eq!(same.major, 15);
    }

    #[test]
    fn data_of_a_version_that_is_not_here_is_refused_with_both_versions() {
        let data = tempfile::tempdir().unwrap();
        record(true).write(data.path()).unwrap();
        let error = suitable(vec![installation(17)], data.path())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("written by Postgres 15") && error.contains("17.1"),
            "{error}"
        );
    }

    #[test]
    fn an_interrupted_creation_binds_to_no_version() {
        let data = tempfile::tempdir().unwrap();
        record(false).write(data.path()).unwrap();
        assert_eq!(suitable(vec![installation(17)], data.path()).unwrap().major, 17);
    }

    #[test]
    fn what_is_written_down_is_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let data = tempfile::tempdir().unwrap();
        record(true).write(data.path()).unwrap();
        let mode = std::fs::metadata(Record::path(data.path()))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
