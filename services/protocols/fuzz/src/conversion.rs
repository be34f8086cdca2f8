//! From one dialect to another through the canonical form: whatever decodes can be written in every
//! dialect, as a document that the dialect's own decoder takes.

use sluicegate_protocols::target::{AnswerTarget, RequestTarget};
use sluicegate_protocols::{Dialect, dialect};

use super::documents::{DEPTH, request, response};

/// Reads bytes as a request and as an answer of each dialect and writes them in each.
pub fn convert(bytes: &[u8]) {
    for &from in Dialect::ALL {
        if let Some(request) = request(from, bytes) {
            for (to, meaning_only) in Dialect::ALL.iter().flat_map(|to| [(*to, false), (*to, true)]) {
                let target = RequestTarget {
                    meaning_only,
                    ..RequestTarget::default()
                };
                let body = dialect::encode_request(to, &request, &target).body;
                let again = dialect::decode_request(to, &body, DEPTH);
                assert!(
                    again.is_ok(),
                    "{} to {}: {:?}",
                    from.as_str(),
                    to.as_str(),
                    again.err()
                );
            }
        }
        if let Some(response) = response(from, bytes) {
            for &to in Dialect::ALL {
                let target = AnswerTarget {
                    id: "x",
                    model: "m",
                    created: 1,
                    usage: true,
                    meaning_only: true,
                    for_any_client: true,
                    openrouter: false,
                };
                let body = dialect::encode_response(to, &response, &target).body;
                let again = dialect::decode_response(to, &body);
                assert!(
                    again.is_ok(),
                    "{} to {}: {:?}",
                    from.as_str(),
                    to.as_str(),
                    again.err()
                );
            }
        }
    }
}
