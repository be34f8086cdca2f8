//! One run: a scenario under a policy, in virtual time. The order of events is fixed, so the same seed gives the same run.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::draws::Key;
use crate::metrics::{Metrics, measure};
use crate::policy::{Choice, Failure, FirstToken, MakePolicy, Policy, Told, View};
use crate::scenario::{ErrorKind, Scenario};
use crate::world::{Endpoint, Params, Request, arrivals};

/// Most sends of a request, refused ones included.
const SENDS: usize = 6;
/// What a refusal takes, by the kind of refusal.
const REFUSED_RATE_S: f64 = 0.03;
const REFUSED_FULL_S: f64 = 0.02;

/// One send of a request to an endpoint.
#[derive(Debug)]
pub(crate) struct Attempt {
    request: usize,
    endpoint: usize,
    sent: f64,
    state: State,
    params: Params,
    key: Key,
    hedge: bool,
    /// Cost of an answer, of the input alone, and the time from first to last token, once it is in a slot.
    service: Option<(f64, f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Streaming,
    Ended,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Choose(usize),
    First(usize),
    End(usize),
    TimeOut(usize),
    Fail(usize, Failure, f64),
    Hedge(usize),
}

struct Timed {
    at: f64,
    order: u64,
    event: Event,
}

impl Ord for Timed {
    /// The earliest is the greatest, as the heap gives out the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .at
            .total_cmp(&self.at)
            .then_with(|| other.order.cmp(&self.order))
    }
}

impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timed {}

/// What was counted beside the requests.
#[derive(Debug, Default)]
pub struct Counts {
    /// Sends, by endpoint.
    pub sent: Vec<u64>,
    /// Refusals for their rate.
    pub refused: u64,
    /// Second sends beside the first.
    pub hedges: u64,
}

struct Run<'a> {
    scenario: &'a Scenario,
    seed: u64,
    endpoints: Vec<Endpoint>,
    requests: Vec<Request>,
    attempts: Vec<Attempt>,
    policies: Vec<Box<dyn Policy>>,
    events: BinaryHeap<Timed>,
    scheduled: u64,
    now: f64,
    counts: Counts,
}

/// Runs the first `requests` of a scenario.
#[must_use]
pub fn run(scenario: &Scenario, make: MakePolicy, seed: u64, requests: u64) -> Metrics {
    let endpoints: Vec<Endpoint> = scenario.endpoints.iter().map(Endpoint::new).collect();
    let dice = |router: u64| crate::draws::Dice::new(seed.wrapping_mul(1_000).wrapping_add(router));
    let mut run = Run {
        scenario,
        seed,
        policies: (0..scenario.routers.max(1))
            .map(|router| make(endpoints.len(), dice(router), scenario))
            .collect(),
        counts: Counts {
            sent: vec![0; endpoints.len()],
            ..Counts::default()
        },
        endpoints,
        requests: arrivals(scenario, seed, requests),
        attempts: Vec::new(),
        events: BinaryHeap::new(),
        scheduled: 0,
        now: 0.0,
    };
    for request in 0..run.requests.len() {
        run.schedule(run.requests[request].at, Event::Choose(request));
    }
    while let Some(Timed { at, event, .. }) = run.events.pop() {
        run.now = at;
        match event {
            Event::Choose(request) => run.choose(request),
            Event::First(attempt) => run.first(attempt),
            Event::End(attempt) => run.end(attempt),
            Event::TimeOut(attempt) => run.time_out(attempt),
            Event::Fail(attempt, failure, retry_after) => run.fail(attempt, failure, retry_after),
            Event::Hedge(attempt) => run.hedge(attempt),
        }
    }
    measure(scenario, &run.requests, &run.counts)
}

/// A policy and what it may see, borrowed from a run at once.
macro_rules! ask {
    ($run:ident, $request:expr, $policy:ident, $view:ident => $answer:expr) => {{
        let request = &$run.requests[$request];
        let $policy = &mut $run.policies[request.router];
        let mut $view = View {
            now: $run.now,
            request,
            loss: &$run.scenario.loss,
            max_tries: $run.scenario.max_tries,
            seed: $run.seed,
            endpoints: &mut $run.endpoints,
        };
        $answer
    }};
}

