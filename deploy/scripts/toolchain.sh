#!/usr/bin/env bash
# Checks that what the recipes cannot fetch by themselves is installed, and says how to get what is not.
#   toolchain.sh [rust] [node] [python]      no argument: all of them
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"

missing=0
lacks() { # WHAT HOW
    say "missing: $1"
    say "  install: $2"
    missing=1
}

at_least() { # FOUND WANTED: dotted numbers
    [[ "$(printf '%s\n%s\n' "$1" "$2" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" == "$2" ]]
}

on_debian() { command -v apt-get >/dev/null 2>&1; }

root_hint() { # COMMAND: as this user would have to type it
    if [[ $(id -u) == 0 ]]; then printf '%s' "$1"; else printf 'sudo %s' "$1"; fi
}

check_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repository/Cargo.toml")
    if ! command -v cargo >/dev/null 2>&1; then
        if [[ -x $HOME/.cargo/bin/cargo ]]; then
            lacks "cargo on PATH (it is in ~/.cargo/bin)" ". \"\$HOME/.cargo/env\""
        else
            lacks "the Rust toolchain" "rustup from https://rustup.rs; it then fetches the version pinned in rust-toolchain.toml"
        fi
        return
    fi
    # rustup fetches the pinned toolchain on this first call, which may take a minute.
    if ! found=$(cd "$repository" && cargo --version 2>&1); then
        lacks "a working cargo ($found)" "rustup from https://rustup.rs"
        return
    fi
    found=$(printf '%s\n' "$found" | sed -n 's/^cargo \([0-9.]*\).*/\1/p')
    at_least "$found" "$wanted" ||
        lacks "Rust $wanted or newer (found $found)" "rustup from https://rustup.rs; distribution packages are too old"
    if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
        lacks "clippy and rustfmt" "rustup component add clippy rustfmt"
    fi
    if ! command -v cc >/dev/null 2>&1; then
        if [[ $(uname -s) == Darwin ]]; then
            lacks "a C compiler and linker" "xcode-select --install"
        elif on_debian; then
            lacks "a C compiler and linker" "$(root_hint 'apt-get install -y build-essential')"
        else
            lacks "a C compiler and linker (cc)" "gcc or clang from your distribution"
        fi
    fi
}

check_node() {
    local wanted=20.19.0 found
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        lacks "Node $wanted or newer with npm" "https://nodejs.org, nvm, or on macOS: brew install node"
        return
    fi
    found=$(node --version | sed 's/^v//; s/-.*//')
    at_least "$found" "$wanted" ||
        lacks "Node $wanted or newer (found $found)" "https://nodejs.org or nvm; Debian 12's own package is too old"
}

check_python() {
    local hint='brew install python3'
    if on_debian; then hint=$(root_hint 'apt-get install -y python3 python3-venv'); fi
    if ! command -v python3 >/dev/null 2>&1; then
        lacks "Python 3.9 or newer" "$hint"
    elif ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then
        lacks "Python 3.9 or newer (found $(python3 --version 2>&1))" "$hint"
    elif ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        lacks "Python's venv module" "$hint"
    fi
}

if (($# == 0)); then set -- rust node python; fi
for tool in "$@"; do
    case "$tool" in
    rust) check_rust ;;
    node) check_node ;;
    python) check_python ;;
    *) die "unknown tool: $tool" ;;
    esac
done
exit "$missing"
