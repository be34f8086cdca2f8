//! Recorded streams of every dialect on their way through the relay: passed on they come out byte
//! for byte, translated they come out whole in the caller's dialect, and cut they never look
//! complete.

use bytes::Bytes;
use sluicegate_protocols::canonical::{StreamEnd, StreamEvent};
use sluicegate_protocols::dialect::{Framing, StreamDecoder};
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::relay::{AnswerForm, StreamRelay, StreamTranslator, StreamWatch};
use sluicegate_protocols::sse::{FrameTooLarge, Parser};
use sluicegate_protocols::target::AnswerTarget;
use sluicegate_protocols::{Dialect, TokenCounts};

use crate::corpus::recordings;
use crate::streams::ENDPOINTS;

const LIMIT: usize = 1 << 22;

/// Callers read events; what else frames a stream is between providers and us.
fn is_spoken_by_callers(dialect: &Dialect) -> bool {
    dialect.framing() == Framing::Sse
}

fn watch(dialect: Dialect) -> StreamRelay {
    StreamRelay::Watch(Box::new(StreamWatch::new(dialect, LIMIT)))
}

fn translate(from: Dialect, to: Dialect) -> StreamRelay {
    let target = AnswerTarget {
        id: "x1",
        model: "m",
        usage: true,
        ..AnswerTarget::default()
    };
    StreamRelay::Translate(Box::new(StreamTranslator::new(
        from,
        AnswerForm::Dialect(to),
        &target,
        LIMIT,
    )))
}

/// What the caller gets of a stream that comes in these pieces, as the data plane ends it: a fault is a
/// cut.
fn relayed<'a>(mut relay: StreamRelay, pieces: impl IntoIterator<Item = &'a [u8]>) -> (StreamEnd, Vec<u8>) {
    let mut out = Vec::new();
    let mut read = |piece| relay.feed(&Bytes::copy_from_slice(piece), &mut out);
    let faulty = pieces.into_iter().any(|piece| read(piece).is_err());
    let end = if faulty {
        StreamEnd::Cut
    } else {
        relay.finish(&mut out)
    };
    match end {
        StreamEnd::Complete => out.push(relay.tail(&TokenCounts::default(), None)),
        StreamEnd::Failed => out.extend(relay.release(None)),
        StreamEnd::Cut => {
            out.extend(relay.release(None));
            out.push(relay.fail(&Failure {
                class: FailureClass::Upstream,
                message: "The answer broke off.",
                param: None,
                code: None,
                details: &[],
            }));
        }
    }
    (end, out.concat())
}

/// How a client of that dialect would read it.
fn read(dialect: Dialect, stream: &[u8]) -> StreamEnd {
    let mut decoder = StreamDecoder::new(dialect);
    let mut parser = Parser::new(LIMIT);
    let mut ignore = |_: StreamEvent<'_>| {};
    parser
        .feed::<FrameTooLarge>(stream, |frame| {
            if let Some(data) = frame.data {
                decoder.frame(frame.event, data, &mut ignore).unwrap();
            }
            Ok(())
        })
        .unwrap();
    decoder.end(&mut ignore)
}

#[test]
fn what_passes_on_is_byte_for_byte_what_came() {
    for &(dialect, endpoint) in ENDPOINTS
        .iter()
        .filter(|(dialect, _)| is_spoken_by_callers(dialect))
    {
        for recording in recordings(endpoint) {
            let Some(bytes) = recording.received() else {
                continue;
            };
            for size in [1, 97, bytes.len()] {
                let (end, out) = relayed(watch(dialect), bytes.chunks(size));
                if end == StreamEnd::Complete {
                    // Whatever follows the end is not part of the answer.
                    assert!(bytes.starts_with(out.trim_ascii_end()), "{}", recording.id);
                }
            }
        }
    }
}

#[test]
fn what_is_translated_ends_as_it_came() {
    for &(from, endpoint) in ENDPOINTS {
        for recording in recordings(endpoint) {
            let Some(bytes) = recording.received() else {
                continue;
            };
            for &to in Dialect::ALL.iter().filter(|to| is_spoken_by_callers(to)) {
                let (end, out) = relayed(translate(from, to), bytes.chunks(211));
                let expected = if end == StreamEnd::Complete {
                    StreamEnd::Complete
                } else {
                    StreamEnd::Failed
                };
                assert_eq!(read(to, &out), expected, "{} to {}", recording.id, to.as_str());
            }
        }
    }
}

#[test]
fn a_cut_never_looks_complete_in_any_dialect() {
    for &(from, endpoint) in ENDPOINTS {
        for recording in recordings(endpoint) {
            let Some(bytes) = recording.received() else {
                continue;
            };
            let stride = 1 + bytes.len() / 12;
            for at in (0..bytes.len()).step_by(stride) {
                let cut = &bytes[..at];
                for &to in Dialect::ALL.iter().filter(|to| is_spoken_by_callers(to)) {
                    let (end, out) = relayed(translate(from, to), [cut]);
                    if end != StreamEnd::Complete {
                        assert_eq!(
                            read(to, &out),
                            StreamEnd::Failed,
                            "{} to {} at {at}",
                            recording.id,
                            to.as_str()
                        );
                    }
                }
            }
        }
    }
}
