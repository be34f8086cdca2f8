//! The writing end of the spool: gives out positions and appends frames, one `write` each, under a short mutex.
//!
//! Called from the request path through [`super::Recorder`]; never waits for a disk. A frame that was written survives
//! a kill of the process; [`Journal::sync`], run every 20 ms, makes it survive a power cut. Readers see only what was
//! synced, so a position that left this machine is never given out again.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::usage::{Origin, UsageRecord};
use tokio::sync::Notify;

use super::directory::{SpoolDirectory, sync_directory};
use super::intent::Intent;
use super::segment::Frame;
use super::{SpoolError, SpoolLimits};

/// A place in the current epoch: everything in earlier segments, and this many bytes of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) segment: u32,
    pub(super) offset: u64,
    /// The last record position at this place.
    pub(super) seq: u64,
}

/// The current epoch, being written.
#[derive(Debug)]
pub(super) struct Journal {
    directory: Arc<SpoolDirectory>,
    limits: SpoolLimits,
    /// Bytes of the whole spool, all epochs.
    bytes: AtomicU64,
    writer: Mutex<Writer>,
    synced: Mutex<Position>,
    /// Told after each sync that made something new visible.
    visible: Notify,
}

#[derive(Debug)]
struct Writer {
    file: Arc<File>,
    at: Position,
    /// Intents without a record, with the segment each was last written to.
    open: HashMap<RequestId, Vec<OpenIntent>>,
    /// Files written since the last sync.
    dirty: Vec<Arc<File>>,
    /// A folder with a new name since the last sync.
    new_names: Option<PathBuf>,
    frame: Vec<u8>,
    body: Vec<u8>,
    sealed: bool,
}

#[derive(Debug)]
struct OpenIntent {
    /// Which attempt of the request it is of.
    attempt_started_us: u64,
    segment: u32,
    frame: Vec<u8>,
}

impl Journal {
    /// Begins the directory's epoch with an empty segment. `bytes` is the size of what older epochs left.
    pub(super) fn begin(
        directory: Arc<SpoolDirectory>,
        limits: SpoolLimits,
        bytes: u64,
    ) -> Result<Self, SpoolError> {
        let file = directory.create_segment(directory.epoch(), 1, 1)?;
        sync_directory(&directory.epoch_path(directory.epoch()))?;
        let at = Position {
            segment: 1,
            offset: 0,
            seq: 0,
        };
        let writer = Writer {
            file: Arc::new(file),
            at,
            open: HashMap::new(),
            dirty: Vec::new(),
            new_names: None,
            frame: Vec::new(),
            body: Vec::new(),
            sealed: false,
        };
        Ok(Self {
            directory,
            limits,
            bytes: AtomicU64::new(bytes),
            writer: Mutex::new(writer),
            synced: Mutex::new(at),
            visible: Notify::new(),
        })
    }

    /// Writes an intent. Refused with [`SpoolError::Full`] at the limit: new work must not begin.
    pub(super) fn intent(&self, intent: &Intent<'_>) -> Result<(), SpoolError> {
        if self.is_full() {
            return Err(SpoolError::Full);
        }
        let mut writer = self.lock();
        let open = self.append_intent(&mut writer, intent)?;
        writer.open.entry(intent.request).or_default().push(open);
        Ok(())
    }

    /// Writes an intent in place of the one that its attempt has. Not refused at the limit: the work is under way.
    pub(super) fn renewed_intent(&self, intent: &Intent<'_>) -> Result<(), SpoolError> {
        let mut writer = self.lock();
        let open = self.append_intent(&mut writer, intent)?;
        let of_request = writer.open.get_mut(&intent.request).into_iter().flatten();
        let is_same = |known: &&mut OpenIntent| known.attempt_started_us == intent.attempt_started_us;
        if let Some(known) = of_request.into_iter().find(is_same) {
            *known = open;
        }
        Ok(())
    }

    fn append_intent(&self, writer: &mut Writer, intent: &Intent<'_>) -> Result<OpenIntent, SpoolError> {
        writer.body.clear();
        serde_json::to_writer(&mut writer.body, intent).map_err(|_| SpoolError::Encoding)?;
        writer.frame.clear();
        Frame::Intent {
            request: intent.request,
            body: &writer.body,
        }
        .encode(&mut writer.frame)?;
        self.append(writer)?;
        Ok(OpenIntent {
            attempt_started_us: intent.attempt_started_us,
            segment: writer.at.segment,
            frame: writer.frame.clone(),
        })
    }

