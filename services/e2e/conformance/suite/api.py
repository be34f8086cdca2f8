"""The REST API, as far as the suite needs it: an account, connections to the mock provider, routes, a key."""

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

from . import accounts


class Refused(Exception):
    """The API answered something else than expected."""


def call(method, url, body=None, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")[:500]
        raise Refused(f"{method} {url}: {error.code} {text}") from None


def set_up(dashboard, mock, upstreams):
    """Gives a key with which every upstream can be reached by its alias."""
    api = f"{dashboard}/api/v1"
    account = {
        "email": f"conformance-{time.time_ns()}@example.com",
        "password": "a password for conformance",
        "name": "Conformance",
    }
    token = call("POST", f"{api}/auth/sign-up", account)["access_token"]
    membership = call("GET", f"{api}/me", token=token)["memberships"][0]
    project = f"{api}/projects/{membership['projects'][0]['id']}"
    state_capabilities(f"{api}/organizations/{membership['organization']['id']}", token)
    for upstream in upstreams:
        connection = {
            "slug": upstream.name,
            "provider": upstream.provider,
            "base_url": mock + upstream.path,
            "credential": accounts.credential(upstream.provider, mock),
            "settings": upstream.settings,
        }
        call("POST", f"{project}/connections?wait=applied", connection, token)
        publish(project, token, upstream.alias(), upstream.model, upstream.name)
        if upstream.embedding_model:
            publish(project, token, upstream.embedding_alias(), upstream.embedding_model, upstream.name)
    return call("POST", f"{project}/keys?wait=applied", {"name": "conformance"}, token)["secret"]


def state_capabilities(organization, token):
    """The mock provider does everything under every name, also what the model of that name is known not to do."""
    statement = {
        "about": {"model": "*"},
        "facts": {"tools": True, "json_schema": True, "reasoning": True},
        "evidence": "The mock provider, services/mock-provider",
        "as_of": datetime.now(UTC).date().isoformat(),
    }
    call("POST", f"{organization}/facts", statement, token)


def publish(project, token, alias, model, connection):
    """A route with one target and one attempt: what the provider says is what the client has to see."""
    route = {
        "slug": alias,
        "aliases": [alias],
        "strategy": "ordered",
        "targets": [{"model": model, "connection": connection}],
        "retry": {"max_attempts": 1, "attempt_timeout_ms": 60_000},
    }
    call("POST", f"{project}/routes?wait=applied", route, token)


def ledger(mock):
    """What the mock provider booked."""
    with urllib.request.urlopen(f"{mock}/__mock/ledger", timeout=10) as answer:
        return [json.loads(line) for line in answer.read().decode().splitlines()]
