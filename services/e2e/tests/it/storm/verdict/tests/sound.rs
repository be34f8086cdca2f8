//! One call of each kind with the row and the ledger entries it leaves when all goes well.

use std::time::{Duration, Instant};

use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{AttemptOutcome, AttemptRecord, Evidence};
use sluicegate_mock_provider::{Entry, Fault, Outcome};
use uuid::Uuid;

use super::super::super::faults::{Outage, Victim};
use super::super::super::load::{LATE, LONG, Logged};
use super::super::attempts;
use super::super::books::{Books, Progress, Row};
use crate::harness::inference::{Asked, Break, Call, Seen};
use crate::harness::mock::CHAT;

const WORKER: Uuid = Uuid::from_u128(9);
/// Unix time at which callers hang up, in milliseconds.
pub(super) const HANG_UP: u64 = 1_000;

pub(super) const ANSWERED: u128 = 1;
pub(super) const RETRIED: u128 = 2;
pub(super) const CUT: u128 = 3;
pub(super) const STALLED: u128 = 4;
pub(super) const LEFT: u128 = 5;
pub(super) const LEFT_WHOLE: u128 = 6;
pub(super) const KILLED: u128 = 7;
pub(super) const REFUSED: u128 = 8;
pub(super) const BROKEN_WHOLE: u128 = 9;
pub(super) const STALLED_WHOLE: u128 = 10;
pub(super) const FAILED: u128 = 11;

/// Everything a run has left.
pub(super) struct Evidences {
    pub(super) books: Books,
    pub(super) calls: Vec<Logged>,
    pub(super) outages: Vec<Outage>,
    at: Instant,
}

fn refused_by(code: u16) -> Fault {
    Fault::Status {
        code,
        retry_after_s: None,
    }
}

fn stall() -> Fault {
    Fault::Stall {
        after_chunks: Some(4),
    }
}

/// Price of [`CHAT`] and of [`LONG`] in nano-dollars per token.
pub(super) fn price(model: &str, input: u64, output: u64) -> u64 {
    match model {
        LONG => 100 * input + 400 * output,
        LATE => 400 * input + 1_600 * output,
        _ => 150 * input + 600 * output,
    }
}

impl Evidences {
    fn new() -> Self {
        let at = Instant::now();
        let outage = Outage {
            victim: Victim::Worker(1),
            killed: at + Duration::from_secs(60),
            ready: at + Duration::from_secs(62),
        };
        Self {
            books: Books::default(),
            calls: Vec::new(),
            outages: vec![outage],
            at,
        }
    }

    /// Adds a call, its row and no attempt yet. The prompt has 16 bytes; the caller has three words of 13 bytes, unless
    /// nothing came.
    fn call(&mut self, number: u128, model: &str, seen: Seen, outcome: &str, status: i32) {
        let trace = format!("{number:032x}");
        let asked = Asked {
            model: model.to_owned(),
            prompt_bytes: 16,
            body_bytes: 100,
        };
        let text = if model == LATE || status >= 500 {
            ""
        } else {
            "one two three"
        };
        let call = Call {
            trace: trace.clone(),
            asked,
            id: Some(name(number)),
            seen,
            told: None,
            told_cost: None,
            text: text.to_owned(),
        };
        self.calls.push(Logged {
            worker: 0,
            began: self.at,
            ended: self.at + Duration::from_secs(1),
            call,
        });
        let row = Row {
            id: Uuid::from_u128(number),
            trace_id: Some(trace),
            worker_id: WORKER,
            epoch: 1,
            seq: i64::try_from(number).unwrap(),
            outcome: outcome.to_owned(),
            status,
            cost_evidence: String::new(),
            cost_nanos: Some(0),
            input_tokens: 0,
            output_tokens: 0,
            attempts: Vec::new(),
        };
        self.books.rows.insert(name(number), vec![row]);
    }

