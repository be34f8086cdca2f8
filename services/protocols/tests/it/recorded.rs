//! Recorded traffic through the hub. Per dialect: requests and answers decode and encode to equal
//! JSON, their meaning survives without the notes on spelling, and streams fold to what the
//! recording's independent summary says, before and after being written anew.

use serde_json::Value;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::{Candidate, FinishReason, StreamEnd};
use sluicegate_protocols::dialect::{
    self, StreamEncoder, decode_request, decode_response, encode_request, encode_response,
};
use sluicegate_protocols::target::{
    AnswerTarget, ChatQuirks, GeminiQuirks, OutputLimitField, ReasoningField, RequestTarget, ThinkingControl,
    ThinkingField,
};
use sluicegate_protocols::tool_ids::IdRule;

use crate::corpus::{Recording, recordings};
use crate::meaning::{self, told};

/// A dialect and where its recordings are.
pub(crate) struct Case {
    pub(crate) dialect: Dialect,
    pub(crate) endpoints: &'static [&'static str],
    /// Recordings that do not come out the same, with the reason.
    exceptions: &'static [(&'static str, &'static str)],
    /// Recordings whose summary says less than the answer, with the reason.
    poor_summaries: &'static [(&'static str, &'static str)],
}

pub(crate) const CASES: &[Case] = &[CHAT, RESPONSES, MESSAGES, GENERATE, CONVERSE, COHERE];

const CHAT: Case = Case {
    dialect: Dialect::OpenAiChat,
    endpoints: &["chat.completions"],
    exceptions: &[],
    poor_summaries: &[
        ("openai-0739c04602-00", "leaves out function_call"),
        ("openai-6bbfc72841-00", "leaves out function_call"),
        ("openai-9401775610-03", "leaves out function_call"),
        ("openai-b9b8d4e2f5-00", "leaves out function_call"),
        ("openai-b9b8d4e2f5-01", "leaves out function_call"),
        ("openai-bc63be863b-02", "leaves out function_call"),
        ("openai-bc63be863b-03", "leaves out function_call"),
        ("snowflake-09f66a7303-00", "leaves out reasoning_details"),
    ],
};

const RESPONSES: Case = Case {
    dialect: Dialect::OpenAiResponses,
    endpoints: &["responses"],
    exceptions: &[(
        "xai-6e7703804d-00",
        "its citations lack members that are demanded, and get them",
    )],
    poor_summaries: &[
        ("azure-c947d229ea-00", "of several answers run together"),
        ("openai-1e98f236d4-00", "of several answers run together"),
        ("openai-b19d31ee5c-00", "of several answers run together"),
        (
            "openai-2de1055876-00",
            "has a reason to end for an answer that goes on",
        ),
        (
            "openai-6e1fc9263e-00",
            "has a reason to end for an answer that goes on",
        ),
        ("openai-4d1210c804-00", "takes free text for JSON"),
        ("openai-64994c76e8-00", "repeats a status that is none"),
        ("openai-64994c76e8-01", "repeats a status that is none"),
        ("openai-c5730f3c1d-00", "tells another text than its deltas"),
    ],
};

const MESSAGES: Case = Case {
    dialect: Dialect::AnthropicMessages,
    endpoints: &["messages"],
    exceptions: &[],
    poor_summaries: &[
        ("anthropic-4e3959085c-00", "tells several answers in a row"),
        ("anthropic-8df512bbf5-00", "tells several answers in a row"),
        ("anthropic-b9f8513893-00", "tells several answers in a row"),
        ("anthropic-cc9ed11a33-00", "tells several answers in a row"),
        ("anthropic-f00c74b7f9-00", "tells several answers in a row"),
    ],
};

const GENERATE: Case = Case {
    dialect: Dialect::Gemini,
    endpoints: &["generateContent", "streamGenerateContent"],
    exceptions: &[],
    poor_summaries: &[
        ("gemini-0020e42c35-00", "leaves out arguments told in pieces"),
        ("gemini-7269630904-00", "leaves out arguments told in pieces"),
    ],
};

const CONVERSE: Case = Case {
    dialect: Dialect::BedrockConverse,
    endpoints: &["converse", "converse-stream"],
    exceptions: &[],
    poor_summaries: &[
        ("bedrock-3a0ee62030-00", "leaves out text with citations"),
        ("bedrock-b25e5f75b3-01", "leaves out text with citations"),
    ],
};

const COHERE: Case = Case {
    dialect: Dialect::CohereChat,
    endpoints: &["cohere.chat.v2"],
    exceptions: &[],
    poor_summaries: &[],
};

impl Case {
    /// Whether the summary may be taken for the truth about the first answer.
    fn trusts(&self, recording: &Recording) -> bool {
        let poor = self.poor_summaries.iter().any(|(id, _)| *id == recording.id);
        recording.is_oracle() && !recording.has_tag("multi-choice") && !poor
    }

    /// The recordings to look at, exceptions left out.
    pub(crate) fn recordings(&self) -> Vec<Recording> {
        let mut found: Vec<_> = self.endpoints.iter().flat_map(|e| recordings(e)).collect();
        let excepted = |r: &Recording| self.exceptions.iter().any(|(id, _)| *id == r.id);
        let all = found.len();
        found.retain(|recording| !excepted(recording));
        assert!(all - found.len() <= all / 50, "more than 2% are exceptions");
        found
    }
}

