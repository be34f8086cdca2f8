//! Streams written: what events of any dialect become.

use std::borrow::Cow;

use super::tree;
use crate::TokenCounts;
use crate::anthropic_messages::codec::StreamEncoder;
use crate::canonical::{
    Arguments, CallKind, Citation, Delta, Extra, Finish, FinishReason, Issuer, Opaque, OpaqueRole, Part,
    PartBody, Reasoning, StreamEvent, StreamStart, ToolCall, Usage,
};
use crate::failure::{Failure, FailureClass};
use crate::json::RawJson;
use crate::lossy::Feature;
use crate::target::AnswerTarget;

const TARGET: AnswerTarget<'static> = AnswerTarget {
    id: "i",
    model: "m",
    created: 0,
    usage: true,
    meaning_only: false,
    for_any_client: false,
    openrouter: false,
};

fn start() -> StreamEvent<'static> {
    StreamEvent::Start(StreamStart::default())
}

fn part(part: Part<'static>) -> StreamEvent<'static> {
    StreamEvent::PartStart {
        candidate: 0,
        index: 0,
        part: Box::new(part),
    }
}

fn delta(delta: Delta<'static>) -> StreamEvent<'static> {
    StreamEvent::Delta { candidate: 0, delta }
}

fn text(text: &'static str) -> StreamEvent<'static> {
    delta(Delta::Text(Cow::Borrowed(text)))
}

const PART_END: StreamEvent<'static> = StreamEvent::PartEnd { candidate: 0 };

fn finish(reason: FinishReason) -> StreamEvent<'static> {
    StreamEvent::Finish {
        candidate: 0,
        finish: Finish {
            reason,
            native: Some("native".into()),
            sequence: None,
        },
    }
}

fn usage(input: u64, cached_input: u64) -> StreamEvent<'static> {
    StreamEvent::Usage(Usage {
        counts: TokenCounts {
            input,
            cached_input,
            output: 3,
            ..TokenCounts::default()
        },
        native: None,
    })
}

fn call(id: Option<&'static str>, kind: CallKind) -> Part<'static> {
    Part::new(PartBody::from(ToolCall {
        id: id.map(Into::into),
        name: "f".into(),
        arguments: Arguments::default(),
        kind,
        extra: Extra::NONE,
    }))
}

fn thought(issuer: Option<Issuer<'static>>) -> Part<'static> {
    let mut part = Part::new(PartBody::from(Reasoning::default()));
    part.issuer = issuer;
    part
}

/// What is written, as the data of each event; names must agree with types.
fn written(events: &[StreamEvent<'_>]) -> (Vec<serde_json::Value>, Vec<Feature>) {
    let mut encoder = StreamEncoder::new(&TARGET);
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    let frames = String::from_utf8(out).unwrap();
    let data = frames.split_terminator("\n\n").map(|frame| {
        let (name, data) = frame.split_once("\ndata: ").unwrap();
        let data = tree(data.as_bytes());
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    });
    let lost = encoder.losses().losses().iter().map(|l| l.feature).collect();
    (data.collect(), lost)
}

/// The same in short: blocks with their numbers, pieces, and the end.
fn told(events: &[StreamEvent<'_>]) -> Vec<String> {
    let short = |data: &serde_json::Value| match data["type"].as_str().unwrap() {
        "content_block_start" => {
            let block = &data["content_block"];
            format!("{} {}", data["index"], block["type"].as_str().unwrap())
        }
        "content_block_delta" => {
            let delta = data["delta"].as_object().unwrap();
            let (_, said) = delta.iter().find(|(name, _)| *name != "type").unwrap();
            format!("{} +{}", data["index"], said.as_str().unwrap_or("{}"))
        }
        "content_block_stop" => format!("{} end", data["index"]),
        "message_delta" => data["delta"]["stop_reason"].as_str().unwrap().to_owned(),
        other => other.to_owned(),
    };
    written(events).0.iter().map(short).collect()
}

#[test]
fn blocks_are_numbered_without_gaps_and_none_is_empty() {
    let events = [
        start(),
        part(Part::text("")),
        PART_END,
        part(thought(None)),
        text("hm"),
        PART_END,
        part(Part::text("a")),
        text("b"),
        PART_END,
        part(call(Some("t"), CallKind::Function)),
        PART_END,
        finish(FinishReason::Stop),
        StreamEvent::Done,
    ];
    assert_eq!(
        told(&events),
        [
            "message_start",
            "0 thinking",
            "0 +hm",
            "0 end",
            "1 text",
            "1 +a",
            "1 +b",
            "1 end",
            "2 tool_use",
            "2 +{}",
            "2 end",
            "tool_use",
            "message_stop"
        ]
    );
}

#[test]
fn usage_is_told_at_the_end_and_at_the_start_as_far_as_known() {
    let late = [
        start(),
        part(Part::text("a")),
        PART_END,
        usage(10, 4),
        finish(FinishReason::Stop),
        StreamEvent::Done,
    ];
    let (data, _) = written(&late);
    let message = &data[0]["message"];
    assert_eq!((&message["id"], &message["model"]), (&"i".into(), &"m".into()));
    assert_eq!(message["usage"]["input_tokens"], 0);
    assert!(message["stop_reason"].is_null());
    let end = &data[data.len() - 2]["usage"];
    assert_eq!(
        (
            &end["input_tokens"],
            &end["cache_read_input_tokens"],
            &end["output_tokens"]
        ),
        (&6.into(), &4.into(), &3.into())
    );
    let early = [
        start(),
        usage(10, 0),
        finish(FinishReason::Length),
        StreamEvent::Done,
    ];
    let (data, _) = written(&early);
    assert_eq!(data[0]["message"]["usage"]["input_tokens"], 10);
    assert_eq!(data[1]["delta"]["stop_reason"], "max_tokens");
}

#[test]
fn seals_of_other_providers_travel_in_the_signature() {
    let reasoning = |issuer, deltas: &[Delta<'static>]| {
        let mut events = vec![start(), part(thought(issuer))];
        events.extend(deltas.iter().cloned().map(delta));
        events.push(PART_END);
        told(&events)[1..].to_vec()
    };
    let signature = |text: &'static str| Delta::Signature(text.into());
    let summary = |piece, text: &'static str| Delta::Summary {
        piece,
        text: text.into(),
    };
    assert_eq!(
        reasoning(Some(Issuer::Anthropic), &[signature("a"), signature("b")]),
        ["0 thinking", "0 +a", "0 +b", "0 end"]
    );
    assert_eq!(
        reasoning(Some(Issuer::Google), &[Delta::Text("t".into()), signature("s")]),
        ["0 thinking", "0 +t", "0 +google-gemini-v1#s", "0 end"]
    );
    let sealed = Delta::Encrypted("x".into());
    assert_eq!(
        reasoning(
            Some(Issuer::OpenAi),
            &[summary(0, "a"), summary(1, "b"), sealed.clone()]
        ),
        [
            "0 thinking",
            "0 +a",
            "0 +\n\nb",
            "0 +openai-responses-v1#x",
            "0 end"
        ]
    );
    let bare = [
        start(),
        part(thought(Some(Issuer::OpenAi))),
        delta(sealed),
        PART_END,
    ];
    let (data, _) = written(&bare);
    assert_eq!(data[1]["content_block"]["data"], "openai-responses-v1#x");
    assert_eq!(data.len(), 3);
}

#[test]
fn calls_have_ids_and_free_text_becomes_an_object() {
    let events = [
        start(),
        part(call(None, CallKind::Custom)),
        delta(Delta::Arguments("say \"".into())),
        delta(Delta::Arguments("hi\"".into())),
        PART_END,
        part(call(None, CallKind::Custom)),
        PART_END,
    ];
    let (data, _) = written(&events);
    let ids = [&data[1], &data[6]].map(|d| d["content_block"]["id"].as_str().unwrap().to_owned());
    assert!(ids[0].starts_with("call_") && ids[0] != ids[1]);
    let input = |range: std::ops::Range<usize>| {
        let pieces = data[range]
            .iter()
            .map(|d| d["delta"]["partial_json"].as_str().unwrap());
        tree(pieces.collect::<String>().as_bytes())["input"].clone()
    };
    assert_eq!((input(2..5), input(7..8)), ("say \"hi\"".into(), "".into()));
}

#[test]
fn what_cannot_be_streamed_is_reported() {
    let opaque = |kind: &'static str| {
        part(Part::new(PartBody::from(Opaque {
            kind: kind.into(),
            role: OpaqueRole::Unknown,
            value: RawJson::parse("{\n\"type\":\"x\"}").unwrap(),
        })))
    };
    let cited = |url: Option<&'static str>| {
        delta(Delta::Citation(Citation {
            kind: "url_citation".into(),
            url: url.map(Into::into),
            ..Citation::default()
        }))
    };
    let mut signed = Part::text("a");
    signed.signature = Some("s".into());
    let events = [
        start(),
        opaque("web_search_call"),
        PART_END,
        opaque("web_search_tool_result"),
        PART_END,
        part(signed),
        cited(Some("u")),
        cited(None),
        PART_END,
        StreamEvent::PartStart {
            candidate: 1,
            index: 0,
            part: Box::new(Part::text("other")),
        },
        StreamEvent::Logprobs {
            candidate: 0,
            tokens: Vec::new(),
        },
        StreamEvent::Extra {
            candidate: None,
            name: "x".into(),
            value: RawJson::empty_object(),
        },
        finish(FinishReason::Error),
        StreamEvent::Done,
    ];
    assert_eq!(
        told(&events),
        [
            "message_start",
            "0 web_search_tool_result",
            "0 end",
            "1 text",
            "1 +a",
            "1 +{}",
            "1 end",
            "end_turn",
            "message_stop"
        ]
        .map(|line| line.replace("0 web_search_tool_result", "0 x"))
    );
    let expected = [
        Feature::UnknownPart,
        Feature::ReasoningSignature,
        Feature::Citation,
        Feature::Candidates,
        Feature::Logprobs,
        Feature::UnknownField,
        Feature::FinishReason,
    ];
    assert_eq!(written(&events).1, expected);
}

#[test]
fn a_stream_ends_once_and_never_in_silence() {
    let failure = Failure {
        class: FailureClass::Overloaded,
        message: "busy",
        param: None,
        code: None,
        details: &[],
    };
    let mut encoder = StreamEncoder::new(&TARGET);
    let mut out = Vec::new();
    encoder.event(&start(), &mut out);
    encoder.fail(&failure, &mut out);
    let expected = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";
    assert_eq!(String::from_utf8(out.clone()).unwrap(), expected);
    encoder.fail(&failure, &mut out);
    encoder.event(&StreamEvent::Done, &mut out);
    assert_eq!(out.len(), expected.len());
    // Without a reason to end there is no end.
    let (data, _) = written(&[start(), part(Part::text("a")), PART_END, StreamEvent::Done]);
    assert_eq!(data.last().unwrap()["type"], "error");
}
