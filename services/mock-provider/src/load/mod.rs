//! The load generator of the benches: one thread, raw sockets, loopback only, bounded in time and
//! count. `sluicegate-load` is its command; it lives beside the mock provider because the two are
//! the ends between which a gateway is measured.

mod connection;
mod phases;
mod report;

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use serde_json::json;

pub use report::{Quantiles, Report};

/// What to send, and where.
#[derive(Debug, Clone)]
pub struct Target {
    /// `http://host:port/path` of chat completions, on loopback.
    pub url: String,
    /// Bearer token.
    pub key: String,
    /// Model to ask for.
    pub model: String,
    /// Further header lines, `name: value`.
    pub headers: Vec<String>,
}

/// How to load the target.
#[derive(Debug, Clone, Copy)]
pub enum Mode {
    /// Connections that send a request as soon as the last is answered.
    Closed {
        /// Connections.
        connections: usize,
        /// Time before measuring.
        warm_up: Duration,
        /// Time of measuring.
        duration: Duration,
    },
    /// Requests at a fixed rate; each is timed from when it was due.
    Open {
        /// Requests a second.
        rate: u32,
        /// Time before measuring.
        warm_up: Duration,
        /// Time of measuring.
        duration: Duration,
    },
    /// Streams that run at the same time. The upstream is to stamp its chunks.
    Stream {
        /// Streams at a time.
        streams: usize,
        /// Streams in a row on each connection.
        repeats: usize,
        /// Time over which the first streams start.
        stagger: Duration,
    },
}

/// A load run could not start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Not `http://host:port/path`.
    #[error("not an http URL with a port: {0}")]
    Url(String),
    /// Not this machine.
    #[error("only loopback addresses are loaded, not {0}")]
    NotLoopback(SocketAddr),
    /// No runtime, or no address.
    #[error("cannot start the load")]
    Io(#[from] std::io::Error),
}

/// The request of a run, made once.
pub(crate) struct Request {
    address: SocketAddr,
    bytes: Vec<u8>,
}

impl Request {
    fn new(target: &Target, streamed: bool) -> Result<Self, LoadError> {
        let bad = || LoadError::Url(target.url.clone());
        let (authority, path) = target
            .url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(bad)?;
        let address = authority.to_socket_addrs()?.next().ok_or_else(bad)?;
        if !address.ip().is_loopback() {
            return Err(LoadError::NotLoopback(address));
        }
        let text =
            "You are a careful assistant. Answer the question below in plain words and show the steps. ";
        let mut body = json!({
            "model": target.model,
            "messages": [
                {"role": "system", "content": text.repeat(6)},
                {"role": "user", "content": format!("What is the capital of \"X\"?\n{}", text.repeat(5))},
            ],
            "temperature": 0.7,
            "max_tokens": 1024,
        });
        if streamed {
            body["stream"] = true.into();
            body["stream_options"] = json!({"include_usage": true});
        }
        let body = body.to_string();
        let more: String = target.headers.iter().map(|line| format!("{line}\r\n")).collect();
        let head = format!(
            "POST /{path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\naccept: */*\r\n\
             user-agent: sluicegate-load\r\nauthorization: Bearer {}\r\n{more}content-length: {}\r\n\r\n",
            target.key,
            body.len()
        );
        Ok(Self {
            address,
            bytes: [head.into_bytes(), body.into_bytes()].concat(),
        })
    }
}

/// Runs one load to its end, or until `limit` has passed.
///
/// # Errors
/// When the address is not on loopback or no runtime can be had. Failed requests are no error: the
/// report counts them.
pub fn run(target: &Target, mode: Mode, limit: Duration) -> Result<Report, LoadError> {
    let request = Request::new(target, matches!(mode, Mode::Stream { .. }))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = tokio::task::LocalSet::new();
    Ok(tasks.block_on(&runtime, phases::run(request, mode, limit)))
}
