//! Notes on spelling that decoders of this dialect leave for its encoders; see
//! [`crate::canonical::Form`].

use crate::canonical::Form;

/// Of a request.
pub(super) mod request {
    use super::Form;

    /// The output limit was called `max_tokens`.
    pub(in super::super) const MAX_TOKENS: Form = Form(1);
    /// `stop` was one string.
    pub(in super::super) const STOP_STRING: Form = Form(2);
    /// Tools were offered as `functions`.
    pub(in super::super) const FUNCTIONS: Form = Form(4);
}

/// Of how reasoning is asked for.
pub(super) mod reasoning_config {
    use super::Form;

    /// As the `reasoning` object of OpenRouter instead of `reasoning_effort`.
    pub(in super::super) const OBJECT: Form = Form(1);
}

/// Of how tools may be chosen.
pub(super) mod tool_choice {
    use super::Form;

    /// `any` instead of `required`.
    pub(in super::super) const ANY: Form = Form(1);
    /// The object lacked its type.
    pub(in super::super) const UNTYPED: Form = Form(2);
    /// As `function_call`.
    pub(in super::super) const FUNCTION_CALL: Form = Form(4);
}

/// Of a tool.
pub(super) mod tool {
    use super::Form;

    /// The object lacked its type.
    pub(in super::super) const UNTYPED: Form = Form(1);
}

/// Of a message.
pub(super) mod message {
    use super::Form;

    /// The bits that say what `content` was; 0 leaves it to the encoder.
    pub(in super::super) const CONTENT: u16 = 7;
    /// A string.
    pub(in super::super) const STRING: Form = Form(1);
    /// A list of parts.
    pub(in super::super) const LIST: Form = Form(2);
    /// Null.
    pub(in super::super) const NULL: Form = Form(3);
    /// The empty string.
    pub(in super::super) const EMPTY: Form = Form(4);
    /// Not there.
    pub(in super::super) const ABSENT: Form = Form(5);
    /// `reasoning` repeats what the other reasoning fields say.
    pub(in super::super) const ALSO_REASONING: Form = Form(8);
    /// `reasoning_content` repeats what `reasoning_details` say.
    pub(in super::super) const ALSO_REASONING_CONTENT: Form = Form(16);
    /// The role was `function`.
    pub(in super::super) const FUNCTION: Form = Form(32);
    /// There was no role.
    pub(in super::super) const NO_ROLE: Form = Form(64);
}

/// Of a part.
pub(super) mod part {
    use super::Form;

    /// A string where parts are objects; an address where it is an object.
    pub(in super::super) const SHORT: Form = Form(1);
    /// The tool call lacked its type.
    pub(in super::super) const UNTYPED: Form = Form(1);
    /// The tool call was `function_call`.
    pub(in super::super) const FUNCTION_CALL: Form = Form(2);
    /// The tool call had no arguments at all.
    pub(in super::super) const NO_ARGUMENTS: Form = Form(4);
    /// The document was `document_url`, as Mistral has it.
    pub(in super::super) const DOCUMENT_URL: Form = Form(2);
    /// The refusal was a part of the content.
    pub(in super::super) const IN_CONTENT: Form = Form(1);
    /// The reasoning was `reasoning_content`.
    pub(in super::super) const REASONING_CONTENT: Form = Form(1);
    /// The reasoning was `reasoning`.
    pub(in super::super) const REASONING: Form = Form(2);
    /// The reasoning was one of `reasoning_details`.
    pub(in super::super) const DETAIL: Form = Form(3);
    /// The reasoning was a `thinking` part of the content, as a list.
    pub(in super::super) const THINKING: Form = Form(4);
    /// The reasoning was a `thinking` part of the content, as a string.
    pub(in super::super) const THINKING_STRING: Form = Form(5);
}

/// Of an answer.
pub(super) mod response {
    use super::Form;

    /// `object` was not `chat.completion`.
    pub(in super::super) const OTHER_OBJECT: Form = Form(1);
}

/// Of one of several answers.
pub(super) mod candidate {
    use super::Form;

    /// It had no index.
    pub(in super::super) const NO_INDEX: Form = Form(1);
    /// It had no message.
    pub(in super::super) const NO_MESSAGE: Form = Form(2);
}
