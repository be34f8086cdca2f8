//! The two doors to Postgres: `app` works as one tenant under row-level security, `system` sees every row (looking up
//! who may do what, relaying, ingesting). Every use runs in a task of its own on the main runtime: a handler that is
//! dropped when its client hangs up must never cut a transaction in half, because a connection returned in the middle
//! of BEGIN would carry one tenant's context to the next borrower.

use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use sluicegate_contracts::ids::{OrganizationId, UserId};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Acquire, Executor, Postgres, Transaction};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// Whose rows a transaction may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One organization's rows, and what belongs to the acting user.
    Tenant {
        /// The tenant.
        organization: OrganizationId,
        /// Who acts; `None` when no person does.
        user: Option<UserId>,
    },
    /// Every row.
    System,
}

/// Handle to both pools; cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    app: PgPool,
    system: PgPool,
    tasks: TaskTracker,
    runtime: Handle,
}

/// Proof that the code holding it runs in a task that nobody drops. Only [`Database::detached`] makes one.
#[derive(Debug)]
pub struct Detached(Database);

impl Database {
    /// Opens both pools (connections are made when first needed). Must be called on the runtime that outlives every
    /// request; transactions run there.
    ///
    /// # Errors
    /// When the URL is not a Postgres URL.
    pub fn open(url: &str, settings: &DatabaseSettings) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("sluicegate-control-plane")
            .options([
                ("statement_timeout", "10000"),
                ("lock_timeout", "5000"),
                ("idle_in_transaction_session_timeout", "15000"),
            ]);
        Ok(Self::over(
            options,
            settings.app_connections,
            settings.system_connections,
        ))
    }

    /// Opens both pools over given options; for tests that bring their own database.
    #[must_use]
    pub fn over(options: PgConnectOptions, app_connections: u32, system_connections: u32) -> Self {
        Self {
            app: pool("set role sluicegate_app", app_connections).connect_lazy_with(options.clone()),
            system: pool("set role sluicegate_system", system_connections).connect_lazy_with(options),
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
        }
    }

    /// Runs `work` to its end even if the caller is dropped.
    ///
    /// # Errors
    /// What `work` returns; an internal error when it panicked or the process is stopping.
    pub async fn detached<T, F, Fut>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(Detached) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T>> + Send + 'static,
    {
        let proof = Detached(self.clone());
        self.tasks
            .spawn_on(work(proof), &self.runtime)
            .await
            .unwrap_or_else(|lost| Err(Error::internal(lost)))
    }

    /// The pool of the system role, for the few places that need a session of their own (advisory locks, LISTEN).
    /// Everything else goes through transactions.
    #[must_use]
    pub fn system_pool(&self) -> &PgPool {
        &self.system
    }

    /// Waits for running transactions, then closes the connections.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.app.close().await;
        self.system.close().await;
    }

    /// Whether Postgres answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.detached(|proof| async move {
            proof.0.system.acquire().await?.execute("select 1").await?;
            Ok(())
        })
        .await
    }
}

impl Detached {
    /// Opens a transaction that sees the rows of `scope`.
    ///
    /// # Errors
    /// When Postgres does not answer.
    #[expect(clippy::disallowed_methods, reason = "this is the place the ban points to")]
    pub async fn begin(&self, scope: Scope) -> Result<Transaction<'static, Postgres>> {
        match scope {
            Scope::System => Ok(self.0.system.begin().await?),
            Scope::Tenant { organization, user } => {
                let mut transaction = self.0.app.begin().await?;
                set_tenant(transaction.acquire().await?, organization, user).await?;
                Ok(transaction)
            }
        }
    }
}

async fn set_tenant(
    connection: &mut super::Connection,
    organization: OrganizationId,
    user: Option<UserId>,
) -> Result<()> {
    let user = user.map(|user| user.as_uuid().to_string()).unwrap_or_default();
    sqlx::query!(
        r#"select set_config('app.organization', $1, true) as "organization", set_config('app.user', $2, true) as "user""#,
        organization.as_uuid().to_string(),
        user,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}

fn pool(set_role: &'static str, connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        // The ROLLBACK below already proves that a connection is alive.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(set_role).await?;
                Ok(())
            })
        })
        .before_acquire(|connection, _| {
            Box::pin(async move {
                // The second wall against a leaked transaction. The BEGIN keeps a plain ROLLBACK's warning out of the
                // server's log; in a failed transaction it errs, and the pool drops the connection.
                connection.execute("begin; rollback").await?;
                Ok(true)
            })
        })
}
