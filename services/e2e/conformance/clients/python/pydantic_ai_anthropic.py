"""pydantic-ai over Anthropic's Messages."""

import harness
import pydantic_ai_driver
from anthropic import AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider


class Driver(pydantic_ai_driver.Driver):
    REASONING = {"anthropic_thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4096}

    def model(self, cell, key=None, name=None):
        client = AsyncAnthropic(base_url=self.job["url"], api_key=key or self.job["key"], max_retries=0, timeout=20)
        return AnthropicModel(name or cell.model, provider=AnthropicProvider(anthropic_client=client))


if __name__ == "__main__":
    harness.run(Driver)
