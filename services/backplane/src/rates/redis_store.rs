//! The store of rate limits over Redis. One script per limit and message, all messages of a worker in one pipeline; each
//! script touches one key, which ends when it says no more than a new one would.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `<prefix>:rates:{<organization>}:<bucket>` | hash | level, time, terms, and `h:<epoch>` → op, units held, end of the lease |
//! | `<prefix>:rates:workers` | sorted set | epochs of workers, by when they are forgotten |

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::{Cmd, Pipeline, Script, pipe};
use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bucket::{Allowance, Answer, Standing};
use sluicegate_metering::escrow::Epoch;

use super::Message;
use crate::error::BackplaneError;
use crate::redis_link::{self, Patience, RedisLink};

/// Calls wait for this at most once per outage, and are then decided without the store.
const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(250),
    answer: Duration::from_millis(250),
    between: Duration::from_millis(500),
};
/// How long a worker counts after it said that it is there, in milliseconds.
const PRESENT_MS: u64 = 10_000;

/// See [`super::Rates::redis`].
#[derive(Clone)]
pub struct RedisRates {
    inner: Arc<Inner>,
}

struct Inner {
    link: RedisLink,
    prefix: String,
}

/// A script, and what it does in the words of an operator.
struct PoolScript {
    operation: &'static str,
    text: &'static str,
    digest: String,
}

static EXCHANGE: LazyLock<PoolScript> =
    LazyLock::new(|| PoolScript::new("counting by rate limits", include_str!("exchange.lua")));
static LOOK: LazyLock<PoolScript> =
    LazyLock::new(|| PoolScript::new("reading rate limits", include_str!("look.lua")));
static ROLL_CALL: LazyLock<PoolScript> =
    LazyLock::new(|| PoolScript::new("counting workers", include_str!("roll_call.lua")));

impl PoolScript {
    fn new(operation: &'static str, text: &'static str) -> Self {
        Self {
            operation,
            text,
            digest: Script::new(text).get_hash().to_owned(),
        }
    }

    fn on(&self, key: String) -> Cmd {
        let mut command = Cmd::new();
        command.arg("EVALSHA").arg(&self.digest).arg(1).arg(key);
        command
    }

    /// Runs it as often as there are commands; sends its text first when the server has not seen it.
    async fn run(&self, link: &RedisLink, commands: Vec<Cmd>) -> Result<Vec<Vec<String>>, BackplaneError> {
        let pipeline = |first: Pipeline| {
            let add = |mut pipeline: Pipeline, command: &Cmd| {
                pipeline.add_command(command.clone());
                pipeline
            };
            commands.iter().fold(first, add)
        };
        let outcome = match link.run(self.operation, &pipeline(pipe()), Duration::ZERO).await {
            Err(error) if error.has_code("NOSCRIPT") => {
                let mut load = pipe();
                load.cmd("SCRIPT").arg("LOAD").arg(self.text).ignore();
                link.run(self.operation, &pipeline(load), Duration::ZERO).await
            }
            outcome => outcome,
        };
        outcome.map_err(|error| error.into_backplane(self.operation))
    }

    fn numbers<T: std::str::FromStr>(&self, texts: &[String]) -> Result<Vec<T>, BackplaneError> {
        let numbers = texts
            .iter()
            .map(|text| text.parse().ok())
            .collect::<Option<Vec<T>>>();
        numbers.ok_or_else(|| self.malformed())
    }

    fn malformed(&self) -> BackplaneError {
        BackplaneError::unavailable(self.operation, "the answer of the script cannot be read")
    }
}

/// A kind and four numbers, as the scripts take them.
fn terms(allowance: &Allowance) -> (&'static str, [i64; 4]) {
    match allowance {
        Allowance::Rate(rate) => ("rate", [rate.full(), rate.deepest(), rate.refill(), rate.unit()]),
        Allowance::AtOnce(limit) => ("slots", [i64::try_from(*limit).unwrap_or(i64::MAX), 0, 0, 0]),
    }
}

