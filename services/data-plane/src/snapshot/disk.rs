//! The last good state on disk, for a start without the control plane. Holds key digests and sealed credentials only.
//!
//! The file is replaced as a whole: after a crash there is the old or the new one. Its last line is a checksum over
//! everything before it, so a cut or changed file is refused instead of half believed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluicegate_contracts::event::ConfigEvent;
use sluicegate_contracts::snapshot::SnapshotHeader;

use super::lines::{self, Lines, MAX_BYTES, UnreadableLine};

const CHECKSUM: &str = "crc32 ";

/// Why there is no state to start from. An absent file is not an error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiskError {
    /// The file system refused.
    #[error("the snapshot file cannot be used: {0}")]
    Io(#[from] io::Error),
    /// The checksum is missing or does not match.
    #[error("the snapshot file is cut or damaged")]
    Damaged,
    /// The checksum matches, but the content is not a snapshot of this or an earlier release.
    #[error(transparent)]
    Unreadable(#[from] UnreadableLine),
}

/// Where the file lies.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join("snapshot.jsonl")
}

/// Replaces the file. Blocks on the disk.
pub(crate) fn save(
    path: &Path,
    header: &SnapshotHeader,
    events: &[Arc<ConfigEvent>],
) -> Result<(), DiskError> {
    let mut bytes = lines::encode(header, events).map_err(io::Error::other)?;
    let checksum = crc32fast::hash(&bytes);
    writeln!(bytes, "{CHECKSUM}{checksum:08x}")?;
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// The saved state; `None` when there is no file. Blocks on the disk.
pub(super) fn load(path: &Path) -> Result<Option<Lines>, DiskError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if bytes.len() > MAX_BYTES {
        return Err(DiskError::Damaged);
    }
    let (content, checksum) = split_checksum(&bytes).ok_or(DiskError::Damaged)?;
    if crc32fast::hash(content) != checksum {
        return Err(DiskError::Damaged);
    }
    Ok(Some(lines::decode(content)?))
}

fn split_checksum(bytes: &[u8]) -> Option<(&[u8], u32)> {
    let line_length = CHECKSUM.len() + 9;
    let (content, line) = bytes.split_at_checked(bytes.len().checked_sub(line_length)?)?;
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    Some((
        content,
        u32::from_str_radix(line.strip_prefix(CHECKSUM)?, 16).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::Entity;

    use super::super::apply::State;
    use super::super::fixtures::{event, key, keyring, organization, project};
    use super::*;

    fn state() -> State {
        let mut state = State::new(keyring());
        state.offer(event(1, &Entity::Organization(organization(1))));
        state.offer(event(2, &Entity::Project(project(2, 1))));
        state.offer(event(3, &Entity::ApiKey(key(3, 1, 2))));
        state
    }

    fn saved() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path());
        let state = state();
        save(
            &path,
            &state.header(),
            &state.events().cloned().collect::<Vec<_>>(),
        )
        .unwrap();
        (folder, path)
    }

    #[test]
    fn a_saved_state_comes_back() {
        let (_folder, path) = saved();
        let (header, events) = load(&path).unwrap().unwrap();
        let mut fresh = State::new(keyring());
        fresh.replace(&header, events).unwrap();
        assert_eq!(fresh.head(), state().head());
        assert!(load(&path.with_extension("other")).unwrap().is_none());
    }

    #[test]
    fn a_file_cut_at_any_byte_or_changed_anywhere_is_refused() {
        let (_folder, path) = saved();
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert!(load(&path).is_err(), "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            // The letters of a checksum may change case without changing its meaning.
            assert!(load(&path).is_err(), "changed at {at}");
        }
    }
}
