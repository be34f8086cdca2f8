//! `POST /v1/chat/completions`: reads the request, lets the script decide, answers whole or hands
//! over to `stream`.

pub(crate) mod words;
mod write;

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use sluicegate_protocols::TokenCounts;
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::openai_chat::encode::{Answer, Head, completion};
use sluicegate_protocols::openai_chat::{ChatRequestView, FinishReason};

use self::words::WordFrames;
use crate::answer::{Content, Decision, decide};
use crate::asked::openai_chat::{Broken, read};
use crate::behaviour::{Fault, StreamUsage};
use crate::ledger::Outcome;
use crate::state::{Bill, Call, Model, State, unix_nanos};
use crate::stream::Frames;
use crate::{refusal, server, stream, text};

/// What an answer is made of.
pub(crate) struct Plan {
    pub(crate) model_name: String,
    pub(crate) created: u64,
    /// Seed of the text.
    pub(crate) variant: u64,
    /// Answers.
    pub(crate) n: u32,
    /// Reasoning before each answer, in pieces.
    pub(crate) reasoning: Vec<String>,
    pub(crate) content: Content,
    /// Tokens of content per answer; of the usual words each is one.
    pub(crate) words: u64,
    pub(crate) finish: FinishReason,
    /// Wait between the chunks of a stream.
    pub(crate) interval: Duration,
    tag: Option<String>,
    pub(crate) counts: TokenCounts,
    pub(crate) usage_chunk: bool,
    pub(crate) model: Arc<Model>,
    pub(crate) fault: Option<Fault>,
}

pub(crate) async fn handle(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let state = state.into_inner();
    state.ledger.arrived();
    if !server::is_authorized(&state, &request) {
        return refusal::unauthorized(&state);
    }
    let view = match ChatRequestView::parse(&body, DEFAULT_DEPTH) {
        Ok(view) => view,
        Err(error) => return refusal::malformed(&state, &error),
    };
    let name = view.model.decode().into_owned();
    if !server::is_known(&state, &name) {
        return refusal::unknown_model(&state);
    }
    let decision = match decision(&state, &body, &view, &name) {
        Ok(decision) => decision,
        Err(Broken(rule)) => return refusal::broken(&state, rule),
    };
    let plan = Plan::new(&state, &body, &view, name, decision);
    let bill = Bill::open(&state, &request, plan.call(&state, view.is_stream()));
    answer(&state, plan, bill, view.is_stream()).await
}

/// What the request and the orders in its prompt ask for. Most ask for words, and their tree is never built.
fn decision(state: &State, body: &Bytes, view: &ChatRequestView<'_>, name: &str) -> Result<Decision, Broken> {
    let holds = |needle: &str| memchr::memmem::find(body, needle.as_bytes()).is_some();
    let plain = view.tools == 0 && view.response_format.is_none();
    if plain
        && !["[[", "\"reasoning", "\"thinking\"", "\"tool"]
            .into_iter()
            .any(holds)
    {
        return Ok(Decision::default());
    }
    Ok(decide(&read(body)?, &state.model(name).behaviour))
}

async fn answer(state: &Arc<State>, plan: Plan, mut bill: Bill, streamed: bool) -> HttpResponse {
    wait(plan.model.behaviour.header_delay_ms).await;
    match plan.fault {
        Some(Fault::Status { code, retry_after_s }) => {
            bill.refuse();
            return refusal::scripted(state, code, retry_after_s);
        }
        Some(Fault::ContextLength) => {
            bill.refuse();
            return refusal::context_length(state);
        }
        Some(Fault::Stall { after_chunks: None }) => std::future::pending::<()>().await,
        _ => {}
    }
    if streamed {
        stream::respond(plan, bill)
    } else {
        whole(plan, bill).await
    }
}

pub(crate) async fn wait(millis: u64) {
    if millis > 0 {
        actix_web::rt::time::sleep(Duration::from_millis(millis)).await;
    }
}

async fn whole(plan: Plan, mut bill: Bill) -> HttpResponse {
    wait(plan.model.behaviour.first_token_ms).await;
    let id = bill.call_id().to_owned();
    let body = plan.body(&id);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header(("x-request-id", id));
    let (length, body) = (body.len(), Bytes::from(body));
    let keep = match plan.fault {
        Some(Fault::CutBytes(bytes)) => usize::try_from(bytes).unwrap_or(usize::MAX).min(length),
        Some(Fault::CutChunks(_)) => length / 2,
        Some(Fault::Stall { .. }) => {
            let half = stream::then_stall(body.slice(..length / 2), bill);
            return response.body(SizedStream::new(length as u64, half));
        }
        _ => {
            bill.sent = plan.words * u64::from(plan.n);
            bill.settle(Outcome::Completed);
            return response.body(body);
        }
    };
    bill.settle(Outcome::Cut);
    let broken = stream::then_break(body.slice(..keep));
    response.body(SizedStream::new(length as u64, broken))
}

