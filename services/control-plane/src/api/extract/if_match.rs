//! The `If-Match` header.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use crate::codes::Code;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = request.headers().get(header::IF_MATCH);
        ready(match value.map(|value| value.to_str()) {
            None => Ok(Self::new(None)),
            Some(Ok(text)) => Ok(Self::new(Some(text.to_owned()))),
            Some(Err(_)) => Err(Error::new(Code::InvalidRequest, "If-Match is not text.")),
        })
    }
}
