//! Reasoning of other providers in `encrypted_content`. A caller of this dialect gives sealed
//! reasoning back as it came, whoever made it; the mark tells the next request whose it is, so that a
//! conversation with Claude survives in a client that only knows OpenAI. What is marked never goes to a
//! server of this dialect, which would refuse the conversation over it.

use std::borrow::Cow;

use crate::canonical::Issuer;

/// What the text of another provider begins with.
pub(crate) const MARK: &str = "sluicegate.1.";

/// What `encrypted_content` holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sealed<'a> {
    /// What the provider at hand made, or whoever the caller talks to.
    Own(Cow<'a, str>),
    /// A signature of another provider, on reasoning that is told beside it.
    Signature(Issuer<'static>, Cow<'a, str>),
    /// Sealed reasoning of another provider.
    Encrypted(Issuer<'static>, Cow<'a, str>),
    /// A signature of another provider on the call that follows. A call has no place for one here,
    /// and Gemini refuses to go on without it.
    OnCall(Issuer<'static>, Cow<'a, str>),
}

type Kind<'a> = fn(Issuer<'static>, Cow<'a, str>) -> Sealed<'a>;

const SIGNATURE: &str = "signature";
const ENCRYPTED: &str = "encrypted";
const ON_CALL: &str = "call";

/// Reads `encrypted_content`.
pub(super) fn open(text: Cow<'_, str>) -> Sealed<'_> {
    let marked = text.strip_prefix(MARK).and_then(|rest| rest.split_once('.'));
    let Some((head, rest)) = marked else {
        return Sealed::Own(text);
    };
    let Some((format, _)) = rest.split_once('.') else {
        return Sealed::Own(text);
    };
    let issuer = match format {
        "anthropic-claude-v1" => Issuer::Anthropic,
        "google-gemini-v1" => Issuer::Google,
        _ => return Sealed::Own(text),
    };
    let start = MARK.len() + head.len() + format.len() + 2;
    let kind: Kind<'_> = match head {
        SIGNATURE => Sealed::Signature,
        ENCRYPTED => Sealed::Encrypted,
        ON_CALL => Sealed::OnCall,
        _ => return Sealed::Own(text),
    };
    let data = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..).unwrap_or_default()),
        Cow::Owned(text) => Cow::Owned(text.get(start..).unwrap_or_default().to_owned()),
    };
    kind(issuer, data)
}

/// Writes `encrypted_content` for sealed reasoning, or for a signature where there is none. `None`
/// when there is neither, or nobody is known to have made it.
pub(super) fn close<'s>(
    encrypted: Option<&'s str>,
    signature: Option<&str>,
    issuer: Option<&Issuer<'_>>,
) -> Option<Cow<'s, str>> {
    let (kind, data) = match (encrypted, signature) {
        (Some(data), _) => (ENCRYPTED, data),
        (None, Some(data)) => (SIGNATURE, data),
        (None, None) => return None,
    };
    match (issuer, encrypted) {
        (Some(issuer @ (Issuer::Anthropic | Issuer::Google)), _) => {
            Some(Cow::Owned(mark(kind, issuer, data)))
        }
        (Some(Issuer::OpenAi) | None, Some(data)) => Some(Cow::Borrowed(data)),
        (Some(Issuer::OpenAi | Issuer::Other(_)) | None, _) => None,
    }
}

/// Writes `encrypted_content` for the signature of the call that follows, if its maker is known.
pub(super) fn close_on_call(signature: Option<&str>, issuer: Option<&Issuer<'_>>) -> Option<String> {
    match issuer {
        Some(issuer @ (Issuer::Anthropic | Issuer::Google)) => {
            signature.map(|signature| mark(ON_CALL, issuer, signature))
        }
        Some(Issuer::OpenAi | Issuer::Other(_)) | None => None,
    }
}

fn mark(kind: &str, issuer: &Issuer<'_>, data: &str) -> String {
    format!("{MARK}{kind}.{}.{data}", issuer.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_as_it_was() {
        let sealed = close(None, Some("a.b="), Some(&Issuer::Anthropic)).unwrap();
        assert_eq!(open(sealed), Sealed::Signature(Issuer::Anthropic, "a.b=".into()));
        let sealed = close(Some("x"), None, Some(&Issuer::Google)).unwrap();
        assert_eq!(open(sealed), Sealed::Encrypted(Issuer::Google, "x".into()));
        assert_eq!(close(Some("x"), None, Some(&Issuer::OpenAi)).unwrap(), "x");
        let sealed = close_on_call(Some("x"), Some(&Issuer::Google)).unwrap();
        assert_eq!(open(sealed.into()), Sealed::OnCall(Issuer::Google, "x".into()));
        assert_eq!(close_on_call(Some("x"), None), None);
        assert_eq!(close(None, Some("x"), None), None);
        assert_eq!(close(Some("x"), None, Some(&Issuer::Other("z".into()))), None);
    }

    #[test]
    fn what_others_wrote_stays_theirs() {
        for text in [
            "gAAAAABo",
            "sluicegate.1.",
            "sluicegate.1.signature.x",
            "sluicegate.1.other.google-gemini-v1.x",
            "sluicegate.1.signature.openai-responses-v1.x",
        ] {
            assert_eq!(open(text.into()), Sealed::Own(text.into()));
        }
    }
}
