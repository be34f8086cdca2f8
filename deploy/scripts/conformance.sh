#!/usr/bin/env bash
# Official clients against `sluicegate up`: builds the programs and runs services/e2e/conformance (arguments go to its
# run.py). Without arguments everything runs, and docs/conformance.md is written when nothing failed.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"

deploy/scripts/toolchain.sh rust node python
step "building the programs" cargo build --quiet --workspace --locked --bins
if (($# == 0)); then set -- --page docs/conformance.md --report "$state/conformance/report.json"; fi
exec python3 services/e2e/conformance/run.py --binaries "$(target_dir)/debug" "$@"
