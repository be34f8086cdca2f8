//! What a caller says about itself: for whom it calls, in which session, with which tags.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Most tags of one call.
pub const MAX_TAGS: usize = 16;

/// Labels of a call. Each is at most [`crate::account::MAX_PARTITION_BYTES`] long and holds no control character: workers
/// refuse others.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labels {
    /// For whom it calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// In which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// At most [`MAX_TAGS`], in ascending order, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Labels {
    /// Whether the caller said nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end_user.is_none() && self.session.is_none() && self.tags.is_empty()
    }
}

/// Shows nothing of them: names of people may be among them.
impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Labels(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_survive_the_wire_and_are_not_printed() {
        let labels = Labels {
            end_user: Some("ann".to_owned()),
            session: None,
            tags: vec!["a".to_owned(), "b".to_owned()],
        };
        let text = serde_json::to_string(&labels).unwrap();
        assert_eq!(text, r#"{"end_user":"ann","tags":["a","b"]}"#);
        assert_eq!(serde_json::from_str::<Labels>(&text).unwrap(), labels);
        assert_eq!(format!("{labels:?}"), "Labels(..)");
        assert!(serde_json::from_str::<Labels>("{}").unwrap().is_empty());
    }
}
