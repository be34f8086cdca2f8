//! The reading end of the spool: which records are still to be shipped, and which files may go.
//!
//! Holds one cursor per epoch and no records. Owned by the shipper; reads and deletes files, touches no network.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;
use sluicegate_backplane::{UsageEntry, Watermark};
use sluicegate_contracts::usage::Origin;

use super::Stored;
use super::directory::{Segment, SpoolDirectory};
use super::journal::Journal;
use super::recovery::Sealed;
use super::segment::{Frame, Frames, MAX_BODY};

/// Read at once: room for the largest frame, and for hundreds of usual ones.
const CHUNK: usize = MAX_BODY + 64;

/// Records to ship, in order, all of one epoch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) entries: Vec<UsageEntry>,
    epoch: u32,
    after: Cursor,
    last_seq: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    segment: u32,
    offset: u64,
}

#[derive(Debug)]
struct Epoch {
    number: u32,
    /// The last position it will ever have; `None` for the epoch being written.
    last_seq: Option<u64>,
    cursor: Cursor,
    /// The highest position given to the queue.
    shipped: u64,
    /// The highest position known to be stored for good.
    acknowledged: u64,
}

/// Everything not yet known to be stored for good.
#[derive(Debug)]
pub(super) struct Backlog {
    directory: Arc<SpoolDirectory>,
    journal: Arc<Journal>,
    /// Oldest first; the one being written is last.
    epochs: VecDeque<Epoch>,
    chunk: Vec<u8>,
}

impl Backlog {
    pub(super) fn new(
        directory: Arc<SpoolDirectory>,
        journal: Arc<Journal>,
        sealed: &[Sealed],
    ) -> io::Result<Self> {
        let older = sealed.iter().map(|sealed| (sealed.epoch, Some(sealed.last_seq)));
        let mut epochs = VecDeque::new();
        for (number, last_seq) in older.chain([(directory.epoch(), None)]) {
            let segments = directory.segments(number)?;
            let first = segments.first().map_or(1, |segment| segment.first_seq);
            let cursor = locate(&segments, first);
            // What lies before the first segment was deleted because it was stored.
            let stored = first.saturating_sub(1);
            epochs.push_back(Epoch {
                number,
                last_seq,
                cursor,
                shipped: stored,
                acknowledged: stored,
            });
        }
        Ok(Self {
            directory,
            journal,
            epochs,
            chunk: Vec::new(),
        })
    }

