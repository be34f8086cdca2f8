#!/usr/bin/env python3
"""Measures Sluicegate beside a plain nginx on this machine: CPU, added latency, memory.

  run.py [--only nginx,sluicegate] [--rounds 2] [--quick] [--targets FILE] [--no-build] [--out DIR]

The mock provider answers, `sluicegate-load` asks, and between them stands one target after the other, in every
round all of them and the direct path. Loopback only, bounded in time and count. README.md says how to read it.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import machine
import sluicegate

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORDS = 500
CHUNKS = 100


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="targets to measure, separated by commas")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="one short round, to see that every target answers")
    parser.add_argument("--targets", default=str(HERE / "targets.json"), help="another list of targets")
    parser.add_argument("--bin", default="", help="folder of the release binaries")
    parser.add_argument("--no-build", action="store_true", help="take the binaries as they are")
    parser.add_argument("--out", default="", help="folder for results.json and table.md")
    parser.add_argument("--rate", type=int, default=500, help="requests a second of the fixed-rate phase")
    parser.add_argument("--streams", type=int, default=200, help="streams at a time")
    return parser.parse_args()


def binaries(args):
    if args.bin:
        return pathlib.Path(args.bin)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "release"


def build(names):
    flags = [flag for name in names for flag in ("--bin", name)]
    subprocess.run(["cargo", "build", "--release", "--locked", "--workspace", *flags], cwd=ROOT, check=True)


class Mock:
    """The mock provider, over its control interface."""

    def __init__(self, fleet, folder, cpu):
        command = [str(folder / "sluicegate-mock-provider"), "--listen", "127.0.0.1:0", "--totals-only"]
        self.process = fleet.start("mock", command, cpu=cpu, stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        if "http://" not in line:
            raise RuntimeError("the mock provider did not start")
        self.base = line.split()[-1]
        self.address = self.base.removeprefix("http://")

    def script(self, **behaviour):
        body = json.dumps({"default": behaviour}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.base}/__mock/script", data=body, method="PUT", headers=headers)
        urllib.request.urlopen(request, timeout=5).close()

    def totals(self):
        with urllib.request.urlopen(f"{self.base}/__mock/totals", timeout=5) as answer:
            return json.loads(answer.read())


class Target:
    """What stands between load and mock; without a definition, nothing does."""

    def __init__(self, name, definition, bench):
        self.name, self.definition = name, definition
        ports = machine.free_ports(3)
        self.work = bench.work / name
        self.values = {"work": self.work, "bin": bench.bin, "mock": bench.mock.address}
        self.values.update(bench=HERE, scripts=ROOT / "deploy" / "scripts")
        self.values.update(port=ports[0], port2=ports[1], port3=ports[2])
        self.url = f"{bench.mock.base}/v1/chat/completions"
        self.key, self.model, self.process, self.idle_mb = "sk-bench", "mock-model", None, None

    def fill(self, text):
        for name, value in self.values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def start(self, bench, running):
        """Starts it, or takes the process of another target that `running` has by name."""
        d = self.definition
        if "process_of" in d:
            host = running[d["process_of"]]
            self.process, self.url, self.values = host.process, host.url, host.values
            self.definition = d = {**host.definition, **d}
        else:
            self.launch(bench, d)
        if "set_up_by_rest" in d:
            upstream = {"provider": d.get("provider", "openai-compatible"), "base_url": f"{bench.mock.base}/v1"}
            bench.mock.script(output_tokens=16_000)
            wanted = {name: d[name] for name in ("model", "budgets") if name in d}
            base = self.fill(d["set_up_by_rest"])
            self.key, self.model = sluicegate.prepare(base, upstream, url=self.url, **wanted)
        else:
            self.key, self.model = d.get("key", self.key), d.get("model", self.model)
        bench.wait_until_answered(self)
        if bench.our_cpu is not None:
            # What the target brings along, such as a database, is not to take CPU from it.
            machine.pin(set(machine.tree(self.process.pid)) - set(self.measured()), bench.our_cpu)
        time.sleep(1)
        self.idle_mb = machine.rss_mb(self.measured())

    def launch(self, bench, d):
        # A server that drops its rights must still reach its files.
        self.work.mkdir(mode=0o755)
        for template in d.get("templates", []):
            (self.work / template).write_text(self.fill((HERE / template).read_text()))
        command = [self.fill(part) for part in d["start"]]
        if not shutil.which(command[0]):
            raise RuntimeError(f"{command[0]} is not installed")
        env = {name: self.fill(value) for name, value in d.get("env", {}).items()}
        self.process = bench.fleet.start(self.name, command, env, cpu=bench.target_cpu)
        self.url = self.fill(d["url"])

    def measured(self):
        """The processes whose cost counts."""
        if self.process is None:
            return []
        return machine.tree(self.process.pid, program=self.definition.get("measure"))


class Bench:
    def __init__(self, args, work):
        self.args, self.work, self.bin = args, work, binaries(args)
        self.fleet = machine.Fleet(work)
        cpus = sorted(os.sched_getaffinity(0))
        # The target has a CPU of its own; mock and load share another, so that they cannot slow it.
        self.target_cpu, self.our_cpu = (cpus[0], cpus[1]) if len(cpus) > 1 else (None, None)
        self.mock = Mock(self.fleet, self.bin, self.our_cpu)

    def load(self, target, limit, mode, **flags):
        command = [str(self.bin / "sluicegate-load"), "--url", target.url, "--key", target.key]
        command += ["--model", target.model, "--limit-seconds", str(limit), mode]
        for name, value in flags.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        return self.fleet.start("load", command, cpu=self.our_cpu, stdout=subprocess.PIPE)

    def wait_until_answered(self, target, seconds=30):
        self.mock.script()
        end = time.monotonic() + seconds
        while True:
            process = self.load(target, 5, "closed", connections=1, warm_up=0, seconds=0.2)
            report = json.loads(process.communicate()[0] or b"{}")
            if report.get("ok"):
                return
            if time.monotonic() > end or target.process.poll() is not None:
                raise RuntimeError(f"no good answer: {report}")
            time.sleep(0.3)

    def phase(self, target, unit, behaviour, limit, mode, **flags):
        """One load; gives its report with what it cost the target per `unit` served."""
        self.mock.script(**behaviour)
        before, busy = self.mock.totals(), machine.machine_busy_seconds()
        pids = target.measured()
        ours = [*pids, self.mock.process.pid]
        used, ours_used, began = machine.cpu_seconds(pids), machine.cpu_seconds(ours), time.monotonic()
        process = self.load(target, limit, mode, **flags)
        peak, load_used = 0.0, 0.0
        while process.poll() is None:
            peak = max(peak, machine.rss_mb(pids))
            load_used = max(load_used, machine.cpu_seconds([process.pid]))
            time.sleep(0.1)
        wall = time.monotonic() - began
        report = json.loads(process.stdout.read() or b"{}")
        used, ours_used = machine.cpu_seconds(pids) - used, machine.cpu_seconds(ours) - ours_used
        foreign = machine.machine_busy_seconds() - busy - ours_used - load_used
        served = self.mock.totals()[unit] - before[unit]
        report["cpu_us"] = used * 1e6 / served if pids and served else None
        report["foreign"] = max(0.0, foreign / wall / (os.cpu_count() or 1))
        report["peak_mb"] = peak
        return report

    def round(self, target):
        quick = self.args.quick
        seconds = 1 if quick else 4
        stamped = {"output_tokens": CHUNKS, "chunk_interval_ms": 10, "stamp_chunks": True}
        closed = self.phase(
            target, "billed", {"output_tokens": WORDS}, 30, "closed", connections=64, warm_up=1, seconds=seconds
        )
        opened = self.phase(
            target, "billed", {"output_tokens": WORDS}, 30, "open", rate=self.args.rate, warm_up=1, seconds=seconds
        )
        streams = self.phase(
            target, "chunks", stamped, 40, "stream", streams=self.args.streams, repeats=1 if quick else 3
        )
        return {"closed": closed, "open": opened, "stream": streams}


def median(rounds, *path):
    values = []
    for value in rounds:
        for step in path:
            value = value[step]
        if value is not None:
            values.append(value)
    return statistics.median(values) if values else None


def show(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def errors(rounds):
    return sum(p["errors"] + sum(p["bad_status"].values()) for r in rounds for p in r.values())


def table(results, rate):
    """One row per target; latencies as added to the direct path, whose own row is absolute."""
    direct, nginx = results["direct"]["rounds"], results.get("nginx", {}).get("rounds")
    head = ["target", "req/s", "CPU us/req", "x nginx", f"CPU us/req at {rate}/s", "added p50 us", "p99 us"]
    head += ["added TTFT p50 us", "p99 us", "added per chunk p50 us", "p99 us", "CPU us/chunk", "x nginx"]
    head += ["RSS idle MB", "loaded MB", "errors", "others' CPU"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]

    def added(rounds, *path):
        value = median(rounds, *path)
        return show(value if rounds is direct else value - median(direct, *path))

    def ratio(rounds, phase):
        if rounds is direct or not nginx:
            return "-"
        return show(median(rounds, phase, "cpu_us") / median(nginx, phase, "cpu_us"), 2)

    for name, result in results.items():
        rounds = result["rounds"]
        peak = max(p["peak_mb"] for r in rounds for p in r.values())
        foreign = statistics.mean(p["foreign"] for r in rounds for p in r.values())
        row = [name + (" (absolute)" if rounds is direct else ""), show(median(rounds, "closed", "per_second"))]
        row += [show(median(rounds, "closed", "cpu_us"), 1), ratio(rounds, "closed")]
        row += [show(median(rounds, "open", "cpu_us"), 1)]
        row += [added(rounds, "open", "latency_us", q) for q in ("p50", "p99")]
        row += [added(rounds, "stream", "first_chunk_us", q) for q in ("p50", "p99")]
        row += [added(rounds, "stream", "transit_us", q) for q in ("p50", "p99")]
        row += [show(median(rounds, "stream", "cpu_us"), 1), ratio(rounds, "stream")]
        row += [show(result["idle_mb"]), show(peak or None), str(errors(rounds)), f"{foreign:.0%}"]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def measure(bench, definitions):
    direct = Target("direct", {}, bench)
    running = {"direct": direct}
    for name, definition in definitions.items():
        target = Target(name, definition, bench)
        try:
            target.start(bench, running)
            running[name] = target
        except (RuntimeError, OSError, KeyError) as error:
            log = bench.work / f"{name}.log"
            tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
            print(f"! {name} is left out: {error}\n{tail}", file=sys.stderr)
    found = {t.name: {"idle_mb": t.idle_mb, "rounds": []} for t in running.values()}
    for number in range(1 if bench.args.quick else bench.args.rounds):
        for target in running.values():
            row = bench.round(target)
            found[target.name]["rounds"].append(row)
            cpu = ", ".join(f"{k} {show(v['cpu_us'], 1)} us" for k, v in row.items())
            print(f"round {number + 1} {target.name}: {show(row['closed']['per_second'])} req/s, CPU {cpu}", flush=True)
    return found, len(running) - 1 == len(definitions)


def main():
    args = arguments()
    definitions = json.loads(pathlib.Path(args.targets).read_text())
    if args.only:
        wanted = set(args.only.split(","))
        wanted |= {definitions[name].get("process_of", name) for name in wanted}
        definitions = {name: d for name, d in definitions.items() if name in wanted}
    needed = {"sluicegate-mock-provider", "sluicegate-load"}
    needed.update(name for definition in definitions.values() for name in definition.get("binaries", []))
    if not args.no_build:
        build(sorted(needed))
    missing = [name for name in sorted(needed) if not (binaries(args) / name).exists()]
    if missing:
        sys.exit(f"not built: {', '.join(missing)}; run without --no-build, or name their folder with --bin")
    with tempfile.TemporaryDirectory(prefix="sluicegate-bench-") as folder:
        work = pathlib.Path(folder)
        work.chmod(0o755)
        bench = None
        try:
            bench = Bench(args, work)
            results, complete = measure(bench, definitions)
        finally:
            if bench:
                bench.fleet.stop()
    printed = table(results, args.rate)
    print("\n" + printed)
    if args.out:
        out = pathlib.Path(args.out)
        out.mkdir(parents=True, exist_ok=True)
        (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        (out / "table.md").write_text(printed + "\n")
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
