//! Loads recordings: the selection in `tests/golden`, or the whole corpus when the environment
//! variable `SLUICEGATE_TEST_RECORDINGS` names its folder.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sluicegate_protocols::event_stream::write_event;

/// One recorded call of a provider.
pub(crate) struct Recording {
    pub(crate) id: String,
    document: Value,
}

impl Recording {
    pub(crate) fn status(&self) -> u64 {
        self.document["response"]["status"].as_u64().unwrap()
    }

    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.document["tags"].as_array().unwrap().iter().any(|t| t == tag)
    }

    /// What was called (`chat.completions`, `converse-stream`).
    pub(crate) fn endpoint(&self) -> &str {
        self.document["endpoint"].as_str().unwrap()
    }

    /// Whether it is of OpenAI's assistants.
    pub(crate) fn is_of_a_thread(&self) -> bool {
        self.path().contains("/threads/")
    }

    /// The lines of a stream of JSON documents.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let response = &self.document["response"];
        let text = response["text"].as_str().filter(|_| response["kind"] == "ndjson");
        let lines = text
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.trim().is_empty());
        lines.map(str::to_owned)
    }

    /// The request body, where it was kept.
    pub(crate) fn request(&self) -> Option<String> {
        self.document
            .pointer("/request/body")
            .filter(|b| b.is_object())
            .map(Value::to_string)
    }

    /// The path of the request without its query; empty where it was not kept.
    pub(crate) fn path(&self) -> &str {
        let path = self
            .document
            .pointer("/request/path")
            .and_then(Value::as_str)
            .unwrap_or_default();
        path.split('?').next().unwrap_or_default()
    }

    /// The answer's JSON document, unless it is a stream. A list of documents is one.
    pub(crate) fn whole(&self) -> Option<String> {
        let response = &self.document["response"];
        (response["kind"] == "json" && !response["body"].is_array()).then(|| response["body"].to_string())
    }

    /// The stream as received.
    pub(crate) fn stream(&self) -> Option<&str> {
        let response = &self.document["response"];
        if response["kind"] == "sse" {
            response["text"].as_str()
        } else {
            None
        }
    }

    /// The stream as received, in any framing. Messages of which only the contents were kept are
    /// framed anew.
    pub(crate) fn received(&self) -> Option<Vec<u8>> {
        if self.document["response"]["kind"] != "eventstream" {
            return self.stream().map(|text| text.as_bytes().to_vec());
        }
        if let Some(kept) = self.base64() {
            return Some(STANDARD.decode(kept).unwrap());
        }
        let mut out = Vec::new();
        for (event, payload) in self.events() {
            write_event(&mut out, event, |out| {
                out.extend_from_slice(payload.to_string().as_bytes());
            });
        }
        Some(out)
    }

    /// The bytes of an AWS event stream, where they were kept.
    pub(crate) fn base64(&self) -> Option<&str> {
        self.document["response"]["base64"].as_str()
    }

    /// The messages of an AWS event stream: type and payload.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&str, &Value)> {
        let events = self.document["response"]["events"].as_array();
        events
            .into_iter()
            .flatten()
            .map(|event| (event["type"].as_str().unwrap(), &event["payload"]))
    }

    /// The independent reading of the answer.
    pub(crate) fn summary(&self) -> &Value {
        &self.document["summary"]
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.document["summary"]["usage"][name].as_u64().unwrap_or(0)
    }

    /// Whether the summary may be taken for the truth.
    pub(crate) fn is_oracle(&self) -> bool {
        !self.has_tag("hand-edited") && self.document["summary"].is_object()
    }
}

/// All recordings of an endpoint (`chat.completions`, `embeddings`). Which set it is shows in the
/// test's output.
pub(crate) fn recordings(endpoint: &str) -> Vec<Recording> {
    match whole_corpus() {
        Some(folder) => of_endpoint(&folder, endpoint),
        None => {
            eprintln!("SLUICEGATE_TEST_RECORDINGS is not set: only the selection in tests/golden is read");
            golden(endpoint)
        }
    }
}

/// The recordings of an endpoint in `tests/golden`.
pub(crate) fn golden(endpoint: &str) -> Vec<Recording> {
    of_endpoint(&selection(), endpoint)
}

/// The folder of the whole corpus, where there is one.
pub(crate) fn whole_corpus() -> Option<PathBuf> {
    std::env::var_os("SLUICEGATE_TEST_RECORDINGS").map(PathBuf::from)
}

/// Every recording there is, of whatever endpoint.
pub(crate) fn every() -> Vec<Recording> {
    read(&whole_corpus().unwrap_or_else(selection))
}

fn selection() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn of_endpoint(root: &Path, endpoint: &str) -> Vec<Recording> {
    let mut found = read(root);
    // OpenAI's assistants have messages of another kind in their threads.
    found.retain(|recording| recording.endpoint() == endpoint && !recording.is_of_a_thread());
    assert!(
        !found.is_empty(),
        "no {endpoint} recordings under {}",
        root.display()
    );
    eprintln!("{} {endpoint} recordings from {}", found.len(), root.display());
    found
}

fn read(root: &Path) -> Vec<Recording> {
    let folders = std::fs::read_dir(root).unwrap().flatten();
    let mut found: Vec<Recording> = folders
        .filter(|entry| entry.path().is_dir())
        .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
        .map(|file| {
            let document: Value = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
            Recording {
                id: document["id"].as_str().unwrap().to_owned(),
                document,
            }
        })
        .collect();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}
