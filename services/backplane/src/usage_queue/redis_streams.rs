//! The usage queue over one Redis stream with one consumer group. The stream is bounded by its producers, never by
//! trimming on append, since Redis would drop entries that nobody has ingested; it is trimmed only behind what is
//! acknowledged (`ack.lua`). The group is made when the server says that it is missing, which also heals a flush.
//!
//! Keys: `<prefix>:usage` (the stream) and `<prefix>:usage:watermarks:<worker>` (a hash from epoch to position).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::streams::{
    StreamAutoClaimReply, StreamId, StreamPendingCountReply, StreamPendingReply, StreamRangeReply,
    StreamReadReply,
};
use redis::{FromRedisValue, Pipeline, Value, pipe};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::usage::Origin;

use super::depth::entry_age;
use super::{Delivery, Depth, EntryId, MalformedEntry, UsageEntry, Watermark};
use crate::error::BackplaneError;
use crate::reconnect::LONGEST;
use crate::redis_link::{self, LinkError, Patience, RedisLink};

const GROUP: &str = "ingest";
const ACK: &str = include_str!("ack.lua");
const RAISE_WATERMARKS: &str = include_str!("raise_watermarks.lua");
/// Far longer than any worker keeps a spool that nobody ingests.
const WATERMARK_SECONDS: u64 = 30 * 24 * 3600;
/// Redis passes script arguments on its Lua stack, which ends at some thousands.
const ACK_CHUNK: usize = 1_000;
const AT_ONCE: Duration = Duration::ZERO;
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(2),
    answer: Duration::from_secs(2),
    between: LONGEST,
};

/// See [`super::UsageQueue::redis`].
#[derive(Clone)]
pub struct RedisQueue {
    inner: Arc<Inner>,
}

struct Inner {
    commands: RedisLink,
    /// A blocking read holds up everything behind it on its connection, so it has its own.
    reads: RedisLink,
    prefix: String,
    stream: String,
    cap: u64,
}

impl RedisQueue {
    pub(super) fn new(url: &str, prefix: &str, cap: u64) -> Result<Self, BackplaneError> {
        let client = redis_link::client(url)?;
        Ok(Self {
            inner: Arc::new(Inner {
                commands: RedisLink::new(client.clone(), PATIENCE),
                reads: RedisLink::new(client, PATIENCE),
                prefix: prefix.to_owned(),
                stream: format!("{prefix}:usage"),
                cap,
            }),
        })
    }