    /// Adds an attempt to the last call, with the cost of its tokens.
    fn attempt(&mut self, outcome: AttemptOutcome, status: u16, evidence: Evidence, tokens: (u64, u64)) {
        let call = self.calls.last().unwrap();
        let cost = match evidence {
            Evidence::Uncertain => 15_000,
            Evidence::NotBilled | Evidence::Reported | Evidence::Estimated => {
                price(&call.call.asked.model, tokens.0, tokens.1)
            }
        };
        let row = &mut self.books.rows.values_mut().last().unwrap()[0];
        row.attempts.push(AttemptRecord {
            connection: None,
            endpoint: None,
            provider: "openai".to_owned(),
            upstream_model: call.call.asked.model.clone(),
            dialect: None,
            cause: None,
            outcome,
            status: Some(status),
            tokens: TokenUsage {
                input: tokens.0,
                output: tokens.1,
                ..TokenUsage::default()
            },
            evidence,
            cost: Some(NanoUsd::from_nanos(i64::try_from(cost).unwrap())),
            price_version: None,
            accounts: Vec::new(),
            credit: None,
            output_cap: None,
            session_budget: None,
            started_us: 0,
            first_byte_us: None,
            duration_us: 0,
        });
    }

    /// Adds the provider's word on the last attempt.
    fn entry(&mut self, outcome: Outcome, fault: Option<Fault>, tokens: (u64, u64)) {
        let call = &self.calls.last().unwrap().call;
        let entries = self.books.ledger.entry(call.id.clone().unwrap()).or_default();
        entries.push(Entry {
            call_id: String::new(),
            at_unix_ms: HANG_UP + 3,
            endpoint: String::new(),
            model: call.asked.model.clone(),
            stream: false,
            request_id: None,
            idempotency_key: None,
            tag: None,
            outcome,
            fault,
            input_tokens: tokens.0,
            cached_input_tokens: 0,
            output_tokens: tokens.1,
            reasoning_tokens: 0,
            cost_nano_usd: price(&call.asked.model, tokens.0, tokens.1),
        });
    }

    fn served(&mut self) {
        self.attempt(AttemptOutcome::Served, 200, Evidence::Reported, (11, 3));
        self.entry(Outcome::Completed, None, (11, 3));
        let call = &mut self.calls.last_mut().unwrap().call;
        call.told = Some((11, 3));
    }

    /// Sums up what rows say, and what the ingester says about them.
    fn close(mut self) -> Self {
        let books = &mut self.books;
        for row in books.rows.values_mut().flatten() {
            let attempts = &row.attempts;
            row.cost_nanos = attempts::total(attempts);
            attempts::weakest(attempts).clone_into(&mut row.cost_evidence);
            let tokens = attempts
                .iter()
                .fold(TokenUsage::default(), |sum, it| sum.plus(it.tokens));
            row.input_tokens = i64::try_from(tokens.input).unwrap();
            row.output_tokens = i64::try_from(tokens.output).unwrap();
        }
        books.progress.push(Progress {
            worker_id: WORKER,
            epoch: 1,
            contiguous: i64::try_from(books.rows.len()).unwrap(),
            islands: 0,
        });
        for logged in &mut self.calls {
            if logged.call.seen == Seen::Answered {
                let cost = books.rows[logged.call.id.as_ref().unwrap()][0].cost_nanos;
                logged.call.told_cost = cost.map(|cost| u64::try_from(cost).unwrap());
            }
        }
        self
    }

    pub(super) fn row(&mut self, number: u128) -> &mut Row {
        &mut self.books.rows.get_mut(&name(number)).unwrap()[0]
    }

    /// The last attempt of a row.
    pub(super) fn last(&mut self, number: u128) -> &mut AttemptRecord {
        self.row(number).attempts.last_mut().unwrap()
    }

    /// Makes the last attempt of a row cost something else, and the row with it.
    pub(super) fn recost(&mut self, number: u128, cost: Option<i64>) {
        self.last(number).cost = cost.map(NanoUsd::from_nanos);
        let row = self.row(number);
        row.cost_nanos = attempts::total(&row.attempts);
    }

