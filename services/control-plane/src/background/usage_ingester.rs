//! Takes usage records from the queue into Postgres, each exactly once in effect: one transaction inserts what is not
//! there yet, counts only that on rollups and budgets, and moves the watermark; then the queue is told. A crash between any two steps repeats
//! work and changes nothing. Records that can never be stored are set aside and count as accounted for, so one of them
//! holds up neither the queue nor its worker's spool.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_backplane::{Delivery, EntryId, UsageQueue, Watermark};
use sluicegate_contracts::usage::{Origin, UsageRecord};
use sluicegate_service_runtime::ids;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::driver::{Pass, Task};
use super::metrics::BackgroundMetrics;
use crate::codes::Code;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::Connection;
use crate::store::budget_alerts;
use crate::store::budget_spend::{self, Spent};
use crate::store::credit_charges;
use crate::store::database::Scope;
use crate::store::session_budgets::{self, Caps};
use crate::store::usage_dead_letters::{self, DeadLetter};
use crate::store::usage_progress::{self, Source, SourceProgress};
use crate::store::usage_records::{self, Inserted, RequestRow, day_of};

/// One name for every process: entries are told apart by how long they lie, not by who took them.
const CONSUMER: &str = "ingester";
const BATCH: usize = 500;
const BLOCK: Duration = Duration::from_millis(500);
const RECLAIM_EVERY: Duration = Duration::from_secs(5);
const RECLAIM_IDLE: Duration = Duration::from_secs(30);
/// A record that could not be stored alone so many times is set aside.
const MAX_DELIVERIES: u64 = 5;
/// Days around today in which a request can have been made; workers keep no older spool.
const OLDEST_DAYS: i64 = 35;
const NEWEST_DAYS: i64 = 1;

/// See the module.
pub struct UsageIngester {
    state: AppState,
    queue: UsageQueue,
    metrics: BackgroundMetrics,
    last_reclaim: Option<Duration>,
    /// Days whose partition is known to be there.
    days: HashSet<Date>,
    /// What was taken from the queue while Postgres was away.
    held: Vec<Delivery>,
}

/// A batch that is committed; the queue is still to be told.
#[derive(Debug, Default)]
pub struct Stored {
    /// Entries that are dealt with.
    pub entries: Vec<EntryId>,
    /// What workers may forget.
    pub watermarks: Vec<Watermark>,
    /// Records that were new.
    pub inserted: u64,
    /// Records that had been stored before.
    pub repeated: u64,
    /// Records that were set aside.
    pub dead: u64,
}

/// A batch, sorted out.
#[derive(Debug, Default)]
struct Batch {
    entries: Vec<EntryId>,
    rows: Vec<(Delivery, RequestRow)>,
    letters: Vec<DeadLetter>,
    positions: BTreeMap<Source, Vec<u64>>,
}

/// What workers may forget of one source.
pub(super) fn watermark(one: &SourceProgress) -> Watermark {
    Watermark {
        worker: one.source.worker,
        epoch: one.source.epoch,
        seq: one.progress.watermark(),
    }
}

fn dead_letter(delivery: &Delivery, reason: String) -> DeadLetter {
    let entry = delivery.entry.as_ref().ok();
    DeadLetter {
        id: ids::fresh(),
        origin: entry.map(|entry| entry.origin),
        organization: entry.map(|entry| entry.organization.as_uuid()),
        entry: delivery.id.to_string(),
        deliveries: delivery.deliveries,
        reason,
        body: entry.map_or_else(Vec::new, |entry| entry.body.to_vec()),
    }
}

/// The row of a delivery, or why there can never be one. The reason quotes nothing of the record.
fn read(delivery: &Delivery, now: OffsetDateTime) -> Result<RequestRow, String> {
    let entry = delivery.entry.as_ref().map_err(ToString::to_string)?;
    let record: UsageRecord = serde_json::from_slice(&entry.body)
        .map_err(|error| format!("unreadable at line {} column {}", error.line(), error.column()))?;
    if record.origin != entry.origin || record.organization != entry.organization {
        return Err("the record names another origin or tenant than its envelope".to_owned());
    }
    let day = day_of(record.request.as_uuid()).ok_or("the request id is not time-ordered")?;
    let age = (now.date() - day).whole_days();
    if !(-NEWEST_DAYS..=OLDEST_DAYS).contains(&age) {
        return Err("the request was made on a day that is not kept".to_owned());
    }
    RequestRow::of(record).map_err(|error| error.to_string())
}

