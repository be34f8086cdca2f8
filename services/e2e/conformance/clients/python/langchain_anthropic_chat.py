"""LangChain's Anthropic integration."""

import anthropic
import harness
import langchain_driver
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage


class Driver(langchain_driver.Driver):
    PACKAGE = "langchain-anthropic"
    LACKS = {"embeddings": "the API has no embeddings", "list_models": "the client has no such call"}
    REASONING = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4096}
    ERRORS = {
        "bad_key": anthropic.AuthenticationError,
        "not_found": anthropic.NotFoundError,
        "rate_limited": anthropic.RateLimitError,
        "overloaded": anthropic.InternalServerError,
        "context_length": anthropic.BadRequestError,
    }

    def chat(self, cell, key=None, model=None, **more):
        settings = {"max_tokens": 1024, "max_retries": 0, "timeout": 20, "stream_usage": True, **more}
        key = key or self.job["key"]
        return ChatAnthropic(model=model or cell.model, api_key=key, base_url=self.job["url"], **settings)

    reasoning = langchain_driver.Driver.think

    def count_tokens(self, cell):
        def count(words):
            return self.chat(cell).get_num_tokens_from_messages([HumanMessage(words)])

        cell.expect_count(count, lambda prompt: self.chat(cell).invoke(prompt))

    def bad_request(self, cell):
        with cell.raises(anthropic.BadRequestError, status_code=400):
            self.chat(cell).invoke("x", max_tokens="many")


if __name__ == "__main__":
    harness.run(Driver)
