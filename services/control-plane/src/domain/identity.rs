//! Names and passwords as people type them, parsed into values that are known to be acceptable.

use secrecy::{ExposeSecret, SecretString};

use crate::error::FieldError;

/// A mail address in lower case. Only its shape is checked; whether it is somebody's shows when mail is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

/// A name for machines and URLs: 2 to 63 of `a-z 0-9 -`, beginning and ending with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(String);

/// A name for people: 1 to 100 characters, trimmed, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// A password somebody chose: 8 to 128 characters.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

impl Email {
    /// Reads what stands at `pointer`.
    ///
    /// # Errors
    /// A finding at `pointer`.
    pub fn parse(text: &str, pointer: &str) -> Result<Self, FieldError> {
        let text = text.trim().to_lowercase();
        let plausible = text.len() <= 254
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && text.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.contains('@')
                    && domain.split('.').count() >= 2
                    && domain.split('.').all(|label| !label.is_empty())
            });
        if plausible {
            Ok(Self(text))
        } else {
            Err(FieldError::new(
                pointer,
                "invalid_email",
                "Enter a complete email address.",
            ))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Slug {
    /// Longest accepted text, in bytes.
    pub const MAX: usize = 63;

    /// Reads what stands at `pointer`.
    ///
    /// # Errors
    /// A finding at `pointer`.
    pub fn parse(text: &str, pointer: &str) -> Result<Self, FieldError> {
        let bytes = text.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = (2..=Self::MAX).contains(&bytes.len())
            && bytes.iter().all(|byte| plain(byte) || *byte == b'-')
            && bytes.first().is_some_and(plain)
            && bytes.last().is_some_and(plain);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            let rule = "Use 2 to 63 lowercase letters, digits and dashes, beginning and ending with a letter or digit.";
            Err(FieldError::new(pointer, "invalid_slug", rule))
        }
    }

    /// A slug that resembles `name`; `fallback` when nothing of it is usable. `suffix` keeps it apart from others.
    #[must_use]
    pub fn from_name(name: &str, fallback: &str, suffix: Option<&str>) -> Self {
        let mut slug = String::new();
        for c in name.chars().flat_map(char::to_lowercase) {
            match c {
                'a'..='z' | '0'..='9' => slug.push(c),
                // "Ada's" reads as one word.
                '\'' | '’' => {}
                _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
                _ => {}
            }
        }
        slug.truncate(40);
        let mut slug = slug.trim_end_matches('-').to_owned();
        if slug.len() < 2 {
            fallback.clone_into(&mut slug);
        }
        Self(suffix.map_or_else(|| slug.clone(), |suffix| format!("{slug}-{suffix}")))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DisplayName {
    /// Reads what stands at `pointer`.
    ///
    /// # Errors
    /// A finding at `pointer`.
    pub fn parse(text: &str, pointer: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::new(
                pointer,
                "invalid_name",
                "Use 1 to 100 characters without line breaks.",
            ))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NewPassword {
    /// Reads what stands at `pointer`.
    ///
    /// # Errors
    /// A finding at `pointer`.
    pub fn parse(text: SecretString, pointer: &str) -> Result<Self, FieldError> {
        if Self::plausible(&text) {
            Ok(Self(text))
        } else {
            Err(FieldError::new(
                pointer,
                "invalid_password",
                "Use 8 to 128 characters.",
            ))
        }
    }

    /// Whether a text can be anybody's password; checked before it is hashed.
    #[must_use]
    pub fn plausible(text: &SecretString) -> bool {
        (8..=128).contains(&text.expose_secret().chars().count())
    }

    /// The secret, to be hashed.
    #[must_use]
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mail_is_trimmed_and_lowered_and_must_look_like_mail() {
        assert_eq!(
            Email::parse(" Ada@Example.COM ", "/email").unwrap().as_str(),
            "ada@example.com"
        );
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@host",
            "a@b@c.d",
            "a b@c.d",
            "a@c..d",
        ] {
            assert!(Email::parse(bad, "/email").is_err(), "{bad}");
        }
    }

    #[test]
    fn slugs_are_plain() {
        for good in ["ab", "a1", "my-project", &"a".repeat(63)] {
            assert!(Slug::parse(good, "/slug").is_ok(), "{good}");
        }
        for bad in ["", "a", "-ab", "ab-", "Ab", "a_b", "ä-b", &"a".repeat(64)] {
            assert!(Slug::parse(bad, "/slug").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_slug_resembles_its_name() {
        let slug = |name| Slug::from_name(name, "org", None).as_str().to_owned();
        assert_eq!(slug("Ada Lovelace's org"), "ada-lovelaces-org");
        assert_eq!(slug("Ada’s  Org!"), "adas-org");
        assert_eq!(slug("李"), "org");
    }

    proptest! {
        #[test]
        fn a_slug_made_from_any_name_is_a_slug(name in "\\PC{0,80}") {
            let slug = Slug::from_name(&name, "org", Some("7f3a"));
            prop_assert!(Slug::parse(slug.as_str(), "/slug").is_ok(), "{}", slug.as_str());
        }
    }
}
