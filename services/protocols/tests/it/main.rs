//! The dialect readers against recorded provider traffic: what they extract must equal the reading
//! made independently for each recording, however a stream is split or cut. And the hub: what goes
//! through the canonical form comes out the same (`recorded`), loses on its way into another dialect
//! what its loss report says and nothing else (`convert`, by `facts`), holds for made-up values
//! (`roundtrip`), one step away from what was recorded (`neighbors`), under broken streams (`streams`)
//! and hostile input (`fuzz`), keeps the rules of the
//! dialect it is told in (`to_*`), and is the same on the way to a caller (`relay`). `meaning` and
//! `made_up` serve all dialects; `corpus_coverage` sees to it that no recording is forgotten.

#[cfg(test)]
mod chat;
#[cfg(test)]
mod completions;
#[cfg(test)]
mod convert;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod corpus_coverage;
#[cfg(test)]
mod count_tokens;
#[cfg(test)]
mod embeddings;
#[cfg(test)]
mod event_stream;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod gemini;
#[cfg(test)]
mod invoke;
#[cfg(test)]
mod made_up;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod meaning;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod neighbors;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod rerank;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod roundtrip;
#[cfg(test)]
mod streams;
/// What must hold for any input; the fuzz crate builds the same files.
#[cfg(test)]
#[expect(unreachable_pub, reason = "the fuzz crate needs it public")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;
#[cfg(test)]
mod to_gemini;
#[cfg(test)]
mod to_messages;
