#!/usr/bin/env bash
# Licences, advisories, banned and duplicate crates, by the rules of deny.toml.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"
if ! cargo deny --version >/dev/null 2>&1; then
    die "cargo-deny is not installed: cargo install --locked cargo-deny (some minutes of building)"
fi
exec cargo deny --workspace check "$@"
