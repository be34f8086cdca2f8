//! Notes on spelling that decoders of this dialect leave for its encoders; see
//! [`crate::canonical::Form`].

/// Of a message.
pub(super) mod message {
    use crate::canonical::Form;

    /// The bits that say what `content` was; 0 leaves it to the encoder.
    pub(in super::super) const CONTENT: u16 = 7;
    /// A string.
    pub(in super::super) const STRING: Form = Form(1);
    /// A list of parts.
    pub(in super::super) const LIST: Form = Form(2);
    /// Null.
    pub(in super::super) const NULL: Form = Form(3);
    /// Not there.
    pub(in super::super) const ABSENT: Form = Form(4);
    /// It named no role, which only an answer may do.
    pub(in super::super) const NO_ROLE: Form = Form(8);
}

/// Of a part.
pub(super) mod part {
    use crate::canonical::Form;

    /// The reasoning was `tool_plan`.
    pub(in super::super) const TOOL_PLAN: Form = Form(1);
}

/// Of an answer.
pub(super) mod candidate {
    use crate::canonical::Form;

    /// It had no message.
    pub(in super::super) const NO_MESSAGE: Form = Form(1);
}
