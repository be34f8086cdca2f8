//! Streams of every dialect, in any bytes and any pieces: nothing panics, splits do not matter, done
//! is said only of what is complete, and what another dialect makes of it tells the same end.

use sluicegate_protocols::canonical::{
    CollectFault, Collector, Response, StreamEnd, StreamEvent, StreamFault,
};
use sluicegate_protocols::dialect::{Framing, StreamDecoder, StreamEncoder};
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::target::AnswerTarget;
use sluicegate_protocols::{Dialect, event_stream, sse};

use super::framing::pieces;

/// What a decoder made of a stream.
struct Run {
    response: Response<'static>,
    end: StreamEnd,
    done: bool,
}

/// How the bytes of a stream are framed.
enum Reader {
    Sse(sse::Parser),
    EventStream(event_stream::Parser),
}

/// Takes a frame: its event name and its data.
type Each<'e> = dyn FnMut(Option<&[u8]>, &[u8]) -> Result<(), StreamFault> + 'e;

impl Reader {
    fn new(framing: Framing) -> Self {
        match framing {
            Framing::Sse => Self::Sse(sse::Parser::new(usize::MAX)),
            Framing::EventStream => Self::EventStream(event_stream::Parser::new(usize::MAX)),
        }
    }

    /// Takes a piece, or the end.
    fn read(&mut self, piece: Option<&[u8]>, each: &mut Each<'_>) -> Result<(), StreamFault> {
        match self {
            Self::Sse(parser) => {
                let frame = |frame: sse::Frame<'_>| match frame.data {
                    Some(data) => each(frame.event, data),
                    None => Ok(()),
                };
                match piece {
                    Some(piece) => parser.feed(piece, frame),
                    None => parser.finish(frame),
                }
            }
            Self::EventStream(parser) => match piece {
                Some(piece) => parser.feed(piece, |frame| each(frame.event, frame.data)),
                None => parser.finish().map_err(StreamFault::from),
            },
        }
    }
}

/// Runs a stream through a parser, a decoder, the collector and the encoder, if there is one. A fault
/// counts as a cut, as it does in the data plane.
fn run<'a>(
    dialect: Dialect,
    framing: Framing,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    mut encoder: Option<(&mut StreamEncoder, &mut Vec<u8>)>,
) -> Run {
    let mut reader = Reader::new(framing);
    let mut decoder = StreamDecoder::new(dialect);
    let mut collector = Collector::new(dialect, usize::MAX);
    let mut done = false;
    let mut sink = |event: StreamEvent<'_>| {
        assert!(!done, "{}: nothing follows the end", dialect.as_str());
        done = event == StreamEvent::Done;
        if let Some((encoder, out)) = &mut encoder {
            encoder.event(&event, out);
        }
        let taken: Result<(), CollectFault> = collector.event(event);
        taken.expect("decoders keep the order of events");
    };
    let mut each = |event: Option<&[u8]>, data: &[u8]| decoder.frame(event, data, &mut sink);
    let mut parts = pieces.into_iter().map(Some).chain([None]);
    let faulty = parts.any(|piece| reader.read(piece, &mut each).is_err());
    let end = if faulty {
        StreamEnd::Cut
    } else {
        decoder.end(&mut sink)
    };
    Run {
        response: collector.finish(),
        end,
        done,
    }
}

/// Reads bytes as a stream of each dialect and writes it in each. What is made up comes framed as
/// server-sent events, also to dialects with checksums, which it would never get past.
pub fn stream(bytes: &[u8]) {
    for &dialect in Dialect::ALL {
        let whole = run(dialect, Framing::Sse, [bytes], None);
        assert_eq!(
            whole.done,
            whole.end == StreamEnd::Complete,
            "{}",
            dialect.as_str()
        );
        let split = run(dialect, Framing::Sse, pieces(bytes), None);
        assert_eq!(split.end, whole.end, "{}: in pieces", dialect.as_str());
        assert_eq!(split.response, whole.response, "{}: in pieces", dialect.as_str());
        // Dialects with one answer write the first, and there may be another alone.
        let complete = whole.end == StreamEnd::Complete;
        if complete && whole.response.candidates.iter().all(|answer| answer.index != 0) {
            continue;
        }
        // Most made-up bytes say nothing in most dialects: one writer is enough for that.
        let silent = whole.response.candidates.is_empty();
        let writers = if silent { 1 } else { Dialect::ALL.len() };
        for &other in Dialect::ALL
            .iter()
            .cycle()
            .skip(bytes.len() % Dialect::ALL.len())
            .take(writers)
        {
            rewritten(dialect, other, bytes, whole.end);
        }
    }
}

/// The stream in the words of another dialect ends as it did, and a broken one never as complete.
fn rewritten(from: Dialect, to: Dialect, bytes: &[u8], end: StreamEnd) {
    let pair = || format!("{} to {}", from.as_str(), to.as_str());
    let target = AnswerTarget {
        id: "x",
        model: "m",
        created: 1,
        usage: true,
        meaning_only: false,
        for_any_client: true,
        openrouter: false,
    };
    let mut encoder = StreamEncoder::new(to, &target);
    let mut written = Vec::new();
    run(
        from,
        Framing::Sse,
        pieces(bytes),
        Some((&mut encoder, &mut written)),
    );
    if end != StreamEnd::Complete {
        let failure = Failure {
            class: FailureClass::Upstream,
            message: "the stream broke",
            param: None,
            code: None,
            details: &[],
        };
        encoder.fail(&failure, &mut written);
    }
    let again = run(to, to.framing(), [written.as_slice()], None);
    let expected = end == StreamEnd::Complete;
    assert_eq!(
        again.end == StreamEnd::Complete,
        expected,
        "{}: {:?}",
        pair(),
        again.end
    );
}
