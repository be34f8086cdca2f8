//! The whole configuration as lines of JSON: a header, then one event per live entity. Read in one unchanging
//! transaction and sent as it is read, so its size does not matter; a reader that stalls loses the connection, and knows
//! by the count in the header that lines are missing.

use actix_web::HttpResponse;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use serde::Serialize;
use sluicegate_contracts::SCHEMA_VERSION;
use sluicegate_contracts::snapshot::SnapshotHeader;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::api::extract::worker::Worker;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::Connection;
use crate::store::database::Scope;
use crate::store::{config, snapshot as store};

const PAGE: i64 = 500;
/// Pages read ahead of the client.
const READ_AHEAD: usize = 2;

type Sender = mpsc::Sender<Bytes>;

pub(super) async fn snapshot(worker: Worker) -> Result<HttpResponse> {
    let mut feed = Feed::open(worker.state);
    // Trouble before the first line is still an answer of its own.
    let first = feed
        .next()
        .await
        .ok_or_else(|| Error::internal("a snapshot without a header"))??;
    let rest = stream::unfold(feed, |mut feed| async move {
        feed.next().await.map(|chunk| (chunk, feed))
    });
    let body = stream::once(std::future::ready(Ok(first))).chain(rest);
    Ok(HttpResponse::Ok()
        .content_type("application/x-ndjson")
        .streaming(body))
}

/// Chunks of lines, and the transaction that reads them.
struct Feed {
    chunks: mpsc::Receiver<Bytes>,
    reading: Option<BoxFuture<'static, Result<()>>>,
}

impl Feed {
    fn open(state: AppState) -> Self {
        let (sender, chunks) = mpsc::channel(READ_AHEAD);
        let reading = async move {
            state
                .within(Scope::System, |connection| read(connection, sender).boxed())
                .await
        };
        Self {
            chunks,
            reading: Some(reading.boxed()),
        }
    }

    async fn next(&mut self) -> Option<Result<Bytes>> {
        while let Some(reading) = &mut self.reading {
            tokio::select! {
                biased;
                chunk = self.chunks.recv() => match chunk {
                    Some(chunk) => return Some(Ok(chunk)),
                    None => return self.reading.take()?.await.err().map(Err),
                },
                outcome = reading => {
                    self.reading = None;
                    if let Err(error) = outcome {
                        return Some(Err(error));
                    }
                }
            }
        }
        self.chunks.recv().await.map(Ok)
    }
}

fn line(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *lines, value).map_err(Error::internal)?;
    lines.push(b'\n');
    Ok(())
}

async fn send(sender: &Sender, lines: Vec<u8>) -> Result<()> {
    sender
        .send(lines.into())
        .await
        .map_err(|_| Error::internal("the worker hung up"))
}

async fn read(connection: &mut Connection, sender: Sender) -> Result<()> {
    store::freeze(connection).await?;
    let header = SnapshotHeader {
        schema: SCHEMA_VERSION,
        head: config::head(connection).await?,
        entities: store::count(connection).await?,
    };
    let mut lines = Vec::new();
    line(&mut lines, &header)?;
    send(&sender, lines).await?;
    let mut last = (String::new(), Uuid::nil());
    loop {
        let events = store::page(connection, (&last.0, last.1), PAGE).await?;
        let Some(newest) = events.last() else {
            return Ok(());
        };
        last = (newest.kind.clone(), newest.id);
        let mut lines = Vec::new();
        for event in &events {
            line(&mut lines, event)?;
        }
        send(&sender, lines).await?;
    }
}
