#!/usr/bin/env bash
# Rust tests with cargo-nextest when it is installed, else with cargo test.
#   rust-tests.sh unit [ARGS..]    unit tests: no servers
#   rust-tests.sh all [ARGS..]     everything, over private Postgres, RabbitMQ and Redis
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"
scope=${1:?unit or all}
shift

"$repository/deploy/scripts/toolchain.sh" rust
# Always the whole workspace: -p resolves other features and so rebuilds part of the tree.
if cargo nextest --version >/dev/null 2>&1; then
    runner=(cargo nextest run --workspace --locked)
    more=(--no-tests pass)
    documentation=1
else
    runner=(cargo test --workspace --locked)
    more=(--no-fail-fast)
    documentation=0 # cargo test runs the examples in the documentation itself
fi

if [[ $scope == unit ]]; then
    exec "${runner[@]}" "${more[@]}" --lib --bins "$@"
fi

code=0
# The end-to-end tests start the shipped binaries, which building tests alone does not bring up to date.
step "building the binaries" cargo build --workspace --locked --bins
step "building the tests" "${runner[@]}" --no-run
"$repository/deploy/scripts/services.sh" with "${runner[@]}" "${more[@]}" "$@" || code=$?
if ((documentation && $# == 0)); then
    cargo test --workspace --locked --doc --quiet --no-fail-fast || code=$?
fi
exit "$code"