    pub(super) fn entries(&mut self, number: u128) -> &mut Vec<Entry> {
        self.books.ledger.get_mut(&name(number)).unwrap()
    }

    pub(super) fn logged(&mut self, number: u128) -> &mut Logged {
        let wanted = Some(name(number));
        self.calls.iter_mut().find(|it| it.call.id == wanted).unwrap()
    }
}

pub(super) fn name(number: u128) -> String {
    RequestId::from(Uuid::from_u128(number)).to_string()
}

/// One call of each kind.
pub(super) fn sound() -> Evidences {
    use AttemptOutcome as Ended;
    let mut all = Evidences::new();
    all.call(ANSWERED, CHAT, Seen::Answered, "served", 200);
    all.served();

    all.call(RETRIED, CHAT, Seen::Answered, "served", 200);
    all.attempt(Ended::ServerError, 500, Evidence::NotBilled, (0, 0));
    all.entry(Outcome::Refused, Some(refused_by(500)), (0, 0));
    all.attempt(Ended::RateLimited, 429, Evidence::NotBilled, (0, 0));
    all.entry(Outcome::Refused, Some(refused_by(429)), (0, 0));
    all.served();

    let event = || Seen::ErrorEvent(String::new());
    all.call(CUT, CHAT, event(), "cut", 200);
    all.attempt(Ended::Cut, 200, Evidence::Estimated, (4, 4));
    all.entry(Outcome::Cut, Some(Fault::CutChunks(4)), (11, 3));

    all.call(STALLED, CHAT, event(), "cut", 200);
    all.attempt(Ended::TimedOut, 200, Evidence::Estimated, (4, 4));
    all.entry(Outcome::ClientLeft, Some(stall()), (11, 3));

    // Two more words were on their way when the caller left; the gateway has seen one of them.
    all.call(LEFT, LONG, Seen::HungUp(HANG_UP), "client_gone", 200);
    all.attempt(Ended::ClientGone, 200, Evidence::Estimated, (4, 5));
    all.entry(Outcome::ClientLeft, None, (11, 5));

    all.call(LEFT_WHOLE, LATE, Seen::HungUp(HANG_UP), "client_gone", 499);
    all.attempt(Ended::ClientGone, 200, Evidence::Uncertain, (0, 0));
    all.entry(Outcome::ClientLeft, None, (11, 0));

    all.call(KILLED, CHAT, Seen::Broken(Break::MidAnswer), "interrupted", 0);
    all.attempt(Ended::Interrupted, 0, Evidence::Uncertain, (0, 0));
    all.entry(Outcome::ClientLeft, None, (11, 2));
    let killed = all.calls.last_mut().unwrap();
    killed.worker = 1;
    killed.ended = all.outages[0].killed;

    all.call(REFUSED, CHAT, Seen::Refused(500, String::new()), "failed", 500);
    for _ in 0..3 {
        all.attempt(Ended::ServerError, 500, Evidence::NotBilled, (0, 0));
        all.entry(Outcome::Refused, Some(refused_by(500)), (0, 0));
    }

    all.call(BROKEN_WHOLE, CHAT, Seen::Answered, "served", 200);
    all.attempt(Ended::Cut, 200, Evidence::Uncertain, (0, 0));
    all.entry(Outcome::Cut, Some(Fault::CutChunks(4)), (11, 0));
    all.served();

    let late = Seen::Refused(504, "deadline_exceeded".to_owned());
    all.call(STALLED_WHOLE, CHAT, late, "failed", 504);
    all.attempt(Ended::TimedOut, 200, Evidence::Uncertain, (0, 0));
    all.entry(Outcome::ClientLeft, Some(stall()), (11, 0));

    all.call(FAILED, CHAT, event(), "cut", 200);
    all.attempt(Ended::ServerError, 200, Evidence::Estimated, (4, 4));
    all.entry(Outcome::Failed, Some(Fault::ErrorEvent(4)), (11, 3));
    all.close()
}
