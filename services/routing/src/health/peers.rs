//! What the other workers told of one endpoint, put together. The latest word of each counts, once, however often and in
//! whatever order it arrives; a worker's own is never among them.

use std::collections::BTreeMap;

use super::moment::Moment;
use super::quota::Limits;
use super::summary::{Evidence, Summary};

/// Calls that the evidence of all others together weighs at most: enough to start from, and outweighed within seconds by
/// whoever sees the endpoint for himself.
const MOST_WEIGHT: f32 = 8.0;
/// Workers that are listened to.
const MOST_WORKERS: usize = 64;
/// Seconds after which a word is forgotten that was not said again.
const FORGOTTEN: f64 = 60.0;
/// Share of the calls of everybody that must have failed for a breaker to be more than one worker's trouble.
const AGREED: f32 = 0.5;

/// What one worker said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Word {
    /// Counts what it says: of two words the one with the higher number is later.
    pub round: u64,
    /// When.
    pub at: Moment,
    /// What.
    pub summary: Summary,
}

/// The latest word of each worker. `W` names workers.
#[derive(Debug, Clone)]
pub struct Peers<W> {
    words: BTreeMap<W, Word>,
}

/// What all others know of an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Told {
    /// Their calls.
    pub evidence: Evidence,
    /// When one of them last sent a call.
    pub used: Option<Moment>,
    /// The latest moment until which the provider wants to be left alone.
    pub cooling: Moment,
    /// Until when it is left alone because calls fail, as most of those say that tried.
    pub broken: Option<Moment>,
    /// The latest word of the provider's headers, and when it came.
    pub limits: Option<(Moment, Limits)>,
}

impl<W> Default for Peers<W> {
    fn default() -> Self {
        Self {
            words: BTreeMap::new(),
        }
    }
}

impl<W: Ord + Copy> Peers<W> {
    /// Takes a word in. What is no later than what is known of the same worker, or not sane, changes nothing.
    pub fn hear(&mut self, worker: W, word: Word) {
        let is_news = self
            .words
            .get(&worker)
            .is_none_or(|known| known.round < word.round);
        if !is_news || !word.summary.is_sane() {
            return;
        }
        self.words.insert(worker, word);
        if self.words.len() > MOST_WORKERS {
            let oldest = self.words.iter().map(|(worker, word)| (word.at, *worker)).min();
            oldest.map(|(_, worker)| self.words.remove(&worker));
        }
    }

    /// Forgets what is old. A provider's "come back later" counts to its end, whoever heard it may be gone.
    pub fn forget(&mut self, now: Moment) {
        self.words
            .retain(|_, word| now.since(word.at) < FORGOTTEN || word.cooling_until() > now);
    }

    /// Whether nobody said anything that still counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// All of it together, as it counts at `now`.
    #[must_use]
    pub fn told(&self, now: Moment) -> Told {
        let mut told = Told::default();
        let mut open = Moment::default();
        for word in self.words.values() {
            let age = now.since(word.at) as f32;
            let summary = &word.summary;
            told.evidence = told.evidence.plus(Evidence::of(summary).aged(age));
            told.cooling = told.cooling.max(word.cooling_until());
            let used = summary.idle.map(|idle| word.at.before(f64::from(idle)));
            told.used = told.used.max(used);
            open = open.max(word.at.after(f64::from(summary.broken)));
            if let Some(limits) = summary.limits {
                let said = word.at.before(f64::from(limits.age));
                if told.limits.is_none_or(|(known, _)| known < said) {
                    told.limits = Some((said, limits.limits));
                }
            }
        }
        let ends = told.evidence.good + told.evidence.bad;
        told.broken = (open > now && told.evidence.bad > AGREED * ends).then_some(open);
        told.evidence = told.evidence.at_most(MOST_WEIGHT);
        told
    }
}

impl Word {
    fn cooling_until(&self) -> Moment {
        self.at.after(f64::from(self.summary.cooling))
    }
}
