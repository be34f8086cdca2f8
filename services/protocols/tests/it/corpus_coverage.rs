//! Every recording is claimed by exactly one table of tests, or by a list of exceptions with reasons,
//! which is short. Of the golden selection always, of the whole corpus where it is present.

use std::collections::BTreeMap;

use crate::corpus::{Recording, every, whole_corpus};
use crate::recorded::CASES;
use crate::{completions, count_tokens, embeddings, invoke};

/// What is not read, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "interactions",
        "Google's stateful successor of generateContent, still a preview",
    ),
    ("cohere.chat.v1", "superseded by Cohere's v2, which is read"),
    (
        "ollama.chat",
        "Ollama is reached by its OpenAI-compatible endpoint",
    ),
    ("moderations", "no inference; passed on to nobody"),
    (
        "threads",
        "OpenAI's assistants keep state at the provider, and are being shut down",
    ),
];

/// The tables that claim a recording.
fn claims(recording: &Recording) -> Vec<String> {
    let endpoint = recording.endpoint();
    let mut found = Vec::new();
    if recording.is_of_a_thread() {
        return found;
    }
    let cases = CASES.iter().filter(|case| case.endpoints.contains(&endpoint));
    found.extend(cases.map(|case| case.dialect.as_str().to_owned()));
    let mut claim = |table: &str, claimed: bool| {
        if claimed {
            found.push(table.to_owned());
        }
    };
    claim("completions", endpoint == completions::ENDPOINT);
    claim("count_tokens", endpoint == count_tokens::ENDPOINT);
    claim("rerank", endpoint == "rerank");
    claim(
        "text models",
        matches!(endpoint, "ollama.generate" | "cohere.generate"),
    );
    if endpoint == "embeddings" {
        found.extend(embeddings::form(recording).map(|form| format!("embeddings, {form:?}")));
    }
    if invoke::ENDPOINTS.contains(&endpoint) {
        found.push(format!("invoke, {:?}", invoke::body_of(recording)));
    }
    found
}

fn exception(recording: &Recording) -> Option<&'static str> {
    let name = if recording.is_of_a_thread() {
        "threads"
    } else {
        recording.endpoint()
    };
    EXCEPTIONS
        .iter()
        .find(|(excepted, _)| *excepted == name)
        .map(|(name, _)| *name)
}

#[test]
fn every_recording_is_claimed_once_or_excepted() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut excepted, mut wrong) = (0, 0, Vec::new());
    for recording in every() {
        all += 1;
        let claims = claims(&recording);
        let exception = exception(&recording);
        match (claims.as_slice(), exception) {
            ([table], None) => *counts.entry(table.clone()).or_default() += 1,
            ([], Some(name)) => {
                excepted += 1;
                *counts.entry(format!("not read: {name}")).or_default() += 1;
            }
            _ => wrong.push(format!(
                "{} ({}): {claims:?}, {exception:?}",
                recording.id,
                recording.endpoint()
            )),
        }
    }
    for (table, count) in &counts {
        eprintln!("{count:>5} {table}");
    }
    eprintln!("{all:>5} in all, {excepted} not read");
    assert!(
        wrong.is_empty(),
        "{} are claimed by none or several:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(excepted * 50 < all, "{excepted} of {all} are not read");
    if whole_corpus().is_some() {
        let unknown = EXCEPTIONS
            .iter()
            .filter(|(name, _)| !counts.contains_key(&format!("not read: {name}")));
        assert_eq!(unknown.count(), 0, "an exception that excepts nothing");
    }
}
