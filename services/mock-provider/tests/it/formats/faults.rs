//! What the script makes go wrong, in every format's own form, and callers who leave.

use futures_util::StreamExt;
use sluicegate_mock_provider::{Behaviour, Fault, MockHandle, Outcome, When};
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::dialect::Dialect;
use sluicegate_protocols::failure::FailureClass;

use super::{WAYS, ask, frames, text};
use crate::client::{billed, start};

fn faulty(mock: &MockHandle, fault: Fault) {
    let behaviour = Behaviour {
        output_tokens: Some(10),
        ..Behaviour::with_fault(When::Always, fault)
    };
    mock.set_behaviour("m", behaviour);
}

#[tokio::test]
async fn cut_streams_do_not_look_complete() {
    let mock = start();
    for (number, way) in WAYS.iter().enumerate() {
        faulty(&mock, Fault::CutChunks(7));
        let cut = way.streamed(&mock, &ask("hello")).await;
        assert_eq!((cut.end, cut.broke), (StreamEnd::Cut, true), "{}", way.name);
        assert_eq!(frames(way.dialect.framing(), &cut.bytes).len(), 7, "{}", way.name);
        let words = text(&cut.response).split_whitespace().count();
        let entry = billed(&mock, 2 * number + 1).await.pop().unwrap();
        assert_eq!(
            (entry.outcome, entry.output_tokens),
            (Outcome::Cut, words as u64),
            "{}",
            way.name
        );

        faulty(&mock, Fault::CutBytes(700));
        let cut = way.streamed(&mock, &ask("hello")).await;
        assert_eq!((cut.bytes.len(), cut.end), (700, StreamEnd::Cut), "{}", way.name);
        billed(&mock, 2 * number + 2).await;
    }
}

#[tokio::test]
async fn malformed_frames_are_refused_by_decoders() {
    let mock = start();
    for way in WAYS {
        faulty(&mock, Fault::MalformedChunk(6));
        let broken = way.streamed(&mock, &ask("hello")).await;
        assert!(broken.faulty && !broken.broke, "{}", way.name);
        assert_ne!(broken.end, StreamEnd::Complete, "{}", way.name);
    }
}

#[tokio::test]
async fn errors_in_a_stream_have_the_formats_own_form() {
    let mock = start();
    for (number, way) in WAYS.iter().enumerate() {
        faulty(&mock, Fault::ErrorEvent(5));
        let failed = way.streamed(&mock, &ask("hello")).await;
        assert_eq!(
            (failed.end, failed.broke),
            (StreamEnd::Failed, false),
            "{}",
            way.name
        );
        let error = failed.response.error.unwrap();
        let expected = match way.dialect {
            Dialect::AnthropicMessages => FailureClass::Overloaded,
            Dialect::Gemini => FailureClass::Unavailable,
            Dialect::OpenAiChat
            | Dialect::OpenAiResponses
            | Dialect::BedrockConverse
            | Dialect::CohereChat => FailureClass::Upstream,
        };
        assert_eq!(error.class(200), expected, "{}: {error:?}", way.name);
        assert!(!error.message.is_empty(), "{}", way.name);
        let entry = billed(&mock, number + 1).await.pop().unwrap();
        assert_eq!(entry.outcome, Outcome::Failed, "{}", way.name);
    }
}

#[tokio::test]
async fn whole_answers_break_off_and_grow_huge() {
    let mock = start();
    for way in WAYS {
        faulty(&mock, Fault::CutBytes(40));
        let answer = way.send(&mock, &ask("hello"), false).await;
        assert_eq!(answer.status(), 200, "{}", way.name);
        assert!(answer.bytes().await.is_err(), "{}", way.name);
        faulty(&mock, Fault::HugeBody(1_000_000));
        let mut request = ask("hello");
        request.max_output_tokens = Some(1 << 20);
        let huge = way.whole(&mock, &request).await;
        assert!(text(&huge).len() >= 1_000_000, "{}", way.name);
    }
}

#[tokio::test]
async fn callers_who_leave_are_booked_as_gone() {
    let mock = start();
    for (number, way) in WAYS.iter().enumerate() {
        let dripping = ask("[[drip]] [[tag=gone]]");
        let mut body = way.send(&mock, &dripping, true).await.bytes_stream();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("drop 2, ") {
            seen.extend_from_slice(&body.next().await.unwrap().unwrap());
        }
        assert_eq!(mock.entries().len(), 2 * number, "{}: the call is open", way.name);
        drop(body);
        let entry = billed(&mock, 2 * number + 1).await.pop().unwrap();
        assert_eq!(entry.outcome, Outcome::ClientLeft, "{}", way.name);
        assert_eq!(entry.tag.as_deref(), Some("gone"), "{}", way.name);
        assert!((2..60).contains(&entry.output_tokens), "{}: {entry:?}", way.name);

        let after_chunks = Some(6);
        faulty(&mock, Fault::Stall { after_chunks });
        let mut body = way.send(&mock, &ask("hello"), true).await.bytes_stream();
        let mut seen = Vec::new();
        while frames(way.dialect.framing(), &seen).len() < 6 {
            seen.extend_from_slice(&body.next().await.unwrap().unwrap());
        }
        drop(body);
        let entry = billed(&mock, 2 * number + 2).await.pop().unwrap();
        assert_eq!(entry.outcome, Outcome::ClientLeft, "{}", way.name);
        mock.set_behaviour("m", Behaviour::default());
    }
}

#[tokio::test]
async fn streams_go_at_the_pace_of_the_script() {
    let mock = start();
    let slow = Behaviour {
        first_token_ms: 20,
        chunk_interval_ms: 10,
        output_tokens: Some(5),
        ..Behaviour::default()
    };
    mock.set_behaviour("m", slow);
    for way in WAYS {
        let started = std::time::Instant::now();
        let answer = way.streamed(&mock, &ask("hello")).await;
        assert_eq!(answer.end, StreamEnd::Complete, "{}", way.name);
        assert!(started.elapsed().as_millis() >= 60, "{}", way.name);
    }
}
