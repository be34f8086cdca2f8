//! Every recording in the words of every other dialect. What a conversion does to the meaning must be
//! what its loss report says, no less and no more; and for the golden selection the reports are
//! committed in `tests/losses`, one file per dialect of origin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::dialect::{
    StreamEncoder, decode_request, decode_response, encode_request, encode_response,
};
use sluicegate_protocols::lossy::{Feature, Loss, LossReport, Severity};
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};

use crate::corpus::{Recording, golden};
use crate::facts::{Fact, of_request, of_response, unknown_members};
use crate::meaning;
use crate::recorded::{CASES, Case};

/// Recordings that the rule does not hold for, with the reason; fewer than 2%.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "bedrock-836b6658a4-00",
        "a text of white space, which Messages refuses, goes with its cache mark",
    ),
    (
        "bedrock-836b6658a4-01",
        "a text of white space, which Messages refuses, goes with its cache mark",
    ),
    (
        "bedrock-mantle-45ce4d70d3-00",
        "Converse takes the effort among a model's own fields, and reads none back",
    ),
    (
        "gemini-8ed3d17c02-00",
        "sources told after the text of the stream has ended",
    ),
];

/// What dialects say that have no way of saying nothing.
const FILLED: &[&str] = &[
    "used 0/0",
    "file called Document",
    "file called document",
    "ends with ",
];

/// Where these are lost, the user may say more than before, or go on where somebody else spoke between.
const RESAID: &[Feature] = &[
    Feature::ToolResultContent,
    Feature::Role,
    Feature::InstructionPlace,
    Feature::ServerTool,
    Feature::UnknownPart,
];

/// What a dialect may say by saying nothing.
const UNSAID: &[&str] = &["thinking false", "show thoughts true"];

/// What these lose is more than facts tell: members nobody models, a provider's own report and
/// words, the proof of a citation, that input was free text, the name of a tool whose call is not in the request.
const BEYOND_FACTS: &[Feature] = &[
    Feature::UnknownField,
    Feature::UnknownPart,
    Feature::UsageDetail,
    Feature::Citation,
    Feature::FinishReason,
    Feature::CustomTool,
];

/// Set to rewrite the files in `tests/losses`; `./justw losses` does.
const WRITE: &str = "SLUICEGATE_WRITE_LOSSES";

const ANSWER: AnswerTarget<'static> = AnswerTarget {
    id: "x",
    model: "m",
    created: 1,
    usage: true,
    meaning_only: false,
    for_any_client: true,
    openrouter: false,
};

/// What became of one document in another dialect.
struct Conversion {
    /// `request`, `answer` or `stream`.
    what: &'static str,
    to: Dialect,
    before: Vec<Fact>,
    after: Vec<Fact>,
    /// What the answer of a stream becomes as a whole answer.
    whole: Vec<Fact>,
    /// Unknown members of the source that say something.
    unknown: Vec<(String, String)>,
    losses: LossReport,
}

/// A recording in all other dialects. Panics when one of them cannot read what was written in it.
fn conversions(from: Dialect, recording: &Recording) -> Vec<Conversion> {
    let others = Dialect::ALL.iter().copied().filter(|to| *to != from);
    let mut made = Vec::new();
    for to in others {
        made.extend(request(from, to, recording));
        made.extend(answer(from, to, recording));
        made.extend(stream(from, to, recording));
    }
    made
}

fn request(from: Dialect, to: Dialect, recording: &Recording) -> Option<Conversion> {
    let text = recording.request()?;
    let before = match decode_request(from, text.as_bytes(), 64) {
        Ok(request) => request,
        // What the provider refused as malformed may be.
        Err(_) if recording.status() == 400 => return None,
        Err(error) => panic!("{}: {error}", recording.id),
    };
    let encoded = encode_request(to, &before, &RequestTarget::default());
    let after = decode_request(to, &encoded.body, 64)
        .unwrap_or_else(|e| panic!("{} to {}: {e}", recording.id, to.as_str()));
    let mut facts = of_request(&after);
    if before.max_output_tokens.is_none() {
        // Where a dialect demands a limit, the target's fills the gap.
        let filled = format!("at most {} tokens", RequestTarget::default().default_output_limit);
        facts.retain(|fact| fact.says != filled);
    }
    Some(Conversion {
        what: "request",
        to,
        before: of_request(&before),
        after: facts,
        whole: Vec::new(),
        unknown: unknown_members(&before),
        losses: encoded.losses,
    })
}

