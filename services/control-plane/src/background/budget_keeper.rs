//! Keeps the fast store of budgets true to Postgres (decision 0014): tells a store that forgot its past, and closes epochs
//! whose records are all stored. One process keeps, under an advisory lock. Everything it does may be done twice.

use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_backplane::escrow::{Epoch, Refusal};
use sluicegate_backplane::{Escrow, EscrowError};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_metering::escrow::KEPT_MILLIS;

use super::driver::{Pass, Task};
use crate::domain::budget_books::{self, Books, Lives};
use crate::domain::instant::millis;
use crate::error::Error;
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::worker_epochs::WorkerEpochs;
use crate::store::{Connection, budget_keeping, outbox, session_budgets, snapshot, worker_epochs};

/// Accounts that are told at once.
const BATCH: usize = 500;
/// Tries for a generation that no store has heard of yet.
const FENCES: u8 = 5;

/// See the module.
pub struct BudgetKeeper {
    state: AppState,
    escrow: Escrow,
    /// A session of our own, outside of the pool, that holds the lock or waits for it.
    seat: Option<(Connection, bool)>,
}

impl BudgetKeeper {
    /// A keeper that has not tried for the lock yet.
    #[must_use]
    pub fn new(state: AppState, escrow: Escrow) -> Self {
        Self {
            state,
            escrow,
            seat: None,
        }
    }

    /// Whether this process keeps. The lock is asked for again each time: whoever lost the session lost it, too.
    async fn leads(&mut self) -> anyhow::Result<bool> {
        let (mut session, led) = match self.seat.take() {
            Some(seat) => seat,
            None => (outbox::session(&self.state.database).await?, false),
        };
        let leads = budget_keeping::holds(&mut session, led).await?;
        if leads && !led {
            tracing::info!("this process keeps budgets");
        }
        self.seat = Some((session, leads));
        Ok(leads)
    }

    /// Begins the next generation of an organization and tells it what Postgres knows.
    async fn rebuild(&self, organization: OrganizationId) -> anyhow::Result<()> {
        let number = self.fence(organization).await?;
        // Only now: what is granted before the fence is among what is presumed.
        let Books {
            accounts,
            pending,
            closed_below,
        } = self.books(organization).await?;
        for some in accounts.chunks(BATCH) {
            self.escrow.load(organization, number, some).await?;
        }
        self.escrow
            .open(organization, number, &pending, &closed_below)
            .await?;
        tracing::info!(%organization, generation = number, accounts = accounts.len(), "told the store of budgets its past");
        Ok(())
    }

    async fn fence(&self, organization: OrganizationId) -> anyhow::Result<u64> {
        let mut least = 1;
        for _ in 0..FENCES {
            let number = self
                .state
                .within(Scope::System, move |connection| {
                    budget_keeping::next_generation(connection, organization, least).boxed()
                })
                .await?;
            match self.escrow.fence(organization, number).await {
                Ok(()) => return Ok(number),
                // The store is ahead of this database, for example after a restore.
                Err(EscrowError::Refused(Refusal::Generation(known))) => least = known.saturating_add(1),
                Err(other) => return Err(other.into()),
            }
        }
        anyhow::bail!("the store of budgets is always a generation ahead")
    }

    async fn books(&self, organization: OrganizationId) -> anyhow::Result<Books> {
        let now = millis(self.state.now()?);
        let books = self.state.within(Scope::System, move |connection| {
            async move {
                snapshot::freeze(connection).await?;
                let budgets = budget_keeping::budgets(connection, organization).await?;
                let mut since = budgets
                    .iter()
                    .map(|budget| budget.oldest(now).map(|start| (budget.id, start)))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(Error::internal)?;
                let oldest = AccountId::oldest_session_window(now.offset(-KEPT_MILLIS));
                since.push((AccountId::sessions(), oldest));
                let caps = session_budgets::since(connection, organization, oldest).await?;
                let spent = budget_keeping::spent_since(connection, organization, &since).await?;
                let lives: Vec<Lives> = worker_epochs::all(connection).await?.iter().map(lives).collect();
                budget_books::books(&budgets, &caps, &spent, &lives).map_err(Error::internal)
            }
            .boxed()
        });
        Ok(books.await?)
    }

    /// Closes the epochs of a worker that are settled and not closed yet, oldest first.
    async fn close(&self, worker: &WorkerEpochs) -> anyhow::Result<()> {
        for number in worker.closed_below.max(1)..worker.settled_below {
            let epoch = Epoch {
                worker: worker.worker,
                number,
            };
            let organizations = self
                .state
                .within(Scope::System, move |connection| {
                    budget_keeping::organizations(connection, epoch).boxed()
                })
                .await?;
            for organization in organizations {
                self.close_epoch(organization, epoch).await?;
            }
        }
        let (worker, below) = (worker.worker, worker.settled_below);
        self.state
            .within(Scope::System, move |connection| {
                worker_epochs::closed(connection, worker, below).boxed()
            })
            .await?;
        Ok(())
    }

    async fn close_epoch(&self, organization: OrganizationId, epoch: Epoch) -> anyhow::Result<()> {
        let now = millis(self.state.now()?);
        let settled = self
            .state
            .within(Scope::System, move |connection| {
                async move {
                    let budgets = budget_keeping::budgets(connection, organization).await?;
                    let spent = budget_keeping::spent_by(connection, organization, epoch).await?;
                    budget_books::settled(&budgets, &spent, now).map_err(Error::internal)
                }
                .boxed()
            })
            .await?;
        match self.escrow.close_epoch(organization, epoch, &settled).await {
            // Whoever tells it its past will tell it of this epoch as closed.
            Ok(()) | Err(EscrowError::Refused(Refusal::Forgotten)) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}

fn lives(worker: &WorkerEpochs) -> Lives {
    Lives {
        worker: worker.worker,
        last: worker.last,
        closed_below: worker.closed_below,
    }
}

impl Task for BudgetKeeper {
    const NAME: &'static str = "budget keeper";
    /// Short: while a store knows nothing, calls over budgets wait.
    const INTERVAL: Duration = Duration::from_millis(100);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        if !self.leads().await? {
            return Ok(Pass::Idle);
        }
        // One that cannot be helped now must not keep the others waiting.
        let mut failed = None;
        for organization in self.escrow.wanted().await? {
            failed = self.rebuild(organization).await.err().or(failed);
        }
        let workers = self
            .state
            .within(Scope::System, |connection| worker_epochs::all(connection).boxed())
            .await?;
        for worker in workers
            .iter()
            .filter(|worker| worker.closed_below < worker.settled_below)
        {
            failed = self.close(worker).await.err().or(failed);
        }
        failed.map_or(Ok(Pass::Idle), Err)
    }
}
