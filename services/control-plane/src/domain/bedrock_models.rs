//! Names of models at Amazon Bedrock: `<geography>.<vendor>.<model>-v<n>:<m>`, where a geography names the inference
//! profile that spreads calls over its regions. Pure.
//!
//! A list names a model once per geography, and once without. One of them is kept, the one that most accounts can call
//! as it is: the global profile, else the bare id, else the first other. A connection that must stay in its geography
//! says so in its settings.

use std::collections::BTreeMap;

const GEOGRAPHIES: &[&str] = &["apac", "au", "ca", "eu", "global", "jp", "us", "us-gov"];

/// The geography of an id, and the id without it.
fn split(id: &str) -> (Option<&str>, &str) {
    match id.split_once('.') {
        Some((geography, rest)) if GEOGRAPHIES.contains(&geography) => (Some(geography), rest),
        Some(_) | None => (None, id),
    }
}

/// The canonical id of the model that Bedrock calls `id`; `vendor` spells vendors.
pub(super) fn canonical(id: &str, vendor: fn(&str) -> &str) -> String {
    let (_, bare) = split(id);
    let (maker, model) = bare.split_once('.').unwrap_or(("amazon-bedrock", bare));
    format!("{}/{}", vendor(maker), without_revision(model))
}

/// Cuts Bedrock's own revision (`-v1:0`, `-1:0`, and `-v1` behind a full name of Anthropic's), which is no part of the
/// vendor's name.
fn without_revision(model: &str) -> &str {
    let Some((stem, revision)) = model.rsplit_once('-') else {
        return model;
    };
    let number = revision.strip_prefix('v').unwrap_or(revision);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match number.split_once(':') {
        Some((major, minor)) if is_number(major) && is_number(minor) => stem,
        None if revision.starts_with('v') && is_number(number) => stem,
        Some(_) | None => model,
    }
}

/// Of all ids in a list, the one to keep per model.
pub(super) fn preferred<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let rank = |id: &str| match split(id).0 {
        Some("global") => 0,
        None => 1,
        Some(_) => 2,
    };
    let mut kept: BTreeMap<String, &str> = BTreeMap::new();
    for id in ids {
        let model = canonical(id, |vendor| vendor);
        let best = kept.entry(model).or_insert(id);
        if rank(id) < rank(best) {
            *best = id;
        }
    }
    kept.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_its_vendors_name() {
        for (id, model) in [
            (
                "us.anthropic.claude-haiku-4-5-20251001-v1:0",
                "anthropic/claude-haiku-4-5-20251001",
            ),
            ("global.anthropic.claude-opus-4-6-v1", "anthropic/claude-opus-4-6"),
            ("anthropic.claude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
            ("amazon.nova-lite-v1:0", "amazon/nova-lite"),
            ("openai.gpt-oss-120b-1:0", "openai/gpt-oss-120b"),
            ("deepseek.v3.2", "deepseek/v3.2"),
            ("minimax.minimax-m2.1", "minimax/minimax-m2.1"),
            ("oddity", "amazon-bedrock/oddity"),
        ] {
            assert_eq!(canonical(id, |vendor| vendor), model);
        }
    }

    #[test]
    fn one_id_is_kept_per_model() {
        let ids = [
            "anthropic.claude-sonnet-5",
            "eu.anthropic.claude-sonnet-5",
            "global.anthropic.claude-sonnet-5",
            "us.deepseek.r1-v1:0",
            "deepseek.r1-v1:0",
            "us.only.there",
        ];
        assert_eq!(
            preferred(ids),
            [
                "global.anthropic.claude-sonnet-5",
                "deepseek.r1-v1:0",
                "us.only.there"
            ]
        );
    }
}
