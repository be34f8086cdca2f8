//! Decides, from bus messages and the time, what to apply and when to pull. Pure: no IO, time and chance are arguments.
//!
//! Messages are for speed, pulls are for truth: whatever the bus loses, repeats or reorders, the next pull mends.

use std::collections::BTreeMap;
use std::time::Duration;

use sluicegate_backplane::BusItem;
use sluicegate_contracts::event::{ConfigEvent, ConfigHead, ConfigMessage, ConfigVersion};
use sluicegate_contracts::snapshot::Deltas;

use super::apply::{Offer, SnapshotRefused, State};
use super::lines::Lines;
use crate::backoff::Backoff;

/// A head that stays ahead this long means lost events.
const BEHIND_FOR: Duration = Duration::from_secs(2);
/// A bus this silent is as good as lost: heads come each second.
const SILENT_AFTER: Duration = Duration::from_secs(5);
/// How often to pull while the bus is lost or silent.
const POLL_EVERY: Duration = Duration::from_secs(2);
/// How often differing hashes lead to a whole snapshot.
const RECHECK_EVERY: Duration = Duration::from_secs(30);
/// Events kept while something before them is missing.
const MAX_BUFFERED: usize = 10_000;

/// What to ask the control plane for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    /// What came after this version.
    Deltas(ConfigVersion),
    /// Everything.
    Snapshot,
}

/// What the control plane answered.
#[derive(Debug)]
pub(super) enum Pulled {
    Deltas(Deltas),
    Snapshot(Lines),
    Failed,
}

/// How the worker hears of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hearing {
    /// By messages.
    Bus,
    /// By polling: the bus is lost or silent.
    Polling,
}

/// Follows the control plane with one [`State`].
pub(super) struct Follower {
    state: State,
    buffer: BTreeMap<ConfigVersion, ConfigEvent>,
    connected: bool,
    /// When the last message came.
    heard: Duration,
    behind_since: Option<Duration>,
    /// Pull as soon as allowed.
    asked: bool,
    asked_snapshot: bool,
    pulling: bool,
    /// End of the last pull.
    pulled: Option<Duration>,
    not_before: Duration,
    backoff: Backoff,
    /// Last time the control plane or the bus showed that nothing is missing.
    current_at: Option<Duration>,
    mismatch_at: Option<Duration>,
    /// The control plane's own version, when it is behind this worker.
    control_plane_behind: Option<ConfigVersion>,
}

