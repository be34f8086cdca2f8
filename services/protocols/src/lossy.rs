//! The loss report: what an encoder could not express in its dialect. Encoders give one beside what
//! they wrote; the data plane refuses the request over it when the caller asked so, and names the
//! losses in a header otherwise. Nothing may vanish without an entry here.

mod words;

pub use words::list;

use std::borrow::Cow;
use std::fmt;

use crate::canonical::MediaKind;

/// One thing that did not make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where it stood in the canonical form, as a JSON pointer (`/messages/3/parts/0`).
    pub at: String,
    /// What it was.
    pub feature: Feature,
    /// Its name, where the feature alone does not say it: the unknown field, the block type.
    pub name: String,
    /// How much it matters.
    pub severity: Severity,
}

/// How much a loss matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The meaning is the same: a hint, a label, a report in more detail than the dialect has.
    Hint,
    /// The answer may differ from what was asked for.
    Altered,
    /// Something of the conversation is missing, or what was asked for is not done.
    Missing,
}

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// What can be lost. The words are published: callers match on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Feature {
            $($(#[$doc])* $name,)+
        }

        impl Feature {
            /// Every feature.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

features! {
    /// A member the dialect of origin does not model.
    UnknownField = "unknown_field",
    /// A block the dialect of origin does not model.
    UnknownPart = "unknown_part",
    /// A role outside the closed set.
    Role = "role",
    /// The place of an instruction in the conversation.
    InstructionPlace = "instruction_place",
    /// The name of a speaker.
    SpeakerName = "speaker_name",
    /// An image.
    Image = "image",
    /// Sound.
    Audio = "audio",
    /// Video.
    Video = "video",
    /// A document.
    File = "file",
    /// Media by an id of another provider.
    FileId = "file_id",
    /// How closely to look at an image.
    ImageDetail = "image_detail",
    /// A tool's definition.
    Tool = "tool",
    /// A tool that a provider runs, its calls and results.
    ServerTool = "server_tool",
    /// A tool that takes free text.
    CustomTool = "custom_tool",
    /// The rule for choosing tools.
    ToolChoice = "tool_choice",
    /// One call at a time, or several.
    ParallelToolCalls = "parallel_tool_calls",
    /// A promise to keep to a tool's schema.
    StrictTool = "strict_tool",
    /// Part of a JSON Schema.
    Schema = "schema",
    /// A tool call's input that is not what the dialect takes.
    ToolArguments = "tool_arguments",
    /// Content of a tool result other than text.
    ToolResultContent = "tool_result_content",
    /// That a tool failed.
    ToolError = "tool_error",
    /// The form asked of the answer.
    ResponseFormat = "response_format",
    /// How much to think, or what to show of it.
    ReasoningConfig = "reasoning_config",
    /// What a model thought.
    Reasoning = "reasoning",
    /// A signature or sealed reasoning.
    ReasoningSignature = "reasoning_signature",
    /// A prompt-cache marker.
    CacheMark = "cache_mark",
    /// A prompt-cache key.
    PromptCacheKey = "prompt_cache_key",
    /// A source that text rests on.
    Citation = "citation",
    /// That the model declined, apart from the words.
    Refusal = "refusal",
    /// Token probabilities.
    Logprobs = "logprobs",
    /// A sampling setting.
    Sampling = "sampling",
    /// The seed of sampling.
    Seed = "seed",
    /// Texts that end the answer.
    Stop = "stop",
    /// The output limit.
    OutputLimit = "output_limit",
    /// Several answers.
    Candidates = "candidates",
    /// Wordiness.
    Verbosity = "verbosity",
    /// Kinds of output.
    Modalities = "modalities",
    /// The end user's name.
    User = "user",
    /// Labels of the caller's.
    Metadata = "metadata",
    /// Class of service.
    ServiceTier = "service_tier",
    /// Whether the provider keeps the answer.
    Store = "store",
    /// Why the answer ended, in the provider's word.
    FinishReason = "finish_reason",
    /// Which stop sequence ended it.
    StopSequence = "stop_sequence",
    /// The usage report beyond token counts.
    UsageDetail = "usage_detail",
    /// A setting of streaming.
    StreamOption = "stream_option",
    /// Identity and state of items.
    Item = "item",
}

impl Feature {
    /// What is lost when media of that kind cannot be expressed.
    pub fn of_media(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Image => Self::Image,
            MediaKind::Audio => Self::Audio,
            MediaKind::Video => Self::Video,
            MediaKind::File => Self::File,
        }
    }
}

/// What did not make it, in the order it was met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LossReport {
    losses: Vec<Loss>,
    more: u64,
}

/// Most losses listed one by one.
const MAX_LISTED: usize = 256;

impl LossReport {
    /// Notes a loss.
    pub fn note(
        &mut self,
        feature: Feature,
        name: &str,
        severity: Severity,
        at: impl Into<Cow<'static, str>>,
    ) {
        const MAX_NAME: usize = 64;
        if self.losses.len() == MAX_LISTED {
            self.more += 1;
            return;
        }
        self.losses.push(Loss {
            at: at.into().into_owned(),
            feature,
            name: name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect(),
            severity,
        });
    }

    /// Notes a loss once per feature and name, for streams.
    pub fn note_once(&mut self, feature: Feature, name: &str, severity: Severity, at: &'static str) {
        if !self.losses.iter().any(|l| l.feature == feature && l.name == name) {
            self.note(feature, name, severity, at);
        }
    }

    /// Notes what another report has.
    pub fn append(&mut self, other: &Self) {
        self.more += other.more;
        for loss in &other.losses {
            if self.losses.len() == MAX_LISTED {
                self.more += 1;
            } else {
                self.losses.push(loss.clone());
            }
        }
    }

    /// The losses in the order met, the first 256 of them.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Losses beyond those listed.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Whether nothing was lost.
    pub fn is_empty(&self) -> bool {
        self.losses.is_empty()
    }

    /// The gravest loss.
    pub fn worst(&self) -> Option<Severity> {
        self.losses.iter().map(|l| l.severity).max()
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.feature.as_str())?;
        if !self.name.is_empty() {
            write!(f, ":{}", self.name)?;
        }
        write!(f, "@{}", self.at)
    }
}

/// What an encoder made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The document.
    pub body: Vec<u8>,
    /// What is not in it.
    pub losses: LossReport,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_bounded_and_clean() {
        let mut report = LossReport::default();
        for _ in 0..300 {
            report.note(Feature::UnknownField, "a\nb", Severity::Hint, "/x");
        }
        report.note(Feature::Seed, "", Severity::Missing, "/seed");
        assert_eq!((report.losses().len(), report.more()), (256, 45));
        let mut both = LossReport::default();
        both.note(Feature::Seed, "", Severity::Missing, "/seed");
        both.append(&report);
        assert_eq!((both.losses().len(), both.more()), (256, 46));
        assert_eq!(both.worst(), Some(Severity::Missing));
        assert_eq!(report.losses()[0].to_string(), "unknown_field:ab@/x");
        assert_eq!(report.worst(), Some(Severity::Hint));
    }
}
