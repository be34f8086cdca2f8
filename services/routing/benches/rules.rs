//! What finding the rule of a request costs, and the language that a rule may ask for, in nanoseconds:
//! `cargo bench -p sluicegate-routing --bench rules`. The worst case of a route of 20 rules: every condition is evaluated
//! and none holds. The best of several rounds is the figure to compare.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use sluicegate_contracts::config::Operation;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::rules::language::detected;
use sluicegate_routing::rules::{Condition, Modalities, Observed, Readings, Signals};

const ROUNDS: usize = 9;
const CALLS: u32 = 50_000;

const SENTENCE: &str = "Wie kann ich meine Rechnung für den letzten Monat herunterladen? ";

/// Conditions as authors write them, none of which holds for the request below.
const CONDITIONS: [&str; 10] = [
    "request.input_tokens > 100000",
    "request.metadata[\"tier\"] == \"free\" && request.tools == 0",
    "\"image\" in request.modalities || \"audio\" in request.modalities",
    "request.json_schema && request.max_output_tokens > 4000",
    "request.headers[\"x-route-lane\"] in [\"fast\", \"express\"]",
    "request.tags.size() > 3 || \"batch\" in request.tags",
    "request.user.startsWith(\"internal-\")",
    "signal(\"load\", 0.0) > 0.8",
    "(request.stream ? request.input_tokens : request.input_tokens * 2) >= 90000",
    "request.operation == \"embeddings\" && request.model.endsWith(\"-small\")",
];

fn main() -> Result<(), Box<dyn Error>> {
    let twenty: Vec<Condition> = CONDITIONS
        .iter()
        .cycle()
        .take(20)
        .map(|source| Condition::read(source))
        .collect::<Result<_, _>>()?;
    let zoned = Condition::read("time.hour(\"Europe/Berlin\") == 24")?;
    let matched = Condition::read("request.model.matches(\"^(claude|gpt)-[0-9]+\")")?;
    let metadata = [("tier".to_owned(), "pro".to_owned())];
    let tags = ["eu".to_owned(), "web".to_owned()];
    let signals = Signals::default();
    let observed = Observed {
        input_tokens: 2_000,
        max_output_tokens: Some(1_000),
        stream: true,
        operation: Operation::ChatCompletions,
        language: "",
        dialect: "openai_chat",
        model: "route/support",
        modalities: Modalities::default(),
        tools: Some(2),
        json_schema: Some(true),
        reasoning: None,
        headers: &[],
        metadata: &metadata,
        user: Some("ann"),
        session: None,
        tags: &tags,
        key: "key_1",
        now: UnixMillis::new(1_795_793_400_000),
        signals: &signals,
        readings: Readings::NONE,
    };
    let mut out = std::io::stdout().lock();
    for (name, conditions) in [
        ("20 rules", twenty.as_slice()),
        ("1 rule by the hour of a zone", std::slice::from_ref(&zoned)),
        ("1 rule by a regular expression", std::slice::from_ref(&matched)),
    ] {
        if conditions.iter().any(|it| it.holds(&observed)) {
            return Err(format!("{name}: a condition holds, so that not all are measured").into());
        }
        let best = nanoseconds(CALLS, || {
            let found = conditions.iter().position(|it| it.holds(black_box(&observed)));
            black_box(found);
        });
        writeln!(out, "{name:<32} {best:>8.0} ns")?;
    }
    let calls = CALLS / 100;
    for (name, text) in [
        ("the language of a sentence", SENTENCE.to_owned()),
        ("the language of 2 KiB", SENTENCE.repeat(2_048 / SENTENCE.len())),
    ] {
        let best = nanoseconds(calls, || {
            black_box(detected(black_box(&text)));
        });
        writeln!(out, "{name:<32} {best:>8.0} ns")?;
    }
    Ok(())
}

/// A call, at best.
fn nanoseconds(calls: u32, mut call: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        for _ in 0..calls {
            call();
        }
        began.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
    });
    rounds.fold(f64::INFINITY, f64::min)
}
