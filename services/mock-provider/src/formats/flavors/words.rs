//! How each server words what is wrong, and the shape its errors have.

use serde_json::{Value, json};

use crate::trouble::{Refusal, Trouble};

/// One server's words.
pub(super) struct Words {
    /// The error document of a status, a message and the member at fault.
    shape: fn(u16, &str, Option<&str>) -> Value,
    /// What it says of a prompt that is too long.
    too_long: &'static str,
    /// Status and message for an unknown key.
    bad_key: (u16, &'static str),
    /// Status of a request that is wrong.
    malformed: u16,
}

pub(super) const GROQ: Words = Words {
    shape: |status, message, param| {
        let code = code(status, message);
        json!({"error": {"message": message, "type": kind(status), "param": param, "code": code}})
    },
    too_long: "Please reduce the length of the messages or completion.",
    bad_key: (401, "Invalid API Key"),
    malformed: 400,
};

pub(super) const DEEPSEEK: Words = Words {
    shape: GROQ.shape,
    too_long: "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens (139000 in the \
               messages, 1000 in the completion). Please reduce the length of the messages or completion.",
    bad_key: (401, "Authentication Fails, Your api key: ****mock is invalid"),
    malformed: 422,
};

/// No object: a code of its own and a text.
pub(super) const XAI: Words = Words {
    shape: |status, message, _| {
        let code = match status {
            400 => "Client specified an invalid argument",
            404 => "Some requested entity was not found",
            429 => "Some resource has been exhausted",
            _ => "The service is currently unavailable",
        };
        json!({"code": code, "error": message})
    },
    too_long: "This model's maximum prompt length is 131072 but the request contains 147748 tokens.",
    bad_key: (
        400,
        "Incorrect API key provided. You can obtain an API key from https://console.x.ai.",
    ),
    malformed: 400,
};

pub(super) const TOGETHER: Words = Words {
    shape: |status, message, param| json!({"id": "mock", "error": {"message": message, "type": kind(status), "param": param, "code": null}}),
    too_long: "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 131073. Given: 140000 `inputs` tokens \
               and 0 `max_new_tokens`",
    bad_key: (401, "Invalid API key provided."),
    malformed: 422,
};

pub(super) const FIREWORKS: Words = Words {
    shape: |status, message, _| json!({"error": {"object": "error", "type": kind(status), "message": message}}),
    too_long: "The prompt is too long: 140000, model maximum context length: 131071",
    bad_key: (401, "The API key you provided is invalid."),
    malformed: 400,
};

/// The code repeats the status.
pub(super) const PERPLEXITY: Words = Words {
    shape: |status, message, _| json!({"error": {"message": message, "type": kind(status), "code": status}}),
    too_long: "The total length of all messages is too long.",
    bad_key: (401, "Invalid API key provided."),
    malformed: 400,
};

pub(super) const OPENROUTER: Words = Words {
    shape: |status, message, _| json!({"error": {"message": message, "code": status, "metadata": {"provider_name": null}}, "user_id": "user_mock"}),
    too_long: "This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 tokens. Please \
               reduce the length of either one.",
    bad_key: (401, "No auth credentials found"),
    malformed: 400,
};

/// A bare text.
pub(super) const HUGGING_FACE: Words = Words {
    shape: |_, message, _| json!({"error": message}),
    too_long: "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 32769. Given: 40000 `inputs` tokens and \
               0 `max_new_tokens`",
    bad_key: (401, "Invalid username or password."),
    malformed: 422,
};

pub(super) const OLLAMA: Words = Words {
    shape: |_, message, _| json!({"error": {"message": message, "type": "api_error", "param": null, "code": null}}),
    too_long: "the input length exceeds the context length",
    bad_key: (401, "Unauthorized"),
    malformed: 400,
};

pub(super) const VLLM: Words = Words {
    shape: |status, message, param| {
        let kind = if status < 500 {
            "BadRequestError"
        } else {
            "InternalServerError"
        };
        json!({"error": {"message": message, "type": kind, "param": param, "code": status}})
    },
    too_long: "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce \
               the length of the input messages.",
    bad_key: (401, "Unauthorized"),
    malformed: 400,
};

const OVER_SIZE: &str =
    "request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it";

pub(super) const LLAMA_CPP: Words = Words {
    shape: |status, message, _| {
        let kind = if message == OVER_SIZE {
            "exceed_context_size_error"
        } else {
            kind(status)
        };
        json!({"error": {"code": status, "message": message, "type": kind}})
    },
    too_long: OVER_SIZE,
    bad_key: (401, "Invalid API Key"),
    malformed: 400,
};

/// What a server says.
pub(super) fn refusal(words: &Words, trouble: &Trouble<'_>) -> Refusal {
    let named;
    let (status, message, param) = match *trouble {
        Trouble::Unauthorized => (words.bad_key.0, words.bad_key.1, None),
        Trouble::UnknownModel(model) => {
            named = format!("The model `{model}` does not exist or you do not have access to it.");
            (404, named.as_str(), None)
        }
        Trouble::Malformed { message, param } => (words.malformed, message, param),
        Trouble::Broken(_) => (
            400,
            "The results of tools do not belong to the calls before them.",
            Some("messages"),
        ),
        Trouble::ContextLength => (400, words.too_long, Some("messages")),
        Trouble::Status { code, .. } => (code, said(code), None),
    };
    let document = (words.shape)(status, message, param).to_string();
    Refusal::new(status, document).with("retry-after", trouble.retry_after())
}

fn said(status: u16) -> &'static str {
    match status {
        401 => "Invalid API Key",
        402 => "Insufficient Balance",
        429 => "Rate limit reached. Please try again later.",
        400..=499 => "The request was refused by script.",
        503 => "The server is overloaded or not ready yet.",
        _ => "The server had an error while processing your request.",
    }
}

fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "insufficient_quota",
        429 => "rate_limit_exceeded",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

fn code(status: u16, message: &str) -> Option<&'static str> {
    match status {
        400 if message == GROQ.too_long => Some("context_length_exceeded"),
        401 => Some("invalid_api_key"),
        404 => Some("model_not_found"),
        429 => Some("rate_limit_exceeded"),
        _ => None,
    }
}
