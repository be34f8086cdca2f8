//! Amazon Bedrock: Converse and models that make vectors under `/model/M`. Requests are signed (SigV4) or bear a key of Bedrock's;
//! what kind an error is stands in a header; nobody is told how long to wait.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde_json::{Value, json};
use sluicegate_protocols::bedrock_converse::error::{ERROR_TYPE_HEADER, ErrorBody};
use sluicegate_protocols::canonical::Request;
use sluicegate_protocols::dialect::decode_request;
use sluicegate_protocols::embeddings::vendor::Family;
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::{DecodeError, Dialect};

use super::{Format, Provider, Told, Wire, bearer, header};
use crate::asked::Broken;
use crate::embeddings::{self, Vectors};
use crate::exchange::Incoming;
use crate::models;
use crate::state::State;
use crate::trouble::{Refusal, Trouble};

const PROVIDER: Provider = Provider {
    key,
    refusal,
    id_header: Some("x-amzn-requestid"),
    takes_tokens: false,
};

const CONVERSE: Format = Format {
    provider: &PROVIDER,
    endpoint: "converse",
    wire: Wire::Dialect(Dialect::BedrockConverse),
    answer_prefix: "",
    call_prefix: Some("tooluse_"),
    breakdown: Failure {
        class: FailureClass::Upstream,
        message: "The system encountered an unexpected error during processing. Try your request again.",
        param: None,
        code: None,
        details: &[],
    },
    event: Some("contentBlockDelta"),
    open: false,
    dress: Some(dress),
};

/// Letters that events are padded with, so that their length does not tell what is said.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Times are told at the end; events of a stream are padded.
fn dress(event: &str, document: &mut Value, told: &Told) {
    if matches!(event, "" | "metadata") {
        document["metrics"] = json!({"latencyMs": 250 + told.counts.output});
    }
    if !event.is_empty() {
        let length = usize::try_from(told.sent.wrapping_mul(17) % 60).unwrap_or_default();
        document["p"] = PADDING.get(..=length).unwrap_or_default().into();
    }
}

pub(super) fn configure(routes: &mut web::ServiceConfig) {
    routes
        .route("/model/{model}/converse", web::post().to(whole))
        .route("/model/{model}/converse-stream", web::post().to(streamed))
        .route("/model/{model}/count-tokens", web::post().to(count))
        .route("/model/{model}/invoke", web::post().to(invoke))
        .route("/foundation-models", web::get().to(list));
}

fn incoming(
    state: web::Data<State>,
    request: HttpRequest,
    model: web::Path<String>,
    body: Bytes,
    stream: bool,
) -> Incoming {
    Incoming {
        model: Some(model.into_inner()),
        stream: Some(stream),
        ..Incoming::new(state, request, body)
    }
}

async fn whole(
    state: web::Data<State>,
    request: HttpRequest,
    model: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    incoming(state, request, model, body, false)
        .answer(&CONVERSE)
        .await
}

async fn streamed(
    state: web::Data<State>,
    request: HttpRequest,
    model: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    incoming(state, request, model, body, true)
        .answer(&CONVERSE)
        .await
}

/// Counts `{"input": {"converse": REQUEST}}`.
async fn count(
    state: web::Data<State>,
    request: HttpRequest,
    model: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    let mut call = incoming(state, request, model, body, false);
    let document: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    call.body = document["input"]["converse"].to_string().into();
    call.count(&PROVIDER, read, |tokens| {
        json!({ "inputTokens": tokens }).to_string().into_bytes()
    })
}

fn read(body: &[u8]) -> Result<Request<'_>, DecodeError> {
    decode_request(Dialect::BedrockConverse, body, DEFAULT_DEPTH)
}

/// Makes vectors, which each vendor's models are asked for and tell in a form of their own. How many
/// tokens they read stands in a header.
async fn invoke(
    state: web::Data<State>,
    request: HttpRequest,
    model: web::Path<String>,
    body: Bytes,
) -> HttpResponse {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let params = &asked["singleEmbeddingParams"];
    let family = Family::of_model(&model);
    let (texts, dimensions) = match family {
        Some(Family::Titan) => (&asked["inputText"], &asked["dimensions"]),
        Some(Family::Nova) => (&params["text"]["value"], &params["embeddingDimension"]),
        Some(Family::Cohere) => (&asked["texts"], &asked["output_dimension"]),
        Some(Family::Vertex | Family::VertexGemini) | None => {
            return PROVIDER.refuse(&state, &Trouble::UnknownModel(&model));
        }
    };
    let form = embeddings::form(&model, texts, dimensions);
    let mut tokens = 0;
    let write = |answer: &Vectors<'_>| {
        tokens = answer.tokens;
        let document = match family {
            Some(Family::Titan) => titan(answer),
            Some(Family::Nova) => nova(answer),
            Some(Family::Cohere | Family::Vertex | Family::VertexGemini) | None => cohere(answer, &asked),
        };
        Some(document.to_string().into_bytes())
    };
    let mut response = embeddings::answer(state, &request, &form, &PROVIDER, write).await;
    if response.status().is_success() {
        let name = HeaderName::from_static("x-amzn-bedrock-input-token-count");
        response.headers_mut().insert(name, HeaderValue::from(tokens));
    }
    response
}

fn titan(answer: &Vectors<'_>) -> Value {
    let vector = answer.vectors.first();
    json!({"embedding": vector, "embeddingsByType": {"float": vector}, "inputTextTokenCount": answer.tokens})
}

