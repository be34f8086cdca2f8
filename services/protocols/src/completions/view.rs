//! `CompletionsRequestView`: the few things a gateway must know of a completions request, found in
//! one borrowed pass that also checks the whole body. Fields the gateway acts on may appear only once.

use crate::json::{Cursor, JsonStr, Kind, Span};
use crate::openai_chat::request::{
    Extension, StreamFlag, StreamOptions, answers, extension, stream_flag, stream_options,
};
use crate::passthrough::MemberTracker;
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What a gateway reads of a completions request.
#[derive(Debug, Clone)]
pub struct CompletionsRequestView<'a> {
    /// The model asked for.
    pub model: JsonStr<'a>,
    /// Whether the answer is to be streamed.
    pub stream: StreamFlag,
    /// The `stream_options` member.
    pub stream_options: StreamOptions,
    /// The texts to go on from.
    pub prompt: Prompt,
    /// The text behind the gap, for models that fill in the middle, in bytes.
    pub suffix_bytes: u64,
    /// Most tokens of each answer; providers take 16 when absent.
    pub max_tokens: Option<u64>,
    /// Answers asked for per prompt, 1 when absent.
    pub n: u32,
    /// Answers the provider makes per prompt to give the best of, 1 when absent. All are billed.
    pub best_of: u32,
    /// Whether the answer repeats the prompt.
    pub echo: bool,
    /// `user`, the caller's name for its own end user.
    pub user: Option<JsonStr<'a>>,
    /// The `sluicegate` extension object, to be stripped before the request goes on.
    pub extension: Option<Extension<'a>>,
}

/// Size of the prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Texts or token lists, each of which is answered.
    pub items: u32,
    /// Bytes of text, decoded.
    pub text_bytes: u64,
    /// Tokens, where the prompt was given as tokens.
    pub tokens: u64,
}

fields! {
    enum Field {
        Model = "model",
        Prompt = "prompt",
        Suffix = "suffix",
        Stream = "stream",
        StreamOptions = "stream_options",
        MaxTokens = "max_tokens",
        N = "n",
        BestOf = "best_of",
        Echo = "echo",
        User = "user",
        Extension = "sluicegate",
    }
}

impl<'a> CompletionsRequestView<'a> {
    /// Reads `body`, nested at most `depth` deep.
    pub fn parse(body: &'a [u8], depth: u32) -> Result<Self, DecodeError> {
        let mut reader = Reader {
            body,
            model: None,
            stream: StreamFlag::Off,
            stream_options: StreamOptions::Absent,
            prompt: None,
            suffix_bytes: 0,
            max_tokens: None,
            n: 1,
            best_of: 1,
            echo: false,
            user: None,
            extension: None,
        };
        let mut seen = FieldSet::new();
        let mut tracker = MemberTracker::default();
        let mut cursor = Cursor::new(body, depth)?;
        let whole = cursor.object(|c, key| {
            let field = seen.admit(key)?;
            tracker.starts(key.span());
            match field {
                Some(field) => reader.field(c, field)?,
                None => {
                    c.count_node()?;
                    c.skip_value()?;
                }
            }
            tracker.ends(c.position(), field == Some(Field::Extension));
            Ok(())
        })?;
        cursor.end()?;
        reader.finish(whole, &tracker)
    }

    /// Whether a stream was asked for.
    pub fn is_stream(&self) -> bool {
        matches!(self.stream, StreamFlag::On(_))
    }

    /// Whether the caller asked for a usage chunk at the end of the stream.
    pub fn caller_wants_usage(&self) -> bool {
        matches!(
            self.stream_options,
            StreamOptions::Object {
                include_usage: Some((true, _)),
                ..
            }
        )
    }

    /// Answers that are made and billed, over all prompts.
    pub fn answers_made(&self) -> u64 {
        u64::from(self.prompt.items.max(1)) * u64::from(self.n.max(self.best_of))
    }
}

