//! Which methods each path takes. The planes fill the table while they register handlers, and ask it when no handler
//! matched, so that a wrong method is told apart (405 with `Allow`) from a path that is not there (404).
//!
//! Must stay true: the table holds the very patterns the router was given, so that both agree on what matches.

use std::sync::Arc;

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, Responder};

/// Methods by path pattern.
#[derive(Debug, Default)]
pub struct PathMethods(Vec<(ResourceDef, Method)>);

impl PathMethods {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Paths that match `pattern` take `method`.
    pub fn add(&mut self, pattern: &str, method: Method) {
        self.0.push((ResourceDef::new(pattern), method));
    }

    /// The value of `Allow` for `path`; `None` when there is no such path.
    #[must_use]
    pub fn allow(&self, path: &str) -> Option<String> {
        let mut methods: Vec<&str> = Vec::new();
        for (pattern, method) in &self.0 {
            if pattern.is_match(path) && !methods.contains(&method.as_str()) {
                methods.push(method.as_str());
            }
        }
        (!methods.is_empty()).then(|| methods.join(", "))
    }
}

/// Registers handlers and remembers what they answer to.
pub struct Endpoints<'c> {
    config: &'c mut ServiceConfig,
    methods: PathMethods,
}

impl<'c> Endpoints<'c> {
    /// Registers with `config`; `known` is what was registered in another way.
    pub fn new(config: &'c mut ServiceConfig, known: PathMethods) -> Self {
        Self {
            config,
            methods: known,
        }
    }

    /// `handler` answers `method` at `pattern`.
    #[must_use]
    pub fn on<H, A>(mut self, method: Method, pattern: &str, handler: H) -> Self
    where
        H: Handler<A>,
        A: FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        self.methods.add(pattern, method.clone());
        self.config.route(pattern, web::method(method).to(handler));
        self
    }

    /// Gives the table to requests, for [`allowed`].
    pub fn finish(self) {
        self.config.app_data(Arc::new(self.methods));
    }
}

/// For the handler of requests that nothing else took: what the path takes, or `None` when there is no such path.
#[must_use]
pub fn allowed(request: &HttpRequest) -> Option<String> {
    request
        .app_data::<Arc<PathMethods>>()?
        .allow(request.match_info().as_str())
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse};

    use super::*;

    async fn ok() -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    async fn otherwise(request: HttpRequest) -> HttpResponse {
        allowed(&request).map_or_else(
            || HttpResponse::NotFound().finish(),
            |allow| {
                HttpResponse::MethodNotAllowed()
                    .insert_header(("allow", allow))
                    .finish()
            },
        )
    }

    #[actix_web::test]
    async fn a_wrong_method_is_told_apart_from_a_wrong_path() {
        let mut known = PathMethods::new();
        known.add("/keys/{key}", Method::PATCH);
        let app = App::new()
            .configure(|config| {
                Endpoints::new(config, known)
                    .on(Method::GET, "/keys/{key}", ok)
                    .on(Method::DELETE, "/keys/{key}", ok)
                    .on(Method::GET, "/keys/{key}", ok)
                    .on(Method::POST, "/keys/all", ok)
                    .finish();
            })
            .default_service(web::to(otherwise));
        let app = init_service(app).await;
        let cases = [
            (Method::GET, "/keys/7", StatusCode::OK, None),
            (Method::POST, "/keys/all", StatusCode::OK, None),
            (
                Method::PUT,
                "/keys/7",
                StatusCode::METHOD_NOT_ALLOWED,
                Some("PATCH, GET, DELETE"),
            ),
            (
                Method::PUT,
                "/keys/all?x=1",
                StatusCode::METHOD_NOT_ALLOWED,
                Some("PATCH, GET, DELETE, POST"),
            ),
            (Method::PUT, "/keys/7/8", StatusCode::NOT_FOUND, None),
            (Method::GET, "/keys", StatusCode::NOT_FOUND, None),
        ];
        for (method, path, status, allow) in cases {
            let request = TestRequest::default().method(method.clone()).uri(path);
            let response = call_service(&app, request.to_request()).await;
            let found = response.headers().get("allow").map(|it| it.to_str().unwrap());
            assert_eq!((response.status(), found), (status, allow), "{method} {path}");
        }
    }
}
