"""Small questions about ports that shell cannot ask portably. Called by services.sh and stack.sh.

probe.py free-ports N            N ports that are free now, below the ephemeral range
probe.py amqp PORT               exit 0 once a broker answers a real AMQP 0-9-1 handshake
probe.py redis PORT              exit 0 once Redis answers PONG (password from PROBE_PASSWORD)
probe.py http URL                exit 0 once the URL answers with a status below 400
"""

import os
import random
import socket
import sys
import urllib.error
import urllib.request


def free_ports(count):
    """Holds every socket until all are chosen, so that the ports are distinct."""
    held = []
    while len(held) < count:
        candidate = socket.socket()
        try:
            candidate.bind(("127.0.0.1", random.randint(20000, 32000)))
            held.append(candidate)
        except OSError:
            candidate.close()
    print(*(each.getsockname()[1] for each in held))


def preferred_ports(wanted):
    """Keeps well-known numbers when nobody has them."""
    chosen = []
    for port in wanted:
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                candidate.bind(("127.0.0.1", 0))
            chosen.append(candidate.getsockname()[1])
    print(*chosen)


def exchange(port, message):
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(message)
        return connection.recv(64)


def amqp(port):
    """A listening port is not enough: only a serving broker sends a method frame (type 1)."""
    return exchange(port, b"AMQP\x00\x00\x09\x01")[:1] == b"\x01"


def redis(port):
    password = os.environ.get("PROBE_PASSWORD", "")
    login = f"AUTH {password}\r\n" if password else ""
    return b"+PONG" in exchange(port, f"{login}PING\r\n".encode())


def http(url):
    with urllib.request.urlopen(url, timeout=2) as answer:
        return answer.status < 400


def main():
    question, *arguments = sys.argv[1:]
    if question == "free-ports":
        free_ports(int(arguments[0]))
        return 0
    if question == "ports":
        preferred_ports([int(each) for each in arguments])
        return 0
    try:
        if question == "amqp":
            return 0 if amqp(int(arguments[0])) else 1
        if question == "redis":
            return 0 if redis(int(arguments[0])) else 1
        if question == "http":
            return 0 if http(arguments[0]) else 1
    except (OSError, urllib.error.URLError):
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
