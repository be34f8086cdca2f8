use proptest::prelude::*;

use super::super::{Header, HeaderValue, write_event, write_exception, write_message};
use super::*;

/// What a frame said, with memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    message_type: MessageType,
    event: Option<String>,
    content_type: Option<String>,
    data: Vec<u8>,
    headers: Vec<String>,
}

fn note(frame: &Frame<'_>) -> Seen {
    Seen {
        message_type: frame.message_type,
        event: frame.event.map(|name| String::from_utf8(name.to_vec()).unwrap()),
        content_type: frame.content_type.map(str::to_owned),
        data: frame.data.to_vec(),
        headers: frame.headers.map(|header| format!("{header:?}")).collect(),
    }
}

/// Parses `pieces`; gives the frames, and how the stream ended.
fn parse(limit: usize, pieces: &[&[u8]]) -> (Vec<Seen>, Result<(), FramingFault>) {
    let mut parser = Parser::new(limit);
    let mut seen = Vec::new();
    for piece in pieces {
        let fed = parser.feed::<FramingFault>(piece, |frame| {
            if let Some(place) = frame.place.clone() {
                assert_eq!(&piece[place], frame.raw);
            }
            seen.push(note(&frame));
            Ok(())
        });
        if fed.is_err() {
            return (seen, fed);
        }
        assert!(parser.buffered() <= limit.max(PRELUDE));
    }
    (seen, parser.finish())
}

