//! Notes on spelling that decoders of this dialect leave for its encoders; see
//! [`crate::canonical::Form`]. `SNAKE` everywhere: the names were in snake case.

use crate::canonical::Form;

/// Of a request.
pub(super) mod request {
    use super::Form;

    /// `system_instruction`.
    pub(in super::super) const SYSTEM_SNAKE: Form = Form(1);
    /// `generation_config`.
    pub(in super::super) const CONFIG_SNAKE: Form = Form(2);
    /// `tool_config`.
    pub(in super::super) const TOOL_CONFIG_SNAKE: Form = Form(4);
    /// `generationConfig` was there, though perhaps empty.
    pub(in super::super) const HAS_CONFIG: Form = Form(8);
    /// `toolConfig` was there, though perhaps empty.
    pub(in super::super) const HAS_TOOL_CONFIG: Form = Form(16);
    /// Names inside `generationConfig`.
    pub(in super::super) const CONFIG_NAMES_SNAKE: Form = Form(32);
    /// `function_calling_config`.
    pub(in super::super) const CALLING_SNAKE: Form = Form(64);
    /// `tools` was one tool instead of a list.
    pub(in super::super) const ONE_TOOL: Form = Form(128);
    /// `contents` was one content instead of a list.
    pub(in super::super) const ONE_CONTENT: Form = Form(256);
}

/// Of a content.
pub(super) mod message {
    use super::Form;

    /// There was no role.
    pub(in super::super) const NO_ROLE: Form = Form(1);
    /// The role was `function`.
    pub(in super::super) const FUNCTION: Form = Form(2);
    /// The role was `tool`.
    pub(in super::super) const TOOL: Form = Form(4);
    /// The role of the instruction was `user`.
    pub(in super::super) const USER: Form = Form(8);
    /// The role of the instruction was `system`.
    pub(in super::super) const SYSTEM: Form = Form(16);
    /// `parts` was one part instead of a list.
    pub(in super::super) const ONE_PART: Form = Form(32);
    /// There were no `parts`.
    pub(in super::super) const NO_PARTS: Form = Form(64);
}

/// Of a part.
pub(super) mod part {
    use super::Form;

    /// The name of what the part holds.
    pub(in super::super) const SNAKE: Form = Form(1);
    /// Names inside of what the part holds.
    pub(in super::super) const NAMES_SNAKE: Form = Form(2);
    /// `thought_signature`.
    pub(in super::super) const SIGNATURE_SNAKE: Form = Form(4);
    /// `thought` was false.
    pub(in super::super) const NOT_THOUGHT: Form = Form(8);
    /// A signature and no text.
    pub(in super::super) const NO_TEXT: Form = Form(16);
    /// The call had no id; the one it has was minted here.
    pub(in super::super) const MINTED: Form = Form(32);
    /// The text of a result was in `output` instead of `result`.
    pub(in super::super) const OUTPUT: Form = Form(64);
}

/// Of a tool.
pub(super) mod tool {
    use super::Form;

    /// The tool opened an element of `tools`; without, it went on with the one before.
    pub(in super::super) const OPENS: Form = Form(1);
    /// `function_declarations`.
    pub(in super::super) const SNAKE: Form = Form(2);
    /// The schema was in `parameters`, Google's own form.
    pub(in super::super) const PARAMETERS: Form = Form(4);
    /// `parameters_json_schema`.
    pub(in super::super) const SCHEMA_SNAKE: Form = Form(8);
}

/// Of a schema in Google's own form.
pub(super) mod schema {
    use super::Form;

    /// Types were upper-case words.
    pub(in super::super) const UPPER: Form = Form(1 << 8);
    /// Types were numbers.
    pub(in super::super) const NUMBERED: Form = Form(1 << 9);
}

/// Of the form asked of the answer.
pub(super) mod response_format {
    use super::Form;

    /// The schema was in `responseSchema`, Google's own form.
    pub(in super::super) const SCHEMA: Form = Form(1);
}

/// Of how reasoning is asked for.
pub(super) mod thinking {
    use super::Form;

    /// The level was an upper-case word.
    pub(in super::super) const UPPER: Form = Form(1);
    /// Names inside `thinkingConfig`.
    pub(in super::super) const SNAKE: Form = Form(2);
}

/// Of how tools may be chosen.
pub(super) mod tool_choice {
    use super::Form;

    /// The mode was `VALIDATED`.
    pub(in super::super) const VALIDATED: Form = Form(1);
    /// The mode was a lower-case word.
    pub(in super::super) const LOWER: Form = Form(2);
    /// `allowed_function_names`.
    pub(in super::super) const SNAKE: Form = Form(4);
}

/// Of an answer.
pub(super) mod response {
    use super::Form;

    /// There were no candidates: the prompt was blocked.
    pub(in super::super) const BLOCKED: Form = Form(1);
}

/// Of one of several answers.
pub(super) mod candidate {
    use super::Form;

    /// It had no index.
    pub(in super::super) const NO_INDEX: Form = Form(1);
    /// It had no content.
    pub(in super::super) const NO_CONTENT: Form = Form(2);
    /// The finish reason was a number.
    pub(in super::super) const NUMBERED: Form = Form(4);
}
