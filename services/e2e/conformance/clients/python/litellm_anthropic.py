"""LiteLLM's client in Anthropic's dialect."""

import harness
import litellm_driver


class Driver(litellm_driver.Driver):
    PREFIX = "anthropic"
    LACKS = {
        **litellm_driver.Driver.LACKS,
        "embeddings": "the API has no embeddings",
        "bad_request": "the client builds requests by itself",
    }
    bad_request = None
    # The client sends this only for models it knows, unless told to.
    REASONING = {
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "max_tokens": 4096,
        "allowed_openai_params": ["thinking"],
    }

    def leave(self, stream):
        stream.completion_stream.streaming_response.close()


if __name__ == "__main__":
    harness.run(Driver)
