//! Facts that somebody states about accounts and models, and answers for: an organization about its own.

use serde::{Deserialize, Serialize};

use super::{Facts, model_matches};
use crate::ids::ConnectionId;

/// What facts are about: everything that fits all of what is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// A provider, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// One account at a provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// A model's name, or the beginning of one followed by `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl About {
    /// Whether it is about this model over this account.
    #[must_use]
    pub fn fits(&self, provider: &str, connection: Option<ConnectionId>, model: &str) -> bool {
        self.provider.as_deref().is_none_or(|it| it == provider)
            && self.connection.is_none_or(|it| Some(it) == connection)
            && self.model.as_deref().is_none_or(|it| model_matches(it, model))
    }

    /// How particular it is: of two that fit, the greater one knows better.
    #[must_use]
    pub fn particularity(&self) -> (bool, bool, bool, usize) {
        let model = self.model.as_deref().unwrap_or_default();
        let is_exact = !model.is_empty() && !model.ends_with('*');
        (
            self.connection.is_some(),
            self.provider.is_some(),
            is_exact,
            model.len(),
        )
    }
}

/// Facts, and what they are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedFacts {
    /// About what.
    pub about: About,
    /// The facts; what is not stated stays as it is known otherwise.
    pub facts: Facts,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn facts_are_about_what_fits_everything_named() {
        let account = ConnectionId::from(Uuid::from_u128(1));
        let about = |json: &str| serde_json::from_str::<About>(json).unwrap();
        let openai = about(r#"{"provider":"openai","model":"openai/*"}"#);
        assert!(openai.fits("openai", None, "openai/gpt-4o"));
        assert!(!openai.fits("azure", None, "openai/gpt-4o") && !openai.fits("openai", None, "x/y"));
        let one = About {
            connection: Some(account),
            ..About::default()
        };
        assert!(one.fits("groq", Some(account), "x") && !one.fits("groq", None, "x"));
        assert!(about("{}").fits("any", None, "thing"));
        let order = [
            about("{}"),
            about(r#"{"model":"openai/*"}"#),
            about(r#"{"model":"openai/gpt-*"}"#),
            about(r#"{"model":"a/b"}"#),
            openai,
            one,
        ];
        assert!(order.is_sorted_by_key(About::particularity));
    }
}
