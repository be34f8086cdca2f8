"""What the LangChain drivers share: every integration is used through LangChain's own interface."""

import base64

import harness
import pydantic
from harness import expect, holds
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage


class Person(pydantic.BaseModel):
    """A person."""

    name: str
    age: int


def tools():
    return [
        {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}
        for name, (description, parameters) in harness.TOOLS.items()
    ]


def parsed(message):
    return [(call["name"], call["args"]) for call in message.tool_calls], [call["id"] for call in message.tool_calls]


def thought(message):
    return "".join(block["reasoning"] for block in message.content_blocks if block["type"] == "reasoning")


def tokens(message):
    return message.usage_metadata["input_tokens"], message.usage_metadata["output_tokens"]


class Driver:
    """A subclass gives the chat model, the exceptions of its SDK, and what else it has."""

    LACKS = {}
    # Settings with which the integration asks for reasoning.
    REASONING = {}
    # Whether the names of calls come with ids of the provider's.
    ERRORS = {}
    # What the exception for a bad key says.
    BAD_KEY = "Incorrect API key"

    def __init__(self, job):
        self.job = job

    def chat(self, cell, key=None, model=None, **more):
        raise NotImplementedError

    def plain(self, cell):
        message = self.chat(cell).invoke(cell.prompt(f"[[say={harness.SAY}]]"))
        cell.expect_text(message.text)
        turns = [SystemMessage(harness.SYSTEM), HumanMessage(cell.prompt("[[repeat=system]]"))]
        cell.expect_text(self.chat(cell).invoke(turns).text, harness.SYSTEM)

    def stream(self, cell):
        chunks = list(self.chat(cell).stream(cell.prompt(f"[[say={harness.SAY}]]")))
        cell.expect_stream([chunk.text for chunk in chunks if chunk.text])

    def parallel_tools(self, cell):
        model, prompt = self.chat(cell).bind_tools(tools()), cell.prompt("[[call=2]]")
        cell.expect_calls(*parsed(model.invoke(prompt)))
        whole = None
        for chunk in model.stream(prompt):
            whole = chunk if whole is None else whole + chunk
        cell.expect_calls(*parsed(whole))

    def tool_result_turn(self, cell):
        model, prompt = self.chat(cell).bind_tools(tools()), HumanMessage(cell.prompt("[[call=2]]"))
        first = model.invoke([prompt])
        results = [
            ToolMessage(content=words, tool_call_id=call["id"], name=call["name"])
            for call, words in zip(first.tool_calls, harness.RESULTS)
        ]
        found = model.invoke([prompt, first, *results]).text
        holds(f"the results are not in {found!r}", all(words in found for words in harness.RESULTS))

    def structured_output(self, cell):
        answer = self.chat(cell).with_structured_output(Person).invoke(cell.prompt("Who?"))
        expect("parsed", answer.model_dump(), harness.PERSON_VALUE)

    def image_input(self, cell):
        data = base64.b64encode(harness.png()).decode()
        parts = [
            {"type": "text", "text": cell.prompt("[[repeat=images]]")},
            {"type": "image", "base64": data, "mime_type": "image/png"},
        ]
        cell.expect_text(self.chat(cell).invoke([HumanMessage(parts)]).text, harness.picture_as_told(data))

    def think(self, cell):
        """The body of `reasoning`, for integrations that have it."""
        model, prompt = self.chat(cell, **self.REASONING), cell.prompt(f"[[say={harness.SAY}]]")
        message = model.invoke(prompt)
        cell.expect_text(message.text)
        expect("reasoning", thought(message), harness.REASONING)
        whole = None
        for chunk in model.stream(prompt):
            whole = chunk if whole is None else whole + chunk
        expect("reasoning of the stream", thought(whole), harness.REASONING)
        cell.expect_text(whole.text)

    def bad_key(self, cell):
        with cell.raises(self.ERRORS["bad_key"], args=self.BAD_KEY):
            self.chat(cell, key=harness.BAD_KEY).invoke("x")

    def not_found(self, cell):
        with cell.raises(self.ERRORS["not_found"]):
            self.chat(cell, model=harness.NO_SUCH_MODEL).invoke("x")

    def rate_limited(self, cell):
        with cell.raises(self.ERRORS["rate_limited"]):
            self.chat(cell).invoke(cell.prompt("[[fail=429]]"))

    def overloaded(self, cell):
        with cell.raises(self.ERRORS["overloaded"]):
            self.chat(cell).invoke(cell.prompt("[[fail=503]]"))

    def context_length(self, cell):
        with cell.raises(self.ERRORS["context_length"]):
            self.chat(cell).invoke(cell.prompt("[[fail=context]]"))

    def cancel(self, cell):
        stream = self.chat(cell).stream(cell.prompt("[[drip]]"))
        for chunk in stream:
            if "drop 2" in chunk.text:
                break
        stream.close()
        cell.expect_left()

    def usage(self, cell):
        prompt = cell.prompt("[[say=one two three]]")
        told = [tokens(self.chat(cell).invoke(prompt))]
        whole = AIMessage("")
        for number, chunk in enumerate(self.chat(cell).stream(prompt)):
            whole = chunk if number == 0 else whole + chunk
        told.append(tokens(whole))
        cell.expect_usage(told)
