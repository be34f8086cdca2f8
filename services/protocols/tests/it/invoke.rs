//! Bedrock's `InvokeModel`, as far as it is read. Its bodies are those of the model's own vendor: Claude
//! takes Messages without the model, Nova takes Converse, models with chat take Chat Completions, and
//! embeddings have a form per vendor. Models that predate chat are read in their answers alone: what is
//! worth asking today is reached by Converse.

use serde_json::Value;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::completions::{read_response, text_model};
use sluicegate_protocols::dialect::{decode_request, decode_response, encode_request, encode_response};
use sluicegate_protocols::provider_error::ProviderError;
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};

use crate::corpus::{Recording, recordings};
use crate::meaning::{self, told};

pub(crate) const ENDPOINTS: [&str; 2] = ["invoke", "invoke-with-response-stream"];

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// That of a chat in a dialect.
    Chat(Dialect),
    /// OpenAI's text completions.
    Completion,
    /// That of a model that predates chat.
    Text,
    /// Embeddings.
    Embeddings,
}

pub(crate) fn body_of(recording: &Recording) -> Body {
    let text = recording.request().unwrap();
    let request: Value = serde_json::from_str(&text).unwrap();
    let has = |name: &str| request.get(name).is_some();
    let answer = recording.whole().unwrap_or_default();
    if has("anthropic_version") {
        Body::Chat(Dialect::AnthropicMessages)
    } else if has("messages") && request.pointer("/messages/0/content/0/text").is_some() && !has("max_tokens")
    {
        Body::Chat(Dialect::BedrockConverse)
    } else if has("messages") {
        Body::Chat(Dialect::OpenAiChat)
    } else if has("texts") || has("taskType") || (has("inputText") && !has("textGenerationConfig")) {
        Body::Embeddings
    } else if answer.contains("\"text_completion\"") {
        Body::Completion
    } else {
        Body::Text
    }
}

fn all() -> impl Iterator<Item = Recording> {
    ENDPOINTS.into_iter().flat_map(recordings)
}

/// The chunks of a stream: what the model wrote.
fn chunks(recording: &Recording) -> Vec<String> {
    let chunks = recording.events().filter(|(event, _)| *event == "chunk");
    chunks.map(|(_, payload)| payload.to_string()).collect()
}

#[test]
fn chats_are_those_of_a_dialect() {
    let mut count = 0;
    for recording in all() {
        let Body::Chat(dialect) = body_of(&recording) else {
            continue;
        };
        count += 1;
        let id = &recording.id;
        let text = recording.request().unwrap();
        let request = decode_request(dialect, text.as_bytes(), 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        let encoded = encode_request(dialect, &request, &RequestTarget::default());
        let same = |a: &str, b: &[u8]| {
            let (a, b): (Value, Value) = (
                serde_json::from_str(a).unwrap(),
                serde_json::from_slice(b).unwrap(),
            );
            assert_eq!(a, b, "{id}");
        };
        same(&text, &encoded.body);
        let Some(answer) = recording.whole() else { continue };
        if recording.status() >= 400 {
            assert!(
                !ProviderError::parse(answer.as_bytes()).message.is_empty(),
                "{id}"
            );
            continue;
        }
        let response = decode_response(dialect, answer.as_bytes()).unwrap_or_else(|e| panic!("{id}: {e}"));
        same(
            &answer,
            &encode_response(dialect, &response, &AnswerTarget::default()).body,
        );
        let said = told(&response.candidates[0]);
        if recording.is_oracle() {
            assert_eq!(said.text, recording.summary()["text"].as_str().unwrap(), "{id}");
        } else {
            assert!(!said.text.is_empty() || !said.calls.is_empty(), "{id}");
        }
    }
    eprintln!("{count} chats");
}

#[test]
fn streams_of_chats_are_those_of_a_dialect() {
    let mut count = 0;
    for recording in recordings(ENDPOINTS[1]) {
        let Body::Chat(dialect) = body_of(&recording) else {
            continue;
        };
        if recording.received().is_none() {
            continue;
        }
        count += 1;
        let id = &recording.id;
        // Each chunk wraps what would be an event of the dialect's own framing.
        let mut framed = Vec::new();
        for chunk in chunks(&recording) {
            match dialect {
                Dialect::BedrockConverse => {
                    let event: Value = serde_json::from_str(&chunk).unwrap();
                    for (name, payload) in event.as_object().unwrap().iter().filter(|(_, p)| p.is_object()) {
                        sluicegate_protocols::event_stream::write_event(&mut framed, name, |out| {
                            out.extend_from_slice(payload.to_string().as_bytes());
                        });
                    }
                }
                Dialect::AnthropicMessages
                | Dialect::OpenAiChat
                | Dialect::OpenAiResponses
                | Dialect::Gemini
                | Dialect::CohereChat => sluicegate_protocols::sse::write_event(&mut framed, None, &chunk),
            }
        }
        let run = meaning::run(dialect, [framed.as_slice()], None);
        assert_eq!(run.end, StreamEnd::Complete, "{id}");
        let said = told(&run.response.candidates[0]);
        assert!(!said.text.is_empty() || !said.calls.is_empty(), "{id}");
        if recording.is_oracle() {
            assert_eq!(said.text, recording.summary()["text"].as_str().unwrap(), "{id}");
        }
    }
    eprintln!("{count} streams of chats");
}

#[test]
fn models_that_predate_chat_are_read_in_their_answers() {
    let legacy = ["ollama.generate", "cohere.generate"]
        .into_iter()
        .flat_map(recordings);
    let under_invoke = all().filter(|recording| body_of(recording) == Body::Text);
    let mut count = 0;
    for recording in under_invoke.chain(legacy) {
        count += 1;
        let id = &recording.id;
        let mut pieces: Vec<String> = recording.whole().into_iter().collect();
        pieces.extend(chunks(&recording));
        pieces.extend(recording.lines());
        assert!(!pieces.is_empty(), "{id}");
        let (mut text, mut finish) = (String::new(), None);
        for piece in &pieces {
            let response =
                text_model::decode_response(piece.as_bytes()).unwrap_or_else(|e| panic!("{id}: {e}"));
            text += &told(&response.candidates[0]).text;
            finish = response.candidates[0].finish.clone().or(finish);
        }
        // A guardrail that blocks the input gives no reason.
        let blocked = pieces[0].contains("INTERVENED");
        assert!(!text.is_empty() && (finish.is_some() || blocked), "{id}");
        if recording.is_oracle() {
            assert_eq!(text, recording.summary()["text"].as_str().unwrap(), "{id}");
        }
    }
    eprintln!("{count} answers of text models");
}

#[test]
fn completions_in_openais_form_are_read() {
    for recording in all().filter(|recording| body_of(recording) == Body::Completion) {
        let facts = read_response(recording.whole().unwrap().as_bytes()).unwrap();
        assert!(
            facts.content.text > 0 && facts.usage.is_some(),
            "{}",
            recording.id
        );
    }
}
