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


def prepare(base, upstream, model="bench/mock-model", budgets=None, url=None, seconds=60):
    """Connects the provider described; gives the key and the model name to call with."""
    wait_ready(base, seconds)
    api = f"{base}/api/v1"
    account = {"email": f"bench-{time.time_ns()}@example.com", "password": "a password for benches", "name": "Bench"}
    token = call("POST", f"{api}/auth/sign-up", account)["access_token"]
    membership = call("GET", f"{api}/me", token=token)["memberships"][0]
    project_id = membership["projects"][0]["id"]
    project = f"{api}/projects/{project_id}"
    connection = {"slug": "bench", "credential": "sk-upstream", **upstream}
    call("POST", f"{project}/connections", connection, token)
    key = call("POST", f"{project}/keys", {"name": "bench"}, token)
    if budgets:
        levels = {"organization": {}, "project": {"project": project_id}, "key": {"key": key["id"]}}
        levels["model"] = {"model": model}
        organization = membership["organization"]["id"]
        for name, scope in levels.items():
            budget = {"name": name, "limit": {"amount": budgets["limit"]}, "interval": "lifetime", "scope": scope}
            call("POST", f"{api}/organizations/{organization}/budgets?wait=applied", budget, token)
        # Only budgets over every model are used up this way: the dearest takes fewer calls.
        use_up(url, key["secret"], "openai/o1-pro", float(budgets["limit"]) * budgets.get("used", 0))
    return key["secret"], model


def use_up(url, key, model, amount, seconds=120):
    """Calls a dear model until so many dollars are spent."""
    body = {"model": model, "max_tokens": 16_000, "messages": [{"role": "user", "content": "Spend."}]}
    headers = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    end, spent = time.monotonic() + seconds, 0.0
    while spent < amount:
        if time.monotonic() > end:
            raise RuntimeError(f"only {spent} of {amount} USD could be spent")
        request = urllib.request.Request(url, data=json.dumps(body).encode(), method="POST", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                spent += float(answer.headers["x-sluicegate-cost"])
        except urllib.error.HTTPError as error:
            # More was spent than is on the books yet, or the worker has not heard of the budgets.
            if error.code != 503:
                raise RuntimeError(f"{model}: {error.code} {error.read().decode(errors='replace')[:500]}") from None
            time.sleep(0.1)
