#!/usr/bin/env bash
# Rust tests with cargo-nextest when it is installed, else with cargo test.
#   rust-tests.sh unit [ARGS..]    unit tests: no servers
#   rust-tests.sh all [ARGS..]     everything, over private Postgres, RabbitMQ and Redis
#   rust-tests.sh migrated COMMAND..   internal: inside `services.sh with`, on a Postgres of our own
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"
scope=${1:?unit or all}
shift

# Each database test makes a database of its own, which Postgres copies from template1: migrated once there, it is
# born migrated, and the test only compares checksums.
if [[ $scope == migrated ]]; then
    SLUICEGATE_DATABASE__URL="${DATABASE_URL%/*}/template1" SLUICEGATE_MASTER_KEY=$(printf '%064d' 0) \
        "$(target_dir)/debug/sluicegate-control-plane" migrate
    exec "$@"
fi

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
tests=("${runner[@]}" "${more[@]}" "$@")
# In a given server nothing is changed.
if [[ -z ${DATABASE_URL:-} ]]; then tests=("$repository/deploy/scripts/rust-tests.sh" migrated "${tests[@]}"); fi
"$repository/deploy/scripts/services.sh" with "${tests[@]}" || code=$?
if ((documentation && $# == 0)); then
    cargo test --workspace --locked --doc --quiet --no-fail-fast || code=$?
fi
exit "$code"