impl Plan {
    fn new(
        state: &State,
        body: &Bytes,
        view: &ChatRequestView<'_>,
        model_name: String,
        decision: Decision,
    ) -> Self {
        let model = state.model(&model_name);
        let behaviour = &model.behaviour;
        let scripted = behaviour.fault(state.config.seed, model.next_call()).cloned();
        let fault = decision.fault.or(scripted);
        let messages = body
            .get(view.messages_span.start..view.messages_span.end)
            .unwrap_or_default();
        let variant = text::mix(state.config.seed, text::hash(messages));
        let usual = match fault {
            Some(Fault::HugeBody(bytes)) => bytes.div_ceil(HUGE_WORD.len() as u64),
            _ => behaviour.output_tokens.map_or(8 + variant % 24, u64::from),
        };
        let limit = view.output_limit().unwrap_or(u64::MAX);
        let mut content = decision.content;
        let cut = match content {
            Content::Words => usual > limit,
            Content::Text(_) | Content::Calls(_) => content.limit(limit),
        };
        let finish = match content {
            Content::Calls(_) => FinishReason::ToolCalls,
            Content::Words | Content::Text(_) if cut => FinishReason::Length,
            Content::Words | Content::Text(_) => FinishReason::Stop,
        };
        let words = content.tokens(usual.min(limit));
        let input = text::prompt_tokens(view);
        let reasoning = behaviour.reasoning_tokens + decision.reasoning.len() as u64;
        let counts = TokenCounts {
            input,
            cached_input: behaviour.cached_tokens.min(input),
            output: words * u64::from(view.n) + reasoning,
            reasoning,
            ..TokenCounts::default()
        };
        let usage_chunk = view.caller_wants_usage() && behaviour.stream_usage == StreamUsage::AsAsked;
        let interval = behaviour
            .interval()
            .max(Duration::from_millis(decision.interval_ms));
        Self {
            model_name,
            created: unix_nanos() / 1_000_000_000,
            variant,
            n: view.n,
            reasoning: decision.reasoning,
            content,
            words,
            finish,
            interval,
            tag: decision.tag,
            counts,
            usage_chunk,
            model,
            fault,
        }
    }

    fn call(&self, state: &State, stream: bool) -> Call<'_> {
        Call {
            id: state.call_id("chatcmpl"),
            endpoint: "chat.completions",
            model: &self.model_name,
            stream,
            input: self.counts.input,
            cached: self.counts.cached_input,
            reasoning: self.counts.reasoning,
            fault: self.fault.clone(),
            tag: self.tag.clone(),
        }
    }

    pub(crate) fn head<'a>(&'a self, id: &'a str) -> Head<'a> {
        Head {
            id,
            created: self.created,
            model: &self.model_name,
        }
    }

    /// Appends the word at `position` of every answer.
    pub(crate) fn word(&self, position: u64, out: &mut String) {
        if matches!(self.fault, Some(Fault::HugeBody(_))) {
            out.push_str(HUGE_WORD);
        } else {
            text::word(self.variant, position, out);
        }
    }

    /// Whether the answer is the usual words alone, which are written without a tree.
    fn is_usual(&self) -> bool {
        self.content == Content::Words && self.reasoning.is_empty()
    }

    fn usual_text(&self) -> String {
        let mut text = String::new();
        (0..self.words).for_each(|position| self.word(position, &mut text));
        text
    }

    fn body(&self, id: &str) -> Vec<u8> {
        if !self.is_usual() {
            return write::body(self, id).to_string().into_bytes();
        }
        let content = self.usual_text();
        let answer = Answer {
            content: Some(&content),
            tool_calls: &[],
            finish: &self.finish,
        };
        completion(&self.head(id), &vec![answer; self.n as usize], &self.counts)
    }

    /// The frames of a stream.
    pub(crate) fn frames(self, id: &str) -> Frames {
        if self.is_usual() {
            Frames::Words(Box::new(WordFrames::new(self, id)))
        } else {
            Frames::listed(write::frames(&self, id))
        }
    }
}

/// What huge answers repeat; one token each.
const HUGE_WORD: &str = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr";
