//! `POST /token`: access tokens for service accounts, as Google's token endpoint gives them for a
//! signed assertion (RFC 7523). The assertion's form, its claims and its times are looked at; its
//! signature is not, since nobody has told this provider the account's public key.

use std::borrow::Cow;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::seal;
use crate::state::{State, unix_nanos};
use crate::trouble::Refusal;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const PREFIX: &str = "ya29.mock-";
/// Seconds a token is good for, as Google tells them.
const LIFETIME_S: u64 = 3599;
/// Longest span an assertion may be good for, and how far clocks may differ, in seconds.
const MAX_SPAN_S: u64 = 3600;
const MAX_SKEW_S: u64 = 300;

pub(crate) fn configure(routes: &mut web::ServiceConfig) {
    routes.route("/token", web::post().to(handle));
}

async fn handle(state: web::Data<State>, _request: HttpRequest, body: Bytes) -> HttpResponse {
    match account(&body, unix_nanos() / 1_000_000_000) {
        Ok(account) => {
            let token = mint(state.config.seed, &account);
            HttpResponse::Ok()
                .insert_header(("cache-control", "no-store"))
                .json(json!({"access_token": token, "expires_in": LIFETIME_S, "token_type": "Bearer"}))
        }
        Err((error, description)) => {
            let body = json!({"error": error, "error_description": description}).to_string();
            Refusal::new(400, body).answer(&state)
        }
    }
}

fn mint(seed: u64, account: &str) -> String {
    format!("{PREFIX}{}", seal::sign(seed, account))
}

/// Whether a token was given out here.
pub(crate) fn is_ours(seed: u64, token: &str) -> bool {
    token
        .strip_prefix(PREFIX)
        .is_some_and(|rest| seal::is_ours(seed, rest))
}

type Refused = (&'static str, &'static str);

/// The account that the form of a request speaks for.
fn account(form: &[u8], now: u64) -> Result<String, Refused> {
    let field = |name: &str| {
        form.split(|b| *b == b'&').find_map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| decoded(value))
        })
    };
    if field("grant_type").as_deref() != Some(GRANT) {
        return Err(("unsupported_grant_type", "Invalid grant_type"));
    }
    let assertion = field("assertion").ok_or(("invalid_request", "Missing required parameter: assertion"))?;
    let malformed = (
        "invalid_grant",
        "Invalid JWT: it has to be three parts of base64url.",
    );
    let mut parts = assertion.split('.');
    let (Some(head), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed);
    };
    let document =
        |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    let (Some(head), Some(claims)) = (document(head), document(claims)) else {
        return Err(malformed);
    };
    let signed = URL_SAFE_NO_PAD
        .decode(signature)
        .is_ok_and(|bytes| bytes.len() >= 128);
    if head["alg"] != "RS256" || !signed {
        return Err(("invalid_grant", "Invalid JWT Signature."));
    }
    let text = |name: &str| claims[name].as_str().filter(|text| !text.is_empty());
    let (Some(issuer), Some(_), Some(_)) = (text("iss"), text("aud"), text("scope")) else {
        return Err((
            "invalid_scope",
            "Invalid OAuth scope or ID token audience provided.",
        ));
    };
    let (issued, expires) = (claims["iat"].as_u64(), claims["exp"].as_u64());
    let in_time = issued.zip(expires).is_some_and(|(issued, expires)| {
        issued <= now + MAX_SKEW_S
            && expires > now.saturating_sub(MAX_SKEW_S)
            && expires <= issued + MAX_SPAN_S
    });
    if in_time {
        Ok(issuer.to_owned())
    } else {
        let why = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. \
                   Check your iat and exp values in the JWT claim.";
        Err(("invalid_grant", why))
    }
}

/// The value of a form field. Only what a URN and a JWT can need is undone.
fn decoded(value: &str) -> Cow<'_, str> {
    if value.contains('%') {
        Cow::Owned(value.replace("%3A", ":").replace("%3a", ":").replace("%3D", "="))
    } else {
        Cow::Borrowed(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assertion(claims: &Value) -> String {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let head = json!({"alg": "RS256", "typ": "JWT"}).to_string();
        let claims = claims.to_string();
        format!(
            "{}.{}.{}",
            part(head.as_bytes()),
            part(claims.as_bytes()),
            part(&[7; 256])
        )
    }

    fn asked(claims: &Value) -> Result<String, Refused> {
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
            assertion(claims)
        );
        account(form.as_bytes(), 10_000)
    }

    #[test]
    fn an_assertion_in_time_gets_a_token_that_is_known_again() {
        let good = json!({"iss": "a@b", "aud": "x", "scope": "s", "iat": 9_990, "exp": 13_590});
        assert_eq!(asked(&good), Ok("a@b".to_owned()));
        let token = mint(3, "a@b");
        assert!(is_ours(3, &token) && !is_ours(4, &token) && !is_ours(3, "ya29.other"));
        for (name, value) in [("exp", 9_000), ("exp", 99_000), ("iat", 20_000)] {
            let mut bad = good.clone();
            bad[name] = value.into();
            assert_eq!(asked(&bad).map_err(|it| it.0), Err("invalid_grant"), "{name}");
        }
        let mut nobody = good;
        nobody["iss"] = "".into();
        assert!(asked(&nobody).is_err());
        assert!(account(b"grant_type=password", 0).is_err());
        assert!(account(format!("grant_type={GRANT}&assertion=a.b").as_bytes(), 0).is_err());
    }
}
