//! People.

use sluicegate_contracts::ids::UserId;
use time::OffsetDateTime;

use super::Connection;
use super::constraint::on_constraint;
use crate::codes::Code;
use crate::domain::identity::{DisplayName, Email};
use crate::error::{Error, Result};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their mail address.
    pub email: String,
    /// What they are called.
    pub name: String,
}

/// Adds a person.
///
/// # Errors
/// `email_taken`.
pub async fn insert(
    connection: &mut Connection,
    id: UserId,
    email: &Email,
    name: &DisplayName,
    password_hash: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into users (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)",
        id.as_uuid(),
        email.as_str(),
        name.as_str(),
        password_hash,
        now,
    )
    .execute(connection)
    .await;
    on_constraint(inserted, "users_email_key", || {
        Error::new(Code::EmailTaken, "Sign in instead.")
    })?;
    Ok(())
}

/// The person with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(connection: &mut Connection, id: UserId) -> Result<Option<User>> {
    let row = sqlx::query!("select email, name from users where id = $1", id.as_uuid())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| User {
        id,
        email: row.email,
        name: row.name,
    }))
}

/// The person with this address, and their password's hash. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn find_for_sign_in(connection: &mut Connection, email: &str) -> Result<Option<(User, String)>> {
    let row = sqlx::query!(
        "select id, email, name, password_hash from users where email = $1",
        email
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        (
            User {
                id: row.id.into(),
                email: row.email,
                name: row.name,
            },
            row.password_hash,
        )
    }))
}

/// Replaces a password's hash. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn set_password_hash(connection: &mut Connection, id: UserId, password_hash: &str) -> Result<()> {
    sqlx::query!(
        "update users set password_hash = $2 where id = $1",
        id.as_uuid(),
        password_hash
    )
    .execute(connection)
    .await?;
    Ok(())
}