impl Batch {
    fn sort(deliveries: &[Delivery], now: OffsetDateTime) -> Self {
        let mut batch = Self::default();
        for delivery in deliveries {
            batch.entries.push(delivery.id.clone());
            batch.account(delivery);
            match read(delivery, now) {
                Ok(row) => batch.rows.push((delivery.clone(), row)),
                Err(reason) => batch.letters.push(dead_letter(delivery, reason)),
            }
        }
        batch
    }

    fn set_aside(delivery: &Delivery, reason: String) -> Self {
        let mut batch = Self {
            entries: vec![delivery.id.clone()],
            ..Self::default()
        };
        batch.account(delivery);
        batch.letters.push(dead_letter(delivery, reason));
        batch
    }

    fn account(&mut self, delivery: &Delivery) {
        if let Ok(entry) = &delivery.entry {
            let Origin { worker, epoch, seq } = entry.origin;
            // Postgres counts to 2^63; no worker gets there honestly.
            if i64::try_from(seq).is_ok() {
                self.positions
                    .entry(Source { worker, epoch })
                    .or_default()
                    .push(seq);
            }
        }
    }

    /// Sets aside what claims a project that is not its tenant's.
    fn check_owners(&mut self, owners: &HashMap<Uuid, Uuid>) {
        let rows = std::mem::take(&mut self.rows);
        for (delivery, row) in rows {
            if owners.get(&row.project_id) == Some(&row.organization_id) {
                self.rows.push((delivery, row));
            } else {
                self.letters
                    .push(dead_letter(&delivery, "unknown project".to_owned()));
            }
        }
    }

    async fn write(mut self, connection: &mut Connection, now: OffsetDateTime) -> Result<Stored> {
        let projects: HashSet<Uuid> = self.rows.iter().map(|(_, row)| row.project_id).collect();
        let projects: Vec<Uuid> = projects.into_iter().collect();
        let owners = usage_records::owners(connection, &projects).await?;
        self.check_owners(&owners.into_iter().collect());
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let delivered = count(self.rows.len());
        let rows = distinct(self.rows);
        let inserted = if rows.is_empty() {
            Inserted::default()
        } else {
            usage_records::insert(connection, &rows).await?
        };
        let (mut spent, mut caps) = (Spent::default(), Caps::default());
        for row in rows.iter().filter(|row| inserted.ids.contains(&row.id)) {
            row.add_to(&mut spent);
            row.add_caps_to(&mut caps);
        }
        budget_spend::record(connection, &spent).await?;
        session_budgets::record(connection, &caps).await?;
        budget_alerts::fire(connection, &spent, now).await?;
        let new = rows.iter().filter(|row| inserted.ids.contains(&row.id));
        credit_charges::book(connection, new.filter_map(RequestRow::charge).collect(), now).await?;
        usage_records::touch_keys(connection, &inserted.uses).await?;
        for letter in &self.letters {
            usage_dead_letters::insert(connection, letter, now).await?;
        }
        let watermarks = advance(connection, self.positions, now).await?;
        let stored = count(inserted.ids.len());
        Ok(Stored {
            entries: self.entries,
            watermarks,
            inserted: stored,
            repeated: delivered.saturating_sub(stored),
            dead: count(self.letters.len()),
        })
    }
}

/// The rows without those that repeat another of the batch: of two, the one that is inserted must be the one that counts.
fn distinct(rows: Vec<(Delivery, RequestRow)>) -> Vec<RequestRow> {
    let mut seen = HashSet::new();
    let rows = rows.into_iter().map(|(_, row)| row);
    rows.filter(|row| seen.insert(row.id)).collect()
}

async fn advance(
    connection: &mut Connection,
    mut positions: BTreeMap<Source, Vec<u64>>,
    now: OffsetDateTime,
) -> Result<Vec<Watermark>> {
    let sources: Vec<Source> = positions.keys().copied().collect();
    let mut watermarks = Vec::with_capacity(sources.len());
    for mut one in usage_progress::lock(connection, &sources, now).await? {
        let before = one.progress.watermark();
        one.progress
            .absorb(positions.remove(&one.source).unwrap_or_default());
        one.gap_since = match (one.progress.gap(), one.gap_since) {
            (None, _) => None,
            // The hole that held the watermark was filled: the clock of the next one starts now.
            (Some(_), Some(since)) if one.progress.watermark() == before => Some(since),
            (Some(_), _) => Some(now),
        };
        usage_progress::save(connection, &one, now).await?;
        watermarks.push(watermark(&one));
    }
    Ok(watermarks)
}

