use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    event: Option<String>,
    data: Option<String>,
}

/// Parses `pieces`; gives the frames, and the raw bytes of all frames joined.
fn parse(pieces: &[&[u8]]) -> (Vec<Seen>, Vec<u8>) {
    let mut parser = Parser::new(1 << 20);
    let (mut seen, mut raw) = (Vec::new(), Vec::new());
    for piece in pieces {
        parser
            .feed::<FrameTooLarge>(piece, |frame| {
                if let Some(place) = frame.place.clone() {
                    assert_eq!(&piece[place], frame.raw);
                }
                note(&mut seen, &mut raw, frame);
                Ok(())
            })
            .unwrap();
    }
    parser
        .finish::<()>(|frame| {
            note(&mut seen, &mut raw, frame);
            Ok(())
        })
        .unwrap();
    (seen, raw)
}

fn note(seen: &mut Vec<Seen>, raw: &mut Vec<u8>, frame: Frame<'_>) {
    let text = |b: Option<&[u8]>| b.map(|b| String::from_utf8_lossy(b).into_owned());
    raw.extend_from_slice(frame.raw);
    if let Some(start) = frame.data_start {
        assert!(frame.raw[start..].starts_with(frame.data.unwrap()));
    }
    if frame.data.is_some() || frame.event.is_some() {
        seen.push(Seen {
            event: text(frame.event),
            data: text(frame.data),
        });
    }
}

fn data(text: &str) -> Seen {
    Seen {
        event: None,
        data: Some(text.to_owned()),
    }
}

const DOCUMENTS: &[&str] = &[
    "data: a\n\ndata: b\n\n",
    "data: a\r\n\r\ndata: b\r\n\r\n",
    "data: a\r\rdata: b\r\r",
    "\u{feff}data: a\n\n: ping\n\nevent: done\nid: 7\ndata:b\n\n",
    "data: one\ndata: two\n\ndata:\ndata\n\n",
    "data: one\r\nevent: x\r\ndata:  two\r\n\r\n",
    "data: a\n\r\ndata: b\r\n\n",
    "event: only\n\n\n\ndata: tail",
    "datum: x\ndata: y\nretry: 10\n\n",
    "data: a\r\n\n\r\n\rdata: b\n\n",
];

#[test]
fn reads_every_line_end_and_field_form() {
    assert_eq!(parse(&[DOCUMENTS[0].as_bytes()]).0, [data("a"), data("b")]);
    assert_eq!(parse(&[DOCUMENTS[1].as_bytes()]).0, [data("a"), data("b")]);
    assert_eq!(parse(&[DOCUMENTS[2].as_bytes()]).0, [data("a"), data("b")]);
    let done = Seen {
        event: Some("done".into()),
        data: Some("b".into()),
    };
    assert_eq!(parse(&[DOCUMENTS[3].as_bytes()]).0, [data("a"), done]);
    assert_eq!(
        parse(&[DOCUMENTS[4].as_bytes()]).0,
        [data("one\ntwo"), data("\n")]
    );
    let joined = Seen {
        event: Some("x".into()),
        data: Some("one\n two".into()),
    };
    assert_eq!(parse(&[DOCUMENTS[5].as_bytes()]).0, [joined]);
    let only = Seen {
        event: Some("only".into()),
        data: None,
    };
    assert_eq!(parse(&[DOCUMENTS[7].as_bytes()]).0, [only, data("tail")]);
    assert_eq!(parse(&[DOCUMENTS[8].as_bytes()]).0, [data("y")]);
}

#[test]
fn split_anywhere_gives_the_same() {
    for document in DOCUMENTS {
        let bytes = document.as_bytes();
        let whole = parse(&[bytes]);
        assert_eq!(whole.1, bytes, "raw bytes are kept: {document:?}");
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(parse(&single), whole, "byte by byte: {document:?}");
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(parse(&pieces), whole, "{document:?} at {first} and {second}");
            }
        }
    }
}

#[test]
fn an_endless_frame_is_refused() {
    let mut parser = Parser::new(100);
    let mut fed = 0;
    let refused = loop {
        match parser.feed::<FrameTooLarge>(b"data: xxxxxx", |_| Ok(())) {
            Ok(()) => fed += 12,
            Err(error) => break error,
        }
        assert!(fed <= 100);
    };
    assert_eq!(refused, FrameTooLarge { limit: 100 });
}

#[test]
fn writer_and_parser_agree() {
    let mut out = Vec::new();
    super::super::write_event(&mut out, Some("a\nb"), "one\r\ntwo\rthree\n");
    super::super::write_comment(&mut out, "hi");
    out.extend_from_slice(super::super::KEEP_ALIVE);
    let expected = Seen {
        event: Some("a".into()),
        data: Some("one\ntwo\nthree\n".into()),
    };
    assert_eq!(parse(&[&out]).0, [expected]);
}

proptest! {
    #[test]
    fn never_panics_and_splits_do_not_matter(
        bytes in proptest::collection::vec(prop_oneof![
            Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), Just(b'd'), any::<u8>(),
        ], 0..120),
        cuts in proptest::collection::vec(0usize..120, 0..6),
    ) {
        let whole = parse(&[&bytes]);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&bytes[from..cut]);
            from = cut;
        }
        pieces.push(&bytes[from..]);
        prop_assert_eq!(parse(&pieces), whole);
    }

    #[test]
    fn written_events_read_back(lines in proptest::collection::vec("[^\r\n]{0,12}", 1..4)) {
        let text = lines.join("\n");
        let mut out = Vec::new();
        super::super::write_event(&mut out, None, &text);
        prop_assert_eq!(parse(&[&out]).0, vec![data(&text)]);
    }
}
