//! What each server's documents have that OpenAI's have not, and where they differ. A chunk is dressed like the whole
//! answer it is a piece of.

use serde_json::{Value, json};
use sluicegate_protocols::TokenCounts;

use crate::formats::Told;

/// Reasoning under `reasoning`; usage beside the reason the answer ended, and again in an object of its own.
pub(super) fn groq(_: &str, document: &mut Value, told: &Told) {
    rename_reasoning(document);
    close_with_usage(document, told);
    if is_chunk(document) && !document["usage"].is_null() {
        let mut usage = document["usage"].clone();
        usage["queue_time"] = 0.005.into();
        usage["total_time"] = 0.25.into();
        document["x_groq"] = json!({"id": "req_mock", "usage": usage});
    }
}

/// Reasoning under `reasoning_content`; usage beside the reason the answer ended, and null before it.
pub(super) fn deepseek(_: &str, document: &mut Value, told: &Told) {
    close_with_usage(document, told);
    if let Some(usage) = document["usage"].as_object_mut() {
        let hit = told.counts.cached_input;
        usage.insert("prompt_cache_hit_tokens".to_owned(), hit.into());
        let miss = told.counts.input - hit;
        usage.insert("prompt_cache_miss_tokens".to_owned(), miss.into());
    }
}

/// Reasoning is no part of `completion_tokens`, and of the total all the same.
pub(super) fn xai(_: &str, document: &mut Value, told: &Told) {
    if document["usage"].is_object() {
        let spoken = told.counts.output - told.counts.reasoning;
        document["usage"]["completion_tokens"] = spoken.into();
        document["usage"]["num_sources_used"] = 0.into();
    }
}

/// Text stands in `text` again; usage beside the reason the answer ended.
pub(super) fn together(_: &str, document: &mut Value, told: &Told) {
    rename_reasoning(document);
    close_with_usage(document, told);
    for choice in choices(document) {
        let text = choice["delta"]["content"].as_str().unwrap_or_default().to_owned();
        if choice["delta"].is_object() {
            choice["text"] = text.into();
            choice["delta"]["token_id"] = 16.into();
        }
    }
}

/// Usage beside the reason the answer ended.
pub(super) fn fireworks(_: &str, document: &mut Value, told: &Told) {
    close_with_usage(document, told);
}

/// Usage in every chunk, as far as it has come; sources beside it. Reasoning is not shown.
pub(super) fn perplexity(_: &str, document: &mut Value, told: &Told) {
    hide_reasoning(document);
    if is_usage_alone(document) {
        return drop_frame(document);
    }
    if is_chunk(document) {
        let sofar = told.sent.max(1) + told.counts.reasoning;
        document["usage"] = usage(&TokenCounts {
            output: sofar.min(told.counts.output),
            ..told.counts
        });
    }
    document["usage"]["search_context_size"] = "low".into();
    document["citations"] = json!(["https://example.com/a"]);
    document["search_results"] = json!([{"title": "A", "url": "https://example.com/a", "date": null}]);
}

/// Reasoning under `reasoning` and in `reasoning_details`; who served; usage with a cost, beside an empty delta.
pub(super) fn openrouter(_: &str, document: &mut Value, _: &Told) {
    document["provider"] = "Mock".into();
    rename_reasoning(document);
    let chunk = is_chunk(document);
    if is_usage_alone(document) {
        let delta = json!({"role": "assistant", "content": ""});
        document["choices"] = json!([{"index": 0, "delta": delta, "finish_reason": null}]);
    }
    if document["usage"].is_object() {
        document["usage"]["cost"] = 0.000_669.into();
        document["usage"]["is_byok"] = false.into();
    }
    for choice in choices(document) {
        choice["native_finish_reason"] = choice["finish_reason"].clone();
        let told = &mut choice[if chunk { "delta" } else { "message" }];
        if let Some(text) = told["reasoning"].as_str() {
            told["reasoning_details"] = json!([{
                "type": "reasoning.text", "text": text, "format": "unknown", "index": 0,
            }]);
        }
    }
}

/// What serves behind the router, with members of its own.
pub(super) fn hugging_face(_: &str, document: &mut Value, _: &Told) {
    document["prompt"] = json!([]);
}

/// Reasoning under `reasoning`.
pub(super) fn ollama(_: &str, document: &mut Value, _: &Told) {
    rename_reasoning(document);
    document["system_fingerprint"] = "fp_ollama".into();
}

/// Reasoning under `reasoning`, and null wherever there is nothing.
pub(super) fn vllm(_: &str, document: &mut Value, _: &Told) {
    rename_reasoning(document);
    for name in [
        "service_tier",
        "system_fingerprint",
        "prompt_logprobs",
        "kv_transfer_params",
    ] {
        document[name] = Value::Null;
    }
    for choice in choices(document) {
        choice["stop_reason"] = Value::Null;
        choice["token_ids"] = Value::Null;
    }
}

/// How long it took, beside the reason the answer ended.
pub(super) fn llama_cpp(_: &str, document: &mut Value, told: &Told) {
    if is_finished(document) {
        document["timings"] = json!({"prompt_n": told.counts.input, "predicted_n": told.counts.output});
    }
}

fn is_chunk(document: &Value) -> bool {
    document["object"] == "chat.completion.chunk"
}

fn choices(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    document["choices"].as_array_mut().into_iter().flatten()
}

fn is_finished(document: &Value) -> bool {
    let choices = document["choices"].as_array();
    choices.is_some_and(|all| all.iter().any(|choice| choice["finish_reason"].is_string()))
}

fn is_usage_alone(document: &Value) -> bool {
    is_chunk(document) && document["choices"].as_array().is_some_and(Vec::is_empty)
}

/// A frame that this server does not send.
fn drop_frame(document: &mut Value) {
    *document = Value::Null;
}

/// Moves usage from a chunk of its own to the one that says why the answer ended.
fn close_with_usage(document: &mut Value, told: &Told) {
    if is_usage_alone(document) {
        drop_frame(document);
    } else if is_chunk(document) {
        let closes = is_finished(document);
        document["usage"] = if closes { usage(&told.counts) } else { Value::Null };
    }
}

fn usage(counts: &TokenCounts) -> Value {
    json!({
        "prompt_tokens": counts.input,
        "completion_tokens": counts.output,
        "total_tokens": counts.input + counts.output,
        "prompt_tokens_details": {"cached_tokens": counts.cached_input},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning},
    })
}

fn rename_reasoning(document: &mut Value) {
    each_turn(document, |turn| {
        if let Some(text) = turn.remove("reasoning_content") {
            turn.insert("reasoning".to_owned(), text);
        }
    });
}

fn hide_reasoning(document: &mut Value) {
    each_turn(document, |turn| {
        turn.remove("reasoning_content");
    });
}

fn each_turn(document: &mut Value, change: impl Fn(&mut serde_json::Map<String, Value>)) {
    for choice in choices(document) {
        for place in ["delta", "message"] {
            if let Some(turn) = choice.get_mut(place).and_then(Value::as_object_mut) {
                change(turn);
            }
        }
    }
}
