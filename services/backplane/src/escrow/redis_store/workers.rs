//! What workers say to the store: what they claim, and that they have claimed everything; and where they are to say it.

use redis::pipe;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::escrow::message::Left;
use sluicegate_metering::escrow::{Answer, Ask, Epoch, Reconcile, Reply};

use super::numbers::packed;
use super::scripts::{Input, RECONCILE, REGISTER};
use super::{RedisEscrow, packable};
use crate::error::BackplaneError;
use crate::escrow::EscrowError;

impl RedisEscrow {
    pub(in crate::escrow) async fn reconcile(
        &self,
        organization: OrganizationId,
        message: &Reconcile,
    ) -> Result<Reply, EscrowError> {
        let (keys, mut input) = (self.keys(organization), Input::default());
        input.key(keys.generation());
        input.key(keys.epoch(message.epoch));
        input.argument(message.generation);
        input.argument(message.epoch.worker);
        input.argument(message.epoch.number);
        input.argument(message.op);
        let mut claims = Vec::with_capacity(message.claims.len() * 6);
        for claim in &message.claims {
            input.key(keys.account(&claim.account));
            claims.extend(packable(&claim.terms));
            claims.extend([claim.claim.nanos(), claim.open.nanos()]);
        }
        input.numbers(&claims);
        for ask in &message.asks {
            input.bytes(packed_ask(ask)?);
        }
        let answer = self.run(&RECONCILE, organization, &input).await?;
        Ok(reply(message, &answer)?)
    }

    pub(in crate::escrow) async fn register(
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

    pub(in crate::escrow) async fn waiting(&self) -> Result<Vec<OrganizationId>, EscrowError> {
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
}

/// What is wanted, and a byte for each position, of which a message has no more than a byte can tell apart.
fn packed_ask(ask: &Ask) -> Result<Vec<u8>, EscrowError> {
    let mut bytes = packed(&[ask.want.nanos(), ask.min.nanos()]);
    for position in &ask.path {
        bytes.push(u8::try_from(*position).map_err(|_| EscrowError::Unsound)?);
    }
    Ok(bytes)
}

fn reply(message: &Reconcile, answer: &[Vec<u8>]) -> Result<Reply, BackplaneError> {
    let mut rows = answer.iter().map(Vec::as_slice);
    let mut left = Vec::with_capacity(message.claims.len());
    for _ in &message.claims {
        let [available, presumed, open_elsewhere] = RECONCILE.row(rows.next())?.map(NanoUsd::from_nanos);
        left.push(Left {
            available,
            presumed,
            open_elsewhere,
        });
    }
    let mut answers = Vec::with_capacity(message.asks.len());
    for _ in &message.asks {
        answers.push(match RECONCILE.row(rows.next())? {
            [0, granted] => Answer::Grant(NanoUsd::from_nanos(granted)),
            [1, position] => Answer::Deny(usize::try_from(position).map_err(|_| RECONCILE.malformed())?),
            [2, _] => Answer::Wait,
            [_, _] => return Err(RECONCILE.malformed()),
        });
    }
    Ok(Reply { left, answers })
}
