//! A caller that hangs up cancels the provider's work at once, and the record is still written.

use futures_util::StreamExt;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence, Outcome};
use tokio::io::AsyncWriteExt;

use crate::support::{Config, Provider, Script, Worker, chat, eventually};

const ONE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";

#[actix_web::test]
async fn in_the_middle_of_a_stream() {
    let provider = Provider::start([Script::events().then(ONE).hang()]).await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    let worker = Worker::start(&config);
    let mut stream = worker.chat(chat("a/m", true)).await.bytes_stream();
    assert_eq!(stream.next().await.unwrap().unwrap(), ONE);
    drop(stream);

    let record = worker.record().await;
    assert_eq!(record.outcome, Outcome::ClientGone);
    let attempt = &record.attempts[0];
    assert_eq!(
        (attempt.outcome, attempt.evidence),
        (AttemptOutcome::ClientGone, Evidence::Estimated)
    );
    assert_eq!(attempt.tokens.output, 2, "five bytes were streamed");
    eventually("the provider sees it", || {
        (provider.hung_up_on() == 1).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn while_waiting_for_a_whole_answer() {
    let provider = Provider::start([Script::default().hang()]).await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    let worker = Worker::start(&config);
    let mut socket = tokio::net::TcpStream::connect(worker.address).await.unwrap();
    let body = chat("a/m", false);
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        worker.key(),
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    eventually("the provider is asked", || {
        (provider.received().len() == 1).then_some(())
    })
    .await;
    drop(socket);

    let record = worker.record().await;
    assert_eq!((record.outcome, record.status), (Outcome::ClientGone, 499));
    let attempt = &record.attempts[0];
    assert_eq!(
        (attempt.outcome, attempt.evidence),
        (AttemptOutcome::ClientGone, Evidence::Uncertain)
    );
    eventually("the provider sees it", || {
        (provider.hung_up_on() == 1).then_some(())
    })
    .await;
}
