//! Somebody's server that webhooks are posted to and signals are fetched from: a real socket, answers as told, and notes what
//! came.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Message {
    pub head: String,
    pub body: String,
}

impl Message {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.head)).1
    }
}

#[derive(Default)]
struct Inner {
    messages: Vec<Message>,
    /// Statuses of the next answers; 200 when there are none.
    answers: VecDeque<u16>,
    /// The body of every answer.
    document: String,
}

/// The server. It stops with the runtime of the test.
#[derive(Clone)]
pub struct Receiver {
    inner: Arc<Mutex<Inner>>,
    port: u16,
}

impl Receiver {
    /// A message with this in the place of a status is not answered.
    pub const NEVER: u16 = 0;

    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            inner: Arc::default(),
            port: listener.local_addr().unwrap().port(),
        };
        let serving = receiver.clone();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                streams.spawn(serving.clone().serve(stream));
            }
        });
        server.detach_all();
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Has the next messages answered so.
    pub fn answer(&self, statuses: &[u16]) {
        self.inner.lock().unwrap().answers.extend(statuses);
    }

    /// Has every message answered with this body.
    pub fn say(&self, document: &str) {
        document.clone_into(&mut self.inner.lock().unwrap().document);
    }

    /// What came since the last look.
    pub fn messages(&self) -> Vec<Message> {
        std::mem::take(&mut self.inner.lock().unwrap().messages)
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut read = Vec::new();
        let mut chunk = [0; 4_096];
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let message = Message {
                    head: head.to_owned(),
                    body: body.to_owned(),
                };
                let is_whole = head.starts_with("GET ")
                    || body.len() >= message.header("content-length").parse::<usize>().unwrap();
                if is_whole {
                    let (status, document) = {
                        let mut inner = self.inner.lock().unwrap();
                        inner.messages.push(message);
                        (inner.answers.pop_front().unwrap_or(200), inner.document.clone())
                    };
                    if status == Self::NEVER {
                        return std::future::pending().await;
                    }
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\nlocation: /elsewhere\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{document}",
                        document.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                    return;
                }
            }
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(count) => read.extend_from_slice(&chunk[..count]),
            }
        }
    }
}
