#!/usr/bin/env bash
# Installs system packages when it may, and otherwise says the exact command to type.
#   install-packages.sh DEBIAN_PACKAGE[=HOMEBREW_NAME] ..
# Root on Debian: installs, without letting the packages start their daemons. Anyone else: explains and exits 1.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"

debian=()
brew=()
for package in "$@"; do
    debian+=("${package%%=*}")
    brew+=("${package##*=}")
done

if [[ $(uname -s) == Darwin ]]; then
    die "missing: ${brew[*]}; install with: brew install ${brew[*]}"
fi
if ! command -v apt-get >/dev/null 2>&1; then
    die "missing: ${debian[*]}; install them with your distribution's package manager"
fi
if [[ $(id -u) != 0 ]]; then
    die "missing: ${debian[*]}; install with: sudo apt-get install -y --no-install-recommends ${debian[*]}"
fi

# Packages start their daemons unless this policy says no (101). The machine is left as it was found.
policy=/usr/sbin/policy-rc.d
report=$(mktemp)
ours=0
restore() {
    if ((ours)); then rm -f "$policy"; fi
    rm -f "$report"
}
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if [[ ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    ours=1
fi

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=180 -o Dpkg::Options::=--force-confold -qq "$@" \
        >>"$report" 2>&1
}
install() { apt update && apt install -y --no-install-recommends "${debian[@]}"; }
if ! step "apt-get install ${debian[*]}" install; then
    tail -n 20 "$report" >&2
    exit 1
fi