/// As the caller spelled it, whatever ids there are.
const AS_SENT: RequestTarget<'static> = RequestTarget {
    model: None,
    default_output_limit: 4096,
    stream_usage: false,
    tool_ids: IdRule::UpTo(usize::MAX),
    meaning_only: false,
    chat: ChatQuirks {
        output_limit: OutputLimitField::MaxCompletionTokens,
        developer_role: true,
        reasoning: ReasoningField::ReasoningDetails,
    },
    thinking: ThinkingControl::Budget,
    gemini: GeminiQuirks {
        json_schema: true,
        thinking: ThinkingField::Level,
        signed_calls: false,
    },
};

/// Compares documents and says where they part.
fn assert_same(id: &str, what: &str, before: &Value, after: &[u8], differ: &mut Vec<String>) {
    let after: Value = serde_json::from_slice(after).unwrap_or_else(|error| panic!("{id}: {what}: {error}"));
    if *before != after {
        differ.push(format!("{id}: {what}: {}", first_difference("", before, &after)));
    }
}

fn first_difference(at: &str, a: &Value, b: &Value) -> String {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys = x.keys().chain(y.keys());
            keys.filter(|k| x.get(*k) != y.get(*k))
                .map(|k| {
                    first_difference(
                        &format!("{at}/{k}"),
                        x.get(k).unwrap_or(&"absent".into()),
                        y.get(k).unwrap_or(&"absent".into()),
                    )
                })
                .next()
                .unwrap_or_default()
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let at_first = x.iter().zip(y).position(|(x, y)| x != y).unwrap_or(0);
            first_difference(&format!("{at}/{at_first}"), &x[at_first], &y[at_first])
        }
        _ => format!("{at}: {:.200} became {:.200}", a.to_string(), b.to_string()),
    }
}

#[test]
fn requests_come_out_the_same() {
    for case in CASES {
        let (mut differ, mut count, mut plainly) = (Vec::new(), 0, 0);
        for recording in case.recordings() {
            let Some(text) = recording.request() else { continue };
            let id = &recording.id;
            let before: Value = serde_json::from_str(&text).unwrap();
            let request = match decode_request(case.dialect, text.as_bytes(), 64) {
                Ok(request) => request,
                // What the provider refused as malformed may be.
                Err(_) if recording.status() == 400 => continue,
                Err(error) => {
                    differ.push(format!("{id}: {error}"));
                    continue;
                }
            };
            count += 1;
            let encoded = encode_request(case.dialect, &request, &AS_SENT);
            assert_same(id, "request", &before, &encoded.body, &mut differ);
            assert!(encoded.losses.is_empty(), "{id}: {:?}", encoded.losses);

            let target = RequestTarget {
                meaning_only: true,
                ..AS_SENT
            };
            let plain = encode_request(case.dialect, &request, &target);
            let mut again =
                decode_request(case.dialect, &plain.body, 64).unwrap_or_else(|e| panic!("{id}: {e}"));
            let mut meant = request.clone();
            meaning::request(&mut meant);
            meaning::request(&mut again);
            // What was lost, or said as more or fewer messages, is for the unit tests to judge.
            if plain.losses.is_empty() && meant.messages.len() == again.messages.len() {
                plainly += 1;
                if meant != again {
                    differ.push(format!("{id}: meaning\n{meant:?}\n{again:?}"));
                }
            }
        }
        eprintln!(
            "{}: {count} requests, {plainly} also by meaning alone",
            case.dialect.as_str()
        );
        // The selection holds the odd ones.
        assert!(plainly * 3 > count, "many requests need nothing but meaning");
        assert!(
            differ.is_empty(),
            "{} differ:\n{}",
            differ.len(),
            differ.join("\n")
        );
    }
}

#[test]
fn answers_come_out_the_same_and_say_what_their_summaries_say() {
    for case in CASES {
        let (mut differ, mut count) = (Vec::new(), 0);
        for recording in case.recordings() {
            let Some(text) = recording.whole().filter(|_| recording.status() < 400) else {
                continue;
            };
            let id = &recording.id;
            let before: Value = serde_json::from_str(&text).unwrap();
            let response =
                decode_response(case.dialect, text.as_bytes()).unwrap_or_else(|e| panic!("{id}: {e}"));
            count += 1;
            let encoded = encode_response(case.dialect, &response, &AnswerTarget::default());
            assert_same(id, "answer", &before, &encoded.body, &mut differ);
            assert!(encoded.losses.is_empty(), "{id}: {:?}", encoded.losses);
            if case.trusts(&recording) {
                differ.extend(against_summary(&recording, response.candidates.first()));
            }

            let target = AnswerTarget {
                meaning_only: true,
                ..AnswerTarget::default()
            };
            let plain = encode_response(case.dialect, &response, &target);
            let again = decode_response(case.dialect, &plain.body).unwrap_or_else(|e| panic!("{id}: {e}"));
            for (before, after) in response.candidates.iter().zip(&again.candidates) {
                let told_before = told(before);
                if told_before != told(after) {
                    differ.push(format!("{id}: meaning\n{told_before:?}\n{:?}", told(after)));
                }
            }
            assert_eq!(
                again.usage.map(|u| u.counts),
                response.usage.map(|u| u.counts),
                "{id}"
            );
        }
        eprintln!("{}: {count} answers", case.dialect.as_str());
        assert!(
            differ.is_empty(),
            "{} differ:\n{}",
            differ.len(),
            differ.join("\n")
        );
    }
}

