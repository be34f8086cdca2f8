//! The OpenAPI document: what the route table says, with title, tags and security schemes. Printed by the `openapi`
//! command, served at `/api/openapi.json`, committed as `docs/openapi.json`.

use actix_web::App;
use actix_web::http::Method;
use sluicegate_service_runtime::endpoints::PathMethods;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApi, Ref, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};
use utoipa_actix_web::AppExt;

use crate::api;
use crate::problem::Problem;

const TAGS: [(&str, &str); 15] = [
    ("auth", "Sign up, sign in, sessions."),
    ("me", "The signed-in person."),
    ("organizations", "Tenants, their members and invitations."),
    ("management keys", "Keys by which programs use this API."),
    ("projects", "Where keys, connections, routes and logs live."),
    ("keys", "Inference keys."),
    ("connections", "Accounts at providers."),
    ("models", "The catalog of models and prices."),
    ("routes", "Named, versioned routing policies."),
    (
        "budgets",
        "Limits of spend, what was spent on them, and limits of rates.",
    ),
    ("webhooks", "Where an organization is told of events."),
    ("billing", "Prepaid credit, and the payments it comes by."),
    (
        "operator",
        "What the operator of the deployment does, with a token of their own.",
    ),
    ("usage", "Requests, tokens and cost."),
    ("meta", "The deployment itself."),
];

const DESCRIPTION: &str = "Management API of Sluicegate. JSON, snake_case, RFC 3339 times in UTC, prefixed ids. \
    People send an access token as Bearer token, programs a management key (`mk-sg-…`). Errors are `application/problem+json` with a stable `code`. Lists take `limit` and `cursor`. POSTs that create \
    honour `Idempotency-Key` for 24 hours. A foreign or unknown id is answered with 404.";

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .configure(api::operations)
        .split_for_parts();
    document.info = InfoBuilder::new()
        .title("Sluicegate management API")
        .version("1")
        .description(Some(DESCRIPTION))
        .build();
    document.tags = Some(
        TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build())
            .to_vec(),
    );
    document.security = Some(vec![SecurityRequirement::new(
        "access_token",
        Vec::<String>::new(),
    )]);
    let operations = document.paths.paths.values_mut().flat_map(|item| {
        let methods = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        methods.into_iter().flatten()
    });
    for operation in operations {
        let responses = &mut operation.responses.responses;
        responses
            .entry("default".to_owned())
            .or_insert_with(|| problem().into());
    }
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let mut bearer = Http::new(HttpAuthScheme::Bearer);
    bearer.bearer_format = Some("JWT".to_owned());
    components
        .security_schemes
        .insert("access_token".to_owned(), SecurityScheme::Http(bearer).into());
    components.security_schemes.insert(
        "operator_token".to_owned(),
        SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)).into(),
    );
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-sluicegate_refresh"));
    components
        .security_schemes
        .insert("refresh_cookie".to_owned(), SecurityScheme::ApiKey(cookie).into());
    document
}

/// What any operation may answer instead; one that has more to say about it does so itself.
fn problem() -> Response {
    let schema = Ref::from_schema_name(Problem::name());
    ResponseBuilder::new()
        .description("Problem")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(schema)).build(),
        )
        .build()
}

/// Which methods each path of the document takes.
#[must_use]
pub fn methods(document: &OpenApi) -> PathMethods {
    let mut methods = PathMethods::new();
    for (path, item) in &document.paths.paths {
        for (method, operation) in [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ] {
            if operation.is_some() {
                methods.add(path, method);
            }
        }
    }
    methods
}

/// The document as committed: pretty JSON with a line end.
///
/// # Errors
/// When serialization fails, which it does not for a document built from code.
pub fn text(document: &OpenApi) -> serde_json::Result<String> {
    document.to_pretty_json().map(|json| json + "\n")
}
