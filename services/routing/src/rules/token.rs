//! Words of a condition, each with where it begins. The forms are those of CEL; what is left out is refused by name.

use super::mistake::{Code, Fault};

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, or one of `true`, `false`, `in`.
    Word(Box<str>),
    Number(f64),
    Text(Box<str>),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Longer ones first: the first that fits is taken.
const SIGNS: [&str; 23] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", "+", "-", "*", "/", "%", "(", ")", "[", "]",
    ".", ",", "{",
];

/// Reads words from the front of a source.
#[derive(Debug)]
pub(super) struct Tokens<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Tokens<'s> {
    pub(super) const fn new(source: &'s str) -> Self {
        Self { source, at: 0 }
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// The next word and where it begins; [`Token::End`] at the end, again and again.
    pub(super) fn next(&mut self) -> Result<(usize, Token), Fault> {
        self.skip_blanks();
        let (start, rest) = (self.at, self.rest());
        let Some(first) = rest.chars().next() else {
            return Ok((start, Token::End));
        };
        let token = if first.is_ascii_digit() {
            self.number()?
        } else if first == '"' || first == '\'' {
            self.text(first, false)?
        } else if (rest.starts_with("r\"") || rest.starts_with("r'")) && rest.len() > 1 {
            self.at += 1;
            self.text(if rest.starts_with("r\"") { '"' } else { '\'' }, true)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = rest
                .find(|it: char| !it.is_ascii_alphanumeric() && it != '_')
                .unwrap_or(rest.len());
            self.at += length;
            Token::Word(rest.get(..length).unwrap_or_default().into())
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            Token::Sign(sign)
        } else {
            let hint = match first {
                '=' => "; compare with ==",
                '&' => "; the logical and is &&",
                '|' => "; the logical or is ||",
                _ => "",
            };
            return Err(Fault::new(
                start,
                Code::Syntax,
                format!("{first:?} means nothing here{hint}."),
            ));
        };
        Ok((start, token))
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let skipped = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else {
                rest.len() - rest.trim_start().len()
            };
            if skipped == 0 {
                return;
            }
            self.at += skipped;
        }
    }

    fn number(&mut self) -> Result<Token, Fault> {
        let (start, bytes) = (self.at, self.rest().as_bytes());
        let digits = |from: usize| {
            bytes
                .iter()
                .skip(from)
                .take_while(|it| it.is_ascii_digit())
                .count()
        };
        let mut length = digits(0);
        if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
            length += 1 + digits(length + 1);
        }
        if matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        let text = self.rest().get(..length).unwrap_or_default();
        self.at += length;
        let follows = bytes.get(length).copied().unwrap_or(b' ');
        let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
        match value {
            Some(value) if !follows.is_ascii_alphanumeric() && follows != b'_' => Ok(Token::Number(value)),
            _ => Err(Fault::new(
                start,
                Code::Syntax,
                "This is no number. Write 200000, 0.25 or 1e6.".to_owned(),
            )),
        }
    }

    fn text(&mut self, quote: char, raw: bool) -> Result<Token, Fault> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        let unended = || Fault::new(start, Code::Syntax, "The text is not ended.".to_owned());
        while let Some((offset, next)) = chars.next() {
            let read = match next {
                '\n' | '\r' => return Err(unended()),
                next if next == quote => {
                    self.at += offset + next.len_utf8();
                    return Ok(Token::Text(text.into()));
                }
                '\\' if !raw => {
                    let (_, escaped) = chars.next().ok_or_else(unended)?;
                    let mut code = |digits: usize| {
                        let mut code = Some(0);
                        for _ in 0..digits {
                            let digit = chars.next().and_then(|(_, it)| it.to_digit(16));
                            code = code.zip(digit).map(|(code, digit)| code * 16 + digit);
                        }
                        code.and_then(char::from_u32)
                    };
                    let read = match escaped {
                        'n' => Some('\n'),
                        't' => Some('\t'),
                        'r' => Some('\r'),
                        '\\' | '"' | '\'' | '`' | '?' => Some(escaped),
                        'x' | 'X' => code(2),
                        'u' => code(4),
                        'U' => code(8),
                        _ => None,
                    };
                    read.ok_or_else(|| {
                        let sentence = "This escape is not known. A backslash itself is \\\\, or write the text as r\"...\".";
                        Fault::new(start + offset, Code::Syntax, sentence.to_owned())
                    })?
                }
                next => next,
            };
            text.push(read);
        }
        Err(unended())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Result<Vec<Token>, usize> {
        let mut tokens = Tokens::new(source);
        let mut words = Vec::new();
        loop {
            match tokens.next() {
                Ok((_, Token::End)) => return Ok(words),
                Ok((_, token)) => words.push(token),
                Err(fault) => return Err(fault.at),
            }
        }
    }

    #[test]
    fn words_are_told_apart() {
        let text = |text: &str| Token::Text(text.into());
        assert_eq!(
            words("a.b_1>=1.5e3 // why\n"),
            Ok(vec![
                Token::Word("a".into()),
                Token::Sign("."),
                Token::Word("b_1".into()),
                Token::Sign(">="),
                Token::Number(1500.0)
            ])
        );
        assert_eq!(
            words(r#"'a"b' "\u00e4\x41\\" r"\d""#),
            Ok(vec![text("a\"b"), text("ä\u{41}\\"), text("\\d")])
        );
        assert_eq!(words("r"), Ok(vec![Token::Word("r".into())]));
    }

    #[test]
    fn what_is_no_word_is_refused_where_it_is() {
        for (source, at) in [
            ("a = 1", 2),
            ("\"ab", 0),
            ("1x", 0),
            ("1e999", 0),
            ("'a\\q'", 2),
            ("a & b", 2),
            ("'\\ud800'", 1),
            ("ä", 0),
        ] {
            assert_eq!(words(source), Err(at), "{source}");
        }
    }
}
