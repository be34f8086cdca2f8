//! Canonical nodes with memory of their own, for what outlives the document it came from: the
//! collector keeps parts of a stream whose frames are gone.

use std::borrow::Cow;

use super::{
    Arguments, CacheMark, Citation, Finish, Issuer, Item, Media, Opaque, Part, PartBody, Reasoning, Source,
    Text, TokenLogprob, ToolCall, ToolResult, Usage,
};

/// A text with memory of its own.
pub(super) fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn own_all(texts: Vec<Cow<'_, str>>) -> Vec<Cow<'static, str>> {
    texts.into_iter().map(own).collect()
}

impl Part<'_> {
    /// The part with memory of its own.
    pub fn into_owned(self) -> Part<'static> {
        let Self {
            body,
            cache,
            signature,
            issuer,
            item,
            form,
            extra,
        } = self;
        Part {
            body: body.into_owned(),
            cache: cache.map(|mark| Box::new(mark.into_owned())),
            signature: signature.map(own),
            issuer: issuer.map(Issuer::into_owned),
            item: item.map(|item| Box::new(item.into_owned())),
            form,
            extra: extra.into_owned(),
        }
    }
}

impl PartBody<'_> {
    fn into_owned(self) -> PartBody<'static> {
        match self {
            Self::Text(Text { text, citations }) => PartBody::Text(Text {
                text: own(text),
                citations: citations.into_iter().map(Citation::into_owned).collect(),
            }),
            Self::Refusal(text) => PartBody::Refusal(own(text)),
            Self::Media(media) => (*media).into_owned().into(),
            Self::Reasoning(reasoning) => {
                let Reasoning {
                    id,
                    text,
                    summary,
                    encrypted,
                } = *reasoning;
                PartBody::from(Reasoning {
                    id: id.map(own),
                    text: own_all(text),
                    summary: own_all(summary),
                    encrypted: encrypted.map(own),
                })
            }
            Self::ToolCall(call) => (*call).into_owned().into(),
            Self::ToolResult(result) => {
                let ToolResult {
                    call_id,
                    name,
                    content,
                    is_error,
                    kind,
                } = *result;
                PartBody::from(ToolResult {
                    call_id: call_id.map(own),
                    name: name.map(own),
                    content: content.into_iter().map(Part::into_owned).collect(),
                    is_error,
                    kind,
                })
            }
            Self::Json(value) => PartBody::Json(value.into_owned()),
            Self::Opaque(opaque) => {
                let Opaque { kind, role, value } = *opaque;
                PartBody::from(Opaque {
                    kind: own(kind),
                    role,
                    value: value.into_owned(),
                })
            }
        }
    }
}

impl Item<'_> {
    /// The item with memory of its own.
    pub fn into_owned(self) -> Item<'static> {
        let Self { id, extra } = self;
        Item {
            id: id.map(own),
            extra: extra.into_owned(),
        }
    }
}

impl Media<'_> {
    fn into_owned(self) -> Media<'static> {
        let Self {
            kind,
            source,
            mime,
            name,
            detail,
        } = self;
        Media {
            kind,
            source: match source {
                Source::Base64(data) => Source::Base64(own(data)),
                Source::Text(text) => Source::Text(own(text)),
                Source::Url(url) => Source::Url(own(url)),
                Source::FileId(id) => Source::FileId(own(id)),
            },
            mime: mime.map(own),
            name: name.map(own),
            detail: detail.map(own),
        }
    }
}

impl ToolCall<'_> {
    fn into_owned(self) -> ToolCall<'static> {
        let Self {
            id,
            name,
            arguments,
            kind,
            extra,
        } = self;
        ToolCall {
            id: id.map(own),
            name: own(name),
            arguments: match arguments {
                Arguments::Text(text) => Arguments::Text(own(text)),
                Arguments::Json(raw) => Arguments::Json(raw.into_owned()),
            },
            kind,
            extra: extra.into_owned(),
        }
    }
}

impl CacheMark<'_> {
    fn into_owned(self) -> CacheMark<'static> {
        let Self { style, ttl, extra } = self;
        CacheMark {
            style,
            ttl: ttl.map(own),
            extra: extra.into_owned(),
        }
    }
}

impl Issuer<'_> {
    /// The issuer with memory of its own.
    pub fn into_owned(self) -> Issuer<'static> {
        match self {
            Self::Anthropic => Issuer::Anthropic,
            Self::Google => Issuer::Google,
            Self::OpenAi => Issuer::OpenAi,
            Self::Other(name) => Issuer::Other(own(name)),
        }
    }
}

impl Citation<'_> {
    /// The citation with memory of its own.
    pub fn into_owned(self) -> Citation<'static> {
        let Self {
            kind,
            url,
            title,
            quote,
            start,
            end,
            document,
            extra,
        } = self;
        Citation {
            kind: own(kind),
            url: url.map(own),
            title: title.map(own),
            quote: quote.map(own),
            start,
            end,
            document,
            extra: extra.into_owned(),
        }
    }
}

impl Finish<'_> {
    /// The reason with memory of its own.
    pub fn into_owned(self) -> Finish<'static> {
        let Self {
            reason,
            native,
            sequence,
        } = self;
        Finish {
            reason,
            native: native.map(own),
            sequence: sequence.map(own),
        }
    }
}

impl TokenLogprob<'_> {
    /// The token with memory of its own.
    pub fn into_owned(self) -> TokenLogprob<'static> {
        let Self {
            token,
            logprob,
            bytes,
            top,
            extra,
        } = self;
        TokenLogprob {
            token: own(token),
            logprob: logprob.into_owned(),
            bytes: bytes.map(|b| b.into_owned()),
            top: top.map(|tokens| tokens.into_iter().map(TokenLogprob::into_owned).collect()),
            extra: extra.into_owned(),
        }
    }
}

impl Usage<'_> {
    /// The report with memory of its own.
    pub fn into_owned(self) -> Usage<'static> {
        let Self { counts, native } = self;
        Usage {
            counts,
            native: native.map(|n| n.into_owned()),
        }
    }
}
