#!/usr/bin/env bash
# `./justw routing-sim`: builds the scenario runner of endpoint selection, then becomes it. It prints the tables of
# docs/benchmarks.md; `--markdown FILE` writes them too, `--help` shows what else it takes.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
invoked=$PWD
cd "$repository"

"$repository/deploy/scripts/toolchain.sh" rust
step "building" cargo build --workspace --locked --release --bin sluicegate-routing-sim
cd "$invoked" # files on the command line are the caller's
exec "$(target_dir)/release/sluicegate-routing-sim" "$@"
