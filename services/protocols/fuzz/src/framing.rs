//! The framings: server-sent events, AWS event streams and JSON itself.

use serde_json::{Map, Value};
use sluicegate_protocols::DecodeError;
use sluicegate_protocols::event_stream::{self, FramingFault};
use sluicegate_protocols::json::{Cursor, Kind, check};
use sluicegate_protocols::sse::{Frame, FrameTooLarge, Parser};

/// Where to cut bytes into pieces of 1 to 64 bytes: drawn from the bytes themselves, so that the same
/// input is always cut alike.
pub(super) fn pieces(bytes: &[u8]) -> Vec<&[u8]> {
    let mut state = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut rest = bytes;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        let length = 1 + (state >> 58) as usize;
        let (piece, more) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// A frame without the borrow: what was received, the event's name, the data.
type Seen = (Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);

fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut parser = Parser::new(usize::MAX);
    let mut note = |frame: Frame<'_>| {
        seen.push((
            frame.raw.to_vec(),
            frame.event.map(<[u8]>::to_vec),
            frame.data.map(<[u8]>::to_vec),
        ));
        Ok::<(), FrameTooLarge>(())
    };
    for piece in pieces {
        parser.feed(piece, &mut note).expect("no frame is too large");
        // A place is given only for frames that lie whole in the piece.
    }
    parser.finish(&mut note).expect("no frame is too large");
    seen
}

/// Splits do not matter, no byte gets lost or invented, and the limit holds.
pub fn sse_parser(bytes: &[u8]) {
    let whole = frames([bytes]);
    assert_eq!(frames(pieces(bytes)), whole, "in pieces");
    assert_eq!(frames(bytes.chunks(1)), whole, "byte by byte");
    let raw: Vec<u8> = whole.iter().flat_map(|(raw, _, _)| raw.iter().copied()).collect();
    assert_eq!(raw, bytes, "frames are all there is");

    const LIMIT: usize = 48;
    let mut parser = Parser::new(LIMIT);
    for piece in pieces(bytes) {
        let fed = parser.feed(piece, |frame| {
            if let (Some(place), Some(start), Some(data)) = (frame.place, frame.data_start, frame.data) {
                assert_eq!(&piece[place], frame.raw, "the place of a frame");
                assert_eq!(
                    &frame.raw[start..start + data.len()],
                    data,
                    "the place of its data"
                );
            }
            Ok::<(), FrameTooLarge>(())
        });
        match fed {
            Ok(()) => assert!(parser.buffered() <= LIMIT, "what is held is bounded"),
            Err(FrameTooLarge { limit }) => {
                assert_eq!(limit, LIMIT);
                return;
            }
        }
    }
}

/// What a read of an event stream saw of a message, in the end or up to a fault.
type Message = (Vec<u8>, Option<Vec<u8>>, Vec<u8>);

fn messages<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Message>, Result<(), FramingFault>) {
    let mut seen = Vec::new();
    let mut parser = event_stream::Parser::new(1 << 20);
    for piece in pieces {
        let fed = parser.feed(piece, |frame| {
            let headers: Vec<_> = frame.headers.collect();
            let mut anew = Vec::new();
            event_stream::write_message(&mut anew, &headers, |out| out.extend_from_slice(frame.data));
            assert_eq!(anew, frame.raw, "written anew");
            seen.push((
                frame.raw.to_vec(),
                frame.event.map(<[u8]>::to_vec),
                frame.data.to_vec(),
            ));
            Ok(())
        });
        if fed.is_err() {
            return (seen, fed);
        }
    }
    let end = parser.finish();
    (seen, end)
}

/// Splits do not matter, what is read is written the same, and no checksum is passed over. Since made-up
/// bytes have none that fit, they also come as payloads of messages.
pub fn event_stream(bytes: &[u8]) {
    assert_eq!(messages(pieces(bytes)), messages([bytes]), "in pieces");
    let mut framed = Vec::new();
    for payload in bytes.split(|byte| *byte == b'\n') {
        event_stream::write_event(&mut framed, "chunk", |out| out.extend_from_slice(payload));
    }
    let (seen, end) = messages(pieces(&framed));
    assert_eq!(end, Ok(()));
    let payloads: Vec<&[u8]> = seen.iter().map(|(_, _, data)| data.as_slice()).collect();
    assert_eq!(payloads, bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>());
    // One bit turned anywhere is a fault, or at least the end of what can be read.
    let at = bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>() % framed.len();
    framed[at] ^= 1 << (bytes.len() % 8);
    let (less, end) = messages([framed.as_slice()]);
    assert!(end.is_err() && seen.starts_with(&less), "a turned bit is noticed");
}

/// The cursor accepts what serde accepts and reads the same.
pub fn json(bytes: &[u8]) {
    const DEPTH: u32 = 64;
    let ours = check(bytes, DEPTH);
    let too_deep = matches!(
        &ours,
        Err(error) if matches!(error.fault(), sluicegate_protocols::Fault::TooDeep { .. })
    );
    if let Err(error) = &ours {
        assert!(error.position() <= bytes.len(), "errors lie in the document");
    }
    let theirs = serde_json::from_slice::<&serde_json::value::RawValue>(bytes);
    assert_eq!(
        ours.is_ok() || too_deep,
        theirs.is_ok() || too_deep,
        "well-formed or not"
    );
    // Serde refuses numbers beyond a double and halves of surrogate pairs, which are for the reader
    // of a member to judge.
    let (Ok(()), Ok(expected)) = (ours, serde_json::from_slice::<Value>(bytes)) else {
        return;
    };
    let mut cursor = Cursor::new(bytes, DEPTH).expect("checked");
    assert_eq!(value(&mut cursor).expect("checked"), expected);
    cursor.end().expect("checked");
}

fn value(c: &mut Cursor<'_>) -> Result<Value, DecodeError> {
    Ok(match c.peek()? {
        Kind::Null => {
            c.take_null()?;
            Value::Null
        }
        Kind::Bool => c.bool()?.into(),
        Kind::Number => serde_json::from_str(c.number()?).expect("a number to serde as well"),
        Kind::String => {
            let string = c.string()?;
            let text = string.decode();
            assert_eq!(string.decoded_len(), text.len() as u64);
            text.into()
        }
        Kind::Array => {
            let mut items = Vec::new();
            c.array(|c, index| {
                assert_eq!(index, items.len());
                items.push(value(c)?);
                Ok(())
            })?;
            items.into()
        }
        Kind::Object => {
            let mut members = Map::new();
            c.object(|c, key| {
                members.insert(key.decode().into_owned(), value(c)?);
                Ok(())
            })?;
            members.into()
        }
    })
}
