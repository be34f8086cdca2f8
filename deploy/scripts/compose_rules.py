"""Checks the compose files without a docker engine: what each names must exist, and our processes stay locked down.

compose_rules.py FILE ..          run with the Python of .sluicegate/venv/lint (needs PyYAML)
"""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
HARDENING = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def problems(document, exists):
    """What is wrong with one parsed compose file.

    >>> bad = {"services": {"a": {"depends_on": {"b": {"condition": "service_healthy"}}, "ports": ["80:80"],
    ...     "volumes": ["data:/data"], "build": {"dockerfile": "no.Dockerfile"}}}}
    >>> for line in problems(bad, lambda path: False):
    ...     print(line)
    a: there is no no.Dockerfile
    a: read_only must be True
    a: cap_drop must be ['ALL']
    a: security_opt must be ['no-new-privileges:true']
    a: depends on b, which is not there
    a: port 80:80 is open to the network
    a: the volume data is not declared
    >>> good = {"services": {"a": {"image": "postgres:17", "ports": ["127.0.0.1:80:80"], "healthcheck": {}},
    ...     "b": {"image": "redis:7", "depends_on": {"a": {"condition": "service_healthy"}}}}}
    >>> problems(good, lambda path: True)
    []
    """
    services = document["services"]
    found = []
    for name, service in services.items():
        dockerfile = service.get("build", {}).get("dockerfile")
        if dockerfile and not exists(dockerfile):
            found.append(f"{name}: there is no {dockerfile}")
        if dockerfile or str(service.get("image", "")).startswith("sluicegate/"):
            found += [f"{name}: {key} must be {want}" for key, want in HARDENING.items() if service.get(key) != want]
        for other, how in service.get("depends_on", {}).items():
            if other not in services:
                found.append(f"{name}: depends on {other}, which is not there")
            elif how.get("condition") not in CONDITIONS:
                found.append(f"{name}: waits for {other} in an unknown way")
            elif how["condition"] == "service_healthy" and "healthcheck" not in services[other]:
                found.append(f"{name}: waits for the health of {other}, which has no check")
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                found.append(f"{name}: port {port} is open to the network")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source not in document.get("volumes", {}):
                found.append(f"{name}: the volume {source} is not declared")
    return found


def main():
    code = 0
    for path in sys.argv[1:]:
        document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        for line in problems(document, lambda target: (ROOT / target).exists()):
            print(f"{path}: {line}", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
