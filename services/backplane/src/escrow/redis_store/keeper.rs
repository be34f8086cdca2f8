//! What the keeper of the books does: it tells a store that forgot the past, ends epochs, and looks how accounts stand.

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{OrganizationId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::escrow::{Balance, Epoch, Loaded, Settled};

use super::scripts::{CLOSE, FENCE, Input, LOAD, OPEN, READ};
use super::{Keys, RedisEscrow, end, packable};
use crate::error::BackplaneError;
use crate::escrow::EscrowError;

/// Accounts of one script run, so that workers need not wait long behind it.
const CHUNK: usize = 100;

impl RedisEscrow {
    pub(in crate::escrow) async fn wanted(&self) -> Result<Vec<OrganizationId>, EscrowError> {
        Ok(self.noted("wanted").await?)
    }

    pub(in crate::escrow) async fn fence(
        &self,
        organization: OrganizationId,
        number: u64,
    ) -> Result<(), EscrowError> {
        let mut input = Input::default();
        input.key(self.keys(organization).generation());
        input.argument(number);
        self.run(&FENCE, organization, &input).await?;
        Ok(())
    }

    pub(in crate::escrow) async fn load(
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
                let [limit, version, exposure, end] = packable(&one.terms);
                input.numbers(&[limit, version, exposure, end, one.base.nanos()]);
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

    pub(in crate::escrow) async fn open(
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

    pub(in crate::escrow) async fn close_epoch(
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
            let [left] = CLOSE.row(answer.first().map(Vec::as_slice))?;
            if left == 0 {
                return Ok(());
            }
        }
    }

    pub(in crate::escrow) async fn read(
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
            for row in &answer {
                balances.push(balance(row)?);
            }
        }
        Ok(balances)
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

fn balance(row: &[u8]) -> Result<Option<Balance>, BackplaneError> {
    if row.is_empty() {
        return Ok(None);
    }
    let [limit, claimed, open, presumed] = READ.row(Some(row))?.map(NanoUsd::from_nanos);
    Ok(Some(Balance {
        limit,
        claimed,
        open,
        presumed,
    }))
}
