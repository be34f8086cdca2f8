//! The one door to every dialect: the data plane names a [`Dialect`] and calls these functions.
//! Adding a dialect is a folder, a variant here, and an arm in every match below; the compiler
//! lists them.

use crate::DecodeError;
use crate::anthropic_messages;
use crate::bedrock_converse;
use crate::canonical::{Request, Response, StreamEnd, StreamEvent, StreamFault};
use crate::failure::Failure;
use crate::gemini;
use crate::lossy::{Encoded, LossReport};
use crate::openai_chat;
use crate::target::{AnswerTarget, RequestTarget};

/// A wire format of inference traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// OpenAI Chat Completions, and what calls itself compatible with it.
    OpenAiChat,
    /// Anthropic Messages.
    AnthropicMessages,
    /// Gemini's generateContent, as the Gemini API and Vertex AI serve it.
    Gemini,
    /// Amazon Bedrock's Converse and ConverseStream.
    BedrockConverse,
}

/// How the frames of a stream are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Server-sent events: [`crate::sse`].
    Sse,
    /// AWS event stream: [`crate::event_stream`].
    EventStream,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: &'static [Self] = &[
        Self::OpenAiChat,
        Self::AnthropicMessages,
        Self::Gemini,
        Self::BedrockConverse,
    ];

    /// Its name in configuration, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAiChat => "openai_chat",
            Self::AnthropicMessages => "anthropic_messages",
            Self::Gemini => "gemini",
            Self::BedrockConverse => "bedrock_converse",
        }
    }

    /// How its streams are framed.
    pub fn framing(self) -> Framing {
        match self {
            Self::OpenAiChat | Self::AnthropicMessages | Self::Gemini => Framing::Sse,
            Self::BedrockConverse => Framing::EventStream,
        }
    }
}

/// Reads a request body nested at most `depth` deep.
pub fn decode_request(dialect: Dialect, body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    match dialect {
        Dialect::OpenAiChat => openai_chat::codec::decode_request(body, depth),
        Dialect::AnthropicMessages => anthropic_messages::codec::decode_request(body, depth),
        Dialect::Gemini => gemini::codec::decode_request(body, depth),
        Dialect::BedrockConverse => bedrock_converse::codec::decode_request(body, depth),
    }
}

/// Writes a request body for a provider.
pub fn encode_request(dialect: Dialect, request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
    match dialect {
        Dialect::OpenAiChat => openai_chat::codec::encode_request(request, target),
        Dialect::AnthropicMessages => anthropic_messages::codec::encode_request(request, target),
        Dialect::Gemini => gemini::codec::encode_request(request, target),
        Dialect::BedrockConverse => bedrock_converse::codec::encode_request(request, target),
    }
}

/// Reads a whole answer of a provider, successful by its HTTP status. Lenient: a member of an
/// unexpected type counts as unknown; only broken JSON is an error.
pub fn decode_response(dialect: Dialect, body: &[u8]) -> Result<Response<'_>, DecodeError> {
    match dialect {
        Dialect::OpenAiChat => openai_chat::codec::decode_response(body),
        Dialect::AnthropicMessages => anthropic_messages::codec::decode_response(body),
        Dialect::Gemini => gemini::codec::decode_response(body),
        Dialect::BedrockConverse => bedrock_converse::codec::decode_response(body),
    }
}

/// Writes a whole answer for a caller. `target` fills what the dialect wants and the answer lacks.
pub fn encode_response(dialect: Dialect, response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    match dialect {
        Dialect::OpenAiChat => openai_chat::codec::encode_response(response, target),
        Dialect::AnthropicMessages => anthropic_messages::codec::encode_response(response, target),
        Dialect::Gemini => gemini::codec::encode_response(response, target),
        Dialect::BedrockConverse => bedrock_converse::codec::encode_response(response, target),
    }
}

/// Writes the body of an error for a caller.
pub fn encode_failure(dialect: Dialect, failure: &Failure<'_>) -> Vec<u8> {
    match dialect {
        Dialect::OpenAiChat => openai_chat::error::ErrorBody::from(failure).to_json(),
        Dialect::AnthropicMessages => anthropic_messages::error::ErrorBody::from(failure).to_json(),
        Dialect::Gemini => gemini::error::ErrorBody::from(failure).to_json(),
        Dialect::BedrockConverse => bedrock_converse::error::ErrorBody::from(failure).to_json(),
    }
}

