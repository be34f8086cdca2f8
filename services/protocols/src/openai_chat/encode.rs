//! Building answers in this dialect: whole, or as a sequence of chunks. The built-in echo provider
//! and the mock provider answer with these; the stream reader writes its usage chunk with them.

use super::{FinishReason, usage};
use crate::TokenCounts;
use crate::json::{write_number, write_string};

/// The frame that ends a stream.
pub const DONE_FRAME: &[u8] = b"data: [DONE]\n\n";

/// What every chunk of an answer repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// Id of the answer.
    pub id: &'a str,
    /// When it was made, in Unix seconds.
    pub created: u64,
    /// The model that answers.
    pub model: &'a str,
}

/// One call of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolCall<'a> {
    /// Id of the call.
    pub id: &'a str,
    /// Name of the function.
    pub name: &'a str,
    /// Its arguments, a JSON document as text.
    pub arguments: &'a str,
}

/// One answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Text; `None` when the answer is only tool calls.
    pub content: Option<&'a str>,
    /// Tool calls.
    pub tool_calls: &'a [ToolCall<'a>],
    /// Why it ended.
    pub finish: &'a FinishReason,
}

/// A whole chat completion with one choice per element of `answers`.
pub fn completion(head: &Head<'_>, answers: &[Answer<'_>], counts: &TokenCounts) -> Vec<u8> {
    let text: usize = answers.iter().map(|a| a.content.map_or(0, str::len)).sum();
    let mut out = Vec::with_capacity(text + 640);
    write_head(&mut out, head, "chat.completion");
    out.extend_from_slice(br#","choices":["#);
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"index":"#);
        write_number(&mut out, index as u64);
        out.extend_from_slice(br#","message":{"role":"assistant","content":"#);
        match answer.content {
            Some(text) => write_string(&mut out, text),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(br#","refusal":null"#);
        if !answer.tool_calls.is_empty() {
            out.extend_from_slice(br#","tool_calls":["#);
            for (at, call) in answer.tool_calls.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_tool_call(&mut out, None, call);
            }
            out.push(b']');
        }
        out.extend_from_slice(br#"},"logprobs":null,"finish_reason":"#);
        write_string(&mut out, answer.finish.as_str());
        out.push(b'}');
    }
    out.extend_from_slice(br#"],"usage":"#);
    usage::write(&mut out, counts);
    out.push(b'}');
    out
}

/// Writes the chunks of one answer, each as a whole frame appended to a buffer of the caller's.
#[derive(Debug, Clone)]
pub struct ChunkWriter {
    /// `data: {"id":...,"model":"..."`, the same for every chunk.
    prefix: Vec<u8>,
    /// What closes a chunk: with usage asked for, OpenAI puts a null usage into every other chunk.
    suffix: &'static [u8],
}

impl ChunkWriter {
    /// A writer for one answer; `with_usage` when the caller asked for usage in the stream.
    pub fn new(head: &Head<'_>, with_usage: bool) -> Self {
        Self::of_object(head, with_usage, "chat.completion.chunk")
    }

    /// A writer of chunks that name themselves otherwise.
    pub(crate) fn of_object(head: &Head<'_>, with_usage: bool, object: &str) -> Self {
        let mut prefix = b"data: ".to_vec();
        write_head(&mut prefix, head, object);
        Self {
            prefix,
            suffix: if with_usage {
                b"],\"usage\":null}\n\n"
            } else {
                b"]}\n\n"
            },
        }
    }

    fn choice(
        &self,
        out: &mut Vec<u8>,
        index: u32,
        delta: impl FnOnce(&mut Vec<u8>),
        finish: Option<&FinishReason>,
    ) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(br#","choices":[{"index":"#);
        write_number(out, u64::from(index));
        out.extend_from_slice(br#","delta":"#);
        delta(out);
        out.extend_from_slice(br#","logprobs":null,"finish_reason":"#);
        match finish {
            Some(reason) => write_string(out, reason.as_str()),
            None => out.extend_from_slice(b"null"),
        }
        out.push(b'}');
        out.extend_from_slice(self.suffix);
    }

    /// The opening chunk of choice `index`, with the role and no text.
    pub fn role(&self, out: &mut Vec<u8>, index: u32) {
        self.choice(
            out,
            index,
            |o| o.extend_from_slice(br#"{"role":"assistant","content":"","refusal":null}"#),
            None,
        );
    }

    /// A piece of text.
    pub fn text(&self, out: &mut Vec<u8>, index: u32, text: &str) {
        let delta = |o: &mut Vec<u8>| {
            o.extend_from_slice(br#"{"content":"#);
            write_string(o, text);
            o.push(b'}');
        };
        self.choice(out, index, delta, None);
    }

    /// A tool call in one chunk; `position` is its place among the calls of the answer.
    pub fn tool_call(&self, out: &mut Vec<u8>, index: u32, position: u32, call: &ToolCall<'_>) {
        let delta = |o: &mut Vec<u8>| {
            o.extend_from_slice(br#"{"tool_calls":["#);
            write_tool_call(o, Some(position), call);
            o.extend_from_slice(b"]}");
        };
        self.choice(out, index, delta, None);
    }

    /// The closing chunk of choice `index`.
    pub fn finish(&self, out: &mut Vec<u8>, index: u32, reason: &FinishReason) {
        self.choice(out, index, |o| o.extend_from_slice(b"{}"), Some(reason));
    }

    /// The chunk with usage and no choices.
    pub fn usage(&self, out: &mut Vec<u8>, counts: &TokenCounts) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(br#","choices":[],"usage":"#);
        usage::write(out, counts);
        out.extend_from_slice(b"}\n\n");
    }

    /// The end of the stream.
    pub fn done(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(DONE_FRAME);
    }
}

pub(crate) fn write_head(out: &mut Vec<u8>, head: &Head<'_>, object: &str) {
    out.extend_from_slice(br#"{"id":"#);
    write_string(out, head.id);
    out.extend_from_slice(br#","object":""#);
    out.extend_from_slice(object.as_bytes());
    out.extend_from_slice(br#"","created":"#);
    write_number(out, head.created);
    out.extend_from_slice(br#","model":"#);
    write_string(out, head.model);
}

fn write_tool_call(out: &mut Vec<u8>, position: Option<u32>, call: &ToolCall<'_>) {
    out.push(b'{');
    if let Some(position) = position {
        out.extend_from_slice(br#""index":"#);
        write_number(out, u64::from(position));
        out.push(b',');
    }
    out.extend_from_slice(br#""id":"#);
    write_string(out, call.id);
    out.extend_from_slice(br#","type":"function","function":{"name":"#);
    write_string(out, call.name);
    out.extend_from_slice(br#","arguments":"#);
    write_string(out, call.arguments);
    out.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests;
