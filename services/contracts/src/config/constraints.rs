//! What an endpoint must satisfy to be tried at all: never relaxed, on any hop. They are stated at several levels, and those
//! of every level hold, so that a level can only tighten what the ones above it demand.

use serde::{Deserialize, Serialize};

use super::{Place, Quantization};
use crate::money::PicoUsd;

/// Who demands. The text names are wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The organization, of every call of its projects.
    Organization,
    /// The project, of every call of its keys.
    Project,
    /// The route, of every call that goes through it.
    Route,
    /// The key, or one that it derives from.
    Key,
    /// The request itself.
    Request,
}

impl Level {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Project => "project",
            Self::Route => "route",
            Self::Key => "key",
            Self::Request => "request",
        }
    }
}

/// Constraints; the default states none. Whatever is stated is satisfied by known facts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Constraints {
    /// Requests are processed in one of these places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing: Option<Vec<Place>>,
    /// The operator is at home in one of these places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_home: Option<Vec<Place>>,
    /// The model's author is at home in one of these places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_home: Option<Vec<Place>>,
    /// Nothing is kept for longer, in days; 0: nothing is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retention_days: Option<u32>,
    /// Nobody trains on prompts or answers.
    #[serde(skip_serializing_if = "is_false")]
    pub no_training: bool,
    /// The model's weights are published.
    #[serde(skip_serializing_if = "is_false")]
    pub open_weights: bool,
    /// The author lets others train on the model's answers.
    #[serde(skip_serializing_if = "is_false")]
    pub distillable: bool,
    /// The weights are under one of these licenses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<Vec<String>>,
    /// The weights are served in one of these number formats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantizations: Option<Vec<Quantization>>,
    /// Or in one that is not known.
    #[serde(skip_serializing_if = "is_false")]
    pub unknown_quantization: bool,
    /// The operator holds all of these certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certifications: Vec<String>,
    /// Which providers may serve: `openai`, or `google-vertex/europe-west4` for one region.
    #[serde(skip_serializing_if = "Choice::is_any")]
    pub providers: Choice,
    /// Which models may serve: names, or their beginnings followed by `*`.
    #[serde(skip_serializing_if = "Choice::is_any")]
    pub models: Choice,
    /// No price is above these.
    #[serde(skip_serializing_if = "PriceCeiling::is_none")]
    pub max_price: PriceCeiling,
}

impl Constraints {
    /// Every endpoint satisfies these.
    pub const NONE: Self = Self {
        processing: None,
        operator_home: None,
        author_home: None,
        max_retention_days: None,
        no_training: false,
        open_weights: false,
        distillable: false,
        licenses: None,
        quantizations: None,
        unknown_quantization: false,
        certifications: Vec::new(),
        providers: Choice {
            only: None,
            ignore: Vec::new(),
        },
        models: Choice {
            only: None,
            ignore: Vec::new(),
        },
        max_price: PriceCeiling {
            input: None,
            output: None,
            request: None,
            image: None,
            audio: None,
        },
    };

    /// Whether every endpoint satisfies them.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == Self::NONE
    }
}

/// A list of what may be, less a list of what may not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choice {
    /// Nothing else; `None`: anything. The empty list allows nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Vec<String>>,
    /// None of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

impl Choice {
    /// Whether anything may be.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.only.is_none() && self.ignore.is_empty()
    }

    /// Whether what `names` says yes to may be.
    pub fn admits(&self, names: impl Fn(&str) -> bool) -> bool {
        self.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|it| names(it)))
            && !self.ignore.iter().any(|it| names(it))
    }
}

/// Highest prices; `None` where there is no limit. A price counts at every hour of the day and every prompt length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceCeiling {
    /// Per prompt token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<PicoUsd>,
    /// Per generated token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<PicoUsd>,
    /// Per call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<PicoUsd>,
    /// Per image read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<PicoUsd>,
    /// Per prompt token of recordings, which cost what any other does where no price of their own is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<PicoUsd>,
}

impl PriceCeiling {
    /// Whether there is none.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.input.is_none()
            && self.output.is_none()
            && self.request.is_none()
            && self.image.is_none()
            && self.audio.is_none()
    }
}

const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_constraint_is_nothing_written() {
        assert_eq!(serde_json::to_string(&Constraints::default()).unwrap(), "{}");
        assert!(serde_json::from_str::<Constraints>("{}").unwrap().are_none());
    }

    #[test]
    fn a_constraint_that_is_not_known_is_refused() {
        assert!(serde_json::from_str::<Constraints>(r#"{"no_trainin":true}"#).is_err());
        assert!(serde_json::from_str::<Constraints>(r#"{"providers":{"allow":[]}}"#).is_err());
    }

    #[test]
    fn a_choice_needs_a_name_and_no_veto() {
        let choice = |only: Option<&[&str]>, ignore: &[&str]| Choice {
            only: only.map(|only| only.iter().map(|&it| it.to_owned()).collect()),
            ignore: ignore.iter().map(|&it| it.to_owned()).collect(),
        };
        let admits = |choice: &Choice| choice.admits(|name| name == "a");
        assert!(admits(&choice(None, &[])) && choice(None, &[]).is_any());
        assert!(admits(&choice(Some(&["b", "a"]), &["c"])));
        assert!(!admits(&choice(Some(&["b"]), &[])) && !admits(&choice(Some(&[]), &[])));
        assert!(!admits(&choice(Some(&["a"]), &["a"])) && !admits(&choice(None, &["a"])));
    }
}