fn answer(from: Dialect, to: Dialect, recording: &Recording) -> Option<Conversion> {
    let text = recording.whole().filter(|_| recording.status() < 400)?;
    let before = decode_response(from, text.as_bytes()).unwrap_or_else(|e| panic!("{}: {e}", recording.id));
    if before.error.is_some() {
        return None;
    }
    let encoded = encode_response(to, &before, &ANSWER);
    let after = decode_response(to, &encoded.body)
        .unwrap_or_else(|e| panic!("{} to {}: {e}", recording.id, to.as_str()));
    Some(Conversion {
        what: "answer",
        to,
        before: of_response(&before),
        after: of_response(&after),
        whole: Vec::new(),
        unknown: Vec::new(),
        losses: encoded.losses,
    })
}

/// A complete stream. Beside the rule, it must fold to what the whole form of its answer becomes.
fn stream(from: Dialect, to: Dialect, recording: &Recording) -> Option<Conversion> {
    let received = recording.received()?;
    let mut encoder = StreamEncoder::new(to, &ANSWER);
    let first = meaning::run_to(from, [received.as_slice()], &mut encoder);
    if first.end != StreamEnd::Complete {
        return None;
    }
    let id = &recording.id;
    let second = meaning::run(to, [first.written.as_slice()], None);
    assert_eq!(second.end, StreamEnd::Complete, "{id} to {}", to.as_str());
    let whole = encode_response(to, &first.response, &ANSWER);
    let whole = decode_response(to, &whole.body).unwrap_or_else(|e| panic!("{id} to {}: {e}", to.as_str()));
    let whole = of_response(&whole);
    Some(Conversion {
        what: "stream",
        to,
        before: of_response(&first.response),
        after: of_response(&second.response),
        whole,
        unknown: Vec::new(),
        losses: encoder.losses().clone(),
    })
}

fn says(facts: &[Fact]) -> BTreeSet<&str> {
    facts.iter().map(|fact| fact.says.as_str()).collect()
}

impl Conversion {
    /// How the loss report and the difference in meaning disagree.
    fn disagreements(&self) -> Vec<String> {
        let noted: Vec<Feature> = self.losses.losses().iter().map(|loss| loss.feature).collect();
        let any = |features: &[Feature]| features.iter().any(|feature| noted.contains(feature));
        let unread = |loss: &Loss| loss.feature == Feature::File && loss.severity == Severity::Missing;
        let unread = self.losses.losses().iter().any(unread);
        let resaid = unread || any(RESAID);
        // What has no place of its own in a dialect is said by the user, and a document of text that it
        // does not take is missing there.
        let excused = |fact: &Fact| any(fact.excuses) || (resaid && fact.says.starts_with("user: "));
        let (gone, mut new) = (
            missing(&self.before, &self.after),
            missing(&self.after, &self.before),
        );
        new.retain(|fact| !FILLED.iter().any(|filled| fact.says.starts_with(filled)));
        let mut found = Vec::new();
        let (mut less, mut more) = (Vec::new(), Vec::new());
        if self.what == "stream" {
            less = missing(&self.whole, &self.after);
            more = missing(&self.after, &self.whole);
            // Whose a signature is may show too late to keep it out of a stream.
            more.retain(|fact| !fact.excuses.contains(&Feature::ReasoningSignature));
        }
        for (what, facts) in [
            ("lost without a word", &gone),
            ("came from nowhere", &new),
            ("only in the whole form", &less),
            ("only in the stream", &more),
        ] {
            let bare = facts
                .iter()
                .filter(|fact| !excused(fact) && !UNSAID.contains(&fact.says.as_str()));
            found.extend(bare.map(|fact| format!("{what}: {:.300}", fact.says)));
        }
        let judged = |loss: &Loss| {
            let nameless = loss.feature == Feature::ToolResultContent && loss.name == "name";
            let told = self
                .before
                .iter()
                .any(|fact| fact.excuses.contains(&loss.feature));
            let strictness = loss.feature == Feature::Schema && loss.severity == Severity::Hint;
            !BEYOND_FACTS.contains(&loss.feature) && !nameless && !strictness && told
        };
        let unfounded = self
            .losses
            .losses()
            .iter()
            .filter(|loss| judged(loss))
            .filter(|loss| {
                let told = |facts: &[&Fact]| facts.iter().any(|fact| fact.excuses.contains(&loss.feature));
                !told(&gone) && !told(&new)
            });
        found.extend(unfounded.map(|loss| format!("reported as lost, but there: {loss}")));
        let listed = |name: &str, at: &str| {
            let mut losses = self.losses.losses().iter();
            losses.any(|loss| loss.name == name || (loss.severity != Severity::Hint && loss.at == at))
        };
        if self.losses.more() == 0 {
            let silent = self.unknown.iter().filter(|(name, at)| !listed(name, at));
            found.extend(silent.map(|(name, at)| format!("unknown and not reported: {name} at {at}")));
        }
        let moved = resaid || any(&[Feature::Candidates]);
        if !moved && order(&self.before, &self.after) != order(&self.after, &self.before) {
            found.push("the order of the conversation changed".to_owned());
        }
        found
    }

