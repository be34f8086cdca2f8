//! Events of Stripe, in the form its webhooks have. Of the objects inside only the members that matter are read; Stripe
//! adds others over time.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sluicegate_contracts::ids::TopUpId;
use sluicegate_credentials::SigningSecret;

use super::payments::{Amount, EventRefused, News, PaymentEvent, PaymentProvider};

/// The member of an object's metadata that names a top-up.
pub const METADATA: &str = "sluicegate_top_up";
/// Longest text that is kept of an event.
const LONGEST: usize = 255;

/// Stripe, by the secret that it signs with.
#[derive(Debug, Clone)]
pub struct Stripe(pub SigningSecret);

impl PaymentProvider for Stripe {
    const NAME: &'static str = "stripe";
    const SIGNATURE_HEADER: &'static str = "stripe-signature";

    fn event(&self, signature: &str, body: &[u8], now: i64) -> Result<PaymentEvent, EventRefused> {
        self.0.verify(signature, body, now)?;
        read(body)
    }
}

#[derive(Deserialize)]
struct Event<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: &'a RawValue,
}

#[derive(Deserialize)]
struct Session {
    payment_status: String,
    payment_intent: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    client_reference_id: Option<String>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Intent {
    id: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Charge {
    payment_intent: Option<String>,
    amount_refunded: i64,
    currency: String,
}

fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue, what: &'static str) -> Result<T, EventRefused> {
    serde_json::from_str(raw.get()).map_err(|_| EventRefused::Unreadable(what))
}

fn named(metadata: Option<&BTreeMap<String, String>>) -> Option<TopUpId> {
    metadata?.get(METADATA)?.parse().ok()
}

/// What is stored must be storable: Postgres text cannot hold NUL.
fn kept(text: String) -> Result<String, EventRefused> {
    if text.is_empty() || text.len() > LONGEST || text.contains('\0') {
        return Err(EventRefused::Unreadable("an id is not one"));
    }
    Ok(text)
}

fn read(body: &[u8]) -> Result<PaymentEvent, EventRefused> {
    let event: Event<'_> =
        serde_json::from_slice(body).map_err(|_| EventRefused::Unreadable("it is not an event"))?;
    let news = match event.kind.as_str() {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            paid_session(object(event.data.object, "it holds no checkout session")?)?
        }
        "checkout.session.async_payment_failed" => {
            let session: Session = object(event.data.object, "it holds no checkout session")?;
            News::Failed {
                top_up: session.top_up(),
            }
        }
        "payment_intent.succeeded" => {
            let intent: Intent = object(event.data.object, "it holds no payment intent")?;
            News::Paid {
                top_up: named(intent.metadata.as_ref()),
                payment: kept(intent.id)?,
                amount: Amount {
                    minor: intent.amount_received,
                    currency: intent.currency,
                },
            }
        }
        "charge.refunded" => {
            let charge: Charge = object(event.data.object, "it holds no charge")?;
            match charge.payment_intent {
                Some(payment) => News::Refunded {
                    payment: kept(payment)?,
                    in_all: Amount {
                        minor: charge.amount_refunded,
                        currency: charge.currency,
                    },
                },
                None => News::Other,
            }
        }
        _ => News::Other,
    };
    Ok(PaymentEvent {
        id: kept(event.id)?,
        kind: kept(event.kind)?,
        news,
    })
}

impl Session {
    fn top_up(&self) -> Option<TopUpId> {
        let reference = self.client_reference_id.as_deref();
        let by_reference = reference.and_then(|text| text.parse().ok());
        by_reference.or_else(|| named(self.metadata.as_ref()))
    }
}

fn paid_session(session: Session) -> Result<News, EventRefused> {
    // Completed and not paid: a bank transfer that is still under way, of which a later event tells.
    if session.payment_status != "paid" {
        return Ok(News::Other);
    }
    let top_up = session.top_up();
    let (Some(payment), Some(minor), Some(currency)) =
        (session.payment_intent, session.amount_total, session.currency)
    else {
        return Err(EventRefused::Unreadable("the session was paid without a payment"));
    };
    Ok(News::Paid {
        top_up,
        payment: kept(payment)?,
        amount: Amount { minor, currency },
    })
}

#[cfg(test)]
#[path = "stripe_tests.rs"]
mod tests;
