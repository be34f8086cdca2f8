//! How the endpoints behind one name fare together: what conditions of routes can ask. What rests on too few calls is not
//! known, rather than guessed.

use super::moment::Moment;
use super::{Delivery, Health, Standing};

/// Recent calls, decayed, from which a share or a time can be told.
const ENOUGH: f64 = 3.0;
/// Deviations above the middle that 95 of 100 stay under.
const P95: f64 = 1.645;

/// Several endpoints at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Vitals {
    good: f64,
    bad: f64,
    /// Sums over streams of the logarithms of times to the first token.
    weight: f64,
    sum: f64,
    squares: f64,
    headroom: Option<f64>,
    available: Option<bool>,
}

impl Vitals {
    /// How these fare. An endpoint to which nothing was sent is not among them.
    #[must_use]
    pub fn of<'h>(endpoints: impl IntoIterator<Item = &'h Health>, now: Moment) -> Self {
        let mut vitals = Self::default();
        endpoints.into_iter().for_each(|health| vitals.add(health, now));
        vitals
    }

    /// One more.
    pub fn add(&mut self, health: &Health, now: Moment) {
        let (good, bad) = health.seen(now);
        self.good += good;
        self.bad += bad;
        let times = health.estimate(now, Delivery::Streamed);
        self.weight += times.weight;
        self.sum += times.weight * times.mu;
        self.squares += times.weight * (times.variance + times.mu * times.mu);
        if health.quota.is_known() {
            let most = self.headroom.unwrap_or(0.0).max(health.headroom(now));
            self.headroom = Some(most);
        }
        let takes = match health.standing(now, 0.0) {
            Standing::Ready | Standing::Full => true,
            Standing::Drained(_) | Standing::Broken(_) | Standing::OnTrial => false,
        };
        self.available = Some(takes || self.available == Some(true));
    }

    /// Share of calls that are served.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let ends = self.good + self.bad;
        (ends >= ENOUGH).then(|| self.good / ends)
    }

    /// Seconds within which 95 of 100 streams bring something.
    #[must_use]
    pub fn first_token_p95(&self) -> Option<f64> {
        (self.weight >= ENOUGH).then(|| {
            let mu = self.sum / self.weight;
            let variance = (self.squares / self.weight - mu * mu).max(0.0);
            (mu + P95 * variance.sqrt()).min(6.0).exp()
        })
    }

    /// What the endpoint with the most room has left of its rate limit, as a share.
    #[must_use]
    pub const fn headroom(&self) -> Option<f64> {
        self.headroom
    }

    /// Whether one of them takes a call.
    #[must_use]
    pub const fn available(&self) -> Option<bool> {
        self.available
    }
}
