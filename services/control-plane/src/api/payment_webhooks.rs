//! Where payment providers send their events. Whoever sends proves it by a signature over the very bytes, so the body is
//! read as bytes and looked at only after that.

use actix_web::{HttpRequest, post, web};
use futures_util::StreamExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::billing::is_sold;
use super::extract::{origin, state};
use super::reply::Reply;
use crate::app::payments;
use crate::codes::Code;
use crate::domain::payments::{EventRefused, PaymentProvider};
use crate::domain::stripe::Stripe;
use crate::error::{Error, Result};
use crate::state::AppState;

/// Largest event, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// What became of the event.
#[derive(Serialize, ToSchema)]
struct Received {
    /// What was done; `repeated` for an event that was taken before.
    #[schema(example = "credited")]
    outcome: &'static str,
}

/// Take an event of Stripe
///
/// For Stripe's webhooks: send `checkout.session.completed`, `checkout.session.async_payment_succeeded`,
/// `checkout.session.async_payment_failed`, `payment_intent.succeeded` and `charge.refunded` here. The signature header
/// is `Stripe-Signature: t=…,v1=…`. Refused with `not_configured` (503) where the operator has set no webhook secret.
#[utoipa::path(
    operation_id = "take_stripe_event", tag = "billing",
    request_body(content = String, content_type = "application/json", description = "The event, as Stripe signs it"),
    params(("Stripe-Signature" = String, Header, description = "`t=<unix seconds>,v1=<hex>`")),
    security(()),
    responses((status = 200, description = "Taken; sending it again changes nothing", body = Received))
)]
#[post("/webhooks/stripe")]
pub(super) async fn take_stripe_event(request: HttpRequest, payload: web::Payload) -> Result<Reply> {
    let state = state(&request)?;
    is_sold(&state)?;
    let Some(secret) = state.operator.stripe.clone() else {
        return Err(Error::new(
            Code::NotConfigured,
            "The operator has set no `billing.stripe_webhook_secret`, so no event can be believed.",
        ));
    };
    take(&state, &Stripe(secret), &request, payload).await
}

async fn take<P: PaymentProvider>(
    state: &AppState,
    provider: &P,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Reply> {
    let refused = |refused: EventRefused| match refused {
        EventRefused::Unbelieved(why) => Error::new(Code::SignatureRefused, why.to_string()),
        EventRefused::Unreadable(why) => {
            Error::new(Code::InvalidRequest, format!("The event cannot be read: {why}."))
        }
    };
    let signature = request
        .headers()
        .get(P::SIGNATURE_HEADER)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| Error::new(Code::SignatureRefused, "The signature header is missing."))?
        .to_owned();
    let body = read(payload).await?;
    let now = state.now()?.unix_timestamp();
    let event = provider.event(&signature, &body, now).map_err(refused)?;
    let (id, kind) = (event.id.clone(), event.kind.clone());
    let verdict = payments::take(state, P::NAME, event, origin::of(request)).await?;
    if verdict.needs_a_person() {
        tracing::warn!(
            provider = P::NAME,
            event = id,
            kind,
            outcome = verdict.as_str(),
            "a payment event waits for the operator"
        );
    }
    Reply::ok(&Received {
        outcome: verdict.as_str(),
    })
}

async fn read(mut payload: web::Payload) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::new(Code::InvalidRequest, "The body ended early."))?;
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(Error::new(Code::PayloadTooLarge, "At most 256 KiB are accepted."));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
