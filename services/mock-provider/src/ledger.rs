//! What this provider did and billed: one entry per call that was understood, refused by script or
//! not, written before the caller can see the end of the answer. Tests compare it with what the
//! gateway recorded.
//!
//! The billing rule: an error answer costs nothing; a call that ran to its end costs its input and
//! its output; a call that broke off, whoever broke it, costs its input and the tokens sent.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::behaviour::Fault;
use crate::config::LedgerKind;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The id given in the answer.
    pub call_id: String,
    /// When it was booked, in Unix milliseconds.
    pub at_unix_ms: u64,
    /// What was called: `chat.completions`, `responses`, `completions`, `messages`,
    /// `generateContent`, `converse`, `cohere.chat`, `embeddings` or `rerank`.
    pub endpoint: String,
    /// The model asked for.
    pub model: String,
    /// Whether it streamed.
    pub stream: bool,
    /// The caller's `x-request-id`.
    pub request_id: Option<String>,
    /// The caller's `idempotency-key`.
    pub idempotency_key: Option<String>,
    /// What the prompt ordered to be written here (`[[tag=..]]`).
    #[serde(default)]
    pub tag: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the script made go wrong with it, if anything.
    #[serde(default)]
    pub fault: Option<Fault>,
    /// Tokens of input.
    pub input_tokens: u64,
    /// Tokens of input read from the cache, part of the above.
    pub cached_input_tokens: u64,
    /// Tokens of output.
    pub output_tokens: u64,
    /// Tokens of reasoning, part of the above.
    pub reasoning_tokens: u64,
    /// What it cost, in nano-dollars.
    pub cost_nano_usd: u64,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With everything sent.
    Completed,
    /// The client left before the end.
    ClientLeft,
    /// This provider broke the connection.
    Cut,
    /// This provider ended the stream with an error event.
    Failed,
    /// This provider answered with an error status, and billed nothing.
    Refused,
}

/// Sums over the ledger, and calls that left no entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Calls that arrived, billed or not.
    pub requests: u64,
    /// Calls refused, by script or because they were wrong.
    pub refused: u64,
    /// Entries of calls that were not refused.
    pub billed: u64,
    /// Entries of calls the client left.
    pub client_left: u64,
    /// Tokens of input.
    pub input_tokens: u64,
    /// Tokens of output.
    pub output_tokens: u64,
    /// Cost, in nano-dollars.
    pub cost_nano_usd: u64,
    /// Chunks of streams sent, without what follows the last finish reason.
    pub chunks: u64,
}

/// The book.
#[derive(Debug)]
pub struct Ledger {
    keep: bool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: Vec<Entry>,
    totals: Totals,
    file: Option<File>,
    write_failed: bool,
}

impl Ledger {
    /// Opens the book; a file's earlier entries are read back, and a last line torn by a kill is
    /// cut off.
    pub(crate) fn open(kind: &LedgerKind) -> io::Result<Self> {
        let inner = match kind {
            LedgerKind::Totals | LedgerKind::Memory => Inner::default(),
            LedgerKind::File(path) => read_back(path)?,
        };
        Ok(Self {
            keep: *kind != LedgerKind::Totals,
            inner: Mutex::new(inner),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Books a call.
    pub(crate) fn book(&self, entry: Entry) {
        let mut inner = self.lock();
        inner.totals.add(&entry);
        if let (Some(file), Ok(mut line)) = (inner.file.as_mut(), serde_json::to_vec(&entry)) {
            line.push(b'\n');
            let written = file.write_all(&line);
            inner.write_failed |= written.is_err();
        }
        if self.keep {
            inner.entries.push(entry);
        }
    }

    /// Counts a call that arrived.
    pub(crate) fn arrived(&self) {
        self.lock().totals.requests += 1;
    }

    /// Counts a call that was refused.
    pub(crate) fn refused(&self) {
        self.lock().totals.refused += 1;
    }

    /// Counts chunks sent.
    pub(crate) fn sent_chunks(&self, count: u64) {
        self.lock().totals.chunks += count;
    }

    /// Every call, in the order in which they ended.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// Sums.
    pub fn totals(&self) -> Totals {
        self.lock().totals
    }

    /// Whether every entry so far reached the file.
    pub fn is_intact(&self) -> bool {
        !self.lock().write_failed
    }

    /// Forgets everything, the file's content too.
    pub fn clear(&self) -> io::Result<()> {
        let mut inner = self.lock();
        inner.entries.clear();
        inner.totals = Totals::default();
        match inner.file.as_mut() {
            Some(file) => file.set_len(0),
            None => Ok(()),
        }
    }
}

impl Totals {
    fn add(&mut self, entry: &Entry) {
        self.billed += u64::from(entry.outcome != Outcome::Refused);
        self.client_left += u64::from(entry.outcome == Outcome::ClientLeft);
        self.input_tokens = self.input_tokens.saturating_add(entry.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(entry.output_tokens);
        self.cost_nano_usd = self.cost_nano_usd.saturating_add(entry.cost_nano_usd);
    }
}

fn read_back(path: &Path) -> io::Result<Inner> {
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(path)?;
    file.seek(SeekFrom::Start(0))?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    let whole = content.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    file.set_len(whole as u64)?;
    let mut inner = Inner {
        file: Some(file),
        ..Inner::default()
    };
    for line in content[..whole]
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
    {
        let entry: Entry = serde_json::from_slice(line).map_err(io::Error::from)?;
        inner.totals.add(&entry);
        inner.entries.push(entry);
    }
    inner.totals.requests = inner.totals.billed;
    Ok(inner)
}
