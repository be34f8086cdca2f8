//! A limit shared by a fleet: however workers hold parts of it, lose messages and die, what all of them take stays below
//! the burst and the refill of every stretch of time; and who is refused gets it after the wait.

use proptest::prelude::*;
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bucket::{Allowance, Pool, Rate, Share, Take};
use sluicegate_metering::escrow::Epoch;
use uuid::Uuid;

const WORKERS: usize = 3;
/// Longer than any lease.
const LEASES_OVER_MS: i64 = 7_000;

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    AnswerLost,
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    /// A call of a worker takes so many units.
    Call(usize, u64, Fate),
    /// A worker says what is due.
    Say(usize, Fate),
    /// The oldest call of a worker ends, having used so many units.
    End(usize, u64),
    /// A worker is killed and starts again.
    Die(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Called {
    Taken,
    Refused(u64),
    /// Larger than the limit, or nobody answered.
    Not,
}

#[derive(Clone)]
struct World {
    now: i64,
    allowance: Allowance,
    pool: Pool,
    workers: Vec<Worker>,
    /// When how much was taken.
    taken: Vec<(i64, u64)>,
}

#[derive(Clone)]
struct Worker {
    epoch: Epoch,
    share: Share,
    calls: Vec<u64>,
}

impl Worker {
    fn new(index: usize, number: u32, allowance: Allowance, now: i64) -> Self {
        let worker = WorkerId::from(Uuid::from_u128(index as u128));
        Self {
            epoch: Epoch { worker, number },
            share: Share::new(allowance, UnixMillis::new(now)),
            calls: Vec::new(),
        }
    }
}

impl World {
    fn new(allowance: Allowance) -> Self {
        Self {
            now: 0,
            allowance,
            pool: Pool::new(allowance, UnixMillis::new(0)),
            workers: (0..WORKERS)
                .map(|index| Worker::new(index, 1, allowance, 0))
                .collect(),
            taken: Vec::new(),
        }
    }

    fn say(&mut self, index: usize, needs: Vec<u64>, fate: Fate) -> Vec<Option<u64>> {
        let now = UnixMillis::new(self.now);
        let worker = &mut self.workers[index];
        let ask = worker.share.ask(needs, now);
        let answer = match fate {
            Fate::Lost => None,
            Fate::Arrives | Fate::AnswerLost => self.pool.exchange(worker.epoch, &ask, now),
        };
        match answer.filter(|_| fate == Fate::Arrives) {
            Some(answer) => {
                worker.share.answered(&answer, now);
                answer.waits
            }
            None => {
                worker.share.unanswered(&ask);
                Vec::new()
            }
        }
    }

    fn call(&mut self, index: usize, units: u64, fate: Fate) -> Called {
        let called = match self.workers[index].share.take(units, UnixMillis::new(self.now)) {
            Take::Taken { .. } => Called::Taken,
            Take::Never => Called::Not,
            Take::Ask => match self.say(index, vec![units], fate).first() {
                Some(None) => {
                    self.workers[index].share.enter(units);
                    Called::Taken
                }
                Some(Some(wait)) => Called::Refused(*wait),
                None => Called::Not,
            },
        };
        if called == Called::Taken {
            self.taken.push((self.now, units));
            self.workers[index].calls.push(units);
        }
        called
    }

    fn run(&mut self, step: &Step) -> Option<(usize, u64, u64)> {
        match *step {
            Step::Wait(ms) => self.now += ms,
            Step::Call(index, units, fate) => {
                if let Called::Refused(wait) = self.call(index, units, fate) {
                    return Some((index, units, wait));
                }
            }
            Step::Say(index, fate) => {
                if self.workers[index].share.is_due(UnixMillis::new(self.now)) {
                    self.say(index, Vec::new(), fate);
                }
            }
            Step::End(index, actual) => {
                let worker = &mut self.workers[index];
                if !worker.calls.is_empty() {
                    let units = worker.calls.remove(0);
                    worker.share.settle(units, actual.min(units));
                }
            }
            Step::Die(index) => {
                let number = self.workers[index].epoch.number + 1;
                self.workers[index] = Worker::new(index, number, self.allowance, self.now);
            }
        }
        None
    }

    fn in_use(&self) -> u64 {
        self.workers.iter().flat_map(|worker| &worker.calls).sum()
    }

    /// Everybody says what is due until nobody has anything to say, and the bucket fills.
    fn rest(&mut self) {
        for _ in 0..40 {
            self.now += 250;
            for index in 0..WORKERS {
                self.run(&Step::Say(index, Fate::Arrives));
            }
        }
        self.now += LEASES_OVER_MS;
        self.now += i64::try_from(self.pool.standing(UnixMillis::new(self.now)).reset_after_ms).unwrap();
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![6 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => Just(Fate::AnswerLost)]
}

fn steps(most: u64) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..400_i64).prop_map(Step::Wait),
        1 => (0..10_000_i64).prop_map(Step::Wait),
        8 => (0..WORKERS, 1..=most, fate()).prop_map(|(index, units, fate)| Step::Call(index, units, fate)),
        3 => (0..WORKERS, fate()).prop_map(|(index, fate)| Step::Say(index, fate)),
        3 => (0..WORKERS, 0..=most).prop_map(|(index, actual)| Step::End(index, actual)),
        1 => (0..WORKERS).prop_map(Step::Die),
    ];
    prop::collection::vec(step, 1..120)
}