impl UsageIngester {
    /// An ingester of `queue`.
    #[must_use]
    pub fn new(state: AppState, queue: UsageQueue, metrics: BackgroundMetrics) -> Self {
        Self {
            state,
            queue,
            metrics,
            last_reclaim: None,
            days: HashSet::new(),
            held: Vec::new(),
        }
    }

    /// Commits a batch, without telling the queue.
    ///
    /// # Errors
    /// When Postgres refuses or does not answer; then nothing is committed.
    pub async fn store(&mut self, deliveries: &[Delivery]) -> Result<Stored> {
        let now = self.state.now()?;
        self.commit(Batch::sort(deliveries, now), now).await
    }

    async fn commit(&mut self, batch: Batch, now: OffsetDateTime) -> Result<Stored> {
        for (_, row) in &batch.rows {
            let Some(day) = day_of(row.id) else { continue };
            if !self.days.contains(&day) {
                self.state
                    .within(Scope::System, move |connection| {
                        usage_records::create_partition(connection, day).boxed()
                    })
                    .await?;
                self.days.insert(day);
            }
        }
        self.state
            .within(Scope::System, move |connection| {
                batch.write(connection, now).boxed()
            })
            .await
    }

    /// Tells the queue, and through it the workers, what is committed.
    ///
    /// # Errors
    /// When the queue does not answer; the entries then come again and change nothing.
    pub async fn settle(&mut self, stored: Stored) -> anyhow::Result<()> {
        self.metrics.usage_stored.inc_by(stored.inserted);
        self.metrics.usage_repeated.inc_by(stored.repeated);
        self.metrics.usage_dead_letters.inc_by(stored.dead);
        self.queue.ack(&stored.entries).await?;
        self.queue.publish_watermarks(&stored.watermarks).await?;
        Ok(())
    }

    /// Commits and settles. A batch that Postgres refuses is halved until the record at fault is alone.
    ///
    /// # Errors
    /// When Postgres (the batch is then kept and tried again by the next pass) or the queue does not answer.
    pub async fn take(&mut self, deliveries: Vec<Delivery>) -> anyhow::Result<()> {
        let mut todo = vec![deliveries];
        while let Some(mut batch) = todo.pop() {
            let error = match self.store(&batch).await {
                Ok(stored) => {
                    self.settle(stored).await?;
                    continue;
                }
                Err(error) => error,
            };
            if error.code() == Code::DependencyUnavailable {
                // Kept here: handing them out again would count against them.
                self.held = todo.into_iter().chain([batch]).flatten().collect();
                return Err(error.into());
            }
            if batch.len() > 1 {
                let rest = batch.split_off(batch.len() / 2);
                todo.extend([rest, batch]);
            } else if let Some(delivery) = batch.first() {
                self.refuse(delivery, &error).await?;
            }
        }
        Ok(())
    }

    async fn refuse(&mut self, delivery: &Delivery, error: &Error) -> anyhow::Result<()> {
        tracing::error!(entry = %delivery.id, deliveries = delivery.deliveries, %error, "a usage record cannot be stored");
        if delivery.deliveries <= MAX_DELIVERIES {
            return Ok(());
        }
        let batch = Batch::set_aside(delivery, "refused by the database".to_owned());
        let stored = self.commit(batch, self.state.now()?).await?;
        self.settle(stored).await
    }
}

impl Task for UsageIngester {
    const NAME: &'static str = "usage ingester";
    /// Reading waits by itself.
    const INTERVAL: Duration = Duration::ZERO;

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let held = std::mem::take(&mut self.held);
        if !held.is_empty() {
            self.take(held).await?;
        }
        let now = self.state.clock.monotonic();
        if self
            .last_reclaim
            .is_none_or(|last| now.saturating_sub(last) >= RECLAIM_EVERY)
        {
            let reclaimed = self.queue.reclaim(CONSUMER, BATCH, RECLAIM_IDLE).await?;
            let is_full = reclaimed.len() == BATCH;
            self.take(reclaimed).await?;
            if !is_full {
                self.last_reclaim = Some(now);
            }
        }
        let fresh = self.queue.read(CONSUMER, BATCH, BLOCK).await?;
        let is_full = fresh.len() == BATCH;
        self.take(fresh).await?;
        Ok(if is_full { Pass::More } else { Pass::Idle })
    }
}
