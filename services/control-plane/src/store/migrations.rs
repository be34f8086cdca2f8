//! Brings a database to the schema of this release. Embedded in the binary; run by the `migrate` command and by the
//! standalone assembly before anything serves.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, PgConnection};

/// Every migration, oldest first.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Applies what is missing. Safe to run from several processes at once.
///
/// # Errors
/// When Postgres cannot be reached, a migration fails, or the database is of a newer release.
pub async fn run(url: &str) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect(url).await?;
    MIGRATOR.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
