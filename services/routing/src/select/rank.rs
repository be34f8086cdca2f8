//! The order in which endpoints are tried, or that the call is held until one has room.
//!
//! The best by score is not always first: near-equals share the calls by lot, so that many workers do not herd, and a
//! few calls visit what was not used for a while, so that an endpoint that got better is found.

use std::time::Duration;

use smallvec::SmallVec;

use super::objective::Objective;
use super::pool::Pool;
use super::score::{Terms, score};
use super::{Ask, Contender};
use crate::health::{Health, Moment, Standing};
use crate::seed::{Generator, Seed};

/// Share of the score, and of what is not known of the latency, within which endpoints count as near-equal.
const TEMPERATURE: f64 = 0.03;
const UNSURE: f64 = 0.35;
/// Seconds without a call after which an endpoint is worth a visit, and the share of calls that make one.
const EXPLORE: (f64, f64) = (20.0, 0.02);
/// Longest, and while something is merely full, that a call is held before it asks again.
const LOOK_AGAIN: f64 = 1.0;
const FULL_LOOK: f64 = 0.1;
/// A limit is our own guess. A call that was held this long may pass one by so much, where the endpoint is at ease.
const PATIENCE: f64 = 0.3;
const OVER: f64 = 1.25;
const AT_EASE: f64 = 1.12;
/// Share of failures from which an endpoint is not well.
const SICK: f64 = 0.3;
/// A broken endpoint that says so within this time may be asked when nothing else has room.
const QUICK_FAILURE: f64 = 0.5;

/// Why an endpoint stands where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// By its score.
    Score,
    /// Drawn among near-equals.
    Drawn,
    /// Not used for a while, so visited.
    Visited,
    /// It is broken, but fails quickly, and nothing else has room.
    LastResort,
}

/// One endpoint in the order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Its position among the contenders.
    pub contender: u16,
    /// Why it stands here.
    pub reason: Reason,
    /// What its score is made of.
    pub terms: Terms,
}

/// All contenders in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// Those that take a call first, then the others.
    pub order: SmallVec<[Ranked; 12]>,
    /// Set: nothing takes the call now; ask again after this long.
    pub hold: Option<Duration>,
}

/// How far down the order an endpoint belongs, before its score counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    Untried,
    Tried,
    Full,
    Out,
}

fn tier(contender: &Contender) -> Tier {
    match (contender.known.standing, contender.tried) {
        (Standing::Ready, false) => Tier::Untried,
        (Standing::Ready, true) => Tier::Tried,
        (Standing::Full, _) => Tier::Full,
        (Standing::Drained(_) | Standing::Broken(_) | Standing::OnTrial, _) => Tier::Out,
    }
}

/// Puts the contenders in order.
#[must_use]
pub fn rank(contenders: &[Contender], ask: &Ask, objective: &Objective, pool: &mut Pool) -> Ranking {
    let ranked = contenders
        .iter()
        .enumerate()
        .take(usize::from(u16::MAX))
        .map(|(position, contender)| Ranked {
            contender: position as u16,
            reason: Reason::Score,
            terms: score(contender, ask, objective, pool.miss_price()),
        });
    let ranked: SmallVec<[Ranked; 12]> = ranked.collect();
    let tier = |it: &Ranked| tier(&contenders[usize::from(it.contender)]);
    // Sorted by small keys: a sum of terms is not worth making at each comparison.
    let key = |it: &Ranked| (tier(it), it.terms.total(), it.contender);
    let mut keys: SmallVec<[(Tier, f32, u16); 12]> = ranked.iter().map(key).collect();
    keys.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut order: SmallVec<[Ranked; 12]> = keys.iter().map(|it| ranked[usize::from(it.2)]).collect();
    let Some(first) = order.first() else {
        return Ranking {
            order,
            hold: Some(Duration::from_secs_f64(LOOK_AGAIN)),
        };
    };
    match tier(first) {
        Tier::Untried => draw(&mut order, contenders, ask.seed),
        Tier::Tried => {}
        Tier::Full | Tier::Out => return without_room(order, contenders, ask, pool),
    }
    Ranking { order, hold: None }
}

/// Moves to the front what the lot falls on.
fn draw(order: &mut SmallVec<[Ranked; 12]>, contenders: &[Contender], seed: Seed) {
    let mut dice = seed.generator();
    let view = |it: &Ranked| &contenders[usize::from(it.contender)];
    let ready = order
        .iter()
        .take_while(|it| tier(view(it)) == Tier::Untried)
        .count();
    let fresh = !contenders.iter().any(|it| it.tried || it.warm_tokens > 0);
    if fresh
        && ready > 1
        && dice.unit() < EXPLORE.1
        && let Some(place) = visit(&order[..ready], contenders, &mut dice)
    {
        to_front(order, place, Reason::Visited);
        return;
    }
    let known = view(&order[0]).known.estimate;
    let unsure = f64::from(order[0].terms.latency) * (known.variance / (known.weight + 1.0)).sqrt();
    let near = near_equal(&order[..ready], unsure, &mut dice);
    if near > 0 {
        to_front(order, near, Reason::Drawn);
    }
}

