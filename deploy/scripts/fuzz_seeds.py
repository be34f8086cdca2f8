"""Takes golden recordings apart for the fuzzer: each request, answer and stream becomes a seed, and the words that
several of them share become its dictionary.

    fuzz_seeds.py GOLDEN OUT     writes OUT/seeds/* and OUT/words.dict
"""

import base64
import collections
import hashlib
import json
import sys
from pathlib import Path

LARGEST_SEED = 64 * 1024  # bytes; larger ones only slow the fuzzer down
LONGEST_WORD = 40
SEEN_IN = 2  # recordings


def seeds(recording):
    """The bodies of one recording.

    >>> answer = {"body": {"b": 2}, "text": "data: x\\n\\n", "base64": "AAE="}
    >>> sorted(seeds({"request": {"body": {"a": 1}}, "response": answer}))
    [b'\\x00\\x01', b'data: x\\n\\n', b'{"a":1}', b'{"b":2}']
    """
    request, response = recording.get("request") or {}, recording["response"]
    for body in (request.get("body"), response.get("body")):
        if body is not None:
            yield json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    if response.get("text"):
        yield response["text"].encode()
    if response.get("base64"):
        yield base64.b64decode(response["base64"])


def words(value):
    """Names and short strings of a document, in quotes as they stand in it.

    >>> sorted(words({"type": "text", "n": [1, {"x y": None}]}))
    ['"n"', '"text"', '"type"', '"x y"']
    """
    if isinstance(value, str):
        if len(value) <= LONGEST_WORD and value.isascii() and value.isprintable():
            yield json.dumps(value)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from words(name)
            yield from words(member)
    elif isinstance(value, list):
        for item in value:
            yield from words(item)


def entry(word):
    r"""A line of a libFuzzer dictionary.

    >>> entry('"a"')
    '"\\"a\\""'
    """
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main(golden, out):
    (out / "seeds").mkdir(parents=True, exist_ok=True)
    counts = collections.Counter()
    for file in sorted(golden.glob("*/*.json")):
        recording = json.loads(file.read_text(encoding="utf-8"))
        counts.update(set(words([recording["request"], recording["response"]])))
        for seed in seeds(recording):
            if len(seed) <= LARGEST_SEED:
                (out / "seeds" / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    shared = sorted(word for word, count in counts.items() if count >= SEEN_IN)
    (out / "words.dict").write_text("".join(f"{entry(word)}\n" for word in shared), encoding="ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
