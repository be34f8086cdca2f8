//! The fast store over Redis. One script per operation, which checks everything before it writes; all keys of an
//! organization share a hash tag. A generation carries the run of the server it was told in, so that a server that
//! started again, with or without an older file, is known to have forgotten.
//!
//! | key | type | holds |
//! |---|---|---|
//! | `<prefix>:escrow:{<organization>}:generation` | hash | number, run, whether it is open, pending epochs, what is closed |
//! | `<prefix>:escrow:{<organization>}:account:<account>` | hash | terms, sums, and `e:<epoch>` → claim, open, op |
//! | `<prefix>:escrow:{<organization>}:epoch:<epoch>` | set | accounts the epoch claims, for its end |
//! | `<prefix>:escrow:wanted` | set | organizations found forgotten |
//! | `<prefix>:escrow:waiting` | set | organizations whose generation waits to hear of epochs, and some that did |
//! | `<prefix>:escrow:recalls` | channel | organizations in which money is missed |

use std::sync::Arc;
use std::time::Duration;

use async_stream::stream;
use futures_util::StreamExt;
use redis::{Client, FromRedisValue, Pipeline, pipe};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{OrganizationId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::message::Left;
use sluicegate_metering::escrow::{
    Answer, Balance, Epoch, Loaded, Reconcile, Refusal, Reply, Settled, Terms,
};
use tokio::time::{sleep, timeout};

use super::scripts::{CLOSE, FENCE, Input, LOAD, OPEN, READ, RECONCILE, REGISTER, StoreScript};
use super::{EscrowError, Recall, Recalls};
use crate::error::BackplaneError;
use crate::reconnect::Backoff;
use crate::redis_link::{self, Patience, RedisLink};

/// A call waits for this, so bad news has to come soon.
const PATIENCE: Patience = Patience {
    connect: Duration::from_millis(500),
    answer: Duration::from_millis(500),
    between: Duration::from_secs(1),
};
/// Accounts of one script run by the keeper, so that workers need not wait long behind it.
const CHUNK: usize = 100;

/// See [`super::Escrow::redis`].
#[derive(Clone)]
pub struct RedisEscrow {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    link: RedisLink,
    prefix: String,
}

/// The keys of one organization.
struct Keys {
    base: String,
}

impl Keys {
    fn generation(&self) -> String {
        format!("{}:generation", self.base)
    }

    fn account(&self, account: &AccountId) -> String {
        format!("{}:account:{account}", self.base)
    }

    fn epochs(&self) -> String {
        format!("{}:epoch:", self.base)
    }

    fn epoch(&self, epoch: Epoch) -> String {
        format!("{}{epoch}", self.epochs())
    }
}

/// Zero says that a period has no end; so does one beyond what a double can carry.
fn end(end: UnixMillis) -> i64 {
    if end.get() > NanoUsd::MAX.nanos() / 2 {
        0
    } else {
        end.get()
    }
}

fn terms(input: &mut Input, terms: &Terms) {
    input.argument(terms.limit.nanos());
    input.argument(terms.version);
    input.argument(terms.exposure.nanos());
    input.argument(end(terms.end));
}

impl RedisEscrow {
    pub(super) fn new(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        let client = redis_link::client(url)?;
        Ok(Self {
            inner: Arc::new(Inner {
                link: RedisLink::new(client.clone(), PATIENCE),
                client,
                prefix: format!("{prefix}:escrow"),
            }),
        })
    }

    pub(super) fn apart(&self) -> Self {
        let Inner { client, link, prefix } = self.inner.as_ref();
        Self {
            inner: Arc::new(Inner {
                client: client.clone(),
                link: link.apart(),
                prefix: prefix.clone(),
            }),
        }
    }

    fn keys(&self, organization: OrganizationId) -> Keys {
        Keys {
            base: format!("{}:{{{organization}}}", self.inner.prefix),
        }
    }

    fn channel(&self) -> String {
        format!("{}:recalls", self.inner.prefix)
    }

    async fn run(
        &self,
        script: &StoreScript,
        organization: OrganizationId,
        input: &Input,
    ) -> Result<Vec<String>, EscrowError> {
        let outcome = script.run(&self.inner.link, input).await;
        if matches!(outcome, Err(EscrowError::Refused(Refusal::Forgotten))) {
            self.note("SADD", "wanted", organization).await?;
        }
        outcome
    }

    async fn note(&self, verb: &str, list: &str, organization: OrganizationId) -> Result<(), BackplaneError> {
        const OPERATION: &str = "noting an organization";
        let mut note = pipe();
        let key = format!("{}:{list}", self.inner.prefix);
        note.cmd(verb).arg(key).arg(organization.to_string()).ignore();
        self.command(OPERATION, &note).await
    }

    async fn noted(&self, list: &str) -> Result<Vec<OrganizationId>, BackplaneError> {
        const OPERATION: &str = "reading noted organizations";
        let mut look = pipe();
        look.cmd("SMEMBERS").arg(format!("{}:{list}", self.inner.prefix));
        let (texts,): (Vec<String>,) = self.command(OPERATION, &look).await?;
        Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    async fn command<T: FromRedisValue>(
        &self,
        operation: &'static str,
        pipeline: &Pipeline,
    ) -> Result<T, BackplaneError> {
        let outcome = self.inner.link.run(operation, pipeline, Duration::ZERO).await;
        outcome.map_err(|error| error.into_backplane(operation))
    }

    pub(super) async fn reconcile(
        &self,
        organization: OrganizationId,
        message: &Reconcile,
    ) -> Result<Reply, EscrowError> {
        let (keys, mut input) = (self.keys(organization), Input::default());
        input.key(keys.generation());
        input.key(keys.epoch(message.epoch));
        input.argument(message.generation);
        input.argument(message.epoch);
        input.argument(message.epoch.worker);
        input.argument(message.epoch.number);
        input.argument(message.op);
        input.argument(self.channel());
        input.argument(organization);
        input.argument(message.claims.len());
        for claim in &message.claims {
            input.key(keys.account(&claim.account));
            terms(&mut input, &claim.terms);
            input.argument(claim.claim.nanos());
            input.argument(claim.open.nanos());
        }
        input.argument(message.asks.len());
        for ask in &message.asks {
            input.argument(ask.want.nanos());
            input.argument(ask.min.nanos());
            input.argument(ask.path.len());
            ask.path.iter().for_each(|position| input.argument(position));
        }
        let answer = self.run(&RECONCILE, organization, &input).await?;
        Ok(reply(message, &answer)?)
    }

    pub(super) async fn register(
        &self,
        organization: OrganizationId,
        generation: u64,
        epoch: Epoch,
    ) -> Result<(), EscrowError> {
        let mut input = Input::default();
        input.key(self.keys(organization).generation());
        input.argument(generation);
        input.argument(epoch);
        self.run(&REGISTER, organization, &input).await?;
        Ok(())
    }

    pub(super) async fn wanted(&self) -> Result<Vec<OrganizationId>, EscrowError> {
        Ok(self.noted("wanted").await?)
    }

    pub(super) async fn waiting(&self) -> Result<Vec<OrganizationId>, EscrowError> {
        const OPERATION: &str = "counting epochs that have not spoken";
        let noted = self.noted("waiting").await?;
        if noted.is_empty() {
            return Ok(noted);
        }
        let mut look = pipe();
        for organization in &noted {
            look.cmd("HGET")
                .arg(self.keys(*organization).generation())
                .arg("pending");
        }
        let pending: Vec<Option<u64>> = self.command(OPERATION, &look).await?;
        let mut waiting = Vec::new();
        for (organization, pending) in noted.into_iter().zip(pending) {
            if pending.is_some_and(|pending| pending > 0) {
                waiting.push(organization);
            } else {
                self.note("SREM", "waiting", organization).await?;
            }
        }
        Ok(waiting)
    }

    pub(super) async fn fence(&self, organization: OrganizationId, number: u64) -> Result<(), EscrowError> {
        let mut input = Input::default();
        input.key(self.keys(organization).generation());
        input.argument(number);
        self.run(&FENCE, organization, &input).await?;
        Ok(())
    }

    pub(super) async fn load(
        &self,
        organization: OrganizationId,
        number: u64,
        accounts: &[Loaded],
    ) -> Result<(), EscrowError> {
        let keys = self.keys(organization);
        // An empty load still says whether the generation is the one under way.
        let chunks = accounts
            .chunks(CHUNK)
            .chain(accounts.is_empty().then_some(accounts));
        for chunk in chunks {
            let mut input = Input::default();
            input.key(keys.generation());
            input.argument(number);
            input.argument(keys.epochs());
            for one in chunk {
                input.key(keys.account(&one.account));
                terms(&mut input, &one.terms);
                input.argument(one.base.nanos());
                input.argument(one.spent.len());
                for (epoch, spent) in &one.spent {
                    input.argument(epoch);
                    input.argument(spent.nanos());
                }
            }
            self.run(&LOAD, organization, &input).await?;
        }
        Ok(())
    }

    pub(super) async fn open(
        &self,
        organization: OrganizationId,
        number: u64,
        pending: &[Epoch],
        closed_below: &[(WorkerId, u32)],
    ) -> Result<(), EscrowError> {
        let mut input = Input::default();
        input.key(self.keys(organization).generation());
        input.argument(number);
        input.argument(pending.len());
        pending.iter().for_each(|epoch| input.argument(epoch));
        for (worker, below) in closed_below {
            input.argument(worker);
            input.argument(below);
        }
        self.run(&OPEN, organization, &input).await?;
        if !pending.is_empty() {
            self.note("SADD", "waiting", organization).await?;
        }
        Ok(self.note("SREM", "wanted", organization).await?)
    }

    pub(super) async fn close_epoch(
        &self,
        organization: OrganizationId,
        epoch: Epoch,
        settled: &[Settled],
    ) -> Result<(), EscrowError> {
        let keys = self.keys(organization);
        let chunks: Vec<&[Settled]> = settled.chunks(CHUNK).collect();
        for chunk in &chunks {
            let input = closing(&keys, epoch, chunk, false);
            self.run(&CLOSE, organization, &input).await?;
        }
        loop {
            let answer = self
                .run(&CLOSE, organization, &closing(&keys, epoch, &[], true))
                .await?;
            let left: u64 = CLOSE.number(answer.into_iter().next())?;
            if left == 0 {
                return Ok(());
            }
        }
    }

    pub(super) async fn read(
        &self,
        organization: OrganizationId,
        accounts: &[AccountId],
    ) -> Result<Vec<Option<Balance>>, EscrowError> {
        let keys = self.keys(organization);
        let mut balances = Vec::with_capacity(accounts.len());
        let chunks = accounts
            .chunks(CHUNK)
            .chain(accounts.is_empty().then_some(accounts));
        for chunk in chunks {
            let mut input = Input::default();
            input.key(keys.generation());
            chunk.iter().for_each(|account| input.key(keys.account(account)));
            let answer = self.run(&READ, organization, &input).await?;
            for fields in answer.chunks(4) {
                balances.push(balance(fields)?);
            }
        }
        Ok(balances)
    }

    /// Subscribes, and again whenever the connection ends.
    pub(super) fn recalls(&self) -> Recalls {
        let (client, channel) = (self.inner.client.clone(), self.channel());
        let items = stream! {
            let mut backoff = Backoff::up_to(PATIENCE.between);
            loop {
                if let Ok(Ok(mut subscriber)) = timeout(PATIENCE.connect, client.get_async_pubsub()).await
                    && let Ok(Ok(())) = timeout(PATIENCE.answer, subscriber.subscribe(&channel)).await
                {
                    backoff.reset();
                    yield Recall::Listening;
                    let mut messages = subscriber.into_on_message();
                    while let Some(message) = messages.next().await {
                        let organization = message.get_payload::<String>().ok();
                        if let Some(organization) = organization.and_then(|text| text.parse().ok()) {
                            yield Recall::Missed(organization);
                        }
                    }
                }
                sleep(backoff.after_failure(rand::random())).await;
            }
        };
        Recalls {
            items: Box::pin(items),
        }
    }

    pub(super) async fn close(&self) {
        self.inner.link.close().await;
    }
}

fn closing(keys: &Keys, epoch: Epoch, settled: &[Settled], last: bool) -> Input {
    let mut input = Input::default();
    input.key(keys.generation());
    input.key(keys.epoch(epoch));
    input.argument(epoch);
    input.argument(epoch.worker);
    input.argument(u64::from(epoch.number) + 1);
    input.argument(u8::from(last));
    for one in settled {
        input.key(keys.account(&one.account));
        input.argument(end(one.end));
        input.argument(one.amount.nanos());
    }
    input
}

fn reply(message: &Reconcile, answer: &[String]) -> Result<Reply, BackplaneError> {
    let mut texts = answer.iter().flat_map(|numbers| numbers.split(' '));
    let mut amount = || RECONCILE.number::<i64>(texts.next());
    let mut left = Vec::with_capacity(message.claims.len());
    for _ in &message.claims {
        left.push(Left {
            available: NanoUsd::from_nanos(amount()?),
            presumed: NanoUsd::from_nanos(amount()?),
            open_elsewhere: NanoUsd::from_nanos(amount()?),
        });
    }
    let mut answers = Vec::with_capacity(message.asks.len());
    for _ in &message.asks {
        answers.push(match (amount()?, amount()?) {
            (0, granted) => Answer::Grant(NanoUsd::from_nanos(granted)),
            (1, position) => Answer::Deny(usize::try_from(position).map_err(|_| RECONCILE.malformed())?),
            (2, _) => Answer::Wait,
            (_, _) => return Err(RECONCILE.malformed()),
        });
    }
    Ok(Reply { left, answers })
}

fn balance(fields: &[String]) -> Result<Option<Balance>, BackplaneError> {
    let [limit, claimed, open, presumed] = fields else {
        return Err(READ.malformed());
    };
    if limit.is_empty() {
        return Ok(None);
    }
    let amount = |text: &String| READ.number(Some(text)).map(NanoUsd::from_nanos);
    Ok(Some(Balance {
        limit: amount(limit)?,
        claimed: amount(claimed)?,
        open: amount(open)?,
        presumed: amount(presumed)?,
    }))
}
