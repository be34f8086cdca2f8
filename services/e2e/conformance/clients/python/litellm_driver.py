"""What the LiteLLM drivers share: one call, the dialect chosen by the prefix of the model's name."""

import base64
import json

import harness
import litellm
import pydantic
from harness import expect, holds


class Person(pydantic.BaseModel):
    name: str
    age: int


def tools():
    return [
        {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}
        for name, (description, parameters) in harness.TOOLS.items()
    ]


def parsed(message):
    calls = message.tool_calls or []
    return [(call.function.name, json.loads(call.function.arguments)) for call in calls], [call.id for call in calls]


class Driver:
    """A subclass names the dialect."""

    PACKAGE = "litellm"
    LACKS = {"list_models": "the client has no such call", "count_tokens": "the client counts by itself"}
    PREFIX = ""
    PATH = ""

    def __init__(self, job):
        self.job = job

    def create(self, cell, content, key=None, model=None, **more):
        turns = content if isinstance(content, list) else [{"role": "user", "content": content}]
        return litellm.completion(
            model=f"{self.PREFIX}/{model or cell.model}",
            messages=turns,
            api_key=key or self.job["key"],
            api_base=self.job["url"] + self.PATH,
            num_retries=0,
            max_retries=0,
            timeout=20,
            **more,
        )

    def whole(self, stream):
        chunks = list(stream)
        return litellm.stream_chunk_builder(chunks).choices[0].message

    def plain(self, cell):
        answer = self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"))
        cell.expect_text(answer.choices[0].message.content)
        expect("finish reason", answer.choices[0].finish_reason, "stop")
        turns = [
            {"role": "system", "content": harness.SYSTEM},
            {"role": "user", "content": cell.prompt("[[repeat=system]]")},
        ]
        cell.expect_text(self.create(cell, turns).choices[0].message.content, harness.SYSTEM)

    def stream(self, cell):
        chunks = list(self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"), stream=True))
        cell.expect_stream([it.choices[0].delta.content for it in chunks if it.choices[0].delta.content])

    def parallel_tools(self, cell):
        prompt = cell.prompt("[[call=2]]")
        cell.expect_calls(*parsed(self.create(cell, prompt, tools=tools()).choices[0].message))
        cell.expect_calls(*parsed(self.whole(self.create(cell, prompt, tools=tools(), stream=True))))

    def tool_result_turn(self, cell):
        prompt = cell.prompt("[[call=2]]")
        first = self.create(cell, prompt, tools=tools()).choices[0].message
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": words}
            for call, words in zip(first.tool_calls, harness.RESULTS)
        ]
        turns = [{"role": "user", "content": prompt}, first.model_dump(), *results]
        cell.expect_results(self.create(cell, turns, tools=tools()).choices[0].message.content)

    def structured_output(self, cell):
        answer = self.create(cell, cell.prompt("Who?"), response_format=Person)
        expect("content", json.loads(answer.choices[0].message.content), harness.PERSON_VALUE)

    def image_input(self, cell):
        data = base64.b64encode(harness.png()).decode()
        parts = [
            {"type": "text", "text": cell.prompt("[[repeat=images]]")},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        ]
        answer = self.create(cell, [{"role": "user", "content": parts}])
        cell.expect_text(answer.choices[0].message.content, harness.picture_as_told(data))

    REASONING = {"reasoning_effort": "low"}

    def reasoning(self, cell):
        prompt = cell.prompt(f"[[say={harness.SAY}]]")
        message = self.create(cell, prompt, **self.REASONING).choices[0].message
        cell.expect_text(message.content)
        expect("reasoning", getattr(message, "reasoning_content", None), harness.REASONING)
        message = self.whole(self.create(cell, prompt, stream=True, **self.REASONING))
        expect("reasoning of the stream", getattr(message, "reasoning_content", None), harness.REASONING)

    def bad_key(self, cell):
        with cell.raises(litellm.AuthenticationError):
            self.create(cell, "x", key=harness.BAD_KEY)

    def bad_request(self, cell):
        with cell.raises(litellm.BadRequestError):
            self.create(cell, "x", extra_body={"messages": "text"})

    def not_found(self, cell):
        with cell.raises(litellm.NotFoundError):
            self.create(cell, "x", model=harness.NO_SUCH_MODEL)

    def rate_limited(self, cell):
        with cell.raises(litellm.RateLimitError):
            self.create(cell, cell.prompt("[[fail=429]]"))

    def overloaded(self, cell):
        with cell.raises((litellm.ServiceUnavailableError, litellm.InternalServerError)):
            self.create(cell, cell.prompt("[[fail=503]]"))
        # The client raises the same for a server that is not there.
        expect("outcomes at the provider", [entry["outcome"] for entry in cell.entries()], ["refused"])

    def context_length(self, cell):
        with cell.raises(litellm.ContextWindowExceededError):
            self.create(cell, cell.prompt("[[fail=context]]"))

    def cancel(self, cell):
        stream = self.create(cell, cell.prompt("[[drip]]"), stream=True)
        for chunk in stream:
            if "drop 2" in (chunk.choices[0].delta.content or ""):
                break
        self.leave(stream)
        cell.expect_left()

    def leave(self, stream):
        stream.completion_stream.close()

    def usage(self, cell):
        prompt = cell.prompt("[[say=one two three]]")
        told = [self.create(cell, prompt).usage]
        chunks = list(self.create(cell, prompt, stream=True, stream_options={"include_usage": True}))
        told += [chunk.usage for chunk in chunks if getattr(chunk, "usage", None)]
        holds("usage came more than once", len(told) == 2)
        cell.expect_usage([(usage.prompt_tokens, usage.completion_tokens) for usage in told])
