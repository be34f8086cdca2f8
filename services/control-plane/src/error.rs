//! What can go wrong, without HTTP in sight: a code, a sentence for the caller, and the cause that stays private.
//! Raised by `store`, `app` and `api`; rendered by `problem` only. Causes never reach the caller.

use std::borrow::Cow;
use std::fmt;

use crate::codes::Code;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field that is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body, or the name of a query parameter.
    pub pointer: String,
    /// What kind of mistake, as a snake_case word.
    pub code: &'static str,
    /// One sentence.
    pub detail: String,
    /// Line and column in a body of YAML, each from 1.
    pub place: Option<(usize, usize)>,
}

impl FieldError {
    /// A finding at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
            place: None,
        }
    }

    /// The same finding at a line and column.
    #[must_use]
    pub const fn at(mut self, place: (usize, usize)) -> Self {
        self.place = Some(place);
        self
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a use-case did not succeed.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    detail: Cow<'static, str>,
    fields: Vec<FieldError>,
    retry_after_seconds: Option<u64>,
    etag: Option<String>,
    allow: Option<String>,
    cause: Option<Cause>,
}

impl Error {
    /// An error with a sentence for the caller.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            detail: detail.into(),
            fields: Vec::new(),
            retry_after_seconds: None,
            etag: None,
            allow: None,
            cause: None,
        }))
    }

    /// No such object, or not the caller's: the two are never told apart.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is no such object, or it is not yours.")
    }

    /// The path takes other methods: `allow`, as in the header of that name.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        let mut error = Self::new(Code::MethodNotAllowed, format!("This path takes {allow}."));
        error.0.allow = Some(allow);
        error
    }

    /// Our fault; `cause` is logged, never shown.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        let mut error = Self::new(
            Code::Internal,
            "Please try again; if it persists, report the request id.",
        );
        error.0.cause = Some(cause.into());
        error
    }

    /// A dependency did not answer; `cause` is logged, never shown.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        let mut error = Self::new(Code::DependencyUnavailable, "Please try again in a moment.");
        error.0.cause = Some(cause.into());
        error.0.retry_after_seconds = Some(1);
        error
    }

    /// Fields that are not acceptable.
    #[must_use]
    pub fn validation(fields: Vec<FieldError>) -> Self {
        let detail = fields
            .first()
            .map_or_else(String::new, |first| first.detail.clone());
        let mut error = Self::new(Code::ValidationFailed, detail);
        error.0.fields = fields;
        error
    }

    /// One field that is not acceptable.
    pub fn field(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::validation(vec![FieldError::new(pointer, code, detail)])
    }

    /// Too many attempts; may be tried again after so many seconds.
    #[must_use]
    pub fn rate_limited(retry_after_seconds: u64) -> Self {
        let mut error = Self::new(Code::RateLimited, "Wait before you try again.");
        error.0.retry_after_seconds = Some(retry_after_seconds);
        error
    }

    /// The caller's `If-Match` is not `current`.
    #[must_use]
    pub fn version_conflict(current: String) -> Self {
        let mut error = Self::new(
            Code::VersionConflict,
            "Read it again and repeat your change on the current state.",
        );
        error.0.etag = Some(current);
        error
    }

    /// The same error, naming the fields that caused it.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.0.fields = fields;
        self
    }

    /// The same error about a document that stands at `pointer` of a larger one.
    #[must_use]
    pub fn within(self, pointer: &str) -> Self {
        let within = |field: &FieldError| {
            let at = format!("{pointer}{}", field.pointer);
            FieldError::new(at, field.code, field.detail.clone())
        };
        let fields = self.fields().iter().map(within).collect();
        self.with_fields(fields)
    }

    /// The documented code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence for the caller.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Fields that caused it.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// When to try again, in seconds from now.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after_seconds
    }

    /// The state that is current, for a version conflict.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.0.etag.as_deref()
    }

    /// The methods the path takes, for a wrong one.
    #[must_use]
    pub fn allow(&self) -> Option<&str> {
        self.0.allow.as_deref()
    }

    /// What caused it, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)?;
        self.0
            .cause
            .as_ref()
            .map_or(Ok(()), |cause| write!(f, " (caused by {cause})"))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0
            .cause
            .as_deref()
            .map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let connection_lost = matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        );
        // Class 57: shutdown or statement cancelled; 53: out of resources; 08: connection; 40: serialization.
        let try_again = error
            .as_database_error()
            .and_then(|database| database.code())
            .is_some_and(|code| {
                ["57", "53", "08", "40"]
                    .iter()
                    .any(|class| code.starts_with(class))
            });
        if connection_lost || try_again {
            Self::unavailable(error)
        } else {
            Self::internal(error)
        }
    }
}
