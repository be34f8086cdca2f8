//! One upstream try, as the record has it, against the provider's entry for it and what its caller saw.
//!
//! What a cost must be depends on what the record says it rests on:
//! - `reported`: the bill, to the nano-dollar, and the tokens on it.
//! - `not_billed`: nothing, and the provider refused.
//! - `estimated`: the price of the tokens stated, which are a quarter of the bytes of the prompt and of what was
//!   streamed. That is at least what the caller got and at most what the provider sent; where the caller stayed until
//!   the gateway told it that the provider broke off, both are the same.
//! - `uncertain`: at least the bill, and at most what the call could have cost at all. Never where text had come.

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{AttemptOutcome, AttemptRecord, Evidence};
use sluicegate_mock_provider::{Entry, Fault, Outcome};

use crate::harness::inference::{Call, Seen};
use crate::harness::mock::list_entry;

/// Tokens that a provider may put around a prompt, beyond one for each byte of the request.
const TEMPLATE_TOKENS: u64 = 64;
/// The longest word of the mock provider, with the space before it.
const LONGEST_WORD: u64 = 8;
/// Bytes of text that an estimate takes for a token.
const BYTES_PER_TOKEN: u64 = 4;

/// What is wrong about an attempt; `entry` is the provider's word on it, when the call reached the provider.
pub(super) fn wrong(attempt: &AttemptRecord, entry: Option<&Entry>, call: &Call) -> Option<String> {
    let Some(entry) = entry else {
        return (attempt.outcome != AttemptOutcome::ClientGone)
            .then(|| "the provider has not heard of it".to_owned());
    };
    if !agree(attempt, entry) {
        return Some(format!("the provider calls it {:?}", entry.outcome));
    }
    let cost = attempt.cost.and_then(|cost| u64::try_from(cost.nanos()).ok());
    let Some(cost) = cost else {
        return Some("its cost is not known".to_owned());
    };
    let billed = entry.cost_nano_usd;
    let tokens = (attempt.tokens.input, attempt.tokens.output);
    match attempt.evidence {
        Evidence::NotBilled if cost == 0 && entry.outcome == Outcome::Refused => None,
        Evidence::Reported if cost == billed && tokens == (entry.input_tokens, entry.output_tokens) => None,
        Evidence::Estimated => wrong_estimate(attempt, cost, entry, call),
        Evidence::Uncertain if (billed..=bound(call)).contains(&cost) => None,
        Evidence::NotBilled | Evidence::Reported | Evidence::Uncertain => {
            Some(format!("it was billed {billed} of at most {}", bound(call)))
        }
    }
}

/// Whether the gateway and the provider tell the same story of how an attempt ended.
fn agree(attempt: &AttemptRecord, entry: &Entry) -> bool {
    let refused = |code| {
        entry.outcome == Outcome::Refused
            && attempt.status == Some(code)
            && matches!(entry.fault, Some(Fault::Status { code: scripted, .. }) if scripted == code)
    };
    match attempt.outcome {
        AttemptOutcome::Served => entry.outcome == Outcome::Completed,
        AttemptOutcome::RateLimited => refused(429),
        AttemptOutcome::ServerError => refused(500) || entry.outcome == Outcome::Failed,
        AttemptOutcome::Cut => entry.outcome == Outcome::Cut,
        AttemptOutcome::TimedOut => {
            entry.outcome == Outcome::ClientLeft && matches!(entry.fault, Some(Fault::Stall { .. }))
        }
        // Both may have been called off after the provider was through with them.
        AttemptOutcome::ClientGone | AttemptOutcome::Superseded => true,
        AttemptOutcome::BadRequest
        | AttemptOutcome::CredentialRefused
        | AttemptOutcome::QuotaExhausted
        | AttemptOutcome::Unreachable
        | AttemptOutcome::Stopped
        | AttemptOutcome::Interrupted => false,
    }
}

fn wrong_estimate(attempt: &AttemptRecord, cost: u64, entry: &Entry, call: &Call) -> Option<String> {
    let (sent, got) = (entry.output_tokens, call.words() as u64);
    let text = call.text.len() as u64;
    let unseen = sent.checked_sub(got);
    let told_of_the_end = matches!(call.seen, Seen::ErrorEvent(_));
    let Some(unseen) = unseen.filter(|unseen| !told_of_the_end || *unseen == 0) else {
        return Some(format!("the provider sent {sent} words, its caller has {got}"));
    };
    let input = call.asked.prompt_bytes.div_ceil(BYTES_PER_TOKEN);
    let least = text.div_ceil(BYTES_PER_TOKEN);
    let most = (text + unseen * LONGEST_WORD).div_ceil(BYTES_PER_TOKEN);
    let price = list_entry(&call.asked.model).price;
    let stated = price.cost_nano_usd(attempt.tokens.input, 0, attempt.tokens.output);
    let right =
        attempt.tokens.input == input && (least..=most).contains(&attempt.tokens.output) && cost == stated;
    (!right).then(|| {
        format!("an estimate is {input} and {least} to {most} tokens, and the price of those it states")
    })
}

/// The most a call can cost: a token for each byte, and an answer as long as the model can make it.
pub(super) fn bound(call: &Call) -> u64 {
    let listed = list_entry(&call.asked.model);
    let input = call.asked.body_bytes + TEMPLATE_TOKENS;
    listed.price.cost_nano_usd(input, 0, listed.max_output)
}

/// The sum over attempts; `None` when one has no cost.
pub(super) fn total(attempts: &[AttemptRecord]) -> Option<i64> {
    attempts
        .iter()
        .map(|attempt| attempt.cost.map(NanoUsd::nanos))
        .sum()
}

/// What a sum over attempts rests on: the weakest evidence among them, in the words of the row.
pub(super) fn weakest(attempts: &[AttemptRecord]) -> &'static str {
    match attempts.iter().map(|attempt| attempt.evidence).max() {
        None | Some(Evidence::NotBilled) => "none",
        Some(Evidence::Reported) => "reported",
        Some(Evidence::Estimated) => "estimated",
        Some(Evidence::Uncertain) => "uncertain",
    }
}
