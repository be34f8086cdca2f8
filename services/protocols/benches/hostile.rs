//! Requests of 20 MiB made to be slow, in milliseconds: `cargo bench -p sluicegate-protocols --bench
//! hostile [-- part of a name]`. Each is to be read or refused within 50 ms, by the reader of what passes
//! through and by the decoder of what is translated alike; so is each without its last byte.

use std::error::Error;
use std::hint::black_box;
use std::io::{Write, stdout};

use rustix::time::{ClockId, clock_gettime};
use sluicegate_protocols::DecodeError;
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::dialect::{Dialect, decode_request};
use sluicegate_protocols::gemini::GeminiRequestView;
use sluicegate_protocols::openai_chat::ChatRequestView;
use sluicegate_protocols::openai_responses::ResponsesRequestView;

/// As in the worker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: usize = 20 << 20;
/// What reading or refusing such a body may take.
const LIMIT_MS: f64 = 50.0;
const DEPTH: u32 = 64;

/// Where a request of a dialect has its list of messages, and in one of them its text.
struct Shape {
    dialect: Dialect,
    /// Up to the first message.
    open: &'static str,
    /// From there up to the text, and from the text to the end of the message.
    message: (&'static str, &'static str),
}

const SHAPES: [Shape; 6] = [
    Shape {
        dialect: Dialect::OpenAiChat,
        open: r#"{"model":"m","messages":["#,
        message: (r#"{"role":"user","content":"#, "}"),
    },
    Shape {
        dialect: Dialect::OpenAiResponses,
        open: r#"{"model":"m","input":["#,
        message: (r#"{"role":"user","content":"#, "}"),
    },
    Shape {
        dialect: Dialect::AnthropicMessages,
        open: r#"{"model":"m","max_tokens":9,"messages":["#,
        message: (r#"{"role":"user","content":"#, "}"),
    },
    Shape {
        dialect: Dialect::Gemini,
        open: r#"{"contents":["#,
        message: (r#"{"role":"user","parts":[{"text":"#, "}]}"),
    },
    Shape {
        dialect: Dialect::BedrockConverse,
        open: r#"{"messages":["#,
        message: (r#"{"role":"user","content":[{"text":"#, "}]}"),
    },
    Shape {
        dialect: Dialect::CohereChat,
        open: r#"{"model":"m","messages":["#,
        message: (r#"{"role":"user","content":"#, "}"),
    },
];

/// What a body is full of.
enum Fill {
    /// A text made of that piece, and how it ends.
    Text(&'static [u8], &'static [u8]),
    /// A list of that piece where a text is expected.
    Parts(&'static str),
    /// Messages like that one.
    Messages(&'static str),
    /// Members of the request like that one.
    Members(&'static str),
    /// Members of a message like that one.
    MessageMembers(&'static str),
    /// A value nobody knows, made of that piece between those ends.
    Unknown(&'static str, &'static str, &'static str),
    /// A key made of that piece.
    Key(&'static str),
    /// That, before the document.
    Before(&'static str),
}

const FILLS: &[(&str, Fill)] = &[
    ("one long text", Fill::Text(b"word ", b"\"")),
    ("text of two-byte letters", Fill::Text("é".as_bytes(), b"\"")),
    ("text of three-byte letters", Fill::Text("水".as_bytes(), b"\"")),
    ("text of four-byte letters", Fill::Text("😀".as_bytes(), b"\"")),
    ("mixed letters", Fill::Text("aé水😀".as_bytes(), b"\"")),
    ("escapes", Fill::Text(b"\\u00e9\\n", b"\"")),
    ("escaped letters", Fill::Text(b"\\u6c34", b"\"")),
    ("lone surrogates", Fill::Text(b"\\ud83d", b"\"")),
    ("escapes among letters", Fill::Text(b"a\\n", b"\"")),
    (
        "escapes at odd places",
        Fill::Text(b"abc\\nd\\\"efghijk\\\\lm\\n", b"\""),
    ),
    ("no end of a text", Fill::Text(b"word ", b"")),
    ("a bad escape at the end", Fill::Text(b"a\\n", b"\\x\"")),
    ("half an escape at the end", Fill::Text(b"\\u6c34", b"\\u12")),
    ("a control at the end", Fill::Text(b"word ", b"\0\"")),
    ("overlong UTF-8 at the end", Fill::Text(b"word ", b"\xc0\xaf\"")),
    (
        "a surrogate in UTF-8",
        Fill::Text("水".as_bytes(), b"\xed\xa0\x80\""),
    ),
    ("empty parts", Fill::Parts("\"\",")),
    ("parts without members", Fill::Parts("{},")),
    ("parts of text", Fill::Parts(r#"{"type":"text","text":""},"#)),
    ("messages without members", Fill::Messages("{},")),
    (
        "empty messages",
        Fill::Messages(r#"{"role":"user","content":""},"#),
    ),
    ("unknown members", Fill::Members("\"a\":1,")),
    ("one field again and again", Fill::Members("\"model\":\"m\",")),
    ("members of a message", Fill::MessageMembers("\"a\":1,")),
    ("contents of a message", Fill::MessageMembers("\"content\":\"\",")),
    ("numbers", Fill::Unknown("[", "1,", "1]")),
    ("huge numbers", Fill::Unknown("[", "1e999999,", "1]")),
    ("one long number", Fill::Unknown("", "1", "")),
    ("one long fraction", Fill::Unknown("0.", "1", "")),
    ("literals", Fill::Unknown("[", "null,true,false,", "1]")),
    ("short texts", Fill::Unknown("[", "\"a\",", "1]")),
    ("empty objects", Fill::Unknown("[", "{},", "1]")),
    ("empty arrays", Fill::Unknown("[", "[],", "1]")),
    ("small objects", Fill::Unknown("[", "{\"a\":1},", "1]")),
    (
        "members of an unknown",
        Fill::Unknown("{", "\"a\":1,", "\"a\":1}"),
    ),
    ("spaced numbers", Fill::Unknown("[", " 1 ,\n", "1]")),
    ("nested arrays", Fill::Unknown("", "[", "")),
    ("nested objects", Fill::Unknown("", "{\"a\":", "")),
    ("nested by turns", Fill::Unknown("", "[{\"a\":", "")),
    ("a long key", Fill::Key("k")),
    ("a long escaped key", Fill::Key("\\u006b")),
    ("white space", Fill::Before(" ")),
    ("white space of all kinds", Fill::Before(" \n\r\t")),
    ("byte order marks", Fill::Before("\u{feff}")),
    ("zeros", Fill::Before("\0")),
];

fn body(shape: &Shape, fill: &Fill) -> Vec<u8> {
    let Shape {
        open,
        message: (before, after),
        ..
    } = *shape;
    let many = |piece: &[u8]| piece.repeat(SIZE / piece.len());
    let rest = open.split_at(1).1;
    let text = |open: &str| [open, before].concat().into_bytes();
    let close = [after, "]}"].concat().into_bytes();
    match fill {
        Fill::Text(piece, end) => [text(open), b"\"".to_vec(), many(piece), end.to_vec(), close].concat(),
        Fill::Parts(piece) => [
            text(open),
            b"[".to_vec(),
            many(piece.as_bytes()),
            b"\"\"]".to_vec(),
            close,
        ]
        .concat(),
        Fill::Messages(piece) => {
            [open.as_bytes().to_vec(), many(piece.as_bytes()), b"{}]}".to_vec()].concat()
        }
        Fill::Members(piece) => [b"{".to_vec(), many(piece.as_bytes()), rest.into(), b"]}".to_vec()].concat(),
        Fill::MessageMembers(piece) => {
            let inside = before.split_at(1).1;
            [
                open.as_bytes().to_vec(),
                b"{".to_vec(),
                many(piece.as_bytes()),
                inside.into(),
                b"\"\"".to_vec(),
                close,
            ]
            .concat()
        }
        Fill::Unknown(start, piece, end) => {
            let value = [
                start.as_bytes().to_vec(),
                many(piece.as_bytes()),
                end.as_bytes().to_vec(),
            ]
            .concat();
            [
                b"{\"x\":".to_vec(),
                value,
                b",".to_vec(),
                rest.into(),
                b"]}".to_vec(),
            ]
            .concat()
        }
        Fill::Key(piece) => [
            b"{\"".to_vec(),
            many(piece.as_bytes()),
            b"\":1,".to_vec(),
            rest.into(),
            b"]}".to_vec(),
        ]
        .concat(),
        Fill::Before(piece) => [many(piece.as_bytes()), open.as_bytes().to_vec(), b"]}".to_vec()].concat(),
    }
}

/// What a worker reads of a request before it knows where it goes; dialects of providers alone have
/// no such reader.
fn view(dialect: Dialect, body: &[u8]) -> Option<Result<(), DecodeError>> {
    Some(match dialect {
        Dialect::OpenAiChat => ChatRequestView::parse(body, DEPTH).map(drop),
        Dialect::OpenAiResponses => ResponsesRequestView::parse(body, DEPTH).map(drop),
        Dialect::AnthropicMessages => MessagesRequestView::parse(body, DEPTH).map(drop),
        Dialect::Gemini => GeminiRequestView::parse(body, DEPTH).map(drop),
        Dialect::BedrockConverse | Dialect::CohereChat => return None,
    })
}

/// CPU time of this thread, in seconds: what others do on the machine is not in it.
fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// Best of three, in milliseconds; of more where that is too long, for what else the processor does only ever adds.
fn measure(mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for round in 0..20 {
        if round >= 3 && best <= LIMIT_MS {
            break;
        }
        let started = cpu_seconds();
        work();
        best = best.min((cpu_seconds() - started) * 1e3);
    }
    best
}

/// What took longest of a kind.
#[derive(Default)]
struct Slowest {
    ms: f64,
    what: String,
}

impl Slowest {
    fn update(&mut self, ms: f64, what: impl FnOnce() -> String) {
        if ms > self.ms {
            *self = Self { ms, what: what() };
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    write!(out, "{:<28}", "20 MiB, view / decoder, ms")?;
    for shape in &SHAPES {
        write!(out, " {:>18}", shape.dialect.as_str())?;
    }
    let (mut read, mut refused) = (Slowest::default(), Slowest::default());
    let mut late = Vec::new();
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let wanted = wanted.unwrap_or_default();
    for (name, fill) in FILLS.iter().filter(|(name, _)| name.contains(&wanted)) {
        for cut in [false, true] {
            let row = if cut { "  cut at the end" } else { *name };
            write!(out, "\n{row:<28}")?;
            for shape in &SHAPES {
                let mut body = body(shape, fill);
                // Well formed up to there, so that the fault is found at the very end.
                body.truncate(body.len() - usize::from(cut));
                let body = black_box(body.as_slice());
                let dialect = shape.dialect;
                let decode = || decode_request(dialect, body, DEPTH).map(drop);
                let decoded = measure(|| drop(black_box(decode())));
                let viewed = view(dialect, body).map(|_| measure(|| drop(black_box(view(dialect, body)))));
                let slower = decoded.max(viewed.unwrap_or_default());
                let ended = decode().map_or("refused", |()| "read");
                let what = || format!("{name}{}, {}", if cut { ", cut" } else { "" }, dialect.as_str());
                let slowest = if ended == "read" { &mut read } else { &mut refused };
                slowest.update(slower, what);
                if slower > LIMIT_MS {
                    late.push(format!("{slower:>8.1} ms  {ended:<8} {}", what()));
                }
                let shown = viewed.map_or("-".to_owned(), |ms| format!("{ms:.1}"));
                write!(out, " {shown:>8} / {decoded:>7.1}")?;
                out.flush()?;
            }
        }
    }
    writeln!(out, "\nslowest read:    {:>6.1} ms  {}", read.ms, read.what)?;
    writeln!(out, "slowest refused: {:>6.1} ms  {}", refused.ms, refused.what)?;
    writeln!(out, "above {LIMIT_MS} ms: {}", late.len())?;
    for line in late {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
