//! Sign-up, sign-in, refresh, sign-out.

use futures_util::FutureExt;
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use sluicegate_contracts::ids::{OrganizationId, SessionId, UserId};
use sluicegate_service_runtime::ids;
use time::{Duration, OffsetDateTime};

use super::{Actor, Ctx, Origin, Tx, organizations};
use crate::codes::Code;
use crate::domain::identity::{DisplayName, Email, NewPassword};
use crate::domain::session::{Presented, judge};
use crate::error::{Error, Result};
use crate::security::access_tokens::Identity;
use crate::security::passwords::Verdict;
use crate::security::refresh_tokens::RefreshTokens;
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::sessions::SessionRow;
use crate::store::users::{self, User};
use crate::store::{sessions, throttles};

const WINDOW: Duration = Duration::minutes(10);

/// A session as its owner gets it.
#[derive(Debug)]
pub struct Opened {
    /// Proves who calls, for minutes.
    pub access_token: String,
    /// When it stops.
    pub access_expires_at: OffsetDateTime,
    /// Gets the next access token.
    pub refresh_token: SecretString,
    /// When it stops, unless used.
    pub refresh_expires_at: OffsetDateTime,
    /// Who.
    pub user: User,
}

/// What a person signs up with.
#[derive(Debug)]
pub struct SignUp {
    /// Their mail address.
    pub email: Email,
    /// Their password.
    pub password: NewPassword,
    /// What they are called.
    pub name: DisplayName,
}

fn idle(state: &AppState) -> Duration {
    Duration::days(i64::from(state.settings.session.idle_days))
}

fn throttle_key(what: &str, value: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(what.as_bytes());
    hasher.update([0]);
    hasher.update(value.as_bytes());
    hasher.finalize().into()
}

/// Counts an attempt and refuses it when there were too many of its kind.
async fn throttle(state: &AppState, key: [u8; 32], most: u32, now: OffsetDateTime) -> Result<()> {
    let (attempts, ends_at) = state
        .within(Scope::System, move |connection| {
            async move { throttles::count(connection, &key, now, now + WINDOW).await }.boxed()
        })
        .await?;
    if i64::from(attempts) <= i64::from(most) {
        return Ok(());
    }
    Err(Error::rate_limited(
        u64::try_from((ends_at - now).whole_seconds().max(1)).unwrap_or(1),
    ))
}

async fn throttle_address(state: &AppState, origin: &Origin, now: OffsetDateTime) -> Result<()> {
    let Some(address) = origin.address else {
        return Ok(());
    };
    throttle(
        state,
        throttle_key("address", &address.to_string()),
        state.settings.throttle.per_address,
        now,
    )
    .await
}

/// A new person with an organization of their own and a project in it.
///
/// # Errors
/// `email_taken`, `rate_limited`.
pub async fn sign_up(state: &AppState, input: SignUp, origin: Origin) -> Result<Opened> {
    let now = state.now()?;
    throttle_address(state, &origin, now).await?;
    let password_hash = state.passwords.hash(input.password.into_secret()).await?;
    let user = ids::fresh::<UserId>();
    let organization = ids::fresh::<OrganizationId>();
    let ctx = Ctx {
        actor: Actor::User(user),
        organization: Some(organization),
        now,
        origin,
    };
    let committed = state
        .write(ctx, move |tx| {
            async move {
                users::insert(
                    tx.connection(),
                    user,
                    &input.email,
                    &input.name,
                    &password_hash,
                    now,
                )
                .await?;
                tx.audit_plain("user.create", user);
                let owned = format!(
                    "{}'s org",
                    input.name.as_str().chars().take(90).collect::<String>()
                );
                let owned = DisplayName::parse(&owned, "/name")
                    .map_err(|finding| Error::validation(vec![finding]))?;
                organizations::create(tx, user, &owned, None).await?;
                let person = User {
                    id: user,
                    email: input.email.as_str().to_owned(),
                    name: input.name.as_str().to_owned(),
                };
                open(tx, person).await
            }
            .boxed()
        })
        .await?;
    Ok(committed.value)
}

/// Opens a session for somebody who proved who they are.
async fn open(tx: &mut Tx, user: User) -> Result<Opened> {
    let session = ids::fresh::<SessionId>();
    let salt: [u8; 32] = rand::random();
    let now = tx.ctx().now;
    let expires_at = now + idle(tx.state());
    sessions::insert(tx.connection(), session, user.id, &salt, now, expires_at).await?;
    tx.audit("session.create", session, &json!({ "user": user.id }));
    opened(tx.state(), session, 0, &salt, expires_at, now, user)
}

fn opened(
    state: &AppState,
    session: SessionId,
    generation: i32,
    salt: &[u8],
    refresh_expires_at: OffsetDateTime,
    now: OffsetDateTime,
    user: User,
) -> Result<Opened> {
    let identity = Identity {
        user: user.id,
        session,
    };
    Ok(Opened {
        access_token: state.access_tokens.sign(identity, now.unix_timestamp())?,
        access_expires_at: now + Duration::seconds(i64::from(state.access_tokens.life_seconds())),
        refresh_token: SecretString::from(state.refresh_tokens.make(session, generation, salt)),
        refresh_expires_at,
        user,
    })
}

