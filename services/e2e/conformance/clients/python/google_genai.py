"""Google's Python SDK, generateContent of the Gemini API."""

import base64

import harness
import pydantic
from google import genai
from google.genai import errors, types
from harness import expect, holds


class Person(pydantic.BaseModel):
    name: str
    age: int


def tools():
    return [
        types.Tool(
            function_declarations=[
                types.FunctionDeclaration(name=name, description=description, parameters_json_schema=schema)
                for name, (description, schema) in harness.TOOLS.items()
            ]
        )
    ]


def parts(answer):
    return answer.candidates[0].content.parts or []


def text(answer):
    return "".join(part.text for part in parts(answer) if part.text and not part.thought)


def thought(answer):
    return "".join(part.text for part in parts(answer) if part.text and part.thought)


def calls(answers):
    found = [part.function_call for answer in answers for part in parts(answer) if part.function_call]
    return [(call.name, dict(call.args)) for call in found]


class Driver:
    PACKAGE = "google-genai"
    LACKS = {}
    MANUAL = types.AutomaticFunctionCallingConfig(disable=True)

    def __init__(self, job):
        self.job = job
        self.client = self.connect(job["key"])

    def connect(self, key):
        options = types.HttpOptions(base_url=self.job["url"], timeout=20_000)
        return genai.Client(api_key=key, http_options=options)

    def create(self, cell, contents, **config):
        config = types.GenerateContentConfig(**config)
        return self.client.models.generate_content(model=cell.model, contents=contents, config=config)

    def streamed(self, cell, contents, **config):
        config = types.GenerateContentConfig(**config)
        return self.client.models.generate_content_stream(model=cell.model, contents=contents, config=config)

    def plain(self, cell):
        answer = self.create(cell, cell.prompt(f"[[say={harness.SAY}]]"))
        cell.expect_text(answer.text)
        expect("finish reason", answer.candidates[0].finish_reason, types.FinishReason.STOP)
        answer = self.create(cell, cell.prompt("[[repeat=system]]"), system_instruction=harness.SYSTEM)
        cell.expect_text(answer.text, harness.SYSTEM)

    def stream(self, cell):
        chunks = list(self.streamed(cell, cell.prompt(f"[[say={harness.SAY}]]")))
        cell.expect_stream([text(chunk) for chunk in chunks if parts(chunk)])
        expect("finish reason", chunks[-1].candidates[0].finish_reason, types.FinishReason.STOP)

    def expect_calls(self, answers):
        """The API need not give ids."""
        expect("calls", calls(answers), harness.CALLS)

    def parallel_tools(self, cell):
        config = {"tools": tools(), "automatic_function_calling": self.MANUAL}
        prompt = cell.prompt("[[call=2]]")
        self.expect_calls([self.create(cell, prompt, **config)])
        self.expect_calls([chunk for chunk in self.streamed(cell, prompt, **config) if chunk.candidates])

    def tool_result_turn(self, cell):
        config = {"tools": tools(), "automatic_function_calling": self.MANUAL}
        prompt = cell.prompt("[[call=2]]")
        first = self.create(cell, prompt, **config)
        results = []
        for part, words in zip([it for it in parts(first) if it.function_call], harness.RESULTS):
            call = part.function_call
            response = types.FunctionResponse(id=call.id, name=call.name, response={"result": words})
            results.append(types.Part(function_response=response))
        turns = [
            types.Content(role="user", parts=[types.Part(text=prompt)]),
            first.candidates[0].content,
            types.Content(role="user", parts=results),
        ]
        found = self.create(cell, turns, **config).text
        holds(f"the results are not in {found!r}", all(words in found for words in harness.RESULTS))

    def structured_output(self, cell):
        answer = self.create(cell, cell.prompt("Who?"), response_mime_type="application/json", response_schema=Person)
        expect("parsed", answer.parsed.model_dump(), harness.PERSON_VALUE)

    def image_input(self, cell):
        picture = types.Part.from_bytes(data=harness.png(), mime_type="image/png")
        answer = self.create(cell, [picture, cell.prompt("[[repeat=images]]")])
        cell.expect_text(answer.text, harness.picture_as_told(base64.b64encode(harness.png()).decode()))

    def reasoning(self, cell):
        prompt = cell.prompt(f"[[say={harness.SAY}]]")
        config = {"thinking_config": types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)}
        answer = self.create(cell, prompt, **config)
        cell.expect_text(text(answer))
        expect("thoughts", thought(answer), harness.REASONING)
        cell.expect_reasoning_tokens(answer.usage_metadata.thoughts_token_count)
        chunks = [chunk for chunk in self.streamed(cell, prompt, **config) if chunk.candidates]
        expect("thoughts of the stream", "".join(map(thought, chunks)), harness.REASONING)
        cell.expect_text("".join(map(text, chunks)))

    def embeddings(self, cell):
        config = types.EmbedContentConfig(output_dimensionality=16)
        answer = self.client.models.embed_content(model=cell.embedding_model, contents=["one", "two"], config=config)
        cell.expect_vectors([item.values for item in answer.embeddings], 2, 16)

    def list_models(self, cell):
        names = {model.name.removeprefix("models/") for model in self.client.models.list()}
        holds("the model is not listed", cell.model in names)
        expect("the model by name", self.client.models.get(model=cell.model).name, f"models/{cell.model}")

    def count_tokens(self, cell):
        def count(words):
            return self.client.models.count_tokens(model=cell.model, contents=words).total_tokens

        cell.expect_count(count, lambda prompt: self.create(cell, prompt))

    def bad_key(self, cell):
        stranger = self.connect(harness.BAD_KEY)
        # As the client's own service answers.
        with cell.raises(errors.ClientError, code=400, details="API_KEY_INVALID"):
            stranger.models.generate_content(model=cell.model, contents="x")

    def bad_request(self, cell):
        with cell.raises(errors.ClientError, code=400, status="INVALID_ARGUMENT"):
            options = types.HttpOptions(extra_body={"contents": "text"})
            self.create(cell, "x", http_options=options)

    def not_found(self, cell):
        with cell.raises(errors.ClientError, code=404, status="NOT_FOUND"):
            self.client.models.generate_content(model=harness.NO_SUCH_MODEL, contents="x")

    def rate_limited(self, cell):
        with cell.raises(errors.ClientError, code=429, status="RESOURCE_EXHAUSTED"):
            self.create(cell, cell.prompt("[[fail=429]]"))

    def overloaded(self, cell):
        with cell.raises(errors.ServerError, code=503, status="UNAVAILABLE"):
            self.create(cell, cell.prompt("[[fail=503]]"))

    def context_length(self, cell):
        with cell.raises(errors.ClientError, code=400, status="INVALID_ARGUMENT"):
            self.create(cell, cell.prompt("[[fail=context]]"))

    def cancel(self, cell):
        stream = self.streamed(cell, cell.prompt("[[drip]]"))
        for chunk in stream:
            if "drop 2" in text(chunk):
                break
        stream.close()
        cell.expect_left()

    def usage(self, cell):
        prompt = cell.prompt("[[say=one two three]]")
        told = [self.create(cell, prompt).usage_metadata]
        told.append([chunk.usage_metadata for chunk in self.streamed(cell, prompt)][-1])
        cell.expect_usage([(usage.prompt_token_count, output_tokens(usage)) for usage in told])


def output_tokens(usage):
    """The API tells thoughts apart."""
    return (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)


if __name__ == "__main__":
    harness.run(Driver)
