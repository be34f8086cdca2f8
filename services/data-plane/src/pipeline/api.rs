//! What can be called: the closed list of APIs, each of which fixes the dialect a caller speaks and the operation that
//! is asked of a model. The route table names one for every path; everything after that only asks it.

use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::RequestId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::relay::AnswerForm;

/// An API that callers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    /// OpenAI's Chat Completions.
    ChatCompletions,
    /// OpenAI's older text completions: chat in other clothes.
    Completions,
    /// OpenAI's embeddings.
    Embeddings,
    /// Anthropic's Messages.
    Messages,
    /// Tokens of a request to Anthropic's Messages.
    CountMessageTokens,
}

impl Api {
    /// The dialect the caller speaks, in which errors are told.
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::ChatCompletions | Self::Completions | Self::Embeddings => Dialect::OpenAiChat,
            Self::Messages | Self::CountMessageTokens => Dialect::AnthropicMessages,
        }
    }

    /// The dialect of the request once it is read: some are rewritten on arrival.
    pub(crate) const fn body_dialect(self) -> Dialect {
        match self {
            Self::ChatCompletions | Self::Completions | Self::Embeddings => Dialect::OpenAiChat,
            Self::Messages | Self::CountMessageTokens => Dialect::AnthropicMessages,
        }
    }

    /// The form in which the caller takes answers.
    pub(crate) const fn answer_form(self) -> AnswerForm {
        match self {
            Self::Completions => AnswerForm::Completions,
            Self::ChatCompletions | Self::Embeddings | Self::Messages | Self::CountMessageTokens => {
                AnswerForm::Dialect(self.body_dialect())
            }
        }
    }

    /// An id for an answer whose provider gave none.
    pub(crate) fn answer_id(self, request: RequestId) -> String {
        let prefix = match self {
            Self::ChatCompletions => "chatcmpl-",
            Self::Completions => "cmpl-",
            Self::Messages => "msg_",
            Self::Embeddings | Self::CountMessageTokens => "",
        };
        format!("{prefix}{request}")
    }

    /// What is asked of a model.
    pub(crate) const fn operation(self) -> Operation {
        match self {
            Self::ChatCompletions | Self::Completions | Self::Messages | Self::CountMessageTokens => {
                Operation::ChatCompletions
            }
            Self::Embeddings => Operation::Embeddings,
        }
    }
}
