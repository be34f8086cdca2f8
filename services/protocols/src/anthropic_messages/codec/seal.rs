//! Seals of other providers in this dialect's clothes. A client of this dialect returns thinking as
//! it got it, so signatures and sealed reasoning of Gemini or of OpenAI travel in the `signature` of
//! a thinking block, or in the `data` of a redacted one, behind the name of their format and a `#`,
//! which base64 does not have. On the way back they are told from Anthropic's own by it.

use std::borrow::Cow;

use crate::canonical::{Issuer, Part, Reasoning};

/// Reads a signature or sealed text: whose it is, and itself.
pub(super) fn open(sealed: Cow<'_, str>) -> (Issuer<'static>, Cow<'_, str>) {
    for issuer in [Issuer::Google, Issuer::OpenAi] {
        let rest = sealed
            .strip_prefix(issuer.as_str())
            .and_then(|rest| rest.strip_prefix('#'));
        if let Some(rest) = rest {
            let from = sealed.len() - rest.len();
            let rest = match &sealed {
                Cow::Borrowed(text) => Cow::Borrowed(text.get(from..).unwrap_or_default()),
                Cow::Owned(_) => Cow::Owned(rest.to_owned()),
            };
            return (issuer, rest);
        }
    }
    (Issuer::Anthropic, sealed)
}

/// Whether it is another provider's.
pub(in crate::anthropic_messages) fn is_foreign(sealed: &str) -> bool {
    open(Cow::Borrowed(sealed)).0 != Issuer::Anthropic
}

/// What goes before a seal of that issuer.
pub(super) fn prefix(issuer: Option<&Issuer<'_>>) -> Option<String> {
    match issuer {
        None | Some(Issuer::Anthropic | Issuer::Other(_)) => None,
        Some(issuer @ (Issuer::Google | Issuer::OpenAi)) => Some(format!("{}#", issuer.as_str())),
    }
}

/// A seal as this dialect carries it.
pub(super) fn close<'s>(issuer: Option<&Issuer<'_>>, sealed: &'s str) -> Cow<'s, str> {
    match prefix(issuer) {
        None => Cow::Borrowed(sealed),
        Some(prefix) => Cow::Owned(prefix + sealed),
    }
}

/// How a piece of reasoning is written in this dialect.
#[derive(Debug)]
pub(super) enum Written<'r> {
    /// A thinking block: the text, and its signature.
    Thinking(Cow<'r, str>, Option<Cow<'r, str>>),
    /// A redacted block.
    Redacted(Cow<'r, str>),
}

/// Chooses the block for a piece of reasoning: what is shown is thinking, what is only sealed is
/// redacted.
pub(super) fn written<'r>(part: &'r Part<'_>, reasoning: &'r Reasoning<'_>) -> Written<'r> {
    let Reasoning {
        id: _,
        text,
        summary,
        encrypted,
    } = reasoning;
    let issuer = part.issuer.as_ref();
    let shown = !text.is_empty() || !summary.is_empty();
    match (encrypted, &part.signature) {
        (Some(sealed), None) if !shown => Written::Redacted(close(issuer, sealed)),
        (sealed, signature) => {
            let text = match (text.as_slice(), summary.as_slice()) {
                ([], []) => Cow::Borrowed(""),
                ([one], _) | ([], [one]) => Cow::Borrowed(one.as_ref()),
                ([], pieces) => Cow::Owned(pieces.join("\n\n")),
                (pieces, _) => Cow::Owned(pieces.concat()),
            };
            let seal = signature.as_deref().or(sealed.as_deref());
            Written::Thinking(text, seal.map(|seal| close(issuer, seal)))
        }
    }
}
