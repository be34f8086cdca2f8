"""LangChain's Google integration over the Gemini API."""

import harness
import langchain_driver
from langchain_google_genai import ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings, chat_models


class Driver(langchain_driver.Driver):
    PACKAGE = "langchain-google-genai"
    LACKS = {
        "list_models": "the client has no such call",
        "bad_request": "the client checks types before it sends",
    }
    BAD_KEY = "API_KEY_INVALID"
    REASONING = {"include_thoughts": True, "thinking_budget": 1024}
    ERRORS = {
        "bad_key": chat_models.GoogleInvalidRequestError,  # the client has no other class for Google's 400
        "not_found": chat_models.GoogleModelNotFoundError,
        "rate_limited": chat_models.GoogleRateLimitError,
        "overloaded": chat_models.GoogleAPIError,
        "context_length": (chat_models.GoogleInvalidRequestError, chat_models.GoogleContextOverflowError),
    }

    def chat(self, cell, key=None, model=None, **more):
        return ChatGoogleGenerativeAI(
            model=model or cell.model,
            google_api_key=key or self.job["key"],
            base_url=self.job["url"],
            max_retries=0,
            timeout=20,
            **more,
        )

    reasoning = langchain_driver.Driver.think

    def embeddings(self, cell):
        client = GoogleGenerativeAIEmbeddings(
            model=cell.embedding_model,
            google_api_key=self.job["key"],
            base_url=self.job["url"],
            output_dimensionality=16,
        )
        cell.expect_vectors(client.embed_documents(["one", "two"]), 2, 16)

    def count_tokens(self, cell):
        def count(words):
            return self.chat(cell).get_num_tokens(words)

        cell.expect_count(count, lambda prompt: self.chat(cell).invoke(prompt))


if __name__ == "__main__":
    harness.run(Driver)