prop_compose! {
    fn rate()(amount in 1..2_000_u64, per_ms in 1..60_000_u64, burst in 1..300_u64) -> Rate {
        Rate::new(amount, per_ms, burst).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_fleet_takes_no_more_than_burst_and_refill(rate in rate(), steps in steps(40)) {
        let mut world = World::new(Allowance::Rate(rate));
        // What a call gives back was not taken: only its true use counts, and that it is never more than it took.
        for step in &steps {
            if !matches!(step, Step::End(..)) {
                world.run(step);
            }
        }
        for (place, (start, _)) in world.taken.iter().enumerate() {
            let mut sum = 0;
            for (end, units) in &world.taken[place..] {
                sum += u128::from(*units);
                let elapsed = u128::try_from(end - start).unwrap();
                let most = u128::from(rate.burst()) * u128::from(rate.per_ms()) + elapsed * u128::from(rate.amount());
                prop_assert!(sum * u128::from(rate.per_ms()) <= most, "{sum} between {start} and {end}");
            }
        }
    }

    #[test]
    fn who_is_refused_gets_it_after_the_wait(rate in rate(), steps in steps(40)) {
        let mut world = World::new(Allowance::Rate(rate));
        for step in &steps {
            let Some((index, units, wait)) = world.run(step) else { continue };
            prop_assert!(wait > 0);
            let mut later = world.clone();
            later.now += i64::try_from(wait).unwrap();
            prop_assert_eq!(later.call(index, units, Fate::Arrives), Called::Taken, "{} after {} ms", units, wait);
        }
    }

    #[test]
    fn everything_comes_back_in_the_end(rate in rate(), steps in steps(40)) {
        let mut world = World::new(Allowance::Rate(rate));
        for step in &steps {
            world.run(step);
        }
        world.rest();
        prop_assert!(world.pool.is_new(UnixMillis::new(world.now)));
        prop_assert!(world.workers.iter().all(|worker| worker.share.is_at_rest()));
        prop_assert_eq!(world.call(0, rate.burst().min(40), Fate::Arrives), Called::Taken);
    }

    #[test]
    fn slots_are_never_more_than_the_limit_and_come_back_from_the_dead(limit in 1..12_u64, steps in steps(1)) {
        let mut world = World::new(Allowance::AtOnce(limit));
        for step in &steps {
            match step {
                // A worker that lives says that it does; one that cannot for a whole lease loses its slots.
                Step::Wait(ms) => {
                    for _ in 0..(ms / 500) {
                        world.now += 500;
                        for index in 0..WORKERS {
                            world.run(&Step::Say(index, Fate::Arrives));
                        }
                    }
                }
                Step::Call(..) | Step::Say(..) | Step::End(..) | Step::Die(_) => {
                    world.run(step);
                }
            }
            prop_assert!(world.in_use() <= limit, "{} of {limit}", world.in_use());
        }
        for index in 0..WORKERS {
            world.run(&Step::Die(index));
        }
        world.now += LEASES_OVER_MS;
        for _ in 0..limit {
            prop_assert_eq!(world.call(0, 1, Fate::Arrives), Called::Taken);
        }
        prop_assert_eq!(world.call(1, 1, Fate::Arrives), Called::Refused(1_000));
    }
}

/// Calls that come steadily, far from the limit, seldom ask.
#[test]
fn most_calls_take_without_asking() {
    let mut world = World::new(Allowance::Rate(Rate::per_minute(600_000).unwrap()));
    let mut asked = 0;
    for call in 0..2_000 {
        world.now += 1;
        let share = &mut world.workers[call % 2].share;
        match share.take(1, UnixMillis::new(world.now)) {
            Take::Taken { runs_low: false } => {}
            Take::Taken { runs_low: true } => {
                world.say(call % 2, Vec::new(), Fate::Arrives);
            }
            Take::Ask => {
                asked += 1;
                world.say(call % 2, vec![1], Fate::Arrives);
            }
            Take::Never => panic!("one is not too many"),
        }
    }
    assert!(asked <= 10, "{asked} of 2,000 calls waited for the store");
}

/// Without the store, each keeps its part; and the store hears of it afterwards.
#[test]
fn alone_each_keeps_its_part_and_tells_of_it_afterwards() {
    let rate = Rate::per_minute(60).unwrap();
    let mut world = World::new(Allowance::Rate(rate));
    let passed = |world: &mut World, index: usize| {
        let now = UnixMillis::new(world.now);
        let calls = (0..60).map(|_| world.workers[index].share.take_alone(1, 3, now));
        calls.filter(Result::is_ok).count()
    };
    assert_eq!(
        (0..WORKERS).map(|index| passed(&mut world, index)).sum::<usize>(),
        60
    );
    world.now += 6_000;
    assert_eq!(
        (0..WORKERS).map(|index| passed(&mut world, index)).sum::<usize>(),
        6
    );
    for index in 0..WORKERS {
        world.say(index, Vec::new(), Fate::Arrives);
    }
    assert_eq!(world.pool.standing(UnixMillis::new(world.now)).remaining, 0);

    // What a call did not use comes back, alone as well.
    let tokens = Allowance::Rate(Rate::per_minute(900).unwrap());
    let mut share = Share::new(tokens, UnixMillis::new(0));
    for _ in 0..20 {
        assert!(share.take_alone(200, 3, UnixMillis::new(0)).is_ok());
        share.settle(200, 5);
    }
    assert_eq!(share.standing(UnixMillis::new(0)).remaining, 200);
    assert_eq!(share.ask(Vec::new(), UnixMillis::new(0)).owed, 100);

    // A call larger than a part is not refused for ever.
    let tokens = Allowance::Rate(Rate::per_minute(3_000).unwrap());
    let mut share = Share::new(tokens, UnixMillis::new(0));
    assert!(share.take_alone(2_500, 3, UnixMillis::new(0)).is_ok());
    let wait = share
        .take_alone(1, 3, UnixMillis::new(0))
        .unwrap_err()
        .retry_after_ms;
    assert!(wait.is_some_and(|wait| wait > 60_000), "{wait:?}");
}

/// What was used beyond what was taken is paid off before anything else is let through.
#[test]
fn an_estimate_that_was_too_low_is_paid_off() {
    let mut world = World::new(Allowance::Rate(Rate::per_minute(600).unwrap()));
    assert_eq!(world.call(0, 500, Fate::Arrives), Called::Taken);
    world.workers[0].share.settle(500, 800);
    world.run(&Step::Say(0, Fate::Arrives));
    // 200 beyond the burst: 20 seconds until there is nothing owed, and a tenth of one for the next unit.
    assert_eq!(world.call(1, 1, Fate::Arrives), Called::Refused(20_100));
}

/// A worker that holds a part is not refused what this part and the rest are enough for.
#[test]
fn what_is_held_counts_for_what_is_needed() {
    let mut world = World::new(Allowance::Rate(Rate::per_minute(100).unwrap()));
    for units in [1, 30, 40, 29] {
        assert_eq!(world.call(0, units, Fate::Arrives), Called::Taken, "{units}");
    }
}

#[test]
fn what_can_never_be_let_through_is_not_asked_for() {
    let mut share = Share::new(Allowance::Rate(Rate::per_minute(10).unwrap()), UnixMillis::new(0));
    assert_eq!(share.take(11, UnixMillis::new(0)), Take::Never);
    assert_eq!(share.take(10, UnixMillis::new(0)), Take::Ask);
}
