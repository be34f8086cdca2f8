//! Notes on spelling that decoders of this dialect leave for its encoders; see
//! [`crate::canonical::Form`].

use crate::canonical::Form;

/// Of a request.
pub(super) mod request {
    use super::Form;

    /// The input was one string.
    pub(in super::super) const INPUT_STRING: Form = Form(1);
    /// There was no input.
    pub(in super::super) const NO_INPUT: Form = Form(2);
}

/// Of how tools may be chosen.
pub(super) mod tool_choice {
    use super::Form;

    /// The tool named takes free text.
    pub(in super::super) const CUSTOM: Form = Form(1);
}

/// Of a message.
pub(super) mod message {
    use super::Form;

    /// The bits that say what `content` was; 0 leaves it to the encoder.
    pub(in super::super) const CONTENT: u16 = 3;
    /// A string.
    pub(in super::super) const STRING: Form = Form(1);
    /// A list of parts.
    pub(in super::super) const LIST: Form = Form(2);
    /// Not there, or null.
    pub(in super::super) const ABSENT: Form = Form(3);
    /// The item had no type.
    pub(in super::super) const UNTYPED: Form = Form(4);
    /// The message was `instructions`.
    pub(in super::super) const INSTRUCTIONS: Form = Form(8);
}

/// Of a part.
pub(super) mod part {
    use super::Form;

    /// The bits that say what type a text had; 0 is what its role usually has.
    pub(in super::super) const TEXT: u16 = 3;
    /// `input_text`.
    pub(in super::super) const INPUT_TEXT: Form = Form(1);
    /// `output_text`.
    pub(in super::super) const OUTPUT_TEXT: Form = Form(2);
    /// `text`.
    pub(in super::super) const PLAIN_TEXT: Form = Form(3);
    /// The probabilities of the answer's tokens stood at this text.
    pub(in super::super) const LOGPROBS: Form = Form(4);
    /// The text stands for an empty content list.
    pub(in super::super) const NO_CONTENT: Form = Form(8);
    /// The unknown block was a part of a message's content, not an item.
    pub(in super::super) const IN_CONTENT: Form = Form(16);
    /// The output of the tool was a list.
    pub(in super::super) const OUTPUT_LIST: Form = Form(1);
    /// The reasoning had no `summary`.
    pub(in super::super) const NO_SUMMARY: Form = Form(1);
    /// The reasoning had an empty `content`.
    pub(in super::super) const EMPTY_CONTENT: Form = Form(2);
    /// The signature is that of the call which follows.
    pub(in super::super) const ON_CALL: Form = Form(4);
}

/// Of the one answer.
pub(super) mod candidate {
    use super::Form;

    /// The bits that say what `status` was.
    pub(in super::super) const STATUS: u16 = 7;
    /// The words that `status` had, by these bits; 0 is what the reason to end makes of it.
    pub(in super::super) const STATUSES: [&str; 6] =
        ["", "in_progress", "queued", "cancelled", "failed", "incomplete"];
    /// There was no status that this gateway knows.
    pub(in super::super) const NO_STATUS: Form = Form(7);
    /// The reason to end came from `incomplete_details`.
    pub(in super::super) const DETAILS: Form = Form(8);
    /// There was no output.
    pub(in super::super) const NO_OUTPUT: Form = Form(16);
}

/// Of an answer.
pub(super) mod response {
    use super::Form;

    /// `object` was not `response`.
    pub(in super::super) const OTHER_OBJECT: Form = Form(1);
}
