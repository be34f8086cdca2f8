//! The model listing as OpenRouter's clients read it. They take an item only whole: what is not known here is there, at the
//! value that promises least. What OpenAI's and Anthropic's clients look for is there too: they share the address.

use serde::Serialize;

use super::{ListedModel, rfc3339};

#[derive(Serialize)]
struct Document<'a> {
    object: &'static str,
    has_more: bool,
    data: Vec<Item<'a>>,
    links: Links,
    total_count: usize,
}

#[derive(Serialize)]
struct Links {
    next: Option<String>,
}

/// Which part of the list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Models to skip.
    pub offset: usize,
    /// Most models to name.
    pub limit: usize,
}

impl Page {
    /// The whole list.
    pub const WHOLE: Self = Self {
        offset: 0,
        limit: usize::MAX,
    };
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    object: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    owned_by: &'a str,
    display_name: &'a str,
    created_at: String,
    canonical_slug: &'a str,
    name: &'a str,
    created: u64,
    context_length: Option<u64>,
    architecture: Architecture,
    pricing: Pricing,
    top_provider: TopProvider,
    per_request_limits: Option<()>,
    supported_parameters: &'a [&'static str],
    default_parameters: Option<()>,
    supported_voices: Option<()>,
    links: ItemLinks,
}

#[derive(Serialize)]
struct Architecture {
    modality: &'static str,
    input_modalities: [&'static str; 1],
    output_modalities: [&'static str; 1],
    tokenizer: &'static str,
    instruct_type: Option<()>,
}

/// US dollars a token.
#[derive(Serialize)]
struct Pricing {
    prompt: String,
    completion: String,
}

#[derive(Serialize)]
struct TopProvider {
    context_length: Option<u64>,
    max_completion_tokens: Option<u64>,
    is_moderated: bool,
}

#[derive(Serialize)]
struct ItemLinks {
    details: String,
}

impl<'a> From<&'a ListedModel> for Item<'a> {
    fn from(model: &'a ListedModel) -> Self {
        let entry = &model.entry;
        let (modality, output) = if model.embeds && !model.generates {
            ("text->embeddings", "embeddings")
        } else {
            ("text->text", "text")
        };
        let name = entry.display_name.as_deref().unwrap_or(&entry.id);
        Self {
            id: &entry.id,
            object: "model",
            kind: "model",
            owned_by: &entry.owned_by,
            display_name: name,
            created_at: rfc3339(entry.created),
            canonical_slug: &entry.id,
            name,
            created: entry.created,
            context_length: entry.context_length,
            architecture: Architecture {
                modality,
                input_modalities: ["text"],
                output_modalities: [output],
                tokenizer: "Other",
                instruct_type: None,
            },
            pricing: Pricing {
                prompt: dollars(model.price.map(|it| it.0)),
                completion: dollars(model.price.map(|it| it.1)),
            },
            top_provider: TopProvider {
                context_length: entry.context_length,
                max_completion_tokens: entry.max_output_tokens,
                is_moderated: false,
            },
            per_request_limits: None,
            supported_parameters: &model.parameters,
            default_parameters: None,
            supported_voices: None,
            links: ItemLinks {
                details: format!("/api/v1/models/{}", entry.id),
            },
        }
    }
}

/// An amount in 10⁻¹² US dollars as a decimal; `-1`, as for a price that varies, where it is not known.
fn dollars(picos: Option<u64>) -> String {
    let Some(picos) = picos else {
        return "-1".to_owned();
    };
    let text = format!("{}.{:012}", picos / 1_000_000_000_000, picos % 1_000_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A page of the list, as a document.
pub fn openrouter_list(models: &[ListedModel], page: Page) -> Result<Vec<u8>, serde_json::Error> {
    let Page { offset, limit } = page;
    let data: Vec<_> = models.iter().skip(offset).take(limit).map(Item::from).collect();
    let end = offset.saturating_add(data.len());
    let has_more = !data.is_empty() && end < models.len();
    serde_json::to_vec(&Document {
        object: "list",
        has_more,
        data,
        links: Links {
            next: has_more.then(|| format!("/api/v1/models?offset={end}&limit={limit}")),
        },
        total_count: models.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn prices_are_decimals_a_token() {
        for (picos, expected) in [
            (None, "-1"),
            (Some(0), "0"),
            (Some(1), "0.000000000001"),
            (Some(150_000), "0.00000015"),
            (Some(3_000_000_000_000), "3"),
        ] {
            assert_eq!(dollars(picos), expected);
        }
    }
}
