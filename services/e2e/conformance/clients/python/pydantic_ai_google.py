"""pydantic-ai over Google's Gemini API."""

import harness
import pydantic_ai_driver
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider


class Driver(pydantic_ai_driver.Driver):
    BAD_KEY = {"status_code": 400, "body": "API_KEY_INVALID"}
    REASONING = {"google_thinking_config": {"include_thoughts": True, "thinking_budget": 1024}}

    def model(self, cell, key=None, name=None):
        provider = GoogleProvider(api_key=key or self.job["key"], base_url=self.job["url"])
        return GoogleModel(name or cell.model, provider=provider)


if __name__ == "__main__":
    harness.run(Driver)
