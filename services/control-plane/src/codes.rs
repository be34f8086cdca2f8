//! The table of error codes a caller can meet: text, HTTP status, title, whether trying again can help. Used by
//! `error` (which picks one) and `problem` (which prints it); the texts are part of the API and never change.

use actix_web::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:ident, $title:literal;)*) => {
        /// A documented error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            /// A short sentence that is the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    /// Malformed JSON, query or header.
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request could not be read";
    /// No valid access token.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Sign in to continue";
    /// Wrong mail or password.
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "Email or password is wrong";
    /// A key of the other kind, or one where a person is needed.
    WrongKeyKind = "wrong_key_kind", FORBIDDEN, "This takes another kind of key";
    /// The role does not allow it.
    Forbidden = "forbidden", FORBIDDEN, "Your role does not allow this";
    /// A browser request that did not prove where it came from.
    CsrfRefused = "csrf_refused", FORBIDDEN, "The request did not come from the dashboard";
    /// No such object, or it belongs to somebody else.
    NotFound = "not_found", NOT_FOUND, "Not found";
    /// A route that has only a draft.
    NotPublished = "not_published", NOT_FOUND, "Only a draft of this exists";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The change contradicts the current state.
    Conflict = "conflict", CONFLICT, "Conflicts with the current state";
    /// Somebody already signed up with this mail.
    EmailTaken = "email_taken", CONFLICT, "This email already has an account";
    /// Another object of the scope has this slug.
    SlugTaken = "slug_taken", CONFLICT, "This slug is taken";
    /// Another route answers to this name.
    AliasTaken = "alias_taken", CONFLICT, "Another route already has this alias";
    /// Another version was published since the draft was begun.
    DraftStale = "draft_stale", CONFLICT, "The draft is based on an older version";
    /// A version of the route is being rolled out.
    RolloutUnderWay = "rollout_under_way", CONFLICT, "A version of the route is being rolled out";
    /// Something else still refers to it.
    InUse = "in_use", CONFLICT, "Still in use";
    /// A request with the same Idempotency-Key is being answered.
    InFlight = "in_flight", CONFLICT, "The same request is still being answered";
    /// An organization keeps at least one owner.
    LastOwner = "last_owner", CONFLICT, "An organization needs at least one owner";
    /// The credit is spent, or held for calls.
    InsufficientCredit = "insufficient_credit", CONFLICT, "There is not as much credit to take";
    /// The deployment bills nobody.
    SelfHostedMode = "self_hosted_mode", CONFLICT, "Billing is switched off in this deployment";
    /// The person already belongs to the organization.
    AlreadyMember = "already_member", CONFLICT, "Already a member";
    /// The invitation's time is over.
    InviteExpired = "invite_expired", GONE, "The invitation has expired";
    /// `If-Match` names an older state.
    VersionConflict = "version_conflict", PRECONDITION_FAILED, "Changed by someone else in the meantime";
    /// The body is larger than accepted.
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// Not JSON, or compressed.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body's format is not accepted";
    /// Well-formed, but not acceptable.
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "Some fields are not acceptable";
    /// The Idempotency-Key was used for another request.
    IdempotencyMismatch = "idempotency_mismatch", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another request";
    /// A base URL that points where connections must not.
    BaseUrlForbidden = "base_url_forbidden", UNPROCESSABLE_ENTITY, "The base URL is not allowed";
    /// The change must name the state it is based on.
    IfMatchRequired = "if_match_required", PRECONDITION_REQUIRED, "If-Match is required";
    /// Too many attempts.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many attempts";
    /// A payment event that nobody we know signed.
    SignatureRefused = "signature_refused", BAD_REQUEST, "The signature does not prove the sender";
    /// The operator has set no secret for this.
    NotConfigured = "not_configured", SERVICE_UNAVAILABLE, "Not configured in this deployment";
    /// Our fault.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
    /// Something we depend on does not answer.
    DependencyUnavailable = "dependency_unavailable", SERVICE_UNAVAILABLE, "Temporarily unavailable";
}

impl Code {
    /// Whether the same request can succeed later without being changed.
    #[must_use]
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Self::InFlight | Self::RateLimited | Self::Internal | Self::DependencyUnavailable
        )
    }
}
