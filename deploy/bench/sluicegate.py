"""Prepares a fresh Sluicegate for a bench over its REST API: an account, a connection to the mock provider, a key."""

import json
import time
import urllib.error
import urllib.request


def call(method, url, body=None, token=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{method} {url}: {error.code} {error.read().decode(errors='replace')[:500]}") from None


def wait_ready(base, seconds):
    end = time.monotonic() + seconds
    while True:
        try:
            return call("GET", f"{base}/api/v1/version")
        except (OSError, RuntimeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def prepare(base, upstream, seconds=60):
    """Connects the provider described; gives the key and the model name to call with."""
    wait_ready(base, seconds)
    api = f"{base}/api/v1"
    account = {"email": f"bench-{time.time_ns()}@example.com", "password": "a password for benches", "name": "Bench"}
    token = call("POST", f"{api}/auth/sign-up", account)["access_token"]
    membership = call("GET", f"{api}/me", token=token)["memberships"][0]
    project = f"{api}/projects/{membership['projects'][0]['id']}"
    connection = {"slug": "bench", "credential": "sk-upstream", **upstream}
    call("POST", f"{project}/connections", connection, token)
    key = call("POST", f"{project}/keys", {"name": "bench"}, token)["secret"]
    return key, "bench/mock-model"
