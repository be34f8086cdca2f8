//! What can be called: the closed list of APIs, each of which fixes the dialect a caller speaks and the operation that
//! is asked of a model. The route table names one for every path, and one path asks the body as well; everything after that
//! only asks it.

use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::RequestId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::embeddings::gemini::EmbedMethod;
use sluicegate_protocols::relay::AnswerForm;

/// An API that callers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    /// OpenAI's Chat Completions.
    ChatCompletions,
    /// Chat Completions at OpenRouter's address: its clients take no answer that lacks a member, or has null for one.
    OpenRouterChat,
    /// Chat Completions at Cursor's address, which may be a request of Responses: its body tells.
    CursorChat,
    /// What turned out to be one: asked in Responses, answered in Chat Completions.
    ResponsesAsChat {
        /// The caller wants to be told token counts at the end of a stream.
        usage: bool,
    },
    /// OpenAI's older text completions: chat in other clothes.
    Completions,
    /// OpenAI's embeddings.
    Embeddings,
    /// OpenAI's Responses, without the state a provider would keep.
    Responses,
    /// Anthropic's Messages.
    Messages,
    /// Tokens of a request to Anthropic's Messages.
    CountMessageTokens,
    /// Gemini's `generateContent`.
    GenerateContent,
    /// Gemini's `streamGenerateContent`, as events.
    StreamGenerateContent,
    /// The same as the elements of one JSON array.
    StreamGenerateContentArray,
    /// Gemini's `countTokens`.
    CountTokens,
    /// Gemini's `embedContent`: OpenAI's embeddings in other clothes.
    EmbedContent,
    /// Gemini's `batchEmbedContents`.
    BatchEmbedContents,
    /// Ranking of documents, in Cohere's form; errors are OpenAI's, which every client of it reads.
    Rerank,
}

impl Api {
    /// The dialect the caller speaks, in which errors are told.
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::ChatCompletions
            | Self::OpenRouterChat
            | Self::CursorChat
            | Self::ResponsesAsChat { .. }
            | Self::Completions
            | Self::Embeddings
            | Self::Rerank => Dialect::OpenAiChat,
            Self::Responses => Dialect::OpenAiResponses,
            Self::Messages | Self::CountMessageTokens => Dialect::AnthropicMessages,
            Self::GenerateContent
            | Self::StreamGenerateContent
            | Self::StreamGenerateContentArray
            | Self::CountTokens
            | Self::EmbedContent
            | Self::BatchEmbedContents => Dialect::Gemini,
        }
    }

    /// Whether its callers expect the statuses of OpenAI itself.
    pub(crate) const fn is_openai(self) -> bool {
        match self {
            Self::ChatCompletions
            | Self::CursorChat
            | Self::ResponsesAsChat { .. }
            | Self::Completions
            | Self::Embeddings
            | Self::Responses => true,
            Self::OpenRouterChat
            | Self::Rerank
            | Self::Messages
            | Self::CountMessageTokens
            | Self::GenerateContent
            | Self::StreamGenerateContent
            | Self::StreamGenerateContentArray
            | Self::CountTokens
            | Self::EmbedContent
            | Self::BatchEmbedContents => false,
        }
    }

    /// The dialect of the request once it is read: some are rewritten on arrival.
    pub(crate) const fn body_dialect(self) -> Dialect {
        match self {
            Self::EmbedContent | Self::BatchEmbedContents => Dialect::OpenAiChat,
            Self::ResponsesAsChat { .. } => Dialect::OpenAiResponses,
            Self::ChatCompletions
            | Self::OpenRouterChat
            | Self::CursorChat
            | Self::Completions
            | Self::Embeddings
            | Self::Responses
            | Self::Messages
            | Self::CountMessageTokens
            | Self::GenerateContent
            | Self::StreamGenerateContent
            | Self::StreamGenerateContentArray
            | Self::CountTokens
            | Self::Rerank => self.dialect(),
        }
    }

    /// The form in which the caller takes answers.
    pub(crate) const fn answer_form(self) -> AnswerForm {
        match self.clothes() {
            Clothes::Completions => AnswerForm::Completions,
            Clothes::Own => AnswerForm::Dialect(self.dialect()),
            Clothes::Embed(_) => AnswerForm::Dialect(self.body_dialect()),
        }
    }

    /// Whether requests and answers are those of another API in other clothes.
    pub(crate) const fn clothes(self) -> Clothes {
        match self {
            Self::Completions => Clothes::Completions,
            Self::EmbedContent => Clothes::Embed(EmbedMethod::One),
            Self::BatchEmbedContents => Clothes::Embed(EmbedMethod::Batch),
            Self::ChatCompletions
            | Self::OpenRouterChat
            | Self::CursorChat
            | Self::ResponsesAsChat { .. }
            | Self::Embeddings
            | Self::Responses
            | Self::Messages
            | Self::CountMessageTokens
            | Self::GenerateContent
            | Self::StreamGenerateContent
            | Self::StreamGenerateContentArray
            | Self::CountTokens
            | Self::Rerank => Clothes::Own,
        }
    }

    /// Whether answers are written anew even where the provider's own would do.
    pub(crate) const fn is_strict(self) -> bool {
        matches!(self, Self::OpenRouterChat)
    }

    /// Whether a stream is told as one JSON array.
    pub(crate) const fn streams_array(self) -> bool {
        matches!(self, Self::StreamGenerateContentArray)
    }

    /// Whether the API itself is for streams; where it is not, the request says.
    pub(crate) const fn is_stream(self) -> bool {
        matches!(
            self,
            Self::StreamGenerateContent | Self::StreamGenerateContentArray
        )
    }

    /// An id for an answer whose provider gave none.
    pub(crate) fn answer_id(self, request: RequestId) -> String {
        let prefix = match self {
            Self::ChatCompletions
            | Self::OpenRouterChat
            | Self::CursorChat
            | Self::ResponsesAsChat { .. } => "chatcmpl-",
            Self::Completions => "cmpl-",
            Self::Responses => "resp_",
            Self::Messages => "msg_",
            Self::GenerateContent
            | Self::StreamGenerateContent
            | Self::StreamGenerateContentArray
            | Self::Embeddings
            | Self::CountMessageTokens
            | Self::CountTokens
            | Self::EmbedContent
            | Self::BatchEmbedContents
            | Self::Rerank => "",
        };
        format!("{prefix}{request}")
    }

    /// What is asked of a model.
    pub(crate) const fn operation(self) -> Operation {
        match self {
            Self::ChatCompletions
            | Self::OpenRouterChat
            | Self::CursorChat
            | Self::ResponsesAsChat { .. }
            | Self::Completions
            | Self::Responses
            | Self::Messages
            | Self::CountMessageTokens
            | Self::GenerateContent
            | Self::StreamGenerateContent
            | Self::StreamGenerateContentArray
            | Self::CountTokens => Operation::ChatCompletions,
            Self::Embeddings | Self::EmbedContent | Self::BatchEmbedContents => Operation::Embeddings,
            Self::Rerank => Operation::Rerank,
        }
    }
}

/// What an API's requests and answers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clothes {
    /// Its own.
    Own,
    /// Those of Chat Completions.
    Completions,
    /// Those of OpenAI's embeddings.
    Embed(EmbedMethod),
}