    /// Gives out the next position and writes the record made for it. Not refused at the limit: the work is done, and
    /// the limit leaves room for the requests in flight.
    pub(super) fn record(&self, make: impl FnOnce(Origin) -> UsageRecord) -> Result<(), SpoolError> {
        let mut writer = self.lock();
        let writer = &mut *writer;
        let seq = writer.at.seq + 1;
        let record = make(Origin {
            worker: self.directory.worker(),
            epoch: self.directory.epoch(),
            seq,
        });
        writer.body.clear();
        serde_json::to_writer(&mut writer.body, &record).map_err(|_| SpoolError::Encoding)?;
        writer.frame.clear();
        let (request, organization) = (record.request, record.organization);
        Frame::Record {
            seq,
            request,
            organization,
            body: &writer.body,
        }
        .encode(&mut writer.frame)?;
        self.append(writer)?;
        writer.at.seq = seq;
        writer.open.remove(&request);
        Ok(())
    }

    /// Writes the seal, unless requests are still open. Returns how many are; nothing can be written after a seal.
    pub(super) fn seal(&self) -> Result<usize, SpoolError> {
        let mut writer = self.lock();
        let writer = &mut *writer;
        if writer.open.is_empty() && !writer.sealed {
            writer.frame.clear();
            Frame::Seal {
                last_seq: writer.at.seq,
            }
            .encode(&mut writer.frame)?;
            self.append(writer)?;
            writer.sealed = true;
        }
        Ok(writer.open.len())
    }

    /// Writes the open intents of segments up to `segment` once more, into the current one, so that the old segments
    /// can go. They are safe to delete after the next [`Journal::sync`].
    pub(super) fn carry_over(&self, segment: u32) -> Result<(), SpoolError> {
        let mut writer = self.lock();
        let writer = &mut *writer;
        let mut open = std::mem::take(&mut writer.open);
        let outcome = open
            .values_mut()
            .flatten()
            .filter(|intent| intent.segment <= segment)
            .try_for_each(|intent| {
                writer.frame.clear();
                writer.frame.extend_from_slice(&intent.frame);
                self.append(writer)?;
                intent.segment = writer.at.segment;
                Ok(())
            });
        writer.open = open;
        outcome
    }

    /// Makes everything written so far durable and visible to readers. Blocks on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut writer = self.lock();
        if writer.dirty.is_empty() {
            return Ok(());
        }
        let files = std::mem::take(&mut writer.dirty);
        let (folder, at) = (writer.new_names.take(), writer.at);
        drop(writer);
        let outcome = files.iter().try_for_each(|file| file.sync_data());
        let outcome = outcome.and_then(|()| folder.as_deref().map_or(Ok(()), sync_directory));
        if let Err(error) = outcome {
            let mut writer = self.lock();
            writer.dirty.extend(files);
            writer.new_names = writer.new_names.take().or(folder);
            return Err(error);
        }
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        *synced = (*synced).max(at);
        drop(synced);
        self.visible.notify_one();
        Ok(())
    }

    /// How far readers may read.
    pub(super) fn synced(&self) -> Position {
        *self.synced.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last position there will ever be, once the journal is sealed.
    pub(super) fn sealed(&self) -> Option<u64> {
        let writer = self.lock();
        writer.sealed.then_some(writer.at.seq)
    }

    /// Waits until a sync has made something new visible.
    pub(super) async fn visible(&self) {
        self.visible.notified().await;
    }

    /// Whether new work must be refused.
    pub(super) fn is_full(&self) -> bool {
        self.bytes() >= self.limits.max_bytes
    }

    /// Bytes of the whole spool.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Accounts for deleted files.
    pub(super) fn freed(&self, bytes: u64) {
        self.bytes.fetch_sub(bytes.min(self.bytes()), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `writer.frame` with one call, into the next segment when the current one is long enough.
    fn append(&self, writer: &mut Writer) -> Result<(), SpoolError> {
        if writer.sealed {
            return Err(SpoolError::Sealed);
        }
        if writer.at.offset >= self.limits.segment_bytes {
            self.next_segment(writer)?;
        }
        if let Err(error) = (&*writer.file).write_all(&writer.frame) {
            // Part of a frame may be in the file. Cut it off, else all that follows would be unreadable.
            if writer.file.set_len(writer.at.offset).is_err() {
                self.next_segment(writer)?;
            }
            return Err(error.into());
        }
        let length = writer.frame.len() as u64;
        writer.at.offset += length;
        self.bytes.fetch_add(length, Ordering::Relaxed);
        if !writer.dirty.iter().any(|file| Arc::ptr_eq(file, &writer.file)) {
            writer.dirty.push(Arc::clone(&writer.file));
        }
        Ok(())
    }

    fn next_segment(&self, writer: &mut Writer) -> Result<(), SpoolError> {
        let epoch = self.directory.epoch();
        let number = writer.at.segment + 1;
        let file = self.directory.create_segment(epoch, number, writer.at.seq + 1)?;
        writer.file = Arc::new(file);
        writer.at = Position {
            segment: number,
            offset: 0,
            seq: writer.at.seq,
        };
        writer.new_names = Some(self.directory.epoch_path(epoch));
        Ok(())
    }
}
