//! What is known of an endpoint beyond its price: where and by whom requests are processed, what is kept of them, what the
//! model is, and what it can do. A fact that is not known satisfies no constraint.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A country by its ISO 3166-1 alpha-2 code, or `EU`, which the same standard reserves for the European Union.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place([u8; 2]);

/// Member states of the European Union in 2026.
const EUROPEAN_UNION: [&[u8; 2]; 27] = [
    b"AT", b"BE", b"BG", b"CY", b"CZ", b"DE", b"DK", b"EE", b"ES", b"FI", b"FR", b"GR", b"HR", b"HU", b"IE",
    b"IT", b"LT", b"LU", b"LV", b"MT", b"NL", b"PL", b"PT", b"RO", b"SE", b"SI", b"SK",
];

impl Place {
    /// The European Union: somewhere in it, as a provider states it that does not say in which country.
    pub const EU: Self = Self(*b"EU");

    /// Whether whatever is in `other` is in this place too. A country of the Union does not cover the Union.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == other || (self == Self::EU && EUROPEAN_UNION.contains(&&other.0))
    }
}

/// A text is not the code of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a country code of two letters, such as DE, or EU")]
pub struct MalformedPlace;

impl FromStr for Place {
    type Err = MalformedPlace;

    fn from_str(text: &str) -> Result<Self, MalformedPlace> {
        match *text.as_bytes() {
            [one, two] if one.is_ascii_alphabetic() && two.is_ascii_alphabetic() => {
                Ok(Self([one.to_ascii_uppercase(), two.to_ascii_uppercase()]))
            }
            _ => Err(MalformedPlace),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// The number format of a model's weights as an endpoint serves them. The text names are OpenRouter's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantization {
    /// Integers of 4 bits.
    Int4,
    /// Integers of 8 bits.
    Int8,
    /// Floating point of 4 bits.
    Fp4,
    /// Microscaled floating point of 4 bits.
    Mxfp4,
    /// NVIDIA's block-scaled floating point of 4 bits.
    Nvfp4,
    /// Floating point of 6 bits.
    Fp6,
    /// Floating point of 8 bits.
    Fp8,
    /// Microscaled floating point of 8 bits.
    Mxfp8,
    /// Floating point of 16 bits.
    Fp16,
    /// Brain floating point of 16 bits.
    Bf16,
    /// Floating point of 32 bits.
    Fp32,
}

impl Quantization {
    /// Every format.
    pub const ALL: [Self; 11] = [
        Self::Int4,
        Self::Int8,
        Self::Fp4,
        Self::Mxfp4,
        Self::Nvfp4,
        Self::Fp6,
        Self::Fp8,
        Self::Mxfp8,
        Self::Fp16,
        Self::Bf16,
        Self::Fp32,
    ];

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Int4 => "int4",
            Self::Int8 => "int8",
            Self::Fp4 => "fp4",
            Self::Mxfp4 => "mxfp4",
            Self::Nvfp4 => "nvfp4",
            Self::Fp6 => "fp6",
            Self::Fp8 => "fp8",
            Self::Mxfp8 => "mxfp8",
            Self::Fp16 => "fp16",
            Self::Bf16 => "bf16",
            Self::Fp32 => "fp32",
        }
    }

    /// Whether `other` is what is asked for by this name: `fp4` and `fp8` name their block-scaled kinds too, as in
    /// OpenRouter's `provider.quantizations`.
    #[must_use]
    pub const fn names(self, other: Self) -> bool {
        match self {
            Self::Fp4 => matches!(other, Self::Fp4 | Self::Mxfp4 | Self::Nvfp4),
            Self::Fp8 => matches!(other, Self::Fp8 | Self::Mxfp8),
            Self::Int4 => matches!(other, Self::Int4),
            Self::Int8 => matches!(other, Self::Int8),
            Self::Mxfp4 => matches!(other, Self::Mxfp4),
            Self::Nvfp4 => matches!(other, Self::Nvfp4),
            Self::Fp6 => matches!(other, Self::Fp6),
            Self::Mxfp8 => matches!(other, Self::Mxfp8),
            Self::Fp16 => matches!(other, Self::Fp16),
            Self::Bf16 => matches!(other, Self::Bf16),
            Self::Fp32 => matches!(other, Self::Fp32),
        }
    }
}

/// What is known of an endpoint; `None` and the empty list say that nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Where requests are processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processing: Option<Place>,
    /// Whose law its operator is under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_home: Option<Place>,
    /// Longest that a prompt or an answer is kept, in days; 0: not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// Whether the operator trains on prompts or answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trains: Option<bool>,
    /// Number format of the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
    /// What the operator is certified for, by short names such as `soc2`, `iso27001`, `hipaa`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certifications: Vec<String>,
    /// The country of the model's author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author_home: Option<Place>,
    /// Whether the model's weights are published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_weights: Option<bool>,
    /// License of the weights, by its SPDX id or the author's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Whether the author lets others train on the model's answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distillable: Option<bool>,
    /// Whether the model calls tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<bool>,
    /// Whether its answers follow a JSON schema that they are held to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<bool>,
    /// Whether it thinks before it answers, where it is asked to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
}

