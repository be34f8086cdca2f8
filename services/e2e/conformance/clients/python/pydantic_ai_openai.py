"""pydantic-ai over OpenAI's Chat Completions."""

import harness
import pydantic_ai_driver
from openai import AsyncOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


class Driver(pydantic_ai_driver.Driver):
    REASONING = {"openai_reasoning_effort": "low"}

    def model(self, cell, key=None, name=None):
        client = AsyncOpenAI(
            base_url=self.job["url"] + "/v1", api_key=key or self.job["key"], max_retries=0, timeout=20
        )
        return OpenAIChatModel(name or cell.model, provider=OpenAIProvider(openai_client=client))


if __name__ == "__main__":
    harness.run(Driver)
