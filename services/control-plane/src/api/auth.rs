//! Sign up, sign in, refresh, sign out. The refresh token travels in a cookie only; the access token in the body only.

use actix_web::cookie::{Cookie, SameSite, time::OffsetDateTime as CookieTime};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Json, SameOrigin, origin, state};
use super::me::User;
use super::shapes::secret;
use crate::app::sessions::{self, Opened};
use crate::codes::Code;
use crate::domain::identity::{DisplayName, Email, NewPassword};
use crate::error::{Error, Result};
use crate::state::AppState;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignUp {
    /// Mail address; one account each.
    #[schema(example = "ada@example.com")]
    email: String,
    /// 8 to 128 characters.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: SecretString,
    /// What to call you; also names your first organization.
    #[schema(example = "Ada", min_length = 1, max_length = 100)]
    name: String,
}

/// Proof of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// Mail address.
    #[schema(example = "ada@example.com")]
    email: String,
    /// Password.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A signed-in session. The refresh token comes as a cookie beside it.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Send as `Authorization: Bearer`.
    access_token: String,
    /// Seconds until it stops working; refresh before.
    expires_in: i64,
    /// When it stops working.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// Who signed in.
    user: User,
}

fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-sluicegate_refresh"
    } else {
        "sluicegate_refresh"
    }
}

fn is_secure(state: &AppState) -> bool {
    state.settings.http.public_url.scheme() == "https"
}

fn cookie<'c>(state: &AppState, value: String, expires_at: OffsetDateTime) -> Result<Cookie<'c>> {
    let secure = is_secure(state);
    let expires_at = CookieTime::from_unix_timestamp(expires_at.unix_timestamp()).map_err(Error::internal)?;
    Ok(Cookie::build(cookie_name(secure), value)
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Strict)
        .expires(expires_at)
        .finish())
}

fn answer(
    state: &AppState,
    opened: Opened,
    mut response: actix_web::HttpResponseBuilder,
) -> Result<HttpResponse> {
    let token = opened.refresh_token.expose_secret().to_owned();
    response.cookie(cookie(state, token, opened.refresh_expires_at)?);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.json(Session {
        access_token: opened.access_token,
        expires_in: i64::from(state.access_tokens.life_seconds()),
        expires_at: opened.access_expires_at,
        user: opened.user.into(),
    }))
}

fn presented(state: &AppState, request: &HttpRequest) -> Option<String> {
    request
        .cookie(cookie_name(is_secure(state)))
        .map(|cookie| cookie.value().to_owned())
}

/// Create an account
///
/// Creates a user, an organization of their own and a project called "default", and signs in.
#[utoipa::path(
    operation_id = "sign_up", tag = "auth", security(()),
    request_body = SignUp,
    responses(
        (status = 201, description = "Signed up and in; sets the refresh cookie", body = Session),
    )
)]
#[post("/auth/sign-up")]
pub(super) async fn sign_up(request: HttpRequest, body: Json<SignUp>) -> Result<HttpResponse> {
    let body = body.checked()?;
    let state = state(&request)?;
    let mut findings = Vec::new();
    let mut keep = |finding| findings.push(finding);
    let email = Email::parse(&body.email, "/email").map_err(&mut keep).ok();
    let password = NewPassword::parse(body.password, "/password")
        .map_err(&mut keep)
        .ok();
    let name = DisplayName::parse(&body.name, "/name").map_err(&mut keep).ok();
    let (Some(email), Some(password), Some(name)) = (email, password, name) else {
        return Err(Error::validation(findings));
    };
    let input = sessions::SignUp {
        email,
        password,
        name,
    };
    let opened = sessions::sign_up(&state, input, origin::of(&request)).await?;
    answer(&state, opened, HttpResponse::Created())
}

/// Sign in
///
/// An unknown address is answered exactly as a wrong password is.
#[utoipa::path(
    operation_id = "sign_in", tag = "auth", security(()),
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in; sets the refresh cookie", body = Session),
    )
)]
#[post("/auth/sign-in")]
pub(super) async fn sign_in(request: HttpRequest, body: Json<SignIn>) -> Result<HttpResponse> {
    let body = body.checked()?;
    let state = state(&request)?;
    let opened = sessions::sign_in(&state, &body.email, body.password, origin::of(&request)).await?;
    answer(&state, opened, HttpResponse::Ok())
}

/// Get the next access token
///
/// Takes the refresh cookie and replaces it. The token before it answers for 20 seconds with the same successor; an
/// older one ends the session.
#[utoipa::path(
    operation_id = "refresh", tag = "auth", security(("refresh_cookie" = [])),
    params(("x-sluicegate-csrf" = String, Header, description = "Always `1`: shows that a page of ours made the request")),
    responses(
        (status = 200, description = "Refreshed; replaces the refresh cookie", body = Session),
    )
)]
#[post("/auth/refresh")]
pub(super) async fn refresh(_proof: SameOrigin, request: HttpRequest) -> Result<HttpResponse> {
    let state = state(&request)?;
    let token = presented(&state, &request).ok_or_else(|| {
        Error::new(
            Code::Unauthenticated,
            "There is no refresh cookie. Sign in again.",
        )
    })?;
    let opened = sessions::refresh(&state, &token, origin::of(&request)).await?;
    answer(&state, opened, HttpResponse::Ok())
}

/// Sign out
///
/// Ends the session of the refresh cookie and clears the cookie.
#[utoipa::path(
    operation_id = "sign_out", tag = "auth", security(("refresh_cookie" = [])),
    params(("x-sluicegate-csrf" = String, Header, description = "Always `1`: shows that a page of ours made the request")),
    responses(
        (status = 204, description = "Signed out"),
    )
)]
#[post("/auth/sign-out")]
pub(super) async fn sign_out(_proof: SameOrigin, request: HttpRequest) -> Result<HttpResponse> {
    let state = state(&request)?;
    if let Some(token) = presented(&state, &request) {
        sessions::sign_out(&state, &token, origin::of(&request)).await?;
    }
    let mut gone = cookie(&state, String::new(), OffsetDateTime::UNIX_EPOCH)?;
    gone.make_removal();
    gone.set_path("/");
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}