/// What has been read so far.
struct Reader<'a> {
    body: &'a [u8],
    model: Option<JsonStr<'a>>,
    stream: StreamFlag,
    stream_options: StreamOptions,
    prompt: Option<Prompt>,
    suffix_bytes: u64,
    max_tokens: Option<u64>,
    n: u32,
    best_of: u32,
    echo: bool,
    user: Option<JsonStr<'a>>,
    extension: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn field(&mut self, c: &mut Cursor<'a>, field: Field) -> Result<(), DecodeError> {
        match field {
            Field::Model => self.model = Some(c.string()?),
            Field::Extension => self.extension = Some(extension(c, self.body)?),
            Field::StreamOptions => self.stream_options = stream_options(c)?,
            Field::Prompt
            | Field::Suffix
            | Field::Stream
            | Field::MaxTokens
            | Field::N
            | Field::BestOf
            | Field::Echo
            | Field::User => {
                if !c.take_null()? {
                    self.optional(c, field)?;
                }
            }
        }
        Ok(())
    }

    /// Reads a field that may be null and is not.
    fn optional(&mut self, c: &mut Cursor<'a>, field: Field) -> Result<(), DecodeError> {
        match field {
            Field::Prompt => self.prompt = Some(prompt(c)?),
            Field::Suffix => self.suffix_bytes = c.string()?.decoded_len(),
            Field::Stream => self.stream = stream_flag(c)?,
            Field::MaxTokens => self.max_tokens = Some(c.unsigned()?),
            Field::N => self.n = answers(c)?,
            Field::BestOf => self.best_of = answers(c)?,
            Field::Echo => self.echo = c.bool()?,
            Field::User => self.user = Some(c.string()?),
            Field::Model | Field::StreamOptions | Field::Extension => {}
        }
        Ok(())
    }

    fn finish(self, whole: Span, tracker: &MemberTracker) -> Result<CompletionsRequestView<'a>, DecodeError> {
        let missing = || DecodeError::new(Fault::Missing, whole.start).under_key("model");
        Ok(CompletionsRequestView {
            model: self.model.ok_or_else(missing)?,
            stream: self.stream,
            stream_options: self.stream_options,
            // Without a prompt the provider begins a text of its own.
            prompt: self.prompt.unwrap_or_default(),
            suffix_bytes: self.suffix_bytes,
            max_tokens: self.max_tokens,
            n: self.n,
            best_of: self.best_of,
            echo: self.echo,
            user: self.user,
            extension: self
                .extension
                .and_then(|raw| tracker.found().map(|member| Extension { raw, member })),
        })
    }
}

/// Reads a text, a list of texts, a list of tokens or a list of token lists.
fn prompt(c: &mut Cursor<'_>) -> Result<Prompt, DecodeError> {
    let mut prompt = Prompt::default();
    match c.peek()? {
        Kind::String => {
            prompt.items = 1;
            prompt.text_bytes = c.string()?.decoded_len();
        }
        Kind::Array => drop(c.array(|c, _| item(c, &mut prompt))?),
        found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a string or an array", found));
        }
    }
    if prompt.items == 0 && prompt.tokens > 0 {
        prompt.items = 1;
    }
    Ok(prompt)
}

fn item(c: &mut Cursor<'_>, prompt: &mut Prompt) -> Result<(), DecodeError> {
    match c.peek()? {
        Kind::Number => {
            c.unsigned()?;
            prompt.tokens += 1;
        }
        Kind::String => {
            prompt.items = prompt.items.saturating_add(1);
            prompt.text_bytes += c.string()?.decoded_len();
        }
        Kind::Array => {
            prompt.items = prompt.items.saturating_add(1);
            c.array(|c, _| {
                c.unsigned()?;
                prompt.tokens += 1;
                Ok(())
            })?;
        }
        found @ (Kind::Object | Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a string or an array of tokens", found));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> CompletionsRequestView<'_> {
        CompletionsRequestView::parse(body.as_bytes(), 64).unwrap_or_else(|error| panic!("{body}: {error}"))
    }

    #[test]
    fn every_form_of_prompt_is_counted() {
        let cases = [
            (r#""héllo""#, (1, 6, 0)),
            (r#"["a","bc"]"#, (2, 3, 0)),
            ("[1,2,3]", (1, 0, 3)),
            ("[[1,2],[3]]", (2, 0, 3)),
            ("[]", (0, 0, 0)),
            ("null", (0, 0, 0)),
        ];
        for (prompt, (items, text_bytes, tokens)) in cases {
            let body = format!(r#"{{"model":"m","prompt":{prompt}}}"#);
            let expected = Prompt {
                items,
                text_bytes,
                tokens,
            };
            assert_eq!(parse(&body).prompt, expected, "{prompt}");
        }
    }

    #[test]
    fn the_fields_a_gateway_acts_on_are_read() {
        let view = parse(
            r#"{"model":"m","prompt":["a","b"],"suffix":"xy","n":2,"best_of":3,"echo":true,"max_tokens":5,
                "stream":true,"stream_options":{"include_usage":true},"user":"u","sluicegate":{"a":1},"logprobs":2}"#,
        );
        assert_eq!(
            (view.suffix_bytes, view.n, view.best_of, view.echo),
            (2, 2, 3, true)
        );
        assert_eq!((view.max_tokens, view.answers_made()), (Some(5), 6));
        assert!(view.is_stream() && view.caller_wants_usage());
        assert_eq!(view.extension.map(|e| e.raw), Some(r#"{"a":1}"#));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (r#"{"prompt":"a"}"#, "/model"),
            (r#"{"model":"m","prompt":7}"#, "/prompt"),
            (r#"{"model":"m","prompt":["a",null]}"#, "/prompt/1"),
            (r#"{"model":"m","prompt":[[1,"a"]]}"#, "/prompt/0/1"),
            (r#"{"model":"m","n":0}"#, "/n"),
            (r#"{"model":"m","Prompt":"a","prompt":"b"}"#, "/Prompt"),
        ];
        for (body, pointer) in cases {
            let error = CompletionsRequestView::parse(body.as_bytes(), 64).unwrap_err();
            assert_eq!(error.pointer(), pointer, "{body}");
        }
    }
}
