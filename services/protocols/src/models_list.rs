//! The model listing: one document that OpenAI's clients and Anthropic's both read, since the two
//! lists share a path and differ only in their field names, one for Gemini's clients, and one for
//! OpenRouter's. The data plane and the mock provider answer with them.

mod openrouter;
mod parameters;

use serde::Serialize;

pub use openrouter::{Page, openrouter_list};
pub use parameters::{Capability, parameters};

/// A model as callers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEntry {
    /// The name to call it by.
    pub id: String,
    /// Who makes or owns it.
    pub owned_by: String,
    /// A name for people; the id when there is none.
    pub display_name: Option<String>,
    /// When it came to be, in Unix seconds.
    pub created: u64,
    /// Tokens of input and output together, when known.
    pub context_length: Option<u64>,
    /// Tokens of output at most, when known.
    pub max_output_tokens: Option<u64>,
}

/// A model and what it can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedModel {
    /// The model.
    pub entry: ModelEntry,
    /// It answers.
    pub generates: bool,
    /// It makes vectors.
    pub embeds: bool,
    /// What a token of the prompt and one of the answer cost at first, in 10⁻¹² US dollars; when known.
    pub price: Option<(u64, u64)>,
    /// The [`parameters()`] that it is known to take.
    pub parameters: Vec<&'static str>,
}

#[derive(Serialize)]
struct Document<'a> {
    object: &'static str,
    data: Vec<Item<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
    /// For Codex, which reads nothing else of the list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<CodexModel<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    display_name: &'a str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_length: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
}

impl<'a> From<&'a ModelEntry> for Item<'a> {
    fn from(model: &'a ModelEntry) -> Self {
        Self {
            id: &model.id,
            object: "model",
            created: model.created,
            owned_by: &model.owned_by,
            kind: "model",
            display_name: model.display_name.as_deref().unwrap_or(&model.id),
            created_at: rfc3339(model.created),
            context_length: model.context_length,
            max_output_tokens: model.max_output_tokens,
        }
    }
}

/// The list document.
pub fn list(models: &[ModelEntry]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Document::new(models))
}

/// The list document with the members that Codex reads.
pub fn list_for_codex(models: &[ModelEntry]) -> Result<Vec<u8>, serde_json::Error> {
    let document = Document {
        models: models.iter().map(CodexModel::from).collect(),
        ..Document::new(models)
    };
    serde_json::to_vec(&document)
}

impl<'a> Document<'a> {
    fn new(models: &'a [ModelEntry]) -> Self {
        Self {
            object: "list",
            data: models.iter().map(Item::from).collect(),
            has_more: false,
            first_id: models.first().map(|m| m.id.as_str()),
            last_id: models.last().map(|m| m.id.as_str()),
            models: Vec::new(),
        }
    }
}

/// What Codex must know of a model. It takes a list only whole, so that every member it insists on
/// is there, at the value that promises least.
#[derive(Serialize)]
struct CodexModel<'a> {
    slug: &'a str,
    display_name: &'a str,
    description: Option<&'a str>,
    supported_reasoning_levels: [&'a str; 0],
    shell_type: &'static str,
    visibility: &'static str,
    supported_in_api: bool,
    priority: i32,
    base_instructions: &'static str,
    supports_reasoning_summaries: bool,
    support_verbosity: bool,
    truncation_policy: Truncation,
    supports_parallel_tool_calls: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_window: Option<u64>,
    experimental_supported_tools: [&'a str; 0],
}

#[derive(Serialize)]
struct Truncation {
    mode: &'static str,
    limit: u32,
}

/// Codex has instructions of its own only for models it knows by name.
const CODEX_INSTRUCTIONS: &str = "You are a coding agent in the user's terminal. Work on the user's files with the \
tools you are given until the task is done. Look before you change something, keep to the style that is there, change no \
more than was asked, and check what you did. Say plainly what you did and what you could not do.";

impl<'a> From<&'a ModelEntry> for CodexModel<'a> {
    fn from(model: &'a ModelEntry) -> Self {
        Self {
            slug: &model.id,
            display_name: model.display_name.as_deref().unwrap_or(&model.id),
            description: None,
            supported_reasoning_levels: [],
            shell_type: "shell_command",
            visibility: "list",
            supported_in_api: true,
            priority: 0,
            base_instructions: CODEX_INSTRUCTIONS,
            supports_reasoning_summaries: false,
            support_verbosity: false,
            truncation_policy: Truncation {
                mode: "bytes",
                limit: 10_000,
            },
            supports_parallel_tool_calls: false,
            context_window: model.context_length,
            experimental_supported_tools: [],
        }
    }
}

