//! A provider over a bare socket: it notes the bytes it receives and answers with the bytes of a script, so that a test
//! decides about every byte and every break.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::rt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Debug, Clone)]
enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    Gate,
    Hang,
}

/// What happens after a request has come in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    steps: Vec<Step>,
    close: bool,
}

impl Script {
    fn send(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Send(bytes.into()));
        self
    }

    /// Exactly these bytes, then the connection closes.
    pub(crate) fn raw(bytes: &str) -> Self {
        Self {
            steps: vec![Step::Send(bytes.into())],
            close: true,
        }
    }

    /// A whole JSON answer.
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::json_with(status, "", body)
    }

    /// A whole JSON answer with further header lines, each ending in CRLF.
    pub(crate) fn json_with(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::default().send(format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
        ))
    }

    /// The head of an event stream.
    pub(crate) fn events() -> Self {
        Self::default()
            .send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    /// The head of a stream of AWS's binary messages.
    pub(crate) fn aws_events() -> Self {
        Self::default().send(
            "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
    }

    /// More of the stream, as one chunk.
    pub(crate) fn then(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let size = format!("{:x}\r\n", bytes.len());
        self.send([size.as_bytes(), bytes, b"\r\n"].concat())
    }

    pub(crate) fn wait(mut self, length: Duration) -> Self {
        self.steps.push(Step::Wait(length));
        self
    }

    /// Nothing more comes until [`Provider::open`].
    pub(crate) fn gate(mut self) -> Self {
        self.steps.push(Step::Gate);
        self
    }

    /// This script, then another.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.steps.extend(other.steps);
        self.close |= other.close;
        self
    }

    /// The proper end of the stream.
    pub(crate) fn end(self) -> Self {
        self.send("0\r\n\r\n")
    }

    /// The connection breaks.
    pub(crate) fn cut(mut self) -> Self {
        self.close = true;
        self
    }

    /// Nothing more comes until the caller hangs up.
    pub(crate) fn hang(mut self) -> Self {
        self.steps.push(Step::Hang);
        self
    }
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: String,
}

#[derive(Debug, Default)]
struct Book {
    script: VecDeque<Script>,
    last: Option<Script>,
    received: Vec<Received>,
    hung_up_on: usize,
    connections: usize,
    is_open: bool,
}

pub(crate) struct Provider {
    address: std::net::SocketAddr,
    book: Arc<Mutex<Book>>,
}

impl Provider {
    /// Answers the requests with these scripts in turn, and all further ones with the last.
    pub(crate) async fn start(script: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Mutex::new(Book {
            script: script.into_iter().collect(),
            ..Book::default()
        }));
        let shared = Arc::clone(&book);
        rt::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                let book = Arc::clone(&shared);
                rt::spawn(async move {
                    let _closed = serve(socket, &book).await;
                });
            }
        });
        Self { address, book }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.book.lock().unwrap().received.clone()
    }

    /// How often a caller hung up while its answer was hanging.
    pub(crate) fn hung_up_on(&self) -> usize {
        self.book.lock().unwrap().hung_up_on
    }

    /// Lets what stands at its gate go on.
    pub(crate) fn open(&self) {
        self.book.lock().unwrap().is_open = true;
    }

    pub(crate) fn connections(&self) -> usize {
        self.book.lock().unwrap().connections
    }
}

async fn serve(mut socket: TcpStream, book: &Mutex<Book>) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(request) = read(&mut socket, &mut buffer).await? else {
            return Ok(());
        };
        let script = {
            let mut book = book.lock().unwrap();
            book.received.push(request);
            let next = book
                .script
                .pop_front()
                .or_else(|| book.last.clone())
                .unwrap_or_default();
            book.last = Some(next.clone());
            next
        };
        for step in script.steps {
            match step {
                Step::Send(bytes) => socket.write_all(&bytes).await?,
                Step::Wait(length) => rt::time::sleep(length).await,
                Step::Gate => {
                    while !book.lock().unwrap().is_open {
                        rt::time::sleep(Duration::from_millis(2)).await;
                    }
                }
                Step::Hang => {
                    let read = socket.read(&mut [0; 64]).await;
                    if matches!(read, Ok(0) | Err(_)) {
                        book.lock().unwrap().hung_up_on += 1;
                    }
                    return Ok(());
                }
            }
        }
        if script.close {
            return socket.shutdown().await;
        }
    }
}

async fn read(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Received>> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length: usize = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if rest.len() >= length {
                let received = Received {
                    head: head.to_owned(),
                    body: rest[..length].to_owned(),
                };
                buffer.drain(..head.len() + 4 + length);
                return Ok(Some(received));
            }
        }
        if socket.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}