impl RedisRates {
    pub(super) fn new(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        let client = redis_link::client(url)?;
        Ok(Self {
            inner: Arc::new(Inner {
                link: RedisLink::new(client, PATIENCE),
                prefix: format!("{prefix}:rates"),
            }),
        })
    }

    fn key(&self, organization: OrganizationId, bucket: &BucketId) -> String {
        format!("{}:{{{organization}}}:{bucket}", self.inner.prefix)
    }

    pub(super) async fn exchange(
        &self,
        worker: Epoch,
        messages: &[Message],
    ) -> Result<Vec<Option<Answer>>, BackplaneError> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let holder = worker.to_string();
        let command = |message: &Message| {
            let ask = &message.ask;
            let (kind, numbers) = terms(&ask.allowance);
            let mut command = EXCHANGE.on(self.key(message.organization, &message.bucket));
            command.arg(&holder).arg(kind).arg(ask.op).arg(ask.held);
            command
                .arg(ask.back)
                .arg(ask.owed)
                .arg(ask.spare)
                .arg(ask.lease_ms)
                .arg(&numbers);
            for need in &ask.needs {
                match ask.allowance {
                    Allowance::Rate(rate) => command.arg(rate.fractions(*need)),
                    Allowance::AtOnce(_) => command.arg(*need),
                };
            }
            command
        };
        let commands = messages.iter().map(command).collect();
        let answers = EXCHANGE.run(&self.inner.link, commands).await?;
        if answers.len() != messages.len() {
            return Err(EXCHANGE.malformed());
        }
        let pairs = messages.iter().zip(answers);
        pairs.map(|(message, texts)| answer(message, &texts)).collect()
    }

    pub(super) async fn roll_call(&self, worker: Epoch) -> Result<u64, BackplaneError> {
        let mut command = ROLL_CALL.on(format!("{}:workers", self.inner.prefix));
        command.arg(worker.to_string()).arg(PRESENT_MS);
        let answers = ROLL_CALL.run(&self.inner.link, vec![command]).await?;
        match answers.as_slice() {
            [texts] if texts.first().is_some_and(|text| text == "ok") => {
                let workers = ROLL_CALL.numbers(&texts[1..])?;
                workers.first().copied().ok_or_else(|| ROLL_CALL.malformed())
            }
            _ => Err(ROLL_CALL.malformed()),
        }
    }

    pub(super) async fn look(
        &self,
        organization: OrganizationId,
        buckets: &[(BucketId, Allowance)],
    ) -> Result<Vec<Standing>, BackplaneError> {
        if buckets.is_empty() {
            return Ok(Vec::new());
        }
        let command = |(bucket, allowance): &(BucketId, Allowance)| {
            let (kind, numbers) = terms(allowance);
            let mut command = LOOK.on(self.key(organization, bucket));
            command.arg(kind).arg(&numbers);
            command
        };
        let commands = buckets.iter().map(command).collect();
        let answers = LOOK.run(&self.inner.link, commands).await?;
        let standing = |texts: Vec<String>| match LOOK.numbers(texts.get(1..).unwrap_or_default())?[..] {
            [remaining, reset_after_ms] => Ok(Standing {
                remaining,
                reset_after_ms,
            }),
            _ => Err(LOOK.malformed()),
        };
        answers.into_iter().map(standing).collect()
    }

    pub(super) async fn close(&self) {
        self.inner.link.close().await;
    }
}

fn answer(message: &Message, texts: &[String]) -> Result<Option<Answer>, BackplaneError> {
    match texts {
        [late] if late == "late" => Ok(None),
        [ok, at, spare, left, waits @ ..] if ok == "ok" && waits.len() == message.ask.needs.len() => {
            let at = at.parse().map_err(|_| EXCHANGE.malformed())?;
            let numbers = EXCHANGE.numbers::<u64>(&[spare.clone(), left.clone()])?;
            let waits = EXCHANGE.numbers::<u64>(waits)?.into_iter();
            Ok(Some(Answer {
                waits: waits.map(|wait| (wait > 0).then_some(wait)).collect(),
                spare: numbers[0],
                left: numbers[1],
                at: UnixMillis::new(at),
            }))
        }
        _ => Err(EXCHANGE.malformed()),
    }
}