/// Reads the frames of a provider's stream.
#[derive(Debug)]
pub enum StreamDecoder {
    /// Chat Completions chunks.
    OpenAiChat(openai_chat::codec::StreamDecoder),
    /// Events of a message.
    AnthropicMessages(anthropic_messages::codec::StreamDecoder),
    /// Chunks of generateContent.
    Gemini(gemini::codec::StreamDecoder),
    /// Converse's messages.
    BedrockConverse(bedrock_converse::codec::StreamDecoder),
}

impl StreamDecoder {
    /// A decoder of one stream.
    pub fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAiChat => Self::OpenAiChat(openai_chat::codec::StreamDecoder::new()),
            Dialect::AnthropicMessages => {
                Self::AnthropicMessages(anthropic_messages::codec::StreamDecoder::new())
            }
            Dialect::Gemini => Self::Gemini(gemini::codec::StreamDecoder::new()),
            Dialect::BedrockConverse => Self::BedrockConverse(bedrock_converse::codec::StreamDecoder::new()),
        }
    }

    /// Takes one frame: its event name, if it has one, and its data.
    pub fn frame(
        &mut self,
        event: Option<&[u8]>,
        data: &[u8],
        sink: &mut impl FnMut(StreamEvent<'_>),
    ) -> Result<(), StreamFault> {
        match self {
            Self::OpenAiChat(decoder) => decoder.frame(event, data, sink),
            Self::AnthropicMessages(decoder) => decoder.frame(event, data, sink),
            Self::Gemini(decoder) => decoder.frame(event, data, sink),
            Self::BedrockConverse(decoder) => decoder.frame(event, data, sink),
        }
    }

    /// Takes the end of the connection. Gives `Complete` only when the provider has said all.
    pub fn end(&mut self, sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
        match self {
            Self::OpenAiChat(decoder) => decoder.end(sink),
            Self::AnthropicMessages(decoder) => decoder.end(sink),
            Self::Gemini(decoder) => decoder.end(sink),
            Self::BedrockConverse(decoder) => decoder.end(sink),
        }
    }
}

/// Writes the frames of a caller's stream.
#[derive(Debug)]
pub enum StreamEncoder {
    /// Chat Completions chunks.
    OpenAiChat(openai_chat::codec::StreamEncoder),
    /// Events of a message.
    AnthropicMessages(anthropic_messages::codec::StreamEncoder),
    /// Chunks of generateContent.
    Gemini(gemini::codec::StreamEncoder),
    /// Converse's messages.
    BedrockConverse(bedrock_converse::codec::StreamEncoder),
}

impl StreamEncoder {
    /// An encoder of one stream.
    pub fn new(dialect: Dialect, target: &AnswerTarget<'_>) -> Self {
        match dialect {
            Dialect::OpenAiChat => Self::OpenAiChat(openai_chat::codec::StreamEncoder::new(target)),
            Dialect::AnthropicMessages => {
                Self::AnthropicMessages(anthropic_messages::codec::StreamEncoder::new(target))
            }
            Dialect::Gemini => Self::Gemini(gemini::codec::StreamEncoder::new(target)),
            Dialect::BedrockConverse => {
                Self::BedrockConverse(bedrock_converse::codec::StreamEncoder::new(target))
            }
        }
    }

    /// Appends the frames that an event makes.
    pub fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
        match self {
            Self::OpenAiChat(encoder) => encoder.event(event, out),
            Self::AnthropicMessages(encoder) => encoder.event(event, out),
            Self::Gemini(encoder) => encoder.event(event, out),
            Self::BedrockConverse(encoder) => encoder.event(event, out),
        }
    }

    /// Appends the frames that end a stream with an error: after a cut, a fault, or a failure of
    /// ours. Nothing may follow, and what was written does not look complete.
    pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        match self {
            Self::OpenAiChat(encoder) => encoder.fail(failure, out),
            Self::AnthropicMessages(encoder) => encoder.fail(failure, out),
            Self::Gemini(encoder) => encoder.fail(failure, out),
            Self::BedrockConverse(encoder) => encoder.fail(failure, out),
        }
    }

    /// What could not be written so far.
    pub fn losses(&self) -> &LossReport {
        match self {
            Self::OpenAiChat(encoder) => encoder.losses(),
            Self::AnthropicMessages(encoder) => encoder.losses(),
            Self::Gemini(encoder) => encoder.losses(),
            Self::BedrockConverse(encoder) => encoder.losses(),
        }
    }
}
