"""Processes of a bench and what they use, read from /proc. Ends only what it started, by process id."""

import os
import re
import signal
import socket
import subprocess

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_ports(count):
    """Ports nothing listens on at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def stat_fields(pid):
    text = open(f"/proc/{pid}/stat").read()
    return text[text.rindex(")") + 2 :].split()


def tree(root, program=None):
    """A process and its descendants that are alive; of these only the processes of `program`, when one is named."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                children.setdefault(int(stat_fields(name)[1]), []).append(int(name))
            except OSError:
                pass
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        if os.path.exists(f"/proc/{pid}"):
            todo += children.get(pid, [])
            if program is None or program_name(pid) == program:
                found.append(pid)
    return found


def program_name(pid):
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return None


def cpu_seconds(pids):
    """CPU used so far: nanoseconds of live threads, or clock ticks where those know more (ended threads)."""
    exact = ticks = 0
    for pid in pids:
        try:
            fields = stat_fields(pid)
            ticks += int(fields[11]) + int(fields[12])
            for thread in os.listdir(f"/proc/{pid}/task"):
                try:
                    exact += int(open(f"/proc/{pid}/task/{thread}/schedstat").read().split()[0])
                except (OSError, IndexError):
                    pass
        except OSError:
            pass
    return max(exact / 1e9, ticks / TICKS_PER_SECOND - 0.02 * len(pids))


def rss_mb(pids):
    total = 0
    for pid in pids:
        try:
            found = re.search(r"^VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read(), re.M)
            total += int(found.group(1)) if found else 0
        except OSError:
            pass
    return total / 1024


def machine_busy_seconds():
    """CPU used by everything on this machine so far."""
    fields = [int(x) for x in open("/proc/stat").readline().split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / TICKS_PER_SECOND


def pin(pids, cpu):
    for pid in pids:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(thread), {cpu})
        except OSError:
            pass


class Fleet:
    """The processes of one run."""

    def __init__(self, logs):
        self.logs = logs
        self.started = []

    def start(self, name, command, env=None, cpu=None, stdout=None):
        log = open(self.logs / f"{name}.log", "ab")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout or log,
            stderr=log,
            env={**os.environ, **(env or {})},
            preexec_fn=(lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None,
        )
        log.close()
        self.started.append(process)
        return process

    def stop(self):
        for process in reversed(self.started):
            pids = tree(process.pid) if process.poll() is None else []
            if pids:
                # The root first: a supervisor ends its own children in order.
                send(pids[:1], signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                send(pids, signal.SIGKILL)
                process.wait(5)


def send(pids, what):
    for pid in pids:
        try:
            os.kill(pid, what)
        except OSError:
            pass
