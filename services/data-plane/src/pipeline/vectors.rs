//! Vectors of models that have a form of their own (Bedrock's `InvokeModel`, Vertex AI's `predict`): a request becomes as
//! many calls as the model needs, one after the other within one try, and their answers become one.

use bytes::Bytes;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_metering::Ending;
use sluicegate_protocols::embeddings::openai::EncodingFormat;
use sluicegate_protocols::embeddings::vendor::{self, Family};
use sluicegate_protocols::lossy::LossReport;
use sluicegate_protocols::{DecodeError, TokenCounts};
use tokio::time::Instant;

use super::answer::{Reading, tokens};
use super::attempt::{Failure, Success, Try};
use super::finish::AttemptEnd;
use crate::error::{ErrorKind, GatewayError};

/// Most calls that one request becomes.
const MAX_CALLS: usize = 256;

/// The calls of a request, of which the first is its body.
#[derive(Debug)]
pub(super) struct Batch {
    rest: Vec<Bytes>,
    encoding: EncodingFormat,
}

/// The first body, the others, and what the models have no place for.
pub(super) type Split = (Bytes, Batch, LossReport);

impl Batch {
    /// Splits a request in OpenAI's form; the error within is what is asked too much of the model.
    ///
    /// # Errors
    /// 400 when the input is no text.
    pub(super) fn split(
        body: &[u8],
        family: Family,
        depth: u32,
    ) -> Result<Result<Split, GatewayError>, DecodeError> {
        let calls = vendor::from_openai(body, depth, family)?;
        let mut bodies = calls.bodies.into_iter().map(Bytes::from);
        let (first, rest) = (bodies.next(), bodies.collect::<Vec<_>>());
        Ok(match first {
            Some(first) if rest.len() < MAX_CALLS => {
                let encoding = calls.encoding;
                Ok((first, Self { rest, encoding }, calls.losses))
            }
            Some(_) | None => {
                let message = format!("This model takes 1 to {MAX_CALLS} calls of texts in a request.");
                Err(GatewayError::new(ErrorKind::InvalidRequest, message).at("input"))
            }
        })
    }

    /// Bytes of the calls beyond the first.
    pub(super) fn more_bytes(&self) -> usize {
        self.rest.iter().map(Bytes::len).sum()
    }

    /// Makes the calls.
    pub(super) async fn ask(&self, attempt: &Try<'_>, reading: &Reading<'_>) -> Result<Success, Failure> {
        let first = [attempt.call.body.clone()];
        let bodies = first.into_iter().chain(self.rest.iter().cloned());
        let (mut answers, mut status) = (Vec::with_capacity(self.rest.len() + 1), 0);
        for body in bodies {
            let by = Instant::now() + attempt.patience;
            let told = one(attempt, reading, body, by.min(reading.deadline)).await;
            let (answered, answer) = told.map_err(|mut failure| {
                // What was answered before was billed.
                if !answers.is_empty() {
                    failure.end.ending = Ending::CutBeforeOutput;
                    if let Ok((_, counts)) = self.joined(&answers, reading) {
                        (failure.end.tokens, failure.end.is_told) = tokens(counts, reading.input_bytes, 0);
                    }
                }
                failure
            })?;
            (status, answers) = (answered, pushed(answers, answer));
        }
        self.answer(&answers, status, reading).map_err(|_| {
            let why = "the provider's answer is not what was asked for";
            Failure::new(AttemptOutcome::ServerError, Ending::Unreadable, why).with_status(status)
        })
    }

    /// The answer of several calls in OpenAI's form, and what they billed.
    fn joined(
        &self,
        answers: &[Bytes],
        reading: &Reading<'_>,
    ) -> Result<(Bytes, Option<TokenCounts>), DecodeError> {
        let answers: Vec<&[u8]> = answers.iter().map(AsRef::as_ref).collect();
        let guess = TokenCounts::estimate(reading.input_bytes, 0).input;
        let told = vendor::to_openai(&answers, reading.answer.model, self.encoding, guess)?;
        let counts = told.tokens.map(|input| TokenCounts {
            input,
            ..TokenCounts::default()
        });
        Ok((told.body.into(), counts))
    }

    fn answer(&self, answers: &[Bytes], status: u16, reading: &Reading<'_>) -> Result<Success, DecodeError> {
        let (body, counts) = self.joined(answers, reading)?;
        let (tokens, is_told) = tokens(counts, reading.input_bytes, 0);
        Ok(Success::Whole {
            body: reading.dressed(body)?,
            losses: LossReport::default(),
            end: AttemptEnd {
                outcome: AttemptOutcome::Served,
                status: Some(status),
                ending: Ending::Answered,
                tokens,
                is_told,
                retry_after: None,
            },
        })
    }
}

fn pushed(mut answers: Vec<Bytes>, answer: Bytes) -> Vec<Bytes> {
    answers.push(answer);
    answers
}

/// One call, and its whole answer.
async fn one(
    attempt: &Try<'_>,
    reading: &Reading<'_>,
    body: Bytes,
    by: Instant,
) -> Result<(u16, Bytes), Failure> {
    let reply = attempt.send(body, by).await?;
    let status = reply.status;
    if !(200..300).contains(&status) {
        return Err(reading.refusing.read(reply).await);
    }
    let body = reading.document(reply.body).await;
    Ok((status, body.map_err(|failure| failure.with_status(status))?))
}
