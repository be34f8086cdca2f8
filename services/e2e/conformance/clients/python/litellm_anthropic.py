"""LiteLLM's client in Anthropic's dialect."""

import harness
import litellm_driver


class Driver(litellm_driver.Driver):
    PREFIX = "anthropic"
    LACKS = {**litellm_driver.Driver.LACKS, "embeddings": "the API has no embeddings"}
    REASONING = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 4096}


if __name__ == "__main__":
    harness.run(Driver)
