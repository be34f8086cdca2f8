//! Why something was published, in the words of who did it.

use crate::error::FieldError;

/// Longest accepted message, in characters.
const MAX: usize = 1_000;

/// 1 to 1,000 characters, trimmed, without control characters other than line ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationMessage(String);

impl PublicationMessage {
    /// Reads what stands at `/message`.
    ///
    /// # Errors
    /// A finding there.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let fits = (1..=MAX).contains(&text.chars().count())
            && !text.chars().any(|it| it.is_control() && it != '\n');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            let rule = "Say in 1 to 1,000 characters what the change is for.";
            Err(FieldError::new("/message", "invalid_message", rule))
        }
    }

    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_something_in_few_words() {
        let read = |text: &str| PublicationMessage::parse(text).map(PublicationMessage::into_text);
        assert_eq!(
            read(" Prefer the EU.\nSee 42. ").unwrap(),
            "Prefer the EU.\nSee 42."
        );
        assert_eq!(read(&"ä".repeat(MAX)).unwrap().chars().count(), MAX);
        for bad in ["", " \n ", "a\u{1b}[31mb", &"a".repeat(MAX + 1)] {
            assert_eq!(read(bad).unwrap_err().pointer, "/message", "{bad:?}");
        }
    }
}
