//! Calls that go well: whole and streamed alike, tools, forms, reasoning, limits, usage, the ledger.

use sluicegate_mock_provider::{Behaviour, MockHandle, Outcome};
use sluicegate_protocols::canonical::{
    FinishReason, Media, MediaKind, Message, Part, PartBody, Response, ResponseFormat, ResponseShape, Role,
    Source, StreamEnd, ToolChoice, ToolMode,
};
use sluicegate_protocols::dialect::Dialect;
use sluicegate_protocols::json::RawJson;

use super::{WAYS, Way, ask, ask_with_tools, calls, go_on, reasoning, text, thinking};
use crate::client::{PRICE, billed, start};

const REASONING: &str = "Stones wear down slowly, so the older wheel turns first.";

/// Holds what an answer says of usage against the last entry of the ledger.
async fn audit(mock: &MockHandle, way: &Way, count: usize, response: &Response<'_>) {
    let entry = billed(mock, count).await.pop().unwrap();
    let counts = response.usage.as_ref().unwrap().counts;
    // Cohere bills the cache like the rest and does not tell it.
    let cached = if way.dialect == Dialect::CohereChat {
        0
    } else {
        entry.cached_input_tokens
    };
    let told = (counts.input, counts.cached_input, counts.output);
    let booked = (entry.input_tokens, cached, entry.output_tokens);
    assert_eq!(told, booked, "{}", way.name);
    assert_eq!(
        (entry.endpoint.as_str(), entry.outcome),
        (way.endpoint, Outcome::Completed)
    );
    let cost = PRICE.cost_nano_usd(counts.input, entry.cached_input_tokens, counts.output);
    assert_eq!(entry.cost_nano_usd, cost, "{}", way.name);
    if tells_reasoning(way) {
        assert_eq!(counts.reasoning, entry.reasoning_tokens, "{}", way.name);
    }
}

/// Bedrock and Cohere do not tell how much of the output was reasoning.
fn tells_reasoning(way: &Way) -> bool {
    !matches!(way.dialect, Dialect::BedrockConverse | Dialect::CohereChat)
}

fn reason(response: &Response<'_>) -> FinishReason {
    response.candidates[0].finish.as_ref().unwrap().reason
}

#[tokio::test]
async fn whole_and_streamed_answers_say_what_was_planned() {
    let mock = start();
    let behaviour = Behaviour {
        cached_tokens: 4,
        ..Behaviour::default()
    };
    mock.set_behaviour("m", behaviour);
    let mut count = 0;
    for way in WAYS {
        let usual = way.whole(&mock, &ask("What turns the mill?")).await;
        audit(&mock, way, count + 1, &usual).await;
        let streamed = way.streamed(&mock, &ask("What turns the mill?")).await;
        audit(&mock, way, count + 2, &streamed.response).await;
        count += 2;
        assert!(text(&usual).split(' ').count() >= 8, "{}", way.name);
        assert_eq!(text(&usual), text(&streamed.response), "{}", way.name);
        assert_eq!(
            (streamed.end, streamed.broke),
            (StreamEnd::Complete, false),
            "{}",
            way.name
        );
        assert!(streamed.pieces >= 8, "{}: {}", way.name, streamed.pieces);
        assert_eq!(usual.candidates[0].finish, streamed.response.candidates[0].finish);

        let said = way
            .whole(&mock, &ask("[[say=one  two \"three\"]] [[tag=t]]"))
            .await;
        assert_eq!(
            (text(&said).as_str(), reason(&said)),
            ("one  two \"three\"", FinishReason::Stop)
        );
        count += 1;
        let entry = billed(&mock, count).await.pop().unwrap();
        assert_eq!(entry.tag.as_deref(), Some("t"), "{}", way.name);
    }
}

