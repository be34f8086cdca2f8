"""LiteLLM's client in OpenAI's dialect."""

import harness
import litellm
import litellm_driver


class Driver(litellm_driver.Driver):
    PREFIX = "openai"
    PATH = "/v1"
    # The client sends this only for models it knows, unless told to.
    REASONING = {"reasoning_effort": "low", "allowed_openai_params": ["reasoning_effort"]}

    def embeddings(self, cell):
        answer = litellm.embedding(
            model=f"openai/{cell.embedding_model}",
            input=["one", "two"],
            dimensions=16,
            allowed_openai_params=["dimensions"],
            api_key=self.job["key"],
            api_base=self.job["url"] + "/v1",
        )
        cell.expect_vectors([item["embedding"] for item in answer.data], 2, 16)


if __name__ == "__main__":
    harness.run(Driver)
