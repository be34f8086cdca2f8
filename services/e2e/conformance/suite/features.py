"""The features of the matrix, in the order of its columns; a driver's methods have the same names."""

FEATURES = {
    "plain": "a whole answer, with a system instruction",
    "stream": "an answer in pieces",
    "parallel_tools": "two calls in one turn, whole and streamed",
    "tool_result_turn": "the results of both calls sent back",
    "structured_output": "an answer that follows a JSON schema, by the client's own means",
    "image_input": "a picture, compared by its hash at the provider",
    "reasoning": "reasoning apart from the answer, whole and streamed",
    "embeddings": "vectors",
    "list_models": "the list of models and one by name",
    "count_tokens": "tokens of a prompt, counted without an answer",
    "bad_key": "the exception for an unknown key",
    "bad_request": "the exception for a malformed request",
    "not_found": "the exception for an unknown model",
    "rate_limited": "the exception for a provider's 429",
    "overloaded": "the exception for a provider's 503",
    "context_length": "the exception for a prompt that is too long",
    "cancel": "the client leaves a stream; the provider sees it leave",
    "usage": "tokens as the provider billed them, whole and streamed",
}
SHORT = ["plain", "stream", "parallel_tools", "tool_result_turn", "embeddings", "list_models"]
SHORT += ["bad_key", "bad_request", "not_found", "rate_limited", "cancel", "usage"]
# What providers differ in that speak one dialect.
HABITS = [
    "plain",
    "stream",
    "parallel_tools",
    "tool_result_turn",
    "reasoning",
    "rate_limited",
    "context_length",
    "usage",
]
