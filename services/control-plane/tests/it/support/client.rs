//! A client that speaks as somebody, and the answers it gets.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// Somebody with (or without) an access token.
#[derive(Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
    headers: HeaderMap,
    /// Their first organization.
    pub organization: String,
    /// Its first project.
    pub project: String,
    /// Their own id.
    pub user: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
}

impl Client {
    pub fn new(base: String, token: Option<String>) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let empty = String::new();
        Self {
            base,
            token,
            http,
            headers: HeaderMap::new(),
            organization: empty.clone(),
            project: empty.clone(),
            user: empty,
        }
    }

    /// Fills in who and where they are.
    pub async fn with_home(mut self) -> Self {
        let me = self.get("/api/v1/me").await.expect(200).body;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.user = text(&me["user"]["id"]);
        self.organization = text(&me["memberships"][0]["organization"]["id"]);
        self.project = text(&me["memberships"][0]["projects"][0]["id"]);
        self
    }

    /// The same person, in `other`'s organization and project.
    pub fn at_home_with(self, other: &Self) -> Self {
        Self {
            organization: other.organization.clone(),
            project: other.project.clone(),
            ..self
        }
    }

    /// The same, sending a header each time.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        other.headers.insert(name, HeaderValue::from_str(value).unwrap());
        other
    }

    /// A path inside their project.
    pub fn in_project(&self, rest: &str) -> String {
        format!("/api/v1/projects/{}{rest}", self.project)
    }

    /// A path inside their organization.
    pub fn in_organization(&self, rest: &str) -> String {
        format!("/api/v1/organizations/{}{rest}", self.organization)
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .headers(self.headers.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            if !self.headers.contains_key("content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            status,
            headers,
            text,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }
}

impl Answer {
    /// Insists on a status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Insists on a problem with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(
            self.body["request_id"].as_str(),
            Some(self.header("x-request-id"))
        );
        self
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A text field of the body.
    #[track_caller]
    pub fn text_of(&self, field: &str) -> String {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {}", self.text))
            .to_owned()
    }
}