#[test]
fn streams_say_what_their_summaries_say_before_and_after_being_written_anew() {
    for case in CASES {
        let (mut differ, mut count) = (Vec::new(), 0);
        for recording in case.recordings() {
            let Some(bytes) = recording.received() else {
                continue;
            };
            let id = &recording.id;
            count += 1;
            let target = AnswerTarget {
                id: "x",
                model: "m",
                created: 1,
                usage: true,
                meaning_only: false,
                for_any_client: false,
                openrouter: false,
            };
            let first = meaning::run(
                case.dialect,
                [bytes.as_slice()],
                Some(StreamEncoder::new(case.dialect, &target)),
            );
            let expected = expected_end(&recording);
            if recording.is_oracle() && first.end != expected {
                differ.push(format!("{id}: {:?}, expected {expected:?}", first.end));
            }
            assert_eq!(
                first.done,
                first.end == StreamEnd::Complete,
                "{id}: done only when complete"
            );
            if case.trusts(&recording) {
                differ.extend(against_summary(&recording, first.response.candidates.first()));
            }
            if first.end != StreamEnd::Complete {
                continue;
            }
            let second = meaning::run(case.dialect, [first.written.as_slice()], None);
            assert_eq!(second.end, StreamEnd::Complete, "{id}");
            let (mut a, mut b) = (first.response, second.response);
            meaning::response(&mut a);
            meaning::response(&mut b);
            a.id = b.id.clone();
            a.model = b.model.clone();
            a.created = b.created;
            if a != b {
                differ.push(format!("{id}: written anew\n{a:?}\n{b:?}"));
            }
        }
        eprintln!("{}: {count} streams", case.dialect.as_str());
        assert!(
            differ.is_empty(),
            "{} differ:\n{}",
            differ.len(),
            differ.join("\n")
        );
    }
}

fn expected_end(recording: &Recording) -> StreamEnd {
    match (
        &recording.summary()["error"],
        recording.summary()["complete"] == true,
    ) {
        (Value::Null, true) => StreamEnd::Complete,
        (Value::Null, false) => StreamEnd::Cut,
        _ => StreamEnd::Failed,
    }
}

/// How an answer differs from the recording's summary.
fn against_summary(recording: &Recording, candidate: Option<&Candidate<'_>>) -> Vec<String> {
    let (id, summary) = (&recording.id, recording.summary());
    let Some(candidate) = candidate else {
        return if summary["text"] == "" {
            Vec::new()
        } else {
            vec![format!("{id}: no answer")]
        };
    };
    let said = told(candidate);
    let mut differ = Vec::new();
    let mut compare = |what: &str, ours: &str, theirs: &str| {
        if ours != theirs {
            differ.push(format!("{id}: {what}: {ours:.300} instead of {theirs:.300}"));
        }
    };
    compare("text", &said.text, summary["text"].as_str().unwrap_or_default());
    // Cohere's plan of what tools to call is told apart there.
    let thought = ["reasoning", "tool_plan"].map(|name| summary[name].as_str().unwrap_or_default());
    compare("reasoning", &said.reasoning, &thought.concat());
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| text.into());
    let calls: Vec<Value> = said
        .calls
        .iter()
        .map(|(name, arguments)| serde_json::json!([name, parsed(arguments)]))
        .collect();
    let expected: Vec<Value> = summary["tool_calls"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|call| {
            let arguments = match &call["arguments"] {
                Value::String(text) if text.trim().is_empty() => parsed("{}"),
                Value::String(text) => parsed(text),
                Value::Null => parsed("{}"),
                other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    other.clone()
                }
            };
            serde_json::json!([call["name"], arguments])
        })
        .collect();
    compare(
        "calls",
        &Value::from(calls).to_string(),
        &Value::from(expected).to_string(),
    );
    let finish = candidate
        .finish
        .as_ref()
        .map_or("", |finish| match finish.reason {
            FinishReason::Stop | FinishReason::StopSequence => "stop",
            FinishReason::Length | FinishReason::ContextWindow => "length",
            FinishReason::ToolUse => "tool_calls",
            FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
            FinishReason::Error => "error",
            FinishReason::Pause | FinishReason::Other => "other",
        });
    compare("finish", finish, summary["finish"].as_str().unwrap_or_default());
    differ
}

#[test]
fn the_table_of_cases_names_every_dialect() {
    for &dialect in dialect::Dialect::ALL {
        assert!(
            CASES.iter().any(|case| case.dialect == dialect),
            "{}",
            dialect.as_str()
        );
    }
}
