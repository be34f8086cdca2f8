//! Tools offered to the model and how it may choose among them.

use std::borrow::Cow;

use super::{CacheMark, Extra, Form};
use crate::json::RawJson;

/// A tool offered to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool<'a> {
    /// What it is.
    pub body: ToolBody<'a>,
    /// "The tools up to here are worth caching."
    pub cache: Option<Box<CacheMark<'a>>>,
    /// How the dialect of origin spelled the tool.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Kinds of tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolBody<'a> {
    /// A function of the caller.
    Function(FunctionTool<'a>),
    /// A tool of the caller that takes free text.
    Custom(CustomTool<'a>),
    /// A tool that the provider runs or defines.
    Provider(ProviderTool<'a>),
}

/// A function of the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionTool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it does.
    pub description: Option<Cow<'a, str>>,
    /// JSON Schema of its input, in the key order given.
    pub parameters: Option<RawJson<'a>>,
    /// Whether the model must keep to the schema.
    pub strict: Option<bool>,
    /// Members not modelled of the inner object, where the dialect has one.
    pub extra: Extra<'a>,
}

/// A tool of the caller that takes free text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomTool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it does.
    pub description: Option<Cow<'a, str>>,
    /// The grammar of its input, as OpenAI writes it.
    pub format: Option<RawJson<'a>>,
    /// Members not modelled of the inner object, where the dialect has one.
    pub extra: Extra<'a>,
}

/// A tool that the provider runs or defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderTool<'a> {
    /// Its type in the words of the dialect of origin.
    pub kind: Cow<'a, str>,
    /// The whole tool.
    pub value: RawJson<'a>,
}

/// How the model may choose among tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolChoice<'a> {
    /// The rule.
    pub mode: ToolMode<'a>,
    /// How the dialect of origin spelled the choice.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Rules of choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolMode<'a> {
    /// As it likes.
    Auto,
    /// No tool.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(Cow<'a, str>),
    /// Among these only.
    Allowed {
        /// At least one, instead of as it likes.
        required: bool,
        /// Names of functions.
        names: Vec<Cow<'a, str>>,
    },
    /// A rule not modelled.
    Other(RawJson<'a>),
}

impl<'a> ToolChoice<'a> {
    /// A choice in the usual spelling.
    pub fn new(mode: ToolMode<'a>) -> Self {
        Self {
            mode,
            form: Form::default(),
            extra: Extra::NONE,
        }
    }
}

impl<'a> Tool<'a> {
    /// A tool that is only its body.
    pub fn new(body: ToolBody<'a>) -> Self {
        Self {
            body,
            cache: None,
            form: Form::default(),
            extra: Extra::NONE,
        }
    }
}
