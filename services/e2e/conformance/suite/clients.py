"""The clients of the matrix: which driver runs each, and in which environment."""

from typing import NamedTuple


class Client(NamedTuple):
    """One row of the matrix."""

    name: str
    # Title in the matrix.
    title: str
    # A folder under clients/python/requirements, or "node".
    environment: str
    # The driver's file under clients/<language>.
    driver: str
    # Part of the short form.
    short: bool = False


NODE = "node"

CLIENTS = [
    Client("openai-python", "OpenAI Python, chat", "sdk", "openai_chat.py", True),
    Client("openai-python-responses", "OpenAI Python, responses", "sdk", "openai_responses.py", True),
    Client("openai-node", "OpenAI Node, chat", NODE, "openai-chat.js", True),
    Client("openai-node-responses", "OpenAI Node, responses", NODE, "openai-responses.js"),
    Client("anthropic-python", "Anthropic Python", "sdk", "anthropic_messages.py", True),
    Client("anthropic-node", "Anthropic TypeScript", NODE, "anthropic-messages.js"),
    Client("google-genai-python", "google-genai Python", "sdk", "google_genai.py", True),
    Client("google-genai-node", "google-genai JS", NODE, "google-genai.js"),
    Client("ai-sdk-openai", "AI SDK, OpenAI", NODE, "ai-sdk-openai.js"),
    Client("ai-sdk-anthropic", "AI SDK, Anthropic", NODE, "ai-sdk-anthropic.js"),
    Client("ai-sdk-google", "AI SDK, Google", NODE, "ai-sdk-google.js"),
    Client("ai-sdk-openrouter", "AI SDK, OpenRouter", NODE, "ai-sdk-openrouter.js"),
    Client("langchain-openai", "LangChain, OpenAI", "langchain", "langchain_openai_chat.py"),
    Client("langchain-anthropic", "LangChain, Anthropic", "langchain", "langchain_anthropic_chat.py"),
    Client("langchain-google", "LangChain, Google", "langchain", "langchain_google_chat.py"),
    Client("langchain-openai-node", "LangChain JS, OpenAI", NODE, "langchain-openai.js"),
    Client("pydantic-ai-openai", "pydantic-ai, OpenAI", "pydantic-ai", "pydantic_ai_openai.py"),
    Client("pydantic-ai-anthropic", "pydantic-ai, Anthropic", "pydantic-ai", "pydantic_ai_anthropic.py"),
    Client("pydantic-ai-google", "pydantic-ai, Google", "pydantic-ai", "pydantic_ai_google.py"),
    Client("litellm-openai", "LiteLLM, OpenAI", "litellm", "litellm_openai.py"),
    Client("litellm-anthropic", "LiteLLM, Anthropic", "litellm", "litellm_anthropic.py"),
]
