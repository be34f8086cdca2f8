"""What is tested: `sluicegate up` and a mock provider on free ports, or an endpoint that runs already.

An endpoint is given by SLUICEGATE_CONFORMANCE_URL (without /v1), SLUICEGATE_CONFORMANCE_KEY and
SLUICEGATE_CONFORMANCE_MOCK (the mock provider's origin); its routes are named as in `upstreams`.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

from . import accounts, api
from .paths import BINARIES

READY = 120.0
# What sets a provider's models apart at the mock provider, which has one path for all that speak OpenAI's dialect.
SCRIPT = {"models": {"mistral-small-latest": {"stream_usage": "always"}}}


class Gateway(NamedTuple):
    """Where a driver finds things."""

    url: str
    key: str
    mock: str


class CannotStart(Exception):
    """A server did not come up."""


@contextlib.contextmanager
def gateway(upstreams, binaries=BINARIES):
    given = os.environ.get("SLUICEGATE_CONFORMANCE_URL")
    if given:
        yield Gateway(given, os.environ["SLUICEGATE_CONFORMANCE_KEY"], os.environ["SLUICEGATE_CONFORMANCE_MOCK"])
        return
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluicegate-conformance.")))
        # Postgres runs as another user when the suite runs as root.
        folder.chmod(0o711)
        dashboard, inference, admin, mock = (f"127.0.0.1:{port}" for port in free_ports(4))
        config = folder / "mock.json"
        config.write_text(json.dumps({"keys": [accounts.KEY, accounts.AWS_KEY_ID], "script": SCRIPT}))
        start(stack, folder, binaries / "sluicegate-mock-provider", "--listen", mock, "--config", str(config))
        up = ["up", "--data-dir", str(folder / "data"), "--allow-private", "127.0.0.0/8"]
        up += ["--listen", dashboard, "--inference-listen", inference, "--admin-listen", admin]
        process = start(stack, folder, binaries / "sluicegate", *up)
        until_ready(f"http://{admin}/readyz", process, folder / "sluicegate.log")
        key = api.set_up(f"http://{dashboard}", f"http://{mock}", upstreams)
        yield Gateway(f"http://{inference}", key, f"http://{mock}")


def free_ports(count):
    """Holds every socket until all are chosen, so that they are distinct; below the ephemeral range."""
    held = []
    while len(held) < count:
        candidate = socket.socket()
        try:
            candidate.bind(("127.0.0.1", random.randint(20000, 32000)))
            held.append(candidate)
        except OSError:
            candidate.close()
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def start(stack, folder, program, *arguments):
    if not program.exists():
        raise CannotStart(
            f"{program} is missing: cargo build --workspace --bins, or name another folder with --binaries"
        )
    log = stack.enter_context(open(folder / f"{program.name}.log", "wb"))
    process = subprocess.Popen(
        [str(program), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    stack.callback(stop, process)
    return process


def stop(process):
    """Asks once: killed, the gateway would leave its Postgres behind."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until_ready(url, process, log):
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    tail = log.read_text(errors="replace")[-3000:]
    raise CannotStart(f"the gateway did not become ready:\n{tail}")
