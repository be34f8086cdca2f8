//! The fast store of budgets: what workers claim on accounts, and what is left (decision 0014). The protocol is
//! `sluicegate_metering::escrow`; here it is carried to a server, or kept within this process.
//!
//! A store may lose everything at any time. It then refuses with [`Refusal::Forgotten`] and the organization is among
//! [`Escrow::wanted`]; whoever keeps the books tells it the past: [`Escrow::fence`], only then read Postgres,
//! [`Escrow::load`], [`Escrow::open`]. The same begins the first generation of an organization.

mod memory;
mod recalls;
mod redis_store;

pub use recalls::{Recall, Recalls};
pub use sluicegate_metering::escrow::{
    Answer, Ask, Balance, Claim, Epoch, Loaded, Reconcile, Refusal, Reply, Request, Response, Settled, Terms,
};

use std::fmt;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{OrganizationId, WorkerId};

use crate::error::BackplaneError;

/// The store. Clones share it.
#[derive(Clone)]
pub enum Escrow {
    /// On a Redis server.
    Redis(redis_store::RedisEscrow),
    /// Within this process.
    Memory(memory::MemoryEscrow),
}

/// An operation of the store's keeper was not done.
#[derive(Debug, thiserror::Error)]
pub enum EscrowError {
    /// The store wrote nothing.
    #[error("the store refuses: {0:?}")]
    Refused(Refusal),
    /// The message is not one that a store may be given; see [`Reconcile::is_sound`].
    #[error("the message is not sound")]
    Unsound,
    /// The store is away. The work may or may not have been done, and doing it twice is harmless.
    #[error(transparent)]
    Backplane(#[from] BackplaneError),
}

impl From<Refusal> for EscrowError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Escrow {
    /// A store on a Redis server. Connects when first used. `prefix` starts every key, so that deployments and tests
    /// can share a server.
    ///
    /// # Errors
    /// [`BackplaneError::Address`] when `url` is not a Redis address.
    pub fn redis(url: &str, prefix: &str) -> Result<Self, BackplaneError> {
        redis_store::RedisEscrow::new(url, prefix).map(Self::Redis)
    }

    /// A store within this process.
    #[must_use]
    pub fn memory() -> Self {
        Self::Memory(memory::MemoryEscrow::new())
    }

    /// The same store over a connection of its own, which lives on the runtime that first uses it. Whoever waits there for
    /// an answer is woken by no other thread.
    #[must_use]
    pub fn apart(&self) -> Self {
        match self {
            Self::Redis(escrow) => Self::Redis(escrow.apart()),
            Self::Memory(escrow) => Self::Memory(escrow.clone()),
        }
    }

    /// Says what a worker's book has to say. A refusal is a response; an error means that nobody knows whether the
    /// message was taken, or will be.
    ///
    /// # Errors
    /// [`EscrowError::Unsound`], [`EscrowError::Backplane`].
    pub async fn send(
        &self,
        organization: OrganizationId,
        request: &Request,
    ) -> Result<Response, EscrowError> {
        let outcome = match request {
            Request::Reconcile(message) => {
                let reply = self.reconcile(organization, message).await;
                reply.map(Response::Reconciled)
            }
            Request::Register { generation, epoch } => {
                let done = self.register(organization, *generation, *epoch).await;
                done.map(|()| Response::Registered)
            }
        };
        match outcome {
            Err(EscrowError::Refused(refusal)) => Ok(Response::Refused(refusal)),
            other => other,
        }
    }

    async fn reconcile(
        &self,
        organization: OrganizationId,
        message: &Reconcile,
    ) -> Result<Reply, EscrowError> {
        if !message.is_sound() {
            return Err(EscrowError::Unsound);
        }
        match self {
            Self::Redis(escrow) => escrow.reconcile(organization, message).await,
            Self::Memory(escrow) => escrow.reconcile(organization, message),
        }
    }