    /// The loss report in words: `seed(missing) unknown_field:foo(hint)`.
    fn words(&self) -> String {
        let words: BTreeSet<String> = self
            .losses
            .losses()
            .iter()
            .map(|loss| {
                let severity = match loss.severity {
                    Severity::Hint => "hint",
                    Severity::Altered => "altered",
                    Severity::Missing => "missing",
                };
                let colon = if loss.name.is_empty() { "" } else { ":" };
                format!("{}{colon}{}({severity})", loss.feature.as_str(), loss.name)
            })
            .collect();
        words.into_iter().collect::<Vec<_>>().join(" ")
    }
}

/// The facts of `these` that `those` lack, counted.
fn missing<'f>(these: &'f [Fact], those: &[Fact]) -> Vec<&'f Fact> {
    let mut rest: Vec<&str> = those.iter().map(|fact| fact.says.as_str()).collect();
    let mut absent = |fact: &&Fact| match rest.iter().position(|says| *says == fact.says) {
        Some(at) => {
            rest.swap_remove(at);
            false
        }
        None => true,
    };
    these.iter().filter(&mut absent).collect()
}

/// What is said in these that is also said in those, in order.
fn order<'f>(these: &'f [Fact], those: &[Fact]) -> Vec<&'f str> {
    let known = says(those);
    let ordered = these
        .iter()
        .filter(|fact| fact.ordered && known.contains(fact.says.as_str()));
    ordered.map(|fact| fact.says.as_str()).collect()
}

#[test]
fn what_is_lost_is_reported_and_what_is_reported_is_lost() {
    let (mut count, mut pairs, mut excepted, mut wrong) = (0, 0, 0, Vec::new());
    for case in CASES {
        for recording in case.recordings() {
            count += 1;
            if EXCEPTIONS.iter().any(|(id, _)| *id == recording.id) {
                excepted += 1;
                continue;
            }
            for conversion in conversions(case.dialect, &recording) {
                pairs += 1;
                let (id, to) = (&recording.id, conversion.to.as_str());
                let found = conversion.disagreements();
                if !found.is_empty() {
                    let losses = conversion.words();
                    wrong.push(format!(
                        "{id} {} to {to}: {}\n    [{losses}]",
                        conversion.what,
                        found.join("\n    ")
                    ));
                }
            }
        }
    }
    eprintln!("{count} recordings, {pairs} conversions, {excepted} exceptions");
    assert!(excepted * 50 < count, "{excepted} of {count} are exceptions");
    assert!(
        wrong.is_empty(),
        "{} disagree:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn losses_file(dialect: Dialect) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/losses");
    folder.join(format!("{}.txt", dialect.as_str()))
}

/// The loss reports of a dialect's golden recordings: a line for all targets that lose the same.
fn report(case: &Case) -> String {
    let (mut lines, mut lossless, mut lossy) = (String::new(), 0, 0);
    for recording in case.endpoints.iter().flat_map(|endpoint| golden(endpoint)) {
        let mut alike: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
        for conversion in conversions(case.dialect, &recording) {
            let words = conversion.words();
            if words.is_empty() {
                lossless += 1;
            } else {
                lossy += 1;
                let targets = alike.entry((conversion.what, words)).or_default();
                targets.push(conversion.to.as_str());
            }
        }
        for ((what, words), targets) in alike {
            let (id, targets) = (&recording.id, targets.join(","));
            lines += &format!("{id} {what} to {targets}: {words}\n");
        }
    }
    format!(
        "# What golden recordings in {} lose in other dialects: {lossy} conversions; {lossless} lose nothing.\n\
         # Written by ./justw losses.\n{lines}",
        case.dialect.as_str()
    )
}

#[test]
fn loss_reports_are_as_committed() {
    let mut stale = Vec::new();
    for case in CASES {
        let (file, report) = (losses_file(case.dialect), report(case));
        if std::env::var_os(WRITE).is_some() {
            std::fs::write(&file, &report).unwrap();
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (committed.lines().collect(), report.lines().collect());
        stale.extend(old.difference(&new).map(|line| format!("- {line}")));
        stale.extend(new.difference(&old).map(|line| format!("+ {line}")));
    }
    assert!(
        stale.is_empty(),
        "conversions lose something else than committed; if that is right, run ./justw losses:\n{}",
        stale.join("\n")
    );
}
