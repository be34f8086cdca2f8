//! A request of the past as far as its record tells what it would be today: features and counts, never content.

use sluicegate_contracts::config::{Experiment, Operation, Unit};
use sluicegate_contracts::ids::{ApiKeyId, ConnectionId, RequestId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{DecidedFacts, DecidedReading};
use sluicegate_routing::experiment::Whose;
use sluicegate_routing::rules::{Measure, Modalities, Observed, Question, Reading, Readings, Signals};
use sluicegate_routing::{Needs, RequestFeatures, Seed};

/// What its record says.
#[derive(Debug, Clone)]
pub struct PastRequest {
    /// Its id.
    pub id: RequestId,
    /// When it came.
    pub at: UnixMillis,
    /// What was asked.
    pub operation: Operation,
    /// By which API; `None` in old records.
    pub dialect: Option<String>,
    /// The model name as sent.
    pub model: String,
    /// Its key, and the text of it.
    pub key: (ApiKeyId, String),
    /// For whom it was.
    pub user: Option<String>,
    /// In which session.
    pub session: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// What counted when it was decided; `None` in old records.
    pub facts: Option<DecidedFacts>,
    /// What it used.
    pub tokens: TokenUsage,
    /// Who served it, if somebody did.
    pub served: Option<ServedBy>,
}

/// Who served a request, and how fast.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServedBy {
    /// By which way.
    pub way: EndpointKey,
    /// Time to the first byte of the attempt that served, in microseconds.
    pub first_byte_us: Option<u64>,
}

/// An endpoint over an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointKey {
    /// Id of the provider.
    pub provider: String,
    /// The provider's name of the model.
    pub upstream_model: String,
    /// The account; `None` for what the gateway answers itself.
    pub connection: Option<ConnectionId>,
}

/// Why a request cannot be replayed. The text names are wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// Its record does not say what counted: it is of an older worker, or was refused before anything was decided.
    FactsNotStored,
    /// It stated wishes or demands of its own, which are not kept.
    RequestSteered,
    /// Its key is gone, and what it demanded with it.
    KeyGone,
    /// A condition reads this fact, which is not kept.
    FactNotKept(&'static str),
}

impl Unknown {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FactsNotStored => "facts_not_stored",
            Self::RequestSteered => "request_steered",
            Self::KeyGone => "key_gone",
            Self::FactNotKept(_) => "fact_not_kept",
        }
    }

    /// The fact that is missing.
    #[must_use]
    pub const fn fact(self) -> Option<&'static str> {
        match self {
            Self::FactNotKept(fact) => Some(fact),
            Self::FactsNotStored | Self::RequestSteered | Self::KeyGone => None,
        }
    }
}

impl PastRequest {
    /// What the engine is told of it.
    ///
    /// # Errors
    /// Why that is not known.
    pub fn features(&self) -> Result<RequestFeatures, Unknown> {
        let facts = self.facts.as_ref().ok_or(Unknown::FactsNotStored)?;
        let shape = facts.shape.as_ref().ok_or(Unknown::FactsNotStored)?;
        if shape.steered {
            return Err(Unknown::RequestSteered);
        }
        Ok(RequestFeatures {
            operation: self.operation,
            stream: facts.stream,
            max_output_tokens: facts.max_output_tokens,
            input_tokens: facts.input_tokens,
            conversation: self.session.is_some(),
            // Who requires that every parameter is heeded steers.
            needs: Needs::of(shape, false),
        })
    }

    /// What conditions of its route were told of endpoints and budgets when it was decided. What they did not ask then
    /// nobody knows now.
    #[must_use]
    pub fn readings(&self) -> Readings {
        let kept = self.facts.iter().flat_map(|facts| &facts.readings);
        let reading = |it: &DecidedReading| {
            let question = Question {
                measure: Measure::named(&it.measure)?,
                of: it.of.as_str().into(),
                over: it.over.as_deref().map(Into::into),
            };
            Some((question, it.thousandths.map(Reading::of_thousandths)))
        };
        kept.filter_map(reading).collect()
    }

    /// The language of what its user said last; `None`: no condition asked then.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.facts.as_ref()?.language.as_deref()
    }

    /// What of it an experiment can draw for.
    ///
    /// # Errors
    /// When that is not kept.
    pub fn whose(&self, experiment: &Experiment) -> Result<Whose<'_>, Unknown> {
        match experiment.unit {
            Unit::Header(_) => return Err(Unknown::FactNotKept("request.headers")),
            Unit::Metadata(_) => return Err(Unknown::FactNotKept("request.metadata")),
            Unit::Session | Unit::User | Unit::Key | Unit::Request => {}
        }
        Ok(Whose {
            session: self.session.as_deref(),
            user: self.user.as_deref(),
            key: Some(self.key.0),
            headers: &[],
            metadata: &[],
            request: Seed::from_id(self.id.as_uuid().as_u128()),
        })
    }

    /// What conditions are told of it. Of what is not kept they are told nothing, and are not to be asked.
    #[must_use]
    pub fn observed<'r>(
        &'r self,
        features: &RequestFeatures,
        signals: &'r Signals,
        readings: &'r Readings,
    ) -> Observed<'r> {
        let shape = self.facts.as_ref().and_then(|facts| facts.shape);
        let shape = shape.unwrap_or_default();
        Observed {
            input_tokens: u64::from(features.input_tokens),
            max_output_tokens: features.max_output_tokens,
            stream: features.stream,
            operation: features.operation,
            language: self.language().unwrap_or_default(),
            dialect: self.dialect.as_deref().unwrap_or_default(),
            model: &self.model,
            modalities: Modalities {
                image: shape.image,
                audio: shape.audio,
                file: shape.file,
            },
            tools: shape.tools,
            json_schema: shape.json_schema,
            reasoning: shape.reasoning,
            headers: &[],
            metadata: &[],
            user: self.user.as_deref(),
            session: self.session.as_deref(),
            tags: &self.tags,
            key: &self.key.1,
            now: self.at,
            signals,
            readings,
        }
    }
}
