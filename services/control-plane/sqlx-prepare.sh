#!/usr/bin/env bash
# Writes the checked query data of this crate (.sqlx) anew. Needs psql and a Postgres in which a database may be made.
# usage: DATABASE_URL=postgres://user@host:port/postgres services/control-plane/sqlx-prepare.sh
set -euo pipefail
: "${DATABASE_URL:?set DATABASE_URL to a server on which a scratch database may be created}"
crate=$(cd "$(dirname "$0")" && pwd)
cd "$crate/../.."
scratch="sluicegate_prepare_$$"
psql -q "$DATABASE_URL" -c "create database $scratch"
trap 'psql -q "$DATABASE_URL" -c "drop database $scratch with (force)"' EXIT
url="${DATABASE_URL%/*}/$scratch"
for migration in migrations/*.sql; do
    psql -q -v ON_ERROR_STOP=1 -1 "$url" -f "$migration" >/dev/null
done
rm -rf "$crate/.sqlx"
mkdir "$crate/.sqlx"
touch "$crate/src/lib.rs"
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$crate/.sqlx" DATABASE_URL="$url" cargo check -p sluicegate-control-plane
echo "queries checked: $(find "$crate/.sqlx" -name 'query-*.json' | wc -l)"
