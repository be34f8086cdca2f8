//! What is known of an endpoint from the calls that were sent to it: nothing is probed, nothing is asked.
//!
//! Called by the data plane with what happens to each call, and read by [`crate::select`]. Every event takes constant
//! time and allocates nothing; there is no clock and no randomness in here, both are arguments.
//!
//! | module | knows |
//! |---|---|
//! | `pace` | the time until a call brings something, streamed or whole |
//! | `latency` | such times: lately, and over minutes |
//! | `waiting` | calls that brought nothing yet, by age |
//! | `load` | open calls, and how many it can take |
//! | `outcomes` | how often calls fail, and after how long |
//! | `breaker` | when it is left alone, and how it comes back |
//! | `quota` | what the provider's rate limits have left |
//! | [`sessions`] | which endpoint has which conversation in its cache |
//! | [`summary`] | what a worker tells others |
//! | [`peers`] | what others told, put together |
//! | `elsewhere` | how much of that counts by now |
//! | `assessment` | all of it, as one decision sees it |
//! | [`vitals`] | how several endpoints fare together |

mod assessment;
mod breaker;
mod elsewhere;
mod latency;
mod load;
mod moment;
mod outcomes;
mod pace;
pub mod peers;
mod quota;
pub mod sessions;
pub mod summary;
pub mod vitals;
mod waiting;

use std::time::Duration;

use sluicegate_contracts::usage::AttemptOutcome;

pub use assessment::Assessment;
pub use latency::Estimate;
pub use load::Stretch;
pub use moment::Moment;
pub use pace::{Delivery, Speed};
pub use peers::{Peers, Told, Word};
pub use quota::{Allotment, Limits};
pub use sessions::Sessions;
pub use summary::Summary;
pub use vitals::Vitals;

use breaker::{Breaker, Gate};
use elsewhere::Elsewhere;
use load::Load;
use outcomes::Outcomes;
use pace::Paces;
use quota::Quota;
use summary::LimitsTold;

use crate::seed::Seed;

/// A server error within this time, from an endpoint that mostly answers, says "full" and not "broken".
const FULL: (u32, f64) = (6, 0.25);
/// More failures than these, and a larger share of them, are often.
const OFTEN: (f64, f64) = (1.5, 0.3);
/// Successes, decayed, from which a worker believes its own calls when others find an endpoint broken.
const BELIEVED: f64 = 0.5;
/// Seconds beyond which it does not matter how long an endpoint was not called.
const OLDEST: f64 = 3_600.0;
/// Answers shorter than this say little about speed.
const SPEED_TOKENS: u32 = 8;

/// State of one endpoint, reached through one account.
#[derive(Debug, Clone, Default)]
pub struct Health {
    paces: Paces,
    load: Load,
    outcomes: Outcomes,
    breaker: Breaker,
    quota: Quota,
    used: Option<Moment>,
    elsewhere: Elsewhere,
}

/// A call on its way. Given out by [`Health::sent`] and given back, once, with how it ended.
#[derive(Debug)]
#[must_use = "a call that is never ended counts as in flight for good"]
pub struct Call {
    delivery: Delivery,
    sent: Moment,
    first_token: Option<Moment>,
    in_flight: u32,
}

impl Call {
    /// Seconds since it left.
    #[must_use]
    pub fn age(&self, now: Moment) -> f64 {
        now.since(self.sent)
    }
}

/// How a call failed, as far as the endpoint is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Refused for its rate; the provider may have said for how long.
    RateLimited(Option<Duration>),
    /// It answered with an error, could not be reached, or broke off.
    Broken,
    /// No answer in time.
    TimedOut,
    /// Our account there is at fault: the next call will fare no better.
    AccountRefused,
}

impl Failure {
    /// The failure in an outcome; `None` where the endpoint is not to blame.
    #[must_use]
    pub const fn of(outcome: AttemptOutcome, retry_after: Option<Duration>) -> Option<Self> {
        match outcome {
            AttemptOutcome::RateLimited => Some(Self::RateLimited(retry_after)),
            AttemptOutcome::ServerError | AttemptOutcome::Unreachable | AttemptOutcome::Cut => {
                Some(Self::Broken)
            }
            AttemptOutcome::TimedOut => Some(Self::TimedOut),
            AttemptOutcome::CredentialRefused | AttemptOutcome::QuotaExhausted => Some(Self::AccountRefused),
            AttemptOutcome::Served
            | AttemptOutcome::BadRequest
            | AttemptOutcome::ClientGone
            | AttemptOutcome::Superseded
            | AttemptOutcome::Stopped
            | AttemptOutcome::Interrupted => None,
        }
    }
}

