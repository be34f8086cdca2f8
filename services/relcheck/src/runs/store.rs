//! What the fast store of budgets holds, as it says itself: the one thing that cannot be seen from outside. Only held
//! money is asked for here; everything else is judged without it.

use std::time::{Duration, Instant};

use sluicegate_backplane::Escrow;
use sluicegate_backplane::escrow::Balance;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use tokio::time::sleep;

use crate::evidence::Evidence;
use crate::scene::{Account, Scene};
use crate::stack::Stack;
use crate::verdict::{Rule, budgets, dollars};

/// The prefix of keys that the deployment under test uses.
const PREFIX: &str = "sluicegate";
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// An account as the store has it, and what Postgres has on it.
struct Standing<'s> {
    account: &'s Account,
    balance: Balance,
    settled: i128,
}

/// Waits until no call, no lease and no presumption stands in the way of spending.
pub(super) async fn nothing_held(stack: &Stack, scene: &Scene, within: Duration) -> anyhow::Result<Rule> {
    let is_free = |one: &Standing<'_>| {
        one.balance.open == NanoUsd::ZERO
            && one.balance.presumed == NanoUsd::ZERO
            && one.claimed() >= one.settled
    };
    until(
        stack,
        scene,
        within,
        "nothing is held when all calls are over",
        is_free,
    )
    .await
}

/// Waits until what the store claims is what Postgres has.
pub(super) async fn agrees(stack: &Stack, scene: &Scene, within: Duration) -> anyhow::Result<Rule> {
    let is_equal = |one: &Standing<'_>| one.claimed() == one.settled;
    until(
        stack,
        scene,
        within,
        "the store claims what Postgres has as spent",
        is_equal,
    )
    .await
}

async fn until(
    stack: &Stack,
    scene: &Scene,
    within: Duration,
    promise: &'static str,
    is_right: impl Fn(&Standing<'_>) -> bool,
) -> anyhow::Result<Rule> {
    let escrow = Escrow::redis(stack.redis_url(), PREFIX)?;
    let begun = Instant::now();
    let findings = loop {
        // Evidence that takes long to read must not count as time that money takes to come back.
        let looked = begun.elapsed();
        let evidence = Evidence::read(stack.database_url(), &stack.ledger).await?;
        let findings = match standings(&escrow, scene, &evidence).await {
            Ok(standings) => {
                let wrong = standings.iter().filter(|one| !is_right(one));
                wrong.map(Standing::tell).collect()
            }
            Err(error) => vec![format!("the store: {error:#}")],
        };
        if findings.is_empty() || looked > within {
            break findings;
        }
        sleep(LOOK).await;
    };
    escrow.close().await;
    let detail = format!("{} accounts after {:.1?}", scene.accounts.len(), begun.elapsed());
    Ok(Rule::new(promise, detail, findings))
}

/// How the accounts stand on which something was spent.
async fn standings<'s>(
    escrow: &Escrow,
    scene: &'s Scene,
    evidence: &Evidence,
) -> anyhow::Result<Vec<Standing<'s>>> {
    let mut standings = Vec::new();
    for account in &scene.accounts {
        let partition = account.partition.as_deref().unwrap_or_default();
        let mut spent = evidence.spent.iter();
        let known =
            spent.find(|spent| spent.budget_id == account.budget.as_uuid() && spent.partition == partition);
        let Some(known) = known else { continue };
        let id = AccountId {
            budget: account.budget,
            period: UnixMillis::new(known.period_start),
            partition: account.partition.clone(),
        };
        let balances = escrow.read(account.organization, &[id]).await?;
        standings.push(Standing {
            account,
            balance: balances.into_iter().next().flatten().unwrap_or_default(),
            settled: budgets::settled(evidence, account),
        });
    }
    Ok(standings)
}

impl Standing<'_> {
    fn claimed(&self) -> i128 {
        i128::from(self.balance.claimed.nanos())
    }

    fn tell(&self) -> String {
        format!(
            "{}: claimed {}, open {}, presumed {}; spent {}",
            self.account.name,
            dollars(self.claimed()),
            dollars(self.balance.open.nanos()),
            dollars(self.balance.presumed.nanos()),
            dollars(self.settled)
        )
    }
}
