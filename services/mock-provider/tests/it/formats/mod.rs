//! Every format, called as a gateway calls a provider: requests are encoded from the canonical form,
//! answers are decoded into it, and one test serves all formats.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flavors;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod sealed;

use futures_util::StreamExt;
use reqwest::{RequestBuilder, Response as HttpAnswer};
use sluicegate_mock_provider::MockHandle;
use sluicegate_protocols::canonical::{
    Collector, FunctionTool, Message, Part, PartBody, ReasoningConfig, Request, Response, Role, StreamEnd,
    StreamEvent, Tool, ToolBody, ToolResult,
};
use sluicegate_protocols::dialect::{Dialect, Framing, StreamDecoder, decode_response, encode_request};
use sluicegate_protocols::json::RawJson;
use sluicegate_protocols::target::{GeminiQuirks, RequestTarget, ThinkingControl, ThinkingField};
use sluicegate_protocols::{event_stream, sse};

use crate::client::http;

pub(crate) const SIGV4: &str = "AWS4-HMAC-SHA256 \
    Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request, \
    SignedHeaders=content-type;host;x-amz-date, \
    Signature=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A format at one provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) dialect: Dialect,
    /// As the ledger has it.
    pub(crate) endpoint: &'static str,
    whole: &'static str,
    stream: &'static str,
    headers: &'static [(&'static str, &'static str)],
    /// Whether the body says which model and whether to stream.
    says_it: bool,
}

const BEARER: (&str, &str) = ("authorization", "Bearer key");

pub(crate) const WAYS: &[Way] = &[
    Way {
        name: "responses",
        dialect: Dialect::OpenAiResponses,
        endpoint: "responses",
        whole: "/v1/responses",
        stream: "/v1/responses",
        headers: &[BEARER],
        says_it: true,
    },
    Way {
        name: "anthropic",
        dialect: Dialect::AnthropicMessages,
        endpoint: "messages",
        whole: "/v1/messages",
        stream: "/v1/messages",
        headers: &[("x-api-key", "key"), ("anthropic-version", "2023-06-01")],
        says_it: true,
    },
    Way {
        name: "gemini",
        dialect: Dialect::Gemini,
        endpoint: "generateContent",
        whole: "/v1beta/models/m:generateContent",
        stream: "/v1beta/models/m:streamGenerateContent?alt=sse",
        headers: &[("x-goog-api-key", "key")],
        says_it: false,
    },
    Way {
        name: "vertex gemini",
        dialect: Dialect::Gemini,
        endpoint: "generateContent",
        whole: "/v1/projects/p/locations/l/publishers/google/models/m:generateContent",
        stream: "/v1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent?alt=sse",
        headers: &[BEARER],
        says_it: false,
    },
    Way {
        name: "vertex claude",
        dialect: Dialect::AnthropicMessages,
        endpoint: "messages",
        whole: "/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict",
        stream: "/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict",
        headers: &[BEARER],
        says_it: false,
    },
    Way {
        name: "bedrock",
        dialect: Dialect::BedrockConverse,
        endpoint: "converse",
        whole: "/model/m/converse",
        stream: "/model/m/converse-stream",
        headers: &[("authorization", SIGV4), ("x-amz-date", "20260101T000000Z")],
        says_it: false,
    },
    Way {
        name: "cohere",
        dialect: Dialect::CohereChat,
        endpoint: "cohere.chat",
        whole: "/v2/chat",
        stream: "/v2/chat",
        headers: &[BEARER],
        says_it: true,
    },
    Way {
        name: "azure",
        dialect: Dialect::OpenAiChat,
        endpoint: "chat.completions",
        whole: "/openai/v1/chat/completions",
        stream: "/openai/v1/chat/completions",
        headers: &[("api-key", "key")],
        says_it: true,
    },
    Way {
        name: "azure deployment",
        dialect: Dialect::OpenAiResponses,
        endpoint: "responses",
        whole: "/openai/deployments/m/responses?api-version=2025-04-01-preview",
        stream: "/openai/deployments/m/responses?api-version=2025-04-01-preview",
        headers: &[("api-key", "key")],
        says_it: true,
    },
    Way {
        name: "azure claude",
        dialect: Dialect::AnthropicMessages,
        endpoint: "messages",
        whole: "/anthropic/v1/messages",
        stream: "/anthropic/v1/messages",
        headers: &[("api-key", "key"), ("anthropic-version", "2023-06-01")],
        says_it: true,
    },
    Way {
        name: "openai",
        dialect: Dialect::OpenAiChat,
        endpoint: "chat.completions",
        whole: "/v1/chat/completions",
        stream: "/v1/chat/completions",
        headers: &[BEARER],
        says_it: true,
    },
    flavor("groq", "/groq/v1/chat/completions"),
    flavor("deepseek", "/deepseek/v1/chat/completions"),
    flavor("xai", "/xai/v1/chat/completions"),
    flavor("together", "/together/v1/chat/completions"),
    flavor("fireworks", "/fireworks/v1/chat/completions"),
    flavor("openrouter", "/openrouter/v1/chat/completions"),
    flavor("huggingface", "/huggingface/v1/chat/completions"),
    flavor("ollama", "/ollama/v1/chat/completions"),
    flavor("vllm", "/vllm/v1/chat/completions"),
    flavor("llama-cpp", "/llama-cpp/v1/chat/completions"),
];

