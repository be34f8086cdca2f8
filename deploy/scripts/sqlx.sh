#!/usr/bin/env bash
# The committed query data (services/control-plane/.sqlx) that lets a plain build work without a database.
#   sqlx.sh prepare     check every query against a migrated live Postgres, rewrite the data
#   sqlx.sh check       fail when the committed data differs from what prepare would write
# No sqlx-cli: the query macros write the data themselves when SQLX_OFFLINE_DIR names a folder.
set -euo pipefail
# shellcheck source=deploy/scripts/progress.sh
. "$(dirname "$0")/progress.sh"
cd "$repository"
committed=services/control-plane/.sqlx

psql_binary() {
    local bin
    if bin=$(deploy/scripts/postgres-bin.sh) && [[ -x $bin/psql ]]; then
        printf '%s\n' "$bin/psql"
    else
        command -v psql || die "psql is missing (Debian: apt-get install -y postgresql-client)"
    fi
}

write_data() { # DIR: runs with DATABASE_URL of an empty database
    local migration psql
    psql=$(psql_binary)
    for migration in migrations/*.sql; do
        "$psql" --quiet --no-psqlrc --set ON_ERROR_STOP=1 --single-transaction --file "$migration" "$DATABASE_URL" \
            >/dev/null
    done
    # The macros run only when the crate is compiled again, and they never remove a stale file.
    find services/control-plane -name '*.rs' \( -name main.rs -o -name lib.rs \) -exec touch {} +
    SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$1" cargo check --quiet --workspace --all-targets --locked
}

case "${1:-}" in
write) # internal: inside `services.sh with`
    write_data "$2"
    ;;
prepare | check)
    [[ -d migrations ]] || die "there are no migrations"
    deploy/scripts/toolchain.sh rust python
    fresh=$(mktemp -d)
    trap 'rm -rf "$fresh"' EXIT
    # A given DATABASE_URL may hold data of its own: the queries are checked against a fresh one.
    (unset DATABASE_URL && deploy/scripts/services.sh with --only postgres deploy/scripts/sqlx.sh write "$fresh")
    if [[ $1 == check ]]; then
        diff -r "$committed" "$fresh" >&2 || die "query data is stale: run ./justw sqlx-prepare and commit $committed"
        say "query data is fresh"
    else
        rm -rf "$committed"
        mkdir -p "$committed"
        cp "$fresh"/* "$committed"/
        say "wrote $(find "$committed" -type f | wc -l | tr -d ' ') files to $committed"
    fi
    ;;
*) die "sqlx.sh prepare | check" ;;
esac
