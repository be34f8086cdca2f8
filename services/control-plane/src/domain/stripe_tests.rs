use secrecy::SecretString;
use serde_json::{Value, json};
use sluicegate_credentials::Unbelieved;
use uuid::Uuid;

use super::*;

const NOW: i64 = 1_767_225_600;

fn stripe() -> Stripe {
    let secret = SecretString::from("whsec_0123456789abcdef".to_owned());
    Stripe(SigningSecret::new(&secret).unwrap())
}

fn top_up() -> TopUpId {
    Uuid::from_u128(7).into()
}

fn told(kind: &str, object: &Value) -> Result<News, EventRefused> {
    let event = json!({
        "id": "evt_1", "object": "event", "api_version": "2025-09-30", "livemode": false, "type": kind,
        "data": { "object": object }, "request": { "id": null, "idempotency_key": null },
    });
    let body = event.to_string();
    let signature = stripe().0.sign(body.as_bytes(), NOW);
    let read = stripe().event(&signature, body.as_bytes(), NOW)?;
    assert_eq!((read.id.as_str(), read.kind.as_str()), ("evt_1", kind));
    Ok(read.news)
}

fn session(status: &str) -> Value {
    json!({
        "id": "cs_1", "object": "checkout.session", "amount_total": 2_500, "currency": "usd", "mode": "payment",
        "client_reference_id": top_up().to_string(), "payment_intent": "pi_1", "payment_status": status,
        "metadata": {}, "status": "complete",
    })
}

fn paid(top_up: Option<TopUpId>) -> News {
    News::Paid {
        payment: "pi_1".to_owned(),
        top_up,
        amount: Amount {
            minor: 2_500,
            currency: "usd".to_owned(),
        },
    }
}

#[test]
fn a_session_is_paid_when_it_says_so() {
    let completed = "checkout.session.completed";
    assert_eq!(told(completed, &session("paid")), Ok(paid(Some(top_up()))));
    assert_eq!(told(completed, &session("unpaid")), Ok(News::Other));
    let later = told("checkout.session.async_payment_succeeded", &session("paid"));
    assert_eq!(later, Ok(paid(Some(top_up()))));
    let failed = told("checkout.session.async_payment_failed", &session("unpaid"));
    assert_eq!(
        failed,
        Ok(News::Failed {
            top_up: Some(top_up())
        })
    );
    let mut bare = session("paid");
    bare["payment_intent"] = Value::Null;
    assert!(told(completed, &bare).is_err());
}

#[test]
fn a_top_up_is_named_by_reference_or_metadata() {
    let mut by_metadata = session("paid");
    by_metadata["client_reference_id"] = Value::Null;
    by_metadata["metadata"] = json!({ METADATA: top_up().to_string(), "other": "x" });
    let completed = "checkout.session.completed";
    assert_eq!(told(completed, &by_metadata), Ok(paid(Some(top_up()))));
    let mut foreign = session("paid");
    foreign["client_reference_id"] = json!("order-77");
    assert_eq!(told(completed, &foreign), Ok(paid(None)));
    let intent = json!({
        "id": "pi_1", "object": "payment_intent", "amount": 2_500, "amount_received": 2_500, "currency": "usd",
        "metadata": { METADATA: top_up().to_string() }, "status": "succeeded",
    });
    assert_eq!(
        told("payment_intent.succeeded", &intent),
        Ok(paid(Some(top_up())))
    );
}

#[test]
fn a_refund_says_how_much_was_paid_back_in_all() {
    let charge = json!({
        "id": "ch_1", "object": "charge", "amount": 2_500, "amount_refunded": 700, "currency": "usd",
        "payment_intent": "pi_1", "refunded": false,
    });
    let expected = News::Refunded {
        payment: "pi_1".to_owned(),
        in_all: Amount {
            minor: 700,
            currency: "usd".to_owned(),
        },
    };
    assert_eq!(told("charge.refunded", &charge), Ok(expected));
}

#[test]
fn what_credit_does_not_rest_on_is_other_news() {
    assert_eq!(
        told("customer.created", &json!({ "id": "cus_1" })),
        Ok(News::Other)
    );
}

#[test]
fn nothing_is_read_that_is_not_signed() {
    let body = json!({ "id": "evt_1", "type": "customer.created", "data": { "object": {} } }).to_string();
    let unsigned = stripe().event("t=1,v1=00", body.as_bytes(), NOW);
    assert_eq!(unsigned, Err(EventRefused::Unbelieved(Unbelieved::Malformed)));
    for broken in [
        "",
        "{",
        "[]",
        r#"{"id":1}"#,
        r#"{"id":"evt_1","type":"charge.refunded","data":{"object":{}}}"#,
        r#"{"id":"","type":"x","data":{"object":{}}}"#,
        "{\"id\":\"a\\u0000\",\"type\":\"x\",\"data\":{\"object\":{}}}",
    ] {
        let signature = stripe().0.sign(broken.as_bytes(), NOW);
        let refused = stripe().event(&signature, broken.as_bytes(), NOW);
        assert!(
            matches!(refused, Err(EventRefused::Unreadable(_))),
            "{broken}: {refused:?}"
        );
    }
}
