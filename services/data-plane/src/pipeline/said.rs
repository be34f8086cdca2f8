//! What a call says of itself besides what it asks: for whom it is, in which session, with which tags. Headers say it, or
//! the gateway's own object in the body, or the fields that other services have for it; in this order the first counts.

use std::borrow::Cow;

use sluicegate_contracts::account::partition_value;
use sluicegate_contracts::usage::Labels;
use sluicegate_protocols::json::{Cursor, Kind};
use sluicegate_protocols::{DecodeError, Dialect};

use super::extension::Extension;
use super::hints::{self, Hints, has_schema, is_schema, string, thinks};
use crate::error::{ErrorKind, GatewayError};
use crate::http::labels::{label, tags};
use crate::http::wishes::{Wishes, amount, milliseconds};

/// Most entries of `metadata` that conditions can read, and the longest value, in bytes: as many as OpenAI takes.
const MAX_METADATA: usize = 16;
const MAX_METADATA_VALUE: usize = 512;

/// What the fields of other services say, in the order in which the first counts.
#[derive(Debug, Default)]
struct Foreign<'b> {
    /// OpenAI's `user` and `safety_identifier`, Anthropic's `metadata.user_id`.
    end_users: [Option<Cow<'b, str>>; 3],
    /// OpenRouter's `session_id`, and the same in `metadata`.
    sessions: [Option<Cow<'b, str>>; 2],
    /// `metadata.tags`.
    tags: Option<Cow<'b, str>>,
    hints: Hints,
}

/// All that a call says: `headers`, completed by the `body` and by our object in it; and what conditions may ask of it.
///
/// # Errors
/// 400 when our own object says what cannot be read.
pub(super) fn labels<'h>(
    headers: &'h Labels,
    extension: &Extension<'_>,
    body: &[u8],
    dialect: Dialect,
    depth: u32,
) -> Result<(Cow<'h, Labels>, Hints), GatewayError> {
    let foreign = foreign(body, dialect, depth)?;
    let mut labels = Cow::Borrowed(headers);
    own(&mut labels, extension)?;
    // Others' fields are not meant for us: what is too long for a label is known by its digest.
    if labels.end_user.is_none()
        && let Some(user) = foreign.end_users.iter().flatten().next()
    {
        labels.to_mut().end_user = Some(partition_value(user).into_owned());
    }
    if labels.session.is_none()
        && let Some(session) = foreign.sessions.iter().flatten().next()
    {
        labels.to_mut().session = Some(partition_value(session).into_owned());
    }
    if labels.tags.is_empty()
        && let Some(listed) = &foreign.tags
        && let Ok(listed) = tags("metadata.tags", listed.as_bytes())
    {
        labels.to_mut().tags = listed;
    }
    Ok((labels, foreign.hints))
}

/// All that a call wants done with it: what the headers say, completed by our object in the body. Of two limits to the same
/// the tighter counts.
///
/// # Errors
/// 400 when a limit cannot be read, or a session that is to cost no more than so much has no name.
pub(super) fn wishes(
    headers: Wishes,
    extension: &Extension<'_>,
    has_session: bool,
) -> Result<Wishes, GatewayError> {
    let money =
        |at, own: &Option<Cow<'_, str>>| own.as_ref().map(|own| amount(at, own.as_bytes())).transpose();
    let session_budget = money("sluicegate.session_budget", &extension.session_budget)?;
    let max_cost = money("sluicegate.max_cost", &extension.max_cost)?;
    let deadline = extension.deadline_ms.as_ref();
    let deadline = deadline
        .map(|own| milliseconds("sluicegate.deadline_ms", own.as_bytes()))
        .transpose()?;
    let wishes = Wishes {
        max_cost: headers.max_cost.into_iter().chain(max_cost).min(),
        deadline: headers.deadline.into_iter().chain(deadline).min(),
        session_budget: headers.session_budget.or(session_budget),
        lower_output_limit: headers.lower_output_limit || extension.lower_output_limit,
        require_parameters: headers.require_parameters || extension.require_parameters,
        dry_run: headers.dry_run || extension.dry_run,
    };
    if wishes.session_budget.is_some() && !has_session {
        let message = "A session is to cost no more than so much, but it has no name. Name it in the header \
                       x-sluicegate-session.";
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).at("x-sluicegate-session"));
    }
    Ok(wishes)
}

/// Reads our own object, where the headers do not say it.
fn own(labels: &mut Cow<'_, Labels>, object: &Extension<'_>) -> Result<(), GatewayError> {
    if let (None, Some(user)) = (&labels.end_user, &object.end_user) {
        labels.to_mut().end_user = Some(label("sluicegate.end_user", user.as_bytes())?);
    }
    if let (None, Some(session)) = (&labels.session, &object.session) {
        labels.to_mut().session = Some(label("sluicegate.session", session.as_bytes())?);
    }
    if let (true, Some(listed)) = (labels.tags.is_empty(), &object.tags) {
        labels.to_mut().tags = tags("sluicegate.tags", listed.as_bytes())?;
    }
    Ok(())
}

