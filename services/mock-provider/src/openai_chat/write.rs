//! Writes scripted answers in this format, whole or as frames, the way OpenAI cuts them: the name of a call first, its
//! arguments in pieces. Reasoning is told under both names that servers with open reasoning have for it, as vLLM does. Answers of the
//! usual words, which benches ask for by the thousand, are written by `stream` and `Plan` without a tree.

use serde_json::{Value, json};
use sluicegate_protocols::openai_chat::encode::DONE_FRAME;

use crate::answer::{Content, ScriptedCall};
use crate::plan::Plan;
use crate::stream::Frame;

/// Longest piece of arguments in a stream, in characters.
const ARGUMENT_PIECE: usize = 9;

fn call_id(id: &str, position: usize) -> String {
    format!("call_{id}_{position}")
}

/// A whole answer.
pub(super) fn body(plan: &Plan, id: &str) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null});
    if !plan.reasoning.is_empty() {
        let text = plan.reasoning.concat();
        message["reasoning"] = text.clone().into();
        message["reasoning_content"] = text.into();
    }
    match &plan.content {
        Content::Words => message["content"] = plan.usual_text().into(),
        Content::Text(pieces) => message["content"] = pieces.concat().into(),
        Content::Calls(calls) => {
            message["tool_calls"] = calls.iter().enumerate().map(|it| whole_call(id, it)).collect();
        }
    }
    let choice = |index| json!({"index": index, "message": message, "logprobs": null, "finish_reason": plan.finish().as_str()});
    json!({
        "id": id, "object": "chat.completion", "created": plan.created, "model": plan.model_name,
        "choices": (0..plan.n).map(choice).collect::<Vec<_>>(), "usage": usage(plan),
    })
}

fn whole_call(id: &str, (position, call): (usize, &ScriptedCall)) -> Value {
    let function = json!({"name": call.name, "arguments": call.arguments});
    json!({"id": call_id(id, position), "type": "function", "function": function})
}

fn usage(plan: &Plan) -> Value {
    let counts = &plan.counts;
    json!({
        "prompt_tokens": counts.input, "completion_tokens": counts.output, "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cached_input, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning, "audio_tokens": 0},
    })
}

/// The frames of a stream.
pub(super) fn frames(plan: &Plan, id: &str) -> Vec<Frame> {
    let chunks = Chunks { plan, id };
    let mut frames = Vec::new();
    for index in 0..plan.n {
        frames.push(chunks.delta(
            index,
            &json!({"role": "assistant", "content": "", "refusal": null}),
            0,
        ));
        for piece in &plan.reasoning {
            frames.push(chunks.delta(index, &json!({"reasoning": piece, "reasoning_content": piece}), 0));
        }
        match &plan.content {
            Content::Words => {
                let text = plan.usual_text();
                frames.extend(text.split_inclusive(' ').map(|it| chunks.text(index, it)));
            }
            Content::Text(pieces) => frames.extend(pieces.iter().map(|it| chunks.text(index, it))),
            Content::Calls(calls) => {
                for (position, call) in calls.iter().enumerate() {
                    chunks.call(index, position, call, &mut frames);
                }
            }
        }
        frames.push(chunks.finish(index));
    }
    if plan.usage_chunk {
        frames.push(Frame::tail(chunks.frame(&json!([]), &usage(plan))));
    }
    if plan.model.behaviour.end_marker {
        frames.push(Frame::tail(DONE_FRAME.to_vec()));
    }
    frames
}

struct Chunks<'a> {
    plan: &'a Plan,
    id: &'a str,
}

impl Chunks<'_> {
    fn frame(&self, choices: &Value, usage: &Value) -> Vec<u8> {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.plan.created,
            "model": self.plan.model_name, "choices": choices,
        });
        if self.plan.usage_chunk {
            chunk["usage"] = usage.clone();
        }
        format!("data: {chunk}\n\n").into_bytes()
    }

    fn choice(&self, index: u32, delta: &Value, finish: Option<&str>) -> Vec<u8> {
        let choice = json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        self.frame(&choice, &Value::Null)
    }

    fn delta(&self, index: u32, delta: &Value, tokens: u64) -> Frame {
        Frame::content(self.choice(index, delta, None), tokens)
    }

    fn text(&self, index: u32, piece: &str) -> Frame {
        self.delta(index, &json!({ "content": piece }), 1)
    }

    fn call(&self, index: u32, position: usize, call: &ScriptedCall, frames: &mut Vec<Frame>) {
        let function = json!({"name": call.name, "arguments": ""});
        let opening = json!({"index": position, "id": call_id(self.id, position), "type": "function", "function": function});
        frames.push(self.delta(index, &json!({"tool_calls": [opening]}), Content::CALL_TOKENS));
        let letters: Vec<char> = call.arguments.chars().collect();
        for piece in letters.chunks(ARGUMENT_PIECE) {
            let function = json!({"arguments": piece.iter().collect::<String>()});
            let more = json!({"tool_calls": [{"index": position, "function": function}]});
            frames.push(self.delta(index, &more, 0));
        }
    }

    /// The finish; that of the last choice ends the text.
    fn finish(&self, index: u32) -> Frame {
        let bytes = self.choice(index, &json!({}), Some(self.plan.finish().as_str()));
        if index + 1 == self.plan.n {
            Frame::tail(bytes)
        } else {
            Frame::content(bytes, 0)
        }
    }
}
