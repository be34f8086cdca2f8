//! What the fast store of budgets holds, as it says itself: the one thing that cannot be seen from outside. Only held
//! money is asked for here; everything else is judged without it.

use std::time::{Duration, Instant};

use sluicegate_backplane::Escrow;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use tokio::time::sleep;

use crate::evidence::Evidence;
use crate::scene::Scene;
use crate::stack::Stack;
use crate::verdict::{Rule, budgets, dollars};

/// The prefix of keys that the deployment under test uses.
const PREFIX: &str = "sluicegate";

/// Waits until the store claims of every account exactly what Postgres knows to be spent: nothing is held.
pub(super) async fn nothing_held(stack: &Stack, scene: &Scene, within: Duration) -> anyhow::Result<Rule> {
    let escrow = Escrow::redis(stack.redis_url(), PREFIX)?;
    let begun = Instant::now();
    let findings = loop {
        // Evidence that takes long to read must not count as time that money takes to come back.
        let looked = begun.elapsed();
        let evidence = Evidence::read(stack.database_url(), &stack.ledger).await?;
        let findings = held(&escrow, scene, &evidence).await?;
        if findings.is_empty() || looked > within {
            break findings;
        }
        sleep(Duration::from_millis(200)).await;
    };
    escrow.close().await;
    let detail = format!("{} accounts after {:.1?}", scene.accounts.len(), begun.elapsed());
    Ok(Rule::new(
        "nothing is held when all calls are over",
        detail,
        findings,
    ))
}

async fn held(escrow: &Escrow, scene: &Scene, evidence: &Evidence) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    for account in &scene.accounts {
        let partition = account.partition.as_deref().unwrap_or_default();
        let known = evidence
            .spent
            .iter()
            .find(|spent| spent.budget_id == account.budget.as_uuid() && spent.partition == partition);
        let Some(known) = known else { continue };
        let id = AccountId {
            budget: account.budget,
            period: UnixMillis::new(known.period_start),
            partition: account.partition.clone(),
        };
        let settled = budgets::settled(evidence, account);
        match escrow.read(account.organization, &[id]).await {
            Ok(balances) => {
                let balance = balances.into_iter().next().flatten().unwrap_or_default();
                let claimed = i128::from(balance.claimed.nanos());
                if claimed != settled || balance.open != NanoUsd::ZERO || balance.presumed != NanoUsd::ZERO {
                    findings.push(format!(
                        "{}: claimed {}, open {}, presumed {}; spent {}",
                        account.name,
                        dollars(claimed),
                        dollars(balance.open.nanos()),
                        dollars(balance.presumed.nanos()),
                        dollars(settled)
                    ));
                }
            }
            Err(error) => findings.push(format!("{}: {error}", account.name)),
        }
    }
    Ok(findings)
}
