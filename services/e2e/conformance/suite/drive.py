"""Runs the drivers, as many at a time as there are cores, and gathers their cells."""

import concurrent.futures
import json
import os
import re
import subprocess
import threading
import time
from urllib.parse import urlsplit

from . import install

# A driver that says nothing for so long is stuck: no cell takes longer.
SILENCE = 90.0
NOBODY = "http://127.0.0.1:9"
# Nothing from outside, and no colors or progress bars.
ENVIRONMENT = {
    "NO_COLOR": "1",
    "PYTHONUNBUFFERED": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LANGSMITH_TRACING": "false",
    "AI_SDK_LOG_WARNINGS": "false",
}


def drive(gateway, clients, upstreams, features, progress):
    """All cells, in the order of clients, upstreams and features."""
    jobs = max(1, min(len(clients), os.cpu_count() or 1))
    alive = set()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(run, gateway, client, upstreams, features, progress, alive) for client in clients]
        try:
            return [cell for each in runs for cell in each.result()]
        except BaseException:
            for each in runs:
                each.cancel()
            for process in list(alive):
                process.kill()
            raise


def run(gateway, client, upstreams, features, progress, alive):
    """The cells of one client. One that is missing because the driver died or hung fails with its last words."""
    begun = time.monotonic()
    job = {
        "client": client.name,
        "url": gateway.url,
        "key": gateway.key,
        "mock": gateway.mock,
        "upstreams": [upstream.as_job(client) for upstream in upstreams],
        "features": list(features),
    }
    process = subprocess.Popen(
        install.command(client),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**outside(), **ENVIRONMENT, **nowhere(gateway)},
        text=True,
    )
    alive.add(process)
    watch = Watch(process)
    complaints = []
    reader = threading.Thread(target=lambda: complaints.extend(process.stderr), daemon=True)
    reader.start()
    process.stdin.write(json.dumps(job))
    process.stdin.close()
    cells = []
    for line in process.stdout:
        watch.feed()
        if line.startswith('{"client"'):
            cells.append(json.loads(line))
        else:
            complaints.append(line)  # of a library that prints
    process.wait()
    alive.discard(process)
    watch.end()
    reader.join(timeout=5)
    why = "the driver hung" if watch.struck else "the driver died"
    last = re.sub(r"\x1b\[[0-9;]*m|\s+", " ", "".join(complaints)).strip()[-300:]
    cells += missing(client, upstreams, features, cells, f"{why}: {last}")
    progress(client, cells, time.monotonic() - begun)
    return cells


def outside():
    """The environment without what would lead clients elsewhere: proxies, keys and base URLs."""
    astray = ("PROXY", "_API_KEY", "_BASE_URL", "_API_BASE", "GOOGLE_", "ANTHROPIC_", "OPENAI_")
    return {name: value for name, value in os.environ.items() if not any(it in name.upper() for it in astray)}


def nowhere(gateway):
    """Proxies that are not there, for everything but the two servers: a client that fetches something fails at once."""
    hosts = ",".join(urlsplit(url).hostname for url in (gateway.url, gateway.mock))
    return {"HTTP_PROXY": NOBODY, "HTTPS_PROXY": NOBODY, "NO_PROXY": hosts, "no_proxy": hosts}


def missing(client, upstreams, features, cells, reason):
    there = {(cell["upstream"], cell["feature"]) for cell in cells}
    version = next((cell["client_version"] for cell in cells), None)
    return [
        {
            "client": client.name,
            "client_version": version,
            "feature": feature,
            "upstream": upstream.name,
            "status": "fail",
            "reason": reason,
            "ms": 0,
        }
        for upstream in upstreams
        for feature in features
        if (upstream.name, feature) not in there
    ]


class Watch:
    """Kills a process that has been silent for too long."""

    def __init__(self, process):
        self.process = process
        self.struck = False
        self.timer = None
        self.feed()

    def feed(self):
        self.end()
        self.timer = threading.Timer(SILENCE, self.strike)
        self.timer.daemon = True
        self.timer.start()

    def strike(self):
        self.struck = True
        self.process.kill()

    def end(self):
        if self.timer:
            self.timer.cancel()
