//! The spool on disk: `<data>/spool/` with the worker's identity, one folder per epoch, numbered segments inside.
//!
//! ```text
//! spool/lock                               held while a process uses the directory
//! spool/worker-id                          wrk_…, written once
//! spool/epoch                              the last epoch given out
//! spool/0000000003/00000001-00000000000000000001.seg    number and first position of a segment
//! ```
//! An epoch is one life of a process. Its number is never given out twice, even after its folder is gone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sluicegate_contracts::ids::WorkerId;

use super::SpoolError;

/// The open, locked directory.
#[derive(Debug)]
pub(super) struct SpoolDirectory {
    root: PathBuf,
    worker: WorkerId,
    epoch: u32,
    /// Released by the system when the process ends, however it ends.
    _lock: File,
}

/// A segment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// Counts from 1 within the epoch.
    pub(super) number: u32,
    /// The first position a record in it can have.
    pub(super) first_seq: u64,
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Its size in bytes when listed.
    pub(super) length: u64,
}

impl SpoolDirectory {
    /// Opens `<data>/spool`, creating what is missing, and begins the next epoch. `fresh` names a new worker.
    ///
    /// # Errors
    /// [`SpoolError::InUse`] when another process holds it; [`SpoolError::Damaged`]; [`SpoolError::Io`].
    pub(super) fn open(data: &Path, fresh: impl FnOnce() -> WorkerId) -> Result<Self, SpoolError> {
        let root = data.join("spool");
        fs::create_dir_all(&root)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SpoolError::InUse(root.clone()),
            TryLockError::Error(error) => SpoolError::from(error),
        })?;
        let worker = match read_text(&root.join("worker-id"))? {
            Some(text) => text.parse().map_err(|_| SpoolError::Damaged("worker-id"))?,
            None => {
                let worker = fresh();
                replace_file(&root.join("worker-id"), worker.to_string().as_bytes())?;
                worker
            }
        };
        let counted = match read_text(&root.join("epoch"))? {
            Some(text) => text.parse().map_err(|_| SpoolError::Damaged("epoch"))?,
            None => 0,
        };
        let newest = epochs(&root)?.into_iter().max().unwrap_or(0);
        let epoch = counted.max(newest) + 1;
        replace_file(&root.join("epoch"), epoch.to_string().as_bytes())?;
        Ok(Self {
            root,
            worker,
            epoch,
            _lock: lock,
        })
    }

    pub(super) const fn worker(&self) -> WorkerId {
        self.worker
    }

    /// The epoch this process writes.
    pub(super) const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Epochs of earlier processes that still have a folder, oldest first.
    pub(super) fn older_epochs(&self) -> io::Result<Vec<u32>> {
        let mut epochs = epochs(&self.root)?;
        epochs.retain(|epoch| *epoch < self.epoch);
        epochs.sort_unstable();
        Ok(epochs)
    }

    pub(super) fn epoch_path(&self, epoch: u32) -> PathBuf {
        self.root.join(format!("{epoch:010}"))
    }

    /// Segments of an epoch in order; none when it has no folder.
    pub(super) fn segments(&self, epoch: u32) -> io::Result<Vec<Segment>> {
        let entries = match fs::read_dir(self.epoch_path(epoch)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut segments = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if let Some((number, first_seq)) = name.to_str().and_then(parse_name) {
                let length = entry.metadata()?.len();
                segments.push(Segment {
                    number,
                    first_seq,
                    path: entry.path(),
                    length,
                });
            }
        }
        segments.sort_unstable_by_key(|segment| segment.number);
        Ok(segments)
    }

    /// Creates an empty segment and, when needed, its epoch's folder.
    pub(super) fn create_segment(&self, epoch: u32, number: u32, first_seq: u64) -> io::Result<File> {
        let folder = self.epoch_path(epoch);
        if !folder.is_dir() {
            fs::create_dir(&folder)?;
            sync_directory(&self.root)?;
        }
        let path = folder.join(format!("{number:08}-{first_seq:020}.seg"));
        OpenOptions::new().create_new(true).append(true).open(&path)
    }

    /// Removes an epoch's folder with all that is in it.
    pub(super) fn remove_epoch(&self, epoch: u32) -> io::Result<()> {
        match fs::remove_dir_all(self.epoch_path(epoch)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn parse_name(name: &str) -> Option<(u32, u64)> {
    let (number, first_seq) = name.strip_suffix(".seg")?.split_once('-')?;
    Some((number.parse().ok()?, first_seq.parse().ok()?))
}

fn epochs(root: &Path) -> io::Result<Vec<u32>> {
    let mut epochs = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Some(epoch) = entry.file_name().to_str().and_then(|name| name.parse().ok())
        {
            epochs.push(epoch);
        }
    }
    Ok(epochs)
}

fn read_text(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Puts `content` in place of the file at `path`: after a crash there is the old or the new content, never a mixture.
fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

#[cfg(test)]
mod tests {
    use sluicegate_service_runtime::ids;

    use super::*;

    #[test]
    fn identity_stays_and_epochs_are_never_given_out_twice() {
        let data = tempfile::tempdir().unwrap();
        let first = SpoolDirectory::open(data.path(), ids::fresh).unwrap();
        first.create_segment(first.epoch(), 1, 1).unwrap();
        assert!(matches!(
            SpoolDirectory::open(data.path(), ids::fresh),
            Err(SpoolError::InUse(_))
        ));
        let worker = first.worker();
        drop(first);
        let second = SpoolDirectory::open(data.path(), ids::fresh).unwrap();
        assert_eq!((second.worker(), second.epoch()), (worker, 2));
        assert_eq!(second.older_epochs().unwrap(), [1]);
        second.remove_epoch(1).unwrap();
        second.remove_epoch(1).unwrap();
        drop(second);
        fs::remove_file(data.path().join("spool/epoch")).unwrap();
        fs::create_dir(data.path().join("spool/0000000009")).unwrap();
        let third = SpoolDirectory::open(data.path(), ids::fresh).unwrap();
        assert_eq!(third.epoch(), 10);
    }

    #[test]
    fn segments_are_listed_in_order_and_strangers_ignored() {
        let data = tempfile::tempdir().unwrap();
        let spool = SpoolDirectory::open(data.path(), ids::fresh).unwrap();
        for (number, first_seq) in [(2, 40), (1, 1), (10, 90)] {
            spool.create_segment(1, number, first_seq).unwrap();
        }
        fs::write(spool.epoch_path(1).join("notes.txt"), "x").unwrap();
        let listed: Vec<_> = spool
            .segments(1)
            .unwrap()
            .iter()
            .map(|s| (s.number, s.first_seq))
            .collect();
        assert_eq!(listed, [(1, 1), (2, 40), (10, 90)]);
        assert!(spool.segments(7).unwrap().is_empty());
    }
}
