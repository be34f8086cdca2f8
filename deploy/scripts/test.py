"""`./justw test`: every check and test in order, with progress, and one closing line `N passed, N failed`.

    test.py [--list] [--only STAGE ..] [--skip STAGE ..]

A stage that is a single check (formatting, lints) counts as one test; a stage with a test runner counts what
the runner's closing line says. A failed stage does not stop the others, except a missing toolchain.
Full output of each stage stays in .sluicegate/logs/test/.
"""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from test_counts import Counts, count, failures

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent.parent
LOGS = ROOT / ".sluicegate" / "logs" / "test"
MOST_NAMES = 20  # of failed tests that the summary lists per stage


class Stage(NamedTuple):
    name: str
    title: str
    command: list
    vital: bool = False  # nothing else makes sense when it fails


def script(name, *arguments):
    return [str(SCRIPTS / name), *arguments]


CARGO_CLIPPY = "cargo clippy --workspace --all-targets --locked -- -D warnings".split()
CARGO_DOC = "cargo doc --workspace --no-deps --document-private-items --locked".split()

STAGES = [
    Stage("toolchain", "Rust, Node, Python and the test servers are there", script("preflight.sh"), vital=True),
    Stage("format", "formatting", ["cargo", "fmt", "--all", "--check"]),
    Stage("scripts", "shell, Python, Dockerfile and compose lints", script("lint-deploy.sh")),
    Stage("lints", "clippy, warnings are errors", CARGO_CLIPPY),
    Stage("docs", "documentation builds", ["env", "RUSTDOCFLAGS=-D warnings", *CARGO_DOC]),
    Stage("rust", "Rust unit and integration tests", script("rust-tests.sh", "all")),
    Stage("faults", "money and records under faults, short form", script("relcheck.sh", "--debug", "short")),
    Stage("sqlx", "committed query data is fresh", script("sqlx.sh", "check")),
    Stage("openapi", "committed OpenAPI document is fresh", script("openapi.sh", "check")),
    Stage("web", "web lints, types and unit tests", script("web.sh", "check")),
    Stage("browser", "browser end-to-end", script("browser-e2e.sh")),
    Stage("clients", "official clients, short form", script("conformance.sh", "--short")),
    Stage("readme", "commands in the documents", ["python3", str(SCRIPTS / "readme_commands.py")]),
]


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Interrupted(Exception):
    def __init__(self, number):
        super().__init__(f"signal {number}")
        self.number = number


def on_signal(number, _frame):
    raise Interrupted(number)


def run(stage):
    """The stage's exit code and what it printed; the output is shown and kept as it comes."""
    LOGS.mkdir(parents=True, exist_ok=True)
    kept = []
    child = subprocess.Popen(
        stage.command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        with open(LOGS / f"{stage.name}.log", "w", encoding="utf-8") as log:
            for line in child.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                log.write(line)
                kept.append(line)
        return child.wait(), "".join(kept)
    except Interrupted as stop:
        # The servers of a test run are stopped by the scripts in between: give them the time.
        child.send_signal(stop.number)
        child.wait(timeout=60)
        raise


def judge(code, output):
    """What a stage contributes: its runner's count, or one check when it has no runner."""
    counts = count(output)
    if counts == Counts():
        return Counts(passed=1) if code == 0 else Counts(failed=1)
    if code != 0 and counts.failed == 0:
        return counts.plus(Counts(failed=1))
    return counts


def run_all(stages):
    begun = time.monotonic()
    total, report = Counts(), []
    for number, stage in enumerate(stages, 1):
        print(
            f"\n==== [{clock(time.monotonic() - begun)}] {number}/{len(stages)} {stage.name}: {stage.title}", flush=True
        )
        since = time.monotonic()
        code, output = run(stage)
        counts = judge(code, output)
        total = total.plus(counts)
        took = clock(time.monotonic() - since)
        verdict = "ok" if code == 0 and counts.failed == 0 else "FAILED"
        skipped = f", {counts.skipped} skipped" if counts.skipped else ""
        line = f"  {verdict:<9} {stage.name}: {counts.passed} passed, {counts.failed} failed{skipped} in {took}"
        report.append(line)
        if verdict != "ok":
            report += [f"              {name}" for name in failures(output)[:MOST_NAMES]]
        print(f"---- {line.strip()}", flush=True)
        if stage.vital and verdict != "ok":
            report.append("  stopped   nothing else was run")
            break
    print(f"\n==== [{clock(time.monotonic() - begun)}] summary (full output in {LOGS.relative_to(ROOT)})")
    print("\n".join(report))
    return total


def chosen(only, skip):
    names = [stage.name for stage in STAGES]
    unknown = [name for name in [*only, *skip] if name not in names]
    if unknown:
        sys.exit(f"unknown stage: {', '.join(unknown)} (there are: {', '.join(names)})")
    return [stage for stage in STAGES if (not only or stage.name in only) and stage.name not in skip]


def main():
    parser = argparse.ArgumentParser(description="Runs every check and test.")
    parser.add_argument("--list", action="store_true", help="show the stages")
    parser.add_argument("--only", nargs="+", default=[], metavar="STAGE")
    parser.add_argument("--skip", nargs="+", default=[], metavar="STAGE")
    arguments = parser.parse_args()
    stages = chosen(arguments.only, arguments.skip)
    if arguments.list:
        print("\n".join(f"{stage.name:<10} {stage.title}" for stage in stages))
        return 0
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    try:
        total = run_all(stages)
    except Interrupted as stop:
        print("\ninterrupted", flush=True)
        return 128 + stop.number
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"\n{total.passed} passed, {total.failed} failed{skipped}")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