#[derive(Serialize)]
struct GeminiDocument<'a> {
    models: Vec<GeminiItem<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeminiItem<'a> {
    name: String,
    base_model_id: &'a str,
    version: &'static str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_token_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_token_limit: Option<u64>,
    supported_generation_methods: Vec<&'static str>,
}

impl<'a> From<&'a ListedModel> for GeminiItem<'a> {
    fn from(model: &'a ListedModel) -> Self {
        let ListedModel {
            entry,
            generates,
            embeds,
            price: _,
            parameters: _,
        } = model;
        let mut methods = Vec::new();
        if *generates {
            methods.extend(["generateContent", "streamGenerateContent", "countTokens"]);
        }
        if *embeds {
            methods.extend(["embedContent", "batchEmbedContents"]);
        }
        Self {
            name: format!("models/{}", entry.id),
            base_model_id: &entry.id,
            version: "1",
            display_name: entry.display_name.as_deref().unwrap_or(&entry.id),
            input_token_limit: entry.context_length,
            output_token_limit: entry.max_output_tokens,
            supported_generation_methods: methods,
        }
    }
}

/// The list document for Gemini's clients.
pub fn gemini_list(models: &[ListedModel]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&GeminiDocument {
        models: models.iter().map(GeminiItem::from).collect(),
    })
}

/// The document of one model for Gemini's clients.
pub fn gemini_one(model: &ListedModel) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&GeminiItem::from(model))
}

/// The document of one model.
pub fn one(model: &ModelEntry) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Item::from(model))
}

/// A time of the years 1970 to 9999 as RFC 3339 in UTC.
fn rfc3339(unix: u64) -> String {
    let unix = unix.min(253_402_300_799);
    let (days, second) = (unix / 86_400, unix % 86_400);
    // Years counted from March, in eras of 400 years, so that leap days come last.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year_of_era + carry;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_both_clients_fields() {
        let model = ModelEntry {
            id: "openai/gpt-4o-mini".into(),
            owned_by: "openai".into(),
            display_name: None,
            created: 1_721_172_741,
            context_length: Some(128_000),
            max_output_tokens: None,
        };
        let document: serde_json::Value =
            serde_json::from_slice(&list(std::slice::from_ref(&model)).unwrap()).unwrap();
        let item = &document["data"][0];
        assert_eq!(
            (document["object"].as_str(), document["has_more"].as_bool()),
            (Some("list"), Some(false))
        );
        assert_eq!(
            (item["object"].as_str(), item["type"].as_str()),
            (Some("model"), Some("model"))
        );
        assert_eq!(item["created_at"], "2024-07-16T23:32:21Z");
        assert_eq!(item["display_name"], "openai/gpt-4o-mini");
        assert_eq!(item.get("max_output_tokens"), None);
        assert_eq!(document["last_id"], "openai/gpt-4o-mini");
        let empty: serde_json::Value = serde_json::from_slice(&list(&[]).unwrap()).unwrap();
        assert_eq!(empty["first_id"], serde_json::Value::Null);
    }

    #[test]
    fn codex_and_gemini_find_what_they_look_for() {
        let entry = ModelEntry {
            id: "a/m".into(),
            owned_by: "a".into(),
            display_name: None,
            created: 0,
            context_length: Some(9),
            max_output_tokens: None,
        };
        let read = |bytes: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&bytes).unwrap();
        let codex = read(list_for_codex(std::slice::from_ref(&entry)).unwrap());
        assert_eq!(
            (&codex["models"][0]["slug"], &codex["data"][0]["id"]),
            (&"a/m".into(), &"a/m".into())
        );
        let model = ListedModel {
            entry,
            generates: false,
            embeds: true,
            price: Some((2_500_000, 0)),
            parameters: vec!["tools"],
        };
        let gemini = read(gemini_list(std::slice::from_ref(&model)).unwrap());
        let openrouter =
            &read(openrouter_list(std::slice::from_ref(&model), Page::WHOLE).unwrap())["data"][0];
        assert_eq!(openrouter["pricing"]["prompt"], "0.0000025");
        assert_eq!(openrouter["pricing"]["completion"], "0");
        assert_eq!(openrouter["architecture"]["modality"], "text->embeddings");
        assert_eq!(openrouter["top_provider"]["context_length"], 9);
        assert_eq!(openrouter["supported_parameters"][0], "tools");
        assert_eq!(gemini["models"][0], read(gemini_one(&model).unwrap()));
        assert_eq!(gemini["models"][0]["name"], "models/a/m");
        assert_eq!(gemini["models"][0]["inputTokenLimit"], 9);
        assert_eq!(
            gemini["models"][0]["supportedGenerationMethods"][0],
            "embedContent"
        );
    }

    #[test]
    fn dates_are_right_at_the_edges() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
