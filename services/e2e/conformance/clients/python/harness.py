"""What every driver shares: the job it is given, the cells it fills, and what the mock provider is known to answer.

A driver is a class with a method for each feature its client has; the method's argument is a `Cell`. The runner gives
the job as one JSON document on standard input; each cell is one JSON line on standard output. The answers that are
expected here are the contract in ../../README.md.
"""

import contextlib
import importlib.metadata
import itertools
import json
import os
import struct
import sys
import time
import urllib.request
import zlib

# Whatever goes wrong in quoting, escaping or splitting shows here: a line separator, quotes, a backslash, an emoji.
SAY = 'Grüße, 世界! "quoted" \\ back\u2028slash 🌊 done.'
SYSTEM = "Answer like the miller’s daughter."
REASONING = "Stones wear down slowly, so the older wheel turns first."
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CLOCK = {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]}
TOOLS = {"weather": ("Tells the weather of a city.", WEATHER), "clock": ("Tells the time in a zone.", CLOCK)}
CALLS = [("weather", {"city": "city-1"}), ("clock", {"zone": "zone-2"})]
RESULTS = ["It is 7 degrees.", "It is noon."]
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
PERSON_VALUE = {"name": "name-1", "age": 1}
NO_SUCH_MODEL = "no-such-model"
BAD_KEY = "sk-sg-not-a-key"
# How an overloaded provider may be told: Anthropic has a status of its own.
OVERLOADED = (503, 529)
# A provider is slow to notice that its caller has left, but not this slow.
LEAVING = 6.0


def png():
    """The smallest picture there is."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x10\x80\xf0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def picture_as_told(base64_text):
    """How the mock provider names a picture: its type and a hash (FNV-1a) of its base64 text."""
    value = 0xCBF29CE484222325
    for byte in base64_text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"image/png {value:016x}"


class Mismatch(Exception):
    """Something is not as it has to be."""


def expect(what, found, wanted):
    if found != wanted:
        raise Mismatch(f"{what}: {found!r} instead of {wanted!r}")


def holds(what, condition):
    if not condition:
        raise Mismatch(what)


class Cell:
    """One feature of one client against one upstream."""

    numbers = itertools.count(1)

    def __init__(self, job, upstream, feature):
        self.job = job
        self.model = upstream["model"]
        self.embedding_model = upstream.get("embedding_model")
        self.counts_reasoning = upstream["counts_reasoning"]
        self.counts_tokens = upstream["counts_tokens"]
        # Where a client of chat that is passed through finds reasoning, and whether an error names its class.
        self.reasoning_member = upstream["reasoning_member"]
        self.names_errors = upstream["names_errors"]
        self.tag = f"{feature}.{os.getpid()}.{next(self.numbers)}"

    def prompt(self, order, text="Please."):
        """A prompt with an order to the mock provider, and this cell's tag."""
        return f"{text} {order} [[tag={self.tag}]]"

    def entries(self):
        """What the mock provider booked for this cell."""
        with urllib.request.urlopen(self.job["mock"] + "/__mock/ledger", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return [entry for entry in map(json.loads, lines) if entry.get("tag") == self.tag]

    def expect_text(self, text, wanted=SAY):
        expect("text", text, wanted)

    def expect_stream(self, pieces, wanted=SAY):
        holds(f"{len(pieces)} pieces are no stream", len(pieces) > 2)
        expect("text of the stream", "".join(pieces), wanted)

    def expect_calls(self, calls, ids):
        expect("calls", calls, CALLS)
        holds(f"ids are not distinct: {ids}", len(set(ids)) == len(CALLS) and all(ids))

    def expect_results(self, text):
        expect("answer to the results", text, f"The tools say: {RESULTS[0]} | {RESULTS[1]}")

    def expect_reasoning_tokens(self, count):
        holds(f"{count} tokens of reasoning", not self.counts_reasoning or count)

    def expect_usage(self, told):
        """`told`: pairs of input and output tokens, in the order of the calls."""
        booked = [(entry["input_tokens"], entry["output_tokens"]) for entry in self.entries()]
        expect("usage beside what the provider billed", told, booked)

    def expect_count(self, count, send):
        """`count` gives the tokens of a prompt, `send` sends one. More text is more tokens, and where the provider
        counts, a count is what it bills."""
        short, long = count("Hello."), count("The water runs over stones and under bridges. " * 20)
        holds(f"{short} and {long} tokens", 0 < short < long)
        if self.counts_tokens:
            prompt = self.prompt("[[say=one]]")
            counted = count(prompt)
            send(prompt)
            expect("tokens counted beside those billed", [counted], [it["input_tokens"] for it in self.entries()])

    def expect_left(self):
        """The provider has to see that its caller left."""
        deadline = time.monotonic() + LEAVING
        outcomes = []
        while time.monotonic() < deadline:
            outcomes = [entry["outcome"] for entry in self.entries()]
            if outcomes:
                break
            time.sleep(0.1)
        expect("outcome at the provider", outcomes, ["client_left"])

    def expect_vectors(self, vectors, count, dimensions):
        expect("vectors", len(vectors), count)
        expect("dimensions", {len(vector) for vector in vectors}, {dimensions})
        lengths = [sum(x * x for x in vector) for vector in vectors]
        holds(f"not of length one: {lengths}", all(abs(length - 1) < 0.01 for length in lengths))
        holds("vectors are the same", vectors[0] != vectors[1])

    @contextlib.contextmanager
    def raises(self, kind, **attributes):
        """The block has to raise `kind`, with these attributes; a text has to be in it, a tuple has to hold it."""
        wanted_kind = " or ".join(it.__name__ for it in (kind if isinstance(kind, tuple) else (kind,)))
        try:
            yield
        except kind as error:
            for name, wanted in attributes.items():
                found = getattr(error, name, None)
                if isinstance(wanted, str):
                    fits = wanted in str(found)
                else:
                    fits = found in wanted if isinstance(wanted, tuple) else found == wanted
                holds(f"{type(error).__name__}.{name} is {found!r}, not {wanted!r}", fits)
        except Exception as error:
            raise Mismatch(f"{type(error).__name__} instead of {wanted_kind}: {brief(error)}") from error
        else:
            raise Mismatch(f"no {wanted_kind}")


def brief(error):
    text = " ".join(str(error).split())
    return text if len(text) < 300 else text[:300] + "…"


def fill(driver, cell, feature):
    """Status and reason of a cell."""
    method = getattr(driver, feature, None)
    if method is None:
        return "unsupported", driver.LACKS.get(feature, "the client has no such feature")
    try:
        method(cell)
    except Mismatch as mismatch:
        return "fail", str(mismatch)
    except Exception as error:
        return "fail", f"{type(error).__name__}: {brief(error)}"
    return "pass", None


def run(kind):
    """Runs the job on standard input with a driver of this class."""
    job = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr  # libraries that print do not disturb the lines
    version = importlib.metadata.version(kind.PACKAGE)
    for upstream in job["upstreams"]:
        driver = kind(job)
        for feature in job["features"]:
            begun = time.monotonic()
            reason = upstream.get("lacks", {}).get(feature)
            status = "unsupported"
            if reason is None:
                status, reason = fill(driver, Cell(job, upstream, feature), feature)
            line = {
                "client": job["client"],
                "client_version": version,
                "feature": feature,
                "upstream": upstream["name"],
                "status": status,
                "reason": reason,
                "ms": round((time.monotonic() - begun) * 1000),
            }
            print(json.dumps(line), file=out, flush=True)
