#!/usr/bin/env bash
# `./justw relcheck`: builds what is under test and the fault harness, then becomes it (docs/reliability.md).
#   relcheck.sh [--debug] COMMAND [OPTIONS..]      `relcheck.sh --help` shows the commands
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"

build=release
if [[ ${1:-} == --debug ]]; then
    build=debug
    shift
fi

"$repository/deploy/scripts/toolchain.sh" rust python
"$repository/deploy/scripts/services.sh" install
options=(--workspace --locked)
if [[ $build == release ]]; then options+=(--release); fi
for binary in sluicegate-control-plane sluicegate-data-plane sluicegate-mock-provider relcheck; do
    options+=(--bin "$binary")
done
step "building" cargo build "${options[@]}"
exec "$(target_dir)/$build/relcheck" "${@:---help}"