/// A server that speaks Chat Completions in its own way.
const fn flavor(name: &'static str, path: &'static str) -> Way {
    Way {
        name,
        dialect: Dialect::OpenAiChat,
        endpoint: "chat.completions",
        whole: path,
        stream: path,
        headers: &[BEARER],
        says_it: true,
    }
}

/// The way of that name.
pub(crate) fn way(name: &str) -> &'static Way {
    WAYS.iter().find(|way| way.name == name).unwrap()
}

/// What came of a stream.
#[derive(Debug)]
pub(crate) struct Streamed {
    pub(crate) response: Response<'static>,
    pub(crate) end: StreamEnd,
    /// Events with text, calls or reasoning in them.
    pub(crate) pieces: usize,
    /// Whether the decoder refused something.
    pub(crate) faulty: bool,
    /// Whether the connection broke.
    pub(crate) broke: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Way {
    fn body(&self, request: &Request<'_>, streams: bool) -> Vec<u8> {
        let mut request = request.clone();
        request.model = self.says_it.then(|| "m".into());
        request.stream.enabled = self.says_it.then_some(streams);
        let target = RequestTarget {
            // Whose model it is decides how thinking is asked for.
            model: (self.dialect == Dialect::BedrockConverse).then_some("anthropic.claude-sonnet-4-5"),
            stream_usage: streams,
            thinking: ThinkingControl::Budget,
            gemini: GeminiQuirks {
                json_schema: true,
                thinking: ThinkingField::Budget,
                signed_calls: false,
            },
            ..RequestTarget::default()
        };
        let body = encode_request(self.dialect, &request, &target).body;
        if self.name != "vertex claude" {
            return body;
        }
        let mut document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let members = document.as_object_mut().unwrap();
        members.remove("model");
        members.insert("anthropic_version".into(), "vertex-2023-10-16".into());
        document.to_string().into_bytes()
    }

    /// The call, to be sent.
    pub(crate) fn call(&self, mock: &MockHandle, request: &Request<'_>, streams: bool) -> RequestBuilder {
        self.raw(mock, self.body(request, streams), streams)
    }

    /// A call with that body.
    pub(crate) fn raw(&self, mock: &MockHandle, body: Vec<u8>, streams: bool) -> RequestBuilder {
        let path = if streams { self.stream } else { self.whole };
        let mut call = http().post(format!("{}{path}", mock.base_url()));
        for (name, value) in self.headers {
            call = call.header(*name, *value);
        }
        call.header("content-type", "application/json").body(body)
    }

    pub(crate) async fn send(&self, mock: &MockHandle, request: &Request<'_>, streams: bool) -> HttpAnswer {
        self.call(mock, request, streams).send().await.unwrap()
    }

    /// A whole answer.
    pub(crate) async fn whole(&self, mock: &MockHandle, request: &Request<'_>) -> Response<'static> {
        let answer = self.send(mock, request, false).await;
        let status = answer.status();
        let body = answer.bytes().await.unwrap();
        assert_eq!(status, 200, "{}: {}", self.name, String::from_utf8_lossy(&body));
        // Answers borrow from the document; a test's may stay.
        let body: &'static [u8] = Vec::leak(body.to_vec());
        decode_response(self.dialect, body).unwrap()
    }

    /// A streamed answer, as far as it comes.
    pub(crate) async fn streamed(&self, mock: &MockHandle, request: &Request<'_>) -> Streamed {
        let answer = self.send(mock, request, true).await;
        assert_eq!(answer.status(), 200, "{}", self.name);
        let (mut bytes, mut broke) = (Vec::new(), false);
        let mut body = answer.bytes_stream();
        while let Some(read) = body.next().await {
            match read {
                Ok(read) => bytes.extend_from_slice(&read),
                Err(_) => {
                    broke = true;
                    break;
                }
            }
        }
        decode(self.dialect, bytes, broke)
    }
}

fn decode(dialect: Dialect, bytes: Vec<u8>, broke: bool) -> Streamed {
    let mut decoder = StreamDecoder::new(dialect);
    let mut collector = Collector::new(dialect, 1 << 26);
    let (mut pieces, mut faulty) = (0, false);
    let mut sink = |event: StreamEvent<'_>| {
        pieces += usize::from(matches!(
            event,
            StreamEvent::Delta { .. } | StreamEvent::PartStart { .. }
        ));
        collector.event(event).unwrap();
    };
    for (event, data) in frames(dialect.framing(), &bytes) {
        if decoder.frame(event.as_deref(), &data, &mut sink).is_err() {
            faulty = true;
            break;
        }
    }
    let end = decoder.end(&mut sink);
    Streamed {
        response: collector.finish(),
        end,
        pieces,
        faulty,
        broke,
        bytes,
    }
}

/// Names and data of the frames of a stream. What is cut off at its end is left out.
pub(crate) fn frames(framing: Framing, bytes: &[u8]) -> Vec<(Option<Vec<u8>>, Vec<u8>)> {
    let mut frames = Vec::new();
    match framing {
        Framing::Sse => {
            let mut parser = sse::Parser::new(1 << 24);
            parser
                .feed::<sse::FrameTooLarge>(bytes, |frame| {
                    if let Some(data) = frame.data {
                        frames.push((frame.event.map(<[u8]>::to_vec), data.to_vec()));
                    }
                    Ok(())
                })
                .unwrap();
        }
        Framing::EventStream => {
            let mut parser = event_stream::Parser::new(1 << 24);
            parser
                .feed::<event_stream::FramingFault>(bytes, |frame| {
                    frames.push((frame.event.map(<[u8]>::to_vec), frame.data.to_vec()));
                    Ok(())
                })
                .unwrap();
        }
    }
    frames
}

/// A request with that prompt.
pub(crate) fn ask(prompt: &str) -> Request<'static> {
    let mut request = Request::new(Dialect::OpenAiChat);
    request.messages = vec![Message::new(Role::User, vec![Part::text(prompt.to_owned())])];
    request.stream.usage = Some(true);
    request.stream.options = true;
    request
}

