"""LangChain's OpenAI integration, Chat Completions and embeddings."""

import harness
import langchain_driver
import openai
from langchain_openai import ChatOpenAI, OpenAIEmbeddings


class Driver(langchain_driver.Driver):
    PACKAGE = "langchain-openai"
    LACKS = {
        "reasoning": "the client reads no reasoning from Chat Completions",
        "list_models": "the client has no such call",
        "count_tokens": "the client counts by itself",
    }
    ERRORS = {
        "bad_key": openai.AuthenticationError,
        "not_found": openai.NotFoundError,
        "rate_limited": openai.RateLimitError,
        "overloaded": openai.InternalServerError,
        "context_length": openai.BadRequestError,
    }

    def chat(self, cell, key=None, model=None, **more):
        return ChatOpenAI(
            model=model or cell.model,
            api_key=key or self.job["key"],
            base_url=self.job["url"] + "/v1",
            max_retries=0,
            timeout=20,
            stream_usage=True,
            **more,
        )

    def embeddings(self, cell):
        client = OpenAIEmbeddings(
            model=cell.embedding_model,
            api_key=self.job["key"],
            base_url=self.job["url"] + "/v1",
            dimensions=16,
            max_retries=0,
            check_embedding_ctx_length=False,  # or it fetches a tokenizer and sends numbers
        )
        cell.expect_vectors(client.embed_documents(["one", "two"]), 2, 16)

    def bad_request(self, cell):
        with cell.raises(openai.BadRequestError, status_code=400):
            self.chat(cell).invoke("x", max_tokens="many")


if __name__ == "__main__":
    harness.run(Driver)
