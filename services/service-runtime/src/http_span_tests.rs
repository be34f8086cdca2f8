//! The middleware around a small application, with a manual clock.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};

use super::*;
use crate::clock::ManualClock;

fn middleware() -> (HttpSpan, Registry, ManualClock) {
    let registry = Registry::new();
    let (clock, hand) = Clock::manual(1_000);
    (
        HttpSpan::new(&registry, clock, |id| format!("req_{id}")),
        registry,
        hand,
    )
}

async fn echo_context(context: RequestContext) -> HttpResponse {
    HttpResponse::Ok().body(format!(
        "{} {:?}",
        context.name,
        context.trace.map(|trace| trace.to_string())
    ))
}

macro_rules! app {
    ($span:expr) => {
        init_service(
            App::new()
                .wrap($span)
                .route("/v1/things/{id}", web::get().to(echo_context)),
        )
        .await
    };
}

#[actix_web::test]
async fn a_plain_request_id_is_kept_and_a_strange_one_replaced() {
    let (span, ..) = middleware();
    let app = app!(span);
    for (sent, kept) in [
        ("abc-1_2.3", true),
        ("a b", false),
        ("<script>", false),
        (&"x".repeat(129), false),
    ] {
        let request = TestRequest::get()
            .uri("/v1/things/7")
            .insert_header(("x-request-id", sent))
            .to_request();
        let response = call_service(&app, request).await;
        let name = response
            .headers()
            .get(REQUEST_ID)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(name == sent, kept, "{sent}");
        assert!(kept || name.starts_with("req_"));
        let body = read_body(response).await;
        assert!(String::from_utf8_lossy(&body).starts_with(&name));
    }
}

#[actix_web::test]
async fn a_trace_is_continued() {
    let (span, ..) = middleware();
    let app = app!(span);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let request = TestRequest::get()
        .uri("/v1/things/7")
        .insert_header(("traceparent", parent))
        .to_request();
    let body = read_body(call_service(&app, request).await).await;
    assert!(String::from_utf8_lossy(&body).contains(parent));
}

#[actix_web::test]
async fn requests_are_counted_by_pattern_when_their_body_is_gone() {
    let (span, registry, hand) = middleware();
    let app = app!(span);
    let response = call_service(&app, TestRequest::get().uri("/v1/things/7").to_request()).await;
    assert!(
        registry
            .encode()
            .unwrap()
            .contains("sluicegate_http_requests_in_flight 1")
    );
    hand.advance(Duration::from_secs(3));
    drop(response);
    drop(call_service(&app, TestRequest::get().uri("/unknown").to_request()).await);
    let text = registry.encode().unwrap();
    for line in [
        r#"sluicegate_http_requests_total{method="GET",operation="/v1/things/{id}",status="200"} 1"#,
        r#"sluicegate_http_requests_total{method="GET",operation="unmatched",status="404"} 1"#,
        r#"sluicegate_http_request_duration_seconds_sum{method="GET",operation="/v1/things/{id}"} 3.0"#,
        "sluicegate_http_requests_in_flight 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
