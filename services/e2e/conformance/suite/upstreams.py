"""The upstream families of the matrix: how the mock provider is connected as each, and what cannot be had of it.

Callers reach a family by the alias of a route, a name without a slash, which every client accepts and model lists show.
"""

from typing import Dict, List, NamedTuple, Optional


class Upstream(NamedTuple):
    """One column group of the matrix."""

    name: str
    # Provider id of the connection.
    provider: str
    # What a base URL of this family ends in, at the mock provider.
    path: str
    # Model as the connection reaches it.
    model: str
    # The same for embeddings.
    embedding_model: Optional[str] = None
    # What a connection needs to know besides.
    settings: Optional[Dict[str, object]] = None
    # Whether the provider tells how many tokens of the output are reasoning.
    counts_reasoning: bool = True
    # Whether the provider counts tokens itself, so that a count is what it bills.
    counts_tokens: bool = False
    # The member in which a client of chat that is passed through finds reasoning.
    reasoning_member: str = "reasoning_content"
    # Whether its errors say in a word what they are, where they are passed through.
    names_errors: bool = True
    # Part of the short form.
    short: bool = False

    def alias(self):
        return f"conformance-{self.name}"

    def embedding_alias(self):
        return f"conformance-{self.name}-embedding"

    def as_job(self, client):
        """As the driver of a client is told."""
        told = {
            "name": self.name,
            "model": self.alias(),
            "lacks": self.lacks(client),
            "counts_reasoning": self.counts_reasoning,
            "counts_tokens": self.counts_tokens,
            "reasoning_member": self.reasoning_member,
            "names_errors": self.names_errors,
        }
        if self.embedding_model:
            told["embedding_model"] = self.embedding_alias()
        return told

    def lacks(self, client):
        """Features that this client cannot have of this family, each with the reason."""
        found = {} if self.embedding_model else {"embeddings": "no embeddings are served from this connection"}
        for cannot in CANNOT:
            if self.name in cannot.upstreams and (client.api in cannot.clients or client.name in cannot.clients):
                found[cannot.feature] = cannot.reason
        return found


class Cannot(NamedTuple):
    """What some families cannot do for some clients, which are named or known by their API."""

    feature: str
    upstreams: List[str]
    clients: List[str]
    reason: str


EVERYBODY = ["chat", "responses", "messages", "gemini"]
CANNOT = [
    Cannot("reasoning", ["perplexity"], EVERYBODY, "the provider shows no reasoning apart from its answer"),
    Cannot("parallel_tools", ["perplexity"], EVERYBODY, "the provider's models call no tools"),
    Cannot("tool_result_turn", ["perplexity"], EVERYBODY, "the provider's models call no tools"),
    Cannot(
        "reasoning",
        ["openai-responses"],
        ["chat"],
        "a chat request cannot ask for the summary that OpenAI shows in place of reasoning",
    ),
    Cannot(
        "reasoning",
        ["azure"],
        ["chat", "messages", "gemini"],
        "Azure OpenAI shows no reasoning in Chat Completions",
    ),
]
# Deployments are named by the customer.
DEPLOYMENTS = {"gpt-4o-mini": "our-chat", "text-embedding-3-small": "our-vectors"}
LOCATION = {"project": "mock", "region": "us-east5"}

UPSTREAMS = [
    Upstream("openai", "openai", "/v1", "openai/gpt-4o-mini", "openai/text-embedding-3-small", short=True),
    Upstream("openai-responses", "openai", "/v1", "openai/gpt-5.1-codex"),
    Upstream("anthropic", "anthropic", "/v1", "anthropic/claude-sonnet-4-5", short=True, counts_tokens=True),
    Upstream(
        "gemini",
        "google",
        "/v1beta",
        "google/gemini-2.5-flash",
        "google/gemini-embedding-001",
        counts_tokens=True,
        short=True,
    ),
    Upstream("vertex", "google-vertex", "", "google/gemini-2.5-flash", settings=LOCATION, counts_tokens=True),
    Upstream(
        "vertex-claude",
        "google-vertex",
        "",
        "anthropic/claude-sonnet-4-5-20250929",
        settings=LOCATION,
        counts_tokens=True,
    ),
    Upstream(
        "bedrock",
        "amazon-bedrock",
        "",
        "anthropic/claude-haiku-4-5-20251001",
        settings={"region": "us-east-1"},
        counts_reasoning=False,
        counts_tokens=True,
    ),
    Upstream("cohere", "cohere", "", "cohere/command-a-03-2025"),
    Upstream("azure", "azure", "", "openai/gpt-4o-mini", "openai/text-embedding-3-small", {"deployments": DEPLOYMENTS}),
    Upstream("mistral", "mistral", "/v1", "mistralai/mistral-small-latest", "mistralai/mistral-embed"),
    Upstream("compatible", "openai-compatible", "/v1", "compatible/any-model", "compatible/any-embedding"),
]


def flavor(name, model, provider=None, reasoning="reasoning_content", names_errors=False):
    """A server that speaks Chat Completions in its own way, which the mock provider has under its name."""
    told = {"reasoning_member": reasoning, "names_errors": names_errors}
    return Upstream(name, provider or name, f"/{name}/v1", model, **told)


# Providers that speak Chat Completions like many, each through its own provider file and with its own habits. A few
# clients and features suffice: how clients take the dialect is shown by the families above.
PROVIDERS = [
    flavor("groq", "openai/gpt-oss-20b", reasoning="reasoning", names_errors=True),
    flavor("deepseek", "deepseek/deepseek-reasoner"),
    flavor("xai", "x-ai/grok-4.3", names_errors=True),
    flavor("together", "minimax/minimax-m3", "togetherai", reasoning="reasoning"),
    flavor("fireworks", "openai/gpt-oss-20b", "fireworks-ai"),
    flavor("perplexity", "perplexity/sonar"),
    flavor("openrouter", "allenai/olmo-3-32b-think", reasoning="reasoning"),
    flavor("huggingface", "qwen/qwen3-32b", names_errors=True),
    flavor("ollama", "ollama/any-model", reasoning="reasoning"),
    flavor("vllm", "vllm/any-model", reasoning="reasoning"),
    flavor("llama-cpp", "llama-cpp/any-model"),
]
