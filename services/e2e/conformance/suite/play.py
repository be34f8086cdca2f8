"""Plays a session: requests as a program sends them, byte for byte where it matters, and what has to come back.

A file in ../sessions is `{title, source, short, headers, define, steps}`. What is `short` belongs to every test run.
`headers` go with every step; a step takes one away with null. A step is `{name, method, path, headers, body, expect}`.
`$name` is replaced in any text: `$key`, `$model`, `$embedding`, `$tag`, what is in `define`, and what earlier steps
saved. `expect` knows

    status      the status, or a list of them
    headers     name → text that has to be in it
    body        JSON pointer → value; `{"matches": REGEX}`, `{"exists": bool}`, `{"has": VALUE}` for lists
    events      names or types of the events of a stream that have to come, in this order; others may be between
    text        text that the body holds; `absent`: text that it does not hold
    outcome     how the provider booked the call
    within_ms   how long it may take

`save` maps names to JSON pointers of the answer (or of the stream's events, `events/3/item/id`), for later steps.
"""

import http.client
import json
import re
import time
import uuid
from urllib.parse import urlsplit

from . import api
from .paths import SESSIONS

LEAVING = 6.0
UPSTREAM = "openai"


class Malformed(Exception):
    """A session file is not one."""


class Wrong(Exception):
    """An answer is not what it has to be."""


def load(names, is_short=False):
    """The sessions of these names; all without names, or those of the short form; none with an empty list."""
    files = sorted(SESSIONS.glob("*.json"))
    unknown = set(names or []) - {path.stem for path in files}
    if unknown:
        raise Malformed(f"no session named {', '.join(sorted(unknown))}")
    sessions = []
    for path in files:
        if names is None or path.stem in names:
            try:
                session = json.loads(path.read_text(encoding="utf-8"))
                session["title"], session["source"], session["steps"][0]["path"]
            except (ValueError, KeyError, IndexError) as error:
                raise Malformed(f"{path.name}: {error!r}") from None
            if names is not None or not is_short or session.get("short"):
                sessions.append(session)
    return sessions


def play(gateway, session, upstreams):
    """Plays all steps against one upstream, whose words they expect."""
    result = {"title": session["title"], "steps": len(session["steps"]), "status": "pass", "reason": None}
    upstream = next((it for it in upstreams if it.name == UPSTREAM), None)
    if upstream is None:
        return {**result, "status": "unsupported", "reason": f"it takes the upstream {UPSTREAM}, which was left out"}
    tag = f"session.{uuid.uuid4().hex[:12]}"
    variables = {"key": gateway.key, "tag": tag, "model": upstream.alias(), "embedding": upstream.embedding_alias()}
    variables.update(session.get("define", {}))
    for step in session["steps"]:
        try:
            step = {**step, "headers": {**session.get("headers", {}), **step.get("headers", {})}}
            variables.update(take(gateway, replaced(step, variables), tag))
        except (Wrong, OSError, http.client.HTTPException, ValueError) as error:
            return {**result, "status": "fail", "reason": f"{step.get('name', step['path'])}: {error}"}
    return result


def replaced(value, variables):
    """The value with `$name` filled in, in every text of it; a text that is nothing else becomes the value itself.

    >>> replaced({"a": ["Bearer $key", 1, "$$", "$tool"]}, {"key": "k", "tool": {"name": "t"}})
    {'a': ['Bearer k', 1, '$$', {'name': 't'}]}
    """
    if isinstance(value, str):
        if value[:1] == "$" and value[1:] in variables:
            return variables[value[1:]]
        return re.sub(r"\$(\w+)", lambda found: str(variables.get(found[1], found[0])), value)
    if isinstance(value, list):
        return [replaced(item, variables) for item in value]
    if isinstance(value, dict):
        return {name: replaced(item, variables) for name, item in value.items()}
    return value


def take(gateway, step, tag):
    begun = time.monotonic()
    status, headers, text = send(gateway, step)
    took = (time.monotonic() - begun) * 1000
    expected = step.get("expect", {})
    statuses = expected.get("status", 200)
    if status not in (statuses if isinstance(statuses, list) else [statuses]):
        raise Wrong(f"status {status}: {text[:300]}")
    for name, part in expected.get("headers", {}).items():
        if part not in headers.get(name.lower(), ""):
            raise Wrong(f"header {name} is {headers.get(name.lower())!r}")
    if took > expected.get("within_ms", 60_000):
        raise Wrong(f"took {took:.0f} ms")
    for wanted in [expected["text"]] if isinstance(expected.get("text"), str) else expected.get("text", []):
        if wanted not in text:
            raise Wrong(f"no {wanted!r} in {text[:300]}")
    if expected.get("absent") and expected["absent"] in text:
        raise Wrong(f"{expected['absent']!r} is in the answer")
    document = document_of(headers, text)
    for path, wanted in expected.get("body", {}).items():
        check(path, pointed(document, path), wanted)
    if "events" in expected:
        in_order(expected["events"], [event_name(event) for event in document["events"]])
    if "outcome" in expected:
        booked(gateway, tag, expected["outcome"])
    return {name: found(document, path) for name, path in step.get("save", {}).items()}


