//! Documents one step away from the golden ones: every member of every kind of node left out, said to be
//! nothing, of another type, or said twice. What a decoder takes of them must come back as it was sent. The
//! fuzzer finds the same by chance, and what is further away. Beside the whole corpus every neighbor is
//! tried, else one of a few, which is a matter of time alone.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value, json};

use crate::corpus::{Recording, golden, whole_corpus};
use crate::recorded::CASES;
use crate::targets::TARGETS;

/// Longer documents have no nodes that shorter ones lack.
const LONGEST: usize = 8 * 1024;

/// Of how many neighbors one is tried in a short run; a prime, so that all kinds of steps have their turn.
const SHORT: usize = 7;

/// What does not come back, and why: how the failure begins.
const KNOWN: &[(&str, &str)] = &[
    (
        "openai_responses: /output/3/content: ",
        "a text in place of the list of parts, which no server sends, is read and written as that list",
    ),
    (
        "gemini: /candidates/0/content/parts/0/functionCall/id: \"\" became null",
        "in protocol buffers an empty id is none, and a call without one gets one minted",
    ),
];

/// What stands where another value stood.
fn others() -> [Value; 8] {
    [
        json!(null),
        json!(true),
        json!(-1),
        json!(""),
        json!("x"),
        json!([]),
        json!({}),
        json!([{"type": "text"}]),
    ]
}

/// Every node of a document: its pointer, and its kind, which is the same for elements of a list and for
/// objects of one type.
fn nodes(value: &Value, pointer: &str, kind: &str, found: &mut Vec<(String, String)>) {
    found.push((pointer.to_owned(), kind.to_owned()));
    match value {
        Value::Object(members) => {
            let word = members.get("type").or(members.get("role"));
            let word = word.and_then(Value::as_str).unwrap_or_default();
            for (name, member) in members {
                let step = name.replace('~', "~0").replace('/', "~1");
                nodes(
                    member,
                    &format!("{pointer}/{step}"),
                    &format!("{kind} {word}/{name}"),
                    found,
                );
            }
        }
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                nodes(element, &format!("{pointer}/{at}"), &format!("{kind}/*"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The document with another value at `pointer`.
fn with(document: &Value, pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut document = document.clone();
    change(document.pointer_mut(pointer).unwrap());
    document
}

/// All neighbors by a step at `pointer`.
fn neighbors(document: &Value, pointer: &str) -> Vec<Value> {
    let here = document.pointer(pointer).unwrap();
    let mut found: Vec<_> = others()
        .into_iter()
        .filter(|other| other != here)
        .map(|other| with(document, pointer, |value| *value = other))
        .collect();
    found.push(with(document, pointer, |value| *value = json!([value.clone()])));
    match here {
        Value::Object(members) => {
            for name in members.keys() {
                let change = |change: &dyn Fn(&mut Map<String, Value>)| {
                    with(document, pointer, |value| change(value.as_object_mut().unwrap()))
                };
                found.push(change(&|members| drop(members.remove(name))));
                // In Google's other spelling, alone and beside the first.
                let other = respelled(name);
                found.push(change(&|members| {
                    let member = members.remove(name).unwrap();
                    members.insert(other.clone(), member);
                }));
                found.push(change(&|members| {
                    let member = members[name].clone();
                    members.entry(other.clone()).or_insert(member);
                }));
            }
            found.push(with(document, pointer, |value| value["x"] = json!([1.50])));
        }
        Value::Array(elements) => {
            for other in [json!(null), json!({}), json!("x")] {
                found.push(with(document, pointer, |value| {
                    value.as_array_mut().unwrap().insert(0, other);
                }));
            }
            if let Some(first) = elements.first() {
                found.push(with(document, pointer, |value| {
                    value.as_array_mut().unwrap().push(first.clone());
                }));
            }
        }
        Value::String(text) => {
            for other in [text.to_uppercase(), format!("{text}x")] {
                found.push(with(document, pointer, |value| *value = json!(other)));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    found
}

/// A name in snake case in camel case, and the other way round.
fn respelled(name: &str) -> String {
    if name.contains('_') {
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        return words.fold(first, |name, word| {
            let (head, tail) = word.split_at(word.len().min(1));
            format!("{name}{}{tail}", head.to_uppercase())
        });
    }
    let letters = name.chars().map(|letter| {
        if letter.is_ascii_uppercase() {
            format!("_{}", letter.to_ascii_lowercase())
        } else {
            letter.to_string()
        }
    });
    letters.collect()
}

/// Holds the fuzz target of that name for all neighbors of the documents that `body` picks.
fn hold(target: &str, body: fn(&Recording) -> Option<String>) {
    let (_, target) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let mut known = HashSet::new();
    let mut failures = Vec::new();
    let step = if whole_corpus().is_some() { 1 } else { SHORT };
    let mut tried = 0;
    for case in CASES {
        for recording in case.endpoints.iter().flat_map(|endpoint| golden(endpoint)) {
            let Some(text) = body(&recording).filter(|text| text.len() <= LONGEST) else {
                continue;
            };
            let document: Value = serde_json::from_str(&text).unwrap();
            let mut found = Vec::new();
            nodes(&document, "", case.dialect.as_str(), &mut found);
            let new = found.into_iter().filter(|(_, kind)| known.insert(kind.clone()));
            for neighbor in new
                .flat_map(|(pointer, _)| neighbors(&document, &pointer))
                .step_by(step)
            {
                tried += 1;
                let text = neighbor.to_string();
                let held = catch_unwind(AssertUnwindSafe(|| target(text.as_bytes())));
                if let Err(panic) = held {
                    let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    if !KNOWN.iter().any(|(start, _)| said.starts_with(start)) {
                        failures.push(format!("{}: {said:.300}", recording.id));
                    }
                }
            }
        }
    }
    eprintln!("{tried} neighbors at {} kinds of nodes", known.len());
    assert!(known.len() > 300, "only {} kinds of nodes", known.len());
    assert!(
        failures.is_empty(),
        "{} do not hold:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
}

#[test]
fn of_requests_come_back() {
    hold("decode_request", Recording::request);
}

#[test]
fn of_answers_come_back() {
    hold("decode_response", Recording::whole);
}
