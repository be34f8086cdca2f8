"""The conformance suite: official clients against the gateway, over every kind of upstream.

    run.py                          everything
    run.py --short                  the part that belongs to every test run
    run.py --clients NAME ..        only these clients; --upstreams, --features and --sessions alike
    run.py --page docs/conformance.md --report FILE

Prints the matrix and `N passed, N failed, N skipped`; exits 1 when a cell failed. See README.md.
"""

import argparse
import datetime
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from suite import drive, install, matrix, paths, play
from suite.clients import CLIENTS
from suite.features import FEATURES, HABITS, SHORT
from suite.gateway import CannotStart, gateway
from suite.upstreams import PROVIDERS, UPSTREAMS

BEGUN = time.monotonic()
SPEAKING = threading.Lock()


def say(text):
    seconds = int(time.monotonic() - BEGUN)
    with SPEAKING:
        print(f"[{seconds // 60}:{seconds % 60:02d}] {text}", file=sys.stderr, flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, known in (("clients", CLIENTS), ("upstreams", UPSTREAMS + PROVIDERS)):
        parser.add_argument(f"--{name}", nargs="+", choices=[it.name for it in known], metavar="NAME")
    parser.add_argument("--features", nargs="+", choices=list(FEATURES), metavar="NAME")
    parser.add_argument("--sessions", nargs="*", metavar="NAME", help="no name: none")
    parser.add_argument("--short", action="store_true", help="a few clients and features, one upstream of each dialect")
    parser.add_argument("--binaries", type=Path, default=paths.BINARIES, metavar="FOLDER", help="built programs")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the matrix as a page")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write every cell as JSON")
    return parser.parse_args()


def chosen(everything, names, short, is_short):
    if names:
        return [it for it in everything if it.name in names]
    return [it for it in everything if not short or is_short(it)]


def progress(client, cells, seconds):
    passed, failed, without = matrix.counts(cells)
    say(f"{client.title}: {passed} pass, {failed} fail, {without} cannot be, in {seconds:.0f} s")


def command(options):
    """What was asked for, without where it was written."""
    words = ["just conformance"] + ["--short"] * options.short
    for name in ("clients", "upstreams", "features", "sessions"):
        chosen_names = getattr(options, name)
        if chosen_names is not None:
            words += [f"--{name}", *chosen_names]
    return " ".join(words)


def first_line(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=paths.ROOT)
    return done.stdout.strip() or "unknown"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(f"wrote {path}")


def main():
    options = parse()
    # As Ctrl-C: what was started is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    clients = chosen(CLIENTS, options.clients, options.short, lambda it: it.short)
    upstreams = chosen(UPSTREAMS, options.upstreams, options.short, lambda it: it.short)
    features = options.features or (SHORT if options.short else list(FEATURES))
    providers = chosen(PROVIDERS, options.upstreams, False, None)
    habits = [name for name in HABITS if name in features]
    drivers = [client for client in clients if client.habits] if habits else []
    try:
        sessions = play.load(options.sessions, options.short)
        install.prepare({client.environment for client in clients}, say)
        say("starting the gateway and the mock provider")
        with gateway(upstreams + providers, options.binaries) as running:
            say(f"{len(clients)} clients, {len(upstreams)} upstreams, {len(features)} features")
            cells = drive.drive(running, clients, upstreams, features, progress) if upstreams else []
            say(f"{len(drivers)} clients, {len(providers)} providers, {len(habits)} features")
            known = drive.drive(running, drivers, providers, habits, progress) if drivers and providers else []
            played = [play.play(running, session, upstreams) for session in sessions]
    except (install.CannotInstall, CannotStart, play.Malformed) as problem:
        say(str(problem))
        return 1
    if cells:
        print(matrix.plain(clients, upstreams, features, cells))
    if known:
        print(matrix.plain(drivers, providers, habits, known))
    for session in played:
        print(f"{matrix.MARKS[session['status']]} {session['title']}: {session['steps']} requests")
    cells += known
    problems = matrix.failures(cells) + [f"{it['title']}: {it['reason']}" for it in played if it["status"] == "fail"]
    print("\n".join(problems))
    facts = {
        "command": command(options),
        "day": datetime.date.today().isoformat(),
        "commit": first_line("git", "rev-parse", "--short=10", "HEAD"),
        "sessions": played,
    }
    if options.page:
        titles = {name: FEATURES[name] for name in features}
        families = matrix.Table(clients, upstreams, features)
        write(options.page, matrix.page(families, matrix.Table(drivers, providers, habits), titles, cells, facts))
    if options.report:
        write(options.report, json.dumps({**facts, "cells": cells}, indent=1, ensure_ascii=False))
    passed, failed, without = matrix.counts(cells + played)
    print(f"{passed} passed, {failed} failed, {without} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
