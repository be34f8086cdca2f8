//! The provider inside this process: `sluicegate/echo`. A first call needs no account anywhere, and every way in which
//! a provider can fail can be tried by a suffix of the model name.
//!
//! Deterministic: the same request gives the same text and the same token counts (a token is a word).

mod body;
mod fault;
mod prompt;
mod ranking;

use std::time::Duration;

use bytes::Bytes;
use sluicegate_contracts::config::Operation;
use sluicegate_protocols::TokenCounts;
use sluicegate_protocols::embeddings::openai as embeddings;
use sluicegate_protocols::openai_chat::FinishReason;
use sluicegate_protocols::openai_chat::encode::{Answer, ChunkWriter, Head, ToolCall, completion};
use sluicegate_protocols::openai_chat::error::ErrorBody;
use sluicegate_routing::health::Limits;

pub use body::EchoBody;
use body::Step;
pub use fault::{EXAMPLES, Fault, PROVIDER};
use prompt::{EmbeddingPrompt, Prompt};

use super::{Call, Framing, Reply, ReplyBody};

const SLOW_START: Duration = Duration::from_millis(500);
const SLOW_STEP: Duration = Duration::from_millis(100);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Answers a call as its model name's suffix says.
pub(super) async fn answer(call: &Call<'_>) -> Reply {
    match Fault::of_model(call.model) {
        None => refusal(404),
        Some(Fault::Status(status)) => refusal(status),
        Some(Fault::Timeout) => std::future::pending().await,
        Some(fault) => {
            if fault == Fault::Slow {
                tokio::time::sleep(SLOW_START).await;
            }
            let whole = match call.operation {
                Operation::ChatCompletions => chat(call, fault),
                Operation::Embeddings => vec![Step::Data(embed(call).into())],
                Operation::Rerank => vec![Step::Data(ranking::rank(&call.body).into())],
            };
            success(call.stream, with_fault(whole, fault))
        }
    }
}

fn success(is_event_stream: bool, steps: Vec<Step>) -> Reply {
    let body = ReplyBody::Echo(EchoBody::new(steps));
    Reply {
        status: 200,
        retry_after: None,
        limits: Limits::default(),
        framing: if is_event_stream {
            Framing::Events
        } else {
            Framing::Json
        },
        encoded: false,
        error_class: None,
        provider_request: None,
        body,
    }
}

fn refusal(status: u16) -> Reply {
    let (kind, code) = match status {
        401 | 403 => ("invalid_request_error", "invalid_api_key"),
        429 => ("rate_limit_error", "rate_limit_exceeded"),
        400..=499 => ("invalid_request_error", "echo_refused"),
        _ => ("api_error", "echo_failed"),
    };
    let message = format!("The echo provider was asked to answer {status}.");
    let body = ErrorBody {
        message: &message,
        kind,
        param: None,
        code: Some(code),
        details: &[],
    }
    .to_json();
    Reply {
        status,
        retry_after: matches!(status, 429 | 503).then_some(RETRY_AFTER),
        limits: Limits::default(),
        framing: Framing::Json,
        encoded: false,
        error_class: None,
        provider_request: None,
        body: ReplyBody::Echo(EchoBody::new(vec![Step::Data(body.into())])),
    }
}

fn chat(call: &Call<'_>, fault: Fault) -> Vec<Step> {
    let prompt = Prompt::read(&call.body);
    let created = u64::try_from(call.now_millis / 1_000).unwrap_or(0);
    let id = format!("chatcmpl-echo-{created}");
    let head = Head {
        id: &id,
        created,
        model: call.model,
    };
    let text = prompt.reply();
    let limit = prompt.max_tokens.unwrap_or(usize::MAX);
    let pieces: Vec<&str> = text.split_inclusive(' ').take(limit).collect();
    let finish = match (&prompt.tool, pieces.len() < text.split_inclusive(' ').count()) {
        (Some(_), _) => FinishReason::ToolCalls,
        (None, true) => FinishReason::Length,
        (None, false) => FinishReason::Stop,
    };
    let tool = prompt.tool.as_ref().map(|tool| ToolCall {
        id: "call_echo_1",
        name: &tool.name,
        arguments: &tool.arguments,
    });
    let output = if tool.is_some() { 1 } else { pieces.len() as u64 };
    let counts = TokenCounts {
        input: prompt.words,
        output: output.saturating_mul(u64::from(prompt.n)),
        ..TokenCounts::default()
    };
    if call.stream {
        return chunks(
            &ChunkWriter::new(&head, prompt.wants_usage),
            &prompt,
            tool,
            &pieces,
            &finish,
            &counts,
            fault,
        );
    }
    let content = pieces.concat();
    let answer = Answer {
        content: tool.is_none().then_some(content.as_str()),
        tool_calls: tool.as_slice(),
        finish: &finish,
    };
    let answers = vec![answer; usize::from(prompt.n)];
    vec![Step::Data(completion(&head, &answers, &counts).into())]
}

fn chunks(
    writer: &ChunkWriter,
    prompt: &Prompt,
    tool: Option<ToolCall<'_>>,
    pieces: &[&str],
    finish: &FinishReason,
    counts: &TokenCounts,
    fault: Fault,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut frame = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::with_capacity(256);
        write(&mut out);
        steps.push(Step::Data(Bytes::from(out)));
        if fault == Fault::Slow {
            steps.push(Step::Wait(SLOW_STEP));
        }
    };
    for index in 0..u32::from(prompt.n) {
        frame(&|out| writer.role(out, index));
        match &tool {
            Some(call) => frame(&|out| writer.tool_call(out, index, 0, call)),
            None => pieces
                .iter()
                .for_each(|piece| frame(&|out| writer.text(out, index, piece))),
        }
        frame(&|out| writer.finish(out, index, finish));
    }
    frame(&|out| {
        if prompt.wants_usage {
            writer.usage(out, counts);
        }
        writer.done(out);
    });
    steps
}

fn embed(call: &Call<'_>) -> Vec<u8> {
    let prompt = EmbeddingPrompt::read(&call.body);
    embeddings::response(call.model, &prompt.vectors(), prompt.encoding, prompt.words)
}

/// Lets an answer that began well go wrong.
fn with_fault(mut steps: Vec<Step>, fault: Fault) -> Vec<Step> {
    let half = steps.len() / 2;
    match fault {
        Fault::None | Fault::Slow | Fault::Status(_) | Fault::Timeout => {}
        Fault::Cut => {
            steps.truncate(half);
            steps.push(Step::Break);
        }
        Fault::Stall => {
            steps.truncate(half);
            steps.push(Step::Hang);
        }
        Fault::Malformed => {
            steps.truncate(half);
            steps.push(Step::Data(Bytes::from_static(b"data: {\"choices\": [oops\n\n")));
        }
        Fault::Error => {
            steps.truncate(half);
            let message = "The echo provider was asked to fail in the middle of its answer.";
            let error = ErrorBody {
                message,
                kind: "api_error",
                param: None,
                code: Some("echo_failed"),
                details: &[],
            };
            steps.push(Step::Data(error.to_stream_frame().into()));
        }
    }
    steps
}
