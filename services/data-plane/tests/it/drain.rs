//! A worker about to stop: new requests are sent away, open streams finish.

use std::time::Duration;

use futures_util::StreamExt;
use sluicegate_contracts::usage::Outcome;

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

const ONE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const LAST: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

#[actix_web::test]
async fn new_requests_go_elsewhere_and_open_streams_finish() {
    let script = Script::events()
        .then(ONE)
        .wait(Duration::from_millis(300))
        .then(LAST)
        .end();
    let provider = Provider::start([script]).await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    let worker = Worker::start(&config);
    let mut stream = worker.chat(chat("a/m", true)).await.bytes_stream();
    assert_eq!(stream.next().await.unwrap().unwrap(), ONE);

    worker.drain();
    let response = worker.chat(chat("sluicegate/echo", false)).await;
    assert_eq!(response.headers()["retry-after"], "1");
    assert_eq!(response.headers()["connection"], "close");
    let error = error_of(response).await;
    assert_eq!(
        error,
        (
            503,
            "service_unavailable".into(),
            "draining".into(),
            None,
            "true".into()
        )
    );
    assert_eq!(worker.get("/v1/models").send().await.unwrap().status(), 503);

    let (rest, ()) = futures_util::join!(stream.map(|it| it.unwrap()).collect::<Vec<_>>(), worker.stop());
    assert_eq!(rest.concat(), LAST.as_bytes());
    assert_eq!(worker.record().await.outcome, Outcome::Served);
}