    async fn register(
        &self,
        organization: OrganizationId,
        generation: u64,
        epoch: Epoch,
    ) -> Result<(), EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.register(organization, generation, epoch).await,
            Self::Memory(escrow) => escrow.register(organization, generation, epoch),
        }
    }

    /// Calls of [`Refusal::Forgotten`] leave their organization here until its next generation opens.
    ///
    /// # Errors
    /// [`EscrowError::Backplane`].
    pub async fn wanted(&self) -> Result<Vec<OrganizationId>, EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.wanted().await,
            Self::Memory(escrow) => escrow.wanted(),
        }
    }

    /// Organizations whose generation waits to hear of some epochs. Every worker looks about once a second and speaks in
    /// each ([`Book::introduce`](sluicegate_metering::escrow::Book::introduce)), also in those it has claimed nothing of,
    /// because until then others wait for what may be its money.
    ///
    /// # Errors
    /// [`EscrowError::Backplane`].
    pub async fn waiting(&self) -> Result<Vec<OrganizationId>, EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.waiting().await,
            Self::Memory(escrow) => escrow.waiting(),
        }
    }

    /// Begins generation `number` of an organization: nothing is granted until it is [`Escrow::open`].
    ///
    /// # Errors
    /// [`Refusal::Generation`] when this or a later one has begun; [`EscrowError::Backplane`].
    pub async fn fence(&self, organization: OrganizationId, number: u64) -> Result<(), EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.fence(organization, number).await,
            Self::Memory(escrow) => escrow.fence(organization, number),
        }
    }

    /// Tells it of accounts, as many as there are. Postgres is to be read after the fence.
    ///
    /// # Errors
    /// [`Refusal`] when the generation under way is another one or forgotten; [`EscrowError::Backplane`].
    pub async fn load(
        &self,
        organization: OrganizationId,
        number: u64,
        accounts: &[Loaded],
    ) -> Result<(), EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.load(organization, number, accounts).await,
            Self::Memory(escrow) => escrow.load(organization, number, accounts),
        }
    }

    /// Ends the telling. `pending` are the epochs that Postgres knows and has not closed; `closed_below` is the first
    /// epoch of each worker that is not closed.
    ///
    /// # Errors
    /// As [`Escrow::load`].
    pub async fn open(
        &self,
        organization: OrganizationId,
        number: u64,
        pending: &[Epoch],
        closed_below: &[(WorkerId, u32)],
    ) -> Result<(), EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.open(organization, number, pending, closed_below).await,
            Self::Memory(escrow) => escrow.open(organization, number, pending, closed_below),
        }
    }

    /// Ends an epoch whose records are all in Postgres, or that an operator gives up: of its claims only `settled`
    /// remains, and it is heard no more.
    ///
    /// # Errors
    /// [`Refusal::Forgotten`]; [`EscrowError::Backplane`].
    pub async fn close_epoch(
        &self,
        organization: OrganizationId,
        epoch: Epoch,
        settled: &[Settled],
    ) -> Result<(), EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.close_epoch(organization, epoch, settled).await,
            Self::Memory(escrow) => escrow.close_epoch(organization, epoch, settled),
        }
    }

    /// How accounts stand; `None` for one nobody has claimed.
    ///
    /// # Errors
    /// [`Refusal::Forgotten`]; [`EscrowError::Backplane`].
    pub async fn read(
        &self,
        organization: OrganizationId,
        accounts: &[AccountId],
    ) -> Result<Vec<Option<Balance>>, EscrowError> {
        match self {
            Self::Redis(escrow) => escrow.read(organization, accounts).await,
            Self::Memory(escrow) => escrow.read(organization, accounts),
        }
    }

    /// Listens for organizations of which somebody was denied money while others hold some that is not spent.
    #[must_use]
    pub fn recalls(&self) -> Recalls {
        match self {
            Self::Redis(escrow) => escrow.recalls(),
            Self::Memory(escrow) => escrow.recalls(),
        }
    }

    /// Lets go of the connections; later calls answer [`BackplaneError::Closed`].
    pub async fn close(&self) {
        match self {
            Self::Redis(escrow) => escrow.close().await,
            Self::Memory(escrow) => escrow.close(),
        }
    }
}

impl fmt::Debug for Escrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redis(_) => "Escrow::Redis",
            Self::Memory(_) => "Escrow::Memory",
        })
    }
}

/// Whether a reply calls for idle money: an ask was denied although others hold some that is not spent.
fn is_recall(reply: &Reply) -> bool {
    reply.answers.iter().any(|answer| match answer {
        Answer::Deny(account) => {
            let left = reply.left.get(*account);
            left.is_some_and(|left| left.open_elsewhere.nanos() > 0)
        }
        Answer::Grant(_) | Answer::Wait => false,
    })
}
