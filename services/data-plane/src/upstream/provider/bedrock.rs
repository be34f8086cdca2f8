//! Amazon Bedrock: requests are signed with AWS keys, or carry one of Bedrock's own keys. Open models of OpenAI may be
//! called through an OpenAI-compatible door as well.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::embeddings::vendor::Family;
use sluicegate_protocols::tool_ids::IdRule;

use super::compatible::{CHAT, COMPATIBLE, below};
use super::{Counter, Listing, Provider, Spoken, Vectors};
use crate::upstream::address::segment;
use crate::upstream::members::{only, under};

const CONVERSE: Spoken = Spoken {
    dialect: Dialect::BedrockConverse,
    address: |ask| {
        let (base, model) = (ask.base, segment(ask.model)?);
        let method = if ask.stream { "converse-stream" } else { "converse" };
        Some(format!("{base}/model/{model}/{method}"))
    },
    stream_type: "application/vnd.amazon.eventstream",
    tool_ids: IdRule::WordUpTo(64),
    counter: Some(Counter {
        address: |ask| {
            let (base, model) = (ask.base, segment(foundation(ask.model))?);
            Some(format!("{base}/model/{model}/count-tokens"))
        },
        question: |request, _| {
            let counted = ["messages", "system", "toolConfig", "additionalModelRequestFields"];
            let request = only(&request, &counted)?;
            Some(under("input", &under("converse", &request)))
        },
        tokens: "inputTokens",
    }),
    ..CHAT
};
/// Takes a signature as well as a key, as the runtime's other paths do. See the Bedrock user guide, "Invoke a model with the
/// OpenAI Chat Completions API" (prerequisites: AWS credentials, or a key of Bedrock's).
const OPEN: Spoken = Spoken {
    address: |ask| below(ask.base, "/openai/v1/chat/completions"),
    ..CHAT
};

pub(in crate::upstream) const BEDROCK: Provider = Provider {
    id: ProviderId::Bedrock,
    chat: |model| {
        if model.starts_with("openai.gpt-oss") {
            &[CONVERSE, OPEN]
        } else {
            &[CONVERSE]
        }
    },
    embeddings: None,
    vectors: Some(Vectors {
        family: Family::of_model,
        address: |ask| {
            let (base, model) = (ask.base, segment(ask.model)?);
            Some(format!("{base}/model/{model}/invoke"))
        },
    }),
    rerank: None,
    // Inference profiles, by the id the catalog has.
    model: |settings, model| settings.deployments.get(model).map_or(model, String::as_str),
    aws_service: Some("bedrock"),
    listing: Listing {
        address: |base, _| format!("{}/foundation-models", control(base)),
        items: "modelSummaries",
        name: "modelId",
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};

/// Models are listed by the host beside the one that runs them. Only Amazon's own names have such a neighbor; behind a
/// private endpoint both are one.
fn control(base: &str) -> String {
    match base.strip_prefix("https://bedrock-runtime.") {
        Some(rest) if rest.ends_with(".amazonaws.com") || rest.ends_with(".amazonaws.com.cn") => {
            format!("https://bedrock.{rest}")
        }
        Some(_) | None => base.to_owned(),
    }
}

/// The model behind an inference profile of several regions (`eu.anthropic.…`). The counter's `modelId` is a foundation
/// model's (Bedrock API reference, `CountTokens`), and it answers a profile's with a `ValidationException`.
fn foundation(model: &str) -> &str {
    let Some((places, rest)) = model.split_once('.') else {
        return model;
    };
    match places {
        "us" | "us-gov" | "eu" | "apac" | "jp" | "au" | "ca" | "global" => rest,
        _ => model,
    }
}
