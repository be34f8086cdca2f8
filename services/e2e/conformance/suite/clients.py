"""The clients of the matrix: which driver runs each, and in which environment."""

from typing import NamedTuple


class Client(NamedTuple):
    """One row of the matrix."""

    name: str
    # Title in the matrix.
    title: str
    # A folder under clients/python/requirements, or "node".
    environment: str
    # The API it speaks: chat, responses, messages or gemini.
    api: str
    # The driver's file under clients/<language>.
    driver: str
    # Part of the short form.
    short: bool = False
    # Also drives each provider that speaks Chat Completions: one client that is passed through, one that is translated.
    habits: bool = False


NODE = "node"

CLIENTS = [
    Client("openai-python", "OpenAI Python, chat", "sdk", "chat", "openai_chat.py", True, True),
    Client("openai-python-responses", "OpenAI Python, responses", "sdk", "responses", "openai_responses.py", True),
    Client("openai-node", "OpenAI Node, chat", NODE, "chat", "openai-chat.js", True),
    Client("openai-node-responses", "OpenAI Node, responses", NODE, "responses", "openai-responses.js"),
    Client("anthropic-python", "Anthropic Python", "sdk", "messages", "anthropic_messages.py", True, True),
    Client("anthropic-node", "Anthropic TypeScript", NODE, "messages", "anthropic-messages.js"),
    Client("google-genai-python", "google-genai Python", "sdk", "gemini", "google_genai.py", True),
    Client("google-genai-node", "google-genai JS", NODE, "gemini", "google-genai.js"),
    Client("ai-sdk-openai", "AI SDK, OpenAI", NODE, "responses", "ai-sdk-openai.js"),
    Client("ai-sdk-anthropic", "AI SDK, Anthropic", NODE, "messages", "ai-sdk-anthropic.js"),
    Client("ai-sdk-google", "AI SDK, Google", NODE, "gemini", "ai-sdk-google.js"),
    Client("ai-sdk-openrouter", "AI SDK, OpenRouter", NODE, "chat", "ai-sdk-openrouter.js"),
    Client("openrouter-node", "OpenRouter TypeScript", NODE, "chat", "openrouter-chat.js", True),
    Client("langchain-openai", "LangChain, OpenAI", "langchain", "chat", "langchain_openai_chat.py"),
    Client("langchain-anthropic", "LangChain, Anthropic", "langchain", "messages", "langchain_anthropic_chat.py"),
    Client("langchain-google", "LangChain, Google", "langchain", "gemini", "langchain_google_chat.py"),
    Client("langchain-openai-node", "LangChain JS, OpenAI", NODE, "chat", "langchain-openai.js"),
    Client("pydantic-ai-openai", "pydantic-ai, OpenAI", "pydantic-ai", "chat", "pydantic_ai_openai.py"),
    Client("pydantic-ai-anthropic", "pydantic-ai, Anthropic", "pydantic-ai", "messages", "pydantic_ai_anthropic.py"),
    Client("pydantic-ai-google", "pydantic-ai, Google", "pydantic-ai", "gemini", "pydantic_ai_google.py"),
    Client("litellm-openai", "LiteLLM, OpenAI", "litellm", "chat", "litellm_openai.py"),
    Client("litellm-anthropic", "LiteLLM, Anthropic", "litellm", "messages", "litellm_anthropic.py"),
]
