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

const ENDPOINTS: &[(Dialect, &str)] = &[
    (Dialect::OpenAiChat, "chat.completions"),
    (Dialect::OpenAiResponses, "responses"),
];

/// What the last frames of streams say.
const LAST_WORDS: &[&str] = &["finish_reason", "response.completed", "response.incomplete"];

#[test]
fn splits_do_not_matter() {
    for &(dialect, endpoint) in ENDPOINTS {
        for recording in recordings(endpoint) {
            let Some(text) = recording.stream() else { continue };
            let whole = meaning::run(dialect, [text.as_bytes()], None);
            let single = meaning::run(dialect, text.as_bytes().chunks(1), None);
            assert_eq!(
                (single.end, &single.response),
                (whole.end, &whole.response),
                "{}",
                recording.id
            );
            let stride = 1 + text.len() / 20;
            for at in (0..text.len()).step_by(stride) {
                let (a, b) = text.as_bytes().split_at(at);
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
            let Some(text) = recording.stream() else { continue };
            // The first byte after which the stream counts as complete lies in its last frames.
            let mut complete_at = text.len();
            let stride = 1 + text.len() / 50;
            for at in (0..text.len()).step_by(stride) {
                let run = meaning::run(dialect, [&text.as_bytes()[..at]], None);
                if run.end == StreamEnd::Complete {
                    complete_at = complete_at.min(at);
                } else {
                    assert!(!run.done, "{}: cut at {at}", recording.id);
                }
            }
            let said = &text[..complete_at];
            assert!(
                complete_at == text.len() || LAST_WORDS.iter().any(|word| said.contains(word)),
                "{}: complete at {complete_at}",
                recording.id
            );
        }
    }
}

/// A stream of a made-up answer as frames.
fn frames(dialect: Dialect) -> impl Strategy<Value = Vec<String>> {
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
        let text = String::from_utf8(written).unwrap();
        text.split_inclusive("\n\n").map(str::to_owned).collect()
    })
}

proptest! {
    #[test]
    fn lost_repeated_and_swapped_frames_do_no_harm(
        (dialect, frames) in proptest::sample::select(Dialect::ALL).prop_flat_map(|d| (Just(d), frames(d))),
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 0..30),
    ) {
        let text: String = picks.iter().map(|pick| pick.get(&frames).as_str()).collect();
        let target = AnswerTarget { usage: true, ..AnswerTarget::default() };
        let run = meaning::run(dialect, [text.as_bytes()], Some(StreamEncoder::new(dialect, &target)));
        prop_assert_eq!(run.done, run.end == StreamEnd::Complete);
    }

    #[test]
    fn a_stream_that_lacks_its_end_is_a_cut(
        (dialect, frames) in proptest::sample::select(Dialect::ALL).prop_flat_map(|d| (Just(d), frames(d))),
        keep in any::<proptest::sample::Index>(),
    ) {
        // Everything up to the frame that holds the finish reason.
        let finish = frames.iter().position(|f| f.contains("\"finish_reason\":\"") || f.contains("\"stop_reason\":\""));
        let last = finish.unwrap_or(frames.len() - 1).max(1);
        let text: String = frames[..keep.index(last) + 1].concat();
        let text = if keep.index(last) + 1 > last { text } else { frames[..keep.index(last)].concat() };
        let run = meaning::run(dialect, [text.as_bytes()], None);
        prop_assert_eq!(run.end, StreamEnd::Cut);
        prop_assert!(!run.done);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for &dialect in Dialect::ALL {
            let run = meaning::run(dialect, [b"data: ".as_slice(), &bytes, b"\n\n"], None);
            prop_assert!(run.end != StreamEnd::Complete || run.done);
        }
    }
}
