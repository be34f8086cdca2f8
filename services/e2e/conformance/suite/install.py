"""The clients' packages, pinned by files in clients/: fetched once into .sluicegate/conformance, again after a change.

One virtual environment per file of requirements, since the frameworks ask for SDKs of different ages.
"""

import hashlib
import shutil
import subprocess
import sys

from .clients import NODE
from .paths import CLIENTS, ENVIRONMENTS

PYTHONS = ["python3", "python3.13", "python3.12", "python3.11", "python3.10"]
OLDEST = (3, 10)  # of the SDKs


class CannotInstall(Exception):
    """An environment cannot be had, for a reason that a person can mend."""


def prepare(environments, say):
    """Makes the environments ready."""
    for name in sorted(environments):
        folder = ENVIRONMENTS / name
        inputs = node_inputs() if name == NODE else python_inputs(name)
        stamp = folder / "complete"
        if name == NODE and folder.exists():
            copy_drivers(folder)
        if stamp.exists() and stamp.read_text() == inputs:
            continue
        say(f"fetching the packages of {name}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if name == NODE:
            fetch_node(folder)
        else:
            fetch_python(name, folder)
        stamp.write_text(inputs)


def command(client):
    """What runs a client's driver."""
    folder = ENVIRONMENTS / client.environment
    if client.environment == NODE:
        return ["node", str(folder / client.driver)]
    return [str(folder / "venv" / "bin" / "python"), str(CLIENTS / "python" / client.driver)]


def requirements(name):
    return CLIENTS / "python" / "requirements" / f"{name}.txt"


def digest(*texts):
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def python():
    """An interpreter that is new enough."""
    for name in PYTHONS:
        found = shutil.which(name)
        question = f"import sys; sys.exit(sys.version_info < {OLDEST})"
        if found and subprocess.run([found, "-c", question], check=False).returncode == 0:
            return found
    raise CannotInstall("the clients need Python 3.10 or newer, as python3 or python3.10 to python3.13")


def python_inputs(name):
    return digest(python(), requirements(name).read_text())


def node_inputs():
    return digest((CLIENTS / "node" / "package-lock.json").read_text())


def run(title, arguments, **more):
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, **more)
    if done.returncode:
        raise CannotInstall(f"{title} failed:\n{(done.stderr or done.stdout)[-2000:]}")


def fetch_python(name, folder):
    venv = folder / "venv"
    run("python -m venv", [python(), "-m", "venv", str(venv)])
    install = [str(venv / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    run("pip install", [*install, "--requirement", str(requirements(name))])


def fetch_node(folder):
    if not shutil.which("npm"):
        raise CannotInstall("the clients need Node 20.19 or newer with npm")
    source = CLIENTS / "node"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder / name)
    run("npm ci", ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder)
    copy_drivers(folder)


def copy_drivers(folder):
    """Node looks for packages beside the file that imports them."""
    for driver in (CLIENTS / "node").glob("*.js"):
        shutil.copy(driver, folder / driver.name)


if __name__ == "__main__":
    from .clients import CLIENTS as ALL

    prepare({client.environment for client in ALL}, lambda text: print(text, file=sys.stderr))
