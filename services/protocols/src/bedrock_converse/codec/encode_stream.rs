//! The messages of a stream: the role first, blocks numbered from 0, the stop reason behind them, usage
//! last. Which of them canonical events make is for [`BlockStream`].

use super::citations;
use super::encode_response::{finish_word, says_more};
use super::formats;
use crate::TokenCounts;
use crate::bedrock_converse::{error::ErrorBody, usage};
use crate::block_stream::{BlockStream, Blocks, Piece};
use crate::canonical::{Citation, Finish, Media, MediaKind, Source};
use crate::event_stream::write_event;
use crate::failure::Failure;
use crate::json::Object;

/// The writer of one stream.
pub type StreamEncoder = BlockStream<Messages>;

/// Writes messages.
#[derive(Debug, Default)]
pub struct Messages {
    /// Number of the block at hand.
    block: u32,
}

impl Messages {
    fn start(&self, out: &mut Vec<u8>, start: impl FnOnce(&mut Object<'_>)) {
        write_event(out, "contentBlockStart", |out| {
            let mut object = Object::open(out);
            object.unsigned("contentBlockIndex", u64::from(self.block));
            start(&mut object.object("start"));
        });
    }

    fn delta(&self, out: &mut Vec<u8>, delta: impl FnOnce(&mut Object<'_>)) {
        write_event(out, "contentBlockDelta", |out| {
            let mut object = Object::open(out);
            object.unsigned("contentBlockIndex", u64::from(self.block));
            delta(&mut object.object("delta"));
        });
    }
}

impl Blocks for Messages {
    const SEALS: bool = true;

    fn begin(&mut self, _: &str, out: &mut Vec<u8>) {
        write_event(out, "messageStart", |out| {
            Object::open(out).string("role", "assistant");
        });
    }

    fn piece(&mut self, piece: Piece<'_>, _: bool, out: &mut Vec<u8>) {
        let (member, text) = match piece {
            Piece::Text(text) => return self.delta(out, |delta| delta.string("text", text)),
            Piece::Thought(text) => ("text", text),
            Piece::Signature(text) => ("signature", text),
            Piece::Sealed(text) => ("redactedContent", text),
        };
        self.delta(out, |delta| delta.object("reasoningContent").string(member, text));
    }

    fn call(&mut self, id: &str, name: &str, out: &mut Vec<u8>) {
        self.start(out, |start| {
            let mut object = start.object("toolUse");
            object.string("toolUseId", id);
            object.string("name", name);
        });
    }

    fn input(&mut self, json: &str, out: &mut Vec<u8>) {
        self.delta(out, |delta| delta.object("toolUse").string("input", json));
    }

    fn citation(&mut self, citation: &Citation<'_>, _: bool, out: &mut Vec<u8>) -> bool {
        let mut left_out = false;
        self.delta(out, |delta| {
            left_out = citations::write(&mut delta.object("citation"), citation, false);
        });
        !left_out
    }

    fn media(&mut self, media: &Media<'_>, out: &mut Vec<u8>) -> bool {
        let Source::Base64(data) = &media.source else {
            return false;
        };
        let format = formats::known_format(media.kind, media.mime.as_deref(), data);
        let Some(format) = format.filter(|_| media.kind == MediaKind::Image) else {
            return false;
        };
        self.start(out, |start| start.object("image").string("format", format));
        self.delta(out, |delta| {
            let mut image = delta.object("image");
            image.object("source").string("bytes", data);
        });
        true
    }

    fn end(&mut self, _: bool, out: &mut Vec<u8>) {
        write_event(out, "contentBlockStop", |out| {
            Object::open(out).unsigned("contentBlockIndex", u64::from(self.block));
        });
        self.block += 1;
    }

    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>) {
        write_event(out, "messageStop", |out| {
            Object::open(out).string("stopReason", finish_word(finish, false));
        });
    }

    fn done(&mut self, usage: Option<&TokenCounts>, out: &mut Vec<u8>) {
        if let Some(counts) = usage {
            write_event(out, "metadata", |out| {
                usage::write(&mut Object::open(out).object("usage"), counts);
            });
        }
    }

    fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        ErrorBody::from(failure).write_message(out);
    }

    fn is_usual(tier: &str) -> bool {
        matches!(tier, "default" | "auto")
    }

    fn says_more(counts: &TokenCounts) -> bool {
        says_more(counts)
    }
}
