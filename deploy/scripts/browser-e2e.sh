#!/usr/bin/env bash
# The browser tests: from sign-up to the first request against a fresh `sluicegate up` on free ports, then every page
# and state against the mock API.
#   browser-e2e.sh            builds what it needs, runs, stops everything
#   browser-e2e.sh install    only makes sure that a browser is there
# SLUICEGATE_TEST_SKIP_BROWSER=1 skips it, and says so in the closing line.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"

browser() {
    local candidate
    for candidate in "${SLUICEGATE_TEST_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        if [[ -n $candidate ]] && command -v "$candidate"; then return; fi
    done
    return 1
}

install() {
    if [[ ${SLUICEGATE_TEST_SKIP_BROWSER:-} == 1 ]] || browser >/dev/null; then return; fi
    deploy/scripts/install-packages.sh "chromium=--cask chromium" || {
        say "or set SLUICEGATE_TEST_CHROMIUM to a Chromium or Chrome, or SLUICEGATE_TEST_SKIP_BROWSER=1 to do without this test"
        return 1
    }
}

# shellcheck disable=SC2329  # called by the trap
stop() {
    if [[ -n ${server:-} ]]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "${data:-}"
}

case "${1:-run}" in
install)
    install
    exit
    ;;
run) ;;
*) die "browser-e2e.sh [install]" ;;
esac

if [[ ${SLUICEGATE_TEST_SKIP_BROWSER:-} == 1 ]]; then
    say "SKIPPED: SLUICEGATE_TEST_SKIP_BROWSER=1"
    printf '0 passed, 0 failed, 1 skipped\n'
    exit 0
fi
deploy/scripts/toolchain.sh rust node python
install
deploy/scripts/web.sh build
step "building the binary" cargo build --quiet --workspace --locked --bin sluicegate

data=$(mktemp -d "${TMPDIR:-/tmp}/sluicegate-browser.XXXXXX")
chmod 711 "$data"
read -r dashboard inference admin mock < <(python3 deploy/scripts/probe.py free-ports 4)
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$(target_dir)/debug/sluicegate" up --data-dir "$data/data" --listen "127.0.0.1:$dashboard" \
    --inference-listen "127.0.0.1:$inference" --admin-listen "127.0.0.1:$admin" \
    --allow-private 127.0.0.0/8 >"$data/server.log" 2>&1 &
server=$!
deadline=$((SECONDS + 120))
until python3 deploy/scripts/probe.py http "http://127.0.0.1:$admin/readyz"; do
    if ! kill -0 "$server" 2>/dev/null || ((SECONDS > deadline)); then
        tail -n 30 "$data/server.log" >&2
        die "sluicegate up did not become ready"
    fi
    sleep 0.2
done
say "sluicegate is ready on http://127.0.0.1:$dashboard"

export SLUICEGATE_TEST_URL="http://127.0.0.1:$dashboard" SLUICEGATE_TEST_MOCK_PORT="$mock"
SLUICEGATE_TEST_CHROMIUM="$(browser)"
export SLUICEGATE_TEST_CHROMIUM
code=0
(cd web && npm run --silent e2e:live) || code=$?
if ((code)); then tail -n 30 "$data/server.log" >&2; fi
(cd web && npm run --silent e2e:mock) || code=$?
exit "$code"
