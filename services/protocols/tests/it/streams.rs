//! Broken streams of every dialect: split anywhere, cut, with frames lost, repeated or out of
//! order. Nothing panics, splits do not matter, and a cut never passes for success.

use proptest::prelude::*;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::dialect::StreamEncoder;
use sluicegate_protocols::target::AnswerTarget;

use crate::corpus::recordings;
use crate::roundtrip::events;
use crate::{made_up, meaning};

pub(crate) const ENDPOINTS: &[(Dialect, &str)] = &[
    (Dialect::OpenAiChat, "chat.completions"),
    (Dialect::OpenAiResponses, "responses"),
    (Dialect::AnthropicMessages, "messages"),
    (Dialect::Gemini, "streamGenerateContent"),
    (Dialect::BedrockConverse, "converse-stream"),
    (Dialect::CohereChat, "cohere.chat.v2"),
];

/// What members that tell why an answer ended are called.
const LAST_WORDS: [&str; 4] = ["finish_reason", "stop_reason", "finishReason", "stopReason"];

/// What the last events of streams without such a member are called.
const LAST_EVENTS: [&str; 2] = ["event: response.completed", "event: response.incomplete"];

/// Whether it is told there why the answer ended; chunks before the last may say null.
fn tells_finish(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let told = |word: &&str| {
        let member = format!("\"{word}\":");
        text.split(&member)
            .skip(1)
            .any(|value| value.trim_start().starts_with('"'))
    };
    LAST_WORDS.iter().any(told) || LAST_EVENTS.iter().any(|event| text.contains(event))
}

#[test]
fn splits_do_not_matter() {
    for &(dialect, endpoint) in ENDPOINTS {
        for recording in recordings(endpoint) {
            let Some(bytes) = recording.received() else {
                continue;
            };
            let whole = meaning::run(dialect, [bytes.as_slice()], None);
            let single = meaning::run(dialect, bytes.chunks(1), None);
            assert_eq!(
                (single.end, &single.response),
                (whole.end, &whole.response),
                "{}",
                recording.id
            );
            let stride = 1 + bytes.len() / 20;
            for at in (0..bytes.len()).step_by(stride) {
                let (a, b) = bytes.split_at(at);
                let split = meaning::run(dialect, [a, b], None);
                assert_eq!(
                    (split.end, &split.response),
                    (whole.end, &whole.response),
                    "{} at {at}",
                    recording.id
                );
            }
        }
    }
}

#[test]
fn a_cut_before_the_last_word_is_a_cut() {
    for &(dialect, endpoint) in ENDPOINTS {
        for recording in recordings(endpoint) {
            let Some(bytes) = recording.received() else {
                continue;
            };
            // The first byte after which the stream counts as complete lies in its last frames.
            let mut complete_at = bytes.len();
            let stride = 1 + bytes.len() / 50;
            for at in (0..bytes.len()).step_by(stride) {
                let run = meaning::run(dialect, [&bytes[..at]], None);
                if run.end == StreamEnd::Complete {
                    complete_at = complete_at.min(at);
                } else {
                    assert!(!run.done, "{}: cut at {at}", recording.id);
                }
            }
            assert!(
                complete_at == bytes.len() || tells_finish(&bytes[..complete_at]),
                "{}: complete at {complete_at}",
                recording.id
            );
        }
    }
}

/// A stream of a made-up answer as frames.
fn frames(dialect: Dialect) -> impl Strategy<Value = Vec<Vec<u8>>> {
    made_up::response(dialect).prop_map(move |response| {
        let target = AnswerTarget {
            usage: true,
            ..AnswerTarget::default()
        };
        let mut encoder = StreamEncoder::new(dialect, &target);
        let mut written = Vec::new();
        for event in events(&response) {
            encoder.event(&event, &mut written);
        }
        meaning::split(dialect, &written)
    })
}

proptest! {
    #[test]
    fn lost_repeated_and_swapped_frames_do_no_harm(
        (dialect, frames) in proptest::sample::select(Dialect::ALL).prop_flat_map(|d| (Just(d), frames(d))),
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 0..30),
    ) {
        let bytes: Vec<u8> = picks.iter().flat_map(|pick| pick.get(&frames).clone()).collect();
        let target = AnswerTarget { usage: true, ..AnswerTarget::default() };
        let run = meaning::run(dialect, [bytes.as_slice()], Some(StreamEncoder::new(dialect, &target)));
        prop_assert_eq!(run.done, run.end == StreamEnd::Complete);
    }

    #[test]
    fn a_stream_that_lacks_its_end_is_a_cut(
        (dialect, frames) in proptest::sample::select(Dialect::ALL).prop_flat_map(|d| (Just(d), frames(d))),
        keep in any::<proptest::sample::Index>(),
    ) {
        // Everything up to the frame that holds the finish reason.
        let finish = frames.iter().position(|frame| tells_finish(frame));
        let last = finish.unwrap_or(frames.len() - 1).max(1);
        let bytes = frames[..keep.index(last) + 1].concat();
        let bytes = if keep.index(last) + 1 > last { bytes } else { frames[..keep.index(last)].concat() };
        let run = meaning::run(dialect, [bytes.as_slice()], None);
        prop_assert_eq!(run.end, StreamEnd::Cut);
        prop_assert!(!run.done);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for &dialect in Dialect::ALL {
            let frame = meaning::frame(dialect, &bytes);
            let run = meaning::run(dialect, [frame.as_slice()], None);
            prop_assert!(run.end != StreamEnd::Complete || run.done);
        }
    }
}
