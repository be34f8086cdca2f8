"""The official Python SDK as an application uses it, against the endpoint in OPENAI_BASE_URL. Called by sdk.rs.

check.py CHAT_MODEL EMBEDDING_MODEL     prints one line per proof; fails at the first that does not hold
"""

import sys

import openai

MESSAGES = [{"role": "user", "content": "hello there"}]
ECHO = "sluicegate/echo"
# What the echo does by suffix, and the exception an application is told to catch.
REFUSALS = {
    ":400": openai.BadRequestError,
    ":404": openai.NotFoundError,
    ":429": openai.RateLimitError,
    ":503": openai.InternalServerError,
}


def prove(title, holds):
    if not holds:
        sys.exit(f"python: {title}: does not hold")
    print(f"python: {title}")


def raised(call):
    try:
        call()
    except openai.APIError as error:
        return error
    return None


def completes(client, model):
    answer = client.chat.completions.create(model=model, messages=MESSAGES)
    prove(f"{model} completes", answer.choices[0].message.content and answer.choices[0].finish_reason == "stop")
    prove(f"{model} tells usage", answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0)
    prove(f"{model} has a request id", answer._request_id.startswith("req_"))


def streams(client, model):
    stream = client.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    prove(f"{model} streams in parts", text and len(chunks) > 3)
    prove(f"{model} ends its stream with usage", chunks[-1].usage.completion_tokens > 0)
    prove(f"{model} says what the stream cost", (chunks[-1].usage.cost > 0) == (model != ECHO))


def embeds(client, model):
    answer = client.embeddings.create(model=model, input=["one", "two"])
    prove(f"{model} embeds", len(answer.data) == 2 and all(isinstance(it, float) for it in answer.data[1].embedding))


def refuses(client):
    for suffix, kind in REFUSALS.items():
        error = raised(lambda suffix=suffix: client.chat.completions.create(model=ECHO + suffix, messages=MESSAGES))
        prove(f"{ECHO}{suffix} raises {kind.__name__}", isinstance(error, kind))
    error = raised(lambda: client.chat.completions.create(model="no/such-model", messages=MESSAGES))
    prove("an unknown model raises NotFoundError", isinstance(error, openai.NotFoundError))
    error = raised(lambda: client.chat.completions.create(model=ECHO, messages="text"))
    prove("a malformed request raises BadRequestError", isinstance(error, openai.BadRequestError))
    stranger = client.with_options(api_key="sk-sg-unknown")
    error = raised(lambda: stranger.chat.completions.create(model=ECHO, messages=MESSAGES))
    prove("an unknown key raises AuthenticationError", isinstance(error, openai.AuthenticationError))
    prove("the error has a message, a code and a request id", error.message and error.code and error.request_id)


def main(chat, embedding):
    client = openai.OpenAI(max_retries=0, timeout=20)
    listed = {model.id for model in client.models.list()}
    prove("models are listed", {ECHO, f"openai/{chat}"} <= listed)
    for model in (ECHO, chat, f"openai/{chat}"):
        completes(client, model)
        streams(client, model)
    for model in (ECHO, embedding):
        embeds(client, model)
    refuses(client)


if __name__ == "__main__":
    main(*sys.argv[1:])
