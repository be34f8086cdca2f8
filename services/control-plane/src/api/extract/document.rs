//! A document that people write and keep in files: JSON, or YAML with the place of every finding in it.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body::{self, Once};
use super::yaml::{self, Places};
use crate::codes::Code;
use crate::error::{Error, FieldError, Result};

/// Media types of YAML: the registered one, and those from before it.
const YAML: [&str; 3] = ["application/yaml", "application/x-yaml", "text/yaml"];

/// A document of type `T`, not yet judged.
#[derive(Debug)]
pub struct Document<T>(Result<Written<T>>);

/// A document, where its values stand in the text, and how often it may take effect.
#[derive(Debug)]
pub struct Written<T> {
    /// What it says.
    pub body: T,
    /// Empty for JSON, where a pointer says enough.
    pub places: Places,
    /// At most once, if the caller sent an Idempotency-Key.
    pub once: Once,
}

impl Written<Value> {
    /// The document as a `T`, kept beside what was written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        stored(self.body.clone()).map_err(|error| error.located(&self.places))
    }
}

/// A document that was written before.
///
/// # Errors
/// What is wrong with it.
pub fn stored<T: DeserializeOwned>(document: Value) -> Result<T> {
    body::of_value(document)
}

impl<T> Document<T> {
    /// The document.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn checked(self) -> Result<Written<T>> {
        self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Document<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        async move {
            let payload = payload
                .await
                .map_err(|error| Error::internal(error.to_string()))?;
            let is_yaml = is_yaml(&request);
            let text = if is_yaml {
                body::limited(&request, payload).await
            } else {
                body::read(request.clone(), payload).await
            };
            Ok(Self(text.and_then(|text| {
                let once = Once::of(&request, &text)?;
                let (body, places) = if is_yaml {
                    from_yaml(&text)?
                } else {
                    (body::parse(&text)?, Places::default())
                };
                Ok(Written { body, places, once })
            })))
        }
        .boxed_local()
    }
}

fn is_yaml(request: &HttpRequest) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE);
    let media_type = value.and_then(|value| value.to_str().ok()?.split(';').next());
    media_type.is_some_and(|it| YAML.iter().any(|yaml| yaml.eq_ignore_ascii_case(it.trim())))
}

fn from_yaml<T: DeserializeOwned>(text: &Bytes) -> Result<(T, Places)> {
    let text =
        std::str::from_utf8(text).map_err(|_| Error::new(Code::InvalidRequest, "The body is not UTF-8."))?;
    let (value, places) = yaml::read(text).map_err(|fault| {
        let (line, column) = fault.place;
        let detail = format!(
            "The body is not YAML (line {line}, column {column}): {}.",
            fault.reason
        );
        Error::new(Code::InvalidRequest, detail).with_fields(vec![
            FieldError::new("", "invalid_yaml", fault.reason).at(fault.place),
        ])
    })?;
    let body = body::of_value(value).map_err(|error| error.located(&places))?;
    Ok((body, places))
}

impl Error {
    /// The same error, with the place of each finding in the text.
    #[must_use]
    pub fn located(self, places: &Places) -> Self {
        let located = self.fields().iter().map(|field| {
            let field = field.clone();
            match places.of(&field.pointer) {
                Some(place) => field.at(place),
                None => field,
            }
        });
        let located = located.collect();
        self.with_fields(located)
    }
}