#[tokio::test]
async fn several_tools_are_called_and_their_results_told() {
    let mock = start();
    let expected = [
        ("weather".to_owned(), r#"{"city":"city-1"}"#.to_owned()),
        ("time".to_owned(), r#"{"zone":"zone-2"}"#.to_owned()),
    ];
    let mut count = 0;
    for way in WAYS {
        let request = ask_with_tools("[[call=2]]");
        let whole = way.whole(&mock, &request).await;
        let streamed = way.streamed(&mock, &request).await;
        assert_eq!(calls(&whole), expected, "{}", way.name);
        assert_eq!(calls(&streamed.response), expected, "{}", way.name);
        assert_eq!(reason(&streamed.response), FinishReason::ToolUse, "{}", way.name);
        count += 2;
        audit(&mock, way, count, &streamed.response).await;

        let more = go_on(request, &streamed.response, &["7 degrees", "noon"]);
        let answer = way.whole(&mock, &more).await;
        assert_eq!(text(&answer), "The tools say: 7 degrees | noon", "{}", way.name);
        count += 1;
    }
}

#[tokio::test]
async fn tools_are_forced_and_forbidden() {
    let mock = start();
    for way in WAYS {
        let choose = |mode| {
            let mut request = ask_with_tools("hello");
            request.tool_choice = Some(ToolChoice::new(mode));
            request
        };
        let any = way.whole(&mock, &choose(ToolMode::Required)).await;
        assert_eq!(calls(&any).len(), 1, "{}", way.name);
        assert!(calls(&way.whole(&mock, &choose(ToolMode::Auto)).await).is_empty());
        // Cohere can force a call and not a certain one; Converse cannot forbid any.
        if way.dialect != Dialect::CohereChat {
            let named = way.whole(&mock, &choose(ToolMode::Named("time".into()))).await;
            assert_eq!(calls(&named)[0].0, "time", "{}", way.name);
        }
    }
}

#[tokio::test]
async fn answers_follow_a_schema() {
    let mock = start();
    let schema = r#"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"}},"required":["name","age"]}"#;
    for way in WAYS {
        let mut request = ask("Who?");
        request.response_format = Some(ResponseFormat {
            shape: ResponseShape::JsonSchema {
                name: Some("person".into()),
                description: None,
                schema: Some(RawJson::parse(schema).unwrap()),
                strict: Some(true),
                extra: sluicegate_protocols::canonical::Extra::NONE,
            },
            form: sluicegate_protocols::canonical::Form::default(),
            extra: sluicegate_protocols::canonical::Extra::NONE,
        });
        let answer = way.whole(&mock, &request).await;
        let read: serde_json::Value = serde_json::from_str(&text(&answer)).unwrap();
        assert_eq!(
            read,
            serde_json::json!({"name": "name-1", "age": 1}),
            "{}",
            way.name
        );
    }
}

#[tokio::test]
async fn reasoning_is_shown_when_asked_for_and_goes_round() {
    let mock = start();
    let mut count = 0;
    for way in WAYS {
        let request = thinking(ask_with_tools("[[call=2]]"));
        let whole = way.whole(&mock, &request).await;
        let streamed = way.streamed(&mock, &request).await;
        count += 2;
        audit(&mock, way, count, &streamed.response).await;
        let entry = billed(&mock, count).await.pop().unwrap();
        assert_eq!(entry.reasoning_tokens, 10, "{}", way.name);
        // Azure's chat keeps what was thought.
        let shown = if way.name.starts_with("azure") && way.dialect == Dialect::OpenAiChat {
            ""
        } else {
            REASONING
        };
        assert_eq!(reasoning(&whole), shown, "{}", way.name);
        assert_eq!(reasoning(&streamed.response), shown, "{}", way.name);
        let plain = way.whole(&mock, &ask("hello")).await;
        count += 1;
        assert_eq!(reasoning(&plain), "", "{}", way.name);

        for first in [whole, streamed.response] {
            let more = go_on(request.clone(), &first, &["7 degrees", "noon"]);
            let answer = way.whole(&mock, &more).await;
            assert_eq!(text(&answer), "The tools say: 7 degrees | noon", "{}", way.name);
            count += 1;
        }
    }
}

#[tokio::test]
async fn system_images_and_limits_are_heeded() {
    let mock = start();
    for way in WAYS {
        let mut request = ask("[[repeat=system]]");
        let kind = Message::new(Role::System, vec![Part::text("Be kind.")]);
        request.messages.insert(0, kind);
        assert_eq!(
            text(&way.whole(&mock, &request).await),
            "Be kind.",
            "{}",
            way.name
        );

        let mut request = ask("[[repeat=images]]");
        request.messages[0].parts.push(Part::new(PartBody::from(Media {
            kind: MediaKind::Image,
            source: Source::Base64("iVBORw0KGgo=".into()),
            mime: Some("image/png".into()),
            name: None,
            detail: None,
        })));
        let seen = text(&way.whole(&mock, &request).await);
        assert!(
            seen.starts_with("image/png ") && seen.len() == 26,
            "{}: {seen}",
            way.name
        );

        let mut request = ask("[[say=one two three]]");
        request.max_output_tokens = Some(2);
        let cut = way.whole(&mock, &request).await;
        let streamed = way.streamed(&mock, &request).await;
        assert_eq!(
            (text(&cut).as_str(), reason(&cut)),
            ("one two ", FinishReason::Length),
            "{}",
            way.name
        );
        assert_eq!(reason(&streamed.response), FinishReason::Length, "{}", way.name);
    }
}

#[tokio::test]
async fn several_answers_come_where_the_format_has_them() {
    let mock = start();
    for (number, name) in ["gemini", "azure", "openai"].into_iter().enumerate() {
        let way = super::way(name);
        let mut request = ask("[[say=one two]]");
        request.candidates = Some(2);
        let whole = way.whole(&mock, &request).await;
        let streamed = way.streamed(&mock, &request).await;
        assert_eq!(whole.candidates.len(), 2, "{name}");
        assert_eq!(
            (text(&whole).as_str(), text(&streamed.response).as_str()),
            ("one twoone two", "one twoone two")
        );
        assert_eq!(streamed.end, StreamEnd::Complete, "{name}");
        audit(&mock, way, 2 * number + 2, &streamed.response).await;
        assert_eq!(whole.usage.unwrap().counts.output, 4, "{name}");
    }
}