/// Whether an endpoint takes a call now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// It does.
    Ready,
    /// It would, but has as many open calls as it can take.
    Full,
    /// Its rate limits have no room until then, or the provider said so.
    Drained(Moment),
    /// Its breaker is open until then.
    Broken(Moment),
    /// It is on trial, and what was sent to it has not come back.
    OnTrial,
}

/// Bad ends of the last seconds.
struct Failures {
    count: f64,
    /// Of all ends.
    share: f64,
}

impl Failures {
    fn are_often(&self) -> bool {
        self.count > OFTEN.0 && self.share > OFTEN.1
    }
}

impl Health {
    /// A call of so many tokens, in and expected out, leaves.
    pub fn sent(&mut self, now: Moment, delivery: Delivery, tokens: f64) -> Call {
        let call = Call {
            delivery,
            sent: now,
            first_token: None,
            in_flight: self.load.in_flight(),
        };
        self.load.sent();
        self.paces.of_mut(delivery).sent(now);
        self.quota.sent(tokens);
        self.used = Some(now);
        call
    }

    /// Its first token came; of a whole answer, all of it. Only the first time counts.
    pub fn first_token(&mut self, now: Moment, call: &mut Call) {
        if call.first_token.is_some() {
            return;
        }
        call.first_token = Some(now);
        let pace = self.paces.of_mut(call.delivery);
        pace.came(call.sent);
        pace.record(now, call.age(now), 1.0, self.load.in_flight());
        self.outcomes.good(now);
        self.breaker.good(self.outcomes.counts(now).0);
    }

    /// Its last token came; a whole answer comes with its first token.
    pub fn finished(&mut self, now: Moment, mut call: Call, output_tokens: u32) {
        let streamed = call.first_token;
        self.first_token(now, &mut call);
        self.load.ended();
        if output_tokens < SPEED_TOKENS {
            return;
        }
        let seconds = now.since(streamed.unwrap_or(call.sent)) / f64::from(output_tokens);
        self.paces.of_mut(call.delivery).wrote(now, seconds);
        if streamed.is_some() {
            self.load.answered(now, seconds, call.in_flight);
        }
    }

    /// It failed.
    pub fn failed(&mut self, now: Moment, call: Call, failure: Failure, seed: Seed) {
        let (elapsed, delivery) = (call.age(now), call.delivery);
        self.leave(&call);
        let mut dice = seed.generator();
        match failure {
            Failure::RateLimited(retry_after) => return self.quota.refused(now, retry_after),
            Failure::TimedOut => {
                let in_flight = self.load.in_flight();
                self.paces.of_mut(delivery).record(now, elapsed, 1.0, in_flight);
            }
            Failure::Broken | Failure::AccountRefused => {}
        }
        self.outcomes.bad(now, elapsed);
        let share = self.outcomes.failure_share(now);
        let (_, bad) = self.outcomes.counts(now);
        let full =
            failure == Failure::Broken && call.first_token.is_none() && self.load.in_flight() >= FULL.0;
        if failure == Failure::AccountRefused {
            self.breaker.open(now, &mut dice);
        } else if full && share < FULL.1 {
            self.load.refused(now);
            self.breaker.excuse();
        } else {
            self.breaker.bad(now, bad, share, &mut dice);
        }
        if !self.breaker.is_closed() {
            self.load.forgive();
        }
    }

    /// It was called off, by the caller or because another call was quicker: no fault, but if it had waited longer than
    /// usual, that much is known.
    pub fn cancelled(&mut self, now: Moment, call: Call) {
        let elapsed = call.age(now);
        let waited = call.first_token.is_none();
        self.leave(&call);
        if waited && elapsed.max(1e-3).ln() > self.estimate(now, call.delivery).mu {
            let in_flight = self.load.in_flight();
            self.paces
                .of_mut(call.delivery)
                .record(now, elapsed * 1.5, 0.5, in_flight);
        }
    }

    /// The rate limits in the headers of an answer, whatever its status.
    pub fn headers(&mut self, now: Moment, limits: &Limits) {
        self.quota.told(now, limits);
    }

    /// What others know by now takes the place of what they knew. It is evidence from before the first call, and weighs
    /// less with each that is sent here: an endpoint that serves this worker is not broken because it fails others.
    pub fn heard(&mut self, now: Moment, told: &Told) {
        self.elsewhere = Elsewhere::of(now, told);
        self.quota.heard(told.cooling, told.limits);
        if let Some(until) = told.broken
            && self.outcomes.seen(now).0 < BELIEVED
        {
            self.breaker.follow(until);
        }
    }

