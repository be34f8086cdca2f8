#!/usr/bin/env bash
# Prints the directory of a Postgres 15+ server on this machine, or nothing (exit 1). The same order as
# services/standalone/src/postgres/locate.rs: $PG_BIN, Debian's folders newest first, PATH, Homebrew.
set -euo pipefail

usable() { # DIR
    local major
    [[ -x $1/initdb && -x $1/postgres ]] || return 1
    major=$("$1/postgres" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p')
    [[ -n $major ]] && ((major >= 15))
}

candidates() {
    local found
    if [[ -n ${PG_BIN:-} ]]; then printf '%s\n' "$PG_BIN"; fi
    find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -t/ -k5,5nr
    if found=$(command -v initdb); then dirname "$(readlink -f "$found" 2>/dev/null || printf '%s' "$found")"; fi
    find /opt/homebrew/opt /usr/local/opt -maxdepth 1 -name 'postgresql*' 2>/dev/null | sort -t@ -k2,2nr | sed 's,$,/bin,'
}

while IFS= read -r directory; do
    if usable "$directory"; then
        printf '%s\n' "$directory"
        exit 0
    fi
done < <(candidates)
exit 1
