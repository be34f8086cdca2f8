//! `/__mock/`: the script and the ledger over HTTP, for tests and benches that are not written in
//! Rust. No key is asked for: the mock provider belongs on loopback.
//!
//! | call | does |
//! |---|---|
//! | `GET`, `PUT /__mock/script` | reads or sets the whole script |
//! | `PUT /__mock/behaviour` | `{model, behaviour}` sets one model's, or the default without `model` |
//! | `GET /__mock/ledger` | every call, one JSON document a line |
//! | `GET /__mock/totals` | sums |
//! | `POST /__mock/reset` | empties the ledger and its file, and starts counts of calls anew |

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};

use crate::behaviour::{Behaviour, Script};
use crate::ledger::Totals;
use crate::state::State;

pub(crate) fn configure(routes: &mut web::ServiceConfig) {
    routes.service(
        web::scope("/__mock")
            .route("/script", web::get().to(script))
            .route("/script", web::put().to(set_script))
            .route("/behaviour", web::put().to(set_behaviour))
            .route("/ledger", web::get().to(ledger))
            .route("/totals", web::get().to(totals))
            .route("/reset", web::post().to(reset)),
    );
}

async fn script(state: web::Data<State>) -> web::Json<Script> {
    web::Json(state.script())
}

async fn set_script(state: web::Data<State>, script: web::Json<Script>) -> HttpResponse {
    state.set_script(script.into_inner());
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetBehaviour {
    model: Option<String>,
    behaviour: Behaviour,
}

async fn set_behaviour(state: web::Data<State>, change: web::Json<SetBehaviour>) -> HttpResponse {
    let SetBehaviour { model, behaviour } = change.into_inner();
    state.set_behaviour(model, behaviour);
    HttpResponse::NoContent().finish()
}

async fn ledger(state: web::Data<State>) -> HttpResponse {
    let mut lines = Vec::new();
    for entry in state.ledger.entries() {
        if serde_json::to_writer(&mut lines, &entry).is_ok() {
            lines.push(b'\n');
        }
    }
    HttpResponse::Ok()
        .insert_header(("content-type", "application/x-ndjson"))
        .body(lines)
}

#[derive(Serialize)]
struct Sums {
    #[serde(flatten)]
    totals: Totals,
    /// Whether every entry reached the ledger file.
    intact: bool,
}

async fn totals(state: web::Data<State>) -> web::Json<Sums> {
    web::Json(Sums {
        totals: state.ledger.totals(),
        intact: state.ledger.is_intact(),
    })
}

async fn reset(state: web::Data<State>) -> HttpResponse {
    state.set_script(state.script());
    match state.ledger.clear() {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(_) => HttpResponse::InternalServerError().body("the ledger file cannot be emptied"),
    }
}