/// Three messages of different kinds.
fn stream() -> Vec<u8> {
    let mut out = Vec::new();
    write_event(&mut out, "contentBlockDelta", |out| {
        out.extend_from_slice(br#"{"delta":{"text":"hi"}}"#);
    });
    write_message(&mut out, &[], |_| {});
    write_exception(&mut out, "throttlingException", |out| {
        out.extend_from_slice(br#"{"message":"slow down"}"#);
    });
    out
}

#[test]
fn a_message_of_the_books_example_is_read() {
    // A message with the one header `event-type: records` and a payload of text, in bytes worked
    // out by hand but for the checksums.
    let mut bytes = vec![0, 0, 0, 40, 0, 0, 0, 21];
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(b"\x0aevent-type\x07\x00\x07records");
    bytes.extend_from_slice(b"abc");
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    let (seen, end) = parse(64, &[&bytes]);
    assert_eq!(end, Ok(()));
    assert_eq!((seen.len(), seen[0].data.as_slice()), (1, b"abc".as_slice()));
    assert_eq!(
        seen[0].headers,
        [r#"Header { name: "event-type", value: Text("records") }"#]
    );
    let mut written = Vec::new();
    let header = Header {
        name: "event-type",
        value: HeaderValue::Text("records"),
    };
    write_message(&mut written, &[header], |out| out.extend_from_slice(b"abc"));
    assert_eq!(written, bytes);
}

#[test]
fn the_checksum_is_the_one_of_the_format() {
    // The check value every catalog of CRCs lists for CRC-32/ISO-HDLC.
    assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
}

#[test]
fn events_exceptions_and_errors_are_told_apart() {
    let mut bytes = stream();
    let header = |name, text| Header {
        name,
        value: HeaderValue::Text(text),
    };
    let error = [
        header(":message-type", "error"),
        header(":error-code", "InternalFailure"),
        header(":error-message", "broken"),
    ];
    write_message(&mut bytes, &error, |_| {});
    write_message(&mut bytes, &[header(":message-type", "new")], |_| {});
    let (seen, end) = parse(1 << 10, &[&bytes]);
    assert_eq!(end, Ok(()));
    let told: Vec<_> = seen
        .iter()
        .map(|s| (s.message_type, s.event.as_deref(), s.data.as_slice()))
        .collect();
    assert_eq!(
        told,
        [
            (
                MessageType::Event,
                Some("contentBlockDelta"),
                br#"{"delta":{"text":"hi"}}"#.as_slice()
            ),
            (MessageType::Other, None, b""),
            (
                MessageType::Exception,
                Some("throttlingException"),
                br#"{"message":"slow down"}"#
            ),
            (MessageType::Error, Some("InternalFailure"), b"broken"),
            (MessageType::Other, None, b""),
        ]
    );
    assert_eq!(seen[0].content_type.as_deref(), Some("application/json"));
}

#[test]
fn split_anywhere_gives_the_same() {
    let bytes = stream();
    let whole = parse(1 << 10, &[&bytes]);
    assert_eq!((whole.0.len(), whole.1), (3, Ok(())));
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(parse(1 << 10, &single), whole);
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            assert_eq!(parse(1 << 10, &pieces), whole, "at {first} and {second}");
        }
    }
}

#[test]
fn what_lies_in_one_read_is_given_in_place() {
    let bytes = stream();
    let mut parser = Parser::new(1 << 10);
    let mut places = Vec::new();
    let first = bytes.len() / 2;
    for piece in [&bytes[..first], &bytes[first..]] {
        parser
            .feed::<FramingFault>(piece, |frame| {
                places.push(frame.place.is_some());
                Ok(())
            })
            .unwrap();
    }
    assert_eq!(
        places.iter().filter(|in_place| !**in_place).count(),
        1,
        "{places:?}"
    );
}

#[test]
fn a_stream_cut_within_a_message_says_so() {
    let bytes = stream();
    let mut ends = vec![0];
    let mut parser = Parser::new(1 << 10);
    parser
        .feed::<FramingFault>(&bytes, |frame| {
            ends.push(frame.place.unwrap().end);
            Ok(())
        })
        .unwrap();
    for cut in 0..=bytes.len() {
        let (seen, end) = parse(1 << 10, &[&bytes[..cut]]);
        let expected = if ends.contains(&cut) {
            Ok(())
        } else {
            Err(FramingFault::Truncated)
        };
        assert_eq!(end, expected, "cut at {cut}");
        assert_eq!(seen.len(), ends.iter().filter(|end| **end <= cut).count() - 1);
    }
}

#[test]
fn a_message_that_is_too_large_is_refused_by_its_length_alone() {
    let mut bytes = Vec::new();
    write_event(&mut bytes, "x", |out| out.resize(out.len() + 5_000, b'a'));
    let refused = Err(FramingFault::TooLarge(FrameTooLarge { limit: 1_000 }));
    assert_eq!(parse(1_000, &[&bytes[..PRELUDE]]).1, refused);
    assert_eq!(parse(1_000, &[&bytes[..5], &bytes[5..20]]).1, refused);
    assert_eq!(parse(bytes.len(), &[&bytes]).1, Ok(()));
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    for (total, headers) in [
        (15u32, 0u32),
        (0, 0),
        (100, 85),
        (1 << 20, 129 * 1024),
        (100, u32::MAX),
    ] {
        let mut bytes = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        assert_eq!(
            parse(1 << 21, &[&bytes]).1,
            Err(FramingFault::Lengths),
            "{total} {headers}"
        );
    }
}

#[test]
fn malformed_headers_are_refused() {
    for headers in [
        b"\x05ab".as_slice(),
        b"\x01a",
        b"\x01a\x0a",
        b"\x01a\x07\x00\x09abc",
        b"\x01a\x07\x00\x01\xff",
        b"\x01\xff\x00",
        b"\x01a\x05\x00",
    ] {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&((PRELUDE + headers.len() + CHECKSUM) as u32).to_be_bytes());
        bytes.extend_from_slice(&(headers.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        bytes.extend_from_slice(headers);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        assert_eq!(
            parse(1 << 10, &[&bytes]).1,
            Err(FramingFault::Headers),
            "{headers:?}"
        );
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[:a-z-]{0,12}", "\\PC{0,8}", Just("n".repeat(255))]
}

fn values() -> impl Strategy<Value = HeaderValue<'static>> {
    prop_oneof![
        any::<bool>().prop_map(HeaderValue::Bool),
        any::<i8>().prop_map(HeaderValue::Byte),
        any::<i16>().prop_map(HeaderValue::Short),
        any::<i32>().prop_map(HeaderValue::Int),
        any::<i64>().prop_map(HeaderValue::Long),
        prop_oneof![Just(b"".as_slice()), Just(b"\x00\xff\x07".as_slice())].prop_map(HeaderValue::Bytes),
        prop_oneof![Just(""), Just("a\u{2028}😀")].prop_map(HeaderValue::Text),
        any::<i64>().prop_map(HeaderValue::Timestamp),
        any::<[u8; 16]>().prop_map(HeaderValue::Uuid),
    ]
}

proptest! {
    #[test]
    fn written_messages_read_back(
        messages in proptest::collection::vec(
            (proptest::collection::vec((name(), values()), 0..5), proptest::collection::vec(any::<u8>(), 0..40)),
            1..4,
        ),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for (headers, payload) in &messages {
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| Header { name, value: *value })
                .collect();
            write_message(&mut bytes, &headers, |out| out.extend_from_slice(payload));
            expected.push(headers.iter().map(|header| format!("{header:?}")).collect::<Vec<_>>());
        }
        let cut = cut.index(bytes.len());
        let (seen, end) = parse(1 << 16, &[&bytes[..cut], &bytes[cut..]]);
        prop_assert_eq!(end, Ok(()));
        let read: Vec<_> = seen.iter().map(|seen| seen.headers.clone()).collect();
        prop_assert_eq!(read, expected);
        for (seen, (_, payload)) in seen.iter().zip(&messages) {
            prop_assert_eq!(&seen.data, payload);
        }
    }

    #[test]
    fn a_changed_bit_never_passes(at in any::<proptest::sample::Index>(), bit in 0u8..8) {
        let mut bytes = stream();
        let whole = parse(1 << 10, &[&bytes]).0;
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let (seen, end) = parse(1 << 10, &[&bytes]);
        prop_assert!(matches!(end, Err(FramingFault::PreludeChecksum | FramingFault::MessageChecksum)), "{:?}", end);
        // What came before the change has been read, and nothing behind it.
        prop_assert_eq!(seen.as_slice(), &whole[..seen.len()]);
        prop_assert!(seen.len() < whole.len());
    }

    #[test]
    fn any_bytes_are_read_alike_however_split(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        guarded in any::<bool>(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = bytes;
        if guarded && bytes.len() >= PRELUDE {
            bytes[..4].copy_from_slice(&[0, 0, 0, 60]);
            bytes[4..7].fill(0);
            let checksum = crc32fast::hash(&bytes[..8]).to_be_bytes();
            bytes[8..PRELUDE].copy_from_slice(&checksum);
        }
        let whole = parse(1 << 10, &[&bytes]);
        let cut = if bytes.is_empty() { 0 } else { cut.index(bytes.len()) };
        prop_assert_eq!(parse(1 << 10, &[&bytes[..cut], &bytes[cut..]]), whole);
    }
}
