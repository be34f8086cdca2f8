//! Signed reasoning has to come back as it was given.

use sluicegate_mock_provider::MockHandle;
use sluicegate_protocols::canonical::{Part, PartBody, Response};
use sluicegate_protocols::dialect::Dialect;
use sluicegate_protocols::json::RawJson;

use super::{WAYS, Way, ask_with_tools, go_on, thinking, way};
use crate::client::start;

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
