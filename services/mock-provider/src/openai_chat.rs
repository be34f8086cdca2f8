//! `POST /v1/chat/completions` without the canonical form, for benches: reads the request, lets the
//! script decide, and writes the answer. Other formats take the way of `exchange`.

pub(crate) mod words;
mod write;

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::openai_chat::encode::{Answer, Head, completion};
use sluicegate_protocols::openai_chat::{ChatRequestView, FinishReason};

use self::words::WordFrames;
use crate::answer::{Decision, decide};
use crate::asked::Broken;
use crate::asked::openai_chat::read;
use crate::exchange::{reply, unreadable};
use crate::formats::openai::CHAT;
use crate::plan::{Ending, Order, Plan};
use crate::state::{Bill, State};
use crate::stream::Frames;
use crate::trouble::Trouble;
use crate::{server, text};

pub(crate) async fn handle(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let state = state.into_inner();
    state.ledger.arrived();
    let provider = CHAT.provider;
    if let Err(trouble) = provider.admit(&state, &request) {
        return provider.refuse(&state, &trouble);
    }
    let view = match ChatRequestView::parse(&body, DEFAULT_DEPTH) {
        Ok(view) => view,
        Err(error) => return unreadable(provider, &error).answer(&state),
    };
    let name = view.model.decode().into_owned();
    if !server::is_known(&state, &name) {
        return provider.refuse(&state, &Trouble::UnknownModel(&name));
    }
    let decision = match decision(&state, &body, &view, &name) {
        Ok(decision) => decision,
        Err(broken) => return provider.refuse(&state, &Trouble::Broken(broken)),
    };
    let messages = body
        .get(view.messages_span.start..view.messages_span.end)
        .unwrap_or_default();
    let order = Order {
        model_name: name,
        input: text::prompt_tokens(&view),
        question: text::hash(messages),
        n: view.n,
        limit: view.output_limit().unwrap_or(u64::MAX),
        wants_usage: view.caller_wants_usage(),
    };
    let plan = Plan::new(&state, order, decision);
    let streams = view.is_stream();
    let call = plan.call(state.call_id(CHAT.answer_prefix), CHAT.endpoint, streams);
    let bill = Bill::open(&state, &request, call);
    reply(&state, &CHAT, plan, bill, streams, whole, frames).await
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

impl Plan {
    /// What the answer is headed by.
    fn head<'a>(&'a self, id: &'a str) -> Head<'a> {
        Head {
            id,
            created: self.created,
            model: &self.model_name,
        }
    }

    /// Why it ends, in this format's words.
    fn finish(&self) -> FinishReason {
        match self.ending {
            Ending::Stop => FinishReason::Stop,
            Ending::Length => FinishReason::Length,
            Ending::Calls => FinishReason::ToolCalls,
        }
    }
}

/// A whole answer.
fn whole(plan: &Plan, id: &str) -> Vec<u8> {
    if !plan.is_usual() {
        return write::body(plan, id).to_string().into_bytes();
    }
    let content = plan.usual_text();
    let answer = Answer {
        content: Some(&content),
        tool_calls: &[],
        finish: &plan.finish(),
    };
    completion(&plan.head(id), &vec![answer; plan.n as usize], &plan.counts)
}

/// The frames of a stream.
fn frames(plan: Plan, id: &str) -> Frames {
    if plan.is_usual() {
        Frames::Words(Box::new(WordFrames::new(plan, id)))
    } else {
        Frames::listed(write::frames(&plan, id))
    }
}
