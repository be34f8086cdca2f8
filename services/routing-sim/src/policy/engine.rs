//! Our engine as one more policy: a thin adapter that hands events on and asks `sluicegate_routing` what to do.

use std::collections::HashMap;
use std::time::Duration;

use sluicegate_routing::Seed;
use sluicegate_routing::health::{
    Allotment, Call, Delivery, Failure as Cause, Health, Limits, Moment, Sessions,
};
use sluicegate_routing::select::{
    Ask, Contender, Hedging, Objective, Pool, Price, Weights, hedge_after, hedge_target, is_well, rank, room,
};
use smallvec::SmallVec;

use crate::draws::Dice;
use crate::policy::{Choice, Failure, FirstToken, Policy, Told, View};
use crate::scenario::Scenario;

/// Conversations that are remembered.
const SESSIONS: usize = 20_000;

/// One gateway replica.
#[derive(Debug)]
pub struct Engine {
    dice: Dice,
    objective: Objective,
    health: Vec<Health>,
    calls: HashMap<usize, Call>,
    sessions: Sessions,
    pool: Pool,
}

const HEDGING: Hedging = Hedging {
    idempotent: true,
    share: 0.05,
    most: None,
};

fn moment(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

impl Engine {
    /// The policy.
    #[must_use]
    pub fn make(endpoints: usize, dice: Dice, scenario: &Scenario) -> Box<dyn Policy> {
        let weights = Weights {
            seconds: scenario.loss.ttft_s,
            milli_usd: scenario.loss.cost_musd,
            ..Weights::default()
        };
        Box::new(Self {
            dice,
            objective: Objective::Balanced(weights),
            health: vec![Health::default(); endpoints],
            calls: HashMap::new(),
            sessions: Sessions::with_room_for(SESSIONS),
            pool: Pool::default(),
        })
    }

    fn ask(&mut self, view: &View<'_>) -> Ask {
        let request = view.request;
        Ask {
            now: moment(view.now),
            seed: Seed::from_id(u128::from(self.dice.draw())),
            input_tokens: request.input as u32,
            output_tokens: request.output as u32,
            conversation: request.session.is_some(),
            held: Duration::from_secs_f64(view.now - request.at),
            tries_left: view.max_tries.saturating_sub(request.tries),
        }
    }
}

/// More endpoints than a scenario has, without an allocation.
type Contenders = SmallVec<[Contender; 16]>;

/// All endpoints, asked for room for so many tokens.
fn contenders(health: &[Health], sessions: &Sessions, view: &View<'_>, tokens: f64) -> Contenders {
    let contender = |(number, health): (usize, &Health)| {
        let params = view.endpoints[number].at(view.now);
        let warm = view.request.session.map_or(0, |session| {
            sessions.warm(moment(view.now), session, number as u64, params.cache_ttl_s)
        });
        Contender {
            known: health.assess(moment(view.now), Delivery::Streamed, tokens),
            price: Price {
                input: params.price_in,
                warm_input: params.price_in * params.cached_factor,
                output: params.price_out,
            },
            warm_tokens: if params.cached_factor < 1.0 { warm } else { 0 },
            quality: 0.0,
            capacity: None,
            tried: view.request.tried.contains(&number),
        }
    };
    health.iter().enumerate().map(contender).collect()
}

impl Policy for Engine {
    fn choose(&mut self, view: &mut View<'_>) -> Choice {
        let ask = self.ask(view);
        if view.request.tried.is_empty() && ask.held.is_zero() {
            self.pool.arrived();
        }
        let tokens = room(ask.input_tokens, ask.output_tokens);
        let ranking = rank(
            &contenders(&self.health, &self.sessions, view, tokens),
            &ask,
            &self.objective,
            &mut self.pool,
        );
        match (ranking.hold, ranking.order.first()) {
            (None, Some(first)) => Choice::Send(usize::from(first.contender)),
            (Some(wait), _) => Choice::Hold(wait.as_secs_f64()),
            (None, None) => Choice::Hold(1.0),
        }
    }

    fn sent(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize) {
        let tokens = view.request.input + view.request.output;
        let call = self.health[endpoint].sent(moment(view.now), Delivery::Streamed, tokens);
        self.calls.insert(attempt, call);
    }

    fn first_token(&mut self, view: &mut View<'_>, seen: &FirstToken) {
        let now = moment(view.now);
        let health = &mut self.health[seen.endpoint];
        if let Some(call) = self.calls.get_mut(&seen.attempt) {
            health.first_token(now, call);
        }
        if let Some(Told {
            left,
            per_minute,
            most,
        }) = seen.limits
        {
            let told = |left, per_minute: f64, most| {
                (per_minute > 0.0).then_some(Allotment {
                    most,
                    left,
                    per_second: per_minute / 60.0,
                })
            };
            let limits = Limits {
                requests: told(left.0, per_minute.0, most.0),
                tokens: told(left.1, per_minute.1, most.1),
            };
            health.headers(now, &limits);
        }
        if let Some(session) = view.request.session {
            let tokens = (view.request.input + view.request.output) as u32;
            self.sessions.remember(now, session, seen.endpoint as u64, tokens);
        }
    }

    fn finished(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize) {
        if let Some(call) = self.calls.remove(&attempt) {
            self.health[endpoint].finished(moment(view.now), call, view.request.output as u32);
        }
    }

    fn cancelled(&mut self, view: &mut View<'_>, endpoint: usize, attempt: usize, _sent: f64) {
        if let Some(call) = self.calls.remove(&attempt) {
            self.health[endpoint].cancelled(moment(view.now), call);
        }
    }

    fn failed(
        &mut self,
        view: &mut View<'_>,
        endpoint: usize,
        attempt: usize,
        how: Failure,
        _: f64,
        after: f64,
    ) {
        let cause = match how {
            Failure::RateLimited => Cause::RateLimited(Some(Duration::from_secs_f64(after))),
            Failure::ServerError => Cause::Broken,
            Failure::TimedOut => Cause::TimedOut,
        };
        let seed = Seed::from_id(u128::from(self.dice.draw()));
        if let Some(call) = self.calls.remove(&attempt) {
            self.health[endpoint].failed(moment(view.now), call, cause, seed);
        }
    }

    fn may_retry(&mut self, view: &mut View<'_>, how: Failure) -> bool {
        let tokens = view.request.input + view.request.output;
        how == Failure::RateLimited
            || self.health.iter().any(|it| is_well(it, moment(view.now), tokens))
            || self.pool.spend_retry()
    }

    fn hedge_after(&mut self, view: &mut View<'_>, endpoint: usize) -> Option<f64> {
        let ask = self.ask(view);
        let tokens = view.request.input + view.request.output;
        let contenders = contenders(&self.health, &self.sessions, view, tokens);
        hedge_after(&contenders[endpoint], &ask, &self.objective, &HEDGING).map(|it| it.as_secs_f64())
    }

    fn hedge_target(&mut self, view: &mut View<'_>) -> Option<usize> {
        let ask = self.ask(view);
        let tokens = view.request.input + view.request.output;
        hedge_target(
            &contenders(&self.health, &self.sessions, view, tokens),
            &ask,
            &self.objective,
            &HEDGING,
            &mut self.pool,
        )
    }
}
