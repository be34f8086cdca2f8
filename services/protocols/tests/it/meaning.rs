//! What two canonical values have in common when spelling is left aside, and running a stream
//! through decoder, collector and encoder. For tests of every dialect.

use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::StreamFault;
use sluicegate_protocols::canonical::{
    Arguments, Candidate, Collector, Extra, Form, Message, Part, PartBody, Request, Response, ResponseShape,
    Role, StreamEnd, StreamEvent, ToolBody,
};
use sluicegate_protocols::dialect::{Framing, StreamDecoder, StreamEncoder};
use sluicegate_protocols::{event_stream, sse};

/// Forgets spelling and what is not modelled.
pub(crate) fn request(request: &mut Request<'_>) {
    request.form = Form::default();
    request.extra = Extra::NONE;
    request.stream.extra = Extra::NONE;
    request.stream.options = false;
    request.messages.iter_mut().for_each(message);
    join_turns(&mut request.messages);
    for tool in &mut request.tools {
        tool.form = Form::default();
        tool.extra = Extra::NONE;
        match &mut tool.body {
            ToolBody::Function(function) => function.extra = Extra::NONE,
            ToolBody::Custom(custom) => custom.extra = Extra::NONE,
            ToolBody::Provider(_) => {}
        }
    }
    if let Some(choice) = &mut request.tool_choice {
        choice.form = Form::default();
        choice.extra = Extra::NONE;
    }
    if let Some(format) = &mut request.response_format {
        format.form = Form::default();
        format.extra = Extra::NONE;
        if let ResponseShape::JsonSchema { name, extra, .. } = &mut format.shape {
            *extra = Extra::NONE;
            // A name is demanded by some dialects and means nothing.
            name.get_or_insert("response".into());
        }
    }
    if let Some(config) = &mut request.reasoning {
        config.form = Form::default();
        config.extra = Extra::NONE;
        // An effort says it already.
        config.enabled = config.enabled.filter(|_| config.effort.is_none());
    }
}

/// Makes one message of what one side says in a row: dialects with strict turns have it so, and
/// results of tools are in the user's turn there.
fn join_turns(messages: &mut Vec<Message<'_>>) {
    let mut joined: Vec<Message<'_>> = Vec::with_capacity(messages.len());
    for mut message in std::mem::take(messages) {
        if message.role == Role::Tool {
            message.role = Role::User;
        }
        match joined.last_mut() {
            Some(last) if last.role == message.role && last.name == message.name => {
                last.parts.append(&mut message.parts);
            }
            _ => joined.push(message),
        }
    }
    *messages = joined;
}

/// Forgets spelling and what is not modelled, and what only tells one telling from another: empty
/// text parts, and where one text was cut in two.
pub(crate) fn response(response: &mut Response<'_>) {
    response.form = Form::default();
    response.extra = Extra::NONE;
    if let Some(usage) = &mut response.usage {
        usage.native = None;
    }
    for candidate in &mut response.candidates {
        let Candidate {
            message: said,
            form,
            extra,
            finish,
            logprobs,
            ..
        } = candidate;
        *form = Form::default();
        *extra = Extra::NONE;
        message(said);
        if let Some(finish) = finish {
            finish.native = None;
        }
        if let Some(probabilities) = logprobs {
            probabilities.extra = Extra::NONE;
        }
        if logprobs.as_ref().is_some_and(|l| l.content.is_empty()) {
            *logprobs = None;
        }
    }
}

pub(crate) fn message(message: &mut Message<'_>) {
    message.form = Form::default();
    message.extra = Extra::NONE;
    let says_nothing = |part: &Part<'_>| {
        let text = part.body.as_text();
        text.is_some_and(|text| text.text.is_empty() && text.citations.is_empty())
    };
    message.parts.retain(|part| !says_nothing(part));
    message.parts.iter_mut().for_each(part);
}

fn part(part: &mut Part<'_>) {
    part.form = Form::default();
    // Where items begin shows in their parts, and ids are made up where there are none.
    part.item = None;
    part.extra = Extra::NONE;
    match &mut part.body {
        PartBody::ToolCall(call) => {
            call.extra = Extra::NONE;
            // Line breaks in JSON stand between tokens, and frames are one line.
            call.arguments = Arguments::Text(call.arguments.as_text().replace(['\n', '\r'], " ").into());
        }
        PartBody::ToolResult(result) => {
            // That a tool did not fail goes without saying.
            result.is_error = result.is_error.filter(|failed| *failed);
            result.content.iter_mut().for_each(self::part);
        }
        PartBody::Text(_)
        | PartBody::Refusal(_)
        | PartBody::Media(_)
        | PartBody::Reasoning(_)
        | PartBody::Json(_)
        | PartBody::Opaque(_) => {}
    }
}

/// Text, reasoning and calls of an answer, told the way summaries do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    /// Name and arguments, the latter as text.
    pub(crate) calls: Vec<(String, String)>,
}