fn foreign<'b>(body: &'b [u8], dialect: Dialect, depth: u32) -> Result<Foreign<'b>, DecodeError> {
    let mut found = Foreign::default();
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::AnthropicMessages => {}
        // It has no such fields, but asks in its own way.
        Dialect::Gemini => {
            found.hints = hints::of_gemini(body, depth)?;
            return Ok(found);
        }
        Dialect::BedrockConverse | Dialect::CohereChat => return Ok(found),
    }
    let (mut json_schema, mut reasoning) = (false, false);
    let mut cursor = Cursor::new(body, depth)?;
    cursor.object(|c, key| {
        match key.decode().as_ref() {
            "response_format" | "output_format" => json_schema |= is_schema(c)?,
            "text" | "output_config" => json_schema |= has_schema(c)?,
            "reasoning_effort" => reasoning |= string(c)?.is_some_and(|effort| effort != "none"),
            "reasoning" | "thinking" => reasoning |= thinks(c)?,
            "user" => found.end_users[0] = string(c)?,
            "safety_identifier" => found.end_users[1] = string(c)?,
            "session_id" => found.sessions[0] = string(c)?,
            "metadata" if c.peek()? == Kind::Object => {
                c.object(|c, key| {
                    let (name, value) = (key.decode(), string(c)?);
                    let metadata = &mut found.hints.metadata;
                    if metadata.len() < MAX_METADATA
                        && let Some(value) = value.as_deref().filter(|it| it.len() <= MAX_METADATA_VALUE)
                    {
                        metadata.push((name.clone().into_owned(), value.to_owned()));
                    }
                    match name.as_ref() {
                        "user_id" => found.end_users[2] = value,
                        "session_id" => found.sessions[1] = value,
                        "tags" => found.tags = value,
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    found.hints.json_schema = Some(json_schema);
    found.hints.reasoning = Some(reasoning);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sluicegate_contracts::money::NanoUsd;

    use super::*;

    fn said(dialect: Dialect, headers: &Labels, body: &str) -> Labels {
        let extension = serde_json::from_str::<serde_json::Value>(body).unwrap();
        let extension = extension.get("sluicegate").map(ToString::to_string);
        let extension = Extension::read(extension.as_deref()).unwrap();
        let (labels, _) = labels(headers, &extension, body.as_bytes(), dialect, 64).unwrap();
        labels.into_owned()
    }

    #[test]
    fn each_service_has_fields_of_its_own() {
        for (dialect, body, user, session) in [
            (Dialect::OpenAiChat, r#"{"user":"ann"}"#, Some("ann"), None),
            (
                Dialect::OpenAiResponses,
                r#"{"safety_identifier":"ann","session_id":"s"}"#,
                Some("ann"),
                Some("s"),
            ),
            (
                Dialect::AnthropicMessages,
                r#"{"metadata":{"user_id":"ann","session_id":"s"}}"#,
                Some("ann"),
                Some("s"),
            ),
            (Dialect::Gemini, r#"{"user":"ann"}"#, None, None),
            (Dialect::OpenAiChat, r#"{"user":" ","metadata":null}"#, None, None),
            (
                Dialect::OpenAiChat,
                r#"{"user":7,"safety_identifier":"ann"}"#,
                Some("ann"),
                None,
            ),
        ] {
            let said = said(dialect, &Labels::default(), body);
            assert_eq!(
                (said.end_user.as_deref(), said.session.as_deref()),
                (user, session),
                "{body}"
            );
        }
    }

    #[test]
    fn headers_go_before_our_object_and_that_before_others_fields() {
        let body = r#"{"user":"c","session_id":"c","metadata":{"tags":"c"},
            "sluicegate":{"end_user":"b","session":"b","tags":"b,a"}}"#;
        let headers = Labels {
            end_user: Some("a".to_owned()),
            ..Labels::default()
        };
        let said = said(Dialect::OpenAiChat, &headers, body);
        assert_eq!(
            (said.end_user.as_deref(), said.session.as_deref()),
            (Some("a"), Some("b"))
        );
        assert_eq!(said.tags, ["a", "b"]);
    }

    #[test]
    fn what_is_too_long_for_a_label_is_known_by_its_digest() {
        let long = "x".repeat(200);
        let said = |user: &str| {
            let body = format!(r#"{{"metadata":{{"user_id":"{user}"}}}}"#);
            said(Dialect::AnthropicMessages, &Labels::default(), &body)
                .end_user
                .unwrap()
        };
        assert!(said(&long).starts_with("sha256:") && said(&long).len() == 71);
        assert_ne!(said(&long), said(&format!("{long}y")));
    }

    #[test]
    fn the_tighter_of_two_limits_counts_wherever_it_stands() {
        let headers = Wishes {
            max_cost: Some(NanoUsd::from_nanos(20)),
            deadline: Some(Duration::from_millis(20)),
            ..Wishes::default()
        };
        let read = |object: &str| {
            let wishes = wishes(headers, &Extension::read(Some(object)).unwrap(), false).unwrap();
            (
                wishes.max_cost.unwrap().nanos(),
                wishes.deadline.unwrap().as_millis(),
            )
        };
        assert_eq!(read("{}"), (20, 20));
        assert_eq!(read(r#"{"max_cost":"0.00000001","deadline_ms":10}"#), (10, 10));
        assert_eq!(read(r#"{"max_cost":1,"deadline_ms":1000}"#), (20, 20));
    }

    #[test]
    fn what_a_session_may_cost_stands_in_our_object_too() {
        let read = |extension, has_session| {
            let extension = Extension::read(Some(extension)).unwrap();
            let wishes = wishes(Wishes::default(), &extension, has_session);
            wishes
                .map_err(|error| error.param)
                .map(|wishes| wishes.session_budget.map(|cap| cap.nanos()))
        };
        assert_eq!(read(r#"{"session_budget":0.5}"#, true), Ok(Some(500_000_000)));
        let refused = |at: &str| Err(Some(at.to_owned()));
        assert_eq!(
            read(r#"{"session_budget":"0.5"}"#, false),
            refused("x-sluicegate-session")
        );
        assert_eq!(
            read(r#"{"session_budget":"much"}"#, true),
            refused("sluicegate.session_budget")
        );
    }
}
