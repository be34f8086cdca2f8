//! Notes on spelling that decoders of this dialect leave for its encoders; see
//! [`crate::canonical::Form`].

/// Of a message.
pub(super) mod message {
    use crate::canonical::Form;

    /// Instructions among the messages, instead of in `system`.
    pub(in super::super) const IN_PLACE: Form = Form(1);
    /// There was no content.
    pub(in super::super) const NO_CONTENT: Form = Form(2);
    /// There was no role.
    pub(in super::super) const NO_ROLE: Form = Form(4);
}

/// Of a part.
pub(super) mod part {
    use crate::canonical::Form;

    /// The text was `citationsContent`.
    pub(in super::super) const CITATIONS: Form = Form(1);
}

/// Of an answer.
pub(super) mod candidate {
    use crate::canonical::Form;

    /// It had no message.
    pub(in super::super) const NO_MESSAGE: Form = Form(1);
}
