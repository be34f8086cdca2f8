//! The folder that outlives the process. Holding a [`DataDirectory`] means that no other process uses the folder: it
//! is locked until the value is dropped or the process ends in whatever way.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use sluicegate_credentials::MasterKey;

/// Why the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirectoryError {
    /// Another process has it.
    #[error("{0} is in use by another sluicegate; stop that one, or choose another --data-dir")]
    InUse(PathBuf),
    /// The file is there and is not a key.
    #[error(
        "{path} does not hold a master key ({source}); restore it: without it stored credentials stay sealed"
    )]
    BadKey {
        /// The key file.
        path: PathBuf,
        /// What is wrong with its text.
        source: sluicegate_credentials::MasterKeyError,
    },
    /// The system refused.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A locked data directory.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    // Held for its lock: the system releases it when the file is closed.
    _lock: File,
}

impl DataDirectory {
    /// Creates the folder when it is missing, and locks it.
    ///
    /// # Errors
    /// [`DataDirectoryError`] when it is in use or cannot be written.
    pub fn open(path: &Path) -> Result<Self, DataDirectoryError> {
        // A server under another account passes through the folder; the files in it stay closed to others.
        let mode = if rustix::process::geteuid().is_root() {
            0o711
        } else {
            0o700
        };
        let created = std::fs::DirBuilder::new().recursive(true).mode(mode).create(path);
        created.map_err(failed("create", path))?;
        let path = path.canonicalize().map_err(failed("find", path))?;
        let file = path.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&file);
        let lock = lock.map_err(failed("write", &file))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirectoryError::InUse(path)),
            Err(TryLockError::Error(source)) => Err(failed("lock", &file)(source)),
        }
    }

    /// Where it is, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The deployment's master key: read from `master.key`, or generated into it on the first run.
    ///
    /// # Errors
    /// [`DataDirectoryError`] when the file cannot be read or written, or does not hold a key.
    pub fn master_key(&self, entropy: [u8; 32]) -> Result<MasterKey, DataDirectoryError> {
        let path = self.path.join("master.key");
        match File::open(&path) {
            Ok(file) => read_key(file, &path),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = MasterKey::from_entropy(entropy);
                write_key(&key, &path).map_err(failed("write", &path))?;
                Ok(key)
            }
            Err(error) => Err(failed("read", &path)(error)),
        }
    }
}

fn read_key(mut file: File, path: &Path) -> Result<MasterKey, DataDirectoryError> {
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(failed("read", path))?;
    MasterKey::parse(&text).map_err(|source| DataDirectoryError::BadKey {
        path: path.to_owned(),
        source,
    })
}

/// All or nothing: half a key would lock the operator out of every stored credential.
fn write_key(key: &MasterKey, path: &Path) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&draft)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{}", key.to_text().expose_secret())?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DataDirectoryError {
    let path = path.to_owned();
    move |source| DataDirectoryError::File { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opener_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDirectory::open(folder.path()).unwrap();
        let second = DataDirectory::open(folder.path());
        assert!(matches!(second, Err(DataDirectoryError::InUse(_))), "{second:?}");
        drop(first);
        assert!(DataDirectory::open(folder.path()).is_ok());
    }

    #[test]
    fn the_master_key_is_generated_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(folder.path()).unwrap();
        let first = data.master_key([7; 32]).unwrap().to_text();
        let second = data.master_key([9; 32]).unwrap().to_text();
        assert_eq!(first.expose_secret(), second.expose_secret());
        let mode = std::fs::metadata(folder.path().join("master.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDirectory::open(folder.path()).unwrap();
        std::fs::write(folder.path().join("master.key"), "half a ke").unwrap();
        assert!(matches!(
            data.master_key([7; 32]),
            Err(DataDirectoryError::BadKey { .. })
        ));
        assert_eq!(
            std::fs::read_to_string(folder.path().join("master.key")).unwrap(),
            "half a ke"
        );
    }
}