    /// By own calls and by what others told.
    fn failures(&self, now: Moment) -> Failures {
        let (good, bad) = self.outcomes.counts(now);
        let (told_good, told_bad) = self.elsewhere.ends(now);
        let (good, bad) = (good + told_good, bad + told_bad);
        Failures {
            count: bad,
            share: bad / (good + bad),
        }
    }

    fn leave(&mut self, call: &Call) {
        self.load.ended();
        if call.first_token.is_none() {
            self.paces.of_mut(call.delivery).came(call.sent);
        }
    }

    /// The time until a call brings something, as it stands now: what is overdue counts before it ends.
    #[must_use]
    pub fn estimate(&self, now: Moment, delivery: Delivery) -> Estimate {
        self.paces
            .of(delivery)
            .estimate(now, &self.elsewhere.times(now, delivery))
    }

    /// Whether calls of the last minutes tell how long that takes.
    #[must_use]
    pub fn is_measured(&self, now: Moment, delivery: Delivery) -> bool {
        self.paces.of(delivery).is_measured(now)
    }

    /// Whether it takes a call of so many tokens.
    #[must_use]
    pub fn standing(&self, now: Moment, tokens: f64) -> Standing {
        if self.quota.until() > now {
            return Standing::Drained(self.quota.until());
        }
        match self.breaker.gate(now, self.paces.waiting()) {
            Gate::Shut(until) => return Standing::Broken(until),
            Gate::Crowded => return Standing::OnTrial,
            Gate::Pass => {}
        }
        let wait = self.quota.wait(now, tokens);
        if wait > 0.0 {
            Standing::Drained(now.after(wait))
        } else if self.load.has_room() {
            Standing::Ready
        } else {
            Standing::Full
        }
    }

    /// Whether its breaker is closed.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.breaker.is_closed()
    }

    /// Share of calls that fail lately.
    #[must_use]
    pub fn failure_share(&self, now: Moment) -> f64 {
        self.failures(now).share
    }

    /// Seconds until a failure is known.
    #[must_use]
    pub const fn time_to_fail(&self) -> f64 {
        self.outcomes.time_to_fail()
    }

    /// Good and bad ends of the last seconds, by own calls and by what others told.
    fn seen(&self, now: Moment) -> (f64, f64) {
        let (good, bad) = self.outcomes.seen(now);
        let (told_good, told_bad) = self.elsewhere.ends(now);
        (good + told_good, bad + told_bad)
    }

    /// Share of the provider's tighter rate limit that is left.
    #[must_use]
    pub fn headroom(&self, now: Moment) -> f64 {
        self.quota.headroom(now)
    }

    /// Open calls.
    #[must_use]
    pub const fn in_flight(&self) -> u32 {
        self.load.in_flight()
    }

    /// Open calls it can take; infinite while nothing speaks against more.
    #[must_use]
    pub const fn limit(&self) -> f64 {
        self.load.limit()
    }

    /// Tokens that an answer brings each second; `None`: not known.
    #[must_use]
    pub fn speed(&self, now: Moment, delivery: Delivery) -> Option<Speed> {
        self.paces
            .of(delivery)
            .speed(now, &self.elsewhere.times(now, delivery))
    }

    /// Seconds since a call was last sent to it, by whichever worker that told; infinite when none was.
    #[must_use]
    pub fn idle(&self, now: Moment) -> f64 {
        let used = self.used.max(self.elsewhere.used());
        used.map_or(f64::INFINITY, |used| now.since(used))
    }

    /// What other workers can be told: what was seen here, and nothing that was told.
    #[must_use]
    pub fn summary(&self, now: Moment) -> Summary {
        let (good, bad) = self.outcomes.seen(now);
        let limits = self.quota.seen(now).map(|(age, limits)| LimitsTold {
            age: age as f32,
            limits,
        });
        Summary {
            streamed: self.paces.of(Delivery::Streamed).summary(now),
            whole: self.paces.of(Delivery::Whole).summary(now),
            good: good as f32,
            bad: bad as f32,
            in_flight: self.load.in_flight(),
            cooling: self.quota.cooling(now) as f32,
            broken: self.breaker.open_for(now) as f32,
            idle: self.used.map(|used| now.since(used).min(OLDEST) as f32),
            limits: limits.filter(LimitsTold::counts),
        }
    }
}
