//! JSON bodies: limited in size and depth, never compressed, unknown fields refused. The verdict on a body waits in the
//! extractor until the handler asks for it, so that who may not act learns nothing but that.

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::future::LocalBoxFuture;
use futures_util::{FutureExt, StreamExt};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::codes::Code;
use crate::error::{Error, FieldError, Result};

/// Largest accepted body, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Deepest accepted nesting.
const MAX_DEPTH: usize = 64;

/// A JSON body of type `T`, not yet judged.
#[derive(Debug)]
pub struct Json<T>(Result<T>);

/// A JSON body that creates something, and the caller's wish to create it at most once.
#[derive(Debug)]
pub struct Creation<T>(Result<(Once, T)>);

/// At most once, if the caller sent an Idempotency-Key.
#[derive(Debug, Clone)]
pub struct Once {
    /// The caller's key.
    pub key: Option<String>,
    /// Method and path.
    pub operation: String,
    /// SHA-256 of operation and body.
    pub request_hash: [u8; 32],
}

impl<T> Json<T> {
    /// The body.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn checked(self) -> Result<T> {
        self.0
    }
}

impl<T> Creation<T> {
    /// The body, and how often it may take effect.
    ///
    /// # Errors
    /// What is wrong with either.
    pub fn checked(self) -> Result<(Once, T)> {
        self.0
    }
}

/// The bytes of a body of JSON.
pub(super) async fn read(request: HttpRequest, payload: web::Payload) -> Result<Bytes> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(Error::new(Code::UnsupportedMediaType, "Send application/json."));
    }
    limited(&request, payload).await
}

/// The bytes of a body that is not too long.
pub(super) async fn limited(request: &HttpRequest, mut payload: web::Payload) -> Result<Bytes> {
    let too_large = || Error::new(Code::PayloadTooLarge, "At most 256 KiB are accepted.");
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BYTES) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Error::new(Code::InvalidRequest, "The body ended early."))?;
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Middleware: refuses compressed bodies before anybody reads them, since a limit on the bytes received says nothing
/// about what they inflate to.
///
/// # Errors
/// Those of the service below.
pub async fn refuse_encodings(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let refused = Error::new(
        Code::UnsupportedMediaType,
        "Send the body without content encoding.",
    );
    Ok(request.error_response(refused).map_into_right_body())
}

/// Whether `json` nests deeper than accepted. Brackets inside texts do not count.
fn too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

pub(super) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T> {
    if too_deep(json) {
        return Err(Error::new(
            Code::InvalidRequest,
            "The body nests deeper than 64 levels.",
        ));
    }
    let mut reader = serde_json::Deserializer::from_slice(json);
    let parsed = serde_path_to_error::deserialize(&mut reader);
    let value = parsed.map_err(|error| finding(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| finding("", &error))?;
    Ok(value)
}

/// The same of a value that was read from another notation.
pub(super) fn of_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| finding(&error.path().to_string(), error.inner()))
}

/// What serde found, without quoting the value: it may be a secret.
fn finding(path: &str, error: &serde_json::Error) -> Error {
    let place = format!("line {} column {}", error.line(), error.column());
    if !error.is_data() {
        return Error::new(
            Code::InvalidRequest,
            format!("The body is not JSON (at {place})."),
        );
    }
    let message = error.to_string();
    let named = message.split('`').nth(1).unwrap_or_default();
    let pointer = if path == "." || path.is_empty() {
        String::new()
    } else {
        format!("/{}", path.replace('.', "/"))
    };
    let pointer = pointer.replace('[', "/").replace(']', "").replace("//", "/");
    let child = |name: &str| {
        if pointer.ends_with(&format!("/{name}")) {
            pointer.clone()
        } else {
            format!("{pointer}/{name}")
        }
    };
    if message.starts_with("unknown field") {
        let pointer = child(named);
        return Error::field(pointer, "unknown_field", format!("There is no field `{named}`."));
    }
    if message.starts_with("missing field") {
        return Error::field(child(named), "missing", format!("`{named}` is missing."));
    }
    // What follows the last of these words is serde's, and tells nothing of the value.
    if message.starts_with("unknown variant")
        && let Some((_, known)) = message.rsplit_once(", expected ")
    {
        let known = known.split(" at line ").next().unwrap_or(known);
        let detail = format!("The word is not known here: expected {known}.");
        return Error::field(pointer, "invalid", detail);
    }
    Error::validation(vec![FieldError::new(
        pointer,
        "invalid",
        if error.line() == 0 {
            "The value does not fit its field.".to_owned()
        } else {
            format!("The value at {place} does not fit its field.")
        },
    )])
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        async move {
            let payload = payload
                .await
                .map_err(|error| Error::internal(error.to_string()))?;
            Ok(Self(read(request, payload).await.and_then(|body| parse(&body))))
        }
        .boxed_local()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Creation<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        async move {
            let payload = payload
                .await
                .map_err(|error| Error::internal(error.to_string()))?;
            Ok(Self(read(request.clone(), payload).await.and_then(|body| {
                Ok((Once::of(&request, &body)?, parse(&body)?))
            })))
        }
        .boxed_local()
    }
}

impl Once {
    /// What a request with this body may do once.
    pub(super) fn of(request: &HttpRequest, body: &[u8]) -> Result<Self> {
        let operation = format!("{} {}", request.method(), request.path());
        let mut hasher = Sha256::new();
        hasher.update(operation.as_bytes());
        hasher.update([0]);
        hasher.update(body);
        Ok(Self {
            key: idempotency_key(request)?,
            operation,
            request_hash: hasher.finalize().into(),
        })
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>> {
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    let acceptable = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let refused = || {
        Error::new(
            Code::InvalidRequest,
            "An Idempotency-Key has 1 to 255 visible ASCII characters.",
        )
    };
    acceptable.map(|key| Some(key.to_owned())).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its parsing is tested")]
        items: Vec<Item>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[expect(dead_code, reason = "only its parsing is tested")]
        count: u32,
    }

    fn refused(json: &str) -> (Code, Option<(String, &'static str)>, String) {
        let error = parse::<Body>(json.as_bytes()).unwrap_err();
        let field = error
            .fields()
            .first()
            .map(|field| (field.pointer.clone(), field.code));
        (error.code(), field, error.to_string())
    }

    #[test]
    fn findings_point_to_the_field_and_never_quote_it() {
        let (code, field, text) = refused(r#"{"items":[{"count":1},{"count":"sk-secret"}]}"#);
        assert_eq!(
            (code, field),
            (
                Code::ValidationFailed,
                Some(("/items/1/count".to_owned(), "invalid"))
            )
        );
        assert!(!text.contains("sk-secret"));
        let (_, field, _) = refused(r#"{"items":[{"count":1,"extra":2}]}"#);
        assert_eq!(field, Some(("/items/0/extra".to_owned(), "unknown_field")));
        let (_, field, _) = refused(r#"{"items":[{}]}"#);
        assert_eq!(field, Some(("/items/0/count".to_owned(), "missing")));
        assert_eq!(refused("{").0, Code::InvalidRequest);
        assert_eq!(refused(r#"{"items":[]} x"#).0, Code::InvalidRequest);
    }

    #[test]
    fn depth_counts_brackets_outside_of_texts() {
        assert!(!too_deep(&[b'['; 64]));
        assert!(too_deep(&[b'['; 65]));
        assert!(!too_deep(
            format!("\"{}\\\"{}\"", "[".repeat(100), "{".repeat(100)).as_bytes()
        ));
    }
}
