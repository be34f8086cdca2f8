//! Streams as they are written for callers.

use serde_json::{Value, json};

use crate::canonical::{
    Arguments, CallKind, Citation, Delta, Extra, Finish, FinishReason, Issuer, Opaque, OpaqueRole, Part,
    PartBody, Reasoning, StreamEvent, StreamStart, ToolCall,
};
use crate::failure::{Failure, FailureClass};
use crate::json::RawJson;
use crate::openai_responses::codec::{StreamEncoder, encode_stream::MAX_KEPT};
use crate::target::AnswerTarget;

fn encoder() -> StreamEncoder {
    StreamEncoder::new(&AnswerTarget {
        id: "resp_1",
        model: "m",
        created: 7,
        usage: false,
        meaning_only: false,
        for_any_client: false,
        openrouter: false,
    })
}

fn part(body: PartBody<'static>) -> Part<'static> {
    Part::new(body)
}

fn begin(part: Part<'static>) -> StreamEvent<'static> {
    StreamEvent::PartStart {
        candidate: 0,
        index: 0,
        part: Box::new(part),
    }
}

fn add(delta: Delta<'static>) -> StreamEvent<'static> {
    StreamEvent::Delta { candidate: 0, delta }
}

const END: StreamEvent<'static> = StreamEvent::PartEnd { candidate: 0 };

fn finish(reason: FinishReason) -> StreamEvent<'static> {
    StreamEvent::Finish {
        candidate: 0,
        finish: Finish {
            reason,
            native: None,
            sequence: None,
        },
    }
}

fn frames(text: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(text).unwrap();
    let data = |frame: &str| serde_json::from_str(frame.split_once("data: ").unwrap().1).unwrap();
    text.split_terminator("\n\n").map(data).collect()
}

/// Writes a stream with these events between its beginning and its end.
fn written(middle: &[StreamEvent<'_>], reason: FinishReason) -> (Vec<Value>, StreamEncoder) {
    let (mut encoder, mut out) = (encoder(), Vec::new());
    encoder.event(&StreamEvent::Start(StreamStart::default()), &mut out);
    for event in middle {
        encoder.event(event, &mut out);
    }
    encoder.event(&finish(reason), &mut out);
    encoder.event(&StreamEvent::Done, &mut out);
    (frames(&out), encoder)
}

fn types(frames: &[Value]) -> Vec<&str> {
    frames
        .iter()
        .map(|frame| frame["type"].as_str().unwrap())
        .collect()
}

#[test]
fn a_message_goes_through_all_its_events() {
    let cites = Citation {
        kind: "url_citation".into(),
        url: Some("u".into()),
        ..Citation::default()
    };
    let (frames, encoder) = written(
        &[
            begin(Part::text("")),
            add(Delta::Text("a".into())),
            add(Delta::Citation(cites)),
            END,
            begin(part(PartBody::Refusal("no".into()))),
            END,
        ],
        FinishReason::Length,
    );
    assert_eq!(
        types(&frames),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.annotation.added",
            "response.output_text.done",
            "response.content_part.done",
            "response.content_part.added",
            "response.refusal.delta",
            "response.refusal.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.incomplete",
        ]
    );
    let response = &frames[13]["response"];
    assert_eq!(
        response["incomplete_details"],
        json!({"reason": "max_output_tokens"})
    );
    let item = &response["output"][0];
    assert_eq!(
        (&item["status"], &item["content"][1]["refusal"]),
        (&"incomplete".into(), &"no".into())
    );
    assert_eq!(item["content"][0]["annotations"][0]["title"], "");
    assert_eq!(item["id"], frames[4]["item_id"]);
    assert!(item["id"].as_str().unwrap().starts_with("msg_"));
    assert!(encoder.losses().is_empty());
}

#[test]
fn calls_get_ids_and_input_that_is_json() {
    let call = |id: Option<&'static str>, kind| {
        begin(part(PartBody::from(ToolCall {
            id: id.map(Into::into),
            name: "f".into(),
            arguments: Arguments::default(),
            kind,
            extra: Extra::NONE,
        })))
    };
    let StreamEvent::PartStart { part: mut signed, .. } = call(None, CallKind::Function) else {
        panic!("a part begins")
    };
    signed.signature = Some("sig".into());
    signed.issuer = Some(Issuer::Google);
    let middle = [
        begin(*signed),
        END,
        call(Some("c"), CallKind::Custom),
        add(Delta::Arguments("x y".into())),
        END,
    ];
    let (frames, _) = written(&middle, FinishReason::ToolUse);
    let output = &frames.last().unwrap()["response"]["output"];
    assert_eq!(
        output[0]["encrypted_content"],
        "sluicegate.1.call.google-gemini-v1.sig"
    );
    assert_eq!(output[1]["arguments"], "{}");
    assert!(output[1]["call_id"].as_str().unwrap().starts_with("call_"));
    assert!(output[1]["id"].as_str().unwrap().starts_with("fc_"));
    assert_eq!(
        (&output[2]["type"], &output[2]["input"]),
        (&"custom_tool_call".into(), &"x y".into())
    );
    assert!(types(&frames).contains(&"response.custom_tool_call_input.done"));
    assert_eq!(
        frames,
        written(&middle, FinishReason::ToolUse).0,
        "minted ids are the same every time"
    );
}

#[test]
fn reasoning_goes_through_its_pieces_and_keeps_its_seal() {
    let mut thought = part(PartBody::from(Reasoning::default()));
    thought.issuer = Some(Issuer::Anthropic);
    let (frames, _) = written(
        &[
            begin(thought),
            add(Delta::Text("t".into())),
            add(Delta::Summary {
                piece: 0,
                text: "a".into(),
            }),
            add(Delta::Summary {
                piece: 1,
                text: "b".into(),
            }),
            add(Delta::Signature("sig".into())),
            END,
        ],
        FinishReason::Stop,
    );
    assert_eq!(
        types(&frames)[3..16],
        [
            "response.content_part.added",
            "response.reasoning_text.delta",
            "response.reasoning_text.done",
            "response.content_part.done",
            "response.reasoning_summary_part.added",
            "response.reasoning_summary_text.delta",
            "response.reasoning_summary_text.done",
            "response.reasoning_summary_part.done",
            "response.reasoning_summary_part.added",
            "response.reasoning_summary_text.delta",
            "response.reasoning_summary_text.done",
            "response.reasoning_summary_part.done",
            "response.output_item.done",
        ]
    );
    let item = &frames.last().unwrap()["response"]["output"][0];
    assert_eq!(item["summary"][1]["text"], "b");
    assert_eq!(
        item["encrypted_content"],
        "sluicegate.1.signature.anthropic-claude-v1.sig"
    );
}

#[test]
fn items_of_this_dialect_are_told_whole_and_those_of_others_are_lost() {
    let opaque = || {
        part(PartBody::from(Opaque {
            kind: "web_search_call".into(),
            role: OpaqueRole::ServerToolCall,
            value: RawJson::parse("{\"type\":\n\"web_search_call\"}").unwrap(),
        }))
    };
    let mut own = opaque();
    own.item = Some(Box::default());
    let (frames, encoder) = written(&[begin(own), END, begin(opaque()), END], FinishReason::Stop);
    let output = &frames.last().unwrap()["response"]["output"];
    assert_eq!(*output, json!([{"type": "web_search_call"}]));
    assert_eq!(encoder.losses().losses().len(), 1);
}

#[test]
fn a_failure_ends_a_stream_so_that_nobody_takes_it_for_whole() {
    let failure = Failure {
        class: FailureClass::RateLimited,
        message: "slow down",
        param: None,
        code: None,
        details: &[],
    };
    let (mut unbegun, mut out) = (encoder(), Vec::new());
    unbegun.fail(&failure, &mut out);
    unbegun.event(&StreamEvent::Done, &mut out);
    assert_eq!(
        frames(&out),
        [
            json!({"type": "error", "sequence_number": 0, "code": "rate_limit_exceeded", "message": "slow down",
            "param": null})
        ]
    );
    let (mut begun, mut out) = (encoder(), Vec::new());
    begun.event(&begin(Part::text("a")), &mut out);
    begun.fail(&failure, &mut out);
    begun.fail(&failure, &mut out);
    let frames = frames(&out);
    let last = &frames.last().unwrap();
    assert_eq!(
        (&last["type"], &last["response"]["status"]),
        (&"response.failed".into(), &"failed".into())
    );
    assert_eq!(
        last["response"]["error"],
        json!({"code": "rate_limit_exceeded", "message": "slow down"})
    );
    // An end without a reason is none.
    let (mut endless, mut out) = (encoder(), Vec::new());
    endless.event(&begin(Part::text("a")), &mut out);
    endless.event(&StreamEvent::Done, &mut out);
    assert!(String::from_utf8(out).unwrap().contains("event: response.failed"));
}

#[test]
fn what_is_kept_is_bounded() {
    let (mut encoder, mut out) = (encoder(), Vec::new());
    let piece = "x".repeat(1 << 20);
    encoder.event(&begin(Part::text("")), &mut out);
    let mut pieces = 0;
    while !String::from_utf8_lossy(&out).contains("response.failed") {
        out.clear();
        encoder.event(&add(Delta::Text(piece.as_str().to_owned().into())), &mut out);
        pieces += 1;
        assert!(pieces <= MAX_KEPT >> 20, "{pieces} MiB");
    }
    out.clear();
    encoder.event(&END, &mut out);
    encoder.event(&finish(FinishReason::Stop), &mut out);
    encoder.event(&StreamEvent::Done, &mut out);
    assert!(out.is_empty());
}