impl Follower {
    pub(super) fn new(state: State, now: Duration) -> Self {
        Self {
            state,
            buffer: BTreeMap::new(),
            connected: false,
            heard: now,
            behind_since: None,
            asked: true,
            asked_snapshot: false,
            pulling: false,
            pulled: None,
            not_before: now,
            backoff: Backoff::new(Duration::from_millis(100), SILENT_AFTER),
            current_at: None,
            mismatch_at: None,
            control_plane_behind: None,
        }
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    pub(super) const fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// When this worker last knew that it missed nothing; `None` since the start.
    pub(super) const fn current_at(&self) -> Option<Duration> {
        self.current_at
    }

    /// The control plane's version, when it is older than what is served here.
    pub(super) const fn control_plane_behind(&self) -> Option<ConfigVersion> {
        self.control_plane_behind
    }

    pub(super) fn hearing(&self, now: Duration) -> Hearing {
        if self.connected && now.saturating_sub(self.heard) < SILENT_AFTER {
            Hearing::Bus
        } else {
            Hearing::Polling
        }
    }

    /// Takes one item from the bus.
    pub(super) fn hear(&mut self, item: BusItem, now: Duration) {
        match item {
            BusItem::Connected => {
                self.connected = true;
                self.heard = now;
                self.asked = true;
            }
            BusItem::Lost => {
                self.connected = false;
                self.asked = true;
            }
            BusItem::Message(ConfigMessage::Event(event)) => {
                self.heard = now;
                self.offer(event);
                self.drain_buffer();
            }
            BusItem::Message(ConfigMessage::Head(head)) => {
                self.heard = now;
                self.compare(head, now);
            }
        }
    }

    /// The pull to start now, if any. The answer must come back through [`Follower::pulled`].
    pub(super) fn due(&mut self, now: Duration) -> Option<Pull> {
        if self.pulling || now < self.not_before {
            return None;
        }
        let behind = self
            .behind_since
            .is_some_and(|since| now.saturating_sub(since) >= BEHIND_FOR);
        let rested = self
            .pulled
            .is_none_or(|pulled| now.saturating_sub(pulled) >= POLL_EVERY);
        let polling = self.hearing(now) == Hearing::Polling && rested;
        if !(self.asked || self.asked_snapshot || behind || polling) {
            return None;
        }
        self.pulling = true;
        self.asked = false;
        let version = self.state.head().version;
        if self.asked_snapshot || version == ConfigVersion::default() {
            Some(Pull::Snapshot)
        } else {
            Some(Pull::Deltas(version))
        }
    }

    /// Takes the answer to a pull. `draw` is uniform in 0..1. Tells whether the state is now at least the control
    /// plane's.
    pub(super) fn pulled(&mut self, pulled: Pulled, now: Duration, draw: f64) -> bool {
        self.pulling = false;
        self.pulled = Some(now);
        let before = self.state.head().version;
        let head = match pulled {
            Pulled::Failed => {
                self.asked = true;
                self.not_before = now + self.backoff.next(draw);
                return false;
            }
            Pulled::Deltas(Deltas::SnapshotNeeded { head }) => head,
            Pulled::Deltas(Deltas::Events { head, events }) => {
                for event in events {
                    self.offer(event);
                }
                head
            }
            Pulled::Snapshot((header, events)) => {
                self.asked_snapshot = false;
                if let Err(error) = self.state.replace(&header, events) {
                    self.refused(&error, now, draw);
                    return false;
                }
                header.head
            }
        };
        self.drain_buffer();
        self.behind_since = None;
        self.compare(head, now);
        let mine = self.state.head().version;
        if mine >= head.version {
            self.backoff.reset();
            return true;
        }
        // The log may come in pieces. When it does not reach back to this version, only a snapshot helps.
        self.asked = true;
        if mine == before {
            self.asked_snapshot = true;
            self.not_before = now + self.backoff.next(draw);
        }
        false
    }

    fn refused(&mut self, error: &SnapshotRefused, now: Duration, draw: f64) {
        match error {
            SnapshotRefused::Older { offered, .. } => {
                self.control_plane_behind = Some(ConfigVersion(*offered));
            }
            SnapshotRefused::Damaged(_) => {
                tracing::error!(%error, "the control plane's snapshot was refused; the state before it stays in service");
                self.asked = true;
            }
        }
        self.not_before = now + self.backoff.next(draw);
    }

    fn offer(&mut self, event: ConfigEvent) {
        match self.state.offer(event.clone()) {
            Offer::Old | Offer::Applied => {}
            Offer::Gap => {
                self.asked = true;
                if self.buffer.len() < MAX_BUFFERED {
                    self.buffer.insert(event.version, event);
                }
            }
        }
    }

    fn drain_buffer(&mut self) {
        while let Some(entry) = self.buffer.first_entry() {
            if *entry.key() > self.state.head().version.next() {
                return;
            }
            self.state.offer(entry.remove());
        }
    }

    fn compare(&mut self, head: ConfigHead, now: Duration) {
        let mine = self.state.head();
        self.control_plane_behind = (head.version < mine.version).then_some(head.version);
        if head.version > mine.version {
            self.behind_since.get_or_insert(now);
            return;
        }
        self.behind_since = None;
        if head.version < mine.version {
            // A head sent just before the event that is already here.
            return;
        }
        if head.state_hash == mine.state_hash {
            self.current_at = Some(now);
        } else if self
            .mismatch_at
            .is_none_or(|at| now.saturating_sub(at) >= RECHECK_EVERY)
        {
            tracing::error!(
                version = mine.version.0,
                "the state differs from the control plane's at the same version: the whole state is taken anew"
            );
            self.mismatch_at = Some(now);
            self.asked_snapshot = true;
        }
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
