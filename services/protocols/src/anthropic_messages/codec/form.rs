//! Notes on spelling that decoders of this dialect leave for its encoders; see
//! [`crate::canonical::Form`].

use crate::canonical::Form;

/// Of how reasoning is asked for.
pub(super) mod reasoning_config {
    use super::Form;

    /// `thinking` was of type `adaptive`.
    pub(in super::super) const ADAPTIVE: Form = Form(1);
}

/// Of the form asked of the answer.
pub(super) mod response_format {
    use super::Form;

    /// As `output_format`, the name in the beta, instead of `output_config.format`.
    pub(in super::super) const OUTPUT_FORMAT: Form = Form(1);
}

/// Of a tool.
pub(super) mod tool {
    use super::Form;

    /// The type `custom` was spelled out.
    pub(in super::super) const TYPED: Form = Form(1);
}

/// Of a message.
pub(super) mod message {
    use super::Form;

    /// The bits that say what `content` was; 0 leaves it to the encoder.
    pub(in super::super) const CONTENT: u16 = 3;
    /// A string.
    pub(in super::super) const STRING: Form = Form(1);
    /// A list of blocks.
    pub(in super::super) const LIST: Form = Form(2);
    /// The empty string.
    pub(in super::super) const EMPTY: Form = Form(3);
    /// Instructions among the messages instead of at the top.
    pub(in super::super) const IN_PLACE: Form = Form(4);
    /// There was no role.
    pub(in super::super) const NO_ROLE: Form = Form(8);
}

/// Of a part.
pub(super) mod part {
    use super::Form;

    /// The tool call said that its caller is the model itself, which is usual.
    pub(in super::super) const DIRECT: Form = Form(1);
    /// The content of the tool result was a string.
    pub(in super::super) const STRING: Form = Form(1);
    /// The content of the tool result was a list.
    pub(in super::super) const LIST: Form = Form(2);
    /// The content of the tool result was the empty string.
    pub(in super::super) const EMPTY: Form = Form(3);
    /// The tool result had no content.
    pub(in super::super) const ABSENT: Form = Form(4);
}

/// Of an answer.
pub(super) mod response {
    use super::Form;

    /// `type` was not `message`.
    pub(in super::super) const OTHER_TYPE: Form = Form(1);
}
