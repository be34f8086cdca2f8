//! What workers saw, over Redis: the texts by themselves, and a stream that says which of them are new. The server numbers
//! the stream by its own clock, which is the only one that ages are taken from.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `<prefix>:sightings:{<organization>}:<epoch>` | string | a worker's latest text about the tenant; ends by itself |
//! | `<prefix>:sightings:new` | stream | `o` and `w`: about whom, and by which epoch, something was said |

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::streams::{StreamId, StreamRangeReply};
use redis::{FromRedisValue, Pipeline, RedisResult, from_redis_value_ref, pipe};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::escrow::Epoch;

use super::{Cursor, KEPT, MAX_BODY, PAGE, Posting, Reading, Sighting};
use crate::error::BackplaneError;
use crate::redis_link::{self, Patience, RedisLink};

/// Nothing waits for this, and it comes again a second later.
const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(1),
    answer: Duration::from_secs(1),
    between: Duration::from_secs(5),
};
/// Most announcements that are kept: who is behind by more misses words that are said again.
const ANNOUNCED: usize = 16_384;

/// See [`super::Sightings::redis`].
#[derive(Clone)]
pub struct RedisSightings {
    inner: Arc<Inner>,
}

struct Inner {
    link: RedisLink,
    prefix: String,
}

/// That something was said.
struct Announced {
    cursor: Cursor,
    about: Option<(OrganizationId, Epoch)>,
}

impl RedisSightings {
    pub(super) fn new(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        let client = redis_link::client(url)?;
        Ok(Self {
            inner: Arc::new(Inner {
                link: RedisLink::new(client, PATIENCE),
                prefix: format!("{prefix}:sightings"),
            }),
        })
    }

    fn key(&self, organization: OrganizationId, worker: Epoch) -> String {
        format!("{}:{{{organization}}}:{worker}", self.inner.prefix)
    }

    fn news(&self) -> String {
        format!("{}:new", self.inner.prefix)
    }

    async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        pipeline: &Pipeline,
    ) -> Result<T, BackplaneError> {
        let outcome = self.inner.link.run(operation, pipeline, Duration::ZERO).await;
        outcome.map_err(|error| error.into_backplane(operation))
    }

    pub(super) async fn post<'p>(
        &self,
        worker: Epoch,
        postings: impl Iterator<Item = &'p Posting>,
    ) -> Result<(), BackplaneError> {
        let (news, kept) = (self.news(), KEPT.as_millis() as u64);
        let mut commands = pipe();
        for posting in postings {
            // The text first: whoever reads that there is one finds it.
            commands.cmd("SET").arg(self.key(posting.organization, worker));
            commands.arg(&posting.body[..]).arg("PX").arg(kept).ignore();
            commands
                .cmd("XADD")
                .arg(&news)
                .arg("MAXLEN")
                .arg("~")
                .arg(ANNOUNCED);
            commands.arg("*").arg("o").arg(posting.organization.to_string());
            commands.arg("w").arg(worker.to_string()).ignore();
        }
        if commands.is_empty() {
            return Ok(());
        }
        commands.cmd("PEXPIRE").arg(&news).arg(kept).ignore();
        self.run("telling what was seen of endpoints", &commands).await
    }

    pub(super) async fn read(&self, reader: Epoch, since: Cursor) -> Result<Reading, BackplaneError> {
        const OPERATION: &str = "reading what others saw of endpoints";
        let from = since.following();
        let mut look = pipe();
        look.cmd("TIME");
        look.cmd("XRANGE").arg(self.news());
        look.arg(format!("{}-{}", from.millis, from.number)).arg("+");
        look.arg("COUNT").arg(PAGE);
        let ((seconds, micros), news): ((u64, u64), StreamRangeReply) = self.run(OPERATION, &look).await?;
        let now = seconds.saturating_mul(1_000).saturating_add(micros / 1_000);
        let mut reading = Reading {
            // A server whose clock is behind what was read has forgotten, and numbers from anew.
            next: if now.saturating_add(1_000) < since.millis {
                Cursor::default()
            } else {
                since
            },
            ..Reading::default()
        };
        // Of several words of one worker about one tenant only the latest is there.
        let mut latest = HashMap::new();
        for entry in &news.ids {
            let Some(announced) = announced(entry) else {
                reading.malformed += 1;
                continue;
            };
            reading.next = reading.next.max(announced.cursor);
            match announced.about {
                Some((_, worker)) if worker == reader => {}
                Some(about) => _ = latest.insert(about, announced.cursor.millis),
                None => reading.malformed += 1,
            }
        }
        let latest: Vec<((OrganizationId, Epoch), u64)> = latest.into_iter().collect();
        let bodies = self.bodies(OPERATION, &latest).await?;
        for (((organization, worker), millis), body) in latest.into_iter().zip(bodies) {
            match body {
                // Its minute is over.
                Ok(body) if body.is_empty() => {}
                Ok(body) if body.len() <= MAX_BODY => reading.sightings.push(Sighting {
                    organization,
                    worker,
                    age: Duration::from_millis(now.saturating_sub(millis)),
                    body: Bytes::from(body),
                }),
                Ok(_) | Err(_) => reading.malformed += 1,
            }
        }
        Ok(reading)
    }

    /// The texts, cut where they are too long by then.
    async fn bodies(
        &self,
        operation: &'static str,
        about: &[((OrganizationId, Epoch), u64)],
    ) -> Result<Vec<RedisResult<Vec<u8>>>, BackplaneError> {
        if about.is_empty() {
            return Ok(Vec::new());
        }
        let mut fetch = pipe();
        for ((organization, worker), _) in about {
            let key = self.key(*organization, *worker);
            fetch.cmd("GETRANGE").arg(key).arg(0).arg(MAX_BODY);
        }
        // What is there may be of another type.
        fetch.ignore_errors();
        self.run(operation, &fetch).await
    }

    pub(super) async fn close(&self) {
        self.inner.link.close().await;
    }
}

/// `None` when it is not even numbered.
fn announced(entry: &StreamId) -> Option<Announced> {
    let (millis, number) = entry.id.split_once('-')?;
    let field = |name: &str| from_redis_value_ref::<String>(entry.map.get(name)?).ok();
    let about = || {
        let (worker, number) = field("w").and_then(|it| {
            let (worker, number) = it.split_once(':')?;
            Some((worker.parse().ok()?, number.parse().ok()?))
        })?;
        Some((field("o")?.parse().ok()?, Epoch { worker, number }))
    };
    Some(Announced {
        cursor: Cursor {
            millis: millis.parse().ok()?,
            number: number.parse().ok()?,
        },
        about: about(),
    })
}
