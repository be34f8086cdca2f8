//! Properties of every dialect: what is encoded decodes to what it was, losing nothing, and a whole
//! answer told as a stream folds to itself.

use proptest::prelude::*;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::{
    Collector, Delta, PartBody, Response, StreamEnd, StreamEvent, StreamStart,
};
use sluicegate_protocols::dialect::{
    StreamEncoder, decode_request, decode_response, encode_request, encode_response,
};
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};

use crate::{made_up, meaning};

fn dialect() -> impl Strategy<Value = Dialect> {
    proptest::sample::select(Dialect::ALL)
}

/// The events of a stream that tells `response` with each text in two pieces.
pub(crate) fn events<'r>(response: &'r Response<'r>) -> Vec<StreamEvent<'r>> {
    let mut events = vec![StreamEvent::Start(StreamStart {
        id: response.id.clone(),
        model: response.model.clone(),
        created: response.created,
        service_tier: None,
    })];
    for candidate in &response.candidates {
        for (index, part) in (0u32..).zip(&candidate.message.parts) {
            let mut opening = part.clone();
            let is_call = opening.body.as_tool_call().is_some();
            let mut text = String::new();
            if let PartBody::Text(body) = &mut opening.body {
                text = std::mem::take(&mut body.text).into_owned();
            }
            if let PartBody::ToolCall(call) = &mut opening.body {
                text = std::mem::take(&mut call.arguments).as_text().to_owned();
            }
            events.push(StreamEvent::PartStart {
                candidate: candidate.index,
                index,
                part: Box::new(opening),
            });
            let middle = text.floor_char_boundary(text.len() / 2);
            for piece in [text[..middle].to_owned(), text[middle..].to_owned()] {
                let delta = if is_call {
                    Delta::Arguments(piece.into())
                } else {
                    Delta::Text(piece.into())
                };
                events.push(StreamEvent::Delta {
                    candidate: candidate.index,
                    delta,
                });
            }
            events.push(StreamEvent::PartEnd {
                candidate: candidate.index,
            });
        }
    }
    events.extend(response.usage.clone().map(StreamEvent::Usage));
    for candidate in &response.candidates {
        let finish = candidate.finish.clone();
        events.extend(finish.map(|finish| StreamEvent::Finish {
            candidate: candidate.index,
            finish,
        }));
    }
    events.push(StreamEvent::Done);
    events
}

proptest! {
    #[test]
    fn requests_decode_to_what_was_encoded(
        (dialect, request) in dialect().prop_flat_map(|d| (Just(d), made_up::request(d))),
    ) {
        let encoded = encode_request(dialect, &request, &RequestTarget::default());
        prop_assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
        let mut decoded = decode_request(dialect, &encoded.body, 64).unwrap();
        let mut meant = request.clone();
        meaning::request(&mut decoded);
        meaning::request(&mut meant);
        prop_assert_eq!(&decoded, &meant);
        let bare = RequestTarget { meaning_only: true, ..RequestTarget::default() };
        let again = encode_request(dialect, &decoded, &bare);
        prop_assert!(again.losses.is_empty(), "{:?}", again.losses);
    }

    #[test]
    fn answers_decode_to_what_was_encoded(
        (dialect, response) in dialect().prop_flat_map(|d| (Just(d), made_up::response(d))),
    ) {
        let encoded = encode_response(dialect, &response, &AnswerTarget::default());
        let mut decoded = decode_response(dialect, &encoded.body).unwrap();
        let mut response = response;
        meaning::response(&mut decoded);
        meaning::response(&mut response);
        prop_assert_eq!(&decoded, &response);
    }

    #[test]
    fn answers_told_as_streams_fold_to_themselves(
        (dialect, response) in dialect().prop_flat_map(|d| (Just(d), made_up::response(d))),
    ) {
        let target = AnswerTarget { id: "x", model: "m", created: 1, usage: true, meaning_only: false, for_any_client: false, openrouter: false };
        let mut encoder = StreamEncoder::new(dialect, &target);
        let mut collector = Collector::new(dialect, 1 << 20);
        let mut written = Vec::new();
        for event in events(&response) {
            encoder.event(&event, &mut written);
            collector.event(event).unwrap();
        }
        prop_assert!(encoder.losses().is_empty(), "{:?}", encoder.losses());
        prop_assert_eq!(collector.finish(), response.clone());
        let mut run = meaning::run(dialect, [written.as_slice()], None);
        prop_assert_eq!(run.end, StreamEnd::Complete);
        let mut response = response;
        meaning::response(&mut run.response);
        meaning::response(&mut response);
        prop_assert_eq!(run.response, response);
    }
}
