//! `POST /v1/chat/completions`: reads the request, lets the script decide, and writes OpenAI's format. Answers of the
//! usual words, which benches ask for by the thousand, are read and written without a tree.

mod error;
mod words;
mod write;

use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use sluicegate_protocols::json::DEFAULT_DEPTH;
use sluicegate_protocols::openai_chat::encode::{Answer, Head, completion};
use sluicegate_protocols::openai_chat::{ChatRequestView, FinishReason};

use self::words::Words;
use crate::answer::{Decision, decide};
use crate::asked::Broken;
use crate::asked::openai_chat::read;
use crate::format::Format;
use crate::plan::{Demand, Finish, Plan};
use crate::refusal::{Refusal, refuse};
use crate::respond::respond;
use crate::state::State;
use crate::stream::Frames;
use crate::{server, text};

/// OpenAI's Chat Completions.
pub(crate) struct OpenAiChat;

impl Format for OpenAiChat {
    fn endpoint(&self) -> &'static str {
        "chat.completions"
    }

    fn id_prefix(&self) -> &'static str {
        "chatcmpl"
    }

    fn body(&self, plan: &Plan, id: &str) -> Vec<u8> {
        if !plan.is_usual() {
            return write::body(plan, id).to_string().into_bytes();
        }
        let content = plan.usual_text();
        let answer = Answer {
            content: Some(&content),
            tool_calls: &[],
            finish: &finish(plan.finish),
        };
        completion(&head(plan, id), &vec![answer; plan.n as usize], &plan.counts)
    }

    fn frames(&self, plan: Plan, id: &str) -> Frames {
        if plan.is_usual() {
            Frames::Made(Box::new(Words::new(plan, id)))
        } else {
            Frames::listed(write::frames(&plan, id))
        }
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        error::body(refusal)
    }

    fn error_frame(&self) -> Vec<u8> {
        error::frame()
    }

    fn broken_frame(&self) -> &'static [u8] {
        b"data: {\"id\":\"chatcmpl-mock\",\"choices\":[{\"delta\":{\"conte\n\n"
    }
}

fn head<'a>(plan: &'a Plan, id: &'a str) -> Head<'a> {
    Head {
        id,
        created: plan.created,
        model: &plan.model_name,
    }
}

fn finish(finish: Finish) -> FinishReason {
    match finish {
        Finish::Stop => FinishReason::Stop,
        Finish::Length => FinishReason::Length,
        Finish::Calls => FinishReason::ToolCalls,
    }
}

pub(crate) async fn handle(state: web::Data<State>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let state = state.into_inner();
    state.ledger.arrived();
    let planned = server::admit(&state, &request).and_then(|()| plan(&state, &body));
    match planned {
        Ok((plan, streamed)) => respond(&state, &request, plan, streamed).await,
        Err(refusal) => refuse(&state, &OpenAiChat, &refusal),
    }
}

/// What to answer, and whether as a stream.
fn plan(state: &State, body: &Bytes) -> Result<(Plan, bool), Refusal> {
    let view = ChatRequestView::parse(body, DEFAULT_DEPTH).map_err(Refusal::Malformed)?;
    let model = server::known(state, view.model.decode().into_owned())?;
    let decision = decision(state, body, &view, &model).map_err(Refusal::Broken)?;
    let demand = Demand {
        format: &OpenAiChat,
        model,
        seed: body
            .get(view.messages_span.start..view.messages_span.end)
            .unwrap_or_default(),
        n: view.n,
        limit: view.output_limit(),
        input_tokens: text::prompt_tokens(&view),
        usage_in_stream: view.caller_wants_usage(),
    };
    Ok((Plan::new(state, demand, decision), view.is_stream()))
}

/// What the request and the orders in its prompt ask for. Most ask for words, and their tree is never built.
fn decision(state: &State, body: &Bytes, view: &ChatRequestView<'_>, name: &str) -> Result<Decision, Broken> {
    let holds = |needle: &str| memchr::memmem::find(body, needle.as_bytes()).is_some();
    let plain = view.tools == 0 && view.response_format.is_none();
    let hints = ["[[", "\"reasoning", "\"thinking\"", "\"tool"];
    if plain && !hints.into_iter().any(holds) {
        return Ok(Decision::default());
    }
    Ok(decide(&read(body)?, &state.model(name).behaviour))
}
