//! Reads what a chat completions request asks for. Lenient where OpenAI is; the one refusal is
//! OpenAI's own: results of tools have to belong to the calls before them.

use serde_json::Value;

use super::{Asked, Broken, Image, Tool, ToolChoice, append};

/// Reads `body`.
pub(crate) fn read(body: &[u8]) -> Result<Asked, Broken> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let messages = array(&request["messages"]);
    let mut asked = Asked {
        tools: tools(&request),
        choice: choice(&request["tool_choice"]),
        one_call: request["parallel_tool_calls"] == false,
        results: results(messages)?,
        schema: schema(&request["response_format"]),
        reasoning: wants_reasoning(&request),
        ..Asked::default()
    };
    for message in messages {
        match message["role"].as_str() {
            Some("system" | "developer") => append(&mut asked.system, &text(&message["content"])),
            Some("user") => {
                let prompt = text(&message["content"]);
                if !prompt.is_empty() {
                    asked.prompt = prompt;
                    asked.images = array(&message["content"]).iter().filter_map(image).collect();
                }
            }
            _ => {}
        }
    }
    Ok(asked)
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text of a string or of a list of parts.
fn text(content: &Value) -> String {
    let mut found = content.as_str().unwrap_or_default().to_owned();
    for part in array(content) {
        append(&mut found, part["text"].as_str().unwrap_or_default());
    }
    found
}

fn image(part: &Value) -> Option<Image> {
    let url = part["image_url"]["url"].as_str()?;
    let inline = url
        .strip_prefix("data:")
        .and_then(|data| data.split_once(";base64,"));
    Some(match inline {
        Some((media_type, base64)) => Image::inline(media_type, base64),
        None => Image::remote(url),
    })
}

fn tools(request: &Value) -> Vec<Tool> {
    let functions = array(&request["tools"])
        .iter()
        .map(|tool| &tool["function"])
        .chain(array(&request["functions"]));
    let tool = |function: &Value| {
        Some(Tool {
            name: function["name"].as_str()?.to_owned(),
            parameters: function["parameters"].clone(),
        })
    };
    functions.filter_map(tool).collect()
}

fn choice(choice: &Value) -> ToolChoice {
    match (choice.as_str(), choice["function"]["name"].as_str()) {
        (_, Some(name)) => ToolChoice::Named(name.to_owned()),
        (Some("none"), None) => ToolChoice::None,
        (Some("required"), None) => ToolChoice::Required,
        (_, None) => ToolChoice::Auto,
    }
}

fn schema(format: &Value) -> Option<Value> {
    match format["type"].as_str() {
        Some("json_schema") => Some(format["json_schema"]["schema"].clone()),
        Some("json_object") => Some(serde_json::json!({"type": "object", "required": ["answer"]})),
        _ => None,
    }
}

/// OpenAI's own field, OpenRouter's, and the one of servers that know a thinking mode.
fn wants_reasoning(request: &Value) -> bool {
    let effort = [&request["reasoning_effort"], &request["reasoning"]["effort"]];
    effort
        .iter()
        .any(|it| it.as_str().is_some_and(|word| word != "none"))
        || request["reasoning"]["enabled"] == true
        || request["reasoning"]["max_tokens"].is_u64()
        || request["thinking"]["type"] == "enabled"
}

/// The tool results that end the conversation, each of which has to belong to a call. Instructions may follow them.
fn results(messages: &[Value]) -> Result<Vec<String>, Broken> {
    let is_result = |message: &Value| message["role"] == "tool";
    let instructs = |message: &Value| message["role"] == "system" || message["role"] == "developer";
    let spoken = messages.iter().rposition(|message| !instructs(message));
    let messages = messages.get(..spoken.map_or(0, |at| at + 1)).unwrap_or_default();
    let count = messages
        .iter()
        .rev()
        .take_while(|message| is_result(message))
        .count();
    let (before, results) = messages.split_at(messages.len() - count);
    let Some(turn) = before.last().filter(|last| last["role"] == "assistant") else {
        return if count == 0 {
            Ok(Vec::new())
        } else {
            Err(Broken::OrphanResult)
        };
    };
    let called: Vec<&Value> = array(&turn["tool_calls"])
        .iter()
        .map(|call| &call["id"])
        .collect();
    if results
        .iter()
        .any(|result| !called.contains(&&result["tool_call_id"]))
    {
        return Err(Broken::OrphanResult);
    }
    if called
        .iter()
        .any(|id| !results.iter().any(|result| result["tool_call_id"] == **id))
    {
        return Err(Broken::UnansweredCall);
    }
    Ok(results.iter().map(|result| text(&result["content"])).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(request: &Value) -> Asked {
        read(request.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_last_message_of_the_user_is_the_prompt() {
        let found = asked(&json!({"messages": [
            {"role": "system", "content": "Be kind."}, {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {"role": "user", "content": "first"}, {"role": "assistant", "content": "yes"},
            {"role": "user", "content": [
                {"type": "text", "text": "second"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]}));
        assert_eq!(
            (found.system.as_str(), found.prompt.as_str()),
            ("Be kind.\nBe brief.", "second")
        );
        let images: Vec<_> = found.images.iter().map(Image::as_str).collect();
        assert_eq!(
            images,
            ["image/png 8943628b9f33b719", "https://example.com/a.png"]
        );
        assert_eq!(
            (found.choice, found.reasoning, found.schema),
            (ToolChoice::Auto, false, None)
        );
    }

    #[test]
    fn tools_formats_and_reasoning_are_found() {
        let found = asked(&json!({
            "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
            "tool_choice": {"type": "function", "function": {"name": "weather"}}, "parallel_tool_calls": false,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "array"}}},
            "reasoning_effort": "low", "messages": []}));
        assert_eq!(found.tools[0].parameters, json!({"type": "object"}));
        assert_eq!(found.choice, ToolChoice::Named("weather".into()));
        assert!(found.one_call && found.reasoning);
        assert_eq!(found.schema, Some(json!({"type": "array"})));
    }

    #[test]
    fn results_have_to_belong_to_calls() {
        let conversation = |ids: &[&str]| {
            let mut messages = vec![
                json!({"role": "user", "content": "go"}),
                json!({"role": "assistant", "tool_calls": [{"id": "a"}, {"id": "b"}]}),
            ];
            messages.extend(
                ids.iter()
                    .map(|id| json!({"role": "tool", "tool_call_id": id, "content": format!("of {id}")})),
            );
            read(json!({ "messages": messages }).to_string().as_bytes()).map(|found| found.results)
        };
        let told = json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]},
            {"role": "tool", "tool_call_id": "a", "content": "x"}, {"role": "system", "content": "Be brief."}]});
        assert_eq!(read(told.to_string().as_bytes()).unwrap().results, ["x"]);
        assert_eq!(conversation(&["a", "b"]), Ok(vec!["of a".into(), "of b".into()]));
        assert_eq!(conversation(&["a", "c"]), Err(Broken::OrphanResult));
        assert_eq!(conversation(&["a"]), Err(Broken::UnansweredCall));
        let orphan = json!({"messages": [{"role": "tool", "tool_call_id": "a", "content": "x"}]});
        assert_eq!(read(orphan.to_string().as_bytes()), Err(Broken::OrphanResult));
    }
}
