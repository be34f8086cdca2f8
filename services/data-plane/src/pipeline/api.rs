//! What can be called: the closed list of APIs, each of which fixes the dialect a caller speaks and the operation that
//! is asked of a model. The route table names one for every path; everything after that only asks it.

use sluicegate_contracts::config::Operation;
use sluicegate_contracts::ids::RequestId;
use sluicegate_protocols::Dialect;

/// An API that callers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    /// OpenAI's Chat Completions.
    ChatCompletions,
    /// OpenAI's embeddings.
    Embeddings,
}

impl Api {
    /// The dialect of request, answer and errors.
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::ChatCompletions | Self::Embeddings => Dialect::OpenAiChat,
        }
    }

    /// An id for an answer whose provider gave none.
    pub(crate) fn answer_id(self, request: RequestId) -> String {
        let prefix = match self {
            Self::ChatCompletions => "chatcmpl-",
            Self::Embeddings => "",
        };
        format!("{prefix}{request}")
    }

    /// What is asked of a model.
    pub(crate) const fn operation(self) -> Operation {
        match self {
            Self::ChatCompletions => Operation::ChatCompletions,
            Self::Embeddings => Operation::Embeddings,
        }
    }
}
