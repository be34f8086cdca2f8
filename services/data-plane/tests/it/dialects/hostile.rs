//! Bad input in every dialect: each is answered at once, in the dialect's own error, with the place of the fault.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Config, Worker};

/// A path, what stands before and after a text in a well-formed request, and where the message of an error is.
struct Ingress {
    path: &'static str,
    before: &'static str,
    after: &'static str,
    kind: &'static str,
}

const INGRESS: [Ingress; 5] = [
    Ingress {
        path: "/v1/chat/completions",
        before: r#"{"model":"sluicegate/echo","messages":[{"role":"user","content":"#,
        after: "}]}",
        kind: "/error/type",
    },
    Ingress {
        path: "/v1/completions",
        before: r#"{"model":"sluicegate/echo","prompt":"#,
        after: "}",
        kind: "/error/type",
    },
    Ingress {
        path: "/v1/responses",
        before: r#"{"model":"sluicegate/echo","input":"#,
        after: "}",
        kind: "/error/type",
    },
    Ingress {
        path: "/v1/messages",
        before: r#"{"model":"sluicegate/echo","max_tokens":9,"messages":[{"role":"user","content":"#,
        after: "}]}",
        kind: "/error/type",
    },
    Ingress {
        path: "/v1beta/models/sluicegate/echo:generateContent",
        before: r#"{"contents":[{"parts":[{"text":"#,
        after: "}]}]}",
        kind: "/error/status",
    },
];

impl Ingress {
    fn body(&self, value: &str) -> String {
        [self.before, value, self.after].concat()
    }
}

/// Sends a body; gives the status, the message and how long it took.
async fn send(worker: &Worker, ingress: &Ingress, body: String) -> (u16, String, Duration) {
    let started = Instant::now();
    let response = worker.post(ingress.path, body).send().await.unwrap();
    let status = response.status().as_u16();
    let answer: Value = response.json().await.unwrap();
    let took = started.elapsed();
    if status >= 400 {
        assert!(
            answer.pointer(ingress.kind).is_some_and(Value::is_string),
            "{answer}"
        );
    }
    let message = answer.pointer("/error/message").and_then(Value::as_str);
    (status, message.unwrap_or_default().to_owned(), took)
}

#[actix_web::test]
async fn malformed_documents_are_refused_with_a_place() {
    let worker = Worker::start(&Config::new());
    for ingress in &INGRESS {
        for value in ["7", "\"a", "tru", "[1,]", "\"\\ud8", "\"\u{1}\""] {
            let (status, message, _) = send(&worker, ingress, ingress.body(value)).await;
            assert_eq!(status, 400, "{} {value}: {message}", ingress.path);
            assert!(message.contains("byte "), "{} {value}: {message}", ingress.path);
            assert!(message.contains(" at /"), "{} {value}: {message}", ingress.path);
        }
        for body in [
            "",
            "null",
            "[]",
            "\u{feff}{}",
            "{\"model\":\"m\"}",
            "{\"model\":\"m\",\"model\":\"n\"}",
        ] {
            let (status, message, _) = send(&worker, ingress, body.to_owned()).await;
            assert_eq!(status, 400, "{} {body}: {message}", ingress.path);
        }
    }
}

#[actix_web::test]
async fn deep_and_large_and_odd_documents_do_no_harm() {
    let worker = Worker::start(&Config::new());
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let huge = format!("\"{}\"", "a\\u0301\\ud83d\\ude00 ".repeat((19 << 20) / 20));
    let odd = "\"\\ud800 \u{202e}\u{2028}\u{0}\u{fffe}\"".replace('\u{0}', "\\u0000");
    for ingress in &INGRESS {
        let (status, message, _) = send(&worker, ingress, ingress.body(&deep)).await;
        assert_eq!(status, 400, "{}: {message}", ingress.path);
        let unknown = ingress
            .body("\"a\"")
            .replacen('{', &format!("{{\"x\":{deep},"), 1);
        let (status, message, _) = send(&worker, ingress, unknown).await;
        assert_eq!(status, 400, "{}: {message}", ingress.path);
        assert!(message.contains("deeper"), "{}: {message}", ingress.path);
        let (status, message, _) = send(&worker, ingress, ingress.body(&odd)).await;
        assert_eq!(status, 200, "{}: {message}", ingress.path);
        let (status, message, _) = send(
            &worker,
            ingress,
            ingress.body(&format!("{}!", &huge[..huge.len() - 1])),
        )
        .await;
        assert_eq!(status, 400, "{}: {message}", ingress.path);
        let (status, _, _) = send(
            &worker,
            ingress,
            ingress.body(&format!("{huge}{}", " ".repeat(2 << 20))),
        )
        .await;
        assert_eq!(status, 413, "{}", ingress.path);
    }
}