/// Signs somebody in. An unknown address is answered as a wrong password is, and takes as long.
///
/// # Errors
/// `invalid_credentials`, `rate_limited`.
pub async fn sign_in(
    state: &AppState,
    email: &str,
    password: SecretString,
    origin: Origin,
) -> Result<Opened> {
    let refused = || Error::new(Code::InvalidCredentials, "Check both and try again.");
    let now = state.now()?;
    throttle_address(state, &origin, now).await?;
    let email = email.trim().to_lowercase();
    let account = throttle_key("account", &email);
    throttle(state, account, state.settings.throttle.per_account, now).await?;
    if !NewPassword::plausible(&password) {
        return Err(refused());
    }
    let found = state
        .within(Scope::System, move |connection| {
            async move { users::find_for_sign_in(connection, &email).await }.boxed()
        })
        .await?;
    let (user, stored) = found.map_or((None, None), |(user, stored)| (Some(user), Some(stored)));
    let verdict = state.passwords.verify(password.clone(), stored).await?;
    let new_hash = match verdict {
        Verdict::Wrong => return Err(refused()),
        Verdict::Right => None,
        Verdict::RightButOutdated => Some(state.passwords.hash(password).await?),
    };
    let user = user.ok_or_else(refused)?;
    let ctx = Ctx {
        actor: Actor::User(user.id),
        organization: None,
        now,
        origin,
    };
    let committed = state
        .write(ctx, move |tx| {
            async move {
                throttles::clear(tx.connection(), &account).await?;
                if let Some(hash) = new_hash {
                    users::set_password_hash(tx.connection(), user.id, &hash).await?;
                }
                open(tx, user).await
            }
            .boxed()
        })
        .await?;
    Ok(committed.value)
}

fn signed_out() -> Error {
    Error::new(Code::Unauthenticated, "Sign in again.")
}

/// The next access token. Two calls with the same token within seconds get the same successor; later the session ends.
///
/// # Errors
/// `unauthenticated`.
pub async fn refresh(state: &AppState, token: &str, origin: Origin) -> Result<Opened> {
    let claim = RefreshTokens::read(token).ok_or_else(signed_out)?;
    let now = state.now()?;
    let id = claim.session;
    let row = find(state, id)
        .await?
        .filter(|row| state.refresh_tokens.proves(&claim, &row.salt))
        .ok_or_else(signed_out)?;
    let renewed_until = now + idle(state);
    let generation = match judge(row.stored, claim.generation, now) {
        Presented::Over => return Err(signed_out()),
        Presented::Reused => return end_reused(state, id, &row, now, origin).await,
        Presented::JustReplaced => row.stored.generation,
        Presented::Current => {
            let rotated = state
                .within(Scope::System, move |connection| {
                    async move { sessions::rotate(connection, id, claim.generation, now, renewed_until).await }.boxed()
                })
                .await?;
            if !rotated && !lost_to_twin(state, id, claim.generation, now).await? {
                return Err(signed_out());
            }
            claim.generation + 1
        }
    };
    let user = row.user;
    let user = state
        .within(Scope::System, move |connection| {
            users::find(connection, user).boxed()
        })
        .await?
        .ok_or_else(signed_out)?;
    opened(state, id, generation, &row.salt, renewed_until, now, user)
}

async fn find(state: &AppState, id: SessionId) -> Result<Option<SessionRow>> {
    state
        .within(Scope::System, move |connection| {
            sessions::find(connection, id).boxed()
        })
        .await
}

/// Somebody with the same token rotated first: then our answer is the same as theirs.
async fn lost_to_twin(state: &AppState, id: SessionId, generation: i32, now: OffsetDateTime) -> Result<bool> {
    let row = find(state, id).await?;
    Ok(row.is_some_and(|row| judge(row.stored, generation, now) == Presented::JustReplaced))
}

async fn end_reused(
    state: &AppState,
    id: SessionId,
    row: &SessionRow,
    now: OffsetDateTime,
    origin: Origin,
) -> Result<Opened> {
    let ctx = Ctx {
        actor: Actor::User(row.user),
        organization: None,
        now,
        origin,
    };
    end(state, ctx, id, "reused").await?;
    tracing::warn!(session.id = %id, user.id = %row.user, "an old refresh token was presented; the session is over");
    Err(signed_out())
}

/// Ends the session of a token. A token that proves nothing is no error: signed out is what the caller wants.
///
/// # Errors
/// When Postgres does not answer.
pub async fn sign_out(state: &AppState, token: &str, origin: Origin) -> Result<()> {
    let Some(claim) = RefreshTokens::read(token) else {
        return Ok(());
    };
    let row = find(state, claim.session)
        .await?
        .filter(|row| state.refresh_tokens.proves(&claim, &row.salt));
    let Some(row) = row else { return Ok(()) };
    let ctx = Ctx {
        actor: Actor::User(row.user),
        organization: None,
        now: state.now()?,
        origin,
    };
    end(state, ctx, claim.session, "signed_out").await
}

async fn end(state: &AppState, ctx: Ctx, id: SessionId, because: &'static str) -> Result<()> {
    state
        .write(ctx, move |tx| {
            async move {
                let now = tx.ctx().now;
                if sessions::end(tx.connection(), id, because, now).await? {
                    tx.audit("session.end", id, &json!({ "because": because }));
                }
                Ok(())
            }
            .boxed()
        })
        .await?;
    Ok(())
}
