//! AWS Signature Version 4: what is sent is signed with a secret that is not sent.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::Full;
use secrecy::ExposeSecret;
use sluicegate_credentials::AwsKeys;

use crate::upstream::SendFailure;

/// What requests are signed for.
#[derive(Clone)]
pub(super) struct Signer {
    keys: AwsKeys,
    region: String,
    /// AWS's name of the service, part of what is signed.
    service: &'static str,
}

impl Signer {
    pub(super) const fn new(keys: AwsKeys, region: String, service: &'static str) -> Self {
        Self {
            keys,
            region,
            service,
        }
    }

    /// Signs a request as it stands, whose body is `body`; only headers that nothing on the way changes are covered.
    pub(super) fn sign(
        &self,
        request: &mut Request<Full<Bytes>>,
        body: &[u8],
        now_millis: i64,
    ) -> Result<(), SendFailure> {
        let token = self
            .keys
            .session_token
            .as_ref()
            .map(|it| it.expose_secret().to_owned());
        let secret = self.keys.secret_access_key.expose_secret();
        let identity = Credentials::new(&self.keys.access_key_id, secret, token, None, "sluicegate").into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(at(now_millis))
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| SendFailure::Invalid)?
            .into();
        let uri = request.uri().to_string();
        let covered = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let covered = covered.map(|value| (CONTENT_TYPE.as_str(), value));
        let signable = SignableRequest::new(
            request.method().as_str(),
            uri,
            covered.into_iter(),
            SignableBody::Bytes(body),
        )
        .map_err(|_| SendFailure::Invalid)?;
        let (instructions, _) = sign(signable, &params)
            .map_err(|_| SendFailure::Invalid)?
            .into_parts();
        instructions.apply_to_request_http1x(request);
        for name in [AUTHORIZATION.as_str(), "x-amz-security-token"] {
            if let Some(value) = request.headers_mut().get_mut(name) {
                value.set_sensitive(true);
            }
        }
        Ok(())
    }
}

fn at(now_millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(now_millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(token: Option<&str>) -> AwsKeys {
        AwsKeys {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: token.map(Into::into),
        }
    }

    fn signed(
        method: &str,
        uri: &str,
        content_type: Option<&str>,
        body: &str,
        token: Option<&str>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(method).uri(uri);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        let mut request = request
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .unwrap();
        // 2015-08-30T12:36:00Z, the moment of AWS's published examples.
        let now = 1_440_938_160_000;
        Signer::new(keys(token), "us-east-1".to_owned(), "service")
            .sign(&mut request, body.as_bytes(), now)
            .unwrap();
        request
    }

    /// `get-vanilla`, `get-vanilla-query`, `post-vanilla` and `post-x-www-form-urlencoded` of AWS's test suite.
    #[test]
    fn published_examples_come_out() {
        let cases = [
            (
                signed("GET", "https://example.amazonaws.com/", None, "", None),
                "host;x-amz-date",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                signed("POST", "https://example.amazonaws.com/", None, "", None),
                "host;x-amz-date",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                signed(
                    "POST",
                    "https://example.amazonaws.com/",
                    Some("application/x-www-form-urlencoded"),
                    "Param1=value1",
                    None,
                ),
                "content-type;host;x-amz-date",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ];
        for (request, covered, signature) in cases {
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={covered}, Signature={signature}"
            );
            assert_eq!(request.headers()[AUTHORIZATION], expected);
            assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
        }
    }

    #[test]
    fn a_session_token_is_sent_and_covered() {
        let request = signed(
            "GET",
            "https://example.amazonaws.com/",
            None,
            "",
            Some("the-token"),
        );
        assert_eq!(request.headers()["x-amz-security-token"], "the-token");
        let text = request.headers()[AUTHORIZATION].to_str().unwrap();
        assert!(
            text.contains("SignedHeaders=host;x-amz-date;x-amz-security-token"),
            "{text}"
        );
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        assert!(request.headers()["x-amz-security-token"].is_sensitive());
    }

    #[test]
    fn body_and_address_change_the_signature() {
        let text = |uri: &str, body: &str| {
            let request = signed("POST", uri, Some("application/json"), body, None);
            request.headers()[AUTHORIZATION].to_str().unwrap().to_owned()
        };
        let base = text("https://example.amazonaws.com/model/a%3A0/converse", "{}");
        assert_ne!(
            base,
            text("https://example.amazonaws.com/model/b%3A0/converse", "{}")
        );
        assert_ne!(
            base,
            text("https://example.amazonaws.com/model/a%3A0/converse", "{ }")
        );
        assert_ne!(
            base,
            text("https://example.amazonaws.com:8443/model/a%3A0/converse", "{}")
        );
    }
}
