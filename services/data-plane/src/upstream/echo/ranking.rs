//! How the echo ranks documents: by the share of the query's words that stand in them.

use std::collections::HashSet;

use serde_json::Value;
use sluicegate_protocols::rerank::{Ranked, response};

/// Most documents ranked; the rest count as not answering.
const MAX_DOCUMENTS: usize = 10_000;

/// The answer to a request, which was checked before; whatever is odd counts as absent.
pub(super) fn rank(body: &[u8]) -> Vec<u8> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let query = words(&request["query"]);
    let documents = request["documents"].as_array().map_or(&[][..], Vec::as_slice);
    let mut results: Vec<Ranked> = documents
        .iter()
        .take(MAX_DOCUMENTS)
        .zip(0_u32..)
        .map(|(document, index)| {
            let found = words(document).intersection(&query).count();
            Ranked {
                index,
                relevance_score: found as f64 / query.len().max(1) as f64,
            }
        })
        .collect();
    // Stable, so that documents that answer equally well stay in order.
    results.sort_by(|a, b| b.relevance_score.total_cmp(&a.relevance_score));
    let wanted = request["top_n"]
        .as_u64()
        .and_then(|top| usize::try_from(top).ok());
    results.truncate(wanted.unwrap_or(results.len()));
    response("rerank-echo", &results, 1)
}

/// The words of a text, or of the `text` of an object.
fn words(text: &Value) -> HashSet<String> {
    let text = text.as_str().or(text["text"].as_str()).unwrap_or_default();
    text.split_whitespace().map(str::to_lowercase).collect()
}
