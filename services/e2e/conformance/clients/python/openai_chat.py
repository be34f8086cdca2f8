"""OpenAI's Python SDK, Chat Completions and embeddings."""

import base64
import json

import harness
import openai
import pydantic
from harness import expect, holds


class Person(pydantic.BaseModel):
    name: str
    age: int


def user(content):
    return {"role": "user", "content": content}


def tools():
    return [
        {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}
        for name, (description, parameters) in harness.TOOLS.items()
    ]


def parsed(calls):
    return [(call.function.name, json.loads(call.function.arguments)) for call in calls], [call.id for call in calls]


class Driver:
    PACKAGE = "openai"
    LACKS = {"count_tokens": "the API has no such call"}

    def __init__(self, job):
        self.job = job
        self.client = self.connect(job["key"])

    def connect(self, key):
        return openai.OpenAI(base_url=self.job["url"] + "/v1", api_key=key, max_retries=0, timeout=20)

    def create(self, cell, content, **more):
        return self.client.chat.completions.create(model=cell.model, messages=[user(content)], **more)

    def plain(self, cell):
        answer = self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"))
        cell.expect_text(answer.choices[0].message.content)
        expect("finish reason", answer.choices[0].finish_reason, "stop")
        holds(f"request id {answer._request_id}", answer._request_id.startswith("req_"))
        messages = [{"role": "system", "content": harness.SYSTEM}, user(cell.prompt("[[repeat=system]]"))]
        answer = self.client.chat.completions.create(model=cell.model, messages=messages)
        cell.expect_text(answer.choices[0].message.content, harness.SYSTEM)

    def stream(self, cell):
        chunks = list(self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"), stream=True))
        choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
        cell.expect_stream([choice.delta.content for choice in choices if choice.delta.content])
        expect("finish reasons", [it.finish_reason for it in choices if it.finish_reason], ["stop"])

    def parallel_tools(self, cell):
        answer = self.create(cell, cell.prompt("[[call=2]]"), tools=tools())
        cell.expect_calls(*parsed(answer.choices[0].message.tool_calls))
        expect("finish reason", answer.choices[0].finish_reason, "tool_calls")
        messages = [user(cell.prompt("[[call=2]]"))]
        with self.client.chat.completions.stream(model=cell.model, messages=messages, tools=tools()) as stream:
            choice = stream.get_final_completion().choices[0]
        cell.expect_calls(*parsed(choice.message.tool_calls))
        expect("finish reason of the stream", choice.finish_reason, "tool_calls")

    def tool_result_turn(self, cell):
        first = self.create(cell, cell.prompt("[[call=2]]"), tools=tools()).choices[0].message
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": text}
            for call, text in zip(first.tool_calls, harness.RESULTS)
        ]
        messages = [user(cell.prompt("[[call=2]]")), first, *results]
        answer = self.client.chat.completions.create(model=cell.model, messages=messages, tools=tools())
        cell.expect_results(answer.choices[0].message.content)

    def structured_output(self, cell):
        messages = [user(cell.prompt("Who?"))]
        answer = self.client.chat.completions.parse(model=cell.model, messages=messages, response_format=Person)
        expect("parsed", answer.choices[0].message.parsed.model_dump(), harness.PERSON_VALUE)

    def image_input(self, cell):
        data = base64.b64encode(harness.png()).decode()
        parts = [
            {"type": "text", "text": cell.prompt("[[repeat=images]]")},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        ]
        answer = self.create(cell, parts)
        cell.expect_text(answer.choices[0].message.content, harness.picture_as_told(data))

    def reasoning(self, cell):
        prompt = cell.prompt(f"[[say={harness.SAY}]]")
        answer = self.create(cell, prompt, reasoning_effort="low")
        message = answer.choices[0].message
        cell.expect_text(message.content)
        expect("reasoning", getattr(message, cell.reasoning_member, None), harness.REASONING)
        details = answer.usage.completion_tokens_details
        cell.expect_reasoning_tokens(details and details.reasoning_tokens)
        chunks = self.create(cell, prompt, reasoning_effort="low", stream=True)
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        thought = "".join(getattr(delta, cell.reasoning_member, None) or "" for delta in deltas)
        expect("reasoning of the stream", thought, harness.REASONING)
        cell.expect_stream([delta.content for delta in deltas if delta.content])

    def embeddings(self, cell):
        answer = self.client.embeddings.create(model=cell.embedding_model, input=["one", "two"], dimensions=16)
        cell.expect_vectors([item.embedding for item in answer.data], 2, 16)
        holds("no usage", answer.usage.prompt_tokens > 0)

    def list_models(self, cell):
        holds("the model is not listed", cell.model in {model.id for model in self.client.models.list()})
        expect("the model by name", self.client.models.retrieve(cell.model).id, cell.model)

    def bad_key(self, cell):
        with cell.raises(openai.AuthenticationError, status_code=401, code="invalid_api_key"):
            self.connect(harness.BAD_KEY).chat.completions.create(model=cell.model, messages=[user("x")])

    def bad_request(self, cell):
        with cell.raises(openai.BadRequestError, status_code=400, param="messages"):
            self.client.chat.completions.create(model=cell.model, messages="text")

    def not_found(self, cell):
        with cell.raises(openai.NotFoundError, status_code=404, code="model_not_found"):
            self.client.chat.completions.create(model=harness.NO_SUCH_MODEL, messages=[user("x")])

    def rate_limited(self, cell):
        with cell.raises(openai.RateLimitError, status_code=429):
            self.create(cell, cell.prompt("[[fail=429]]"))

    def overloaded(self, cell):
        with cell.raises(openai.InternalServerError, status_code=harness.OVERLOADED):
            self.create(cell, cell.prompt("[[fail=503]]"))

    def context_length(self, cell):
        named = {"code": "context_length_exceeded"} if cell.names_errors else {}
        with cell.raises(openai.BadRequestError, status_code=400, **named):
            self.create(cell, cell.prompt("[[fail=context]]"))

    def cancel(self, cell):
        stream = self.create(cell, cell.prompt("[[drip]]"), stream=True)
        for chunk in stream:
            if chunk.choices and "drop 2" in (chunk.choices[0].delta.content or ""):
                break
        stream.close()
        cell.expect_left()

    def usage(self, cell):
        prompt = cell.prompt("[[say=one two three]]")
        told = [self.create(cell, prompt).usage]
        stream = self.create(cell, prompt, stream=True, stream_options={"include_usage": True})
        # Some servers tell it in every chunk, as far as it has come.
        told += [chunk.usage for chunk in stream if chunk.usage][-1:]
        cell.expect_usage([(usage.prompt_tokens, usage.completion_tokens) for usage in told])


if __name__ == "__main__":
    harness.run(Driver)
