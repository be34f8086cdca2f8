//! Signed reasoning has to come back as it was given.

use serde_json::json;
use sluicegate_mock_provider::MockHandle;
use sluicegate_protocols::canonical::{Part, PartBody, Response};
use sluicegate_protocols::dialect::Dialect;
use sluicegate_protocols::json::RawJson;

use super::{WAYS, Way, ask, ask_with_tools, go_on, reasoning, thinking, way};
use crate::client::{http, start};

/// Changes one character of a signature.
fn spoil(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop().unwrap();
    text.push(if last == '0' { '1' } else { '0' });
    text
}

fn change(response: &mut Response<'static>, how: impl Fn(&mut Part<'static>)) -> usize {
    let parts = &mut response.candidates[0].message.parts;
    parts.iter_mut().for_each(how);
    parts.iter().filter(|part| is_sealed(part)).count()
}

fn is_sealed(part: &Part<'_>) -> bool {
    part.signature.is_some() || part.body.as_reasoning().is_some_and(|it| it.encrypted.is_some())
}

fn spoil_part(part: &mut Part<'static>) {
    part.signature = part.signature.as_deref().map(|text| spoil(text).into());
    if let PartBody::Reasoning(reasoning) = &mut part.body {
        reasoning.encrypted = reasoning.encrypted.as_deref().map(|text| spoil(text).into());
    }
}

async fn status(way: &Way, mock: &MockHandle, first: &Response<'static>) -> u16 {
    let request = thinking(ask_with_tools("[[call=2]]"));
    let more = go_on(request, first, &["7 degrees", "noon"]);
    way.send(mock, &more, false).await.status().as_u16()
}

#[tokio::test]
async fn changed_signatures_are_refused() {
    let mock = start();
    let signs = |way: &&Way| !matches!(way.dialect, Dialect::OpenAiChat | Dialect::CohereChat);
    for way in WAYS.iter().filter(signs) {
        let mut request = thinking(ask_with_tools("[[call=2]]"));
        if way.dialect == Dialect::OpenAiResponses {
            request.origin = Dialect::OpenAiResponses;
            request.extra.push(
                "include",
                RawJson::parse(r#"["reasoning.encrypted_content"]"#).unwrap(),
            );
        }
        for first in [
            way.whole(&mock, &request).await,
            way.streamed(&mock, &request).await.response,
        ] {
            assert_eq!(status(way, &mock, &first).await, 200, "{}", way.name);
            let mut changed = first.clone();
            assert!(change(&mut changed, spoil_part) > 0, "{} is not signed", way.name);
            assert_eq!(status(way, &mock, &changed).await, 400, "{}", way.name);
        }
    }
}

#[tokio::test]
async fn thoughts_that_come_back_in_other_words_are_refused() {
    let mock = start();
    for name in ["anthropic", "vertex claude", "bedrock"] {
        let way = way(name);
        let mut first = way.whole(&mock, &thinking(ask_with_tools("[[call=2]]"))).await;
        change(&mut first, |part| {
            if let PartBody::Reasoning(reasoning) = &mut part.body {
                reasoning.text = vec!["Something else.".into()];
            }
        });
        assert_eq!(status(way, &mock, &first).await, 400, "{name}");
    }
}

#[tokio::test]
async fn gemini_3_insists_on_signed_calls() {
    let mock = start();
    let ask = async |model: &str, signature: Option<&str>| {
        let mut call = json!({"functionCall": {"name": "weather", "args": {}}});
        if let Some(signature) = signature {
            call["thoughtSignature"] = signature.into();
        }
        let result = json!({"functionResponse": {"name": "weather", "response": {"output": "7 degrees"}}});
        let body = json!({"contents": [
            {"role": "user", "parts": [{"text": "hello"}]},
            {"role": "model", "parts": [call]},
            {"role": "user", "parts": [result]},
        ]});
        let url = format!("{}/v1beta/models/{model}:generateContent", mock.base_url());
        http()
            .post(url)
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let stand_in = Some("skip_thought_signature_validator");
    assert_eq!(ask("gemini-3-pro", None).await, 400);
    assert_eq!(ask("gemini-3-pro", Some("c29tZXRoaW5n")).await, 400);
    assert_eq!(ask("gemini-3-pro", stand_in).await, 200);
    assert_eq!(ask("gemini-2.5-flash", None).await, 200);
}

#[tokio::test]
async fn reasoning_that_is_not_shown_is_billed_all_the_same() {
    let mock = start();
    let hidden = |show, summary| {
        let mut request = thinking(ask("hello"));
        let config = request.reasoning.as_mut().unwrap();
        config.show = show;
        config.summary = summary;
        request
    };
    for name in ["gemini", "vertex gemini", "responses", "anthropic"] {
        let way = way(name);
        for answer in [
            way.whole(&mock, &hidden(Some(false), None)).await,
            way.streamed(&mock, &hidden(Some(false), None)).await.response,
        ] {
            assert_eq!(reasoning(&answer), "", "{name}");
            assert_eq!(answer.usage.unwrap().counts.reasoning, 10, "{name}");
        }
    }
}
