//! In which language the user of a request writes, by what they say last. Asked only where a condition of the route asks; the
//! text goes nowhere.

use sluicegate_contracts::config::Operation;
use sluicegate_protocols::user_text;
use sluicegate_routing::rules::language::detected;

use super::stage::Inspected;

/// Bytes of the text that are looked at: more would say the same.
const MOST: usize = 2 * 1024;

/// The language, as conditions name it; empty where it cannot be told, or is not sure.
pub(super) fn of(request: &Inspected<'_>, depth: u32) -> &'static str {
    match request.features.operation {
        Operation::ChatCompletions => {}
        Operation::Embeddings | Operation::Rerank => return "",
    }
    let dialect = request.caller.received.api.body_dialect();
    // The body was read before: what cannot be read now is of no language.
    let said = user_text::last(request.body, dialect, depth, MOST).unwrap_or_default();
    detected(&said)
}
