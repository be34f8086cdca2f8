//! What reading traffic costs, in nanoseconds per call: `cargo bench -p sluicegate-protocols`.
//! Plain loops over the monotonic clock; the best of several rounds is the figure to compare.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use bytes::Bytes;
use sluicegate_protocols::TokenCounts;
use sluicegate_protocols::openai_chat::encode::{Answer, ChunkWriter, Head, completion};
use sluicegate_protocols::openai_chat::stream::ChatStream;
use sluicegate_protocols::openai_chat::{ChatRequestView, FinishReason, response};
use sluicegate_protocols::passthrough;

const HEAD: Head<'static> = Head {
    id: "chatcmpl-0123456789",
    created: 1_700_000_000,
    model: "gpt-4o-mini-2024-07-18",
};

fn measure(name: &str, bytes: usize, mut work: impl FnMut()) -> std::io::Result<()> {
    let calls = 20_000;
    let mut best = f64::MAX;
    for _ in 0..7 {
        let started = Instant::now();
        for _ in 0..calls {
            work();
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
    }
    writeln!(std::io::stdout(), "{name:<32} {bytes:>6} bytes {best:>9.0} ns")
}

fn main() -> Result<(), Box<dyn Error>> {
    let text = "You are a careful assistant. Answer in \\\"plain\\\" words and show the steps.\\n".repeat(12);
    let body = format!(
        r#"{{"model":"gpt-4o-mini","messages":[{{"role":"user","content":"{text}"}}],"temperature":0.7,"stream":true}}"#
    );
    let body = Bytes::from(body);
    measure("request: read", body.len(), || {
        black_box(ChatRequestView::parse(black_box(&body), 64).is_ok());
    })?;
    let view = ChatRequestView::parse(&body, 64)?;
    measure("request: rewrite", body.len(), || {
        black_box(passthrough::chat(black_box(&body), &view, "another-model"));
    })?;

    let words = "the water runs over stones ".repeat(100);
    let answer = Answer {
        content: Some(&words),
        tool_calls: &[],
        finish: &FinishReason::Stop,
    };
    let whole = completion(
        &HEAD,
        &[answer],
        &TokenCounts {
            input: 300,
            output: 500,
            ..TokenCounts::default()
        },
    );
    measure("answer: read", whole.len(), || {
        black_box(response::read(black_box(&whole)).is_ok());
    })?;

    let writer = ChunkWriter::new(&HEAD, false);
    let mut chunk = Vec::new();
    writer.text(&mut chunk, 0, " stones");
    let chunk = Bytes::from(chunk);
    let mut stream = ChatStream::new(1 << 20, true);
    let mut out = Vec::new();
    measure("stream: one chunk", chunk.len(), || {
        out.clear();
        black_box(stream.feed(black_box(&chunk), &mut out).is_ok());
    })?;
    Ok(())
}
