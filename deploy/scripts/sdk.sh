#!/usr/bin/env bash
# The official OpenAI SDKs that the end-to-end tests drive: Python in .sluicegate/venv/sdk, Node next to its script.
# Fetched once, again when their pinned versions change.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
"$repository/deploy/scripts/toolchain.sh" node python
venv="$state/venv/sdk"
cd "$repository/services/e2e/sdk"

# shellcheck disable=SC2329  # called through step
fetch_python() {
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement python/requirements.txt
}

inputs="$(python3 --version) $(fingerprint python/requirements.txt)"
if [[ ! -x $venv/bin/python ]] || ! unchanged sdk-python "$inputs"; then
    step "fetching the Python SDK" fetch_python
    completed sdk-python "$inputs"
fi
inputs="$(node --version) $(fingerprint node/package-lock.json)"
if [[ ! -d node/node_modules ]] || ! unchanged sdk-node "$inputs"; then
    step "fetching the Node SDK" npm ci --prefix node --no-audit --no-fund --loglevel=error
    completed sdk-node "$inputs"
fi
