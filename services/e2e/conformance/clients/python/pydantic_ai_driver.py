"""What the pydantic-ai drivers share: an agent over each of its model classes."""

import asyncio

import harness
import pydantic
from harness import expect
from pydantic_ai import Agent, BinaryContent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ThinkingPart, ToolCallPart


class Person(pydantic.BaseModel):
    name: str
    age: int


class Driver:
    """A subclass gives the model."""

    PACKAGE = "pydantic-ai-slim"
    LACKS = {
        "list_models": "the client has no such call",
        "bad_request": "the client builds requests by itself",
        "embeddings": "shown by the SDK's own row",
        "count_tokens": "shown by the SDK's own row",
    }
    # Settings with which the model asks for reasoning.
    REASONING = {}
    # How a bad key is told.
    BAD_KEY = {"status_code": 401}

    def __init__(self, job):
        self.job = job

    def model(self, cell, key=None, name=None):
        raise NotImplementedError

    def agent(self, cell, key=None, name=None, **more):
        return Agent(self.model(cell, key, name), retries=0, **more)

    @staticmethod
    def run(agent, prompt, **more):
        return asyncio.run(agent.run(prompt, **more))

    def plain(self, cell):
        cell.expect_text(self.run(self.agent(cell), cell.prompt(f"[[say={harness.SAY}]]")).output)
        agent = self.agent(cell, instructions=harness.SYSTEM)
        cell.expect_text(self.run(agent, cell.prompt("[[repeat=system]]")).output, harness.SYSTEM)

    def stream(self, cell):
        async def pieces():
            async with self.agent(cell).run_stream(cell.prompt(f"[[say={harness.SAY}]]")) as result:
                return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

        cell.expect_stream(asyncio.run(pieces()))

    def with_tools(self, cell, streamed):
        """The agent calls the tools by itself; gives its messages and its last words."""
        agent = self.agent(cell)

        @agent.tool_plain
        def weather(city: str) -> str:
            return harness.RESULTS[0]

        @agent.tool_plain
        def clock(zone: str) -> str:
            return harness.RESULTS[1]

        async def go():
            if not streamed:
                result = await agent.run(cell.prompt("[[call=2]]"))
                return result.all_messages(), result.output
            async with agent.run_stream(cell.prompt("[[call=2]]")) as result:
                output = await result.get_output()
                return result.all_messages(), output

        return asyncio.run(go())

    def parallel_tools(self, cell):
        for streamed in (False, True):
            messages, _ = self.with_tools(cell, streamed)
            calls = [part for message in messages for part in message.parts if isinstance(part, ToolCallPart)]
            found = [(call.tool_name, call.args_as_dict()) for call in calls]
            cell.expect_calls(found, [call.tool_call_id for call in calls])

    def tool_result_turn(self, cell):
        for streamed in (False, True):
            _, output = self.with_tools(cell, streamed)
            expect("results", [words in output for words in harness.RESULTS], [True, True])

    def structured_output(self, cell):
        answer = self.run(self.agent(cell, output_type=Person), cell.prompt("Who?"))
        expect("output", answer.output.model_dump(), harness.PERSON_VALUE)

    def image_input(self, cell):
        picture = BinaryContent(data=harness.png(), media_type="image/png")
        answer = self.run(self.agent(cell), [cell.prompt("[[repeat=images]]"), picture])
        cell.expect_text(answer.output, harness.picture_as_told(picture.base64))

    def reasoning(self, cell):
        answer = self.run(self.agent(cell), cell.prompt(f"[[say={harness.SAY}]]"), model_settings=self.REASONING)
        cell.expect_text(answer.output)
        parts = [part for message in answer.all_messages() for part in message.parts]
        thoughts = [part.content for part in parts if isinstance(part, ThinkingPart)]
        expect("reasoning", "".join(thoughts), harness.REASONING)

    def bad_key(self, cell):
        with cell.raises(ModelHTTPError, **self.BAD_KEY):
            self.run(self.agent(cell, key=harness.BAD_KEY), "x")

    def not_found(self, cell):
        with cell.raises(ModelHTTPError, status_code=404, body=harness.NO_SUCH_MODEL):
            self.run(self.agent(cell, name=harness.NO_SUCH_MODEL), "x")

    def rate_limited(self, cell):
        with cell.raises(ModelHTTPError, status_code=429):
            self.run(self.agent(cell), cell.prompt("[[fail=429]]"))

    def overloaded(self, cell):
        with cell.raises(ModelHTTPError, status_code=harness.OVERLOADED):
            self.run(self.agent(cell), cell.prompt("[[fail=503]]"))

    def context_length(self, cell):
        with cell.raises(ModelHTTPError, status_code=400):
            self.run(self.agent(cell), cell.prompt("[[fail=context]]"))

    def cancel(self, cell):
        async def leave():
            async with self.agent(cell).run_stream(cell.prompt("[[drip]]")) as result:
                async for text in result.stream_text(delta=True, debounce_by=None):
                    if "drop 2" in text:
                        raise Left

        try:
            asyncio.run(leave())
        except Left:
            pass
        cell.expect_left()

    def usage(self, cell):
        prompt = cell.prompt("[[say=one two three]]")

        async def streamed():
            async with self.agent(cell).run_stream(prompt) as result:
                await result.get_output()
                return usage_of(result)

        told = [usage_of(self.run(self.agent(cell), prompt)), asyncio.run(streamed())]
        cell.expect_usage([(usage.input_tokens, usage.output_tokens) for usage in told])


def usage_of(result):
    return result.usage() if callable(result.usage) else result.usage


class Left(Exception):
    """The caller has gone."""