impl Facts {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        processing: None,
        operator_home: None,
        retention_days: None,
        trains: None,
        quantization: None,
        certifications: Vec::new(),
        author_home: None,
        open_weights: None,
        license: None,
        distillable: None,
        tools: None,
        json_schema: None,
        reasoning: None,
    };

    /// The names of those that are known, as in the wire format.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let known = [
            ("processing", self.processing.is_some()),
            ("operator_home", self.operator_home.is_some()),
            ("retention_days", self.retention_days.is_some()),
            ("trains", self.trains.is_some()),
            ("quantization", self.quantization.is_some()),
            ("certifications", !self.certifications.is_empty()),
            ("author_home", self.author_home.is_some()),
            ("open_weights", self.open_weights.is_some()),
            ("license", self.license.is_some()),
            ("distillable", self.distillable.is_some()),
            ("tools", self.tools.is_some()),
            ("json_schema", self.json_schema.is_some()),
            ("reasoning", self.reasoning.is_some()),
        ];
        let known = known.into_iter().filter(|(_, is_known)| *is_known);
        known.map(|(name, _)| name).collect()
    }

    /// Takes over what is not known yet.
    pub fn fill(&mut self, other: &Self) {
        self.processing = self.processing.or(other.processing);
        self.operator_home = self.operator_home.or(other.operator_home);
        self.retention_days = self.retention_days.or(other.retention_days);
        self.trains = self.trains.or(other.trains);
        self.quantization = self.quantization.or(other.quantization);
        if self.certifications.is_empty() {
            self.certifications.clone_from(&other.certifications);
        }
        self.author_home = self.author_home.or(other.author_home);
        self.open_weights = self.open_weights.or(other.open_weights);
        if self.license.is_none() {
            self.license.clone_from(&other.license);
        }
        self.distillable = self.distillable.or(other.distillable);
        self.tools = self.tools.or(other.tools);
        self.json_schema = self.json_schema.or(other.json_schema);
        self.reasoning = self.reasoning.or(other.reasoning);
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn are_none(&self) -> bool {
        *self == Self::UNKNOWN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(code: &str) -> Place {
        code.parse().unwrap()
    }

    #[test]
    fn the_union_covers_its_members_and_no_member_the_union() {
        assert!(
            Place::EU.covers(place("DE")) && Place::EU.covers(place("hr")) && Place::EU.covers(Place::EU)
        );
        assert!(!Place::EU.covers(place("CH")) && !Place::EU.covers(place("GB")));
        assert!(!place("DE").covers(Place::EU) && !place("DE").covers(place("FR")));
    }

    #[test]
    fn a_place_is_two_letters() {
        assert_eq!(serde_json::from_str::<Place>("\"de\"").unwrap(), place("DE"));
        assert_eq!(serde_json::to_string(&place("de")).unwrap(), "\"DE\"");
        for bad in ["", "D", "DEU", "D1", "ÄÖ", "--"] {
            assert_eq!(bad.parse::<Place>(), Err(MalformedPlace), "{bad}");
        }
    }

    #[test]
    fn nothing_known_is_nothing_written() {
        assert_eq!(serde_json::to_string(&Facts::default()).unwrap(), "{}");
        assert!(serde_json::from_str::<Facts>("{}").unwrap().are_none());
        let known = Facts {
            retention_days: Some(0),
            trains: Some(false),
            ..Facts::default()
        };
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(text, r#"{"retention_days":0,"trains":false}"#);
        assert_eq!(serde_json::from_str::<Facts>(&text).unwrap(), known);
    }

    #[test]
    fn a_number_format_has_one_name() {
        for format in Quantization::ALL {
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
    }

    #[test]
    fn what_is_known_is_named_as_it_is_written_and_not_replaced() {
        let known: Facts = serde_json::from_str(
            r#"{"processing":"DE","operator_home":"FR","retention_days":1,"trains":false,"quantization":"fp8",
                "certifications":["soc2"],"author_home":"US","open_weights":true,"license":"MIT","distillable":true,
                "tools":true,"json_schema":false,"reasoning":true}"#,
        )
        .unwrap();
        let written = serde_json::to_value(&known).unwrap();
        assert!(known.names().iter().all(|name| written.get(name).is_some()) && known.names().len() == 13);
        let mut filled = Facts::UNKNOWN;
        filled.fill(&known);
        assert_eq!(filled, known);
        let mut other = Facts {
            retention_days: Some(9),
            ..Facts::UNKNOWN
        };
        other.fill(&known);
        assert_eq!((other.retention_days, other.trains), (Some(9), Some(false)));
    }

    #[test]
    fn a_family_of_number_formats_is_named_by_its_width() {
        assert!(Quantization::Fp4.names(Quantization::Nvfp4) && Quantization::Fp8.names(Quantization::Mxfp8));
        assert!(
            !Quantization::Nvfp4.names(Quantization::Fp4) && !Quantization::Fp8.names(Quantization::Int8)
        );
    }
}
