"""Anthropic's Python SDK, Messages."""

import base64

import anthropic
import harness
import pydantic
from harness import expect, holds


class Person(pydantic.BaseModel):
    name: str
    age: int


def tools():
    return [
        {"name": name, "description": description, "input_schema": schema}
        for name, (description, schema) in harness.TOOLS.items()
    ]


def text(message):
    return "".join(block.text for block in message.content if block.type == "text")


def thinking(message):
    return "".join(block.thinking for block in message.content if block.type == "thinking")


def calls(message):
    return [block for block in message.content if block.type == "tool_use"]


def parsed(message):
    return [(call.name, call.input) for call in calls(message)], [call.id for call in calls(message)]


class Driver:
    PACKAGE = "anthropic"
    LACKS = {"embeddings": "the API has no embeddings"}
    THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4096}

    def __init__(self, job):
        self.job = job
        self.client = self.connect(job["key"])

    def connect(self, key):
        return anthropic.Anthropic(base_url=self.job["url"], api_key=key, max_retries=0, timeout=20)

    def request(self, cell, content, **more):
        turns = content if isinstance(content, list) else [{"role": "user", "content": content}]
        return {"model": cell.model, "max_tokens": 1024, "messages": turns, **more}

    def create(self, cell, content, **more):
        return self.client.messages.create(**self.request(cell, content, **more))

    def plain(self, cell):
        answer = self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"))
        cell.expect_text(text(answer))
        expect("stop reason", answer.stop_reason, "end_turn")
        answer = self.create(cell, cell.prompt("[[repeat=system]]"), system=harness.SYSTEM)
        cell.expect_text(text(answer), harness.SYSTEM)

    def stream(self, cell):
        with self.client.messages.stream(**self.request(cell, cell.prompt(f"[[say={harness.SAY}]]"))) as stream:
            pieces = list(stream.text_stream)
            message = stream.get_final_message()
        cell.expect_stream(pieces)
        cell.expect_text(text(message))
        expect("stop reason", message.stop_reason, "end_turn")

    def parallel_tools(self, cell):
        prompt = cell.prompt("[[call=2]]")
        answer = self.create(cell, prompt, tools=tools())
        cell.expect_calls(*parsed(answer))
        expect("stop reason", answer.stop_reason, "tool_use")
        with self.client.messages.stream(**self.request(cell, prompt, tools=tools())) as stream:
            message = stream.get_final_message()
        cell.expect_calls(*parsed(message))
        expect("stop reason of the stream", message.stop_reason, "tool_use")

    def tool_result_turn(self, cell):
        prompt = cell.prompt("[[call=2]]")
        first = self.create(cell, prompt, tools=tools())
        results = [
            {"type": "tool_result", "tool_use_id": call.id, "content": words}
            for call, words in zip(calls(first), harness.RESULTS)
        ]
        turns = [
            {"role": "user", "content": prompt},
            {"role": "assistant", "content": first.content},
            {"role": "user", "content": results},
        ]
        cell.expect_results(text(self.create(cell, turns, tools=tools())))

    def structured_output(self, cell):
        request = self.request(cell, cell.prompt("Who?"))
        answer = self.client.messages.parse(**request, output_format=Person)
        expect("parsed", answer.parsed_output.model_dump(), harness.PERSON_VALUE)

    def image_input(self, cell):
        data = base64.b64encode(harness.png()).decode()
        parts = [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}},
            {"type": "text", "text": cell.prompt("[[repeat=images]]")},
        ]
        answer = self.create(cell, [{"role": "user", "content": parts}])
        cell.expect_text(text(answer), harness.picture_as_told(data))

    def reasoning(self, cell):
        prompt = cell.prompt(f"[[say={harness.SAY}]]")
        answer = self.create(cell, prompt, **self.THINKING)
        cell.expect_text(text(answer))
        expect("thinking", thinking(answer), harness.REASONING)
        expect("first block", answer.content[0].type, "thinking")
        with self.client.messages.stream(**self.request(cell, prompt, **self.THINKING)) as stream:
            pieces = [event.thinking for event in stream if event.type == "thinking"]
            message = stream.get_final_message()
        expect("thinking of the stream", "".join(pieces), harness.REASONING)
        expect("thinking of the whole", thinking(message), harness.REASONING)
        cell.expect_text(text(message))

    def list_models(self, cell):
        holds("the model is not listed", cell.model in {model.id for model in self.client.models.list(limit=1000)})
        expect("the model by name", self.client.models.retrieve(cell.model).id, cell.model)

    def count_tokens(self, cell):
        def count(words):
            turns = [{"role": "user", "content": words}]
            return self.client.messages.count_tokens(model=cell.model, messages=turns).input_tokens

        cell.expect_count(count, lambda prompt: self.create(cell, prompt))

    def bad_key(self, cell):
        with cell.raises(anthropic.AuthenticationError, status_code=401, message="authentication_error"):
            self.connect(harness.BAD_KEY).messages.create(**self.request(cell, "x"))

    def bad_request(self, cell):
        request = {**self.request(cell, "x"), "messages": "text"}
        with cell.raises(anthropic.BadRequestError, status_code=400, message="invalid_request_error"):
            self.client.messages.create(**request)

    def not_found(self, cell):
        request = {**self.request(cell, "x"), "model": harness.NO_SUCH_MODEL}
        with cell.raises(anthropic.NotFoundError, status_code=404, message="not_found_error"):
            self.client.messages.create(**request)

    def rate_limited(self, cell):
        with cell.raises(anthropic.RateLimitError, status_code=429, message="rate_limit_error"):
            self.create(cell, cell.prompt("[[fail=429]]"))

    def overloaded(self, cell):
        with cell.raises(anthropic.InternalServerError, status_code=harness.OVERLOADED):
            self.create(cell, cell.prompt("[[fail=503]]"))

    def context_length(self, cell):
        with cell.raises(anthropic.BadRequestError, status_code=400, message="invalid_request_error"):
            self.create(cell, cell.prompt("[[fail=context]]"))

    def cancel(self, cell):
        with self.client.messages.stream(**self.request(cell, cell.prompt("[[drip]]"))) as stream:
            for piece in stream.text_stream:
                if "drop 2" in piece:
                    break
        cell.expect_left()

    def usage(self, cell):
        prompt = cell.prompt("[[say=one two three]]")
        told = [self.create(cell, prompt).usage]
        with self.client.messages.stream(**self.request(cell, prompt)) as stream:
            told.append(stream.get_final_message().usage)
        cell.expect_usage([(input_tokens(usage), usage.output_tokens) for usage in told])


def input_tokens(usage):
    """The API tells what was read from and written to the cache apart."""
    return usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)


if __name__ == "__main__":
    harness.run(Driver)
