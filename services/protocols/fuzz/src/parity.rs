//! The same-dialect path: what is not changed on purpose comes out byte for byte.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::embeddings::EmbeddingsRequestView;
use sluicegate_protocols::openai_chat::ChatRequestView;
use sluicegate_protocols::openai_chat::response;
use sluicegate_protocols::openai_chat::stream::{ChatStream, StreamEnd, StreamFacts};
use sluicegate_protocols::{TokenCounts, passthrough as rewrite};

use super::documents::DEPTH;
use super::framing::pieces;

const MODEL: &str = "another/\"model\"";

/// A chat body as a request, as an answer and as a stream.
pub fn passthrough(bytes: &[u8]) {
    request(bytes);
    let _ = response::read(bytes);
    let whole = run([bytes]);
    let split = run(pieces(bytes));
    assert_eq!((split.end, &split.facts), (whole.end, &whole.facts));
    if split.faulty == whole.faulty && !whole.faulty {
        assert_eq!(split.shown, whole.shown);
    }
    assert!(whole.end != StreamEnd::Complete || whole.facts.error.is_none());
}

fn request(bytes: &[u8]) {
    let Ok(view) = ChatRequestView::parse(bytes, DEPTH) else {
        return;
    };
    let rewritten = rewrite::chat(&Bytes::copy_from_slice(bytes), &view, MODEL);
    let again = ChatRequestView::parse(&rewritten.body, DEPTH).expect("what was rewritten is read");
    assert_eq!(again.model.decode(), MODEL);
    assert!(again.extension.is_none());
    assert_eq!(again.is_stream(), view.is_stream());
    assert!(!again.is_stream() || again.caller_wants_usage());
    assert_eq!(
        (again.messages, again.tools, again.n),
        (view.messages, view.tools, view.n)
    );
    let Ok(mut expected) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    expected["model"] = MODEL.into();
    expected
        .as_object_mut()
        .expect("a request is an object")
        .remove("sluicegate");
    if view.is_stream() {
        expected["stream_options"]["include_usage"] = true.into();
    }
    let after: Value = serde_json::from_slice(&rewritten.body).expect("JSON is written");
    assert_eq!(after, expected);
}

struct Run {
    shown: Vec<u8>,
    end: StreamEnd,
    facts: StreamFacts,
    faulty: bool,
}

fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Run {
    let mut stream = ChatStream::new(usize::MAX, false);
    let mut out = Vec::new();
    let faulty = pieces
        .into_iter()
        .any(|piece| stream.feed(&Bytes::copy_from_slice(piece), &mut out).is_err());
    let end = if faulty {
        StreamEnd::Cut
    } else {
        stream.finish(&mut out)
    };
    let facts = stream.facts().clone();
    out.push(stream.tail(&TokenCounts::default(), Some("0.5")));
    Run {
        shown: out.concat(),
        end,
        facts,
        faulty,
    }
}

/// An embeddings body as a request.
pub fn embeddings(bytes: &[u8]) {
    let Ok(view) = EmbeddingsRequestView::parse(bytes, DEPTH) else {
        return;
    };
    let rewritten = rewrite::embeddings(&Bytes::copy_from_slice(bytes), &view, MODEL);
    let again = EmbeddingsRequestView::parse(&rewritten, DEPTH).expect("what was rewritten is read");
    assert_eq!(again.model.decode(), MODEL);
    assert_eq!(again.input, view.input);
    assert!(again.extension.is_none());
    let Ok(mut expected) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    expected["model"] = MODEL.into();
    expected
        .as_object_mut()
        .expect("a request is an object")
        .remove("sluicegate");
    assert_eq!(
        serde_json::from_slice::<Value>(&rewritten).expect("JSON is written"),
        expected
    );
}
