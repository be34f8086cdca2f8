#!/usr/bin/env bash
# The web app: packages, checks and bundle. Steps whose inputs did not change since they last passed are not repeated.
#   web.sh install | check | build | format
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
verb=${1:?install, check, build or format}

if [[ ! -e $repository/web/package.json ]]; then
    say "there is no web app in this checkout"
    exit 0
fi
cd "$repository/web"
if [[ $verb == format && ! -d node_modules ]]; then
    say "web packages are not installed: only Rust was formatted"
    exit 0
fi
"$repository/deploy/scripts/toolchain.sh" node

install() {
    local inputs
    inputs="$(node --version) $(fingerprint package.json package-lock.json)"
    if [[ -d node_modules ]] && unchanged web-packages "$inputs"; then return; fi
    step "npm ci" npm ci --no-audit --no-fund --loglevel=error
    completed web-packages "$inputs"
}

build() {
    local inputs
    install
    inputs="$(fingerprint .)"
    if [[ -e dist/index.html ]] && unchanged web-build "$inputs"; then
        say "web app is up to date"
        return
    fi
    step "building the web app" npm run --silent build
    completed web-build "$(fingerprint .)"
}

case "$verb" in
install) install ;;
build) build ;;
check)
    install
    npm run --silent check
    ;;
format) npm run --silent format ;;
*) die "unknown: $verb" ;;
esac
