//! AWS event stream framing against recorded bytes: what the parser reads is what was read
//! independently, and writing it anew gives the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sluicegate_protocols::event_stream::{FramingFault, MessageType, Parser, write_message};

use crate::corpus::{Recording, recordings};

/// The bytes of a stream as received, where they were kept.
fn bytes(recording: &Recording) -> Option<Vec<u8>> {
    let kept = recording.base64().filter(|_| !recording.has_tag("crc-broken"))?;
    Some(STANDARD.decode(kept).unwrap())
}

#[test]
fn recorded_messages_are_read_and_written_anew() {
    for endpoint in ["converse-stream", "invoke-with-response-stream"] {
        let mut count = 0;
        for recording in recordings(endpoint) {
            let Some(bytes) = bytes(&recording) else { continue };
            let id = &recording.id;
            let (mut read, mut written) = (Vec::new(), Vec::new());
            let mut parser = Parser::new(1 << 24);
            parser
                .feed::<FramingFault>(&bytes, |frame| {
                    assert_eq!(frame.message_type, MessageType::Event, "{id}");
                    assert_eq!(frame.content_type, Some("application/json"), "{id}");
                    let event = String::from_utf8(frame.event.unwrap().to_vec()).unwrap();
                    let payload: Value = serde_json::from_slice(frame.data).unwrap();
                    let headers: Vec<_> = frame.headers.collect();
                    write_message(&mut written, &headers, |out| out.extend_from_slice(frame.data));
                    read.push((event, payload));
                    Ok(())
                })
                .unwrap_or_else(|fault| panic!("{id}: {fault}"));
            assert_eq!(parser.finish(), Ok(()), "{id}");
            assert!(written == bytes, "{id}: written anew");
            let expected: Vec<_> = recording.events().collect();
            assert_eq!(read.len(), expected.len(), "{id}");
            for ((event, payload), (expected_event, expected_payload)) in read.iter().zip(expected) {
                assert_eq!(event, expected_event, "{id}");
                // Where the payload wraps bytes of the model, the recording has those.
                if payload.get("bytes").is_none() {
                    assert_eq!(payload, expected_payload, "{id}");
                }
            }
            count += 1;
        }
        assert!(count > 0, "{endpoint}: no bytes were kept");
    }
}

#[test]
fn recorded_streams_are_the_same_however_split() {
    for recording in recordings("converse-stream") {
        let Some(bytes) = bytes(&recording) else { continue };
        let id = &recording.id;
        let frames = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let mut parser = Parser::new(1 << 24);
            let mut seen = Vec::new();
            for piece in pieces {
                parser
                    .feed::<FramingFault>(piece, |frame| {
                        seen.push(frame.raw.to_vec());
                        Ok(())
                    })
                    .unwrap();
            }
            assert_eq!(parser.finish(), Ok(()), "{id}");
            seen
        };
        let whole = frames(&mut std::iter::once(bytes.as_slice()));
        assert!(whole.concat() == bytes, "{id}");
        for size in [1, 7, 1000] {
            assert!(
                frames(&mut bytes.chunks(size)) == whole,
                "{id}: in pieces of {size}"
            );
        }
    }
}