def send(gateway, step):
    """The request on a connection of its own; with `leave_after`, the client leaves once that text has come."""
    origin = urlsplit(gateway.url)
    connection = http.client.HTTPConnection(origin.hostname, origin.port, timeout=30)
    try:
        body = step.get("body")
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = {name: value for name, value in step["headers"].items() if value is not None}
        if data is not None:
            headers.setdefault("content-type", "application/json")
        connection.request(step["method"], step["path"], body=data, headers=headers)
        answer = connection.getresponse()
        got = {name.lower(): value for name, value in answer.getheaders()}
        if "leave_after" not in step:
            return answer.status, got, answer.read().decode()
        text = ""
        while step["leave_after"] not in text:
            piece = answer.read1(65536)
            if not piece:
                raise Wrong(f"the stream ended before {step['leave_after']!r}: {text[-300:]}")
            text += piece.decode(errors="replace")
        return answer.status, got, text
    finally:
        connection.close()


def document_of(headers, text):
    """JSON as it is; a stream as `{events: [..]}` with the data of each event, and its name as `event`."""
    if headers.get("content-type", "").startswith("text/event-stream"):
        return {"events": list(events(text))}
    try:
        return json.loads(text)
    except ValueError:
        return None


def events(text):
    """The events of a stream.

    >>> list(events('event: a\\ndata: {"x": 1}\\n\\n: note\\n\\ndata: [DONE]\\n\\n'))
    [{'x': 1, 'event': 'a'}, {'event': '[DONE]'}]
    """
    for frame in re.split(r"\r?\n\r?\n", text):
        lines = re.split(r"\r?\n", frame)
        name = next((line[6:].strip() for line in lines if line.startswith("event:")), None)
        data = "\n".join(line[5:].lstrip() for line in lines if line.startswith("data:"))
        if data == "[DONE]":
            yield {"event": data}
        elif data:
            document = json.loads(data)
            yield {**document, "event": name} if name else document


def event_name(event):
    return event.get("event") or event.get("type") or event.get("object")


def in_order(wanted, found):
    """Every wanted name has to come, after the one before it.

    >>> in_order(["a", "c"], ["a", "b", "c"])
    """
    rest = iter(found)
    for name in wanted:
        if name not in rest:
            raise Wrong(f"no event {name} in its place: {found}")


def pointed(document, path):
    """What a JSON pointer (without its first slash) points at; `None` when nothing.

    >>> pointed({"a": [{"b": 5}]}, "a/0/b"), pointed({"a": []}, "a/0/b"), pointed([1, 2], "-1")
    (5, None, 2)
    """
    for part in path.split("/"):
        try:
            document = document[int(part)] if isinstance(document, list) else document[part]
        except (LookupError, ValueError, TypeError):
            return None
    return document


def found(document, path):
    value = pointed(document, path)
    if value is None:
        raise Wrong(f"nothing at {path} to go on with")
    return value


def check(path, value, wanted):
    """Compares a value of the answer.

    >>> check("a", "req_1", {"matches": "^req_"}); check("a", [1, 2], {"has": 2}); check("a", None, {"exists": False})
    """
    if isinstance(wanted, dict) and set(wanted) <= {"matches", "exists", "has"}:
        fits = (
            re.search(wanted.get("matches", ""), value if isinstance(value, str) else json.dumps(value))
            and (value is not None) == wanted.get("exists", value is not None)
            and ("has" not in wanted or wanted["has"] in (value or []))
        )
    else:
        fits = value == wanted
    if not fits:
        raise Wrong(f"{path} is {json.dumps(value)[:200]}, not {json.dumps(wanted)}")


def booked(gateway, tag, outcome):
    """The provider's last entry of this session has to end like this, in time."""
    deadline = time.monotonic() + LEAVING
    outcomes = []
    while time.monotonic() < deadline:
        outcomes = [entry["outcome"] for entry in api.ledger(gateway.mock) if entry.get("tag") == tag]
        if outcomes and outcomes[-1] == outcome:
            return
        time.sleep(0.1)
    raise Wrong(f"the provider booked {outcomes}, not {outcome}")
