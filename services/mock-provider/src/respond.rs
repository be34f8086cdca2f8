//! From a plan to an HTTP answer: waits as the script says, lets faults strike, answers whole or hands over to `stream`,
//! and books the call. The same for every format.

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;

use crate::behaviour::Fault;
use crate::ledger::Outcome;
use crate::plan::Plan;
use crate::refusal::{Refusal, refuse};
use crate::state::{Bill, State};
use crate::stream;

/// Answers a call.
pub(crate) async fn respond(
    state: &Arc<State>,
    request: &HttpRequest,
    plan: Plan,
    streamed: bool,
) -> HttpResponse {
    let mut bill = Bill::open(state, request, plan.call(state, streamed));
    wait(plan.model.behaviour.header_delay_ms).await;
    match plan.fault {
        Some(Fault::Status { code, retry_after_s }) => {
            bill.refuse();
            let refusal = Refusal::Scripted {
                status: code,
                retry_after_s,
            };
            return refuse(state, plan.format, &refusal);
        }
        Some(Fault::ContextLength) => {
            bill.refuse();
            return refuse(state, plan.format, &Refusal::ContextLength);
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
    let body = plan.format.body(&plan, &id);
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