impl Run<'_> {
    fn schedule(&mut self, at: f64, event: Event) {
        self.scheduled += 1;
        self.events.push(Timed {
            at,
            order: self.scheduled,
            event,
        });
    }

    fn choose(&mut self, request: usize) {
        if self.requests[request].done {
            return;
        }
        let choice = ask!(self, request, policy, view => policy.choose(&mut view));
        match choice {
            Choice::Send(endpoint) => {
                self.send(request, endpoint, false);
            }
            Choice::Hold(_) if self.now - self.requests[request].at > self.scenario.max_wait_s => {
                self.give_up(request);
            }
            Choice::Hold(wait) => self.schedule(self.now + wait.max(0.02), Event::Choose(request)),
        }
    }

    fn send(&mut self, request: usize, endpoint: usize, hedge: bool) -> usize {
        let params = self.endpoints[endpoint].at(self.now);
        let it = &mut self.requests[request];
        let key = Key {
            seed: self.seed,
            request: it.number,
            endpoint: endpoint as u64,
            attempt: it.tried.iter().filter(|tried| **tried == endpoint).count() as u64,
        };
        it.tried.push(endpoint);
        it.tries += 1;
        it.live += 1;
        self.counts.sent[endpoint] += 1;
        let attempt = self.attempts.len();
        self.attempts.push(Attempt {
            request,
            endpoint,
            sent: self.now,
            state: State::Waiting,
            params,
            key,
            hedge,
            service: None,
        });
        ask!(self, request, policy, view => policy.sent(&mut view, endpoint, attempt));
        self.receive(attempt);
        attempt
    }

    /// The endpoint gets it: refuses it, fails it, or takes it into a slot or the queue.
    fn receive(&mut self, attempt: usize) {
        let it = &self.attempts[attempt];
        let (request, endpoint, hedge) = (it.request, it.endpoint, it.hedge);
        let (params, key) = (it.params.clone(), it.key);
        let target = &mut self.endpoints[endpoint];
        if let Err(wait) = target.admit(self.now, &params, &self.requests[request]) {
            self.counts.refused += 1;
            let event = Event::Fail(attempt, Failure::RateLimited, wait.min(60.0));
            self.schedule(self.now + REFUSED_RATE_S, event);
            return;
        }
        if key.uniform(10) < params.err {
            let (after, failure) = match params.err_kind {
                ErrorKind::Hang => (self.scenario.try_timeout_s, Failure::TimedOut),
                ErrorKind::ServerError => (0.02 + 0.03 * key.uniform(11), Failure::ServerError),
            };
            self.schedule(self.now + after, Event::Fail(attempt, failure, 0.0));
            return;
        }
        self.schedule(self.now + self.scenario.try_timeout_s, Event::TimeOut(attempt));
        if !hedge && !self.requests[request].hedged {
            let delay = ask!(self, request, policy, view => policy.hedge_after(&mut view, endpoint));
            if let Some(delay) = delay.filter(|it| *it < self.scenario.try_timeout_s) {
                self.schedule(self.now + delay, Event::Hedge(attempt));
            }
        }
        let target = &mut self.endpoints[endpoint];
        if f64::from(target.busy) < params.capacity() {
            self.start(attempt);
        } else if (target.queue.len() as f64) < params.queue_max {
            target.queue.push_back(attempt);
        } else {
            self.schedule(
                self.now + REFUSED_FULL_S,
                Event::Fail(attempt, Failure::ServerError, 0.0),
            );
        }
    }

    fn start(&mut self, attempt: usize) {
        let it = &mut self.attempts[attempt];
        let endpoint = &mut self.endpoints[it.endpoint];
        let request = &self.requests[it.request];
        let params = endpoint.at(self.now);
        endpoint.busy += 1;
        it.state = State::Running;
        let service = endpoint.service(self.now, &params, request, &it.key, f64::from(endpoint.busy));
        let cost = params.price(request.input, request.output, service.cached);
        it.service = Some((cost, request.input * params.price_in / 1e3, service.decode));
        self.schedule(self.now + service.ttft, Event::First(attempt));
    }

    /// Leaves its slot or the queue; who waits moves up.
    fn free(&mut self, attempt: usize) {
        let (endpoint, state) = (self.attempts[attempt].endpoint, self.attempts[attempt].state);
        match state {
            State::Waiting => self.endpoints[endpoint].queue.retain(|it| *it != attempt),
            State::Running | State::Streaming => {
                let target = &mut self.endpoints[endpoint];
                target.busy -= 1;
                let capacity = target.at(self.now).capacity();
                while f64::from(self.endpoints[endpoint].busy) < capacity
                    && let Some(next) = self.endpoints[endpoint].queue.pop_front()
                {
                    self.start(next);
                }
            }
            State::Ended => {}
        }
        self.attempts[attempt].state = State::Ended;
    }

    fn first(&mut self, attempt: usize) {
        let it = &mut self.attempts[attempt];
        if it.state != State::Running {
            return;
        }
        it.state = State::Streaming;
        let (request, endpoint, sent) = (it.request, it.endpoint, it.sent);
        if self.requests[request].done {
            self.cancel(attempt);
            return;
        }
        let (cost, _, decode) = self.attempts[attempt].service.unwrap_or_default();
        let params = self.attempts[attempt].params.clone();
        let it = &mut self.requests[request];
        it.done = true;
        it.ttft = self.now - it.at;
        it.cost += cost;
        self.endpoints[endpoint].remember(self.now, &params, &self.requests[request]);
        let present = self.endpoints[endpoint].at(self.now);
        let left = self.endpoints[endpoint].refill(self.now, &present);
        let seen = FirstToken {
            endpoint,
            attempt,
            ttft: self.now - sent,
            limits: params.limited().then_some(Told {
                left,
                per_minute: (params.rpm, params.tpm),
                most: params.buckets(),
            }),
        };
        ask!(self, request, policy, view => policy.first_token(&mut view, &seen));
        self.schedule(self.now + decode, Event::End(attempt));
        for twin in self.requests[request].twins.clone() {
            if twin != attempt && matches!(self.attempts[twin].state, State::Waiting | State::Running) {
                self.cancel(twin);
            }
        }
    }

    /// The other send of a hedged request was quicker. The provider bills the input it has begun to read.
    fn cancel(&mut self, attempt: usize) {
        let it = &self.attempts[attempt];
        let (request, endpoint, sent) = (it.request, it.endpoint, it.sent);
        self.requests[request].cost += it.service.map_or(0.0, |it| it.1);
        ask!(self, request, policy, view => policy.cancelled(&mut view, endpoint, attempt, sent));
        self.free(attempt);
        self.requests[request].live -= 1;
    }

    fn end(&mut self, attempt: usize) {
        if self.attempts[attempt].state != State::Streaming {
            return;
        }
        let (request, endpoint) = (self.attempts[attempt].request, self.attempts[attempt].endpoint);
        self.free(attempt);
        self.requests[request].live -= 1;
        ask!(self, request, policy, view => policy.finished(&mut view, endpoint, attempt));
    }

    fn time_out(&mut self, attempt: usize) {
        match self.attempts[attempt].state {
            State::Waiting | State::Running => self.fail(attempt, Failure::TimedOut, 0.0),
            State::Streaming | State::Ended => {}
        }
    }

    fn fail(&mut self, attempt: usize, failure: Failure, retry_after: f64) {
        if self.attempts[attempt].state == State::Ended {
            return;
        }
        self.free(attempt);
        let it = &self.attempts[attempt];
        let (request, endpoint, sent) = (it.request, it.endpoint, it.sent);
        let paid = match (failure, it.service) {
            (Failure::TimedOut, Some((_, input, _))) => input,
            (Failure::TimedOut, None) => self.requests[request].input * it.params.price_in / 1e3,
            (Failure::RateLimited | Failure::ServerError, _) => 0.0,
        };
        self.requests[request].live -= 1;
        self.requests[request].cost += paid;
        ask!(self, request, policy, view => policy.failed(&mut view, endpoint, attempt, failure, sent, retry_after));
        if self.requests[request].done || self.requests[request].live > 0 {
            return;
        }
        if failure == Failure::RateLimited && !self.scenario.refusals_are_tries {
            self.requests[request].tries -= 1;
        }
        let it = &self.requests[request];
        let spent = it.tries >= self.scenario.max_tries
            || it.tried.len() >= SENDS
            || self.now - it.at > self.scenario.deadline_s;
        if spent || !ask!(self, request, policy, view => policy.may_retry(&mut view, failure)) {
            self.give_up(request);
        } else {
            self.choose(request);
        }
    }

    fn give_up(&mut self, request: usize) {
        let it = &mut self.requests[request];
        it.failed = true;
        it.done = true;
        it.ttft = self.now - it.at;
    }

    fn hedge(&mut self, attempt: usize) {
        let request = self.attempts[attempt].request;
        let it = &self.requests[request];
        let open = matches!(self.attempts[attempt].state, State::Waiting | State::Running);
        if it.done || !open || it.hedged || it.tries >= self.scenario.max_tries {
            return;
        }
        let target = ask!(self, request, policy, view => policy.hedge_target(&mut view));
        if let Some(target) = target {
            self.requests[request].hedged = true;
            self.counts.hedges += 1;
            self.requests[request].twins = vec![attempt];
            let twin = self.send(request, target, true);
            self.requests[request].twins.push(twin);
        }
    }
}
