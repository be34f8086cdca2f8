#!/usr/bin/env bash
# The committed OpenAPI document and the web client's types made from it.
#   openapi.sh write | check
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"
committed=docs/openapi.json

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
deploy/scripts/toolchain.sh rust
cargo build --quiet --workspace --locked --bin sluicegate-control-plane
"$(target_dir)/debug/sluicegate-control-plane" openapi >"$fresh"

case "${1:-}" in
write)
    mkdir -p docs
    cp "$fresh" "$committed"
    say "wrote $committed"
    if [[ -e web/package.json ]]; then
        deploy/scripts/web.sh install
        (cd web && npm run --silent api)
    fi
    ;;
check)
    diff "$committed" "$fresh" >&2 || die "$committed is stale: run ./justw openapi and commit it"
    if [[ -e web/package.json ]]; then
        deploy/scripts/web.sh install
        (cd web && npm run --silent api:check)
    fi
    say "$committed is fresh"
    ;;
*) die "openapi.sh write | check" ;;
esac
