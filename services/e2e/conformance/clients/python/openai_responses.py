"""OpenAI's Python SDK, Responses."""

import base64
import json

import harness
import openai
import pydantic
from harness import expect


class Person(pydantic.BaseModel):
    name: str
    age: int


def tools():
    return [
        {"type": "function", "name": name, "description": description, "parameters": parameters, "strict": False}
        for name, (description, parameters) in harness.TOOLS.items()
    ]


def calls(answer):
    return [item for item in answer.output if item.type == "function_call"]


def parsed(answer):
    found = calls(answer)
    return [(call.name, json.loads(call.arguments)) for call in found], [call.call_id for call in found]


def summary(answer):
    """The text of the reasoning items, as summary or in the open."""
    items = [item for item in answer.output if item.type == "reasoning"]
    parts = [part for item in items for part in [*(item.summary or []), *(item.content or [])]]
    return "".join(part.text for part in parts)


class Driver:
    PACKAGE = "openai"
    LACKS = {
        "embeddings": "shown by the client's chat row; the API has one call for both",
        "list_models": "shown by the client's chat row; the API has one call for both",
        "count_tokens": "not part of what the gateway serves of this API",
    }

    def __init__(self, job):
        self.job = job
        self.client = self.connect(job["key"])

    def connect(self, key):
        return openai.OpenAI(base_url=self.job["url"] + "/v1", api_key=key, max_retries=0, timeout=20)

    def create(self, cell, content, **more):
        return self.client.responses.create(model=cell.model, input=content, store=False, **more)

    def plain(self, cell):
        answer = self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"))
        cell.expect_text(answer.output_text)
        expect("status", answer.status, "completed")
        answer = self.create(cell, cell.prompt("[[repeat=system]]"), instructions=harness.SYSTEM)
        cell.expect_text(answer.output_text, harness.SYSTEM)

    def stream(self, cell):
        events = list(self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"), stream=True))
        cell.expect_stream([event.delta for event in events if event.type == "response.output_text.delta"])
        cell.expect_text(events[-1].response.output_text)
        expect("numbers", [event.sequence_number for event in events], list(range(len(events))))
        wanted = "created in_progress output_item.added content_part.added".split()
        expect("opening", [event.type for event in events[:4]], [f"response.{name}" for name in wanted])
        wanted = "output_text.done content_part.done output_item.done completed".split()
        expect("closing", [event.type for event in events[-4:]], [f"response.{name}" for name in wanted])

    def parallel_tools(self, cell):
        answer = self.create(cell, cell.prompt("[[call=2]]"), tools=tools())
        cell.expect_calls(*parsed(answer))
        prompt = cell.prompt("[[call=2]]")
        with self.client.responses.stream(model=cell.model, input=prompt, tools=tools()) as stream:
            done = [event for event in stream if event.type == "response.function_call_arguments.done"]
            answer = stream.get_final_response()
        cell.expect_calls(*parsed(answer))
        expect("arguments done", [json.loads(event.arguments) for event in done], [it for _, it in harness.CALLS])

    def tool_result_turn(self, cell):
        prompt = cell.prompt("[[call=2]]")
        first = self.create(cell, prompt, tools=tools())
        results = [
            {"type": "function_call_output", "call_id": call.call_id, "output": text}
            for call, text in zip(calls(first), harness.RESULTS)
        ]
        turns = [{"role": "user", "content": prompt}, *first.output, *results]
        cell.expect_results(self.create(cell, turns, tools=tools()).output_text)

    def structured_output(self, cell):
        answer = self.client.responses.parse(model=cell.model, input=cell.prompt("Who?"), text_format=Person)
        expect("parsed", answer.output_parsed.model_dump(), harness.PERSON_VALUE)

    def image_input(self, cell):
        data = base64.b64encode(harness.png()).decode()
        parts = [
            {"type": "input_text", "text": cell.prompt("[[repeat=images]]")},
            {"type": "input_image", "image_url": f"data:image/png;base64,{data}", "detail": "auto"},
        ]
        answer = self.create(cell, [{"role": "user", "content": parts}])
        cell.expect_text(answer.output_text, harness.picture_as_told(data))

    def reasoning(self, cell):
        prompt, wish = cell.prompt(f"[[say={harness.SAY}]]"), {"effort": "low", "summary": "auto"}
        answer = self.create(cell, prompt, reasoning=wish)
        cell.expect_text(answer.output_text)
        expect("reasoning", summary(answer), harness.REASONING)
        cell.expect_reasoning_tokens(answer.usage.output_tokens_details.reasoning_tokens)
        events = list(self.create(cell, prompt, reasoning=wish, stream=True))
        kinds = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")
        thought = "".join(event.delta for event in events if event.type in kinds)
        expect("reasoning of the stream", thought, harness.REASONING)
        expect("reasoning at the end of the stream", summary(events[-1].response), harness.REASONING)

    def bad_key(self, cell):
        with cell.raises(openai.AuthenticationError, status_code=401, code="invalid_api_key"):
            self.connect(harness.BAD_KEY).responses.create(model=cell.model, input="x")

    def bad_request(self, cell):
        with cell.raises(openai.BadRequestError, status_code=400):
            self.client.responses.create(model=cell.model, input=5)

    def not_found(self, cell):
        with cell.raises(openai.NotFoundError, status_code=404, code="model_not_found"):
            self.client.responses.create(model=harness.NO_SUCH_MODEL, input="x")

    def rate_limited(self, cell):
        with cell.raises(openai.RateLimitError, status_code=429):
            self.create(cell, cell.prompt("[[fail=429]]"))

    def overloaded(self, cell):
        with cell.raises(openai.InternalServerError, status_code=harness.OVERLOADED):
            self.create(cell, cell.prompt("[[fail=503]]"))

    def context_length(self, cell):
        with cell.raises(openai.BadRequestError, status_code=400, code="context_length_exceeded"):
            self.create(cell, cell.prompt("[[fail=context]]"))

    def cancel(self, cell):
        stream = self.create(cell, cell.prompt("[[drip]]"), stream=True)
        for event in stream:
            if event.type == "response.output_text.delta" and "drop 2" in event.delta:
                break
        stream.close()
        cell.expect_left()

    def usage(self, cell):
        prompt = cell.prompt("[[say=one two three]]")
        told = [self.create(cell, prompt).usage]
        told += [
            event.response.usage for event in self.create(cell, prompt, stream=True) if event.type.endswith("completed")
        ]
        cell.expect_usage([(usage.input_tokens, usage.output_tokens) for usage in told])


if __name__ == "__main__":
    harness.run(Driver)