/// The same that offers two tools.
pub(crate) fn ask_with_tools(prompt: &str) -> Request<'static> {
    let mut request = ask(prompt);
    for (name, property) in [("weather", "city"), ("time", "zone")] {
        let schema = format!(r#"{{"type":"object","properties":{{"{property}":{{"type":"string"}}}}}}"#);
        request.tools.push(Tool::new(ToolBody::Function(FunctionTool {
            name: name.into(),
            parameters: Some(RawJson::parse(schema).unwrap()),
            ..FunctionTool::default()
        })));
    }
    request
}

/// The same that asks to think, and to show it.
pub(crate) fn thinking(mut request: Request<'static>) -> Request<'static> {
    request.max_output_tokens = Some(8192);
    request.reasoning = Some(ReasoningConfig {
        enabled: Some(true),
        effort: Some("low".into()),
        budget: Some(2048),
        summary: Some("auto".into()),
        show: Some(true),
        ..ReasoningConfig::default()
    });
    request
}

/// The conversation goes on: the answer, and results of its calls.
pub(crate) fn go_on(
    mut request: Request<'static>,
    answer: &Response<'static>,
    results: &[&str],
) -> Request<'static> {
    let message = answer.candidates[0].message.clone();
    let calls = message.parts.iter().filter_map(|part| part.body.as_tool_call());
    let results = calls.zip(results).map(|(call, text)| {
        Part::new(PartBody::from(ToolResult {
            call_id: call.id.clone(),
            name: Some(call.name.clone()),
            content: vec![Part::text((*text).to_owned())],
            is_error: None,
            kind: call.kind,
        }))
    });
    let results: Vec<Part<'static>> = results.collect();
    request.messages.push(message);
    if !results.is_empty() {
        request.messages.push(Message::new(Role::Tool, results));
    }
    request
}

/// The text of an answer.
pub(crate) fn text(response: &Response<'_>) -> String {
    let parts = response.candidates.iter().flat_map(|it| &it.message.parts);
    parts
        .filter_map(|part| part.body.as_text())
        .map(|text| text.text.as_ref())
        .collect()
}

/// Its reasoning, told or summed up.
pub(crate) fn reasoning(response: &Response<'_>) -> String {
    let parts = response.candidates.iter().flat_map(|it| &it.message.parts);
    let thoughts = parts.filter_map(|part| part.body.as_reasoning());
    thoughts
        .flat_map(|it| it.text.iter().chain(&it.summary))
        .map(AsRef::as_ref)
        .collect()
}

/// Its calls: names and arguments.
pub(crate) fn calls(response: &Response<'_>) -> Vec<(String, String)> {
    let parts = response.candidates.iter().flat_map(|it| &it.message.parts);
    let calls = parts.filter_map(|part| part.body.as_tool_call());
    calls
        .map(|call| {
            let arguments: serde_json::Value = serde_json::from_str(call.arguments.as_text()).unwrap();
            (call.name.as_ref().to_owned(), arguments.to_string())
        })
        .collect()
}