    async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        pipeline: &Pipeline,
    ) -> Result<T, BackplaneError> {
        let outcome = self.inner.commands.run(operation, pipeline, AT_ONCE).await;
        outcome.map_err(|error| error.into_backplane(operation))
    }

    pub(super) async fn append(&self, entries: &[UsageEntry]) -> Result<(), BackplaneError> {
        const OPERATION: &str = "appending usage records";
        if entries.is_empty() {
            return Ok(());
        }
        let (inner, cap) = (&self.inner, self.inner.cap);
        let mut length = pipe();
        length.cmd("XLEN").arg(&inner.stream);
        let (depth,): (u64,) = self.run(OPERATION, &length).await?;
        if depth + entries.len() as u64 > cap {
            return Err(BackplaneError::Backpressure { depth, cap });
        }
        let mut adds = pipe();
        for entry in entries {
            adds.cmd("XADD").arg(&inner.stream).arg("*");
            adds.arg("w").arg(entry.origin.worker.to_string());
            adds.arg("e").arg(entry.origin.epoch);
            adds.arg("s").arg(entry.origin.seq);
            adds.arg("o").arg(entry.organization.to_string());
            adds.arg("body").arg(&entry.body[..]).ignore();
        }
        match inner.commands.run(OPERATION, &adds, AT_ONCE).await {
            Ok(()) => Ok(()),
            // A server at its memory limit is full in the same sense as a stream at its cap.
            Err(error) if error.has_code("OOM") => Err(BackplaneError::Backpressure { depth, cap }),
            Err(error) => Err(error.into_backplane(OPERATION)),
        }
    }

    pub(super) async fn read(
        &self,
        consumer: &str,
        max: usize,
        block: Duration,
    ) -> Result<Vec<Delivery>, BackplaneError> {
        const OPERATION: &str = "reading usage records";
        let mut read = pipe();
        read.cmd("XREADGROUP").arg("GROUP").arg(GROUP).arg(consumer);
        read.arg("COUNT").arg(max);
        // To Redis, a block of zero means for ever.
        if let Ok(millis @ 1..) = u64::try_from(block.as_millis()) {
            read.arg("BLOCK").arg(millis);
        }
        read.arg("STREAMS").arg(&self.inner.stream).arg(">");
        let reads = &self.inner.reads;
        let (reply,): (Option<StreamReadReply>,) = match reads.run(OPERATION, &read, block).await {
            Err(error) if is_group_missing(&error) => {
                self.create_group().await?;
                let again = reads.run(OPERATION, &read, block).await;
                again.map_err(|error| error.into_backplane(OPERATION))?
            }
            outcome => outcome.map_err(|error| error.into_backplane(OPERATION))?,
        };
        let entries = reply.unwrap_or_default().keys.into_iter().flat_map(|key| key.ids);
        Ok(entries.map(|entry| delivery(entry, 1)).collect())
    }

    pub(super) async fn reclaim(
        &self,
        consumer: &str,
        max: usize,
        min_idle: Duration,
    ) -> Result<Vec<Delivery>, BackplaneError> {
        let mut claimed: Vec<StreamId> = Vec::new();
        let mut cursor = "0-0".to_owned();
        loop {
            let reply = self
                .claim(consumer, max - claimed.len(), min_idle, &cursor)
                .await?;
            claimed.extend(reply.claimed);
            cursor = reply.next_stream_id;
            if claimed.len() >= max || cursor.is_empty() || cursor == "0-0" {
                break;
            }
        }
        let counts = self.delivery_counts(&claimed).await?;
        Ok(claimed
            .into_iter()
            .zip(counts)
            .map(|(entry, count)| delivery(entry, count))
            .collect())
    }

    async fn claim(
        &self,
        consumer: &str,
        max: usize,
        min_idle: Duration,
        cursor: &str,
    ) -> Result<StreamAutoClaimReply, BackplaneError> {
        const OPERATION: &str = "reclaiming usage records";
        let mut claim = pipe();
        claim
            .cmd("XAUTOCLAIM")
            .arg(&self.inner.stream)
            .arg(GROUP)
            .arg(consumer);
        claim.arg(u64::try_from(min_idle.as_millis()).unwrap_or(u64::MAX));
        claim.arg(cursor).arg("COUNT").arg(max);
        match self.inner.commands.run(OPERATION, &claim, AT_ONCE).await {
            Ok((reply,)) => Ok(reply),
            Err(error) if is_group_missing(&error) => {
                self.create_group().await?;
                Ok(StreamAutoClaimReply::default())
            }
            Err(error) => Err(error.into_backplane(OPERATION)),
        }
    }

    /// How often each of `entries` was handed out; claiming does not tell.
    async fn delivery_counts(&self, entries: &[StreamId]) -> Result<Vec<u64>, BackplaneError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut counts = pipe();
        for entry in entries {
            counts.cmd("XPENDING").arg(&self.inner.stream).arg(GROUP);
            counts.arg(&entry.id).arg(&entry.id).arg(1);
        }
        let replies: Vec<StreamPendingCountReply> = self.run("reading delivery counts", &counts).await?;
        Ok(replies
            .iter()
            .map(|reply| reply.ids.first().map_or(1, |one| one.times_delivered as u64))
            .collect())
    }

    /// Makes the group, and the stream with it, from the beginning of whatever the stream holds.
    async fn create_group(&self) -> Result<(), BackplaneError> {
        const OPERATION: &str = "creating the consumer group";
        let mut create = pipe();
        create
            .cmd("XGROUP")
            .arg("CREATE")
            .arg(&self.inner.stream)
            .arg(GROUP);
        create.arg("0").arg("MKSTREAM").ignore();
        match self.inner.commands.run(OPERATION, &create, AT_ONCE).await {
            Ok(()) => Ok(()),
            Err(error) if error.has_code("BUSYGROUP") => Ok(()),
            Err(error) => Err(error.into_backplane(OPERATION)),
        }
    }

    pub(super) async fn ack(&self, ids: &[EntryId]) -> Result<(), BackplaneError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut acks = pipe();
        for chunk in ids.chunks(ACK_CHUNK) {
            acks.cmd("EVAL")
                .arg(ACK)
                .arg(1)
                .arg(&self.inner.stream)
                .arg(GROUP);
            for id in chunk {
                acks.arg(&id.0);
            }
            acks.ignore();
        }
        self.run("acknowledging usage records", &acks).await
    }

    pub(super) async fn depth(&self) -> Result<Depth, BackplaneError> {
        const OPERATION: &str = "measuring the usage queue";
        let stream = &self.inner.stream;
        let mut look = pipe();
        look.cmd("XLEN").arg(stream);
        look.cmd("XRANGE")
            .arg(stream)
            .arg("-")
            .arg("+")
            .arg("COUNT")
            .arg(1);
        look.cmd("TIME");
        let (entries, first, (seconds, micros)): (u64, StreamRangeReply, (u64, u64)) =
            self.run(OPERATION, &look).await?;
        let mut owed = pipe();
        owed.cmd("XPENDING").arg(stream).arg(GROUP);
        let pending: u64 = match self.inner.commands.run(OPERATION, &owed, AT_ONCE).await {
            Ok((reply,)) => {
                let reply: StreamPendingReply = reply;
                reply.count() as u64
            }
            Err(error) if is_group_missing(&error) => 0,
            Err(error) => return Err(error.into_backplane(OPERATION)),
        };
        let now_millis = seconds * 1_000 + micros / 1_000;
        Ok(Depth {
            entries,
            pending,
            oldest: first
                .ids
                .first()
                .and_then(|entry| entry_age(&entry.id, now_millis)),
        })
    }

    fn watermark_key(&self, worker: WorkerId) -> String {
        format!("{}:usage:watermarks:{worker}", self.inner.prefix)
    }

    pub(super) async fn publish_watermarks(&self, watermarks: &[Watermark]) -> Result<(), BackplaneError> {
        let mut by_worker: BTreeMap<WorkerId, Vec<&Watermark>> = BTreeMap::new();
        for watermark in watermarks {
            by_worker.entry(watermark.worker).or_default().push(watermark);
        }
        if by_worker.is_empty() {
            return Ok(());
        }
        let mut raise = pipe();
        for (worker, watermarks) in by_worker {
            raise
                .cmd("EVAL")
                .arg(RAISE_WATERMARKS)
                .arg(1)
                .arg(self.watermark_key(worker));
            raise.arg(WATERMARK_SECONDS);
            for watermark in watermarks {
                raise.arg(watermark.epoch).arg(watermark.seq);
            }
            raise.ignore();
        }
        self.run("publishing watermarks", &raise).await
    }

    pub(super) async fn watermarks(&self, worker: WorkerId) -> Result<Vec<Watermark>, BackplaneError> {
        let mut all = pipe();
        all.cmd("HGETALL").arg(self.watermark_key(worker));
        let (by_epoch,): (BTreeMap<u32, u64>,) = self.run("reading watermarks", &all).await?;
        Ok(by_epoch
            .into_iter()
            .map(|(epoch, seq)| Watermark { worker, epoch, seq })
            .collect())
    }

    pub(super) async fn close(&self) {
        self.inner.commands.close().await;
        self.inner.reads.close().await;
    }
}

/// The stream or its group is gone, or went while a read was waiting on it.
fn is_group_missing(error: &LinkError) -> bool {
    error.has_code("NOGROUP") || error.has_code("UNBLOCKED")
}

fn delivery(entry: StreamId, deliveries: u64) -> Delivery {
    Delivery {
        id: EntryId(entry.id.clone()),
        deliveries,
        entry: decode(&entry),
    }
}

fn decode(entry: &StreamId) -> Result<UsageEntry, MalformedEntry> {
    Ok(UsageEntry {
        origin: Origin {
            worker: parsed(entry, "w")?,
            epoch: parsed(entry, "e")?,
            seq: parsed(entry, "s")?,
        },
        organization: parsed(entry, "o")?,
        body: match entry.map.get("body") {
            Some(Value::BulkString(body)) => Bytes::copy_from_slice(body),
            Some(_) | None => return Err(MalformedEntry { field: "body" }),
        },
    })
}

fn parsed<T: std::str::FromStr>(entry: &StreamId, field: &'static str) -> Result<T, MalformedEntry> {
    let text: Option<String> = entry.get(field);
    text.and_then(|text| text.parse().ok())
        .ok_or(MalformedEntry { field })
}
