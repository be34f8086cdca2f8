//! Who runs the server. Postgres refuses to run as root, so a root caller hands it to an unprivileged user; anyone
//! else runs it as themselves. Used by every module that starts one of Postgres's programs or makes files for it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::{PostgresError, failed};

/// The user that runs the server when we are root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    name: String,
    user: u32,
    group: u32,
}

/// Why there is no such user.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The named user does not exist or is root.
    #[error("Postgres cannot run as `{0}`: name an unprivileged user of this machine with --postgres-user")]
    Unsuitable(String),
    /// The machine has none of the usual users.
    #[error(
        "Postgres refuses to run as root and this machine has neither `postgres` nor `nobody`; use --postgres-user"
    )]
    None,
    /// The list of users cannot be read.
    #[error("cannot read /etc/passwd: {0}")]
    Users(#[from] std::io::Error),
}

impl Account {
    /// The account for the child, or `None` when this process is not root and the child runs as we do.
    ///
    /// # Errors
    /// [`AccountError`] when we are root and there is nobody to hand the server to.
    pub fn for_child(wanted: Option<&str>) -> Result<Option<Self>, AccountError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        choose(&std::fs::read_to_string("/etc/passwd")?, wanted).map(Some)
    }

    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Can this user pass through every folder on the way to `path` and open it?
    #[must_use]
    pub fn reaches(&self, path: &Path) -> bool {
        path.ancestors()
            .all(|step| step.metadata().is_ok_and(|found| self.may_enter(&found)))
    }

    fn may_enter(&self, found: &std::fs::Metadata) -> bool {
        let shift = if found.uid() == self.user {
            6
        } else if found.gid() == self.group {
            3
        } else {
            0
        };
        (found.mode() >> shift) & 1 == 1
    }
}

/// Makes `path` belong to the account that will use it.
pub(super) fn give(account: Option<&Account>, path: &Path) -> Result<(), PostgresError> {
    let Some(account) = account else { return Ok(()) };
    std::os::unix::fs::chown(path, Some(account.user), Some(account.group)).map_err(failed("hand over", path))
}

/// A command that runs as the account, in a process group of its own: the terminal's Ctrl-C must not reach the server
/// before those who still use it. Environment variables of Postgres's client programs are taken out.
pub(super) fn command(program: PathBuf, account: Option<&Account>) -> Command {
    let mut command = Command::new(program);
    command.process_group(0).current_dir("/").env("LC_ALL", "C");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(name);
        }
    }
    if let Some(account) = account {
        // Supplementary groups go with it: the standard library drops them when root changes the user.
        command.uid(account.user).gid(account.group);
    }
    command
}

/// Picks the account from the text of `/etc/passwd`.
fn choose(users: &str, wanted: Option<&str>) -> Result<Account, AccountError> {
    let names: &[&str] = match &wanted {
        Some(name) => std::slice::from_ref(name),
        None => &["postgres", "_postgres", "nobody"],
    };
    let found = names
        .iter()
        .find_map(|name| users.lines().find_map(|line| entry(line, name)));
    found.ok_or_else(|| {
        wanted.map_or(AccountError::None, |name| {
            AccountError::Unsuitable(name.to_owned())
        })
    })
}

fn entry(line: &str, name: &str) -> Option<Account> {
    let mut fields = line.split(':');
    if fields.next()? != name {
        return None;
    }
    let user: u32 = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    (user != 0).then(|| Account {
        name: name.to_owned(),
        user,
        group,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n\
                         postgres:x:103:111:PostgreSQL:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn postgres_comes_before_nobody() {
        assert_eq!(choose(USERS, None).unwrap().name(), "postgres");
        let without: String = USERS.lines().take(2).map(|line| format!("{line}\n")).collect();
        assert_eq!(choose(&without, None).unwrap().user, 65534);
        assert!(matches!(choose("", None), Err(AccountError::None)));
    }

    #[test]
    fn a_named_user_must_exist_and_not_be_root() {
        assert_eq!(choose(USERS, Some("nobody")).unwrap().group, 65534);
        assert!(matches!(
            choose(USERS, Some("root")),
            Err(AccountError::Unsuitable(_))
        ));
        assert!(matches!(
            choose(USERS, Some("nobod")),
            Err(AccountError::Unsuitable(_))
        ));
    }

    #[test]
    fn a_closed_folder_on_the_way_is_seen() {
        let folder = tempfile::Builder::new()
            .permissions(PermissionsExt::from_mode(0o711))
            .tempdir()
            .unwrap();
        let closed = folder.path().join("closed");
        std::fs::create_dir_all(closed.join("inside")).unwrap();
        let stranger = Account {
            name: "stranger".to_owned(),
            user: 54321,
            group: 54321,
        };
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o711)).unwrap();
        std::fs::set_permissions(closed.join("inside"), PermissionsExt::from_mode(0o711)).unwrap();
        assert!(stranger.reaches(&closed.join("inside")));
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
        assert!(!stranger.reaches(&closed.join("inside")));
    }
}
