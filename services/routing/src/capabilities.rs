//! Whether a model can do what a request needs of it. Called by [`crate::eligibility`] for every candidate of every plan.
//!
//! Must stay true: a model that is known to lack something that is needed is never asked. One of which nothing is known is
//! asked, except for a caller that would rather be refused than see a parameter ignored.

use sluicegate_contracts::config::Level;
use sluicegate_contracts::usage::RequestShape;

use crate::eligibility::Against;
use crate::facts::Known;
use crate::plan::RejectionCode;

/// What a request needs a model to be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// To call tools.
    pub tools: bool,
    /// To hold its answer to a JSON schema.
    pub json_schema: bool,
    /// To think before it answers.
    pub reasoning: bool,
    /// Whether the caller requires that every parameter is heeded: what is not known to be able counts as unable.
    pub for_certain: bool,
}

impl Needs {
    /// Nothing in particular.
    pub const NONE: Self = Self {
        tools: false,
        json_schema: false,
        reasoning: false,
        for_certain: false,
    };

    /// Of a request of this kind. What nobody looked for in it is not needed; nor is it to think first, unless the caller
    /// requires every parameter: coding tools ask that of every model, and an answer without it is an answer.
    #[must_use]
    pub fn of(shape: &RequestShape, for_certain: bool) -> Self {
        Self {
            tools: shape.tools.is_some_and(|count| count > 0),
            json_schema: shape.json_schema == Some(true),
            reasoning: for_certain && shape.reasoning == Some(true),
            for_certain,
        }
    }

    /// Whether a model of which this is known can do it all.
    ///
    /// # Errors
    /// The first that it lacks; where it only may lack it, by the level of the request, which minds that.
    pub(crate) fn check(self, known: Known<'_, '_>) -> Result<(), Against> {
        if self.tools {
            self.settle(known.tools(), RejectionCode::ToolsUnsupported)?;
        }
        if self.json_schema {
            self.settle(known.json_schema(), RejectionCode::SchemaUnsupported)?;
        }
        if self.reasoning {
            self.settle(known.reasoning(), RejectionCode::ReasoningUnsupported)?;
        }
        Ok(())
    }

    /// What follows for one need from whether the model is known to be able.
    fn settle(self, can: Option<bool>, code: RejectionCode) -> Result<(), Against> {
        match can {
            Some(false) => Err(Against { code, level: None }),
            None if self.for_certain => Err(Against {
                code,
                level: Some(Level::Request),
            }),
            Some(true) | None => Ok(()),
        }
    }
}