    /// The next records, at most `max`; `None` when all that is durable was shipped.
    pub(super) fn next_batch(&mut self, max: usize) -> io::Result<Option<Batch>> {
        for index in 0..self.epochs.len() {
            if let Some(batch) = self.batch_of(index, max)? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// The queue has taken over a batch.
    pub(super) fn shipped(&mut self, batch: &Batch) {
        if let Some(epoch) = self.epochs.iter_mut().find(|epoch| epoch.number == batch.epoch) {
            epoch.cursor = batch.after;
            epoch.shipped = epoch.shipped.max(batch.last_seq);
        }
    }

    /// Takes note of watermarks. Tells whether any moved.
    pub(super) fn acknowledge(&mut self, watermarks: &[Watermark]) -> bool {
        let mut moved = false;
        for watermark in watermarks
            .iter()
            .filter(|watermark| watermark.worker == self.directory.worker())
        {
            let known = self
                .epochs
                .iter_mut()
                .find(|epoch| epoch.number == watermark.epoch);
            if let Some(epoch) = known.filter(|epoch| epoch.acknowledged < watermark.seq) {
                epoch.acknowledged = watermark.seq;
                // After a restart the watermark is ahead of what this process has shipped.
                epoch.shipped = epoch.shipped.max(watermark.seq);
                moved = true;
            }
        }
        moved
    }

    /// Goes back to the watermarks: everything after them will be shipped again. Returns how many records that is.
    pub(super) fn rewind(&mut self) -> io::Result<u64> {
        let mut again = 0;
        for epoch in self
            .epochs
            .iter_mut()
            .filter(|epoch| epoch.shipped > epoch.acknowledged)
        {
            again += epoch.shipped - epoch.acknowledged;
            epoch.cursor = locate(&self.directory.segments(epoch.number)?, epoch.acknowledged + 1);
            epoch.shipped = epoch.acknowledged;
        }
        Ok(again)
    }

    /// Records given to the queue and not yet known to be stored.
    pub(super) fn waiting(&self) -> u64 {
        self.epochs
            .iter()
            .map(|epoch| epoch.shipped - epoch.acknowledged)
            .sum()
    }

    /// Records not yet known to be stored, shipped or not.
    pub(super) fn unacknowledged(&self) -> u64 {
        let synced = self.journal.synced().seq;
        let written = |epoch: &Epoch| {
            epoch
                .last_seq
                .unwrap_or(synced)
                .saturating_sub(epoch.acknowledged)
        };
        self.epochs.iter().map(written).sum()
    }

    /// How far everything is stored. Once this process has sealed its own epoch and nothing of it waits, that is the
    /// epoch after it.
    pub(super) fn stored(&self) -> Stored {
        let last = |epoch: &Epoch| epoch.last_seq.or_else(|| self.journal.sealed());
        let settled = |epoch: &&Epoch| last(epoch).is_some_and(|last| epoch.acknowledged >= last);
        let own = self.directory.epoch();
        let open = self.epochs.iter().find(|epoch| !settled(epoch));
        let written = self.epochs.iter().find(|epoch| epoch.number == own);
        Stored {
            epochs_below: open.map_or(own.saturating_add(1), |epoch| epoch.number),
            watermark: written.map_or(0, |epoch| epoch.acknowledged),
        }
    }

    /// Deletes segments whose every record is stored, and whole epochs. Open intents move to the current segment
    /// first. Blocks on the disk.
    pub(super) fn delete_stored(&mut self) -> io::Result<()> {
        let current = self.directory.epoch();
        for epoch in &self.epochs {
            let segments = self.directory.segments(epoch.number)?;
            let stored: Vec<&Segment> = segments
                .iter()
                .zip(segments.iter().skip(1))
                .take_while(|(_, next)| next.first_seq <= epoch.acknowledged + 1)
                .map(|(segment, _)| segment)
                .collect();
            let Some(newest) = stored.last() else { continue };
            if epoch.number == current {
                self.journal.carry_over(newest.number).map_err(io::Error::other)?;
                self.journal.sync()?;
            }
            for segment in stored {
                fs::remove_file(&segment.path)?;
                self.journal.freed(segment.length);
            }
        }
        self.delete_finished_epochs()
    }

    fn delete_finished_epochs(&mut self) -> io::Result<()> {
        let finished = |epoch: &Epoch| epoch.last_seq.is_some_and(|last| epoch.acknowledged >= last);
        for epoch in self.epochs.iter().filter(|epoch| finished(epoch)) {
            let bytes = self
                .directory
                .segments(epoch.number)?
                .iter()
                .map(|segment| segment.length)
                .sum();
            self.directory.remove_epoch(epoch.number)?;
            self.journal.freed(bytes);
        }
        self.epochs.retain(|epoch| !finished(epoch));
        Ok(())
    }

    fn batch_of(&mut self, index: usize, max: usize) -> io::Result<Option<Batch>> {
        let Some(epoch) = self.epochs.get(index) else {
            return Ok(None);
        };
        let (number, shipped) = (epoch.number, epoch.shipped);
        let mut cursor = epoch.cursor;
        loop {
            let segments = self.directory.segments(number)?;
            let Some(segment) = segments.iter().find(|segment| segment.number >= cursor.segment) else {
                return Ok(None);
            };
            if segment.number != cursor.segment {
                cursor = Cursor {
                    segment: segment.number,
                    offset: 0,
                };
            }
            let end = self.visible_end(number, segment);
            let read = self.read(number, segment, cursor.offset, end, shipped, max)?;
            cursor.offset += read.consumed;
            if let Some(last) = read.entries.last() {
                let last_seq = last.origin.seq;
                return Ok(Some(Batch {
                    entries: read.entries,
                    epoch: number,
                    after: cursor,
                    last_seq,
                }));
            }
            if read.consumed > 0 {
                continue;
            }
            // Nothing whole follows here: go on with the next segment, if this one is closed.
            let next = segments.iter().find(|next| next.number > segment.number);
            match next {
                Some(next) if self.is_closed(number, segment.number) => {
                    cursor = Cursor {
                        segment: next.number,
                        offset: 0,
                    };
                }
                Some(_) | None => {
                    if let Some(epoch) = self.epochs.get_mut(index) {
                        epoch.cursor = cursor;
                    }
                    return Ok(None);
                }
            }
        }
    }

    fn is_closed(&self, epoch: u32, segment: u32) -> bool {
        epoch != self.directory.epoch() || segment < self.journal.synced().segment
    }

    /// How far a segment may be read: what is not durable could be given other positions after a power cut.
    fn visible_end(&self, epoch: u32, segment: &Segment) -> u64 {
        let synced = self.journal.synced();
        if epoch != self.directory.epoch() || segment.number < synced.segment {
            segment.length
        } else if segment.number == synced.segment {
            synced.offset
        } else {
            0
        }
    }

    fn read(
        &mut self,
        epoch: u32,
        segment: &Segment,
        from: u64,
        end: u64,
        shipped: u64,
        max: usize,
    ) -> io::Result<Read> {
        let wanted = usize::try_from(end.saturating_sub(from))
            .unwrap_or(CHUNK)
            .min(CHUNK);
        self.chunk.resize(wanted, 0);
        File::open(&segment.path)?.read_exact_at(&mut self.chunk, from)?;
        let mut frames = Frames::new(&self.chunk);
        let mut entries = Vec::new();
        while entries.len() < max {
            match frames.next() {
                Some(Frame::Record {
                    seq,
                    organization,
                    body,
                    ..
                }) if seq > shipped => {
                    let origin = Origin {
                        worker: self.directory.worker(),
                        epoch,
                        seq,
                    };
                    entries.push(UsageEntry {
                        origin,
                        organization,
                        body: Bytes::copy_from_slice(body),
                    });
                }
                Some(Frame::Record { .. } | Frame::Intent { .. } | Frame::Seal { .. }) => {}
                None => break,
            }
        }
        Ok(Read {
            consumed: frames.good() as u64,
            entries,
        })
    }
}

struct Read {
    consumed: u64,
    entries: Vec<UsageEntry>,
}

/// The start of the segment that holds `seq`.
fn locate(segments: &[Segment], seq: u64) -> Cursor {
    let holder = segments
        .iter()
        .rev()
        .find(|segment| segment.first_seq <= seq)
        .or(segments.first());
    Cursor {
        segment: holder.map_or(1, |segment| segment.number),
        offset: 0,
    }
}