fn nova(answer: &Vectors<'_>) -> Value {
    let vectors = answer.vectors.iter();
    let vectors = vectors.map(|vector| json!({"embeddingType": "TEXT", "embedding": vector}));
    json!({"embeddings": vectors.collect::<Vec<_>>()})
}

/// By type for whoever names types.
fn cohere(answer: &Vectors<'_>, asked: &Value) -> Value {
    let (vectors, kind) = if asked["embedding_types"].is_array() {
        (json!({"float": answer.vectors}), "embeddings_by_type")
    } else {
        (json!(answer.vectors), "embeddings_floats")
    };
    json!({"id": answer.id, "embeddings": vectors, "texts": asked["texts"], "response_type": kind})
}

async fn list(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    models::answer(&state, &request, &PROVIDER, models::bedrock)
}

/// The id of the key that signed, or a key of Bedrock's. A signature itself is not looked at: the
/// secret is not known here.
fn key(request: &HttpRequest) -> Result<Option<String>, Trouble<'static>> {
    if let Some(token) = bearer(request) {
        return Ok(Some(token));
    }
    let signed = header(request, "authorization").zip(header(request, "x-amz-date"));
    let id = signed.and_then(|(text, date)| signer(text, date));
    id.map(Some).ok_or(Trouble::Unauthorized)
}

/// The id of the key in a well-formed `Authorization` of SigV4, signed at the time of `date`.
fn signer(authorization: &str, date: &str) -> Option<String> {
    let (mut credential, mut headers, mut signature) = (None, None, None);
    for part in authorization.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',') {
        match part.trim().split_once('=')? {
            ("Credential", text) => credential = Some(text),
            ("SignedHeaders", text) => headers = Some(text),
            ("Signature", text) => signature = Some(text),
            _ => return None,
        }
    }
    let scope: Vec<&str> = credential?.split('/').collect();
    let [id, day, region, service, "aws4_request"] = scope[..] else {
        return None;
    };
    let hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let headers: Vec<&str> = headers?.split(';').collect();
    let covers = ["host", "x-amz-date"].iter().all(|name| headers.contains(name));
    let dated = date.len() == 16 && date.ends_with('Z') && date.get(..8) == Some(day);
    let whole = !id.is_empty() && !region.is_empty() && service == "bedrock";
    (whole && covers && dated && headers.is_sorted() && hex(signature?)).then(|| id.to_owned())
}

/// What Bedrock says.
fn refusal(trouble: &Trouble<'_>) -> Refusal {
    let (status, kind, message) = match *trouble {
        Trouble::Unauthorized => (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        Trouble::UnknownModel(_) => (
            400,
            "ValidationException",
            "The provided model identifier is invalid.",
        ),
        Trouble::Malformed { message, .. } => (400, "ValidationException", message),
        Trouble::Broken(broken) => (400, "ValidationException", rule(broken)),
        Trouble::ContextLength => (
            400,
            "ValidationException",
            "The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds maximum \
             length. Please update the input to try again.",
        ),
        Trouble::Status { code, .. } => {
            let (kind, message) = words(code);
            (code, kind, message)
        }
    };
    let place = "http://internal.amazon.com/coral/com.amazon.bedrock/";
    Refusal::new(status, ErrorBody { message, kind }.to_json())
        .with(ERROR_TYPE_HEADER, Some(format!("{kind}:{place}")))
}

fn rule(broken: Broken) -> &'static str {
    match broken {
        Broken::OrphanResult => {
            "The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks of previous \
             turn."
        }
        Broken::UnansweredCall => {
            "Expected toolResult blocks at messages.2.content for the ids of the toolUse blocks of the previous turn."
        }
        Broken::ChangedSignature | Broken::MissingSignature => {
            "The model returned the following errors: messages.1.content.0: Invalid `signature` in `thinking` block"
        }
    }
}

/// Kind and message of an error status.
fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        401 | 403 => (
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
        ),
        404 => (
            "ResourceNotFoundException",
            "The resource specified in the request was not found.",
        ),
        408 => (
            "ModelTimeoutException",
            "Model has timed out in processing the request. Try your request again.",
        ),
        424 => ("ModelErrorException", "The model failed to process the request."),
        429 => (
            "ThrottlingException",
            "Too many requests, please wait before trying again.",
        ),
        400..=499 => ("ValidationException", "The request was refused by script."),
        503 => (
            "ServiceUnavailableException",
            "Bedrock is unable to process your request.",
        ),
        _ => (
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_authorizations_are_taken() {
        let scope = "Credential=AKIDEXAMPLE/20260101/us-east-1/bedrock/aws4_request";
        let headers = "SignedHeaders=content-type;host;x-amz-date";
        let signature = format!("Signature={}", "a1".repeat(32));
        let whole = format!("AWS4-HMAC-SHA256 {scope}, {headers}, {signature}");
        let date = "20260101T000000Z";
        assert_eq!(signer(&whole, date).as_deref(), Some("AKIDEXAMPLE"));
        let wrong = [
            whole.replace("AWS4-HMAC-SHA256", "Basic"),
            whole.replace("/bedrock/", "/s3/"),
            whole.replace("aws4_request", "aws4"),
            whole.replace(";x-amz-date", ""),
            whole.replace("content-type;host", "host;content-type"),
            whole.replace("a1a1", "a1"),
            whole.replace("AKIDEXAMPLE", ""),
        ];
        for text in wrong {
            assert_eq!(signer(&text, date), None, "{text}");
        }
        assert_eq!(signer(&whole, "20260102T000000Z"), None);
    }
}
