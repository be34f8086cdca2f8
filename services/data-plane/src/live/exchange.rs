//! Tells other workers what this one saw of its endpoints, and takes in what they saw: about once a second, in the
//! background. No call waits for it, and while the store is away every worker goes on with what it saw itself.
//!
//! Filed by tenant on both sides: what somebody writes under one tenant's name about another's account finds no endpoint.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use sluicegate_backplane::Sightings;
use sluicegate_backplane::sightings::{Cursor, Posting, Sighting};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::escrow::Epoch;
use sluicegate_routing::health::{Moment, Peers, Word as Heard};
use sluicegate_service_runtime::metrics::Registry;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::metrics::Metrics;
use super::words::{MOST_ENDPOINTS, Word, Words, can_be_told};
use super::{Endpoints, Key};

/// How often workers speak.
const EVERY: Duration = Duration::from_secs(1);
/// In every so many rounds it is said again what is still left alone, for workers that began since.
const AGAIN: u64 = 20;
/// In every so many rounds it is forgotten what is old.
const FORGET: u64 = 15;
/// Most tenants that one round speaks of; the others follow in the next.
const TENANTS: usize = 256;
/// Most endpoints of which something is remembered that others said.
const MOST_HEARD: usize = super::MOST / 2;

/// The conversation of one worker.
#[derive(Debug)]
pub struct Exchange {
    endpoints: Endpoints,
    store: Sightings,
    epoch: Epoch,
    round: u64,
    cursor: Cursor,
    due: Due,
    heard: HashMap<Key, Peers<Epoch>>,
    is_away: bool,
    metrics: Metrics,
}

/// Tenants of whose endpoints something is to be said, first come, first served.
#[derive(Debug, Default)]
struct Due {
    queue: VecDeque<OrganizationId>,
    queued: HashSet<OrganizationId>,
}

impl Due {
    fn add(&mut self, organization: OrganizationId) {
        if self.queued.insert(organization) {
            self.queue.push_back(organization);
        }
    }

    fn take(&mut self) -> HashSet<OrganizationId> {
        let count = self.queue.len().min(TENANTS);
        let taken: HashSet<OrganizationId> = self.queue.drain(..count).collect();
        self.queued.retain(|it| !taken.contains(it));
        taken
    }
}

impl Exchange {
    /// A worker that has said and heard nothing yet.
    #[must_use]
    pub fn new(endpoints: Endpoints, store: Sightings, epoch: Epoch, registry: &Registry) -> Self {
        Self {
            endpoints,
            store,
            epoch,
            round: 0,
            cursor: Cursor::default(),
            due: Due::default(),
            heard: HashMap::new(),
            is_away: false,
            metrics: Metrics::new(registry),
        }
    }

    /// Speaks and listens until `stop` is cancelled.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.round().await,
                () = stop.cancelled() => return,
            }
        }
    }

    /// Says what is new here, then hears what is new elsewhere.
    pub async fn round(&mut self) {
        self.round += 1;
        self.look_around();
        let tenants = self.due.take();
        let postings = self.postings(&tenants);
        let said = self.store.post(self.epoch, &postings).await;
        match &said {
            Ok(()) => self.metrics.said(postings.len()),
            Err(_) => tenants.into_iter().for_each(|it| self.due.add(it)),
        }
        let heard = match said {
            Ok(()) => self.store.read(self.epoch, self.cursor).await,
            Err(error) => Err(error),
        };
        self.is_there(heard.is_ok());
        match heard {
            Ok(reading) => {
                self.cursor = reading.next;
                self.metrics.malformed(reading.malformed);
                self.hear(&reading.sightings);
            }
            Err(error) => tracing::debug!(%error, "what other workers saw of endpoints cannot be read"),
        }
        if self.round.is_multiple_of(FORGET) {
            let now = self.endpoints.now();
            self.heard.retain(|_, peers| {
                peers.forget(now);
                !peers.is_empty()
            });
        }
    }

    /// Notes of which tenants there is something to say.
    fn look_around(&mut self) {
        let (now, again) = (self.endpoints.now(), self.round.is_multiple_of(AGAIN));
        let due = &mut self.due;
        self.endpoints.for_each(|key, known| {
            let is_unsaid = known.take_unsaid();
            if is_unsaid || (again && known.summary(now).0.is_kept_away_from()) {
                due.add(key.organization);
            }
        });
    }

    /// One text for each of these tenants, about the endpoints that were used last.
    fn postings(&self, tenants: &HashSet<OrganizationId>) -> Vec<Posting> {
        if tenants.is_empty() {
            return Vec::new();
        }
        let now = self.endpoints.now();
        let mut seen: HashMap<OrganizationId, Vec<(f64, Word)>> = HashMap::new();
        self.endpoints.for_each(|key, known| {
            if !tenants.contains(&key.organization) || !can_be_told(known.model()) {
                return;
            }
            let (summary, idle) = known.summary(now);
            if summary.says_something() && summary.is_sane() {
                let word = Word {
                    connection: key.connection,
                    model: known.model().to_owned(),
                    seen: summary,
                };
                seen.entry(key.organization).or_default().push((idle, word));
            }
        });
        let posting = |(organization, mut words): (OrganizationId, Vec<(f64, Word)>)| {
            words.sort_by(|a, b| a.0.total_cmp(&b.0));
            let words = Words {
                round: self.round,
                endpoints: words.into_iter().take(MOST_ENDPOINTS).map(|it| it.1).collect(),
            };
            Some(Posting {
                organization,
                body: Bytes::from(words.write()?),
            })
        };
        seen.into_iter().filter_map(posting).collect()
    }

    fn hear(&mut self, sightings: &[Sighting]) {
        let now = self.endpoints.now();
        let mut news: HashMap<Key, String> = HashMap::new();
        for sighting in sightings {
            let Some(words) = Words::read(&sighting.body) else {
                self.metrics.malformed(1);
                continue;
            };
            self.metrics.heard();
            for word in words.endpoints {
                if let Some(key) = self.take_in(now, sighting, words.round, &word) {
                    news.insert(key, word.model);
                }
            }
        }
        for (key, model) in news {
            if let Some(peers) = self.heard.get(&key) {
                self.endpoints.hear(key, &model, now, &peers.told(now));
            }
        }
    }

    /// The endpoint that a word is about; `None` when it does not count.
    fn take_in(&mut self, now: Moment, sighting: &Sighting, round: u64, word: &Word) -> Option<Key> {
        if !word.is_sane() {
            self.metrics.malformed(1);
            return None;
        }
        let key = Key::named(sighting.organization, word.connection, &word.model);
        if self.heard.len() >= MOST_HEARD && !self.heard.contains_key(&key) {
            return None;
        }
        let heard = Heard {
            round,
            at: now.before(sighting.age.as_secs_f64()),
            summary: word.seen,
        };
        self.heard.entry(key).or_default().hear(sighting.worker, heard);
        Some(key)
    }

    fn is_there(&mut self, is_there: bool) {
        self.metrics.away(!is_there);
        match (self.is_away, is_there) {
            (false, false) => {
                tracing::warn!("other workers cannot be heard: endpoints are judged by what is seen here");
            }
            (true, true) => tracing::info!("other workers are heard again"),
            (false, true) | (true, false) => {}
        }
        self.is_away = !is_there;
    }
}
