"""The matrix of a run: for the terminal, and as the page docs/conformance.md. Pure; `python3 -m doctest` proves it."""

from typing import NamedTuple

MARKS = {"pass": "✓", "fail": "✗", "unsupported": "–"}


def by_place(cells):
    return {(cell["client"], cell["upstream"], cell["feature"]): cell for cell in cells}


def counts(cells):
    """How many cells passed, failed and cannot be.

    >>> counts([{"status": "pass"}, {"status": "fail"}, {"status": "unsupported"}, {"status": "pass"}])
    (2, 1, 1)
    """
    found = [cell["status"] for cell in cells]
    return found.count("pass"), found.count("fail"), found.count("unsupported")


def versions(cells):
    return {cell["client"]: cell["client_version"] or "?" for cell in cells}


def plain(clients, upstreams, features, cells):
    """The matrix as text: a row for each client and upstream, a column for each feature.

    >>> from collections import namedtuple
    >>> client, upstream = namedtuple("C", "name title")("c", "Client"), namedtuple("U", "name")("up")
    >>> cell = {"client": "c", "client_version": "1", "upstream": "up", "feature": "plain", "status": "pass"}
    >>> print(plain([client], [upstream], ["plain", "stream"], [cell]))
                  p s
                  l t
                  a r
                  i e
                  n a
                    m
    Client 1  up  ✓
    """
    places, known = by_place(cells), versions(cells)
    labels = {
        (client.name, upstream.name): (f"{client.title} {known.get(client.name, '')}".strip(), upstream.name)
        for client in clients
        for upstream in upstreams
    }
    widths = [max(len(label[column]) for label in labels.values()) for column in (0, 1)]
    margin = " " * (sum(widths) + 4)
    height = max(len(feature) for feature in features)
    lines = [margin + " ".join(feature.ljust(height)[row] for feature in features) for row in range(height)]
    for (client, upstream), label in labels.items():
        found = [places.get((client, upstream, feature)) for feature in features]
        marks = " ".join(MARKS[cell["status"]] if cell else " " for cell in found)
        lines.append("  ".join([label[0].ljust(widths[0]), label[1].ljust(widths[1]), marks]))
    return "\n".join(line.rstrip() for line in lines)


def failures(cells):
    """One line for each cell that failed."""
    return [
        f"{cell['client']} / {cell['upstream']} / {cell['feature']}: {cell['reason']}"
        for cell in cells
        if cell["status"] == "fail"
    ]


class Table(NamedTuple):
    """Which cells belong together."""

    clients: list
    upstreams: list
    features: list


def page(families, providers, features, cells, facts):
    """The page: a table for each upstream family, one for all providers that speak one dialect. `features` maps names
    to what they prove; `facts`: command, commit, day, sessions."""
    known = versions(cells)
    passed, failed, without = counts(cells)
    text = [
        "# Conformance",
        "",
        "Official clients through Sluicegate, against every wire format a provider speaks. Each cell is a program that",
        "uses the client as an application would, and compares what it gets with what the provider sent, billed and",
        "saw. The provider is the mock provider of this repository, which answers by script; how it is asked is in",
        "[services/e2e/conformance](../services/e2e/conformance/README.md).",
        "",
        f"Written by `{facts['command']}` on {facts['day']} at commit {facts['commit']}: "
        f"{passed} cells pass, {failed} fail, {without} cannot be. Not to be edited.",
        "",
        f"{MARKS['pass']} passes · {MARKS['fail']} fails · {MARKS['unsupported']} cannot be, the note says why",
        "",
        "## Features",
        "",
        "| feature | proves |",
        "|---|---|",
        *[f"| {name.replace('_', ' ')} | {features[name]} |" for name in features],
    ]
    notes = Notes()
    places = by_place(cells)
    for upstream in families.upstreams:
        rows = [(f"{it.title} | {known.get(it.name, '')}", it.name, upstream.name) for it in families.clients]
        text += ["", f"## Upstream: {upstream.name}", ""]
        text += table("client | version", rows, families.features, places, notes)
    if providers.clients and providers.upstreams:
        text += ["", "## Providers that speak Chat Completions", ""]
        text += ["Each through its own provider file, against the mock provider with its habits: where it puts"]
        text += ["reasoning and usage, the shape and the words of its errors, what it refuses.", ""]
        pairs = [(upstream, client) for upstream in providers.upstreams for client in providers.clients]
        rows = [(f"{upstream.name} | {client.title}", client.name, upstream.name) for upstream, client in pairs]
        text += table("provider | client", rows, providers.features, places, notes)
    text += ["", "## Sessions", ""]
    text += ["Requests as programs send them, from `services/e2e/conformance/sessions`.", ""]
    text += ["| session | requests | result |", "|---|--:|:-:|"]
    for session in facts["sessions"]:
        text.append(f"| {session['title']} | {session['steps']} | {notes.mark(session)} |")
    text += ["", "## Notes", "", *notes.lines(), ""]
    return "\n".join(text)


def table(head, rows, features, places, notes):
    """A table of marks. A row: what it is headed by, the client and the upstream."""
    lines = [f"| {head} | " + " | ".join(name.replace("_", " ") for name in features) + " |"]
    lines.append("|---|---|" + ":-:|" * len(features))
    for title, client, upstream in rows:
        found = [places.get((client, upstream, feature)) for feature in features]
        marks = [notes.mark(cell) if cell else "" for cell in found]
        lines.append(f"| {title} | " + " | ".join(marks) + " |")
    return lines


class Notes:
    """Numbers the reasons, each once.

    >>> notes = Notes()
    >>> notes.mark({"status": "unsupported", "reason": "no such call"}), notes.mark({"status": "pass", "reason": None})
    ('–<sup>1</sup>', '✓')
    >>> notes.lines()
    ['1. no such call']
    """

    def __init__(self):
        self.numbers = {}

    def mark(self, cell):
        mark = MARKS[cell["status"]]
        if not cell["reason"]:
            return mark
        number = self.numbers.setdefault(cell["reason"], len(self.numbers) + 1)
        return f"{mark}<sup>{number}</sup>"

    def lines(self):
        return [f"{number}. {' '.join(reason.split())}" for reason, number in self.numbers.items()]