pub(crate) fn told(candidate: &Candidate<'_>) -> Told {
    let mut told = Told::default();
    for part in &candidate.message.parts {
        match &part.body {
            PartBody::Text(text) => told.text.push_str(&text.text),
            PartBody::Reasoning(reasoning) => {
                for piece in reasoning.text.iter().chain(&reasoning.summary) {
                    told.reasoning.push_str(piece);
                }
            }
            PartBody::ToolCall(call) => {
                told.calls.push((
                    call.name.clone().into_owned(),
                    call.arguments.as_text().to_owned(),
                ));
            }
            PartBody::Refusal(_)
            | PartBody::Media(_)
            | PartBody::ToolResult(_)
            | PartBody::Json(_)
            | PartBody::Opaque(_) => {}
        }
    }
    told
}

/// What became of a stream.
pub(crate) struct Run {
    pub(crate) response: Response<'static>,
    pub(crate) end: StreamEnd,
    /// The stream as the encoder wrote it.
    pub(crate) written: Vec<u8>,
    pub(crate) done: bool,
}

/// Runs a stream given in pieces through the parser, the decoder, the collector, and the encoder if
/// there is one. A fault counts as a cut, as it does in the data plane.
pub(crate) fn run<'a>(
    dialect: Dialect,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    mut encoder: Option<StreamEncoder>,
) -> Run {
    run_with(dialect, pieces, encoder.as_mut())
}

/// The same with an encoder that is to tell afterwards what it lost.
pub(crate) fn run_to<'a>(
    dialect: Dialect,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    encoder: &mut StreamEncoder,
) -> Run {
    run_with(dialect, pieces, Some(encoder))
}

fn run_with<'a>(
    dialect: Dialect,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    mut encoder: Option<&mut StreamEncoder>,
) -> Run {
    let mut feed = Feed::new(dialect);
    let mut decoder = StreamDecoder::new(dialect);
    let mut collector = Collector::new(dialect, 1 << 24);
    let mut written = Vec::new();
    let mut done = false;
    let mut sink = |event: StreamEvent<'_>| {
        done |= event == StreamEvent::Done;
        if let Some(encoder) = &mut encoder {
            encoder.event(&event, &mut written);
        }
        collector.event(event).expect("decoders keep the order of events");
    };
    let mut each = |event: Option<&[u8]>, data: &[u8]| decoder.frame(event, data, &mut sink);
    let mut faulty = false;
    for piece in pieces {
        faulty = feed.piece(piece, &mut each).is_err();
        if faulty {
            break;
        }
    }
    faulty = faulty || feed.finish(&mut each).is_err();
    let end = if faulty {
        StreamEnd::Cut
    } else {
        decoder.end(&mut sink)
    };
    Run {
        response: collector.finish(),
        end,
        written,
        done,
    }
}

/// A parser of the framing of a dialect.
enum Feed {
    Sse(sse::Parser),
    EventStream(event_stream::Parser),
}

/// Takes a frame: its event name and its data.
type Each<'e> = dyn FnMut(Option<&[u8]>, &[u8]) -> Result<(), StreamFault> + 'e;

impl Feed {
    fn new(dialect: Dialect) -> Self {
        match dialect.framing() {
            Framing::Sse => Self::Sse(sse::Parser::new(1 << 24)),
            Framing::EventStream => Self::EventStream(event_stream::Parser::new(1 << 24)),
        }
    }

    fn piece(&mut self, piece: &[u8], each: &mut Each<'_>) -> Result<(), StreamFault> {
        match self {
            Self::Sse(parser) => parser.feed(piece, |frame| match frame.data {
                Some(data) => each(frame.event, data),
                None => Ok(()),
            }),
            Self::EventStream(parser) => parser.feed(piece, |frame| each(frame.event, frame.data)),
        }
    }

    fn finish(&mut self, each: &mut Each<'_>) -> Result<(), StreamFault> {
        match self {
            Self::Sse(parser) => parser.finish(|frame| match frame.data {
                Some(data) => each(frame.event, data),
                None => Ok(()),
            }),
            Self::EventStream(parser) => parser.finish().map_err(StreamFault::from),
        }
    }
}

/// The frames of a stream that an encoder of that dialect wrote, each with its framing.
pub(crate) fn split(dialect: Dialect, written: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    match dialect.framing() {
        Framing::Sse => {
            let text = std::str::from_utf8(written).unwrap();
            frames.extend(
                text.split_inclusive("\n\n")
                    .map(|frame| frame.as_bytes().to_vec()),
            );
        }
        Framing::EventStream => event_stream::Parser::new(1 << 24)
            .feed::<event_stream::FramingFault>(written, |frame| {
                frames.push(frame.raw.to_vec());
                Ok(())
            })
            .unwrap(),
    }
    frames
}

/// Any bytes as the data of a frame.
pub(crate) fn frame(dialect: Dialect, data: &[u8]) -> Vec<u8> {
    match dialect.framing() {
        Framing::Sse => [b"data: ", data, b"\n\n"].concat(),
        Framing::EventStream => {
            let mut out = Vec::new();
            event_stream::write_event(&mut out, "contentBlockDelta", |out| out.extend_from_slice(data));
            out
        }
    }
}
