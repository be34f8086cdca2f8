"""Where things are."""

import os
from pathlib import Path

SUITE = Path(__file__).resolve().parent.parent
ROOT = SUITE.parent.parent.parent
CLIENTS = SUITE / "clients"
SESSIONS = SUITE / "sessions"
# What is fetched and written; may be deleted at any time.
STATE = ROOT / ".sluicegate"
ENVIRONMENTS = STATE / "conformance"
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "debug"
