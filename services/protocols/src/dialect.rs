//! The one door to every dialect: the data plane names a [`Dialect`] and calls these functions. Adding a dialect is a
//! folder and a row in the table at the end; everything the folder must have is named here.

use crate::DecodeError;
use crate::canonical::{Request, Response, StreamEnd, StreamEvent, StreamFault};
use crate::failure::Failure;
use crate::lossy::{Encoded, LossReport};
use crate::target::{AnswerTarget, RequestTarget};

/// How the frames of a stream are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Server-sent events: [`crate::sse`].
    Sse,
    /// AWS event stream: [`crate::event_stream`].
    EventStream,
}

macro_rules! dialects {
    ($($(#[$doc:meta])* $variant:ident = $word:literal in $folder:ident, framed by $framing:ident;)+) => {
        /// A wire format of inference traffic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Dialect {
            $($(#[$doc])* $variant,)+
        }

        impl Dialect {
            /// Every dialect.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in configuration, metrics and logs.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// How its streams are framed.
            pub const fn framing(self) -> Framing {
                match self {
                    $(Self::$variant => Framing::$framing,)+
                }
            }
        }

        /// Reads a request body nested at most `depth` deep.
        pub fn decode_request(dialect: Dialect, body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
            match dialect {
                $(Dialect::$variant => crate::$folder::codec::decode_request(body, depth),)+
            }
        }

        /// Writes a request body for a provider.
        pub fn encode_request(dialect: Dialect, request: &Request<'_>, target: &RequestTarget<'_>) -> Encoded {
            match dialect {
                $(Dialect::$variant => crate::$folder::codec::encode_request(request, target),)+
            }
        }

        /// Reads a whole answer of a provider, successful by its HTTP status. Lenient: a member of an unexpected type
        /// counts as unknown; only broken JSON is an error.
        pub fn decode_response(dialect: Dialect, body: &[u8]) -> Result<Response<'_>, DecodeError> {
            match dialect {
                $(Dialect::$variant => crate::$folder::codec::decode_response(body),)+
            }
        }

        /// Writes a whole answer for a caller. `target` fills what the dialect wants and the answer lacks.
        pub fn encode_response(dialect: Dialect, response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
            match dialect {
                $(Dialect::$variant => crate::$folder::codec::encode_response(response, target),)+
            }
        }

        /// Writes the body of an error for a caller.
        pub fn encode_failure(dialect: Dialect, failure: &Failure<'_>) -> Vec<u8> {
            match dialect {
                $(Dialect::$variant => crate::$folder::error::ErrorBody::from(failure).to_json(),)+
            }
        }

        /// Reads the frames of a provider's stream.
        #[derive(Debug)]
        pub enum StreamDecoder {
            $(
                #[doc = concat!("Of `", $word, "`.")]
                $variant(crate::$folder::codec::StreamDecoder),
            )+
        }

        impl StreamDecoder {
            /// A decoder of one stream.
            pub fn new(dialect: Dialect) -> Self {
                match dialect {
                    $(Dialect::$variant => Self::$variant(crate::$folder::codec::StreamDecoder::new()),)+
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
                    $(Self::$variant(decoder) => decoder.frame(event, data, sink),)+
                }
            }

            /// Takes the end of the connection. Gives `Complete` only when the provider has said all.
            pub fn end(&mut self, sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
                match self {
                    $(Self::$variant(decoder) => decoder.end(sink),)+
                }
            }
        }

        /// Writes the frames of a caller's stream.
        #[derive(Debug)]
        pub enum StreamEncoder {
            $(
                #[doc = concat!("Of `", $word, "`.")]
                $variant(Box<crate::$folder::codec::StreamEncoder>),
            )+
        }

        impl StreamEncoder {
            /// An encoder of one stream.
            pub fn new(dialect: Dialect, target: &AnswerTarget<'_>) -> Self {
                match dialect {
                    $(Dialect::$variant => {
                        Self::$variant(Box::new(crate::$folder::codec::StreamEncoder::new(target)))
                    })+
                }
            }

            /// Appends the frames that an event makes.
            pub fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(encoder) => encoder.event(event, out),)+
                }
            }

            /// Appends the frames that end a stream with an error: after a cut, a fault, or a failure of ours. Nothing
            /// may follow, and what was written does not look complete.
            pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(encoder) => encoder.fail(failure, out),)+
                }
            }

            /// What could not be written so far.
            pub fn losses(&self) -> &LossReport {
                match self {
                    $(Self::$variant(encoder) => encoder.losses(),)+
                }
            }
        }
    };
}

dialects! {
    /// OpenAI Chat Completions, and what calls itself compatible with it.
    OpenAiChat = "openai_chat" in openai_chat, framed by Sse;
    /// OpenAI Responses.
    OpenAiResponses = "openai_responses" in openai_responses, framed by Sse;
    /// Anthropic Messages.
    AnthropicMessages = "anthropic_messages" in anthropic_messages, framed by Sse;
    /// Gemini's generateContent, as the Gemini API and Vertex AI serve it.
    Gemini = "gemini" in gemini, framed by Sse;
    /// Amazon Bedrock's Converse and ConverseStream.
    BedrockConverse = "bedrock_converse" in bedrock_converse, framed by EventStream;
    /// Cohere's chat, version 2.
    CohereChat = "cohere_chat" in cohere_chat, framed by Sse;
}