/// One of `ready` that was not used for a while. What could not win even if it answered at once is not worth a visit.
fn visit(ready: &[Ranked], contenders: &[Contender], dice: &mut Generator) -> Option<usize> {
    let best = ready.first()?.terms.total();
    let idle = |it: &Ranked| {
        let known = &contenders[usize::from(it.contender)].known;
        let at_once = it.terms.total() - it.terms.latency - it.terms.failure;
        known.in_flight == 0 && known.idle > EXPLORE.0 && at_once < best
    };
    let chosen = dice.below(ready.iter().filter(|it| idle(it)).count() as u64) as usize;
    let mut places = ready.iter().enumerate().filter(|it| idle(it.1)).map(|it| it.0);
    places.nth(chosen)
}

/// A draw by how close each score is to the best, which stands first. The less is known of the best, the wider.
fn near_equal(ready: &[Ranked], unsure: f64, dice: &mut Generator) -> usize {
    let total = |it: &Ranked| f64::from(it.terms.total());
    let best = ready.first().map_or(0.0, total);
    let temperature = (TEMPERATURE * (best.abs() + 0.05) + UNSURE * unsure).max(1e-9);
    let above = |it: &Ranked| (total(it) - best) / temperature;
    let near = &ready[..ready.partition_point(|it| above(it) < 3.0)];
    let weight = |it: &Ranked| (-above(it)).exp();
    let mut ticket = dice.unit() * near.iter().map(weight).sum::<f64>();
    let winner = near.iter().position(|it| {
        ticket -= weight(it);
        ticket < 0.0
    });
    winner.unwrap_or(0)
}

fn to_front(order: &mut SmallVec<[Ranked; 12]>, place: usize, reason: Reason) {
    if let Some(front) = order.get_mut(..=place) {
        front.rotate_right(1);
        front[0].reason = reason;
    }
}

/// Nothing has room. A broken endpoint that fails quickly is worth a try that can be spared; otherwise the call is
/// held, for a full endpoint only so long, since its limit is our own guess.
fn without_room(
    mut order: SmallVec<[Ranked; 12]>,
    contenders: &[Contender],
    ask: &Ask,
    pool: &mut Pool,
) -> Ranking {
    pool.scarce = Some(ask.now);
    let view = |it: &Ranked| &contenders[usize::from(it.contender)];
    let full = order.first().is_some_and(|it| tier(view(it)) == Tier::Full);
    let at_ease = |it: &Ranked| {
        let known = &view(it).known;
        known.standing == Standing::Full
            && f64::from(known.in_flight) < OVER * known.limit
            && known.stretch.is_none_or(|stretch| stretch.times() < AT_EASE)
    };
    if ask.held.as_secs_f64() >= PATIENCE
        && let Some(place) = order.iter().position(at_ease)
    {
        to_front(&mut order, place, Reason::Score);
        return Ranking { order, hold: None };
    }
    let quick = |it: &Ranked| {
        let contender = view(it);
        matches!(contender.known.standing, Standing::Broken(_))
            && !contender.tried
            && contender.known.time_to_fail < QUICK_FAILURE
    };
    let broken = order.iter().filter(|it| quick(it)).count();
    if full && broken > 0 && ask.tries_left > 1 && pool.spend_retry() {
        let chosen = ask.seed.generator().below(broken as u64) as usize;
        if let Some(place) = order
            .iter()
            .enumerate()
            .filter(|it| quick(it.1))
            .map(|it| it.0)
            .nth(chosen)
        {
            to_front(&mut order, place, Reason::LastResort);
            return Ranking { order, hold: None };
        }
    }
    let back = order.iter().map(|it| match view(it).known.standing {
        Standing::Drained(until) | Standing::Broken(until) => until.wait(ask.now).as_secs_f64(),
        Standing::Ready | Standing::Full | Standing::OnTrial => FULL_LOOK,
    });
    let wait = back.fold(LOOK_AGAIN, f64::min);
    Ranking {
        order,
        hold: Some(Duration::from_secs_f64(wait)),
    }
}

/// Whether a call that failed elsewhere may go to this endpoint freely. Where none is well, a further try comes out of
/// the allowance ([`Pool::spend_retry`]).
#[must_use]
pub fn is_well(health: &Health, now: Moment, tokens: f64) -> bool {
    matches!(health.standing(now, tokens), Standing::Ready | Standing::Full)
        && health.failure_share(now) < SICK
}
